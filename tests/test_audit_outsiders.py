"""Worked examples as outsiders enter them: other notations, other ways to write numbers, each with slips of its own.

The tables were worked out by hand-written arithmetic apart from the package, with the slips made in it on purpose.
"""

from __future__ import annotations

import math
from pathlib import Path

from symbackprop.checking.audit import audit
from symbackprop.checking.claims import parse_claims
from symbackprop.checking.findings import Finding, as_text, shown
from symbackprop.network import Network


def findings_on(network: str, table: str) -> list[Finding]:
    return audit(parse_claims(table, source="claims.csv"), Network.parse(network))


def roots(findings: list[Finding]) -> dict[str, str]:
    return {each.claim.quantity: str(each.diagnosis) for each in findings if each.is_root}


def consequences(findings: list[Finding]) -> dict[str, list[str]]:
    return {
        each.claim.quantity: [findings[cause].claim.quantity for cause in each.because_of]
        for each in findings
        if each.because_of
    }


GERMAN = """
title="Roberts"
notation="nielsen"
[inputs]
values=[[0.35, 0.9]]
[targets]
values=[[0.5]]
[[layers]]
units=2
activation="sigmoid"
weights=[[0.1, 0.8], [0.4, 0.6]]
[[layers]]
units=1
activation="sigmoid"
weights=[[0.3, 0.9]]
[loss]
name="squared_error"
[update]
rule="gradient_descent"
learning_rate=1.0
"""
GERMAN_CLAIMS = """\
quantity;printed;working
z_1^2;0,7550;
z_2^2;0,6800;
a_1^2;0,6803;
a_2^2;0,6637;
z_1^3;0,8014;
a_1^3;0,6903;
delta_1^3;0,0407;(0,6903 - 0,5) · 0,6903 · (1 - 0,6903) = 0,0407
new:w_11^3;0,2723;
new:w_12^3;0,8730;
delta_1^2;0,002410;
delta_2^2;0,007931;
new:w_11^2;0,099157;
new:w_12^2;0,797831;
new:w_21^2;0,397224;
new:w_22^2;0,592862;
"""

TWO_ROWS = """
notation="goodfellow"
[inputs]
values=[[1.0, -0.5], [0.25, 0.75]]
[targets]
values=[[0.5], [-1.0]]
[[layers]]
units=2
activation="tanh"
weights=[[0.2, -0.4], [0.7, 0.1]]
bias=[0.1, -0.2]
[[layers]]
units=1
activation="identity"
weights=[[0.6, -0.3]]
bias=[0.05]
[loss]
name="squared_error"
[update]
rule="gradient_descent"
learning_rate=0.1
"""
TWO_ROWS_CLAIMS = """\
neutral,printed
net[1][0]@0,5.00000·10^-1
net[1][1]@0,4.50000·10^-1
out[1][0]@0,4.62117·10^-1
out[1][1]@0,4.21899·10^-1
out[2][0]@0,2.00701·10^-1
net[1][0]@1,-1.50000·10^-1
net[1][1]@1,5.00000·10^-2
out[1][0]@1,-1.48885·10^-1
out[1][1]@1,4.99584·10^-2
out[2][0]@1,-5.43185·10^-2
loss,2.45973·10^-1
dE/dw[2][0][0],-2.79109·10^-1
dE/dw[2][0][1],-7.90294·10^-2
dE/db[2][0],6.46382·10^-1
new:w[2][0][0],6.27911·10^-1
new:w[2][0][1],-2.92097·10^-1
new:b[2][0],-1.46382·10^-2
"""

