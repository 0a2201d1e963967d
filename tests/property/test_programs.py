"""Programs: the same network written as equations gives the same numbers, and four known programs give theirs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import autograd.numpy as np
import pytest
from autograd import grad

import symbackprop as sb
from symbackprop.conditions import Bounds
from tests.conftest import FULL
from tests.networks import PLAIN_NET, drawn
from tests.programs import parameter_names, program_of
from tests.reference import Reference

EXAMPLES = Path(__file__).resolve().parent.parent.parent / "examples"
BATCH = 5  # of every fifth network
BATCHES = [range(start, start + 5 * BATCH, 5) for start in range(0, 2_000 if FULL else 100, 5 * BATCH)]
DIGITS = 40
SAME = 1e-36  # of numbers of size 1, computed to 40 digits
ROUNDING = 1e-12  # of a handful of float operations on numbers of size 1 to 10


@pytest.mark.full
@pytest.mark.parametrize("batch", BATCHES, ids=lambda batch: f"{batch[0]}-{batch[-1]}")
def test_a_network_written_as_equations_has_the_same_gradients(batch: range) -> None:
    compared = 0
    for number in batch:
        model = drawn(number)
        if Reference(model).largest_net() > PLAIN_NET:
            continue  # its formulas are the plain ones, which overflow
        layered = sb.derive(sb.Network.parse(model.to_toml())).evaluate(precision=DIGITS)
        derivation = sb.derive(sb.Network.parse(program_of(model)))
        program = derivation.evaluate(precision=DIGITS)
        names = parameter_names(model)
        places = {key: place for key, _, place in model.uses()}
        size = max(1, *(abs(layered[f"dE/d{place}"]) for place in places.values()))
        whole = "E" if len(model.inputs) == 1 else "loss"  # of several observations, E is each one's own
        for key, place in places.items():
            gap = abs(program[f"d{whole}/d{names[key]}"] - layered[f"dE/d{place}"])
            assert gap <= SAME * size, f"network {number}: {place}\n{model.to_toml()}\n{program_of(model)}"
        floats = derivation.evaluate()
        bounds = Bounds(floats.numbers)
        for equation in derivation.system.equations:
            array = equation.target.array
            rows = zip(floats.array(array), program.array(array), bounds.array(array), strict=True)
            assert all(abs(exact - value) <= bound for value, exact, bound in rows), f"network {number}: {array}"
        compared += 1
    assert compared >= len(batch) // 2


def test_a_product_of_a_sum_has_the_slopes_that_every_lecture_prints() -> None:
    """f = (x + y)z at -2, 5, -4: df/dq = z = -4 = df/dx = df/dy, df/dz = q = 3 (Stanford CS231n, notes on backprop)."""
    values = sb.derive(sb.Network.read(EXAMPLES / "program-xyz.toml")).evaluate()
    names = ("q", "f", "df/dq", "df/dx", "df/dy", "df/dz")
    assert [values[name] for name in names] == [3, -12, -4, -4, -4, 3]


def _recurrent(p: dict[str, Any]) -> Any:
    h = 0.0
    for x in (0.5, -1.0, 0.25):
        h = np.tanh(p["w"] * h + p["u"] * x + p["b"])
    return (p["v"] * h - 0.5) ** 2 / 2


def _convolution(p: dict[str, Any]) -> Any:
    image = np.array([[1.0, 0, 2], [-1, 3, 1], [0, 2, -2]])
    kernel = [[p["k_11"], p["k_12"]], [p["k_21"], p["k_22"]]]
    z = sum(kernel[i][j] * image[i : i + 2, j : j + 2] for i in (0, 1) for j in (0, 1)) + p["b"]
    return np.sum(np.where(z > 0, z, 0 * z) ** 2) / 2


def _batch_normalisation(p: dict[str, Any]) -> Any:
    x = np.array([1.0, 2, 4, -1, 0.5]) if "x_1" not in p else np.array([p[f"x_{i}"] for i in range(1, 6)])
    y = p["scale"] * (x - np.mean(x)) / np.sqrt(np.var(x) + 1e-5) + p["shift"]
    return np.sum((y - np.array([1.0, 0, 1, 0, -1])) ** 2)


PROGRAMS: dict[str, tuple[Callable[[dict[str, Any]], Any], dict[str, float]]] = {
    "recurrent": (_recurrent, {"w": 0.8, "u": 0.5, "b": 0.1, "v": 1.2}),
    "convolution": (_convolution, {"k_11": 0.5, "k_12": -1.0, "k_21": 0.25, "k_22": 1.5, "b": 0.1}),
    "batchnorm": (
        _batch_normalisation,
        {"scale": 1.5, "shift": 0.2, "x_1": 1.0, "x_2": 2.0, "x_3": 4.0, "x_4": -1.0, "x_5": 0.5},
    ),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_known_program_has_the_gradients_that_autograd_finds(name: str) -> None:
    function, arguments = PROGRAMS[name]
    values = sb.derive(sb.Network.read(EXAMPLES / f"{name}.toml")).evaluate()
    assert values["E"] == pytest.approx(float(function(arguments)), rel=ROUNDING)
    for argument, slope in grad(function)(arguments).items():
        assert values[f"dE/d{argument}"] == pytest.approx(float(slope), rel=ROUNDING, abs=ROUNDING), argument
