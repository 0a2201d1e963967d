"""Numbers that rounding alone keeps from being 0 are shown as 0, and no others."""

from __future__ import annotations

import pytest

import symbackprop as sb
from symbackprop.values import settled
from tests.examples import derived

# At a net of 40 the slope of a sigmoid is about 4e-18: small, and no rounding.
SATURATED = """
[inputs]
values = [[40]]
[targets]
values = [[0]]
[[layers]]
units = 1
activation = "sigmoid"
weights = [[1]]
[loss]
name = "squared_error"
"""
AT_A_KINK = """
[inputs]
values = [[0, 1]]
[targets]
values = [[1]]
[[layers]]
units = 1
activation = { name = "relu", at_kink = "error" }
weights = [[1, 0]]
[loss]
name = "squared_error"
"""


@pytest.mark.parametrize("name", ["dE/dshift", "dE/dmean", "dvariance/dmean"])
def test_a_sum_that_is_0_is_not_shown_as_its_rounding(name: str) -> None:
    derivation = derived("batchnorm")
    assert abs(derivation.evaluate(precision=60)[name]) < 1e-50
    assert settled(derivation.evaluate())[name] == 0
    assert "10^-1" not in derivation.to_text()


@pytest.mark.parametrize("to", ["text", "latex", "markdown", "typst"])
def test_a_small_number_is_shown(to: str) -> None:
    derivation = sb.derive(sb.Network.parse(SATURATED))
    values = derivation.evaluate()
    assert 1e-18 < values["delta[1][0]"] < 1e-17
    assert settled(values)["delta[1][0]"] == values["delta[1][0]"]
    assert "4.248" in derivation.rendered(to)


def test_numbers_that_are_no_floats_stay() -> None:
    derivation = derived("batchnorm")
    for values in (derivation.evaluate(exact=True), derivation.evaluate(precision=30)):
        assert settled(values) is values


def test_the_floats_of_a_large_derivation_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    values = derived("batchnorm").evaluate()
    monkeypatch.setattr("symbackprop.values.MOST_SETTLED", 10)
    assert settled(values) is values


def test_a_slope_that_does_not_exist_is_no_matter_where_it_is_not_shown() -> None:
    derivation = sb.derive(sb.Network.parse(AT_A_KINK))
    assert "= 1 * 0 + 0 * 1 = 0" in derivation.to_text(of=["net[1]"])
    with pytest.raises(sb.InputError, match="the slope does not exist here"):
        derivation.to_text()


def test_the_data_of_a_derivation_are_its_floats() -> None:
    text = derived("batchnorm").rendered("json")
    assert repr(derived("batchnorm").evaluate()["dE/dshift"]) in text
