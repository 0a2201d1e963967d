"""Differences of two formulas in SymPy: whether they vanish, as rational functions or in numbers. Never simplifies.

The slow and strong side of `identities`: loaded only for what that cannot decide by itself.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from fractions import Fraction
from math import lcm
from typing import Any

import sympy

from symbackprop.algebra import Expr, rational, real_symbol, to_sympy
from symbackprop.arithmetic import NotANumber, precise
from symbackprop.errors import InputError
from symbackprop.expressions import Expression
from symbackprop.limits import AGREEING_DIGITS

LARGEST_EXPANSION = 4_000  # operations of a difference that is still expanded
MOST_SYMBOLS = 8  # and symbols in it: a softmax of many units takes seconds


def difference_of_formulas(left: Expression, right: Expression) -> Expr:
    """The difference of two formulas in numbered leaves."""
    return to_sympy(left, _symbol) - to_sympy(right, _symbol)


def difference_of_slopes(value: Expression, slope: Expression) -> Expr:
    """The difference of a formula's derivative by its leaf 0 and a stated one."""
    return sympy.diff(to_sympy(value, _symbol), _symbol(0)) - to_sympy(slope, _symbol)


def _symbol(of: Hashable) -> Expr:
    return real_symbol(f"x{of}")


def agree_at(difference: Expr, compared: Expression, point: Sequence[Fraction]) -> bool | None:
    """Whether a difference is 0 at a point, next to the size of what is compared; None where it has no real value."""
    try:
        size = abs(precise(compared, point.__getitem__, 15))
    except (NotANumber, InputError):
        return None
    at_point = difference.xreplace({_symbol(place): rational(value) for place, value in enumerate(point)})
    value = sympy.N(at_point, AGREEING_DIGITS + 20)
    if not (value.is_number and value.is_real and value.is_finite):
        return None
    return bool(abs(value) <= (size + 1) * sympy.Float(10) ** -AGREEING_DIGITS)


def _operations(expr: Expr) -> int:
    return int(sympy.count_ops(expr))


def vanishes(difference: Expr) -> bool:
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
    return all(vanishes(each) for each in sympy.Poly(sympy.expand(difference), *outside).coeffs())


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
