"""Drawn programs, with parts that the result does not use: every output against mpmath's own derivative."""

from __future__ import annotations

from random import Random
from typing import Any

import mpmath
import numpy as np
import pytest

import symbackprop as sb
from symbackprop.compiled import TARGETS
from symbackprop.workbook.building import planned
from symbackprop.workbook.contents import Formula
from tests.conftest import FULL

QUICK, MANY = 10, 100
NEAR = 1e-9  # of doubles that a few dozen operations lead to
CALLS = ("exp(-({})^2)", "tanh({})", "sigmoid({})", "sin({})", "cos({})", "atan({})", "sqrt(1 + ({})^2)", "({})^3")
BOTH = ("({} + {})", "({} - {})", "{} * {}", "{} / (1 + ({})^2)")
FUNCTIONS = {name: getattr(mpmath, name) for name in ("exp", "tanh", "sin", "cos", "atan", "sqrt")} | {
    "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x))
}


def formula(random: Random, names: list[str], depth: int = 0) -> str:
    kind = random.random()
    if depth > 2 or kind < 0.3:
        return random.choice([*names, *names, "2", "1/3"])
    if kind < 0.65:
        one, other = (formula(random, names, depth + 1) for _ in range(2))
        return random.choice(BOTH).format(one, other)
    return random.choice(CALLS).format(formula(random, names, depth + 1))


def drawn(seed: int) -> dict[str, Any]:
    """A program's arguments; some of its parameters and equations have no part in the result."""
    random = Random(f"program {seed}")
    count = random.choice((1, 2, 3))
    inputs = [f"x_{number}" for number in range(random.choice((1, 2)))]
    parameters = [f"p_{number}" for number in range(random.choice((1, 2, 3)))]
    names, equations = [*inputs, *parameters], []
    for number in range(random.choice((1, 3, 5))):
        equations.append((f"u_{number}", formula(random, names)))
        names.append(f"u_{number}")
    equations.append(("f", f"({formula(random, names)}) + {names[-1]} + 3*{parameters[0]}"))
    values = iter([random.randint(-99, 99) / 100 for _ in range(99)])
    return {
        "equations": equations,
        "loss": "f",
        "inputs": {name: [next(values) for _ in range(count)] for name in inputs},
        "parameters": {name: next(values) for name in parameters},
        "over_observations": random.choice(("sum", "mean")),
        "update": {"rule": random.choice(("gradient_descent", "adam")), "learning_rate": "1/8"},
    }


def result(program: dict[str, Any], parameters: dict[str, Any], rows: range) -> Any:
    """What these observations add to the program's loss, by mpmath."""
    columns = program["inputs"]
    (count,) = {len(column) for column in columns.values()}
    whole = mpmath.mpf(0)
    for row in rows:
        known = {name: mpmath.mpf(column[row]) for name, column in columns.items()} | parameters
        for name, text in program["equations"]:
            known[name] = eval(  # noqa: S307  a text of our own
                text.replace("^", "**").replace("1/3", "mpf(1)/3"), {"mpf": mpmath.mpf, **FUNCTIONS}, known
            )
        whole += known["f"]
    return whole / count if program["over_observations"] == "mean" else whole


def gradient(program: dict[str, Any], rows: range) -> dict[str, float]:
    given = {name: mpmath.mpf(value) for name, value in program["parameters"].items()}

    def along(name: str) -> Any:
        return mpmath.diff(lambda value: result(program, given | {name: value}, rows), given[name])

    with mpmath.workdps(40):
        return {name: float(along(name)) for name in given}


@pytest.mark.full
@pytest.mark.parametrize("seed", range(MANY if FULL else QUICK))
def test_a_drawn_programs_outputs_have_the_derivatives_that_mpmath_finds(seed: int) -> None:
    program = drawn(seed)
    (count,) = {len(column) for column in program["inputs"].values()}
    expected, shares = gradient(program, range(count)), [gradient(program, range(row, row + 1)) for row in range(count)]
    derivation = sb.derive(sb.Network(**program))
    values = derivation.evaluate()
    whole = "f" if derivation.core.loss.label else "E"
    for name, number in expected.items():
        found = f"d{whole}/d{name}"
        assert values[found] == pytest.approx(number, rel=NEAR, abs=NEAR)
        for row, share in enumerate(shares):
            assert values[f"{found}@{row}"] == pytest.approx(share[name], rel=NEAR, abs=NEAR)
        if program["update"]["rule"] == "gradient_descent":
            assert values[f"new:{name}"] == pytest.approx(program["parameters"][name] - number / 8, rel=NEAR, abs=NEAR)
    assert derivation.prove()
    for target in TARGETS:
        inputs = {name: np.array(column) if target == "numpy" else column for name, column in program["inputs"].items()}
        _, compiled = derivation.compile(target).loss_and_gradients(program["parameters"], inputs)
        assert {name: float(each) for name, each in compiled.items()} == pytest.approx(expected, rel=NEAR, abs=NEAR)
    book = planned(derivation.core, values)
    gradients = {each.of: each.value for *_, each in book.cells() if isinstance(each, Formula) and not each.where}
    for name, number in expected.items():
        assert gradients[derivation.names.resolve(f"d{whole}/d{name}")] == pytest.approx(number, rel=NEAR, abs=NEAR)
    for to in ("text", "latex", "typst", "markdown"):
        assert derivation.rendered(to)
