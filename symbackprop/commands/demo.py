"""``symbackprop demo``: every output of one published example."""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from typing import TYPE_CHECKING

from symbackprop.commands.entry import Command
from symbackprop.terminal import say

if TYPE_CHECKING:
    from symbackprop.public import Derivation

EXAMPLE = "russo"
FOLDER = "symbackprop-demo"
SHOWN = "w_10"


def arguments(parser: ArgumentParser) -> None:
    """``demo`` has no options."""


def run(options: Namespace) -> int:
    """Prints a short result, writes every output, and prints where each is."""
    from symbackprop.files import make_folder, write_whole
    from symbackprop.network import Network
    from symbackprop.public import derive
    from symbackprop.report import as_json, evaluation
    from symbackprop.template import example

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
        ".xlsx": derivation.to_workbook,
    }
    for ending, made in outputs.items():
        path = os.path.abspath(os.path.join(FOLDER, EXAMPLE + ending))
        write_whole(path, made())
        say(path)
    return 0


def summary(derivation: Derivation) -> str:
    """The loss before and after one update, and one gradient with its chain."""
    values = derivation.evaluate()
    gradient = derivation.gradient(SHOWN)
    before, after = values["loss"], values["after:loss"]
    return "\n".join(
        [
            derivation.network.title,
            f"loss {before:.9g}, after one update {after:.9g}",
            "",
            gradient.to_text(form="chain").rstrip("\n"),
            "",
        ]
    )


COMMAND = Command("demo", "write every output of one published example into ./symbackprop-demo", arguments, run)
