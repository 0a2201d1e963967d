"""Every target × the catalogue, random networks and programs: what ``evaluate`` says, within the condition bound."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import symbackprop as sb
from symbackprop.catalogue.activations import ACTIVATIONS
from symbackprop.catalogue.losses import LOSSES
from symbackprop.catalogue.pairs import PAIRS
from symbackprop.catalogue.penalties import PENALTIES
from symbackprop.compiled import TARGETS, c, compiled, python
from symbackprop.errors import MissingValue
from symbackprop.values import evaluate
from tests.compiling import core, disagreements, given
from tests.conftest import FULL
from tests.networks import drawn

EXAMPLES = sorted((Path(__file__).resolve().parent.parent.parent / "examples").glob("*.toml"))
# The full counts take some two and a half processor minutes: a network costs 0.05 to 0.1 seconds of evaluation with its
# condition bounds and, in C, half a second of the compiler, which several networks in one file do not shorten.
NUMBERS = range(250 if FULL else 40)
C_NUMBERS = range(80 if FULL else 12)

targets = pytest.mark.parametrize(
    "target", [pytest.param(each, marks=pytest.mark.engine) if each == "c" else each for each in TARGETS]
)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYMBACKPROP_CACHE", str(tmp_path_factory.getbasetemp() / "compiled"))


def _network(activation: str, loss: str, penalty: str | None = None, *, net: float = 1.5) -> sb.Network:
    """Two layers of that activation, or a tanh layer and one of it where the loss needs shares; nets up to ``net``."""
    targets = [[1, 0], [0.25, 0.75]]
    return sb.Network(
        inputs=[[1, -0.5], [0.5, 1]],
        targets=targets,
        layers=[
            {"units": 2, "activation": "tanh" if loss != "squared_error" else activation,
             "weights": [[net, 0.25], [-net, 0.5]], "bias": [0.1, -0.2]},
            {"units": 2, "activation": activation, "weights": [[0.4, -0.7], [0.3, 0.9]], "bias": [0.05, 0.1]},
        ],
        loss=loss,
        penalty={"kind": penalty, "strength": 0.1} if penalty else None,
    )  # fmt: skip


def _catalogue() -> Iterator[tuple[str, str, str | None]]:
    for activation in ACTIVATIONS:
        yield activation, "squared_error", None
    for loss in LOSSES:
        yield ("softmax" if loss == "cross_entropy" else "sigmoid"), loss, None
    for penalty in PENALTIES:
        yield "sigmoid", "squared_error", penalty


@targets
def test_every_entry_of_the_catalogue_has_the_reference_s_gradients(target: str) -> None:
    wrong = []
    for activation, loss, penalty in _catalogue():
        derivation = core(_network(activation, loss, penalty))
        wrong += [f"{activation} {loss}: {each}" for each in disagreements(derivation, compiled(derivation, target))]
    assert wrong == []


@targets
def test_nets_of_800_give_finite_and_right_values(target: str) -> None:
    wrong = []
    for activation in ACTIVATIONS:
        derivation = core(_network(activation, "squared_error", net=800))
        wrong += [f"{activation}: {each}" for each in disagreements(derivation, compiled(derivation, target))]
    for pair in PAIRS.values():
        network = sb.Network(
            inputs=[[1], [-1]], targets=[[1, 0], [1, 0]], loss=pair.loss,
            layers=[{"units": 2, "activation": pair.activation, "weights": [[800], [-800]]}],
        )  # fmt: skip
        derivation = core(network)
        wrong += [f"{pair.name}: {each}" for each in disagreements(derivation, compiled(derivation, target))]
    assert wrong == []


@pytest.mark.full
@targets
def test_random_networks_have_the_reference_s_gradients(target: str) -> None:
    wrong = []
    for number in C_NUMBERS if target == "c" else NUMBERS:
        derivation = core(sb.Network.parse(drawn(number).to_toml()))
        wrong += [f"network {number}: {each}" for each in disagreements(derivation, compiled(derivation, target))]
    assert wrong == []


@pytest.mark.full
@pytest.mark.parametrize("target", ["python", pytest.param("c", marks=pytest.mark.engine)])
def test_loops_have_the_same_gradients_as_straight_lines(target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(python if target == "python" else c, "STRAIGHT", 0)
    wrong = []
    for number in C_NUMBERS if target == "c" else NUMBERS:
        derivation = core(sb.Network.parse(drawn(number).to_toml()))
        wrong += [f"network {number}: {each}" for each in disagreements(derivation, compiled(derivation, target))]
    assert wrong == []


@targets
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_has_the_reference_s_gradients(target: str, path: Path) -> None:
    derivation = core(sb.Network.read(path))
    try:
        given(derivation, evaluate(derivation))
    except MissingValue:
        assert path.stem == "happydustbunny"  # the one that gives no weights
        return
    assert disagreements(derivation, compiled(derivation, target)) == []