SHARES = """
notation="indexed"
[inputs]
values=[[1.0, 2.0]]
[targets]
classes=[1]
[[layers]]
units=3
activation="relu"
weights=[[0.5, -0.25], [-0.75, 0.5], [0.3, -0.6]]
bias=[0.1, 0.2, 0.0]
[[layers]]
units=3
activation="softmax"
weights=[[0.4, 0.3, -0.2], [-0.1, 0.6, 0.5], [0.2, -0.3, 0.1]]
bias=[0, 0.1, -0.1]
[loss]
name="cross_entropy"
[update]
rule="gradient_descent"
learning_rate=0.5
"""
SHARES_CLAIMS = """\
quantity,printed
net[1][0],0.100000
net[1][1],0.450000
net[1][2],-0.900000
out[1][0],0.100000
out[1][1],0.450000
out[1][2],0.000000
net[2][0],0.175000
net[2][1],0.360000
net[2][2],-0.215000
out[2][0],34.719 %
out[2][1],41.774 %
out[2][2],23.507 %
loss,0.872886
dE/dnet[2][0],0.078690
dE/dnet[2][1],-0.141624
dE/dnet[2][2],0.042267
dE/dw[2][0][0],0.007869
dE/dw[2][0][1],0.035410
dE/dw[2][0][2],0.000000
dE/dw[2][1][0],-0.014162
dE/dw[2][1][1],-0.063731
dE/dw[2][1][2],-0.000000
dE/dw[2][2][0],0.004227
dE/dw[2][2][1],0.019020
dE/dw[2][2][2],0.000000
dE/dout[1][0],0.054092
dE/dout[1][1],-0.074048
dE/dout[1][2],-0.082323
dE/dw[1][0][0],0.054092
dE/dw[1][0][1],0.108184
dE/dw[1][1][0],-0.074048
dE/dw[1][1][1],-0.148096
dE/dw[1][2][0],-0.082323
dE/dw[1][2][1],-0.164647
"""

FRACTIONS = """
notation="math-note"
[inputs]
values=[["1/2",2]]
[targets]
values=[[1]]
[[layers]]
units=2
activation="relu"
weights=[["1/4","1/2"],["-1/3",1]]
bias=["1/3","-1/4"]
[[layers]]
units=1
activation="identity"
weights=[["1/2","-3/4"]]
bias=["1/5"]
[loss]
name="squared_error"
[update]
rule="momentum"
momentum=0.9
learning_rate=0.1
"""
FRACTIONS_CLAIMS = """\
quantity;printed
net[1][0];35/24
net[1][1];19/12
out[2][0];-31/120
loss;22801/28800
dE/dnet[2][0];-151/120
dE/dw[2][0][0];-1057/576
dE/dw[2][0][1];-2869/1440
dE/dnet[1][0];-151/240
dE/dnet[1][1];151/160
dE/dw[1][0][0];-151/480
dE/dw[1][0][1];-151/120
dE/dw[1][1][0];151/320
dE/dw[1][1][1];151/80
dE/db[1][0];-151/480
dE/db[1][1];151/80
new:w[2][0][0];1823/5760
new:w[2][0][1];-13669/14400
"""


def test_updated_weights_are_named_in_a_table_with_decimal_commas_and_lines_of_working() -> None:
    findings = findings_on(GERMAN, GERMAN_CLAIMS)
    assert roots(findings) == dict.fromkeys(
        ["delta_1^2", "delta_2^2"], "the weights after their update are used to send the error back: in dC/da^2"
    )
    assert consequences(findings) == {
        "new:w_11^2": ["delta_1^2"],
        "new:w_12^2": ["delta_1^2"],
        "new:w_21^2": ["delta_2^2"],
        "new:w_22^2": ["delta_2^2"],
    }
    assert {each.verdict for each in findings} == {"ok", "wrong"}


def test_a_missing_mean_is_named_in_a_table_with_powers_of_ten() -> None:
    findings = findings_on(TWO_ROWS, TWO_ROWS_CLAIMS)
    told = roots(findings)
    assert list(told) == ["dE/dw[2][0][0]", "dE/dw[2][0][1]", "dE/db[2][0]"]
    assert all("summed over the observations, and the loss is their mean" in each for each in told.values())
    assert consequences(findings) == {f"new:{each.removeprefix('dE/d')}": [each] for each in told}


def test_a_slope_applied_twice_and_a_mask_left_out_are_told_apart_in_a_table_with_percents() -> None:
    findings = findings_on(SHARES, SHARES_CLAIMS)
    told = roots(findings)
    assert list(told) == [*(f"dE/dnet[2][{unit}]" for unit in range(3)), "dE/dw[1][2][0]", "dE/dw[1][2][1]"]
    assert all("slope is applied to it again" in told[f"dE/dnet[2][{unit}]"] for unit in range(3))
    assert all("mask of the units that are off is left out" in told[f"dE/dw[1][2][{k}]"] for k in (0, 1))
    assert set(consequences(findings)) >= {"dE/dw[2][0][0]", "dE/dout[1][2]", "dE/dw[1][0][0]"}


