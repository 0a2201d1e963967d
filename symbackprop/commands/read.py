"""``symbackprop read``: an edited workbook of ours as a description again."""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace

from symbackprop.commands.entry import Command
from symbackprop.commands.options import refuse_same
from symbackprop.terminal import say


def arguments(parser: ArgumentParser) -> None:
    """The options of ``read``."""
    parser.add_argument("book", metavar="BOOK.xlsx", help="a workbook that symbackprop wrote, edited or not")
    parser.add_argument("-o", "--output", metavar="NET.toml", help="the description to write; without it: printed")


def run(options: Namespace) -> int:
    """Prints the description with the book's numbers, or writes it and prints where it is."""
    refuse_same(options.output, options.book, "-o")
    from symbackprop.workbook.reading import read

    text = read(options.book).to_toml()
    if options.output is None:
        say(text)
        return 0
    from symbackprop.files import write_whole

    write_whole(options.output, text)
    say(os.path.abspath(options.output))
    return 0


COMMAND = Command("read", "turn an edited workbook back into a description", arguments, run)
