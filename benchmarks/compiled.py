"""Compiled functions against peers and C written by hand: medians of CPU time (all threads), ratios within one run.

    python benchmarks/compiled.py [--quick]

Peers that are not installed are left out. Everything is checked against the 50-digit reference before its time counts.
"""

from __future__ import annotations

import argparse
import ctypes
import statistics
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import symbackprop as sb
from symbackprop.compiled import building, compiled
from symbackprop.compiled.functions import CGradient

Sizes = tuple[int, ...]
TOLERANCE = 1e-12  # of the largest gradient: a gross error, not rounding, is looked for here


def network(sizes: Sizes) -> sb.Network:
    """A network of sigmoids with squared error, as in the tables of ``speed.md``."""
    random = np.random.default_rng(0)
    layers = [
        {"units": to, "activation": "sigmoid", "weights": random.standard_normal((to, by)).round(4).tolist(),
         "bias": random.standard_normal(to).round(4).tolist()}
        for by, to in pairwise(sizes)
    ]  # fmt: skip
    return sb.Network(inputs=[[0.5] * sizes[0]], targets=[[0.5] * sizes[-1]], layers=layers, loss="squared_error",
                      update={"rule": "gradient_descent", "learning_rate": 0.5})  # fmt: skip


def arguments(sizes: Sizes, count: int) -> tuple[dict[str, Any], Any, Any]:
    random = np.random.default_rng(1)
    parameters = {}
    for layer, (by, to) in enumerate(pairwise(sizes), 1):
        parameters[f"W{layer}"] = random.standard_normal((to, by)) / np.sqrt(by)
        parameters[f"b{layer}"] = random.standard_normal(to)
    rows = () if count == 1 else (count,)
    return parameters, random.random((*rows, sizes[0])), random.random((*rows, sizes[-1]))


def by_hand(parameters: dict[str, Any], inputs: Any, targets: Any) -> tuple[float, dict[str, Any]]:
    """The textbook's lines in numpy: the mean over observations of half the squared error, outputs summed."""
    rows, wanted = np.atleast_2d(inputs), np.atleast_2d(targets)
    outs = [rows]
    layers = len(parameters) // 2
    for layer in range(1, layers + 1):
        outs.append(1 / (1 + np.exp(-(outs[-1] @ parameters[f"W{layer}"].T + parameters[f"b{layer}"]))))
    gap = outs[-1] - wanted
    loss = 0.5 * np.sum(gap * gap) / len(rows)
    delta = gap * outs[-1] * (1 - outs[-1]) / len(rows)
    found = {}
    for layer in range(layers, 0, -1):
        found[f"W{layer}"], found[f"b{layer}"] = delta.T @ outs[layer - 1], delta.sum(axis=0)
        if layer > 1:
            delta = delta @ parameters[f"W{layer}"] * outs[layer - 1] * (1 - outs[layer - 1])
    return loss, found


def straight_c(sizes: Sizes) -> str:
    """What one writes by hand for a small network: a line for each number, exp of the C library."""
    lines: list[str] = []
    names = [[f"x[{k}]" for k in range(sizes[0])]]
    last = len(sizes) - 1
    for layer in range(1, last + 1):
        names.append([f"o{layer}_{j}" for j in range(sizes[layer])])
        for j in range(sizes[layer]):
            terms = [f"W{layer}[{j * sizes[layer - 1] + k}] * {name}" for k, name in enumerate(names[layer - 1])]
            lines.append(f"double o{layer}_{j} = 1.0 / (1.0 + exp(-({' + '.join(terms)} + b{layer}[{j}])));")
    lines.append(
        "*loss = " + " + ".join(f"0.5 * ({o} - t[{j}]) * ({o} - t[{j}])" for j, o in enumerate(names[-1])) + ";"
    )
    for layer in range(last, 0, -1):
        for j, o in enumerate(names[layer]):
            if layer == last:
                above = f"({o} - t[{j}])"
            else:
                width = sizes[layer]
                terms = [f"d{layer + 1}_{k} * W{layer + 1}[{k * width + j}]" for k in range(sizes[layer + 1])]
                above = f"({' + '.join(terms)})"
            lines.append(f"double d{layer}_{j} = {above} * {o} * (1.0 - {o});")
            lines.append(f"db{layer}[{j}] = d{layer}_{j};")
            lines += [
                f"dW{layer}[{j * sizes[layer - 1] + k}] = d{layer}_{j} * {a};" for k, a in enumerate(names[layer - 1])
            ]
    return _c_function(sizes, lines)


