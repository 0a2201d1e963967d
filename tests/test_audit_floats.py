"""Numbers pasted from a program: their last digits are those of its arithmetic, which is no slip of the author's.

The numbers are worked out here by plain Python and numpy, in the order of the two-input example's own equations.
"""

from __future__ import annotations

import math

import numpy as np

import symbackprop as sb
from symbackprop.checking.audit import audit
from symbackprop.checking.claims import Claim, Claims
from symbackprop.checking.findings import Finding

NETWORK = sb.Network.read("examples/two-input.toml")
# A. Ng, Neural Networks and Deep Learning, week 2: what the notebook prints. log(1 - a) of an a near 1 costs digits.
NOTEBOOK = """
[notation]
input = "x_{unit}"
weight = "w_{from}"
bias = "b"
net = "z"
out = "a"
target = "y"
loss = "J"
[inputs]
values = [[1, 3], [2, 4], [-1, -3.2]]
[targets]
values = [[1], [0], [1]]
[[layers]]
units = 1
activation = "sigmoid"
weights = [[1, 2]]
bias = [2]
[loss]
name = "binary_cross_entropy"
[update]
rule = "gradient_descent"
learning_rate = 0.009
"""
NOTEBOOK_PRINTS = {
    "J": "5.801545319394553",
    "dJ/dw_1": "0.99845601",
    "dJ/dw_2": "2.39507239",
    "dJ/db": "0.00145557813678",
}


def judged(numbers: dict[str, str], network: sb.Network = NETWORK) -> dict[str, Finding]:
    claims = Claims(tuple(Claim(name, number) for name, number in numbers.items()))
    return dict(zip(numbers, audit(claims, network), strict=True))


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def in_doubles(*, slipped: bool = False) -> dict[str, str]:
    net_h1, net_h2 = 0.15 * 0.05 + 0.2 * 0.1 + 0.35, 0.25 * 0.05 + 0.3 * 0.1 + 0.35
    out_h1, out_h2 = sigmoid(net_h1), sigmoid(net_h2)
    out_o1 = sigmoid(0.4 * out_h1 + 0.45 * out_h2 + 0.6)
    out_o2 = sigmoid(0.5 * out_h1 + 0.55 * out_h2 + 0.6)
    delta_o1 = (out_o1 - 0.01) * out_o1 * (1 if slipped else 1 - out_o1)
    delta_o2 = (out_o2 - 0.99) * out_o2 * (1 - out_o2)
    found = {"net_h1": net_h1, "net_h2": net_h2, "out_h1": out_h1, "out_h2": out_h2, "out_o1": out_o1, "out_o2": out_o2}
    found |= {"delta_o1": delta_o1, "delta_o2": delta_o2, "dE/dw_5": delta_o1 * out_h1, "dE/dw_7": delta_o2 * out_h1}
    return {name: repr(number) for name, number in found.items()}


def test_the_last_digits_of_a_programs_doubles_are_rounding() -> None:
    found = judged(in_doubles())
    assert {each.verdict for each in found.values()} == {"ok", "rounding"}
    assert found["net_h2"].verdict == "rounding"  # 0.39249999999999996


def test_a_slip_in_a_program_is_found_among_numbers_of_seventeen_digits() -> None:
    found = judged(in_doubles(slipped=True))
    wrong = {name: finding for name, finding in found.items() if finding.verdict == "wrong"}
    assert wrong.keys() == {"delta_o1", "dE/dw_5"}
    assert wrong["delta_o1"].diagnosis == "the factor (1 - out_o1) is left out"
    assert not wrong["dE/dw_5"].is_root


def test_single_precision_numbers_are_told_by_being_such() -> None:
    one = np.float32(1)
    weights = np.array([[0.15, 0.2], [0.25, 0.3]], np.float32)
    nets = weights @ np.array([0.05, 0.1], np.float32) + np.float32(0.35)
    outs = one / (one + np.exp(-nets))
    assert nets.dtype == outs.dtype == np.float32
    numbers = {f"out_h{unit}": repr(number.item()) for unit, number in enumerate(outs, 1)}
    assert {each.verdict for each in judged(numbers).values()} == {"rounding"}
    near = {"out_h1": "0.5932700037956"}  # of 13 digits, and still the same single: 0.5932700038
    assert judged(near)["out_h1"].verdict == "rounding"
    slip = {"out_h1": "0.5932699931871872"}  # no single is written like that
    assert judged(slip)["out_h1"].verdict == "wrong"


def test_a_digit_that_is_wrong_before_the_last_ones_is_a_slip() -> None:
    found = judged({"out_o1": "0.7513651695523157"})["out_o1"]
    assert found.verdict == "wrong"


def test_what_a_logarithm_near_0_costs_is_rounding_too() -> None:
    found = judged(NOTEBOOK_PRINTS, sb.Network.parse(NOTEBOOK))
    assert {name: finding.verdict for name, finding in found.items()} == {
        "J": "rounding",
        "dJ/dw_1": "ok",
        "dJ/dw_2": "ok",
        "dJ/db": "ok",
    }