def test_a_bias_times_its_input_and_a_step_that_is_added_are_named_in_a_table_of_fractions() -> None:
    told = roots(findings_on(FRACTIONS, FRACTIONS_CLAIMS))
    assert list(told) == ["dE/db[1][0]", "dE/db[1][1]", "new:w[2][0][0]", "new:w[2][0][1]"]
    assert "multiplied by an input of the layer: in dE_total/db^(1) (input 1)" in told["dE/db[1][0]"]
    assert "multiplied by an input of the layer: in dE_total/db^(1) (input 2)" in told["dE/db[1][1]"]
    assert all(told[f"new:w[2][0][{k}]"].startswith("the step goes along the gradient") for k in (0, 1))


def test_a_line_of_working_in_any_usual_writing_is_read() -> None:
    network = "examples/two-input.toml"
    for working in (
        "0,741365069 · 0,186815602 · 0,593269992 = 0,0822",
        "dE/dw_5 = 0.741365069 * 0.186815602 * 0.593269992",
        "0.741365069 x 1.86815602·10⁻¹ × 0.593269992 ≈ 8.22·10^-2",
        "74.1365069 % * 0.186815602 * 59.3269992% = 8.22 %",
    ):
        table = f"quantity;printed;working\ndE/dw_5;0.0722;{working}\n"
        (finding,) = audit(parse_claims(table, source="claims.csv"), Network.read(network))
        assert finding.diagnosis == "the line of working gives 0.0821670405722: a slip in working it out"


def test_a_right_number_is_not_shown_as_0() -> None:
    findings = findings_on(GERMAN.replace("0.35, 0.9", "0.01, 0.01"), "quantity;printed\ndE/dw_11^2;0,5\n")
    assert shown(findings[0]) == f"{float(findings[0].value):.2g}" != "0.0"
    assert as_text(findings).startswith("1 claim: 1 wrong")


AVERAGED = """
notation="indexed"
[inputs]
values=[[1.0, 2.0], [3.0, -1.0], [0.5, 0.5]]
[targets]
values=[[1.0], [0.0], [0.5]]
[[layers]]
units=1
activation="identity"
weights=[[0.7, -0.4]]
bias=[0.2]
[loss]
name="squared_error"
factor=1
"""


def test_an_error_without_the_factor_and_the_mean_of_the_loss_is_named() -> None:
    """The outs are 0.1, 2.7 and 0.35; the slope is two thirds of out - target."""
    printed = {"out_o1@0": "0.1", "dE/dout_o1@0": "-0.9", "dE/dout_o1@1": "2.7", "dE/dout_o1@2": "-0.15"}
    table = "\n".join(["quantity,printed", *(f"{name},{number}00" for name, number in printed.items())])
    told = roots(findings_on(AVERAGED, table))
    assert list(told) == list(printed)[1:]
    assert all(each.startswith("out - target alone stands where") for each in told.values()), told


def test_biases_that_nobody_updates_are_told_of_every_layer() -> None:
    """As a widely read example has it: its second pass goes on with the old biases."""

    def sigmoid(net: float) -> float:
        return 1 / (1 + math.exp(-net))

    new = {1: [[0.149780716, 0.19956143], [0.24975114, 0.29950229]], 2: [[0.35891648, 0.408666186]]}
    nets = [0.05 * row[0] + 0.1 * row[1] + 0.35 for row in new[1]]
    net = sum(weight * sigmoid(each) for weight, each in zip(new[2][0], nets, strict=True)) + 0.6
    printed = {"after:net[1][0]": nets[0], "after:net[1][1]": nets[1], "after:net[2][0]": net}
    table = "\n".join(["quantity,printed", *(f"{name},{number:.9f}" for name, number in printed.items())])
    text = Path("examples/two-input.toml").read_text(encoding="utf-8")
    made = Network.parse(text).with_values({f"layers[{layer}].trainable": {"bias": True} for layer in (0, 1)})
    told = roots(audit(parse_claims(table, source="claims.csv"), made))
    assert list(told) == list(printed)
    assert all("parameters of before the update" in each and "biases" in each for each in told.values()), told
