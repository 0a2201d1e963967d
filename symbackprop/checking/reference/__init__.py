"""A network's numbers for checks in other languages: JSON, npz, a C header, a test file. Derives and checks nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from symbackprop.checking.reference.header import header
from symbackprop.checking.reference.listed import Reference, reference
from symbackprop.checking.reference.pytest_file import pytest_file
from symbackprop.checking.reference.tables import json_text, npz
from symbackprop.derivation import Derivation

__all__ = ["KINDS", "reference_files"]

# What each kind consists of. A test file reads the JSON beside it.
KINDS: Mapping[str, Mapping[str, Callable[[Reference], str | bytes]]] = {
    "json": {"reference.json": json_text},
    "npz": {"reference.npz": npz},
    "c": {"reference.h": header},
    "pytest": {"reference.json": json_text, "test_reference.py": pytest_file},
}


def reference_files(
    derivation: Derivation, kinds: Iterable[str], *, parameters: Mapping[str, Any] | None = None
) -> dict[str, str | bytes]:
    """The files of these kinds by name; ``parameters`` are numbers in place of the description's, by name.

    Raises MissingValue where a number is missing.
    """
    found = reference(derivation, parameters or {})
    writers = {name: write for kind in kinds for name, write in KINDS[kind].items()}
    return {name: write(found) for name, write in writers.items()}
