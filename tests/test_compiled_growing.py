"""Formulas of the user's own in which an exponential overflows have right values, though their parts have none."""

from __future__ import annotations

import math

import pytest

import symbackprop as sb
from symbackprop.compiled import TARGETS, compiled
from tests.compiling import core, disagreements

targets = pytest.mark.parametrize(
    "target", [pytest.param(each, marks=pytest.mark.engine) if each == "c" else each for each in TARGETS]
)
FORMULAS = (
    "1/(1 + exp(-a*x))",
    "2 - 1/(1 + exp(b*x))",
    "log(1 + exp(c*x))",
    "1/(exp(d*x/2) + exp(-d*x/2))^2",
    "2/(1 + 3*exp(-2*p*x))",
    "sin(1/(1 + exp(q*x)))",
)
NETS = (-800, -40, -1, 0, 0.5, 3, 800)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYMBACKPROP_CACHE", str(tmp_path_factory.getbasetemp() / "compiled"))


def _program(net: float) -> sb.Network:
    """Every formula at this argument, each with a parameter of its own, added up."""
    equations = "".join(f'[[equations]]\nname = "f_{k}"\nformula = "{each}"\n' for k, each in enumerate(FORMULAS))
    total = " + ".join(f"f_{k}" for k in range(len(FORMULAS)))
    parameters = "\n".join(f"{name} = 1" for name in "abcdpq")
    return sb.Network.parse(
        f'loss = "f"\n[inputs]\nx = [{net}]\n[parameters]\n{parameters}\n{equations}'
        f'[[equations]]\nname = "f"\nformula = "{total}"\n'
    )


@targets
def test_exponentials_that_overflow_leave_values_and_gradients_right(target: str) -> None:
    wrong = []
    for net in NETS:
        derivation = core(_program(net))
        wrong += [f"{net}: {each}" for each in disagreements(derivation, compiled(derivation, target))]
    assert wrong == []


@targets
def test_a_logistic_activation_by_formula_saturates_as_the_known_one_does(target: str) -> None:
    layer = {"units": 2, "weights": [[800], [-800]]}
    found = []
    for activation in ("sigmoid", {"formula": "1/(1 + exp(-x))"}):
        network = sb.Network(
            inputs=[[1]], targets=[[0, 1]], loss="squared_error", layers=[{**layer, "activation": activation}]
        )
        found.append(compiled(core(network), target).loss_and_gradients({"W1": [[800], [-800]]}, [1], [0, 1]))
    assert [float(loss) for loss, _ in found] == [1.0, 1.0]
    assert all(math.isfinite(float(row[0])) for _, gradients in found for row in gradients["W1"])
