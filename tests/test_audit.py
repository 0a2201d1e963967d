"""The audit: printed numbers, consequences, causes, formulas, relations, and the five published examples."""

from __future__ import annotations

from fractions import Fraction
from random import Random

import pytest

from symbackprop.checking.audit import audit
from symbackprop.checking.claims import Claim, Claims, parse_claims
from symbackprop.checking.findings import Finding
from symbackprop.checking.forms import form_csv, form_quantities
from symbackprop.checking.printed import printed
from symbackprop.derivation import derive
from symbackprop.errors import InputError
from symbackprop.network import Network
from symbackprop.notation.names import Names
from symbackprop.notation.neutral import neutral
from symbackprop.values import evaluate
from tests.conftest import FULL

EXAMPLE = "examples/two-input.toml"


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("1,5", "3/2", "1/10"),
        ("8.2*10^-3", "41/5000", "1/10000"),
        ("8.2·10⁻³", "41/5000", "1/10000"),
        (r"-5.21 \cdot 10^{-3}", "-521/100000", "1/100000"),
        ("−0.3", "-3/10", "1/10"),
        ("≈0.30", "3/10", "1/100"),
        ("1/3", "1/3", "0"),
        ("7", "7", "1"),
        ("1,234.5", "2469/2", "1/10"),
        ("1.234,5", "2469/2", "1/10"),
        ("1,234,567", "1234567", "1"),
        ("(0.3)", "3/10", "1/10"),
        ("12.5 %", "1/8", "1/1000"),
        ("½", "1/2", "0"),
    ],
)
def test_printed_numbers_are_read_to_their_last_place(text: str, value: str, unit: str) -> None:
    number = printed(text)
    assert (number.value, number.unit) == (Fraction(value), Fraction(unit))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        *((text, "is not a number") for text in ("", "abc", "1..2", "0x10", "--3")),
        ("1/0", "is divided by 0"),
        ("1e9999", "has an exponent beyond 300"),
    ],
)
def test_what_is_no_number_is_refused(text: str, told: str) -> None:
    with pytest.raises(InputError, match=f"^'{text}' {told}$"):
        printed(text)


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("0.30", "0.295", "0.31"),
        ("-0.30", "-0.31", "-0.295"),
        ("0.00", "-0.005", "0.005"),
        ("1/3", "1/3", "1/3"),
    ],
)
def test_a_printed_number_reaches_from_where_it_is_rounded_to_where_it_is_cut(text: str, least: str, most: str) -> None:
    assert printed(text).reach == (Fraction(least), Fraction(most))


def judged(*claims: Claim, network: str = EXAMPLE) -> list[Finding]:
    return audit(Claims(claims), Network.read(network))


@pytest.mark.parametrize(
    ("text", "verdict"),
    [("0.0822", "ok"), ("0.08216", "truncated"), ("0.08217", "ok"), ("0.0922", "wrong"), ("abc", "not judged")],
)
def test_verdicts_on_one_number(text: str, verdict: str) -> None:
    (finding,) = judged(Claim("dE/dw_5", text))
    assert finding.verdict == verdict


def test_what_follows_from_a_wrong_number_is_its_consequence() -> None:
    findings = judged(Claim("dE/dw[2][0][0]", "0.0921670"), Claim("new:w[2][0][0]", "0.3539165"))
    assert [each.verdict for each in findings] == ["wrong", "wrong"]
    assert findings[0].is_root
    assert findings[1].because_of == (0,)


def test_a_sign_and_exchanged_digits_and_a_number_of_before_the_update_are_named() -> None:
    findings = judged(
        Claim("dE/dw[2][0][0]", "-0.0821670"), Claim("out[1][0]", "0.593629992"), Claim("new:w[2][0][1]", "0.450000")
    )
    assert next(each.diagnosis for each in findings) == "the sign is turned"
    assert "are exchanged" in str(findings[1].diagnosis)
    assert "is not updated" in str(findings[2].diagnosis)


def test_formulas_are_judged_and_mended() -> None:
    right = "(out[2][0] - t[0]) * out[2][0] * (1 - out[2][0]) * out[1][0]"
    findings = judged(
        Claim("dE/dw[2][0][0]", formula=right),
        Claim("dE/dw[2][0][1]", formula=right),
        Claim("dE/dnet[1]", formula="D1 @ w[2].T @ delta[2]"),
        Claim("dE/dnet[1]", formula="D1 @ w[2] @ delta[2]"),
        Claim("dE/dw[2]", formula="delta[2] @ out[1].T"),
    )
    assert [each.verdict for each in findings] == ["ok", "wrong", "ok", "wrong", "ok"]
    assert findings[1].diagnosis == "out_h1 stands where out_h2 belongs"
    assert findings[3].diagnosis == "W^(2) should be transposed"


@pytest.mark.parametrize(
    ("relation", "verdict"),
    [
        ("after:loss < loss", "ok"),
        ("loss < after:loss", "wrong"),
        ("loss ≈ 0.2984", "ok"),
        ("no relation", "not judged"),
    ],
)
def test_relations_are_judged(relation: str, verdict: str) -> None:
    assert judged(Claim(relation=relation))[0].verdict == verdict


