"""``symbackprop evaluate``: the numbers."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from symbackprop.commands.entry import Command
from symbackprop.commands.options import add_network, add_of, add_set, derived, whole_number
from symbackprop.limits import MOST_DIGITS
from symbackprop.terminal import say


def arguments(parser: ArgumentParser) -> None:
    """The options of ``evaluate``."""
    add_network(parser)
    add_of(parser, "only these quantities, or whole arrays: loss, dE/dw_5, w.1.0.2, dE/dw[1]")
    parser.add_argument("--json", action="store_true", help="print JSON")
    arithmetic = parser.add_mutually_exclusive_group()
    arithmetic.add_argument("--exact", action="store_true", help="exact: p/q where rational, else a closed expression")
    arithmetic.add_argument(
        "--precision", metavar="N", type=whole_number(1, MOST_DIGITS), help="N correct significant digits"
    )
    add_set(parser)


def run(options: Namespace) -> int:
    """Prints the quantities asked for, or all."""
    derivation, given = derived(options)
    values = derivation.evaluate(parameters=given, exact=options.exact, precision=options.precision)
    from symbackprop import report

    digits = options.precision
    if options.json:
        table = (
            report.selection(values, options.of, digits=digits)
            if options.of
            else report.evaluation(values, digits=digits)
        )
        say(report.as_json(table))
    elif options.of:
        say(report.selection_text(values, options.of, digits=digits))
    else:
        say(report.numbers_text(values, digits=digits))
    return 0


COMMAND = Command("evaluate", "print the loss, every gradient and every other number", arguments, run)
