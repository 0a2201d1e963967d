"""Shares: what one observation adds to a sum over observations, as an equation. Never computes a number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from symbackprop.quantities import Array, Axis, Cell, Role
from symbackprop.system import Equation, Map, Reindex, Scatter, SumOfProducts
from symbackprop.terms import Factor, Term


def shared(array: Array, observations: Axis) -> Array:
    """The array of an array's shares: the same with an axis of observations in front, if it has none."""
    return array if array.has_observations else replace(array, axes=(observations, *array.axes))


def summed_in(equation: Equation) -> list[Array]:
    """The sums over observations that an equation is made of: its shares are made of theirs."""
    match equation:
        case SumOfProducts(target, terms):
            factors: Sequence[Factor] = [factor for term in terms for factor in term.factors]
        case Map(target, scale=scale):
            factors = scale.factors
        case Reindex() | Scatter():
            return [each for each in equation.sources if not each.has_observations]
    return [each.array for each in factors if _is_sum(each, target) and isinstance(each, Cell)]


def share_of(equation: Equation, observations: Axis) -> Equation:
    """The equation of the shares of what an equation defines."""
    target = Cell(shared(equation.target.array, observations), ("n", *equation.target.indices))

    def share(term: Term) -> Term:
        return _share_of_term(term, equation.target, observations)

    match equation:
        case SumOfProducts(_, terms):
            return SumOfProducts(target, tuple(map(share, terms)))
        case Map(_, scale=scale):
            return replace(equation, target=target, scale=share(scale))
        case Reindex(_, sources, table):
            return Reindex(target, tuple(shared(each, observations) for each in sources), table)
        case Scatter(_, sources, table, extra):
            shares = tuple(shared(each, observations) for each in sources)
            return Scatter(target, shares, table, tuple(map(share, extra)))
    raise AssertionError(equation)


def _is_sum(factor: Factor, target: Cell) -> bool:
    """Whether a term's factor is the adjoint that it comes from, and a sum over observations itself."""
    if not isinstance(factor, Cell) or factor.array.has_observations or factor.array.label:
        return False
    one, other = factor.array, target.array
    return one.role is Role.DERIVATIVE and (one.of, one.of_unit) == (other.of, other.of_unit)


def _share_of_term(term: Term, target: Cell, observations: Axis) -> Term:
    """What one observation adds; of what does not come from observations, as much as any other one."""
    if any("n" in factor.indices for factor in term.factors):
        return term
    if not term.factors and observations.size is not None:
        return replace(term, number=term.number / observations.size)
    for place, factor in enumerate(term.factors):
        if isinstance(factor, Cell) and _is_sum(factor, target):
            own = Cell(shared(factor.array, observations), ("n", *factor.indices))
            return replace(term, factors=(*term.factors[:place], own, *term.factors[place + 1 :]))
    return replace(term, over=(*term.over, observations))
