"""``symbackprop derive``: the derivation as a document."""

from __future__ import annotations

import os
from argparse import ArgumentParser, BooleanOptionalAction, Namespace

from symbackprop.commands.entry import Command, WrongUsage
from symbackprop.commands.options import add_network, add_of, add_set, derived, format_of, whole_number
from symbackprop.terminal import is_terminal, say, say_bytes

ENDINGS = {
    ".txt": "text", ".md": "markdown", ".markdown": "markdown", ".tex": "latex", ".typ": "typst",
    ".pdf": "pdf", ".json": "json",
}  # fmt: skip
FORMATS = tuple(dict.fromkeys(ENDINGS.values()))
ENGINES = ("typst", "pdflatex")
FLAVOURS = ("github", "vscode", "jupyter", "pandoc")
FRAGMENTS = ("latex", "markdown", "typst")
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
    parser.add_argument(
        "--fragment", action="store_true", help="LaTeX, Markdown, Typst to be put into another document"
    )
    parser.add_argument("--engine", choices=ENGINES, help="what makes a PDF: the typst wheel (default), or pdflatex")
    parser.add_argument("--width", metavar="LENGTH", help="the width of the LaTeX column to fit: 8.5cm, 240pt")
    parser.add_argument("--label-prefix", metavar="TEXT", help="what the label of each LaTeX equation begins with")
    parser.add_argument("--flavour", choices=FLAVOURS, help="for whom Markdown is written (default: github)")
    add_set(parser)


def run(options: Namespace) -> int:
    """Prints the derivation, or writes it to a file and says where."""
    to = format_of(options.output, options.to, ENDINGS, "text")
    if options.fragment and to not in FRAGMENTS:
        raise WrongUsage(f"--fragment goes with {' and '.join(FRAGMENTS)}, not with {to}")
    if options.engine is not None and to != "pdf":
        raise WrongUsage(f"--engine goes with pdf, not with {to}")
    for flag, value, owner in (
        ("--width", options.width, "latex"),
        ("--label-prefix", options.label_prefix, "latex"),
        ("--flavour", options.flavour, "markdown"),
    ):
        if value is not None and to != owner:
            raise WrongUsage(f"{flag} goes with {owner}, not with {to}")
    if to == "pdf" and options.output is None and is_terminal():
        raise WrongUsage("a PDF does not go to a terminal; write a file: -o note.pdf")
    made = _document(options, to)
    if options.output is not None:
        from symbackprop.files import write_whole

        write_whole(options.output, made)
        say(os.path.abspath(options.output))
    elif isinstance(made, bytes):
        say_bytes(made)
    else:
        say(made)
    return 0


def _document(options: Namespace, to: str) -> str | bytes:
    derivation, given = derived(options)
    wanted = {
        "of": options.of,
        "form": options.form,
        "numbers": options.numbers,
        "digits": options.digits,
        "values": derivation.evaluate(parameters=given) if given else None,
    }
    if to == "pdf":
        made: bytes = derivation.to_pdf(engine=options.engine or "typst", **wanted)
        return made
    layout = {"width": options.width, "label_prefix": options.label_prefix, "flavour": options.flavour}
    return derivation.rendered(to, fragment=options.fragment, **wanted, **layout)


COMMAND = Command("derive", "print the derivation, step by step", arguments, run)
