"""C for many observations: blocks and lanes against single observations, and the functions that it brings along."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from mpmath import mp, mpf

import symbackprop as sb
from symbackprop.compiled import building, compiled
from symbackprop.compiled.prelude import PARTS
from tests.compiling import core

pytestmark = pytest.mark.engine
WORST = 2.5  # ulp: what tanh comes to, being a quotient of differences; the others stay below 1.6
FUNCTIONS = {
    "exponential": (mp.exp, (-745, 709)),
    "exponential_less_1": (mp.expm1, (-50, 709)),
    "hyperbolic_tangent": (mp.tanh, (-30, 30)),
    "logarithm": (mp.log, (1e-310, 4)),
    "logarithm_of_1_more": (mp.log1p, (-0.99, 3)),
}


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYMBACKPROP_CACHE", str(tmp_path_factory.getbasetemp() / "compiled"))
    if building.compiler() is None:
        pytest.skip("there is no C compiler")


@pytest.mark.parametrize(
    ("sizes", "activations", "loss"),
    [
        ((2, 3, 3), ("tanh", "softmax"), "cross_entropy"),  # lanes
        ((9, 13, 6), ("softplus", "softmax"), "cross_entropy"),  # products whose rows and columns fill no register
        ((33, 40, 3, 12), ("gelu", "relu", "sigmoid"), "binary_cross_entropy"),  # both products and sums in tiles
    ],
)
def test_many_observations_are_the_mean_of_single_ones(
    sizes: tuple[int, ...], activations: tuple[str, ...], loss: str
) -> None:
    random = np.random.default_rng(len(sizes))
    layers = [
        {"units": to, "activation": activation, "weights": (random.standard_normal((to, by)) / by).round(3).tolist(),
         "bias": random.standard_normal(to).round(3).tolist()}
        for (by, to), activation in zip(pairwise(sizes), activations, strict=True)
    ]  # fmt: skip
    network = sb.Network(
        inputs=[[0.5] * sizes[0]], targets=[[1] + [0] * (sizes[-1] - 1)], layers=layers, loss=loss
    )  # fmt: skip
    function = compiled(core(network), "c")
    parameters: dict[str, Any] = {}
    for number, layer in enumerate(layers, 1):
        parameters |= {f"W{number}": np.array(layer["weights"]), f"b{number}": np.array(layer["bias"])}
    inputs = random.standard_normal((147, sizes[0]))
    wanted = random.dirichlet(np.ones(sizes[-1]), 147)
    found, gradients = function.loss_and_gradients(parameters, inputs, wanted)
    each = [function.loss_and_gradients(parameters, *row) for row in zip(inputs, wanted, strict=True)]
    assert found == pytest.approx(np.mean([one for one, _ in each]), rel=1e-13)
    for key, value in gradients.items():
        mean = np.mean([one[key] for _, one in each], axis=0)
        np.testing.assert_allclose(value, mean, rtol=1e-10, atol=1e-14)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    headers = "".join(f"#include <{name}.h>\n" for name in ("math", "stddef", "stdint", "string"))
    vectors = "".join(
        f"void many_{name}(int n, const double *restrict x, double *restrict y)\n"
        f"{{\n    for (int i = 0; i < n; i++)\n        y[i] = {name}(x[i]);\n}}\n"
        for name in FUNCTIONS
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SYMBACKPROP_CACHE", str(tmp_path_factory.getbasetemp() / "compiled"))
        return building.library(headers + "".join(PARTS[name] for name in FUNCTIONS) + vectors)


def _through(library: ctypes.CDLL, name: str, numbers: list[float]) -> list[float]:
    given, found = np.array(numbers), np.empty(len(numbers))
    call = getattr(library, f"many_{name}")
    call(len(numbers), ctypes.c_void_p(given.ctypes.data), ctypes.c_void_p(found.ctypes.data))
    result: list[float] = found.tolist()
    return result


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_of_the_source_s_own_are_within_a_few_ulp(library: ctypes.CDLL, name: str) -> None:
    exact: Callable[[mpf], mpf]
    exact, (low, high) = FUNCTIONS[name]
    random = np.random.default_rng(1)
    numbers = [*random.uniform(low, high, 400), *random.uniform(max(low, -1), 1, 400)]
    if low < 0:
        numbers += [*(random.uniform(-1, 1, 200) * 10.0 ** -random.integers(1, 12, 200))]
    worst = 0.0
    with mp.workdps(40):
        for given, found in zip(numbers, _through(library, name, numbers), strict=True):
            expected = exact(mpf(float(given)))
            worst = max(worst, float(abs(mpf(found) - expected) / mpf(math.ulp(float(expected)))))
    assert worst < WORST


def test_functions_of_the_source_s_own_end_as_the_c_library_s_do(library: ctypes.CDLL) -> None:
    inf, nan = math.inf, math.nan
    expected = {
        "exponential": [(-inf, 0.0), (-800.0, 0.0), (0.0, 1.0), (800.0, inf), (inf, inf), (nan, nan)],
        "exponential_less_1": [(-inf, -1.0), (-800.0, -1.0), (0.0, 0.0), (5e-324, 5e-324), (800.0, inf), (nan, nan)],
        "hyperbolic_tangent": [(-inf, -1.0), (-800.0, -1.0), (-0.0, -0.0), (800.0, 1.0), (inf, 1.0), (nan, nan)],
        "logarithm": [(0.0, -inf), (-1.0, nan), (1.0, 0.0), (inf, inf), (nan, nan), (5e-324, math.log(5e-324))],
        "logarithm_of_1_more": [(-1.0, -inf), (-2.0, nan), (0.0, 0.0), (1e-300, 1e-300), (inf, inf), (nan, nan)],
    }
    for name, pairs in expected.items():
        found = _through(library, name, [given for given, _ in pairs])
        assert list(map(repr, found)) == [repr(value) for _, value in pairs], name
