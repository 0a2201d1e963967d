"""``symbackprop workbook``: the derivation as a workbook with live formulas."""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace

from symbackprop.commands.entry import Command, WrongUsage
from symbackprop.commands.options import add_network, add_set, derived, whole_number
from symbackprop.terminal import say

ENDINGS = (".xlsx", ".ods")
MOST_STEPS = 100_000


def arguments(parser: ArgumentParser) -> None:
    """The options of ``workbook``."""
    add_network(parser)
    parser.add_argument(
        "-o", "--output", metavar="BOOK.xlsx", required=True, help="the workbook to write; .ods: LibreOffice"
    )
    parser.add_argument(
        "--steps", metavar="N", type=whole_number(0, MOST_STEPS),
        help="with N steps of training; by default 20, and none where the layers stand as matrices",
    )  # fmt: skip
    parser.add_argument(
        "--layout", choices=("sheets", "rows"), default="sheets",
        help="rows: one row per iteration, as in sheets made by hand, by default down to row 1002",
    )  # fmt: skip
    parser.add_argument("--force", action="store_true", help="replace a workbook that somebody changed by hand")
    add_set(parser)


def run(options: Namespace) -> int:
    """Writes the workbook and prints where it is."""
    if not options.output.lower().endswith(ENDINGS):
        raise WrongUsage(f"-o {options.output}: a workbook's name ends in {' or '.join(ENDINGS)}")
    derivation, given = derived(options)
    values = derivation.evaluate(parameters=given) if given else None
    derivation.to_workbook(
        options.output, steps=options.steps, layout=options.layout, values=values, force=options.force
    )
    say(os.path.abspath(options.output))
    return 0


COMMAND = Command("workbook", "write a workbook with live formulas", arguments, run)
