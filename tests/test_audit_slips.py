"""Slips of the pen that the audit names, causes that the document itself speaks against, and what follows from what.

The right numbers are those of the two-input example, worked out here anew; each slip is made in them by hand.
"""

from __future__ import annotations

import math
from fractions import Fraction

import pytest

from symbackprop.checking.audit import audit
from symbackprop.checking.claims import Claim, Claims, parse_claims
from symbackprop.checking.findings import Finding, as_text
from symbackprop.checking.printed import printed
from symbackprop.checking.slips import KINDS, slips_of
from symbackprop.network import Network

HIDDEN = 1 / (1 + math.exp(-0.3775))  # 0.593269992107187...


def diagnosis_of(quantity: str, text: str) -> str:
    (finding,) = audit(Claims((Claim(quantity, text),)), Network.read("examples/two-input.toml"))
    assert finding.verdict == "wrong"
    return str(finding.diagnosis)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("5.9326999", "the decimal point is off by one place: 0.59326999 is meant"),
        ("0.0059326999", "the decimal point is off by two places: 0.59326999 is meant"),
        ("0.593629992", "the digits 2 and 6 are exchanged: 0.593269992 is meant"),
        ("0.5932699992", "the digit 9 is doubled: 0.593269992 is meant"),
        ("0.59369992", "a digit 2 is dropped: 0.593269992 is meant"),
        ("0.593269392", "a digit 9 is printed as 3: 0.593269992 is meant"),
        ("-0.593269992", "the sign is turned"),
        ("5.93629992·10^-1", "the digits 2 and 6 are exchanged: 0.593269992 is meant"),
    ],
)
def test_a_slip_of_the_pen_is_named_by_what_it_does_to_the_digits(text: str, told: str) -> None:
    assert f"{HIDDEN:.9f}" == "0.593269992"
    assert diagnosis_of("out[1][0]", text) == told


def test_a_lost_minus_is_named() -> None:
    assert diagnosis_of("dE/dw[2][1][0]", "0.022602540") == "the sign is turned: a minus is lost"


@pytest.mark.parametrize(
    ("right", "text", "told"),
    [
        ("0.57482", "0.58", "rounded twice, by way of 0.575: 0.57 is meant"),
        ("0.5523", "0.56", "rounded up, and 0.55 is nearer"),
        ("-1.2347", "-1.24", "rounded twice, by way of -1.235: -1.23 is meant"),
        ("0.5781", "0.59", ""),
    ],
)
def test_habits_of_rounding_are_told_from_other_slips(right: str, text: str, told: str) -> None:
    number = printed(text)
    found = [
        slip.sentence
        for kind in ("twice", "upwards")
        for slip in slips_of(kind, Fraction(right), number)
        if slip.value == number.value
    ]
    assert [told in each for each in found[:1]] == ([True] if told else [])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("text", ["0.0822", "8.22e4", "12", "-3.5", "1/3", "0.0", "99.99 %"])
def test_a_slip_gives_numbers_of_the_printed_place_and_never_the_right_one(kind: str, text: str) -> None:
    """Of the number as printed, and of one nearly half a last place further, which other habits of rounding change."""
    number = printed(text)
    further = number.value + number.unit * Fraction(-46 if number.value < 0 else 46, 100)
    found = list(slips_of(kind, further, number))
    assert found or text in ("1/3", "0.0")  # which have no last place, or no digits to exchange
    for slip in (*found, *slips_of(kind, number.value, number)):
        assert (slip.value / number.unit).denominator == 1
        assert slip.value != number.value


