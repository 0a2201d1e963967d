"""Formulas with one exponential that may overflow, over its largest power: 1/(1 + exp(-x)) is F/(F + 1) for x < 0.

Changes no value that the formula as written has in doubles, but by rounding; where it had none, for a numerator and a
denominator were both infinite, there is one now. Formulas of several such exponentials stay as they are.
"""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from symbackprop.compiled.forms import not_positive, ready
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
    Sum,
    as_expression,
    constant,
    parts,
    product_of,
    sum_of,
)
from symbackprop.functions import ABS, EXP, LOG


class _Scaled(NamedTuple):
    """``exp(power |x|) rest``, where the rest has no exponential that grows."""

    power: Fraction
    rest: Expression


def tamed(law: Expression) -> Expression:
    """The law with its growing exponential taken out, in a form for each of the signs of what it grows with."""
    every = list(parts(law))
    bases = {_over(part.arguments[0])[1] for part in every if isinstance(part, Call) and _grows(part)}
    lost = any(isinstance(part, Quotient) or _is_log(part) for part in every)
    if len(bases) != 1 or not lost or any(isinstance(part, Along) for part in every):
        return law
    (base,) = bases
    below, above = (_whole(_scaled(law, base, sign), base) for sign in (-1, 1))
    return ready(BySign(base, below, above, above))


def _grows(part: Expression) -> bool:
    return isinstance(part, Call) and part.function == EXP and not not_positive(part.arguments[0])


def _is_log(part: Expression) -> bool:
    return isinstance(part, Call) and part.function == LOG


def _over(argument: Expression) -> tuple[Fraction, Expression]:
    """The number and the rest of a product: 2 x, -x, x/3."""
    match argument:
        case Negative(operand):
            number, rest = _over(operand)
            return -number, rest
        case Quotient(above, below) if constant(below):
            number, rest = _over(above)
            return number / (constant(below) or 1), rest
        case Product(factors):
            number = Fraction(1)
            others: list[Expression] = []
            for factor in factors:
                value = constant(factor)
                own, rest = _over(factor) if value is None else (value, factor)
                number *= own
                others += [rest] if value is None else []
            if others:
                return number, product_of(others)
    return Fraction(1), argument


def _scaled(law: Expression, base: Expression, sign: int) -> _Scaled:
    if _grows(law):
        assert isinstance(law, Call)
        number, rest = _over(law.arguments[0])
        assert rest == base
        return _Scaled(number * sign, Number(Fraction(1)))
    if not any(_grows(part) for part in parts(law)):
        return _Scaled(Fraction(0), law)
    match law:
        case Sum(terms):
            scaled = [_scaled(each, base, sign) for each in terms]
            power = max(each.power for each in scaled)
            return _Scaled(power, sum_of([_whole(_Scaled(each.power - power, each.rest), base) for each in scaled]))
        case Product(factors):
            scaled = [_scaled(each, base, sign) for each in factors]
            return _Scaled(
                sum((each.power for each in scaled), Fraction(0)), product_of([each.rest for each in scaled])
            )
        case Quotient(above, below):
            over, under = _scaled(above, base, sign), _scaled(below, base, sign)
            return _Scaled(over.power - under.power, Quotient(over.rest, under.rest))
        case Negative(operand):
            inner = _scaled(operand, base, sign)
            return _Scaled(inner.power, Negative(inner.rest))
        case Power(operand, exponent) if (constant(exponent) or Fraction(1, 2)).denominator == 1:
            inner = _scaled(operand, base, sign)
            return _Scaled(inner.power * (constant(exponent) or 0), Power(inner.rest, exponent))
        case Call(function, (argument,)) if function == LOG:
            inner = _scaled(argument, base, sign)
            if not inner.power:
                return _Scaled(Fraction(0), LOG(inner.rest))
            return _Scaled(Fraction(0), sum_of([_times(inner.power, ABS(base)), LOG(inner.rest)]))
    return _Scaled(Fraction(0), law.mapped(lambda child: _whole(_scaled(child, base, sign), base)))


def _whole(scaled: _Scaled, base: Expression) -> Expression:
    """The formula again: where its power falls, as a factor that is never above 1."""
    if not scaled.power:
        return scaled.rest
    size = _times(abs(scaled.power), ABS(base))
    factor = EXP(size if scaled.power > 0 else Negative(size))
    match scaled.rest:
        case Quotient(above, below):
            return Quotient(factor if constant(above) == 1 else product_of([factor, above]), below)
    return factor if constant(scaled.rest) == 1 else product_of([factor, scaled.rest])


def _times(number: Fraction, expression: Expression) -> Expression:
    if abs(number) == 1:
        return expression if number > 0 else Negative(expression)
    return as_expression(number) * expression
