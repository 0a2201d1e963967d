"""What one writes by hand for a network of sigmoids with squared error, in numpy, Python and C."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.data import Case, Sizes
from symbackprop.compiled import building


def numpy_lines(parameters: dict[str, Any], inputs: Any, targets: Any) -> tuple[float, dict[str, Any]]:
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


def bound_c(case: Case) -> Callable[[], Any]:
    """C bound in the very way that ours is, and compiled with the same flags: straight lines where they are few."""
    source = (_straight if case.weights < 1000 else _looped)(case.sizes)
    library = building.library(source)
    address = ctypes.cast(library.symbackprop_call, ctypes.c_void_p).value
    loss, gradients = np.zeros(()), {key: np.zeros_like(value) for key, value in case.parameters.items()}
    arrays = [case.inputs, case.targets, *case.parameters.values(), loss, *gradients.values()]
    glue = building.glue()
    assert glue is not None
    bound = glue.Bound(address, 1, tuple(each.ctypes.data for each in arrays), loss, gradients, (library, arrays))
    bound()
    return bound


def bound_python(case: Case) -> Callable[[], Any]:
    """A line for each number on fixed lists: the fewest operations there are, in forms that overflow."""
    lists = {key: value.tolist() for key, value in case.parameters.items()}
    space = {"exp": math.exp, "x": case.inputs.tolist(), "t": case.targets.tolist(), **lists}
    last = len(case.sizes) - 1
    outs = [[f"x{k}" for k in range(case.sizes[0])]]
    lines = [f"{_names('x', case.sizes[0])} = x", f"{_names('t', case.sizes[-1])} = t"]
    for layer in range(1, last + 1):
        by, to = case.sizes[layer - 1], case.sizes[layer]
        rows = ", ".join(f"({_names(f'w{layer}_{j}_', by)})" for j in range(to))
        lines += [f"{rows}, = W{layer}", f"{_names(f'b{layer}_', to)} = b{layer}"]
        outs.append([f"o{layer}_{j}" for j in range(to)])
        for j, out in enumerate(outs[-1]):
            terms = [f"w{layer}_{j}_{k} * {name}" for k, name in enumerate(outs[-2])]
            lines.append(f"{out} = 1.0 / (1.0 + exp(-({' + '.join(terms)} + b{layer}_{j})))")
    lines += [f"g{j} = {out} - t{j}" for j, out in enumerate(outs[-1])]
    lines.append(f"call.loss = {' + '.join(f'0.5 * g{j} * g{j}' for j in range(case.sizes[-1]))}")
    found = []
    for layer in range(last, 0, -1):
        above = [f"g{j}" for j in range(case.sizes[-1])] if layer == last else _sent_back(case.sizes, layer)
        lines += [f"d{layer}_{j} = {above[j]} * {out} * (1.0 - {out})" for j, out in enumerate(outs[layer])]
        rows = ", ".join(f"[{', '.join(f'd{layer}_{j} * {out}' for out in outs[layer - 1])}]"
                         for j in range(case.sizes[layer]))  # fmt: skip
        found += [f"'W{layer}': [{rows}]", f"'b{layer}': [{_names(f'd{layer}_', case.sizes[layer])}]"]
    body = "\n    ".join([*lines, f"return {{{', '.join(found)}}}"])
    exec(f"def call():\n    {body}", space)  # noqa: S102 - the lines above
    call: Callable[[], Any] = space["call"]
    return call


def _names(start: str, count: int) -> str:
    return "".join(f"{start}{number}, " for number in range(count))


def _sent_back(sizes: Sizes, layer: int) -> list[str]:
    """What the layer above sends back to each unit of a layer."""
    above = range(sizes[layer + 1])
    return [f"({' + '.join(f'd{layer + 1}_{k} * w{layer + 1}_{k}_{j}' for k in above)})" for j in range(sizes[layer])]


def _straight(sizes: Sizes) -> str:
    """A line for each number, exp of the C library."""
    lines: list[str] = []
    names = [[f"x[{k}]" for k in range(sizes[0])]]
    last = len(sizes) - 1
    for layer in range(1, last + 1):
        names.append([f"o{layer}_{j}" for j in range(sizes[layer])])
        for j in range(sizes[layer]):
            terms = [f"W{layer}[{j * sizes[layer - 1] + k}] * {name}" for k, name in enumerate(names[layer - 1])]
            lines.append(f"double o{layer}_{j} = 1.0 / (1.0 + exp(-({' + '.join(terms)} + b{layer}[{j}])));")
    parts = [f"0.5 * ({o} - t[{j}]) * ({o} - t[{j}])" for j, o in enumerate(names[-1])]
    lines.append(f"*loss = {' + '.join(parts)};")
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
    return _function(sizes, lines)


def _looped(sizes: Sizes) -> str:
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
    return _function(sizes, lines)


def _function(sizes: Sizes, lines: list[str]) -> str:
    layers = range(1, len(sizes))
    given = ["x", "t", *(f"{kind}{layer}" for layer in layers for kind in ("W", "b"))]
    found = ["loss", *(f"d{kind}{layer}" for layer in layers for kind in ("W", "b"))]
    unpacked = [f"double *restrict {name} = p[{place}];" for place, name in enumerate([*given, *found])]
    body = "\n    ".join([*unpacked, *lines])
    head = "#include <math.h>\n#include <stddef.h>\nint symbackprop_call(ptrdiff_t n, double **p)"
    return f"{head}\n{{\n    (void)n;\n    {body}\n    return 0;\n}}\n"
