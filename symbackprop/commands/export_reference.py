"""``symbackprop export-reference``: a network's numbers for tests in any language."""

from __future__ import annotations

import os
from argparse import ArgumentParser, ArgumentTypeError, Namespace

from symbackprop.commands.entry import Command
from symbackprop.commands.options import add_network, add_set, derived
from symbackprop.terminal import say

KINDS = ("json", "npz", "c", "pytest")


def kinds(text: str) -> list[str]:
    """Kinds of files from ``json,npz``."""
    found = [each.strip() for each in text.split(",") if each.strip()]
    unknown = [each for each in found if each not in KINDS]
    if unknown or not found:
        what = f"unknown: {', '.join(unknown)}" if unknown else "none is named"
        raise ArgumentTypeError(f"{text!r}: {what}; known: {', '.join(KINDS)}")
    return found


def arguments(parser: ArgumentParser) -> None:
    """The options of ``export-reference``."""
    add_network(parser)
    parser.add_argument("-o", "--output", metavar="FOLDER", required=True, help="where the files are put")
    parser.add_argument(
        "--to", metavar="KIND,KIND", type=kinds, default=list(KINDS), help=f"only these, of {','.join(KINDS)}"
    )
    add_set(parser)


def run(options: Namespace) -> int:
    """Writes the files and says where."""
    from symbackprop.checking.reference import reference_files
    from symbackprop.files import make_folder, write_whole

    derivation, given = derived(options)
    files = reference_files(derivation.core, options.to, parameters=given)
    make_folder(options.output)
    for name, content in files.items():
        path = os.path.join(options.output, name)
        write_whole(path, content)
        say(os.path.abspath(path))
    return 0


COMMAND = Command(
    "export-reference",
    "write every number as JSON, npz, a C header and a test file, for other languages",
    arguments,
    run,
)
