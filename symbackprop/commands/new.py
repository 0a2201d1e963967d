"""``symbackprop new``: a commented description to start from."""

from __future__ import annotations

import os
from argparse import ArgumentParser, ArgumentTypeError, Namespace

from symbackprop.commands.entry import Command, WrongUsage
from symbackprop.commands.options import refuse_present
from symbackprop.errors import InputError
from symbackprop.terminal import say


def arguments(parser: ArgumentParser) -> None:
    """The options of ``new``."""
    parser.add_argument("network", metavar="NET.toml", help="the file to write")
    parser.add_argument("--sizes", metavar="2-2-2", help="inputs, hidden units, outputs")
    parser.add_argument("--activation", metavar="A", help="see: symbackprop list activations")
    parser.add_argument("--loss", metavar="L", help="see: symbackprop list losses")
    parser.add_argument("--seed", metavar="N", type=seed, help="for the weights that are drawn")
    parser.add_argument("--example", metavar="NAME", help="a copy of an example; see: symbackprop list examples")
    parser.add_argument("--force", action="store_true", help="replace the file if it is there")


def seed(text: str) -> int:
    """A whole number that can be a seed."""
    if not (text.isascii() and text.isdecimal() and len(text) <= 20 and int(text) < 2**64):
        raise ArgumentTypeError(f"{text!r} is not a whole number from 0, below 2**64")
    return int(text)


def run(options: Namespace) -> int:
    """Writes the description and prints where it is and what to do next."""
    from symbackprop.files import write_whole

    text = _text(options)
    refuse_present(options.network, force=options.force)
    write_whole(options.network, text)
    say(os.path.abspath(options.network))
    return 0


def _text(options: Namespace) -> str:
    from symbackprop.description.template import example, template

    chosen = {
        key: value for key in ("sizes", "activation", "loss", "seed") if (value := getattr(options, key)) is not None
    }
    if options.example is not None and chosen:
        raise WrongUsage(f"--example is a whole description and does not go with --{' or --'.join(chosen)}")
    try:
        return template(**chosen) if options.example is None else example(options.example)
    except InputError as error:
        raise WrongUsage(str(error)) from error


COMMAND = Command("new", "write a commented description to start from", arguments, run)