@pytest.mark.parametrize(("separator", "mark"), [(",", "."), (";", ","), ("\t", ",")])
def test_a_filled_in_form_is_read_as_spreadsheets_save_it(separator: str, mark: str) -> None:
    derivation = derive(Network.read(EXAMPLE))
    values = evaluate(derivation)
    lines = ["\ufeff" + separator.join(["where", "quantity", "neutral", "printed", "working"])]
    for row in form_csv(derivation).splitlines()[1:]:
        _, name, own, _, _ = row.split(",")
        number = f"{values[own]:.6f}".replace(".", mark)
        lines.append(separator.join(["", name, own, number, ""]))
    findings = audit(parse_claims("\n".join(lines), source="form.csv"), Network.read(EXAMPLE))
    assert len(findings) > 40
    assert {finding.verdict for finding in findings} == {"ok"}


@pytest.mark.full
def test_random_digit_changes_are_not_called_mistakes_of_thought() -> None:
    network = Network.read(EXAMPLE)
    values = evaluate(derive(network))
    names = [f"dE/dw[{layer}][{j}][{k}]" for layer in (1, 2) for j in (0, 1) for k in (0, 1)]
    names += [f"out[{layer}][{j}]" for layer in (1, 2) for j in (0, 1)] + ["loss", "dE/dout[1][0]"]
    random, conceptual, count = Random("digits"), 0, 400 if FULL else 40
    for _ in range(count):
        name = random.choice(names)
        digits = list(f"{values[name]:.7f}")
        place = random.choice([number for number, digit in enumerate(digits) if digit.isdigit()][1:])
        digits[place] = random.choice([digit for digit in "0123456789" if digit != digits[place]])
        (finding,) = audit(Claims((Claim(name, "".join(digits)),)), network)
        told = str(finding.diagnosis or "digit")
        conceptual += finding.verdict == "wrong" and "digit" not in told and "stands where" not in told
    assert conceptual <= 0.05 * count


def test_neutral_names_of_the_form_lead_back() -> None:
    derivation = derive(Network.read(EXAMPLE))
    names = Names(derivation)
    asked = list(form_quantities(derivation))
    assert len(asked) > 20
    assert [names.resolve(neutral(quantity)) for quantity in asked] == asked


def test_formulas_are_equal_or_not_and_never_nearly() -> None:
    right = "(out[2][0] - t[0]) * out[2][0] * (1 - out[2][0]) * out[1][0]"
    findings = judged(
        Claim("dE/dw[2][0][0]", formula=f"0.99999999999999 * {right}"),
        Claim("dE/dw[2][0][0]", formula=f"1/2 * 4 * 0.5 * {right}"),
        Claim("loss", formula="t[1]*(t[0] - out[2][0])^2 + 1/2*(t[1] - out[2][1])^2"),
        Claim("loss", formula="1*(t[0] - out[2][0])^2 + 1/2*(t[1] - out[2][1])^2"),
    )
    assert [each.verdict for each in findings] == ["wrong", "ok", "wrong", "wrong"]
    assert "near to the right one" in str(findings[0].diagnosis)
    assert findings[2].diagnosis == "t_2 stands where 1/2 belongs"
    assert findings[3].diagnosis == "1 stands where 1/2 belongs"


def test_matrix_formulas_have_products_transposes_diagonals_and_elementwise_products() -> None:
    findings = judged(
        Claim("dE/dnet[1]", formula="diag(out[1] * (1 - out[1])) @ w[2].T @ delta[2]"),
        Claim("dE/dnet[1]", formula="(w[2].T @ delta[2]) * out[1] * (1 - out[1])"),
        Claim("dE/dw[1]", formula="D1 @ w[2].T @ delta[2] @ x.T"),
        Claim("dE/dw[1]", formula="w[2].T @ delta[2] @ x.T"),
        Claim("dE/dw[1]", formula=(("dE/dw_1", "dE/dw_2"), ("dE/dw_3", "dE/dw_3"))),
    )
    assert [each.verdict for each in findings] == ["ok", "ok", "ok", "wrong", "wrong"]
    assert "slope is left out" in str(findings[3].diagnosis)
    assert "row 2, column 2" in str(findings[4].diagnosis)


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("0.593...", "truncated"),
        ("0.5932699…", "truncated"),
        ("0.594...", "wrong"),
        ("0.59327…", "wrong"),
        ("0.59327", "ok"),
    ],
)
def test_dots_say_that_a_number_is_cut_and_not_rounded(text: str, verdict: str) -> None:
    (finding,) = judged(Claim("out_h1", text))  # 0.593269992...
    assert finding.verdict == verdict


def test_a_zero_in_front_that_is_printed_as_another_digit_is_named() -> None:
    (finding,) = judged(Claim("dE/dw_5", "0.9822"))
    assert finding.diagnosis == "a digit 0 is printed as 9: 0.0822 is meant"


def test_a_given_number_is_not_doubted_for_what_only_comes_of_one_wrong_number() -> None:
    """Prakash Jay's softmax is a/sum(a), as he says himself: no other weight, though one would give what follows."""
    network = Network.parse(
        """
        [inputs]
        values = [[0.938, 0.94, 0.98]]
        [targets]
        values = [[1, 0, 0]]
        [[layers]]
        units = 3
        activation = "softmax"
        weights = [[0.1, 0.3, 0.5], [0.4, 0.7, 0.2], [0.8, 0.2, 0.9]]
        bias = [1, 1, 1]
        [loss]
        name = "binary_cross_entropy"
        """
    )
    numbers = {"out[1][2]": "0.4078", "dE/dout[1][2]": "1.6886", "dout[1][2]/dnet[1][2]": "0.2415"}
    findings = audit(Claims(tuple(Claim(*each) for each in numbers.items())), network)
    assert [each.verdict for each in findings] == ["wrong", "wrong", "wrong"]
    assert not [each.diagnosis for each in findings if "which is given as" in (each.diagnosis or "")]
