"""The gradient check over many networks: right functions are right, planted mistakes are found and named."""

from __future__ import annotations

import itertools
import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from symbackprop.catalogue.mistakes import MISTAKES
from symbackprop.checking.gradients import check_gradients
from symbackprop.checking.points import keys_of, own_point
from symbackprop.derivation import derive
from symbackprop.network import Network
from tests.by_hand import ByHand
from tests.conftest import FULL
from tests.networks import drawn
from tests.planted import networks_with, planted, two_mistakes

RIGHT = 10_000 if FULL else 60
BATCHES = 10 if FULL else 1
PLANTED = 20 if FULL else 1
LEAST_OF_A_BATCH = 0.8  # of a few mistakes, some of which tie with another one in many networks
UNSEEN = {  # mistakes in the loss's own number and in the second forward pass, which no gradient shows
    "old parameters", "old values", "loss doubled", "loss halved", "mean or sum in the loss",
    "targets exchanged in the loss", "penalty left out", "logarithm to another base",
}  # fmt: skip
PLANTABLE = [name for name, each in MISTAKES.items() if each.kind != "update" and name not in UNSEEN]
NUDGE = 1e-9
MOST_OVERFLOWED = 0.05  # of the functions: exp of a large net, in float32


def right_functions(batch: int, dtype: str) -> Iterator[tuple[int, ByHand]]:
    """As many models as a batch has, of the whole catalogue, each with its gradients written by hand in some manner."""
    count = RIGHT // 2 // BATCHES
    numbers = itertools.count(batch * 2 * count)
    found = 0
    while found < count:
        number = next(numbers)
        model = drawn(number)
        if not (model.parameters and model.penalty):  # whose share of the penalty a tied place has is nobody's habit
            found += 1
            yield number, ByHand(model, number)


@pytest.mark.full
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("batch", range(BATCHES))
def test_a_right_function_is_never_called_wrong(batch: int, dtype: str) -> None:
    overflowed = 0
    for number, function in right_functions(batch, dtype):
        network = Network.parse(function.model.to_toml())
        with np.errstate(all="ignore"):
            report = check_gradients(
                function, network, layout=function.layout, batched=function.batched, dtype=dtype, seed=number
            )
        overflowed += function.overflowed
        assert report or function.overflowed, f"network {number}: {report}"
    assert overflowed <= RIGHT // 2 // BATCHES * MOST_OVERFLOWED


@pytest.mark.parametrize(
    "number",
    [
        1661,  # sigmoid by tanh, far in its tail
        2453,  # a gradient too large for float32
        3573,  # a number on the way too large for float32
        4301,  # saturated softmax: some bounds are infinite
    ],
)
def test_right_functions_that_were_hard_to_judge_in_float32_are_right(number: int) -> None:
    function = ByHand(drawn(number), number)
    network = Network.parse(function.model.to_toml())
    with np.errstate(all="ignore"):
        assert check_gradients(function, network, layout=function.layout, batched=function.batched, dtype="float32")


@pytest.fixture(scope="session")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of a run share, for what each batch has counted."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "planted-mistakes"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.mark.full
@pytest.mark.parametrize("batch", range(BATCHES))
def test_every_planted_mistake_is_found_and_at_least_95_percent_are_named_alone(batch: int, counted: Path) -> None:
    """In as many networks each; a mistake that has the same numbers may stand beside it, at other points too.

    The batch that ends last judges the share of all: few tie in truth, as half a gradient and the mean over two units.
    """
    counts: Counter[str] = Counter()
    for name in PLANTABLE[batch::BATCHES]:
        made = 0
        for number, network, derivation, variant in networks_with(name, PLANTED):
            made += 1
            report = check_gradients(planted(derivation, variant), network)
            assert not report, f"network {number}: {name} is not found"
            named = [each.name for each in report.mistakes]
            assert name in named, f"network {number}: {name} ({variant.change.where}) is called {named}"
            assert report.complete
            if set(named) != {name}:
                again = check_gradients(planted(derivation, variant), network, seed=1_000 + number)
                assert {each.name for each in again.mistakes} == set(named), f"network {number}: {name}"
            counts["unique" if set(named) == {name} else "tied"] += 1
        assert made == PLANTED, f"{name}: {made} networks"
    assert counts["unique"] >= LEAST_OF_A_BATCH * counts.total(), counts
    (counted / f"{batch}.json").write_text(json.dumps(counts), encoding="utf-8")
    batches = [json.loads(each.read_text(encoding="utf-8")) for each in counted.glob("*.json")]
    if len(batches) == BATCHES:
        whole = sum(map(Counter, batches), Counter())
        assert whole["unique"] >= 0.95 * whole.total(), whole


@pytest.mark.full
def test_two_mistakes_at_once_are_both_named_mostly() -> None:
    named, count = 0, 0
    for number in range(150 if FULL else 10):
        made = two_mistakes(number)
        if made is None:
            continue
        network, both = made
        report = check_gradients(planted(derive(network), both), network)
        assert both.earlier is not None
        count += 1
        named += {both.mistake.name, both.earlier.mistake.name} <= {each.name for each in report.mistakes}
    assert count >= (100 if FULL else 6)
    assert named >= 0.6 * count, (named, count)


@pytest.mark.full
def test_a_gradient_wrong_by_1e_9_in_one_weight_is_found_wherever_the_bound_is_below_1e_10() -> None:
    tried = 0
    plain = (number for number in itertools.count() if not drawn(number).parameters)
    for number in itertools.islice(plain, 200 if FULL else 6):
        model = drawn(number)
        network = Network.parse(model.to_toml())
        function = ByHand(model, number)
        point = own_point(derive(network), "float64")
        assert point is not None
        places = [
            (key, place)
            for key, array in keys_of(point.derivation).items()
            for gradient in [point.derivation.gradient_array(array)]
            for place in np.ndindex(point.numbers.array(gradient).shape)
            if 0 < point.numbers.bound(gradient)[place] < 1e-10 * abs(point.numbers.array(gradient)[place])
        ]
        if not places:
            continue
        key, place = Random(number).choice(places)

        def nudged(*arguments: Any, key: str = key, place: Any = place, function: ByHand = function) -> Any:
            returned = function(*arguments)
            found = returned[1] if isinstance(returned, tuple) else returned
            entries = np.array(found[function.prefix + key])
            turned = place[::-1] if function.layout == "from_to" else place
            entries[turned] *= 1 + NUDGE
            return found | {function.prefix + key: entries}

        with np.errstate(all="ignore"):
            report = check_gradients(nudged, network, layout=function.layout, batched=function.batched)
        assert not report.parameters[key].agrees, f"network {number}: {key}{place}"
        tried += 1
    assert tried >= (100 if FULL else 4)
