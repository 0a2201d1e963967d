"""The command line: finds the command, runs it, and turns what goes wrong into a message and an exit status.

Loads nothing heavy: ``symbackprop --help`` starts as fast as Python does.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Mapping, Sequence

from symbackprop import __version__
from symbackprop.commands import (
    audit,
    check,
    claims,
    demo,
    derive,
    evaluate,
    export_reference,
    listing,
    new,
    read,
    train,
    verify,
    workbook,
)
from symbackprop.commands.entry import INTERRUPTED, Command, WrongUsage
from symbackprop.errors import OutsideError, SymbackpropError
from symbackprop.terminal import close_quietly, complain

FINE = 0
WRONG_USAGE = 2
UNUSABLE_INPUT = 3
OUTSIDE_FAILED = 4

# A command is one entry here and one file in commands/.
COMMANDS: Mapping[str, Command] = {
    command.name: command
    for command in (
        demo.COMMAND,
        new.COMMAND,
        listing.COMMAND,
        derive.COMMAND,
        evaluate.COMMAND,
        train.COMMAND,
        workbook.COMMAND,
        verify.COMMAND,
        read.COMMAND,
        check.COMMAND,
        audit.COMMAND,
        claims.COMMAND,
        export_reference.COMMAND,
    )
}

DESCRIPTION = """\
Derives backpropagation for a small network, symbolically: every equation and every
number, in your notation, as text, Markdown, LaTeX and a live workbook."""
EPILOG = """\
exit status: 0 fine, 1 a difference was found, 2 wrong usage, 3 an input cannot be used,
4 something outside failed. Start with: symbackprop demo"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit status. Wrong usage and ``--help`` leave by SystemExit."""
    chosen = parser().parse_args(arguments)
    command = COMMANDS[chosen.command]
    try:
        return command.run(chosen)
    except BrokenPipeError:
        close_quietly()
        return FINE
    except SymbackpropError as error:
        complain(f"symbackprop: error: {error}")
        if isinstance(error, OutsideError):
            close_quietly()
        return status_of(error)
    except KeyboardInterrupt:
        complain("symbackprop: interrupted")
        return INTERRUPTED


def status_of(error: SymbackpropError) -> int:
    """The exit status that the contract gives an error."""
    if isinstance(error, WrongUsage):
        return WRONG_USAGE
    return OUTSIDE_FAILED if isinstance(error, OutsideError) else UNUSABLE_INPUT


def parser() -> ArgumentParser:
    """The parser of all commands."""
    whole = ArgumentParser(
        "symbackprop",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    whole.add_argument("--version", action="version", version=f"symbackprop {__version__}")
    commands = whole.add_subparsers(dest="command", metavar="COMMAND", required=True, title="commands")
    for command in COMMANDS.values():
        own = commands.add_parser(command.name, help=command.summary, description=command.summary, allow_abbrev=False)
        command.arguments(own)
    return whole


if __name__ == "__main__":
    sys.exit(main())
