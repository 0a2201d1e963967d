"""The catalogue of mistakes: every entry applies somewhere, makes a System that stands, and is named once."""

from __future__ import annotations

import pytest

from symbackprop.catalogue.mistakes import MISTAKES, Subject, variants_of
from symbackprop.derivation import derive
from symbackprop.network import Network
from tests.planted import generic_network

RULES = ("gradient_descent", "momentum", "rmsprop", "adam")
EXAMPLES = ("xor", "recurrent", "convolution", "esuli", "spreadsheet")


def subjects() -> list[Subject]:
    networks = [generic_network(number) for number in range(12)]
    networks += [networks[0].with_values({"update.rule": rule}) for rule in RULES]
    networks += [Network.read(f"examples/{name}.toml") for name in EXAMPLES]
    tied = {"units": 2, "activation": "tanh", "weights": [["a", "b"], ["a", 0.3]], "bias": [0.1, 0.2]}
    networks.append(
        Network(inputs=[0.3, 0.4], targets=[0.1, 0.9], loss={"name": "squared_error", "over_outputs": "mean"},
                layers=[tied, tied], parameters={"a": 0.5, "b": -0.7})
    )  # fmt: skip
    networks.append(
        Network(
            inputs=[[0.3, 0.4], [0.1, -0.2]],
            targets=[[0.1, 0.9], [0.4, 0.3]],
            loss={"name": "squared_error", "over_observations": "sum"},
            layers=[{"units": 2, "activation": "relu", "weights": [[0.1, 0.2], [0.3, 0.4]], "bias": 0.1}] * 3,
        )
    )
    return [Subject.of(derived.system, derived.loss) for derived in map(derive, networks)]


def test_every_mistake_can_be_made_somewhere() -> None:
    made = {
        variant.mistake.name
        for subject in subjects()
        for variant in variants_of(subject, MISTAKES, kinds=("backward", "forward", "update"))
    }
    assert set(MISTAKES) - made == set()


def test_a_mistake_makes_a_system_that_stands() -> None:
    for subject in subjects()[::3]:
        for variant in variants_of(subject, MISTAKES, kinds=("backward", "forward", "update")):
            system = variant.system  # a System refuses an array that is used before it is defined
            assert set(system.definitions) >= set(subject.definitions)
            assert any(system.definitions[array] != subject.definitions[array] for array in variant.changed)


@pytest.mark.parametrize("name", MISTAKES)
def test_a_sentence_is_plain_and_short(name: str) -> None:
    sentence = MISTAKES[name].sentence
    assert 10 < len(sentence) < 140
    assert not sentence.endswith(".")
