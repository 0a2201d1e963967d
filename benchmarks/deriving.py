"""Deriving, and stating gradients one by one, against CasADi and against bare SymPy."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from typing import Any

import sympy

from benchmarks.measure import Curves, Ratio, Skipped, Timing, alone, in_turn, in_turns, missing
from benchmarks.networks import backward, gradients, network
from symbackprop.algebra import Symbols, entries
from symbackprop.derivation import Derivation, derive
from symbackprop.quantities import Quantity, every_index

SIZES = (64, 64, 64, 10)
LARGE = (784, 128, 10)
SMALL = (2, 2, 2)
MICROSECONDS = 16
LAYERS_OF_8 = (8, 8, 8, 8)
WIDTHS = (2, 4, 8, 16, 32, 64, 128)


def ratios() -> Iterator[Ratio | Skipped]:
    why = missing("casadi")
    yield Skipped("derive against CasADi MX", why) if why else against_casadi()
    yield flat_in_width()
    for sizes in (SIZES, LARGE):
        yield scalars(*sizes)
    yield canonical()
    yield against_diff()


def against_casadi() -> Ratio:
    ours, theirs = in_turn(deriving(*SIZES), casadi_mx(*SIZES))
    return Ratio("derive 64-64-64-10, warm", "CasADi MX, loss and gradients", ours, theirs, 0.5)


def flat_in_width() -> Ratio:
    ours, theirs = in_turn(deriving(*LARGE), deriving(*SMALL))
    return Ratio("derive 784-128-10, warm", "ours, 2-2-2", ours, theirs, 1.5)


def curves() -> Iterator[Curves]:
    """Time of deriving, and of stating every gradient's own equation, against the number of weights and biases."""
    ways: dict[str, Callable[[int], Callable[[], object]]] = {
        "ours, derived": lambda width: deriving(width, width, width),
        "ours, every gradient's own equation": lambda width: stating(width, width, width),
    }
    if not missing("casadi"):
        ways["CasADi MX, loss and gradients"] = lambda width: casadi_mx(width, width, width)
    lines: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for width in WIDTHS:
        for name, timing in in_turns({name: way(width) for name, way in ways.items()}, runs=5, least=0.005).items():
            lines[name].append((2 * width * (width + 1), timing.median))
    yield Curves("deriving", "Deriving k-k-k sigmoids", lines)


def stating(*sizes: int) -> Callable[[], object]:
    described = network(*sizes)

    def run() -> object:
        derivation = derive(described)
        return [derivation.system.scalar(Quantity(a, place)) for a in gradients(derivation) for place in every_index(a)]

    return run


def deriving(*sizes: int) -> Callable[[], object]:
    described = network(*sizes)
    return lambda: derive(described)


def casadi_mx(*sizes: int) -> Callable[[], object]:
    """The same network in CasADi's matrix expressions: loss, and its gradient by each weight matrix and bias."""
    import casadi

    def run() -> object:
        x, t = casadi.MX.sym("x", sizes[0]), casadi.MX.sym("t", sizes[-1])
        parameters, out = [], x
        for number, (before, units) in enumerate(itertools.pairwise(sizes)):
            w, b = casadi.MX.sym(f"w{number}", units, before), casadi.MX.sym(f"b{number}", units)
            out = 1 / (1 + casadi.exp(-(w @ out + b)))
            parameters += [w, b]
        loss = casadi.sumsqr(out - t) / 2
        return [casadi.gradient(loss, each) for each in parameters]

    return run


def scalars(*sizes: int) -> Ratio:
    """Every gradient's own equation, per gradient, against the limit in microseconds."""
    derivation = derive(network(*sizes))
    wanted = [Quantity(array, place) for array in gradients(derivation) for place in every_index(array)]
    scalar = derivation.system.scalar
    timing = alone(lambda: [scalar(quantity) for quantity in wanted])
    each = Timing(tuple(seconds / len(wanted) for seconds in timing.seconds))
    limit = Timing((MICROSECONDS * 1e-6,) * len(each.seconds))
    name = "-".join(map(str, sizes))
    return Ratio(f"scalar equations of {name}, each of {len(wanted):,}", f"{MICROSECONDS} µs", each, limit, 1)


