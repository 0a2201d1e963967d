"""``symbackprop train``: the losses of many updates in a row."""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from symbackprop.commands.entry import Command, WrongUsage
from symbackprop.commands.options import add_network, add_set, derived, network_path, whole_number
from symbackprop.terminal import complain, say

if TYPE_CHECKING:
    from symbackprop.training import Training

MOST_STEPS = 10_000_000
# A table of losses shows the first few steps, the last, and powers of ten between.
SHOWN_WHOLE = 20


def arguments(parser: ArgumentParser) -> None:
    """The options of ``train``."""
    add_network(parser)
    parser.add_argument(
        "--steps", metavar="N", type=whole_number(0, MOST_STEPS), required=True, help="how many updates"
    )
    parser.add_argument("--json", action="store_true", help="print JSON: every loss, and the layers at the end")
    parser.add_argument("--save", metavar="NEW.toml", help="write the description with the trained parameters")
    add_set(parser)


def run(options: Namespace) -> int:
    """Trains, prints the losses, and saves the network where that is asked for."""
    if options.save is not None and _is_same(options.save, network_path(options)):
        raise WrongUsage(f"--save {options.save} would replace the description itself; choose another name")
    derivation, given = derived(options)
    training = derivation.train(options.steps, values=derivation.evaluate(parameters=given))
    from symbackprop import report
    from symbackprop.files import write_whole

    if options.save is not None:
        write_whole(options.save, derivation.network_at(training).to_toml())
        complain(f"wrote {os.path.abspath(options.save)}")
    if training.diverged is not None and not options.json:
        complain(report.diverged_text(training.diverged))
    say(report.as_json(report.training(training)) if options.json else losses_text(training))
    return 0


def losses_text(training: Training) -> str:
    """The losses as a table of steps, and the parameters at the end."""
    from symbackprop import report

    last = len(training.losses) - 1 if training.diverged is None else training.diverged - 1
    steps = [step for step in range(last + 1) if last <= SHOWN_WHOLE or step == last or _is_round(step)]
    width = len(str(last))
    lines = ["step".rjust(width) + "  loss"]
    lines += [f"{step:>{max(width, 4)}}  {training.losses[step]!r}" for step in steps]
    return "\n".join([*lines, "", report.parameters_text(training.values)])


def _is_round(step: int) -> bool:
    return step < 10 or set(str(step)[1:]) == {"0"}


def _is_same(path: str, other: str) -> bool:
    return os.path.exists(path) and os.path.exists(other) and os.path.samefile(path, other)


COMMAND = Command("train", "repeat the update and print the losses", arguments, run)
