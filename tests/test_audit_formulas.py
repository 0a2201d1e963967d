"""Formulas of claims: how they may be written, and that they are equal or not, to any digit."""

from __future__ import annotations

import pytest

from symbackprop.checking.audit import audit
from symbackprop.checking.claims import Claim, Claims
from symbackprop.checking.equality import Comparison, Equality
from symbackprop.checking.findings import Finding
from symbackprop.derivation import derive
from symbackprop.expressions import Reference
from symbackprop.functions import LOG
from symbackprop.network import Network
from symbackprop.notation.names import Names

TWO = "examples/two-input.toml"
BUNNY = "examples/happydustbunny.toml"
NOT_PROVEN = "equal to 40 digits at 6 random points, not proven"


def judged(*claims: Claim, network: str = TWO) -> list[Finding]:
    return audit(Claims(claims), Network.read(network))


RIGHT = [
    (r"\delta_0^{(2)}", r"(a_0^{(2)} - T_0) a_0^{(2)}(1 - a_0^{(2)})"),
    (
        "a_0^{(1)}",
        r"\frac{1}{1 + e^{-\left(w_{00}^{(1)} a_0^{(0)} + w_{01}^{(1)} \cdot a_1^{(0)} + w_{02}^{(1)}\right)}}",
    ),
    ("loss", r"\frac{1}{2} \left(a_0^{(2)} - T_0\right)^2 + \frac{(a_1^{(2)} - T_1)^2}{2}"),
    ("dE/dw[2][0][0]", r"\frac{\partial C}{\partial w_{00}^{(2)}} \times \frac{2}{2}"),
    (
        "dE/dw[2]",
        r"\begin{pmatrix} \frac{dC}{dw_{00}^{(2)}} & \frac{dC}{dw_{01}^{(2)}} \\ "
        r"\frac{dC}{dw_{10}^{(2)}} & \frac{dC}{dw_{11}^{(2)}} \end{pmatrix}",
    ),
    ("dE/dnet[2]", r"\begin{bmatrix} a_0^{(2)} - T_0 \\ a_1^{(2)} - T_1 \\ \end{bmatrix} \odot D2 @ [1, 1]"),
    ("[[dE/dw[2], dE/db[2]]]", "dE/dnet[2] @ [[out[1].T, 1]]"),
    ("net[1]", "[[w[1], b[1]]] @ [x, 1]"),
    ("dE/dw[2]", "dE/dnet[2] out[1].T"),
    ("net[1]", r"w[1] x + b[1]"),
    ("D1 @ w[2].T", "diag(out[1]*(1 - out[1])) @ w[2].T"),
    ("(dE/dw[1][0][0])", "(dE/dnet[1][0]*dnet[1][0]/dw[1][0][0])"),
    ("loss", "1/2*sum((out[2] - t)*(out[2] - t))"),
]


@pytest.mark.parametrize(("quantity", "formula"), RIGHT, ids=[formula[:30] for _, formula in RIGHT])
def test_a_right_formula_in_any_usual_writing_is_proven(quantity: str, formula: str) -> None:
    (finding,) = judged(Claim(quantity, formula=formula), network=BUNNY)
    assert (finding.verdict, finding.reason, finding.remark) == ("ok", "", "")


# A. Ng's letters, several observations as columns; and the same as rows, which an author may do as well.
COLUMNS = r"""
[notation]
net_vector = "Z^[{layer}]"
out_vector = "A^[{layer}]"
input_vector = "X"
target_vector = "Y"
delta_vector = "dZ^[{layer}]"
weight_matrix = "W^[{layer}]"
bias_vector = "b^[{layer}]"
observations = "columns"
[inputs]
values = [[0, 0], [0, 1], [1, 0]]
[targets]
values = [[0], [1], [1]]
[[layers]]
units = 2
activation = "tanh"
weights = [[0.1, -0.2], [0.4, 0.3]]
bias = [0.1, 0]
[[layers]]
units = 1
activation = "sigmoid"
weights = [[0.3, -0.6]]
bias = [0.05]
[loss]
name = "binary_cross_entropy"
"""
ON_COLUMNS = [
    ("net[1]", "W^[1] X + b^[1]", "ok"),
    ("delta[2]", "(A^[2] - Y) / 3", "ok"),
    ("delta[1]", "W^{[2]T} dZ^{[2]} * (1 - A^{[1]}^2)", "ok"),
    ("delta[1]", r"W^{[2]\top} dZ^{[2]} \odot (1 - A^{[1]} \odot A^{[1]})", "ok"),
    ("delta[1]", "(W^{[2]})^T dZ^{[2]} * (1 - (A^{[1]})^2)", "ok"),
    ("dE/dw[2]", "dZ^[2] A^[1].T", "ok"),
    ("dE/dw[1]", "dZ^[1] @ X^T", "ok"),
    ("dE/dw[1]", "dE/dnet[1].T @ x", "ok"),
    ("dE/dw[1]", "dZ^[1] @ X", "wrong"),
    ("delta[2]", "A^[2] - Y", "wrong"),
]


