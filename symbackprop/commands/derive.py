"""``symbackprop derive``: the derivation as a document."""

from __future__ import annotations

import os
from argparse import ArgumentParser, BooleanOptionalAction, Namespace

from symbackprop.commands.entry import Command, WrongUsage
from symbackprop.commands.options import add_network, add_of, add_set, derived, format_of, whole_number
from symbackprop.terminal import say

ENDINGS = {".txt": "text", ".md": "markdown", ".markdown": "markdown", ".tex": "latex", ".json": "json"}
FORMATS = tuple(dict.fromkeys(ENDINGS.values()))
FORMS = ("chain", "delta", "closed", "paths", "matrix")
MOST_DIGITS = 1_000


def arguments(parser: ArgumentParser) -> None:
    """The options of ``derive``."""
    add_network(parser)
    parser.add_argument(
        "-o", "--output", metavar="FILE", help=f"write a file; its ending says the format: {' '.join(ENDINGS)}"
    )
    parser.add_argument("--to", choices=FORMATS, help="the format")
    add_of(parser, "only the gradients by these, or these quantities: w_5, w.2.0.0, dE/dout[1][0]")
    parser.add_argument("--form", choices=FORMS, help="how gradients are written")
    parser.add_argument(
        "--numbers", action=BooleanOptionalAction, help="show numbers; without it, where every value is present"
    )
    parser.add_argument("--digits", metavar="N", type=whole_number(1, MOST_DIGITS), help="significant digits")
    parser.add_argument("--fragment", action="store_true", help="LaTeX and Markdown to be put into another document")
    add_set(parser)


def run(options: Namespace) -> int:
    """Prints the derivation, or writes it to a file and says where."""
    to = format_of(options.output, options.to, ENDINGS, "text")
    if options.fragment and to in ("text", "json"):
        raise WrongUsage(f"--fragment goes with latex and markdown, not with {to}")
    derivation, given = derived(options)
    values = derivation.evaluate(parameters=given) if given else None
    text = derivation.rendered(
        to,
        of=options.of,
        form=options.form,
        numbers=options.numbers,
        digits=options.digits,
        fragment=options.fragment,
        values=values,
    )
    if options.output is None:
        say(text)
        return 0
    from symbackprop.files import write_whole

    write_whole(options.output, text)
    say(os.path.abspath(options.output))
    return 0


COMMAND = Command("derive", "print the derivation, step by step", arguments, run)
