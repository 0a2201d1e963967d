"""``symbackprop train``: the losses of many updates in a row."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from symbackprop.commands.entry import INTERRUPTED, Command, WrongUsage
from symbackprop.commands.options import add_network, add_set, derived, network_path, refuse_same, whole_number
from symbackprop.terminal import complain, say

if TYPE_CHECKING:
    from symbackprop.compiled.training import Run
    from symbackprop.training import Training

MOST_STEPS = 10_000_000
# A table of losses shows the first few steps, the last, and powers of ten between.
SHOWN_WHOLE = 20
LONG = 1.0  # seconds, from which a training on a terminal has a progress bar


def arguments(parser: ArgumentParser) -> None:
    """The options of ``train``."""
    add_network(parser)
    parser.add_argument(
        "--steps", metavar="N", type=whole_number(0, MOST_STEPS), required=True, help="how many updates"
    )
    parser.add_argument("--json", action="store_true", help="print JSON: every loss, and the layers at the end")
    parser.add_argument("--save", metavar="NEW.toml", help="write the description with the trained parameters")
    parser.add_argument("--curve", metavar="FILE.png|.svg", help="draw the losses (needs matplotlib)")
    add_set(parser)


def run(options: Namespace) -> int:
    """Trains, prints the losses, and saves the network and the curve where that is asked for."""
    refuse_same(options.save, network_path(options), "--save")
    form = None if options.curve is None else _curve_form(options.curve)
    derivation, given = derived(options)
    started = derivation.training(options.steps, values=derivation.evaluate(parameters=given))
    interrupted = _advanced(started)
    training = started.reached()
    from symbackprop import report

    if interrupted:
        complain(report.stopped_text(started.done, options.steps))
    if training.diverged is not None and not options.json:
        complain(report.diverged_text(training.diverged))
    try:
        if options.save is not None:
            _write(options.save, derivation.network_at(training).to_toml())
        if form is not None:
            from symbackprop.diagram import curve

            _write(options.curve, curve.drawn(training.losses, form, title=derivation.network.title))
    finally:  # a file that cannot be written does not take the result of a long training with it
        say(report.as_json(report.training(training)) if options.json else losses_text(training))
    return INTERRUPTED if interrupted else 0


def _write(path: str, content: str | bytes) -> None:
    from symbackprop.files import write_whole

    write_whole(path, content)
    complain(f"wrote {os.path.abspath(path)}")


def _curve_form(path: str) -> str:
    """The picture's format, from the file's ending. Raises what is wrong before anything is trained."""
    from symbackprop.diagram import curve

    form = Path(path).suffix.lower().removeprefix(".")
    if form not in curve.FORMATS:
        raise WrongUsage(f"--curve {path}: a curve is drawn as .png or .svg; end the file's name in one of them")
    curve.ready()
    return form


def _advanced(started: Run) -> bool:
    """Takes the steps, with a progress bar on a terminal where it takes long; whether Ctrl-C ended it."""
    try:
        if sys.stderr is None or not sys.stderr.isatty():
            for _ in started.stretches():
                pass
            return False
        from tqdm import tqdm

        with tqdm(total=started.planned, unit="step", unit_scale=True, delay=LONG, leave=False) as bar:
            for taken in started.stretches():
                bar.update(taken)
    except KeyboardInterrupt:
        return True
    return False


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


COMMAND = Command("train", "repeat the update and print the losses", arguments, run)
