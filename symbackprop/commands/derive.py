"""``symbackprop derive``: the derivation as a document."""

from __future__ import annotations

import os
from argparse import ArgumentParser, BooleanOptionalAction, Namespace
from functools import partial
from typing import Any

from symbackprop.commands.entry import Command, WrongUsage
from symbackprop.commands.options import add_network, add_of, add_set, derived, format_of, whole_number
from symbackprop.terminal import is_terminal, output_encoding, printable, say, say_bytes, terminal_columns

ENDINGS = {
    ".txt": "text", ".md": "markdown", ".markdown": "markdown", ".tex": "latex", ".typ": "typst",
    ".pdf": "pdf", ".json": "json",
}  # fmt: skip
FORMATS = tuple(dict.fromkeys(ENDINGS.values()))
ENGINES = ("typst", "pdflatex")
FLAVOURS = ("github", "vscode", "jupyter", "pandoc")
FRAGMENTS = ("latex", "markdown", "typst")
FORMS = ("chain", "delta", "closed", "paths", "matrix")
EQUATIONS = ("scalar", "matrix", "both")
MOST_DIGITS = 1_000
NARROWEST, WIDEST = 40, 88  # columns of text on a screen; what a file has is the widest
LONGEST_DEPTH = 10  # digits


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
    parser.add_argument("--decimals", metavar="N", type=whole_number(0, MOST_DIGITS), help="digits behind the mark")
    parser.add_argument(
        "--depth", metavar="all|laws|N", help="every equation, the laws of each layer, or all up to so many equations"
    )
    parser.add_argument(
        "--worked",
        metavar="NAME",
        nargs="+",
        help="work out the first entry of each array (first), or these quantities; of others the results only",
    )
    parser.add_argument("--blocks", metavar="BLOCK", nargs="+", help="the sections, in this order: network forward ...")
    parser.add_argument(
        "--equations", choices=EQUATIONS, help="equations of numbers (scalar), of matrices, or both (the default)"
    )
    parser.add_argument(
        "--second-pass",
        action=BooleanOptionalAction,
        help="the forward pass with the new parameters (shown without it too)",
    )
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


def _settings(options: Namespace) -> dict[str, Any]:
    """What the options say of the description's table [document], by dotted path."""
    if options.blocks and options.equations:
        raise WrongUsage("--blocks and --equations both say which sections there are; give one of them")
    if options.form and options.equations == "matrix":
        raise WrongUsage("--form says how gradients are written, --equations matrix shows matrices alone; give one")
    if options.decimals is not None and options.digits is not None:
        raise WrongUsage("--digits and --decimals both say how numbers are rounded; give one of them")
    from symbackprop.description.display import BLOCKS

    scalar = [each for each in BLOCKS if each != "matrix"]
    found = {
        "decimals": options.decimals,
        "depth": _number_or_word(options.depth),
        "worked": options.worked[0] if options.worked in (["all"], ["first"]) else options.worked,
        "blocks": scalar if options.equations == "scalar" else options.blocks,
        "second_pass": options.second_pass,
        "form": "matrix" if options.equations == "matrix" else None,
    }
    return {f"document.{key}": value for key, value in found.items() if value is not None}


def _number_or_word(text: str | None) -> int | str | None:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < LONGEST_DEPTH else text


def _document(options: Namespace, to: str) -> str | bytes:
    derivation, given = derived(options, _settings(options))
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
    layout: dict[str, Any] = {"width": options.width, "label_prefix": options.label_prefix, "flavour": options.flavour}
    if to == "text" and options.output is None:
        layout["spelling"] = partial(printable, encoding=output_encoding())
        screen = terminal_columns()
        layout["columns"] = None if screen is None else min(max(screen, NARROWEST), WIDEST)
    return derivation.rendered(to, fragment=options.fragment, **wanted, **layout)


COMMAND = Command("derive", "print the derivation, step by step", arguments, run)
