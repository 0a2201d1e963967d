"""What a command is: a name, a sentence, its arguments, and what it does. Loads nothing heavy."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from typing import NamedTuple

from symbackprop.errors import SymbackpropError

INTERRUPTED = 130  # the exit status after Ctrl-C, as shells have it: 128 and the signal's number


class Command(NamedTuple):
    """One command. ``run`` prints its result and returns the exit status."""

    name: str
    summary: str
    arguments: Callable[[ArgumentParser], None]
    run: Callable[[Namespace], int]


class WrongUsage(SymbackpropError):
    """Options that each are fine and do not go together: exit status 2."""