def looped_c(sizes: Sizes) -> str:
    """The same in loops, the inner one along the rows of the weights."""
    last = len(sizes) - 1
    lines = []
    for layer in range(1, last + 1):
        by, to, before = sizes[layer - 1], sizes[layer], "x" if layer == 1 else f"o{layer - 1}"
        lines += [
            f"double o{layer}[{to}], d{layer}[{to}];",
            f"for (int j = 0; j < {to}; j++) {{ double s = b{layer}[j];",
            f"  for (int k = 0; k < {by}; k++) s += W{layer}[j * {by} + k] * {before}[k];",
            f"  o{layer}[j] = 1.0 / (1.0 + exp(-s)); }}",
        ]
    lines += ["double e = 0.0;", f"for (int j = 0; j < {sizes[-1]}; j++) {{",
              f"  double g = o{last}[j] - t[j]; e += 0.5 * g * g;",
              f"  d{last}[j] = g * o{last}[j] * (1.0 - o{last}[j]); }}", "*loss = e;"]  # fmt: skip
    for layer in range(last, 0, -1):
        by, to, before = sizes[layer - 1], sizes[layer], "x" if layer == 1 else f"o{layer - 1}"
        lines += [f"for (int j = 0; j < {to}; j++) {{ db{layer}[j] = d{layer}[j];",
                  f"  for (int k = 0; k < {by}; k++) dW{layer}[j * {by} + k] = d{layer}[j] * {before}[k]; }}",
                  ]  # fmt: skip
        if layer > 1:
            lines += [
                f"for (int k = 0; k < {by}; k++) d{layer - 1}[k] = 0.0;",
                f"for (int j = 0; j < {to}; j++) for (int k = 0; k < {by}; k++)",
                f"  d{layer - 1}[k] += d{layer}[j] * W{layer}[j * {by} + k];",
                f"for (int k = 0; k < {by}; k++) d{layer - 1}[k] *= o{layer - 1}[k] * (1.0 - o{layer - 1}[k]);",
            ]
    return _c_function(sizes, lines)


def _c_function(sizes: Sizes, lines: list[str]) -> str:
    layers = range(1, len(sizes))
    given = ["x", "t", *(f"{kind}{layer}" for layer in layers for kind in ("W", "b"))]
    found = ["loss", *(f"d{kind}{layer}" for layer in layers for kind in ("W", "b"))]
    unpacked = [f"double *restrict {name} = p[{place}];" for place, name in enumerate([*given, *found])]
    body = "\n    ".join([*unpacked, *lines])
    head = "#include <math.h>\n#include <stddef.h>\nint symbackprop_call(ptrdiff_t n, double **p)"
    return f"{head}\n{{\n    (void)n;\n    {body}\n    return 0;\n}}\n"


def bound_c(source: str, parameters: dict[str, Any], inputs: Any, targets: Any) -> Callable[[], Any]:
    """C written by hand, bound in the very way that ours is, and compiled with the same flags."""
    library = building.library(source)
    address = ctypes.cast(library.symbackprop_call, ctypes.c_void_p).value
    loss, gradients = np.zeros(()), {key: np.zeros_like(value) for key, value in parameters.items()}
    arrays = [inputs, targets, *parameters.values(), loss, *gradients.values()]
    glue = building.glue()
    assert glue is not None
    bound = glue.Bound(address, 1, tuple(each.ctypes.data for each in arrays), loss, gradients, (library, arrays))
    bound()
    return bound


