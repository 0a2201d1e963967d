"""What compiled functions take and refuse: the same on every target, with the argument's name and what is expected."""

from __future__ import annotations

from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.compiled import TARGETS, compiled
from symbackprop.errors import InputError, MissingValue
from tests.compiling import core

targets = pytest.mark.parametrize(
    "target", [pytest.param(each, marks=pytest.mark.engine) if each == "c" else each for each in TARGETS]
)
X, T = [[0.5, -1.0], [0.25, 2.0]], [[0.0, 1.0], [1.0, 0.0]]
PARAMETERS = {"W1": [[0.1, 0.2], [0.3, -0.4], [0.5, 0.6]], "b1": [0.1, 0.2, 0.3], "W2": [[1, 2, -1], [0.5, 1, 1]]}


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYMBACKPROP_CACHE", str(tmp_path_factory.getbasetemp() / "compiled"))


def _classifier() -> sb.Network:
    """A gelu layer and a softmax: with erfc, a root of a number, the largest of a row, and an identity matrix."""
    return sb.Network(
        inputs=X, targets=T, loss="cross_entropy",
        layers=[
            {"units": 3, "activation": "gelu", "weights": PARAMETERS["W1"], "bias": PARAMETERS["b1"]},
            {"units": 2, "activation": "softmax", "weights": PARAMETERS["W2"]},
        ],
    )  # fmt: skip


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"targets": None}, "targets are missing"),
    ({"inputs": np.ones((0, 2)), "targets": np.ones((0, 2))}, r"inputs: has the shape \(0, 2\); expected 2 numbers"),
    ({"inputs": np.ones((2, 1, 2))}, r"inputs: has the shape \(2, 1, 2\)"),
    ({"inputs": {"x_1": 1.0}}, "inputs: is a dict; expected 2 numbers, or rows of as many"),
    ({"targets": [T[0]]}, "inputs are 2 observations and targets 1"),
    ({"targets": T[0]}, "inputs are 2 observations and targets 1"),
    ({"inputs": [[0.5, -1.0], [0.25]]}, "inputs: has rows of 1 and 2 entries; expected rows of one length"),
    ({"inputs": [["0.5", "1"], ["1", "2"]]}, "inputs: '0.5' is no real number"),
    ({"inputs": [[None, 1.0], [1.0, 2.0]]}, "inputs: None is no real number"),
    ({"inputs": np.array([[1j, 1.0], [1.0, 2.0]])}, "inputs: 1j is no real number"),
    ({"inputs": np.ma.array(X, mask=[[1, 0], [0, 0]])}, "inputs: None is no real number"),
    ({"inputs": [[10**400, 1.0], [1.0, 2.0]]}, "inputs: a number of this size has no place in a double"),
    ({"b1": 0.1}, r"parameters\['b1'\]: has the shape \(\); expected \(3,\)"),
    ({"b1": [[0.1], [0.2], [0.3]]}, r"parameters\['b1'\]: has the shape \(3, 1\); expected \(3,\)"),
    ({"W1": [[0.1, 0.2]]}, r"parameters\['W1'\]: has the shape \(1, 2\); expected \(3, 2\)"),
    ({"W3": [[0.1, 0.2]]}, "parameters: there is no 'W3'; expected W1, b1, W2"),
    ({"parameters": [1.0]}, "parameters: is a list; expected a dict with W1, b1, W2"),
    ({"parameters": None}, "parameters: is a NoneType; expected a dict with W1, b1, W2"),
]  # fmt: skip


@targets
def test_what_does_not_fit_is_refused_in_the_same_words_by_every_target(target: str) -> None:
    function = compiled(core(_classifier()), target)
    for change, said in REFUSED:
        rows = change.get("inputs", X)
        wanted = change.get("targets", T)
        of_parameters = {key: value for key, value in change.items() if key[0] in "Wb"}
        parameters = change.get("parameters", PARAMETERS | of_parameters)
        with pytest.raises((InputError, MissingValue), match=said):
            function.loss_and_gradients(parameters, rows, wanted)


@targets
def test_one_observation_may_be_a_row_on_one_side_only(target: str) -> None:
    function = compiled(core(_classifier()), target)
    expected, _ = function.loss_and_gradients(PARAMETERS, X[0], T[0])
    for rows, wanted in ((X[:1], T[0]), (X[0], T[:1]), (X[:1], T[:1])):
        assert float(function.loss_and_gradients(PARAMETERS, rows, wanted)[0]) == pytest.approx(expected, rel=1e-14)


