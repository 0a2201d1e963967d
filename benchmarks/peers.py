"""The peers: each makes a call that gives the gradients of a case, by the same keys. Times nothing.

A peer imports its library when it is made; `PEERS` says which module that is.
"""

from __future__ import annotations

import itertools
import os
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.by_hand import bound_c, bound_python, numpy_lines
from benchmarks.data import Case
from symbackprop.compiled import building

Call = Callable[[], Any]


@dataclass(frozen=True)
class Peer:
    """A way to evaluate: its name, the module that it needs, how a call is made, and up to which size it makes sense.

    ``most`` is in weights, ``many`` says that it takes several observations.
    """

    name: str
    module: str
    made: Callable[[Case], Call]
    most: int = 10**9
    many: bool = True


def by_numpy(case: Case) -> Call:
    return lambda: numpy_lines(case.parameters, case.inputs, case.targets)[1]


def torch_eager(case: Case) -> Call:
    import torch

    torch.set_num_threads(1)
    tensors = {key: torch.tensor(value, requires_grad=True) for key, value in case.parameters.items()}
    x, t = torch.tensor(np.atleast_2d(case.inputs)), torch.tensor(np.atleast_2d(case.targets))

    def call() -> dict[str, Any]:
        out = x
        for layer in range(1, len(tensors) // 2 + 1):
            out = torch.sigmoid(out @ tensors[f"W{layer}"].T + tensors[f"b{layer}"])
        loss = 0.5 * ((out - t) ** 2).sum() / len(x)
        found = torch.autograd.grad(loss, list(tensors.values()))
        return dict(zip(tensors, found, strict=True))

    return call


def jax_loss() -> Callable[..., Any]:
    """The loss for `jax.grad`; a new function each time, so that nothing of it is in JAX's caches."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)

    def loss(parameters: dict[str, Any], x: Any, t: Any) -> Any:
        out = x
        for layer in range(1, len(parameters) // 2 + 1):
            out = jax.nn.sigmoid(out @ parameters[f"W{layer}"].T + parameters[f"b{layer}"])
        return 0.5 * jnp.sum((out - t) ** 2) / x.shape[0]

    return loss


def jax_arguments(case: Case) -> tuple[dict[str, Any], Any, Any]:
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    arrays = {key: jnp.asarray(value) for key, value in case.parameters.items()}
    return arrays, jnp.asarray(np.atleast_2d(case.inputs)), jnp.asarray(np.atleast_2d(case.targets))


def jax_jit(case: Case) -> Call:
    import jax

    function = jax.jit(jax.value_and_grad(jax_loss()))
    arguments = jax_arguments(case)

    def call() -> dict[str, Any]:
        value, found = function(*arguments)
        value.block_until_ready()
        return dict(found)

    return call


def by_autograd(case: Case) -> Call:
    import autograd.numpy as anp
    from autograd import grad

    x, t = np.atleast_2d(case.inputs), np.atleast_2d(case.targets)

    def loss(parameters: dict[str, Any]) -> Any:
        out = x
        for layer in range(1, len(parameters) // 2 + 1):
            out = 1 / (1 + anp.exp(-(anp.dot(out, parameters[f"W{layer}"].T) + parameters[f"b{layer}"])))
        return 0.5 * anp.sum((out - t) ** 2) / len(x)

    gradient = grad(loss)
    return lambda: gradient(case.parameters)


def by_micrograd(case: Case) -> Call:
    """Scalars one by one. It has sums, products, powers and relu: no sigmoid can be written in it."""
    from micrograd.engine import Value

    assert case.activation == "relu"

    def call() -> dict[str, Any]:
        values = {key: np.vectorize(Value, otypes=[object])(value) for key, value in case.parameters.items()}
        out: Any = case.inputs
        for layer in range(1, len(values) // 2 + 1):
            out = np.array([net.relu() for net in values[f"W{layer}"] @ out + values[f"b{layer}"]])
        sum((o - t) ** 2 * 0.5 for o, t in zip(out, case.targets, strict=True)).backward()
        return {key: np.array([each.grad for each in value.flat]) for key, value in values.items()}

    return call


def _expressions(case: Case, made: Callable[[str], Any], exp: Any) -> tuple[list[Any], list[Any], dict[str, Any]]:
    """Symbols in order, delta-form gradients as lists by key, written scalar by scalar: what lambdify is given."""
    x = [made(f"x{k}") for k in range(case.sizes[0])]
    t = [made(f"t{k}") for k in range(case.sizes[-1])]
    symbols, outs, weights = [*x, *t], [x], {}
    for layer, (by, to) in enumerate(itertools.pairwise(case.sizes), 1):
        w = [[made(f"w{layer}_{j}_{k}") for k in range(by)] for j in range(to)]
        b = [made(f"b{layer}_{j}") for j in range(to)]
        symbols += [*(each for row in w for each in row), *b]
        weights[layer] = w
        nets = [sum((w[j][k] * outs[-1][k] for k in range(by)), b[j]) for j in range(to)]
        outs.append([1 / (1 + exp(-net)) for net in nets])
    deltas = [(o - y) * o * (1 - o) for o, y in zip(outs[-1], t, strict=True)]
    found: dict[str, Any] = {}
    for layer in range(len(case.sizes) - 1, 0, -1):
        found[f"W{layer}"] = [delta * out for delta in deltas for out in outs[layer - 1]]
        found[f"b{layer}"] = deltas
        if layer > 1:
            back = [sum(d * weights[layer][j][k] for j, d in enumerate(deltas)) for k in range(len(outs[layer - 1]))]
            deltas = [above * o * (1 - o) for above, o in zip(back, outs[layer - 1], strict=True)]
    return symbols, [each for key in case.parameters for each in found[key]], found


def _as_gradients(case: Case, flat: Any) -> dict[str, Any]:
    found, start = {}, 0
    for key, value in case.parameters.items():
        found[key] = np.array(flat[start : start + value.size], dtype=float).reshape(value.shape)
        start += value.size
    return found


def _numbers(case: Case) -> list[float]:
    arrays = [case.inputs, case.targets, *case.parameters.values()]
    return [float(each) for array in arrays for each in np.ravel(array)]


def sympy_lambdify(case: Case) -> Call:
    import sympy

    symbols, flat, _ = _expressions(case, sympy.Symbol, sympy.exp)
    function = sympy.lambdify(symbols, flat, modules="math", cse=True)
    numbers = _numbers(case)
    return lambda: _as_gradients(case, function(*numbers))


def symengine_lambdify(case: Case) -> Call:
    import symengine

    symbols, flat, _ = _expressions(case, symengine.Symbol, symengine.exp)
    function = symengine.Lambdify(symbols, flat, cse=True)
    numbers = np.array(_numbers(case))
    return lambda: _as_gradients(case, function(numbers))


def _casadi_function(case: Case) -> Any:
    import casadi

    x, t = casadi.SX.sym("x", case.sizes[0]), casadi.SX.sym("t", case.sizes[-1])
    symbols = {key: casadi.SX.sym(key, *np.atleast_2d(value.T).T.shape) for key, value in case.parameters.items()}
    out = x
    for layer in range(1, len(case.sizes)):
        out = 1 / (1 + casadi.exp(-(symbols[f"W{layer}"] @ out + symbols[f"b{layer}"])))
    loss = 0.5 * casadi.sumsqr(out - t)
    results = [casadi.densify(casadi.gradient(loss, each)) for each in symbols.values()]
    return casadi.Function("f", [x, t, *symbols.values()], [loss, *results])


def casadi_vm(case: Case) -> Call:
    """CasADi's own interpreter, on fixed buffers."""
    return _on_buffers(case, _casadi_function(case))


def casadi_c(case: Case) -> Call:
    """CasADi's generated C, compiled with our flags, on fixed buffers."""
    import casadi

    folder, here = tempfile.mkdtemp(), Path.cwd()
    os.chdir(folder)
    try:
        _casadi_function(case).generate("f.c")
        command = building.compiler()
        assert command is not None
        subprocess.run([*command, *building.FLAGS, *building.NATIVE, "-o", "f.so", "f.c", "-lm"], check=True)
    finally:
        os.chdir(here)
    return _on_buffers(case, casadi.external("f", f"{folder}/f.so"))


class _Buffered:
    """A CasADi function on fixed buffers; calling it gives the gradients, in its own column-major memory."""

    def __init__(self, case: Case, function: Any) -> None:
        self.case = case
        self.function = function
        self.buffer, self.evaluate = function.buffer()
        self.kept = [each.ravel(order="F").copy() for each in (case.inputs, case.targets, *case.parameters.values())]
        self.found = [np.zeros(1), *(np.zeros(value.size) for value in case.parameters.values())]
        for place, each in enumerate(self.kept):
            self.buffer.set_arg(place, memoryview(each))
        for place, each in enumerate(self.found):
            self.buffer.set_res(place, memoryview(each))

    def gradients(self) -> dict[str, Any]:
        items = zip(self.case.parameters.items(), self.found[1:], strict=True)
        found = {key: flat.reshape(value.shape, order="F") for (key, value), flat in items}
        return {"loss": self.found[0][0], **found}


_KEPT: list[_Buffered] = []  # CasADi's buffers do not keep what they point to


def _on_buffers(case: Case, function: Any) -> Call:
    buffered = _Buffered(case, function)
    _KEPT.append(buffered)
    return buffered.evaluate


def found_by(call: Call) -> dict[str, Any]:
    """What a call gives, with the loss where it keeps that; CasADi's returns nothing, its buffers have it."""
    found = call()
    if found is None:
        found = next(each for each in _KEPT if each.evaluate is call).gradients()
    assert isinstance(found, dict)
    loss = getattr(call, "loss", None)
    return dict(found) if loss is None else {"loss": loss, **found}


C_BY_HAND, NUMPY, TORCH, JAX = "C by hand", "numpy by hand", "torch eager", "JAX jit"
PYTHON_BY_HAND = "Python by hand"
CASADI_C = "CasADi, C"
MICROGRAD = Peer("micrograd", "micrograd", by_micrograd)
PEERS = (
    Peer(C_BY_HAND, "numpy", bound_c, many=False),
    Peer(NUMPY, "numpy", by_numpy),
    Peer(PYTHON_BY_HAND, "math", bound_python, most=100, many=False),
    Peer(TORCH, "torch", torch_eager),
    Peer(JAX, "jax", jax_jit),
    Peer(CASADI_C, "casadi", casadi_c, most=1_000, many=False),
    Peer("CasADi, its VM", "casadi", casadi_vm, most=10_000, many=False),
    Peer("autograd", "autograd", by_autograd),
    Peer("SymPy lambdify", "sympy", sympy_lambdify, most=100, many=False),
    Peer("symengine Lambdify", "symengine", symengine_lambdify, most=1_000, many=False),
)
