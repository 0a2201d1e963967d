"""Whole arrays as documents print them: each number is a claim; and numbers are shown in the document's manner."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest

from symbackprop.checking.audit import audit
from symbackprop.checking.claims import Claim, Claims
from symbackprop.checking.findings import Finding, shown
from symbackprop.checking.printed import printed
from symbackprop.checking.printed_arrays import printed_rows
from symbackprop.network import Network
from tests.running import quick

# The gradients of the 2-2-2 example, as its author prints them; the last one is -0.0227 there.
MATRICES = [
    "[[0.0822, 0.0827], [-0.0226, -0.0327]]",
    "[[0.0822 0.0827]\n [-0.0226 -0.0327]]",
    "[[0,0822; 0,0827]; [−0,0226; −0,0327]]",
    r"\begin{bmatrix} 0.0822 & 0.0827 \\ -0.0226 & -0.0327 \end{bmatrix}",
    r"\left(\begin{array}{cc} 0.0822 & 0.0827 \\ -0.0226 & -0.0327 \\ \end{array}\right)",
]


def findings_on(*claims: Claim) -> list[Finding]:
    return audit(Claims(claims), Network.read("examples/two-input.toml"))


@pytest.mark.parametrize("text", MATRICES)
def test_each_number_of_a_printed_matrix_is_judged(text: str) -> None:
    findings = findings_on(Claim("dE/dw[2]", text, where="eq. 7"))
    assert [each.claim.quantity for each in findings] == [f"dE/dw[2][{j}][{k}]" for j in (0, 1) for k in (0, 1)]
    assert [each.verdict for each in findings] == ["ok", "ok", "ok", "wrong"]
    assert {each.claim.where for each in findings} == {"eq. 7"}


@pytest.mark.parametrize("text", ["[0.5933, 0.5969]", "(0,5933; 0,5969)", "[[0.5933], [0.5969]]", "[0.5933 0.5969]"])
def test_a_printed_vector_may_lie_or_stand(text: str) -> None:
    findings = findings_on(Claim("out[1]", text), Claim("out[1]", formula=text))
    assert [each.verdict for each in findings] == ["ok"] * 4


def test_a_text_with_many_beginnings_of_matrices_is_read_in_no_time() -> None:
    with quick(1):
        assert printed_rows(r"\begin{matrix}" * 50_000) is None


def test_a_matrix_of_another_shape_or_with_formulas_in_it_is_not_taken_apart() -> None:
    (wrong_shape,) = findings_on(Claim("dE/dw[2]", "[[1, 2, 3], [4, 5, 6]]"))
    assert wrong_shape.verdict == "not judged"
    (formula,) = findings_on(Claim("out[1]", formula="[out_h1, out_h2]"))
    assert formula.verdict == "ok"
    assert [printed_rows(each) for each in ("0.5", "(0.5)", "[a, 1]", "[[1, 2], [3]]", "", "[]", "[[1,2]x[3,4]]")] == [
        None
    ] * 7


@pytest.mark.parametrize(
    ("text", "right", "told"),
    [
        ("77,92 %", "0.772928", "77,29 %"),
        ("77.92%", "0.772928", "77.29 %"),
        ("0,4411", "0.3589", "0,3589"),
        ("0.4411", "0.3589", "0.3589"),
        ("1,234.5", "1235.67", "1235.7"),
    ],
)
def test_the_right_number_is_shown_as_the_wrong_one_is_printed(text: str, right: str, told: str) -> None:
    finding = Finding(0, Claim("q", text), "wrong", value=Fraction(right))
    assert shown(finding) == told
    assert printed(told).unit == printed(text).unit


def test_a_dropped_digit_of_a_percentage_is_told_once() -> None:
    (finding,) = findings_on(Claim("out[2][1]", "77,92 %"))
    assert "cannot be told" not in str(finding.diagnosis)


# One output and three observations, the delta without the mean of the loss, as in many a course: dZ = A - Y.
OF_ONE_OUTPUT = """
[inputs]
values = [[0.1], [0.3], [0.5]]
[targets]
values = [[1], [0], [1]]
[[layers]]
units = 2
activation = "tanh"
weights = [[0.2], [-0.3]]
[[layers]]
units = 1
activation = "sigmoid"
weights = [[-0.3, -0.2]]
[loss]
name = "binary_cross_entropy"
"""


def outputs_by_hand() -> list[float]:
    return [1 / (1 + math.exp(0.3 * math.tanh(0.2 * x) + 0.2 * math.tanh(-0.3 * x))) for x in (0.1, 0.3, 0.5)]


@pytest.mark.parametrize(
    ("quantity", "formula", "verdict"),
    [
        ("3*delta[2]", "out_o1 - t", "ok"),
        ("3*delta_o1", "out_o1 - t", "ok"),
        ("dE/dw[2]", "1/3 * (out_o1 - t).T @ out[1]", "ok"),
        ("dE/dw[2]", "(out_o1 - t).T @ out[1]", "wrong"),
        ("out_o1", "sigmoid(net_o1)", "ok"),
        ("out_o1@1", "sigmoid(net_o1@1)", "ok"),
        ("out_o1@1", "sigmoid(net_o1)", "not judged"),
    ],
)
def test_the_name_of_a_layers_only_unit_stands_for_all_observations(quantity: str, formula: str, verdict: str) -> None:
    (finding,) = audit(Claims((Claim(quantity, formula=formula),)), Network.parse(OF_ONE_OUTPUT))
    assert finding.verdict == verdict, finding


def test_a_row_of_numbers_is_of_all_observations() -> None:
    right = [f"{each:.5f}" for each in outputs_by_hand()]
    wrong = [right[0], right[2], right[1]]
    for written, verdicts in ((right, ["ok"] * 3), (wrong, ["ok", "wrong", "wrong"])):
        claim = Claim("out_o1", f"[{', '.join(written)}]")
        assert [each.verdict for each in audit(Claims((claim,)), Network.parse(OF_ONE_OUTPUT))] == verdicts