@targets
def test_fractions_and_whole_numbers_are_numbers(target: str) -> None:
    function = compiled(core(_classifier()), target)
    expected, _ = function.loss_and_gradients(PARAMETERS, [0.5, -1.0], [0.0, 1.0])
    found, _ = function.loss_and_gradients(PARAMETERS, [Fraction(1, 2), -1], [False, True])
    assert float(found) == pytest.approx(float(expected), rel=1e-14)


@pytest.mark.engine
@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (X, "bound: inputs is a list; expected a numpy array of float64 in one piece"),
        (np.array(X, dtype=np.float32), "bound: inputs is of float32"),
        (np.array(X).T, "bound: inputs does not lie in one piece"),
    ],
)
def test_a_buffer_that_c_cannot_use_is_named(rows: Any, said: str) -> None:
    function = compiled(core(_classifier()), "c")
    with pytest.raises(InputError, match=said):
        function.bound({key: np.array(value, dtype=float) for key, value in PARAMETERS.items()}, rows, np.array(T))


class Strict(np.ndarray):
    """An array of a library that has the functions that all of them have, and whose functions take arrays alone."""

    def __array_namespace__(self) -> SimpleNamespace:
        return STRICT


def _strict(name: str) -> Any:
    def function(array: Any, *rest: Any, **options: Any) -> Any:
        assert isinstance(array, Strict), f"{name} of a {type(array).__name__}"
        return np.asarray(getattr(np, name)(array, *rest, **options)).view(Strict)

    return function


STRICT = SimpleNamespace(
    **{name: _strict(name) for name in ("exp", "log", "log1p", "sqrt", "abs", "round", "sum", "max", "full_like")},
    where=lambda chosen, *values: np.where(chosen, *values).view(Strict),
    eye=lambda size, *, dtype: np.eye(size, dtype=dtype).view(Strict),
    asarray=lambda values, dtype=None: np.asarray(values, dtype=dtype).view(Strict),
)


@pytest.mark.parametrize("strict", ["inputs", "parameters"])
def test_array_code_asks_a_library_only_for_what_all_of_them_have(strict: str) -> None:
    """No amax, which dask lacks, no root of a plain number, which torch refuses; and kinds of arrays may be mixed."""
    function = compiled(core(_classifier()), "numpy")
    expected, gradients = function.loss_and_gradients(PARAMETERS, X, T)
    ours = {key: np.array(value, dtype=float).view(Strict) for key, value in PARAMETERS.items()}
    if strict == "inputs":
        loss, found = function.loss_and_gradients(PARAMETERS, np.array(X).view(Strict), np.array(T))
    else:
        loss, found = function.loss_and_gradients(ours, np.array(X), T)
    assert float(loss) == pytest.approx(float(expected), rel=1e-14)
    for key, value in gradients.items():
        assert isinstance(found[key], Strict)
        np.testing.assert_allclose(np.asarray(found[key]), value, rtol=1e-13)


def test_float32_stays_float32() -> None:
    function = compiled(core(_classifier()), "numpy")
    loss, found = function.loss_and_gradients(PARAMETERS, np.array(X, dtype=np.float32).view(Strict), T)
    assert {str(each.dtype) for each in (loss, *found.values())} == {"float32"}


@pytest.mark.engine
def test_dask_need_not_know_how_many_observations_there_are() -> None:
    da = pytest.importorskip("dask.array")
    function = compiled(core(_classifier()), "numpy")
    expected, gradients = function.loss_and_gradients(PARAMETERS, X, T)
    kept = da.from_array(np.array([True, False, True]), chunks=2)
    rows = da.from_array(np.array([X[0], [9.0, 9.0], X[1]]), chunks=(2, 2))[kept]
    wanted = da.from_array(np.array([T[0], [1.0, 0.0], T[1]]), chunks=(2, 2))[kept]
    loss, found = function.loss_and_gradients(PARAMETERS, rows, wanted)
    assert float(loss) == pytest.approx(float(expected), rel=1e-14)
    np.testing.assert_allclose(np.asarray(found["W1"]), gradients["W1"], rtol=1e-13)
