"""Rewrites: an equation in place of a longer one that is equal to it under a stated condition. Derives nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from symbackprop.catalogue.losses import Orders
from symbackprop.catalogue.pairs import Pair, pair_of
from symbackprop.expressions import Expression
from symbackprop.forward import Pass
from symbackprop.network import Network
from symbackprop.quantities import Array, Cell, Role
from symbackprop.system import Equation, Map, SumOfProducts
from symbackprop.terms import cells_in


@dataclass(frozen=True, slots=True)
class Rewrite:
    """The fused delta of an output layer: what the sweep derived, and what stands in its place."""

    pair: Pair
    before: SumOfProducts
    after: Map


def fused(network: Network, now: Pass, backward: Sequence[Equation], orders: Orders) -> tuple[Rewrite, ...]:
    """The rewrite of the output layer's delta, if its activation and the loss are a pair that has one.

    Not applied where the given targets break the pair's condition.
    """
    if network.program or network.loss is None:
        return ()
    pair = pair_of(network.layers[-1].activation, network.loss.choice)
    if pair is None or not pair.holds(network.targets):
        return ()
    before = next(each for each in backward if each.target.array.role is Role.DELTA)
    assert isinstance(before, SumOfProducts)
    part = _part(now)
    net, out, target = _cells(now, part)
    sign = Fraction(1 if before.terms[0].number > 0 else -1)  # the notation's sign of delta
    scale = replace(part.scale, number=part.scale.number * sign)
    after = Map(before.target, pair.delta(out, target, orders), pair.stable_delta(net, target), scale)
    return (Rewrite(pair, before, after),)


def rewritten(
    passed: Pass, backward: Sequence[Equation], rewrites: Sequence[Rewrite]
) -> tuple[Pass, tuple[Equation, ...]]:
    """The equations with the fused delta in place, the loss and ∂E/∂out computed straight from net."""
    equations, changed = list(passed.equations), list(backward)
    for rewrite in rewrites:
        part = _part(passed)
        net, _, target = _cells(passed, part)
        stable = {
            part.target.array: rewrite.pair.stable_part(net, target),
            _out_slope(passed): rewrite.pair.stable_out_slope(net, target),
        }
        equations = [_with_stable(each, stable) for each in equations]
        changed = [
            rewrite.after if each.target.array == rewrite.after.target.array else _with_stable(each, stable)
            for each in changed
        ]
    return replace(passed, equations=tuple(equations)), tuple(changed)


def _with_stable(equation: Equation, stable: Mapping[Array, Expression]) -> Equation:
    if isinstance(equation, Map) and equation.target.array in stable:
        return replace(equation, stable=stable[equation.target.array])
    return equation


def _out_slope(passed: Pass) -> Array:
    out = passed.outs[-1]
    return Array(Role.DERIVATIVE, out.axes, out.layer, phase=out.phase, of=passed.loss, wrt=out)


def _part(passed: Pass) -> Map:
    (part,) = (each for each in passed.equations if each.target.array == passed.part)
    assert isinstance(part, Map)
    return part


def _cells(passed: Pass, part: Map) -> tuple[Cell, Cell, Cell]:
    """The cells of net, out and target that an output's part of the loss is made of."""
    net, out = Cell(passed.nets[-1], part.target.indices), Cell(passed.outs[-1], part.target.indices)
    (target,) = {leaf for leaf in cells_in(part.body) if leaf.array.role is Role.TARGET}
    return net, out, target
