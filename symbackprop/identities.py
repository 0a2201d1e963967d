"""Decides whether two formulas are equal, by a polynomial identity where one decides it. Never simplifies.

Both are first resolved: at random points the sign of every ``abs``, ``max`` and choice by sign is known, and around the
point each formula is one smooth piece. Two pieces become rational functions of exponentials, logarithms and the like,
taken as independent symbols; if they are the same one the formulas are equal there, exactly. `ratios` sees that for
most formulas, SymPy for more (`vanishing`). Where neither says so, agreement to 40 digits at the random points decides,
and the verdict says so.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from random import Random
from typing import Any

from symbackprop.arithmetic import NotANumber, precise, sign_of
from symbackprop.errors import InputError
from symbackprop.expressions import (
    BySign,
    Call,
    Expression,
    Negative,
    Reference,
    as_expression,
    leaves,
    substituted,
)
from symbackprop.functions import ABS, MAX, MIN, SIGN
from symbackprop.limits import AGREEING_DIGITS
from symbackprop.polynomials import are_same
from symbackprop.ratios import are_equal, is_slope_of

POINTS = 6  # in each range
RANGES = ((Fraction(1, 50), Fraction(49, 50)), (Fraction(-4), Fraction(4)))

ValueOf = Callable[[Any], Fraction]
Point = tuple[Fraction, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether two formulas are equal; ``exact`` if a polynomial identity says so, else random points do."""

    holds: bool
    exact: bool
    how: str

    def __bool__(self) -> bool:
        return self.holds


class _Tie(Exception):
    """A random point on a kink."""


def decide(left: Expression, right: Expression) -> Verdict:
    """Whether two formulas of the same leaves are equal wherever both have values.

    >>> x = Reference("x")
    >>> decide((x - 1) * (x + 1), x**2 - 1)
    Verdict(holds=True, exact=True, how='a polynomial identity, expanded')
    """
    places: dict[Hashable, int] = {}
    for leaf in (*leaves(left), *leaves(right)):
        places.setdefault(leaf, len(places))

    def placed(of: Hashable) -> Expression:
        return Reference(places[of])

    return _decided(substituted(left, placed), substituted(right, placed), len(places))


def slope_of(value: Expression, by: Hashable, slope: Expression, *, by_sympy: bool = True) -> Verdict:
    """Whether ``slope`` is the derivative of ``value`` by the leaf ``by``, by `sympy.diff`, away from kinks.

    ``by_sympy=False`` asks SymPy only where `ratios` cannot tell.
    """
    places: dict[Hashable, int] = {by: 0}
    for leaf in (*leaves(value), *leaves(slope)):
        places.setdefault(leaf, len(places))

    def placed(of: Hashable) -> Expression:
        return Reference(places[of])

    comparison = _SLOPES_BY_SYMPY if by_sympy else _SLOPES
    return _slope_decided(substituted(value, placed), substituted(slope, placed), len(places), comparison)


@lru_cache(maxsize=1024)
def _decided(left: Expression, right: Expression, count: int) -> Verdict:
    if left == right:
        return Verdict(True, True, "the same formula")
    pieces = _pieces(left, right, count)
    unseen: dict[Piece, list[Point]] = {}
    for piece, points in pieces.items():
        if are_equal(*piece):
            continue
        if _differ_at(piece, points[0]):
            return Verdict(False, True, f"different at {_written(points[0])}")
        unseen[piece] = points
    return _settled(len(pieces), unseen, _of_formulas)