COPIED = """
title = "a widely copied 2-2-1 example"
notation = "indexed"
[inputs]
values = [[0.35, 0.7]]
[targets]
values = [[0.5]]
[[layers]]
units = 2
activation = "sigmoid"
weights = [[0.2, 0.2], [0.3, 0.3]]
[[layers]]
units = 1
activation = "sigmoid"
weights = [[0.3, 0.9]]
[loss]
name = "squared_error"
[update]
rule = "gradient_descent"
learning_rate = 1
"""
COPIED_CLAIMS = """\
quantity,printed
net[1][0],0.21
out[1][0],0.56
net[1][1],0.315
out[1][1],0.59
out[2][0],0.67
t[0] - out[2][0],-0.17
-dE/dnet[2][0],-0.0376
-dE/dnet[1][0],-0.0027
-dE/dnet[1][1],-0.0819
-lr*dE/dw[2][0][1],-0.022184
new:w[2][0][1],0.877816
-lr*dE/dw[1][0][0],0.000945
new:w[1][0][0],0.200945
"""


def findings_on(table: str) -> list[Finding]:
    return audit(parse_claims(table, source="claims.csv"), Network.parse(COPIED))


def test_the_copied_example_has_slips_of_the_pen_and_no_exchanged_weights() -> None:
    """It prints both hidden nets right, so no weights are exchanged in them; 0.59·0.41·0.9·0.0376 is 0.00819."""
    findings = findings_on(COPIED_CLAIMS)
    roots = {each.claim.quantity: str(each.diagnosis) for each in findings if each.is_root}
    assert roots == {
        "out[1][0]": "it is rounded up, and 0.55 is nearer",
        "out[1][1]": "its last digit is off by one: 0.58 is meant",
        "-dE/dnet[1][1]": (
            "the decimal point is off by one place: -0.00819 is meant, from the numbers printed before it"
        ),
        "-lr*dE/dw[1][0][0]": "the sign is turned: a minus is lost, from the numbers printed before it",
    }


def test_a_mistake_that_an_earlier_number_speaks_against_is_no_cause() -> None:
    """With the hidden weights exchanged the net would be 0.28 and the out 0.5695; its net is printed as 0.21."""
    alone, after_net = (
        findings_on(f"quantity,printed\n{before}out[1][0],0.5695\n")[-1] for before in ("", "net[1][0],0.21\n")
    )
    assert "rows and columns exchanged" in str(alone.diagnosis)
    assert "rows and columns exchanged" not in f"{after_net.diagnosis} {after_net.remark}"


def test_a_given_number_is_not_doubted_against_numbers_that_agree_with_it() -> None:
    """With an input of 0.9 both outs and the output's net would fit, but neither of the nets printed right."""
    numbers = {
        "net[1][0]": "0.21",
        "net[1][1]": "0.315",
        "out[1][0]": "0.56",
        "out[1][1]": "0.59",
        "net[2][0]": "0.702",
    }
    findings = audit(Claims(tuple(Claim(*each) for each in numbers.items())), Network.parse(COPIED))
    assert [each.verdict for each in findings] == ["ok", "ok", "wrong", "wrong", "wrong"]
    assert not [each.diagnosis for each in findings if "which is given as" in (each.diagnosis or "")]


def test_a_consequence_names_the_nearest_wrong_number_first_and_where_it_goes_back_to() -> None:
    findings = findings_on(COPIED_CLAIMS)
    place = {each.claim.quantity: each.number for each in findings}
    assert findings[place["new:w[2][0][1]"]].because_of == (place["-lr*dE/dw[2][0][1]"],)
    lines = as_text(findings).splitlines()
    here = next(number for number, line in enumerate(lines) if "new:w[2][0][1] = 0.877816" in line)
    assert lines[here + 1].strip() == ("follows from -lr*dE/dw[2][0][1] = -0.022184, which goes back to out[1][1]")
    assert lines[0].endswith("(4 of them by themselves)")


def test_the_value_of_another_quantity_is_named_whether_it_is_printed_or_not() -> None:
    assert diagnosis_of("net[1][0]", "1.105906") == "net_o1 stands where net_h1 belongs"  # of another layer
    assert diagnosis_of("out[1][0]", "0.596884") == "out_h2 stands where out_h1 belongs"  # of another unit
