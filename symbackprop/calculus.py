"""Derivatives of ordered expressions, in the order of the chain rule. Never sorts, folds only zeros and ones."""

from __future__ import annotations

from collections.abc import Hashable
from fractions import Fraction

from symbackprop.expressions import (
    ONE,
    ZERO,
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
    as_expression,
    constant,
    product_of,
    sum_of,
)
from symbackprop.functions import LOG


def differentiated(
    expression: Expression, by: Hashable, at_kink: Expression = ZERO, *, printed: bool = False
) -> Expression:
    """The partial derivative by the leaf ``by``, in the order of the chain rule; only zeros and ones are folded.

    ``at_kink`` is the slope where one does not exist (abs, max, relu at a tie). The slopes of functions are the stable
    ones that numbers come from or, if ``printed``, those of textbooks.
    """
    match expression:
        case Reference(of):
            return ONE if of == by else ZERO
        case Number() | Undefined():
            return ZERO
        case Sum(terms):
            return sum_of([differentiated(each, by, at_kink, printed=printed) for each in terms])
        case Negative(operand):
            return product_of([Negative(ONE), differentiated(operand, by, at_kink, printed=printed)])
        case Product(factors):
            slopes = [differentiated(each, by, at_kink, printed=printed) for each in factors]
            return sum_of([product_of([*factors[:i], slope, *factors[i + 1 :]]) for i, slope in enumerate(slopes)])
        case Quotient(numerator, denominator):
            above, below = (differentiated(each, by, at_kink, printed=printed) for each in (numerator, denominator))
            first = _over(above, denominator)
            second = (
                ZERO
                if below == ZERO
                else Negative(Quotient(product_of([numerator, below]), Power(denominator, Number(Fraction(2)))))
            )
            return sum_of([first, second])
        case Power(base, exponent):
            return _power_slope(base, exponent, by, at_kink, printed=printed)
        case Call(function, arguments):
            inner = [differentiated(each, by, at_kink, printed=printed) for each in arguments]
            outer = function.slopes(arguments, at_kink, printed=printed)
            pairs = zip(outer, inner, strict=True)
            return sum_of([product_of([slope, each]) for slope, each in pairs if each != ZERO])
        case BySign(decider, negative, zero, positive, kink):
            branches = [differentiated(each, by, at_kink, printed=printed) for each in (negative, zero, positive)]
            if all(branch == ZERO for branch in branches):
                return ZERO
            return BySign(decider, branches[0], branches[1], branches[2], kink=kink)
        case Along("sum", index, body):
            slope = differentiated(body, by, at_kink, printed=printed)
            return ZERO if slope == ZERO else Along("sum", index, slope)
    raise AssertionError(f"no derivative is stated for {type(expression).__name__}")


def _over(numerator: Expression, denominator: Expression) -> Expression:
    """The quotient; a number in front of the numerator and one below it are in lowest terms."""
    if numerator == ZERO:
        return ZERO
    below = constant(denominator)
    match numerator:
        case Negative(operand) if below:
            return product_of([Negative(ONE), _over(operand, denominator)])
        case Product((Number(value), *rest)) if below:
            ratio = value / below
            above = product_of([Number(Fraction(ratio.numerator)), *rest])
            return above if ratio.denominator == 1 else Quotient(above, Number(Fraction(ratio.denominator)))
    return Quotient(numerator, denominator)


def _power_slope(
    base: Expression, exponent: Expression, by: Hashable, at_kink: Expression, *, printed: bool
) -> Expression:
    base_slope = differentiated(base, by, at_kink, printed=printed)
    exponent_slope = differentiated(exponent, by, at_kink, printed=printed)
    terms: list[Expression] = []
    if base_slope != ZERO:
        power = constant(exponent)
        if power is None:
            lowered: Expression = Power(base, exponent - 1)
        elif power == 1:
            lowered = ONE
        elif power == 2:
            lowered = base
        else:
            lowered = Power(base, as_expression(power - 1))
        terms.append(product_of([exponent, lowered, base_slope]))
    if exponent_slope != ZERO:
        terms.append(product_of([Power(base, exponent), LOG(base), exponent_slope]))
    return sum_of(terms)
