"""Ordered expressions as SymPy expressions, with the symbols they are made of. Never simplifies, never prints.

SymPy's public constructors make every result, so it is canonical: ``==`` to what a user would type with the same
symbols. Functions that have a definition are written out by it: sigmoid is ``1/(1 + exp(-x))``, relu ``Max(0, x)``.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import sympy

from symbackprop.contraction import planned
from symbackprop.expressions import (
    Along,
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
    Undefined,
)
from symbackprop.notation import Notation
from symbackprop.notation.lettering import plain
from symbackprop.quantities import Axis, Quantity, every_index
from symbackprop.system import SumOfProducts

Expr = Any  # a sympy.Expr: SymPy ships no types
SymbolOf = Callable[[Hashable], Expr]

PRIMITIVES: Mapping[str, Callable[..., Expr]] = {
    "exp": sympy.exp,
    "log": sympy.log,
    "sqrt": sympy.sqrt,
    "sin": sympy.sin,
    "cos": sympy.cos,
    "tan": sympy.tan,
    "asin": sympy.asin,
    "acos": sympy.acos,
    "atan": sympy.atan,
    "sinh": sympy.sinh,
    "cosh": sympy.cosh,
    "tanh": sympy.tanh,
    "asinh": sympy.asinh,
    "acosh": sympy.acosh,
    "atanh": sympy.atanh,
    "erf": sympy.erf,
    "erfc": sympy.erfc,
    "abs": sympy.Abs,
    "sign": sympy.sign,
    "max": sympy.Max,
    "min": sympy.Min,
    "pi": lambda: sympy.pi,
    "expm1": lambda x: sympy.Add(sympy.exp(x), sympy.S.NegativeOne),
    "log1p": lambda x: sympy.log(sympy.Add(sympy.S.One, x)),
}


@dataclass
class Symbols:
    """A notation's symbols: real, named as the notation writes the quantity in plain text. Each is made once."""

    notation: Notation
    _known: dict[Hashable, Expr] = field(default_factory=dict, repr=False)

    def __call__(self, of: Hashable) -> Expr:
        symbol = self._known.get(of)
        if symbol is None:
            symbol = self._known[of] = self._made(of)
        return symbol

    def _made(self, of: Hashable) -> Expr:
        match of:
            case Quantity():
                return real_symbol(plain(self.notation.name(of)))
            case Axis("observation"):
                return sympy.Symbol("n", positive=True, integer=True)
        raise AssertionError(f"no symbol stands for {of!r}")


def real_symbol(name: str) -> Expr:
    """The symbol of that name, as a user would type it: ``sympy.Symbol(name, real=True)``."""
    return sympy.Symbol(name, real=True)


def rational(value: Fraction) -> Expr:
    """The number, exactly."""
    return sympy.Rational(value.numerator, value.denominator)


def to_sympy(expression: Expression, symbol_of: SymbolOf) -> Expr:
    """The expression as a canonical SymPy expression; ``symbol_of`` says what stands for each leaf.

    >>> x = Reference("x")
    >>> to_sympy(x * (1 - x) / 2, sympy.Symbol)
    x*(1 - x)/2
    """
    return _WAYS[type(expression)](expression, symbol_of)


def _reference(expression: Reference, symbol_of: SymbolOf) -> Expr:
    return symbol_of(expression.of)


def _number(expression: Number, _symbol_of: SymbolOf) -> Expr:
    return rational(expression.value)


def _sum(expression: Sum, symbol_of: SymbolOf) -> Expr:
    return sympy.Add(*[to_sympy(each, symbol_of) for each in expression.operands])


def _product(expression: Product, symbol_of: SymbolOf) -> Expr:
    return sympy.Mul(*[to_sympy(each, symbol_of) for each in expression.operands])


def _negative(expression: Negative, symbol_of: SymbolOf) -> Expr:
    operand = expression.operand
    if isinstance(operand, Product):
        return sympy.Mul(sympy.S.NegativeOne, *[to_sympy(each, symbol_of) for each in operand.operands])
    return sympy.Mul(sympy.S.NegativeOne, to_sympy(operand, symbol_of))


def _quotient(expression: Quotient, symbol_of: SymbolOf) -> Expr:
    below = sympy.Pow(to_sympy(expression.denominator, symbol_of), sympy.S.NegativeOne)
    return sympy.Mul(to_sympy(expression.numerator, symbol_of), below)


def _power(expression: Power, symbol_of: SymbolOf) -> Expr:
    return sympy.Pow(to_sympy(expression.base, symbol_of), to_sympy(expression.exponent, symbol_of))


def _call(expression: Call, symbol_of: SymbolOf) -> Expr:
    function = expression.function
    if function.definition is not None:
        return to_sympy(function.definition(*expression.arguments), symbol_of)
    return PRIMITIVES[function.name](*[to_sympy(each, symbol_of) for each in expression.arguments])


def _by_sign(expression: BySign, symbol_of: SymbolOf) -> Expr:
    """A Piecewise of as few branches as the three values need."""
    decider, negative, zero, positive = (to_sympy(each, symbol_of) for each in expression.children)
    if negative == zero == positive:
        return zero
    if negative == zero:
        return sympy.Piecewise((negative, decider <= 0), (positive, True))
    if zero in (positive, positive.xreplace({decider: sympy.S.Zero})):
        return sympy.Piecewise((negative, decider < 0), (positive, True))
    return sympy.Piecewise((negative, decider < 0), (positive, decider > 0), (zero, True))


def _undefined(_expression: Undefined, _symbol_of: SymbolOf) -> Expr:
    return sympy.nan


def _along(_expression: Along, _symbol_of: SymbolOf) -> Expr:
    raise AssertionError("a law in index letters has no SymPy expression: ask for the scalar equation of an entry")


_WAYS: Mapping[type, Callable[[Any, SymbolOf], Expr]] = {
    Reference: _reference,
    Number: _number,
    Sum: _sum,
    Product: _product,
    Negative: _negative,
    Quotient: _quotient,
    Power: _power,
    Call: _call,
    BySign: _by_sign,
    Along: _along,
    Undefined: _undefined,
}


def entries(equation: SumOfProducts, symbol_of: SymbolOf) -> list[Expr]:
    """All entries of a sum of products as canonical SymPy expressions, in row-major order.

    The same as `to_sympy` of each scalar equation, made straight from the array's equation: where the factors' symbols
    stand is worked out once for the array.
    """
    plans = []
    for term in equation.terms:
        columns = [[symbol_of(Quantity(cell.array, place)) for place in every_index(cell.array)] for cell in term.cells]
        plan = planned(equation.target, term)
        plans.append((plan, columns, None if plan.number == 1 else rational(plan.number)))
    add, mul, one = sympy.Add, sympy.Mul, sympy.S.One
    found = []
    for place in every_index(equation.target.array):
        products = []
        for plan, columns, number in plans:
            for factors in plan.products(place, columns):
                if number is not None or not factors:
                    factors.insert(0, one if number is None else number)
                products.append(factors[0] if len(factors) == 1 else mul(*factors))
        found.append(products[0] if len(products) == 1 else add(*products))
    return found
