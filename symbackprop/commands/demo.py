"""``symbackprop demo``: every output of one published example."""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Hashable
from importlib.util import find_spec
from typing import TYPE_CHECKING

from symbackprop.commands.entry import Command
from symbackprop.terminal import say

if TYPE_CHECKING:
    from symbackprop.public import Derivation
    from symbackprop.quantities import Quantity

EXAMPLE = "russo"
FOLDER = "symbackprop-demo"
SHOWN = "w_10"
SHORT = ".9g"


def arguments(parser: ArgumentParser) -> None:
    """The options of ``demo``."""
    parser.add_argument("--force", action="store_true", help="replace a workbook in it that somebody changed by hand")


def run(options: Namespace) -> int:
    """Prints a short result, writes every output, and prints where each is."""
    from symbackprop.description.template import example
    from symbackprop.files import make_folder, write_whole
    from symbackprop.network import Network
    from symbackprop.public import derive
    from symbackprop.report import as_json, evaluation

    description = example(EXAMPLE)
    derivation = derive(Network.parse(description, source=f"{EXAMPLE}.toml"))
    say(summary(derivation))
    make_folder(FOLDER)
    outputs: dict[str, Callable[[], str | bytes]] = {
        ".toml": lambda: description,
        ".txt": derivation.to_text,
        ".md": derivation.to_markdown,
        ".tex": derivation.to_latex,
        ".json": lambda: as_json(evaluation(derivation.evaluate())),
    }
    if find_spec("typst") is not None:  # the extra pdf
        outputs[".pdf"] = derivation.to_pdf
    for ending, made in outputs.items():
        path = os.path.abspath(os.path.join(FOLDER, EXAMPLE + ending))
        write_whole(path, made())
        say(path)
    book = os.path.abspath(os.path.join(FOLDER, f"{EXAMPLE}.xlsx"))
    derivation.to_workbook(book, force=options.force)
    say(book)
    return 0


def summary(derivation: Derivation) -> str:
    """The loss before and after one update, and one gradient: its chain, the chain's numbers, and what they make."""
    from symbackprop.notation.lettering import plain
    from symbackprop.printing.dialect import Label
    from symbackprop.printing.plain import PLAIN

    values = derivation.evaluate()
    gradient = derivation.gradient(SHOWN)
    chain = gradient.chain.expression
    rows = [
        PLAIN.text(chain, lambda link: Label(plain(derivation.notation.name(_quantity(link))))),
        PLAIN.text(chain, lambda link: Label(f"{values.of(_quantity(link)):{SHORT}}", number=True)),
        f"{gradient.value:{SHORT}}",
    ]
    blank = " " * len(gradient.name)
    return "\n".join(
        [
            derivation.network.title,
            f"loss {values['loss']:{SHORT}}, after one update {values['after:loss']:{SHORT}}",
            *(f"{blank if place else gradient.name} {'≈' if place else '='} {row}" for place, row in enumerate(rows)),
            "",
        ]
    )


def _quantity(link: Hashable) -> Quantity:
    from symbackprop.quantities import Quantity

    assert isinstance(link, Quantity)
    return link


COMMAND = Command("demo", "write every output of one published example into ./symbackprop-demo", arguments, run)
