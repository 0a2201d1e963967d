"""Training: the loops of every target, interruptions, divergence, and the loss curve."""

from __future__ import annotations

import math
import os
import select
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

import symbackprop as sb
from symbackprop.catalogue.updates import UPDATES
from symbackprop.compiled import building
from symbackprop.compiled.training import TARGETS
from symbackprop.derivation import Derivation
from symbackprop.diagram import curve
from symbackprop.errors import InputError, KinkError, MissingValue
from symbackprop.quantities import Phase
from symbackprop.training import Training
from tests.compiling import UNDERFLOW
from tests.running import run

ROOT = Path(__file__).resolve().parent.parent
MAZUR = ROOT / "examples" / "two-input.toml"
# "After repeating this process 10,000 times, for example, the error plummets to 0.0000351085."
MAZUR_AFTER_10_000 = 0.0000351085

COMPILED = [pytest.param(each, marks=pytest.mark.engine) if each == "c" else each for each in TARGETS[1:]]
targets = pytest.mark.parametrize("target", COMPILED)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYMBACKPROP_CACHE", str(tmp_path_factory.getbasetemp() / "compiled"))


@targets
def test_ten_thousand_steps_reach_the_published_error(target: str) -> None:
    losses = sb.derive(sb.Network.read(MAZUR)).train(10_000, target=target).losses
    assert len(losses) == 10_001
    # Printed by the 10,000th round of his loop before its update.
    assert losses[9_999] == pytest.approx(MAZUR_AFTER_10_000, abs=5e-11)


RULES = [(rule, place) for rule, entry in UPDATES.items() for place in entry.epsilon_places or ("",)]


def _everything(rule: str, place: str = "") -> sb.Network:
    """Tied and frozen parameters, a shared bias, a penalty, and several observations."""
    update = {"rule": rule, "learning_rate": 0.1} | ({"epsilon_place": place} if place else {})
    return sb.Network(
        inputs=[[0.5, -1], [1, 0.25], [-0.75, 2]], targets=[[1, 0], [0, 1], [0.5, 0.5]], loss="squared_error",
        parameters={"w": 0.3, "v": {"value": -0.2, "trainable": False}}, penalty={"kind": "l2", "strength": 0.1},
        layers=[{"units": 2, "activation": "tanh", "weights": [["w", 0.1], ["v", "w"]], "bias": 0.2},
                {"units": 2, "activation": "sigmoid", "weights": [[0.7, "w"], [0.4, -0.3]], "bias": [0.1, "v"],
                 "trainable": {"weights": True, "bias": False}}],
        update=update,
    )  # fmt: skip


def _program(rule: str) -> sb.Network:
    return sb.Network(
        equations=[("q", "tanh(a*x + b)"), ("f", "(q*a - y)^2")], loss="f", inputs={"x": [2, -1], "y": [3, 0.5]},
        parameters={"a": 0.5, "b": 1}, update={"rule": rule, "learning_rate": 0.1},
    )  # fmt: skip


def _disagreements(derivation: Derivation, before: Training, after: Training, name: str) -> list[str]:
    """Every entry after a step that is further from what `evaluate` makes of those before it than its bound."""
    values = before.values
    found = []
    for array, entries in after.entries.items():
        new = replace(array, phase=Phase.NEW)
        if new not in derivation.system or array in derivation.arrays.frozen:
            continue
        bounds = values.numbers.bounds.array(new)
        for place, rows in enumerate(zip(entries, values.array(new), bounds, strict=True)):
            actual, expected, bound = map(float, rows)
            if not abs(actual - expected) <= bound + UNDERFLOW:
                found.append(f"{name}: {array} at {place}: {actual} and not {expected} ± {bound}")
    return found


@targets
@pytest.mark.parametrize(("rule", "place"), RULES)
def test_each_step_is_what_evaluate_says_within_its_condition_bound(target: str, rule: str, place: str) -> None:
    networks = [_everything(rule, place), *([] if place else [_program(rule)])]
    wrong = []
    for network in networks:
        derivation = sb.derive(network)
        run = derivation.training(4, target=target)
        reached = [run.reached()]
        while not run.ended:
            run.advance(1)
            reached.append(run.reached())
        assert run.target == target
        for before, after in pairwise(reached):
            wrong += _disagreements(derivation.core, before, after, f"step {len(before.losses)}")
            assert before.losses[-1] == pytest.approx(before.values["loss"], rel=1e-13)
        assert reached[-1].losses[:-1] == reached[-2].losses
    assert wrong == []


@targets
def test_what_is_frozen_stays_and_what_is_tied_stays_tied(target: str) -> None:
    values = sb.derive(_everything("adam")).train(5, target=target).values
    assert values["v"] == -0.2
    assert values["w[1][0][0]"] == values["w[1][1][1]"] == values["w[2][0][1]"] == values["w"] != 0.3