def _differ_at(piece: Piece, point: Point) -> bool:
    """Whether two formulas are seen to have different values at a point, beyond any doubt of rounding."""
    try:
        one, other = (precise(each, point.__getitem__, AGREEING_DIGITS) for each in piece)
    except (NotANumber, InputError):
        return False
    return bool(abs(one - other) > (abs(one) + 1) / 10 ** (AGREEING_DIGITS // 2))


@lru_cache(maxsize=1024)
def _slope_decided(value: Expression, slope: Expression, count: int, comparison: _Comparison) -> Verdict:
    pieces = _pieces(value, slope, count)
    unseen = {piece: points for piece, points in pieces.items() if not comparison.seen(*piece)}
    return _settled(len(pieces), unseen, comparison.difference)


def same_polynomial(left: Expression, right: Expression) -> Verdict:
    """Whether two formulas are one polynomial, in their leaves and in whatever functions and quotients are in them."""
    if are_same(left, right):
        return Verdict(True, True, "a polynomial identity, expanded")
    return Verdict(False, True, "two different polynomials")


Piece = tuple[Expression, Expression]


def _pieces(left: Expression, right: Expression, count: int) -> dict[Piece, list[Point]]:
    """The smooth pieces that random points lie on, with those points."""
    found: dict[Piece, list[Point]] = {}
    for point in _points(count):
        value_of = point.__getitem__
        try:
            piece = (resolved(left, value_of), resolved(right, value_of))
        except (NotANumber, InputError, _Tie):
            continue
        found.setdefault(piece, []).append(point)
    return found


@dataclass(frozen=True, slots=True)
class _Comparison:
    """How a slope is compared with a formula's: first without SymPy, then by a difference that has to vanish."""

    seen: Callable[[Expression, Expression], bool]
    difference: Callable[[Expression, Expression], Any]


def _of_formulas(left: Expression, right: Expression) -> Any:
    from symbackprop.vanishing import difference_of_formulas

    return difference_of_formulas(left, right)


def _of_slopes(value: Expression, slope: Expression) -> Any:
    from symbackprop.vanishing import difference_of_slopes

    return difference_of_slopes(value, slope)


_SLOPES = _Comparison(lambda value, slope: is_slope_of(value, 0, slope), _of_slopes)
_SLOPES_BY_SYMPY = _Comparison(lambda value, slope: False, _of_slopes)


def _settled(
    count: int, unseen: Mapping[Piece, list[Point]], difference_of: Callable[[Expression, Expression], Any]
) -> Verdict:
    """The verdict on so many pieces, of which ``unseen`` have not been seen to be equal."""
    met, inexact = 0, 0
    for piece, points in unseen.items():
        from symbackprop.vanishing import agree_at, vanishes  # these load SymPy

        difference = difference_of(*piece)
        if vanishes(difference):
            continue
        inexact += 1
        for point in points:
            agree = agree_at(difference, piece[1], point)
            if agree is False:
                return Verdict(False, True, f"different at {_written(point)}")
            met += agree is True
    if not count or (inexact and not met):
        return Verdict(False, False, "no point was found where both have values")
    if inexact:
        return Verdict(True, False, f"equal to {AGREEING_DIGITS} digits at {met} random points")
    return Verdict(
        True,
        True,
        "a polynomial identity, expanded" + (f", in each of {count} pieces" if count > 1 else ""),
    )


def _points(count: int) -> list[Point]:
    random = Random("identities")
    return [
        tuple(low + (high - low) * Fraction(random.randrange(1, 10**6), 10**6) for _ in range(count))
        for low, high in RANGES
        for _ in range(POINTS)
    ]


def _written(point: Point) -> str:
    return ", ".join(f"{float(value):.4g}" for value in point[:6])


def resolved(expression: Expression, value_of: ValueOf) -> Expression:
    """The smooth piece of a formula around a point: functions with kinks decided by the signs there."""

    def sign(decider: Expression) -> int:
        found = sign_of(decider, value_of)
        if not found:
            raise _Tie
        return found

    match expression:
        case BySign(decider, negative, _, positive):
            return resolved(negative if sign(decider) < 0 else positive, value_of)
        case Call(function, arguments) if function.definition is not None:
            return resolved(function.definition(*arguments), value_of)
        case Call(function, (only,)) if function == ABS:
            inner = resolved(only, value_of)
            return Negative(inner) if sign(only) < 0 else inner
        case Call(function, (only,)) if function == SIGN:
            return as_expression(sign(only))
        case Call(function, (first, second)) if function in (MAX, MIN):
            larger = sign(first - second) > 0
            return resolved(first if larger == (function == MAX) else second, value_of)
    children = expression.children
    return expression.rebuilt(tuple(resolved(child, value_of) for child in children)) if children else expression
