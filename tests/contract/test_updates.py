"""Every update rule: its formulas use its names, and give what is computed by hand."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from symbackprop.arithmetic import rounded
from symbackprop.catalogue.updates import UPDATES
from symbackprop.errors import DescriptionError
from symbackprop.expressions import leaves
from symbackprop.formulas import parse


@pytest.mark.parametrize("entry", UPDATES.values(), ids=lambda entry: entry.name)
def test_an_update_rules_formulas_use_only_its_names(entry: Any) -> None:
    for place in entry.epsilon_places or (None,):
        equations = entry.equations({} if place is None else {"epsilon_place": place})
        names = ["value", "gradient", "rate", *entry.numbers, *entry.states]
        used: set[object] = set()
        for name, formula in equations:
            used |= set(leaves(parse(formula, variables=names)))
            names.append(name)
        assert [name for name, _ in equations] == [*(f"new_{state}" for state in entry.states), "value"]
        assert used >= {"value", "gradient", "rate", *entry.numbers, *entry.states}


def updated(rule: str, settings: Mapping[str, Any], gradients: Sequence[float]) -> float:
    """A parameter that began at 1, after these gradients, by the rule's formulas; rate 1/10."""
    entry = UPDATES[rule]
    values: dict[str, Any] = {
        **entry.numbers,
        **settings,
        "value": 1.0,
        "rate": 0.1,
        **dict.fromkeys(entry.states, 0.0),
    }
    for step, gradient in enumerate(gradients, 1):
        values |= {"gradient": gradient} | ({"step": step} if entry.counts_steps else {})
        for name, formula in entry.equations(settings):
            values[name] = rounded(parse(formula, variables=values), values.__getitem__)
        values |= {state: values[f"new_{state}"] for state in entry.states}
    return float(values["value"])


# By hand: momentum's velocities are 2 and 0.9*2 + 1 = 2.8; RMSProp's mean squares are 0.1*4 and 0.9*0.4 + 0.1*1;
# Adam's corrected first step is rate*g/(|g| + epsilon), its second rate*m/(sqrt(v) + epsilon) with the corrected
# m = (0.9*0.2 + 0.1)/0.19 and v = (0.999*0.004 + 0.001)/(1 - 0.999²).
BY_HAND = [
    ("gradient_descent", {}, 1 - 0.1 * 2 - 0.1 * 1),
    ("momentum", {}, 1 - 0.1 * 2 - 0.1 * 2.8),
    ("rmsprop", {}, 1 - 0.2 / (math.sqrt(0.4) + 1e-8) - 0.1 / (math.sqrt(0.46) + 1e-8)),
    ("rmsprop", {"epsilon_place": "inside", "epsilon": 0.01}, 1 - 0.2 / math.sqrt(0.41) - 0.1 / math.sqrt(0.47)),
    ("adam", {}, 1 - 0.2 / (2 + 1e-8) - 0.1 * (0.28 / 0.19) / (math.sqrt(0.004996 / 0.001999) + 1e-8)),
    (
        "adam",
        {"epsilon_place": "inside", "epsilon": 0.01},
        1 - 0.2 / math.sqrt(4.01) - 0.1 * (0.28 / 0.19) / math.sqrt(0.004996 / 0.001999 + 0.01),
    ),
]


@pytest.mark.parametrize(("rule", "settings", "wanted"), BY_HAND)
def test_an_update_rule_gives_the_values_computed_by_hand(
    rule: str, settings: Mapping[str, Any], wanted: float
) -> None:
    assert updated(rule, settings, [2.0, 1.0]) == pytest.approx(wanted, rel=1e-13)


def test_an_unknown_place_of_epsilon_is_refused() -> None:
    with pytest.raises(DescriptionError, match="epsilon_place: 'outsid' cannot be used; did you mean 'outside'"):
        UPDATES["adam"].equations({"epsilon_place": "outsid"})
    with pytest.raises(DescriptionError, match="momentum has no epsilon"):
        UPDATES["momentum"].equations({"epsilon_place": "inside"})