def test_a_short_training_has_the_very_numbers_of_evaluate() -> None:
    derivation = sb.derive(sb.Network.read(MAZUR))
    once = derivation.train(1)
    values = derivation.evaluate()
    assert once.losses == (values["loss"], values["after:loss"])
    assert once.values["w[1]"] == values["new:w[1]"]


def test_a_long_training_says_what_takes_its_steps_and_why() -> None:
    derivation = sb.derive(sb.Network.read(MAZUR))
    picked = [derivation.training(steps) for steps in (10, 1_000)]
    assert [each.target for each in picked] == ["evaluate", "python"]
    assert "operations" in picked[1].reason


def test_without_a_compiler_a_long_training_runs_in_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "compiler", lambda: None)
    planned = sb.derive(sb.Network.read(MAZUR)).training(1_000_000)
    assert (planned.target, "no C compiler" in planned.reason) == ("python", True)


def test_an_unknown_target_is_refused_with_the_nearest() -> None:
    with pytest.raises(InputError, match="unknown target 'nunpy'; did you mean 'numpy'"):
        sb.derive(sb.Network.read(MAZUR)).train(10, target="nunpy")


def _line(weight: object, *, rate: float, at_kink: object = 0, target: float = 2.0) -> sb.Network:
    """out = relu(weight * 3 - 0.9) or, without a kink, the net itself."""
    return sb.Network(
        inputs=[3], targets=[target], loss="squared_error", update={"rule": "gradient_descent", "learning_rate": rate},
        layers=[{"units": 1, "activation": {"name": "relu", "at_kink": at_kink}, "weights": [[weight]],
                 "bias": [-0.9]}],
    )  # fmt: skip


@targets
def test_the_first_step_takes_a_kink_from_the_written_numbers(target: str) -> None:
    # 3 * 0.3 - 0.9 is 0 as written; in floats it is not.
    assert 3 * 0.3 - 0.9 != 0
    weights = {at: sb.derive(_line(0.3, rate=0.1, at_kink=at)).train(1, target=target).values["w_1"] for at in (0, 1)}
    assert weights == {0: 0.3, 1: pytest.approx(0.3 + 0.1 * 2 * 3)}


@targets
def test_a_kink_without_a_slope_is_an_error_that_says_where(target: str) -> None:
    with pytest.raises(KinkError, match="at_kink"):
        sb.derive(_line(0.3, rate=0.1, at_kink="error")).train(3, target=target)


@targets
def test_a_training_that_leaves_the_floats_keeps_what_stands_before(target: str) -> None:
    network = sb.Network(
        inputs=[3], targets=[2], loss="squared_error", update={"rule": "gradient_descent", "learning_rate": 1e30},
        layers=[{"units": 1, "activation": "identity", "weights": [[1]]}],
    )  # fmt: skip
    found = sb.derive(network).train(100, target=target)
    # Each step multiplies the error by 1 - 9e30, exactly; 1e308 is passed at the step that this says.
    error, steps = 1.0, 0
    while abs(error) * 9e30 < 1e308 / 3:
        error, steps = error * (1 - 9e30), steps + 1
    assert found.diverged == steps + 1
    assert len(found.losses) == 101
    assert [math.isnan(loss) for loss in found.losses] == [False] * (steps + 1) + [True] * (100 - steps)
    assert found.values["net[1][0]"] == pytest.approx(2 + error, rel=1e-12)


@targets
def test_absent_values_are_named(target: str) -> None:
    with pytest.raises(MissingValue, match="w_1"):
        sb.derive(_line("w_1", rate=0.1)).train(3, target=target)


@pytest.mark.parametrize("target", [None, "python"])
def test_a_symbolic_number_of_observations_cannot_be_trained_on(target: str | None) -> None:
    network = sb.Network.read(MAZUR).with_observations("n")
    with pytest.raises(InputError, match="their number is the symbol n"):
        sb.derive(network).train(3, target=target)


@pytest.mark.parametrize("steps", [0, 1, 7])
def test_an_interrupted_training_is_that_of_so_many_steps(steps: int) -> None:
    derivation = sb.derive(sb.Network.read(MAZUR))
    under_way = derivation.training(5_000, target="python")
    under_way.advance(steps)
    found = under_way.reached()
    assert found.stopped == steps
    assert found.losses == derivation.train(steps, target="python").losses
    assert found.values["w[2]"] == derivation.train(steps, target="python").values["w[2]"]


