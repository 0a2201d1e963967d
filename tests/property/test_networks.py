"""Random networks: floats against 50 digits, those against central differences, and a second opinion from autograd.

`make test` takes the first `SAMPLE` networks, ``SYMBACKPROP_FULL=1`` the first `WHOLE`.
"""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from functools import lru_cache
from statistics import median
from typing import Any

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.catalogue.activations import ACTIVATIONS
from symbackprop.catalogue.losses import LOSSES
from symbackprop.catalogue.penalties import PENALTIES
from symbackprop.catalogue.updates import UPDATES
from symbackprop.conditions import Bounds
from tests import reference
from tests.conftest import FULL
from tests.models import Model
from tests.networks import PLAIN_NET, drawn, features, wanted_features
from tests.reference import Reference

SAMPLE, WHOLE = 60, 2_000
COUNT = WHOLE if FULL else SAMPLE
AT_LEAST = 20 if FULL else 1  # networks for everything that is counted
BATCH = 50 if FULL else 10
BATCHES = [range(start, min(start + BATCH, COUNT)) for start in range(0, COUNT, BATCH)]
in_batches = pytest.mark.parametrize("batch", BATCHES, ids=lambda batch: f"{batch.start}-{batch.stop - 1}")

DIGITS = 50
# A central difference with step h is off by h²/6 times the third derivative, and by the loss's own rounding over h:
# 1e-32/6 and 1e-34 here. The third derivatives of these losses stay below 1e6 (their nets are at most 200).
STEP = Fraction(1, 10**16)
DIFFERENCE_TOLERANCE = 1e-26
LARGEST = 1e300  # beyond this no double is owed
# A bound that is far larger than the rounding would hold for anything: half of all are this close to their numbers.
TYPICAL_BOUND = 1e-13
# The plain formulas lose some digits themselves (1 - out near 1, exp(x) - 1 near 0): with nets up to 20, at most half.
SECOND_OPINION = 1e-8
STEPS = 3
# Each step passes an error on, larger where steps are long; losses that grow tenfold are not compared.
AFTER_STEPS = 1e-6
FAR = 10.0
# Rules that divide by the gradient's own size turn rounding in a gradient of 0 into steps that no two programs share.
SMALL_GRADIENT = 1e-5


@lru_cache(maxsize=BATCH)
def derived(number: int) -> tuple[Model, sb.Derivation]:
    model = drawn(number)
    return model, sb.derive(sb.Network.parse(model.to_toml()))


def shown(number: int, name: str, *numbers: Any) -> str:
    return f"network {number}: {name}: {numbers}\n{drawn(number).to_toml()}"


def test_everything_in_the_catalogue_is_generated_often_enough() -> None:
    counts = Counter(feature for number in range(COUNT) for feature in features(drawn(number)))
    rare = {feature: counts[feature] for feature in wanted_features() if counts[feature] < AT_LEAST}
    assert rare == {}


def test_the_second_opinion_knows_the_whole_catalogue() -> None:
    """A new entry needs its own line in ``tests/reference.py``, written from its published formula."""
    assert reference.ACTIVATIONS.keys() == ACTIVATIONS.keys()
    assert reference.LOSSES.keys() == LOSSES.keys()
    assert reference.PENALTIES.keys() == PENALTIES.keys()
    assert reference.UPDATES.keys() == UPDATES.keys()


@pytest.mark.full
@in_batches
def test_floats_agree_with_50_digits_within_their_condition_bound(batch: range) -> None:
    tightness = []
    for number in batch:
        _, derivation = derived(number)
        floats, precise = derivation.evaluate(), derivation.evaluate(precision=DIGITS)
        bounds = Bounds(floats.numbers)
        for equation in derivation.system.equations:
            array = equation.target.array
            rows = zip(floats.array(array), precise.array(array), bounds.array(array), strict=True)
            for place, (value, exact, bound) in enumerate(rows):
                if abs(exact) > LARGEST:
                    continue  # a step so far that exp overflows
                assert abs(exact - value) <= bound, shown(number, f"{array} at {place}", value, exact, bound)
                if value:
                    tightness.append(bound / abs(value))
    assert median(tightness) < TYPICAL_BOUND


@pytest.mark.full
@in_batches
def test_50_digits_agree_with_a_central_difference(batch: range) -> None:
    for number in batch:
        model, derivation = derived(number)
        precise = derivation.evaluate(precision=DIGITS)
        places = {key: name for key, _, name in reversed(model.uses())}
        for key, value in model.keys().items():
            place = places[key]
            upper, lower = (
                derivation.evaluate(parameters={place: value + sign * STEP}, precision=DIGITS)["loss"]
                for sign in (1, -1)
            )
            difference = (upper - lower) / 2 * 10**16
            gradient = precise[f"dE/d{place}"]
            size = max(1, abs(precise["loss"]))
            assert abs(gradient - difference) <= DIFFERENCE_TOLERANCE * size, shown(number, place, gradient, difference)


@pytest.mark.full
@in_batches
def test_autograd_gives_the_same_gradients(batch: range) -> None:
    compared = 0
    for number in batch:
        model, derivation = derived(number)
        second = Reference(model)
        if second.largest_net() > PLAIN_NET:
            continue
        values, gradient = derivation.evaluate(), second.gradient()
        size = max(1.0, *(abs(each) for each in gradient.values()))
        loss = float(second.loss(second.values))
        assert abs(values["loss"] - loss) <= SECOND_OPINION * max(1.0, abs(loss)), shown(number, "loss", loss)
        for key, _, place in model.uses():
            ours, theirs = values[f"dE/d{place}"], gradient[key]
            assert abs(ours - theirs) <= SECOND_OPINION * size, shown(number, place, ours, theirs)
        compared += 1
    assert compared >= len(batch) // 2


@pytest.mark.full
@in_batches
def test_a_plain_loop_over_the_update_rule_reaches_the_same_losses(batch: range) -> None:
    compared = 0
    for number in batch:
        model, derivation = derived(number)
        second = Reference(model)
        if model.update is None or second.largest_net() > PLAIN_NET:
            continue
        with np.errstate(all="ignore"):
            theirs = second.losses(STEPS)
        far = FAR * (1 + abs(theirs[0]))
        if not all(abs(each) < far for each in theirs) or _divides_by_rounding(second):
            continue
        try:
            ours = derivation.train(STEPS).losses
        except sb.KinkError:
            continue  # a step leads right onto a kink whose rule is "error"
        for one, other in zip(ours, theirs, strict=True):
            assert abs(one - other) <= AFTER_STEPS * max(1.0, abs(other)), shown(number, "losses", ours, theirs)
        compared += 1
    assert compared >= len(batch) // 4


def _divides_by_rounding(second: Reference) -> bool:
    assert second.model.update is not None
    divides = "epsilon" in UPDATES[second.model.update.name].settings
    return divides and min(map(abs, second.gradient().values())) < SMALL_GRADIENT
