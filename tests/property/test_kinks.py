"""Kinks, hit on purpose: every entry with a kink, every rule for its slope there; decided where arithmetic is exact.

0.1·3 - 0.3 is 0, but 5.6e-17 in floats: each network below has such a net, so that a float would be on the wrong side.
"""

from __future__ import annotations

import pytest

import symbackprop as sb
from symbackprop.catalogue.activations import ACTIVATIONS
from tests.kinked import KINKED_ACTIVATIONS, KINKED_LOSSES, KINKED_PENALTIES, RULES

# Of a sum or a product, a formula's slope at a kink is that of the kinked function put into the rest.
FORMULA_SLOPES = {
    "max(x, 0)": lambda rule: rule,
    "max(0, x)": lambda rule: rule,
    "abs(x)": lambda rule: rule,
    "min(x, 0) + 2*x": lambda rule: rule + 2,
    "relu(x)": lambda rule: rule,
}

every_rule = pytest.mark.parametrize("rule", RULES)


def network(*, activation: str = '"identity"', loss: str = 'name = "squared_error"', more: str = "") -> sb.Derivation:
    """net is 0.1·3 - 0.3 = 0; the target is 0 as well."""
    return sb.derive(
        sb.Network.parse(
            f"""
            [inputs]
            values = [[0.1]]
            [targets]
            values = [[0]]
            [[layers]]
            units = 1
            activation = {activation}
            weights = [[3]]
            bias = [-0.3]
            [loss]
            {loss}
            {more}
            """
        )
    )


def half_where_there_are_settings(name: str) -> str:
    """Settings at 1/2 each: elu has its kink only where alpha is not 1."""
    return "".join(f", {key} = 0.5" for key in ACTIVATIONS[name].settings)


def test_floats_would_decide_wrongly() -> None:
    assert 0.1 * 3 - 0.3 > 0
    assert network().evaluate()["net[1][0]"] > 0


@every_rule
@pytest.mark.parametrize("name", KINKED_ACTIVATIONS)
def test_an_activation_has_the_slope_that_its_rule_says(name: str, rule: str) -> None:
    settings = half_where_there_are_settings(name)
    derivation = network(activation=f'{{ name = "{name}", at_kink = {rule}{settings} }}', loss='formula = "2*out"')
    for options in ({}, {"exact": True}, {"precision": 30}):
        values = derivation.evaluate(**options)
        assert values["dout/dnet[1][0]"] == RULES[rule], options
        assert values["dE/dnet[1][0]"] == 2 * RULES[rule], options


@pytest.mark.parametrize("name", KINKED_ACTIVATIONS)
def test_an_activation_has_slope_0_where_no_rule_is_given(name: str) -> None:
    derivation = network(activation=f'{{ name = "{name}"{half_where_there_are_settings(name)} }}')
    assert derivation.evaluate()["dout/dnet[1][0]"] == 0


@pytest.mark.parametrize("name", KINKED_ACTIVATIONS)
def test_an_activation_refuses_its_slope_where_the_rule_is_error(name: str) -> None:
    settings = half_where_there_are_settings(name)
    values = network(activation=f'{{ name = "{name}", at_kink = "error"{settings} }}').evaluate()
    assert values["out[1][0]"] == pytest.approx(0, abs=1e-16)
    with pytest.raises(sb.KinkError, match=r'^dout_o1/dnet_o1: the slope does not exist here .* at_kink = "error"$'):
        values["dE/dw[1][0][0]"]


def test_elu_with_alpha_1_has_no_kink() -> None:
    values = network(activation='{ name = "elu", at_kink = "error" }').evaluate()
    assert values["dout/dnet[1][0]"] == 1


@every_rule
@pytest.mark.parametrize("formula", FORMULA_SLOPES)
def test_a_formula_has_the_slope_that_its_rule_says(formula: str, rule: str) -> None:
    derivation = network(activation=f'{{ formula = "{formula}", at_kink = {rule} }}')
    assert derivation.evaluate()["dout/dnet[1][0]"] == FORMULA_SLOPES[formula](RULES[rule])


@every_rule
@pytest.mark.parametrize("name", KINKED_LOSSES)
def test_a_loss_has_the_slope_that_its_rule_says(name: str, rule: str) -> None:
    derivation = network(loss=f'name = "{name}"\nat_kink = {rule}\nfactor = 3')
    for options in ({}, {"exact": True}):
        assert derivation.evaluate(**options)["dE/dout[1][0]"] == 3 * RULES[rule], options


@pytest.mark.parametrize("name", KINKED_LOSSES)
def test_a_loss_refuses_its_slope_where_the_rule_is_error(name: str) -> None:
    with pytest.raises(sb.KinkError, match=r'^dE/dout_o1: the slope does not exist here .* at_kink = "error"$'):
        network(loss=f'name = "{name}"\nat_kink = "error"').evaluate()["dE/dout[1][0]"]


@every_rule
@pytest.mark.parametrize("kind", KINKED_PENALTIES)
def test_a_penalty_has_the_slope_that_its_rule_says(kind: str, rule: str) -> None:
    more = f'[penalty]\nkind = "{kind}"\nstrength = 4\nfactor = 1\nbiases = true\nat_kink = {rule}'
    derivation = network(more=more)
    values = derivation.evaluate(parameters={"w[1][0][0]": 0})
    gradient = values["dE/dnet[1][0]"] * 0.1 + 4 * RULES[rule]
    assert values["dE/dw[1][0][0]"] == pytest.approx(gradient, rel=1e-15)


def test_a_net_that_is_not_0_keeps_its_side_however_near_it_is() -> None:
    derivation = network(activation='{ name = "relu", at_kink = 0.5 }')
    near = {1: "0.30000000000000000001", 0: "0.29999999999999999999"}
    for slope, product in near.items():
        values = derivation.evaluate(parameters={"w[1][0][0]": str(product), "b[1][0]": "-0.3"}, inputs=[["1"]])
        assert values["dout/dnet[1][0]"] == slope
