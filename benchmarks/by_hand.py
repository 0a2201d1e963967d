"""What one writes by hand for a network of sigmoids with squared error: numpy, straight-line C, C in loops."""

from __future__ import annotations

import ctypes
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
