"""``symbackprop claims``: an empty form to fill in and to audit."""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace
from pathlib import Path

from symbackprop.commands.entry import Command
from symbackprop.commands.options import format_of, refuse_present
from symbackprop.terminal import say

ENDINGS = {".csv": "csv", ".xlsx": "xlsx"}


def arguments(parser: ArgumentParser) -> None:
    """The options of ``claims``."""
    parser.add_argument("network", metavar="NET.toml", help="the network's description")
    parser.add_argument(
        "-o", "--output", metavar="FORM.csv|.xlsx", help="write a file; without it, print the form as CSV"
    )
    parser.add_argument("--force", action="store_true", help="replace a form that was filled in, or another file")


def run(options: Namespace) -> int:
    """Prints the form, or writes it and says where."""
    from symbackprop.checking.forms import form_csv, form_workbook
    from symbackprop.derivation import derive
    from symbackprop.network import Network

    to = format_of(options.output, None, ENDINGS, "csv")
    derivation = derive(Network.read(options.network))
    if options.output is None:
        say(form_csv(derivation))
        return 0
    from symbackprop.files import write_whole

    form = form_csv(derivation).encode() if to == "csv" else form_workbook(derivation)
    if not _holds(options.output, form):
        refuse_present(options.output, force=options.force)
        write_whole(options.output, form)
    say(os.path.abspath(options.output))
    return 0


def _holds(path: str, content: bytes) -> bool:
    return os.path.isfile(path) and os.path.getsize(path) == len(content) and Path(path).read_bytes() == content


COMMAND = Command("claims", "write an empty form: a row a quantity, to fill in and audit", arguments, run)