@pytest.mark.parametrize(("quantity", "formula", "verdict"), ON_COLUMNS, ids=[formula for _, formula, _ in ON_COLUMNS])
def test_several_observations_may_be_columns_or_rows(quantity: str, formula: str, verdict: str) -> None:
    (finding,) = audit(Claims((Claim(quantity, formula=formula),)), Network.parse(COLUMNS))
    assert (finding.verdict, finding.reason) == (verdict, "")


BROKEN = [
    (r"\frac{1}{2", "braces"),
    ("[[1, 2], [3]]", "equally long"),
    ("[[1], 2]", "rows in brackets"),
    (r"\begin{pmatrix} 1 & 2 \\ 3 \end{pmatrix}", "equally long"),
    (r"\begin{pmatrix} 1 & 2", "is missing"),
    ("x[0]^{2", "'}' is missing"),
    ("net[1] + 2^99999999", "exponent of more than 1,000"),
    ("net[1]^(10^9)", "exponent of more than 1,000"),
    ("D7 @ x", "there is no layer 7"),
    ("[" * 3000, "nested more than"),
]


@pytest.mark.parametrize(("formula", "told"), BROKEN, ids=[formula[:20] for formula, _ in BROKEN])
def test_a_formula_that_cannot_be_read_is_not_judged_and_says_why(formula: str, told: str) -> None:
    (finding,) = judged(Claim("net[1]", formula=formula))
    assert finding.verdict == "not judged"
    assert told in finding.reason


def test_matrices_are_equal_or_not_and_never_nearly() -> None:
    right = "D1 @ w[2].T @ delta[2] @ x.T"
    findings = judged(
        Claim("dE/dw[1]", formula=right),
        Claim("dE/dw[1]", formula=f"({right}) * 0.999999999999999999999"),
        Claim("dE/dw[1]", formula=f"{right} + 1/10^25"),
        Claim("dE/dw[1][0][0]", formula="dE/dw[1][0][0] + 1/10^25"),
    )
    assert [each.verdict for each in findings] == ["ok", "wrong", "wrong", "wrong"]
    assert all("near to the right one, and not equal" in str(each.diagnosis) for each in findings[1:])


def test_what_points_alone_decide_is_said() -> None:
    (finding,) = judged(Claim("out[1][0]", formula="1/2 + tanh(net[1][0]/2)/2"))
    assert finding.verdict == "ok"
    assert finding.remark in ("", NOT_PROVEN)
    (finding,) = judged(Claim("net[1][0]", formula="net[1][0] + 1/10^60"))
    assert (finding.verdict, finding.remark) == ("ok", NOT_PROVEN)


def test_a_learning_rate_that_is_given_may_stand_as_its_number() -> None:
    findings = judged(
        Claim("new:w[1]", formula="w[1] - 0.5*dE/dw[1]"), Claim("new:w[1]", formula="w[1] - 0.6*dE/dw[1]")
    )
    assert [each.verdict for each in findings] == ["ok", "wrong"]


@pytest.mark.parametrize(
    ("relation", "verdict"),
    [
        ("dE/dw[1][0][0] depends on w[2][0][0] and w[2][1][0]", "ok"),
        ("loss[1] does not depend on w[2][0][0]", "ok"),
        ("loss[1] does not depend on w[1][0][0]", "wrong"),
        ("net[1][0] depends on x[0], b[1][1]", "wrong"),
        ("net[1][0] depends on nothing", "not judged"),
    ],
)
def test_what_a_quantity_depends_on_is_judged(relation: str, verdict: str) -> None:
    (finding,) = judged(Claim(relation=relation), network="examples/math-note.toml")
    assert finding.verdict == verdict


def test_the_learning_rate_may_stand_as_the_number_that_it_has() -> None:
    right, wrong = judged(Claim("new:w_1", formula="w_1 - 0.5*dE/dw_1"), Claim("new:w_1", formula="w_1 - 0.25*dE/dw_1"))
    assert (right.verdict, right.remark) == ("ok", "")
    assert wrong.verdict == "wrong"


def test_formulas_without_a_number_at_any_point_are_not_said_to_be_equal() -> None:
    derivation = derive(Network.read(TWO))
    weight = Reference(Names(derivation).resolve("w_1"))
    nowhere = LOG(-(weight * weight) - 1)
    assert Comparison(derivation).of(nowhere, 2 * LOG(-(weight * weight) - 2)) == Equality(holds=False, exact=False)
