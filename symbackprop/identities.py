"""Decides whether two formulas are equal, by a polynomial identity where one decides it. Never simplifies.

Both are first resolved: at random points the sign of every ``abs``, ``max`` and choice by sign is known, and around the
point each formula is one smooth piece. The pieces' difference becomes a rational function of exponentials, logarithms
and the like, taken as independent symbols; if its numerator expands to 0 the formulas are equal there, exactly. Where
that says nothing, agreement to `DIGITS` digits at the random points decides, and the verdict says so.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import lcm
from random import Random
from typing import Any

import sympy

from symbackprop.algebra import Expr, rational, real_symbol, to_sympy
from symbackprop.arithmetic import NotANumber, precise, sign_of
from symbackprop.errors import InputError
from symbackprop.expressions import (
    ONE,
    BySign,
    Call,
    Expression,
    Negative,
    Number,
    Power,
    Product,
    Quotient,
    Reference,
    Sum,
    as_expression,
    leaves,
    substituted,
)
from symbackprop.functions import ABS, MAX, MIN, SIGN

DIGITS = 40
POINTS = 6  # in each range
RANGES = ((Fraction(1, 50), Fraction(49, 50)), (Fraction(-4), Fraction(4)))
LARGEST_EXPANSION = 4_000  # operations of a difference that is still expanded
MOST_SYMBOLS = 8  # and symbols in it: a softmax of many units takes seconds

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


def slope_of(value: Expression, by: Hashable, slope: Expression) -> Verdict:
    """Whether ``slope`` is the derivative of ``value`` by the leaf ``by``, by `sympy.diff`, away from kinks."""
    places: dict[Hashable, int] = {by: 0}
    for leaf in (*leaves(value), *leaves(slope)):
        places.setdefault(leaf, len(places))

    def placed(of: Hashable) -> Expression:
        return Reference(places[of])

    return _slope_decided(substituted(value, placed), substituted(slope, placed), len(places))


@lru_cache(maxsize=1024)
def _decided(left: Expression, right: Expression, count: int) -> Verdict:
    if left == right:
        return Verdict(True, True, "the same formula")
    return _settled(_pieces(left, right, count), _formulas_differ_by, count)


@lru_cache(maxsize=1024)
def _slope_decided(value: Expression, slope: Expression, count: int) -> Verdict:
    return _settled(_pieces(value, slope, count), _slopes_differ_by, count)


def same_polynomial(left: Expression, right: Expression) -> Verdict:
    """Whether two formulas are one polynomial, in their leaves and in whatever functions and quotients are in them."""
    parts: dict[Expression, Expr] = {}
    first, second = (_in_parts(each, parts) for each in (left, right))
    if sympy.expand(first - second) == 0:
        return Verdict(True, True, "a polynomial identity, expanded")
    return Verdict(False, True, "two different polynomials")


def _in_parts(expression: Expression, parts: dict[Expression, Expr]) -> Expr:
    """A formula as a SymPy polynomial, every other operation's result a symbol of its own."""
    match expression:
        case Sum(operands):
            return sympy.Add(*[_in_parts(each, parts) for each in operands])
        case Product(operands):
            return sympy.Mul(*[_in_parts(each, parts) for each in operands])
        case Negative(operand):
            return -_in_parts(operand, parts)
        case Number(value):
            return rational(value)
        case Quotient(above, below):
            return _in_parts(above, parts) * _reciprocal(below, parts)
        case Power(base, Number(exponent)) if exponent.denominator == 1 and exponent > 0:
            return _in_parts(base, parts) ** int(exponent)
    return parts.setdefault(expression, sympy.Dummy())


def _reciprocal(expression: Expression, parts: dict[Expression, Expr]) -> Expr:
    """1 over a formula: of a number itself, of a product that of each factor, of anything else a symbol."""
    match expression:
        case Number(value) if value:
            return rational(1 / value)
        case Product(operands):
            return sympy.Mul(*[_reciprocal(each, parts) for each in operands])
        case Power(base, Number(exponent)) if exponent.denominator == 1 and exponent > 0:
            return _reciprocal(base, parts) ** int(exponent)
    return parts.setdefault(Quotient(ONE, expression), sympy.Dummy())


Piece = tuple[Expression, Expression]


def _formulas_differ_by(piece: Piece) -> Expr:
    left, right = piece
    return to_sympy(left, _symbol) - to_sympy(right, _symbol)


def _slopes_differ_by(piece: Piece) -> Expr:
    value, slope = piece
    return sympy.diff(to_sympy(value, _symbol), _symbol(0)) - to_sympy(slope, _symbol)


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