LONG = """
[inputs]
values = [[0.1, 0.9, 0.4], [0.2, 0.8, 0.1], [0.3, 0.1, 0.6], [0.9, 0.2, 0.2]]
[targets]
values = [[0.1, 0.9], [0.3, 0.8], [0.9, 0.1], [0.6, 0.3]]
[initial]
seed = 3
scheme = "glorot_uniform"
[[layers]]
units = 24
activation = "sigmoid"
[[layers]]
units = 24
activation = "tanh"
[[layers]]
units = 2
activation = "sigmoid"
[loss]
name = "squared_error"
[update]
rule = "adam"
learning_rate = 0.001
"""


# Tests that run behind nohup ignore Ctrl-C, and so does what they start, unless it says otherwise itself.
HEEDING = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from symbackprop.cli import main
sys.exit(main())
"""


def test_a_long_training_shows_how_far_it_is_and_ctrl_c_keeps_what_was_reached(tmp_path: Path) -> None:
    described, saved = tmp_path / "net.toml", tmp_path / "trained.toml"
    described.write_text(LONG)
    termios = pytest.importorskip("termios", reason="terminals are other ones here")
    screen, terminal = os.openpty()
    termios.tcsetwinsize(terminal, (24, 100))
    arguments = ["train", str(described), "--steps", "10000000", "--save", str(saved), "--json"]
    with (tmp_path / "out.json").open("w") as out:
        started = subprocess.Popen(
            [sys.executable, "-c", HEEDING, *arguments],
            stdout=out,
            stderr=terminal,
            stdin=subprocess.DEVNULL,
        )
    os.close(terminal)
    try:
        shown = _read_until(screen, "step/s")
        started.send_signal(signal.SIGINT)
        shown += _read_until(screen, "trained.toml")
        status = started.wait(60)
    finally:
        started.kill()
        started.wait(60)
        os.close(screen)
    assert status == 130
    assert "interrupted after " in shown
    assert " of 10,000,000 steps; what follows is what was reached" in shown
    taken = int(shown.split("interrupted after ")[1].split(" ")[0].replace(",", ""))
    assert sb.Network.read(saved).layers[2].weights != sb.Network.read(described).layers[2].weights
    text = (tmp_path / "out.json").read_text()
    assert text.split('"layers"')[0].count(",") == taken + 1  # one behind each loss but the last, and one behind all


def _read_until(screen: int, wanted: str) -> str:
    """What a terminal shows, up to these characters."""
    shown, until = "", time.monotonic() + 90
    while wanted not in shown and time.monotonic() < until:
        if select.select([screen], [], [], 1)[0]:
            try:
                shown += os.read(screen, 4096).decode()
            except OSError:  # the other side is closed
                break
    assert wanted in shown
    return shown


def test_the_curve_is_a_picture_of_the_asked_for_kind(tmp_path: Path) -> None:
    svg, png = tmp_path / "curve.svg", tmp_path / "curve.PNG"
    for path in (svg, png):
        done = run("train", MAZUR, "--steps", "30", "--curve", path)
        assert (done.status, str(path) in done.err) == (0, True)
    assert ET.fromstring(svg.read_bytes()).tag == "{http://www.w3.org/2000/svg}svg"
    assert png.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    assert run("train", MAZUR, "--steps", "30", "--curve", svg).status == 0


def test_the_same_losses_give_the_same_picture_whatever_the_title_says() -> None:
    losses = [1.0, 0.5, 0.001, math.nan, math.inf]
    for form in curve.FORMATS:
        assert curve.drawn(losses, form, title="$x_1$ \\frac 網") == curve.drawn(losses, form, title="$x_1$ \\frac 網")


def test_a_curve_of_other_endings_is_wrong_usage_before_anything_is_trained(tmp_path: Path) -> None:
    done = run("train", MAZUR, "--steps", "10000000", "--curve", tmp_path / "curve.pdf")
    assert done.status == 2
    assert "drawn as .png or .svg" in done.err


def test_without_matplotlib_a_curve_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(curve, "find_spec", lambda name: None)
    done = run("train", MAZUR, "--steps", "10000000", "--curve", tmp_path / "curve.svg")
    assert done.status == 4
    assert "pip install 'symbackprop[plot]'" in done.err


def test_a_long_curve_keeps_its_lowest_and_highest_points() -> None:
    points = [(step, 1 + math.sin(step)) for step in range(100_000)]
    points[54_321], points[98_765] = (54_321, 99.0), (98_765, -99.0)
    kept = curve.thinned(points)
    assert len(kept) <= curve.MOST_POINTS + 2
    assert {(54_321, 99.0), (98_765, -99.0), points[0], points[-1]} <= set(kept)
    assert kept == sorted(kept)


def test_a_file_that_cannot_be_written_does_not_take_the_losses_with_it(tmp_path: Path) -> None:
    done = run("train", MAZUR, "--steps", "2", "--save", tmp_path / "nowhere" / "new.toml")
    assert done.status == 4
    assert "there is no folder" in done.err
    assert "0.29837110" in done.out