def torch_eager(parameters: dict[str, Any], inputs: Any, targets: Any) -> Callable[[], Any]:
    import torch

    torch.set_num_threads(1)
    tensors = {key: torch.tensor(value, requires_grad=True) for key, value in parameters.items()}
    x, t = torch.tensor(np.atleast_2d(inputs)), torch.tensor(np.atleast_2d(targets))

    def call() -> dict[str, Any]:
        out = x
        for layer in range(1, len(tensors) // 2 + 1):
            out = torch.sigmoid(out @ tensors[f"W{layer}"].T + tensors[f"b{layer}"])
        loss = 0.5 * ((out - t) ** 2).sum() / len(x)
        found = torch.autograd.grad(loss, list(tensors.values()))
        return dict(zip(tensors, found, strict=True))

    return call


def jax_jit(parameters: dict[str, Any], inputs: Any, targets: Any) -> Callable[[], Any]:
    import jax

    jax.config.update("jax_enable_x64", True)
    import jax.numpy as jnp

    def loss(parameters: dict[str, Any], x: Any, t: Any) -> Any:
        out = x
        for layer in range(1, len(parameters) // 2 + 1):
            out = jax.nn.sigmoid(out @ parameters[f"W{layer}"].T + parameters[f"b{layer}"])
        return 0.5 * jnp.sum((out - t) ** 2) / x.shape[0]

    arrays = {key: jnp.asarray(value) for key, value in parameters.items()}
    x, t = jnp.asarray(np.atleast_2d(inputs)), jnp.asarray(np.atleast_2d(targets))
    function = jax.jit(jax.value_and_grad(loss))

    def call() -> dict[str, Any]:
        value, found = function(arrays, x, t)
        value.block_until_ready()
        return dict(found)

    return call


def casadi_c(sizes: Sizes, parameters: dict[str, Any], inputs: Any, targets: Any) -> Callable[[], Any]:
    """CasADi's generated C, compiled with our flags, through CasADi's own buffers."""
    import subprocess
    import tempfile

    import casadi

    x, t = casadi.SX.sym("x", sizes[0]), casadi.SX.sym("t", sizes[-1])
    symbols = {key: casadi.SX.sym(key, *np.atleast_2d(value.T).T.shape) for key, value in parameters.items()}
    out = x
    for layer in range(1, len(sizes)):
        out = 1 / (1 + casadi.exp(-(symbols[f"W{layer}"] @ out + symbols[f"b{layer}"])))
    loss = 0.5 * casadi.sumsqr(out - t)
    results = [casadi.densify(casadi.gradient(loss, each)) for each in symbols.values()]
    function = casadi.Function("f", [x, t, *symbols.values()], [loss, *results])
    folder = tempfile.mkdtemp()
    here = Path.cwd()
    import os

    os.chdir(folder)
    try:
        function.generate("f.c")
        command = building.compiler()
        assert command is not None
        subprocess.run([*command, *building.FLAGS, *building.NATIVE, "-o", "f.so", "f.c", "-lm"], check=True)
    finally:
        os.chdir(here)
    external = casadi.external("f", f"{folder}/f.so")
    buffer, evaluate = external.buffer()
    kept = [each.ravel(order="F").copy() for each in (inputs, targets, *parameters.values())]
    found = [np.zeros(1), *(np.zeros(value.size) for value in parameters.values())]
    for place, each in enumerate(kept):
        buffer.set_arg(place, memoryview(each))
    for place, each in enumerate(found):
        buffer.set_res(place, memoryview(each))
    _KEPT.append((external, buffer, kept, found))
    return evaluate


_KEPT: list[Any] = []  # CasADi's buffers do not keep what they point to


def microseconds(calls: dict[str, Callable[[], Any]], *, rounds: int) -> dict[str, float]:
    """Each call's median over rounds in which all of them take turns: a busy machine is busy for all."""
    number = {}
    for name, call in calls.items():
        begun = time.process_time()
        call()
        once = max(time.process_time() - begun, 1e-7)
        number[name] = max(1, min(20_000, int(0.01 / once)))
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            repeat = range(number[name])
            begun = time.process_time()
            for _ in repeat:
                call()
            times[name].append((time.process_time() - begun) / number[name])
    return {name: statistics.median(each) * 1e6 for name, each in times.items()}


def checked(name: str, found: Any, exact: dict[str, Any]) -> bool:
    """Whether the gradients are those of the reference."""
    if not isinstance(found, dict):
        return True  # CasADi's buffers return nothing
    largest = max(float(np.max(np.abs(value))) for value in exact.values())
    plain = {key: each.detach() if hasattr(each, "detach") else each for key, each in found.items()}
    worst = max(float(np.max(np.abs(np.asarray(plain[key]) - value))) for key, value in exact.items())
    if worst > TOLERANCE * largest:
        print(f"  {name}: wrong by {worst / largest:.1e} of the largest gradient; its time does not count")
    return worst <= TOLERANCE * largest


def table(sizes: Sizes, count: int, *, rounds: int) -> None:
    parameters, inputs, targets = arguments(sizes, count)
    derivation = sb.derive(network(sizes))
    core = getattr(derivation, "core", derivation)
    begun = time.process_time()
    ours = compiled(core, "c")
    took = time.process_time() - begun
    assert isinstance(ours, CGradient)
    arrays = compiled(core, "numpy")
    calls: dict[str, Callable[[], Any]] = {"ours, C, bound": ours.bound(parameters, inputs, targets)}
    calls["ours, C, called"] = lambda: ours(parameters, inputs, targets)
    calls["ours, numpy, bound"] = arrays.bound(parameters, inputs, targets)
    calls["numpy by hand"] = lambda: by_hand(parameters, inputs, targets)[1]
    if count == 1:
        lists = {key: value.tolist() for key, value in parameters.items()}
        if sum(sizes) < 200:
            python = compiled(core, "python")
            calls["ours, Python, bound"] = python.bound(lists, inputs.tolist(), targets.tolist())
        small = sum(to * by for by, to in pairwise(sizes)) < 1000
        calls["C by hand"] = bound_c((straight_c if small else looped_c)(sizes), parameters, inputs, targets)
    for name, peer in (("torch eager", torch_eager), ("JAX jit", jax_jit)):
        try:
            calls[name] = peer(parameters, inputs, targets)
        except ImportError:
            print(f"  {name} is not installed")
    if count == 1 and sum(sizes) < 100:
        try:
            calls["CasADi, C"] = casadi_c(sizes, parameters, inputs, targets)
        except ImportError:
            print("  CasADi is not installed")
    exact = by_hand_reference(derivation, parameters, inputs, targets) if count == 1 and sum(sizes) < 100 else None
    if exact is not None:
        calls = {name: call for name, call in calls.items() if checked(name, call(), exact)}
    found = microseconds(calls, rounds=rounds)
    print(
        f"{'-'.join(map(str, sizes))}, {count:,} observation{'s' if count > 1 else ''} "
        f"({took * 1e3:.0f} ms of our CPU to write the C)"
    )
    base = found["ours, C, bound"]
    for name, value in found.items():
        print(f"  {name:22} {value:12.3f} us {value / base:10.2f}")


def by_hand_reference(derivation: Any, parameters: dict[str, Any], inputs: Any, targets: Any) -> dict[str, Any]:
    """Gradients to 50 digits, as floats."""
    values = derivation.evaluate(inputs=inputs.tolist(), targets=targets.tolist(), parameters=parameters, precision=50)
    found = {}
    for key in parameters:
        kind, layer = ("w" if key[0] == "W" else "b"), key[1:]
        found[key] = np.array(values[f"dE/d{kind}[{layer}]"], dtype=float)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    rounds = 7 if parser.parse_args().quick else 25
    for sizes in ((2, 2, 2), (8, 8, 8, 8), (64, 64, 64, 10), (784, 128, 10)):
        table(sizes, 1, rounds=rounds)
    for sizes in ((2, 2, 2), (3, 3, 3), (8, 8, 8, 8), (784, 128, 10)):
        table(sizes, 10_000, rounds=rounds if sum(sizes) < 100 else 3)


if __name__ == "__main__":
    main()