def canonical() -> Ratio:
    """All of the backward pass of 64-64-64-10 in SymPy, against Add and Mul of the same symbols."""
    derivation = derive(network(*SIZES))
    symbols = Symbols(derivation.notation)
    equations = backward(derivation)
    bare = typed_by_a_user(derivation, symbols)
    ours, theirs = in_turn(lambda: [entries(each, symbols) for each in equations], bare)
    assert [each for equation in equations for each in entries(equation, symbols)] == [*itertools.chain(*bare())]
    return Ratio("backward pass of 64-64-64-10 as SymPy expressions", "bare n-ary Add and Mul", ours, theirs, 1.3)


def typed_by_a_user(derivation: Derivation, symbols: Symbols) -> Callable[[], list[list[Any]]]:
    """The backward pass typed by hand for dense layers with a bias, by array in the System's order."""
    now, arrays = derivation.now, derivation.arrays
    made = {equation.target.array: equation for equation in backward(derivation)}

    def column(array: Any) -> list[Any]:
        return [symbols(Quantity(array, place)) for place in every_index(array)]

    slopes = [column(derivation.slope(out, net)) for out, net in zip(now.outs, now.nets, strict=True)]
    nets = [column(_delta(made, net)) for net in now.nets]
    by_outs = [column(derivation.gradient_array(out)) for out in now.outs]
    outs = [column(each) for each in (arrays.inputs[0], *now.outs[:-1])]
    weights = [column(each) for each in arrays.weights]
    add, mul = sympy.Add, sympy.Mul

    def of_layer(number: int) -> dict[Any, list[Any]]:
        deltas, before, width = nets[number], outs[number], len(outs[number])
        above = None if number == len(nets) - 1 else (weights[number + 1], nets[number + 1])
        found = {
            _delta(made, now.nets[number]): [mul(*pair) for pair in zip(by_outs[number], slopes[number], strict=True)]
        }
        if above is not None:
            matrix, upstream = above
            own = len(deltas)
            found[derivation.gradient_array(now.outs[number])] = [
                add(*[mul(delta, matrix[j * own + k]) for j, delta in enumerate(upstream)]) for k in range(own)
            ]
        found[derivation.gradient_array(arrays.weights[number])] = [mul(d, a) for d in deltas for a in before]
        bias = arrays.biases[number]
        assert bias is not None
        found[derivation.gradient_array(bias)] = list(deltas)
        if number == 0:
            matrix = weights[0]
            found[derivation.gradient_array(arrays.inputs[0])] = [
                add(*[mul(delta, matrix[j * width + k]) for j, delta in enumerate(deltas)]) for k in range(width)
            ]
        return found

    def run() -> list[list[Any]]:
        found: dict[Any, list[Any]] = {}
        for number in range(len(nets)):
            found |= of_layer(number)
        return [found[array] for array in made]

    return run


def _delta(made: dict[Any, Any], net: Any) -> Any:
    return next(array for array in made if array.role.value == "delta" and array.layer == net.layer)


def against_diff() -> Ratio:
    """Ours: derive, and state every gradient's own equation. SymPy: one weight a layer, times their number."""
    timing = alone(stating(*LAYERS_OF_8))
    seconds = diff_seconds(*LAYERS_OF_8)
    note = "extrapolated: `sympy.diff` measured once for one weight of each layer, times the layer's parameters"
    return Ratio(
        "all gradients of 8-8-8-8", "sympy.diff of the closed loss", timing, Timing((seconds,) * 3), None, note
    )


def diff_seconds(*sizes: int) -> float:
    """About how long `sympy.diff` takes for all parameters of the closed loss."""
    outs: list[Any] = list(sympy.symbols(f"x:{sizes[0]}"))
    chosen = []
    for number, (before, units) in enumerate(itertools.pairwise(sizes), 1):
        w = [[sympy.Symbol(f"w{number}_{j}_{k}") for k in range(before)] for j in range(units)]
        b = [sympy.Symbol(f"b{number}_{j}") for j in range(units)]
        nets = [sympy.Add(*[sympy.Mul(w[j][k], outs[k]) for k in range(before)], b[j]) for j in range(units)]
        outs = [1 / (1 + sympy.exp(-net)) for net in nets]
        chosen.append((w[0][0], units * (before + 1)))
    targets = sympy.symbols(f"t:{sizes[-1]}")
    loss = sympy.Add(*[(out - t) ** 2 / 2 for out, t in zip(outs, targets, strict=True)])
    seconds = 0.0
    for weight, count in chosen:
        start = time.process_time()
        sympy.diff(loss, weight)
        seconds += count * (time.process_time() - start)
    return seconds