def _settled(pieces: Mapping[Piece, list[Point]], difference_of: Callable[[Piece], Expr], count: int) -> Verdict:
    met, inexact = 0, 0
    for piece, points in pieces.items():
        difference = difference_of(piece)
        if _vanishes(difference):
            continue
        inexact += 1
        for point in points:
            agree = _agree(difference, piece[1], point)
            if agree is False:
                return Verdict(False, True, f"different at {_written(point)}")
            met += agree is True
    if not pieces or (inexact and not met):
        return Verdict(False, False, "no point was found where both have values")
    if inexact:
        return Verdict(True, False, f"equal to {DIGITS} digits at {met} random points")
    return Verdict(
        True,
        True,
        "a polynomial identity, expanded" + (f", in each of {len(pieces)} pieces" if len(pieces) > 1 else ""),
    )


def _points(count: int) -> list[Point]:
    random = Random("identities")
    return [
        tuple(low + (high - low) * Fraction(random.randrange(1, 10**6), 10**6) for _ in range(count))
        for low, high in RANGES
        for _ in range(POINTS)
    ]


def _agree(difference: Expr, compared: Expression, point: Point) -> bool | None:
    """Whether a difference is 0 at a point, next to the size of what is compared; None where it has no real value."""
    try:
        size = abs(precise(compared, point.__getitem__, 15))
    except (NotANumber, InputError):
        return None
    at_point = difference.xreplace({_symbol(place): rational(value) for place, value in enumerate(point)})
    value = sympy.N(at_point, DIGITS + 20)
    if not (value.is_number and value.is_real and value.is_finite):
        return None
    return bool(abs(value) <= (size + 1) * sympy.Float(10) ** -DIGITS)


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


def _symbol(of: Hashable) -> Expr:
    return real_symbol(f"x{of}")


def _operations(expr: Expr) -> int:
    return int(sympy.count_ops(expr))


def _vanishes(difference: Expr) -> bool:
    """Whether a difference of smooth formulas is 0 as a rational function of its symbols and transcendental parts."""
    if difference == 0:
        return True
    if _operations(difference) > LARGEST_EXPANSION or len(difference.free_symbols) > MOST_SYMBOLS:
        return False
    return _is_zero_rational(difference) or _vanishes_as_logarithm(difference) or _vanishes_by_coefficient(difference)


def _is_zero_rational(difference: Expr) -> bool:
    independent = _with_independent_parts(difference)
    numerator, _ = sympy.fraction(sympy.together(independent))
    return bool(sympy.expand(numerator) == 0)


def _vanishes_as_logarithm(difference: Expr) -> bool:
    """Whether rest + Σ whole number · log(argument) is 0, as exp(rest) · Π argument^number = 1."""
    rest, whole = sympy.S.Zero, sympy.S.One
    for term in sympy.Add.make_args(sympy.expand(difference)):
        number, part = term.as_coeff_Mul()
        if isinstance(part, sympy.log) and number.is_Integer:
            whole *= part.args[0] ** number
        elif part.has(sympy.log):
            return False
        else:
            rest += term
    return whole != 1 and _is_zero_rational(whole * sympy.exp(rest) - 1)


def _vanishes_by_coefficient(difference: Expr) -> bool:
    """Whether each coefficient is 0, as a polynomial in the symbols that stand outside of every function."""
    inside = set().union(*(each.free_symbols for each in difference.atoms(sympy.Function)))
    outside = sorted(difference.free_symbols - inside, key=str)
    if not inside or not outside or not difference.is_polynomial(*outside):
        return False
    return all(_vanishes(each) for each in sympy.Poly(sympy.expand(difference), *outside).coeffs())


def _with_independent_parts(expr: Expr) -> Expr:
    """The expression with exponentials as powers of a few symbols, other functions as symbols."""
    expr = expr.rewrite([sympy.tanh, sympy.sinh, sympy.cosh], sympy.exp).rewrite(sympy.erfc, sympy.erf)
    found = sorted(expr.atoms(sympy.exp), key=sympy.default_sort_key)
    exponents = {each: _parts(each.args[0]) for each in found}
    units: dict[Any, int] = {}
    for parts in exponents.values():
        for part, number in parts.items():
            units[part] = lcm(units.get(part, 1), int(number.q))
    symbols = {part: sympy.Dummy(positive=True) for part in units}
    replaced: dict[Any, Any] = {
        each: sympy.Mul(*[symbols[part] ** (number * units[part]) for part, number in parts.items()])
        for each, parts in exponents.items()
    }
    expr = expr.xreplace(replaced)
    others = expr.atoms(sympy.Function)
    outermost = sorted(others, key=lambda each: (-_operations(each), sympy.default_sort_key(each)))
    return expr.xreplace({each: sympy.Dummy(real=True) for each in outermost})


def _parts(exponent: Expr) -> Mapping[Any, Any]:
    """An exponent as a sum of rational multiples of parts without a rational factor."""
    found: dict[Any, Any] = {}
    for term in sympy.Add.make_args(sympy.expand(exponent)):
        number, part = term.as_coeff_Mul()
        if not number.is_Rational:
            number, part = sympy.S.One, term
        found[part] = found.get(part, sympy.S.Zero) + number
    return found
