"""Published worked examples besides the five of the examples folder: every number that their authors print.

Each is described as its author writes it; the sources are named with the numbers. An author's slip is stated as one.
"""

from __future__ import annotations

import re

import pytest

import symbackprop as sb
from symbackprop.checking.audit import audit
from symbackprop.checking.claims import Claim, Claims
from tests.textbooks import HAN_KAMBER, NEGNEVITSKY

HAN_KAMBER_PRINTS = """
I_4 -0.7, I_5 0.1, I_6 -0.105, O_4 0.332, O_5 0.525, O_6 0.474, Err_6 0.1311, Err_5 -0.0065, Err_4 -0.0087,
new:w_46 -0.261, new:w_56 -0.138, new:w_14 0.192, new:w_15 -0.306, new:w_24 0.4, new:w_25 0.1, new:w_34 -0.508,
new:w_35 0.194, new:theta_6 0.218, new:theta_5 0.194, new:theta_4 -0.408
"""
NEGNEVITSKY_PRINTS = """
y_3 0.5250, y_4 0.8808, y_5 0.5097, y_{d;5}-y_5 -0.5097, delta_5 -0.1274, new:w_35-w_35 -0.0067,
new:w_45-w_45 -0.0112, new:theta_5-theta_5 0.0127, delta_3 0.0381, delta_4 -0.0147, new:w_13-w_13 0.0038,
new:w_23-w_23 0.0038, new:theta_3-theta_3 -0.0038, new:w_14-w_14 -0.0015, new:w_24-w_24 -0.0015,
new:theta_4-theta_4 0.0015, new:w_13 0.5038, new:w_14 0.8985, new:w_23 0.4038, new:w_24 0.9985, new:w_35 -1.2067,
new:w_45 1.0888, new:theta_3 0.7962, new:theta_4 -0.0985, new:theta_5 0.3127
"""
# hmkcode.github.io, Backpropagation step by step: no activation, numbers to two or three digits.
HMKCODE = """
[notation]
input = "i_{unit}"
output = "prediction"
target = "actual"
rate = "a"
[inputs]
values = [[2, 3]]
[targets]
values = [[1]]
[[layers]]
units = 2
activation = "identity"
weights = [[0.11, 0.21], [0.12, 0.08]]
[[layers]]
units = 1
activation = "identity"
weights = [[0.14, 0.15]]
[loss]
name = "squared_error"
[update]
rule = "gradient_descent"
learning_rate = 0.05
"""
HMKCODE_PRINTS = """
out[1][0] 0.85, out[1][1] 0.48, prediction 0.191, E 0.327, dE/dprediction -0.809, new:w_6 0.17, new:w_5 0.17,
new:w_1 0.12, new:w_2 0.23, new:w_3 0.13, new:w_4 0.10, after:prediction 0.26
"""
# CS231n, course notes on backpropagation: a neuron as a circuit of gates, its numbers cut or rounded to two decimals.
CS231N = """
loss = "f"
[inputs]
x0 = [-1]
x1 = [-2]
[parameters]
w0 = 2
w1 = -3
w2 = -3
[[equations]]
name = "a"
formula = "w0*x0"
[[equations]]
name = "b"
formula = "w1*x1"
[[equations]]
name = "c"
formula = "a + b"
[[equations]]
name = "d"
formula = "c + w2"
[[equations]]
name = "e"
formula = "-d"
[[equations]]
name = "g"
formula = "exp(e)"
[[equations]]
name = "h"
formula = "1 + g"
[[equations]]
name = "f"
formula = "1/h"
"""
CS231N_PRINTS = """
a -2.00, b 6.00, c 4.00, d 1.00, e -1.00, g 0.37, h 1.37, f 0.73, df/dh -0.53, df/dg -0.53, df/de -0.20, df/dd 0.20,
df/dw2 0.20, df/dw0 -0.20, df/dx0 0.39, df/dw1 -0.39, df/dx1 -0.59
"""
# G. Sanderson's chain of single neurons ("Backpropagation calculus"): layers counted back from the last, L, and the
# formulas that the film shows, of which it has no numbers.
SANDERSON = r"""
[notation]
weight = "w^({layerL})"
bias = "b^({layerL})"
net = "z^({layerL})"
out = "a^({layerL})"
input = "a^({layerL})"
target = "y"
loss = "C_0"
[inputs]
values = [[0.5]]
[targets]
values = [[1.0]]
[[layers]]
units = 1
activation = "sigmoid"
weights = [[0.6]]
bias = [0.1]
[[layers]]
units = 1
activation = "sigmoid"
weights = [[-0.4]]
bias = [0.2]
[[layers]]
units = 1
activation = "sigmoid"
weights = [[0.9]]
bias = [-0.3]
[loss]
name = "squared_error"
factor = 1
"""
SANDERSON_SHOWS = {
    "dC_0/da^(L)": "2(a^(L) - y)",
    "dC_0/dw^(L)": r"a^{(L-1)} sigma(z^{(L)}) (1 - sigma(z^{(L)})) \cdot 2(a^{(L)} - y)",
    "dC_0/db^(L)": "a^(L) (1 - a^(L)) 2(a^(L) - y)",
    "dC_0/da^(L-1)": "w^(L) a^(L) (1 - a^(L)) 2(a^(L) - y)",
    "dz^(L)/dw^(L)": "a^(L-1)",
    "dz^(L)/da^(L-1)": "w^(L)",
    "dC_0/dw^(L-1)": "a^(L-2) * dC_0/dz^(L-1)",
}
EXAMPLES = {
    "Han and Kamber": (HAN_KAMBER, HAN_KAMBER_PRINTS, {"truncated": ["Err_6"]}),
    "Negnevitsky": (NEGNEVITSKY, NEGNEVITSKY_PRINTS, {}),
    "hmkcode": (HMKCODE, HMKCODE_PRINTS, {}),
    "CS231n": (CS231N, CS231N_PRINTS, {}),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_number_that_the_author_prints_comes_out(name: str) -> None:
    description, prints, other = EXAMPLES[name]
    claims = [Claim(*each.replace(";", ",").split()) for each in prints.split(",")]
    findings = audit(Claims(tuple(claims)), sb.Network.parse(description))
    found = {claim.quantity: finding.verdict for claim, finding in zip(claims, findings, strict=True)}
    expected = {quantity: verdict for verdict, quantities in other.items() for quantity in quantities}
    assert found == {claim.quantity: expected.get(claim.quantity, "ok") for claim in claims}


def test_a_number_that_is_its_operands_is_printed_once() -> None:
    text = sb.derive(sb.Network.parse(CS231N)).to_text()
    assert "\n  e = -d = -1\n" in text


def test_a_unit_with_a_threshold_takes_it_off() -> None:
    text = sb.derive(sb.Network.parse(NEGNEVITSKY)).to_text()
    assert "X_3 = w_13 * x_1 + w_23 * x_2 - θ_3 = 0.5 * 1 + 0.4 * 1 - 0.8 = 0.1000" in text
    assert "takes its threshold off" in text


@pytest.mark.parametrize("layer", ["({layerL})", "{layerL}"])
def test_layers_are_counted_back_from_the_last(layer: str) -> None:
    description, shows, net = SANDERSON, SANDERSON_SHOWS, "z^(L-1) = w^(L-1) * a^(L-2) + b^(L-1)"
    if layer != "({layerL})":
        description = description.replace("({layerL})", layer)
        shows = {_without_brackets(quantity): _without_brackets(formula) for quantity, formula in shows.items()}
        net = _without_brackets(net)
    claims = tuple(Claim(quantity, formula=formula) for quantity, formula in shows.items())
    findings = audit(Claims(claims), sb.Network.parse(description))
    assert {finding.claim.quantity: finding.verdict for finding in findings} == dict.fromkeys(shows, "ok")
    assert net in sb.derive(sb.Network.parse(description)).to_text()


def _without_brackets(text: str) -> str:
    return re.sub(r"\^\{?\((L[-0-9]*)\)\}?", r"^{\1}", text)


def test_the_slope_of_the_loss_is_written_in_the_authors_order() -> None:
    """Mazur: ∂E/∂out = -(target - out); Han and Kamber: Err = (T - O) O (1 - O)."""
    mazur = sb.Network.read("examples/two-input.toml").with_values({"notation.preset": "mazur"})
    assert "dE_total/dout_o1 = -(target_o1 - out_o1)" in sb.derive(mazur).to_text()
    taken_off = HAN_KAMBER.replace('delta_sign = "-"', 'delta_sign = "-"\ndifference = "target - out"')
    text = sb.derive(sb.Network.parse(taken_off)).to_text()
    assert "= (t - O_6) * O_6 * (1 - O_6)" in text
    both = taken_off.replace("[inputs]", 'slope_difference = "out - target"\n[inputs]', 1)
    assert "= -(O_6 - t) * O_6 * (1 - O_6)" in sb.derive(sb.Network.parse(both)).to_text()


def test_the_first_link_of_a_chain_is_told_once_by_its_own_equation() -> None:
    shown = sb.derive(sb.Network.read("examples/two-input.toml")).rendered("text", of=["dE/dout_o1"])
    assert shown.strip() == "dE/dout_o1 = out_o1 - t_1 ≈ 0.7514 - 0.01 ≈ 0.7414"
