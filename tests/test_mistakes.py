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
            loss={"name": "squared_error", "over_observations": "sum", "over_outputs": "mean", "factor": 1},
            layers=[{"units": 2, "activation": "relu", "weights": [[0.1, 0.2], [0.3, 0.4]], "bias": 0.1}] * 3,
        )
    )
    return [Subject.of(derived.system, derived.loss, derived.steps) for derived in map(derive, networks)]


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


# What people get wrong, in the words of those who asked for the catalogue, and the entries that hold it.
ASKED_FOR = {
    "the activation's slope left out, at output or hidden": ["slope left out", "mask left out"],
    "the loss's derivative left out": ["loss's slope left out", "target left out"],
    "an input left out": ["input left out"],
    "slope at net in place of out, or at out in place of net": ["slope at net", "slope at out"],
    "slope of another layer, squared, the function itself": [
        "slope of another layer", "slope squared", "function for slope",
    ],
    "a path missing, one output's part": ["path left out", "one path only", "own path only", "term left out"],
    "updated weights in the hidden deltas": ["updated weights"],
    "weights not transposed": ["weights not transposed"],
    "rows and columns of a gradient exchanged": ["rows and columns exchanged"],
    "factor 2 or 1/2": ["factor 2", "factor 1/2", "gradient doubled", "gradient halved"],
    "mean missing, mean twice, sum for mean": ["mean missing", "mean twice", "mean for sum"],
    "sign turned, of all or of one term": ["sign of the loss's slope", "sign of a gradient", "sign of a term"],
    "a shared bias counted once": ["shared bias counted once"],
    "bias gradient averaged, summed over units, multiplied by the input": [
        "bias gradient averaged", "bias gradient summed", "bias gradient times the input",
    ],
    "the bias column kept in the delta that is sent back": ["bias column kept"],
    "penalty forgotten, with the wrong sign, on biases too": [
        "penalty forgotten", "sign of the penalty", "penalty on biases",
    ],
    "softmax treated elementwise, its slope applied after out - target": ["softmax elementwise", "slope applied twice"],
    "wrong target or index": ["targets in a wrong order", "deltas in a wrong order"],
    "another unit's or another layer's value": [
        "value of another unit", "values of another layer", "delta of another unit", "delta of another layer",
    ],
    "relu's mask missing, of the wrong layer, overwriting": [
        "mask left out", "mask of another layer", "error overwritten",
    ],
    "an activation of another observation": ["value of another observation"],
    "one use of a tied parameter dropped": ["use dropped"],
    "divided where the rule multiplies": ["divided by slope", "divided by the input"],
    "updates: momentum's sign": ["momentum's sign"],
    "updates: epsilon inside the root": ["epsilon in the wrong place"],
    "updates: bias correction missing": ["bias correction missing"],
}  # fmt: skip


@pytest.mark.parametrize("phrase", ASKED_FOR)
def test_a_mistake_that_was_asked_for_is_an_entry(phrase: str) -> None:
    assert [name for name in ASKED_FOR[phrase] if name not in MISTAKES] == []
