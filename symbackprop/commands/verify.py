"""``symbackprop verify``: a workbook recalculated by a real engine and compared with a fresh derivation."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from symbackprop.commands.entry import Command
from symbackprop.terminal import say_words

DIFFERENT = 1
ENGINES = ("ironcalc", "libreoffice")


def arguments(parser: ArgumentParser) -> None:
    """The options of ``verify``."""
    parser.add_argument("book", metavar="BOOK.xlsx", help="a workbook that symbackprop wrote, edited or not")
    parser.add_argument(
        "--engine", choices=ENGINES, default=ENGINES[0], help=f"what recalculates it; default: {ENGINES[0]}"
    )


def run(options: Namespace) -> int:
    """Compares every formula cell and names the first that differ."""
    from symbackprop.workbook.verifying import verified

    found = verified(options.book, options.engine)
    say_words(f"{options.book}: {found.text()}")
    return 0 if found else DIFFERENT


COMMAND = Command("verify", "recalculate a workbook and compare every formula cell", arguments, run)
