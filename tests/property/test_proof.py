"""Random networks are proven, and with one mistake in their System they are not: every time, for every kind of mistake.

`make test` plants each mistake `SAMPLE` times, ``SYMBACKPROP_FULL=1`` `WHOLE` times.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import count
from pathlib import Path
from random import Random
from warnings import catch_warnings

import pytest

from symbackprop.derivation import Derivation, derive
from symbackprop.forms.steps import steps
from symbackprop.network import Network
from symbackprop.proof import prove
from symbackprop.quantities import Quantity, every_index
from tests.conftest import FULL
from tests.mistakes import MISTAKES
from tests.networks import drawn

pytestmark = pytest.mark.full

SAMPLE, WHOLE = 5, 100
COUNT = WHOLE if FULL else SAMPLE
MOST = 60 * WHOLE  # networks that are looked through for one to which a mistake applies


@lru_cache(maxsize=2_000)
def derived(number: int) -> Derivation:
    with catch_warnings(action="ignore"):  # of a second opinion that leaves the range of floats
        return derive(Network.parse(drawn(number).to_toml()))


@pytest.mark.parametrize("start", range(0, 4 * COUNT, 10))
def test_random_networks_are_proven(start: int) -> None:
    for number in range(start, start + 10):
        proof = prove(derived(number))
        assert proof, f"network {number}: {proof}\n{drawn(number).to_toml()}"


@pytest.mark.parametrize("name", MISTAKES)
def test_a_planted_mistake_is_found_in_every_network(name: str) -> None:
    found = 0
    for number in count():
        assert number < MOST, f"{name} applies to {found} networks only"
        wrong = MISTAKES[name](derived(number), Random(f"{name}:{number}"))
        if wrong is None:
            continue
        assert not prove(wrong), f"network {number}: {name} was not found\n{drawn(number).to_toml()}"
        found += 1
        if found == COUNT:
            break
    assert found == COUNT


EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.toml"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_every_step_of_every_example_is_proven(example: Path) -> None:
    derivation = derive(Network.read(example))
    for parameter in derivation.arrays.parameters[:2]:
        gradient = derivation.gradient_array(parameter)
        found = steps(derivation, Quantity(gradient, next(every_index(gradient))))
        assert [step.title for step in found if not step.proof.holds] == []
