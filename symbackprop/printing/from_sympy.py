"""SymPy expressions as ordered expressions, in forms that do not overflow. Never prints and never simplifies.

Some things are rewritten on the way, because their exponentials overflow where their values do not: powers of
``1 + exp(u)`` in a denominator become logistic functions, powers of other sums of exponentials are scaled by their
largest term, and so is the logarithm of such a sum.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import sympy

from symbackprop.errors import InputError
from symbackprop.expressions import (
    ONE,
    ZERO,
    BySign,
    Expression,
    Function,
    Negative,
    Power,
    Product,
    Quotient,
    Reference,
    Sum,
    as_expression,
    product_of,
    sum_of,
)
from symbackprop.functions import (
    ABS,
    ACOS,
    ASIN,
    ATAN,
    COS,
    COSH,
    ERF,
    ERFC,
    EXP,
    FUNCTIONS,
    LOG,
    MAX,
    MIN,
    PI,
    SIGMOID,
    SIGN,
    SIN,
    SINH,
    SOFTPLUS,
    SQRT,
    TAN,
    TANH,
)

UNARY: Mapping[Any, Function] = {
    sympy.exp: EXP,
    sympy.sin: SIN,
    sympy.cos: COS,
    sympy.tan: TAN,
    sympy.asin: ASIN,
    sympy.acos: ACOS,
    sympy.atan: ATAN,
    sympy.sinh: SINH,
    sympy.cosh: COSH,
    sympy.tanh: TANH,
    sympy.asinh: Function("asinh", 1, ()),
    sympy.acosh: Function("acosh", 1, ()),
    sympy.atanh: Function("atanh", 1, ()),
    sympy.Abs: ABS,
    sympy.sign: SIGN,
    sympy.erf: ERF,
    sympy.erfc: ERFC,
}
RECIPROCALS: Mapping[Any, Function] = {
    sympy.sec: COS,
    sympy.csc: SIN,
    sympy.cot: TAN,
    sympy.sech: COSH,
    sympy.csch: SINH,
    sympy.coth: TANH,
}
EXTREMES: Mapping[Any, Function] = {sympy.Max: MAX, sympy.Min: MIN}


def expression_of(expr: Any) -> Expression:
    """An equal expression whose leaves refer to the SymPy symbols.

    Functions that SymPy does not know may be those of the function table, by their names (``Function("relu")(x)``).
    Raises InputError for what has no real value in elementary terms.

    >>> x = sympy.Symbol("x")
    >>> expression_of(1 / (1 + sympy.exp(-x)))
    Call(function=Function(name='sigmoid', arity=1, settings=()), arguments=(Reference(x),))
    """
    try:
        expr = sympy.sympify(expr, strict=True)  # numbers of Python too; text never, for SymPy would execute it
    except sympy.SympifyError as error:
        raise InputError(f"{expr!r:.60} is no SymPy expression and no number: text is not read as one") from error
    match expr:
        case sympy.Symbol():
            return Reference(expr)
        case sympy.Number() | sympy.NumberSymbol():
            return _number(expr)
        case sympy.Add():
            return _sum(expr)
        case sympy.Mul() | sympy.Pow() | sympy.exp():
            return _product(expr)
        case sympy.log():
            return _logarithm(expr)
        case sympy.Piecewise():
            return _piecewise(expr.args)
        case sympy.Heaviside():
            at_zero = sympy.Rational(1, 2) if len(expr.args) == 1 else expr.args[1]
            return BySign(expression_of(expr.args[0]), ZERO, expression_of(at_zero), ONE)
    return _call(expr)


def _call(expr: Any) -> Expression:
    kind = expr.func
    if kind in EXTREMES:
        whole, *others = [expression_of(each) for each in expr.args]
        for each in others:
            whole = EXTREMES[kind](whole, each)
        return whole
    if kind in UNARY:
        return UNARY[kind](expression_of(expr.args[0]))
    if kind in RECIPROCALS:
        return 1 / RECIPROCALS[kind](expression_of(expr.args[0]))
    named = FUNCTIONS.get(getattr(kind, "__name__", ""))
    if named is not None and named.arity == len(expr.args):
        return named(*(expression_of(each) for each in expr.args))
    raise InputError(f"a formula cannot say the SymPy expression {expr}: {kind.__name__} is not among its functions")


def _number(expr: Any) -> Expression:
    if expr is sympy.pi:
        return PI()
    if expr is sympy.E:
        return EXP(1)
    if not expr.is_finite:
        raise InputError(f"a formula cannot say {expr}: it is not a finite number")
    if expr.is_Rational:
        return as_expression(Fraction(int(expr.p), int(expr.q)))
    return as_expression(Fraction(repr(float(expr))))


def _sum(expr: Any) -> Expression:
    complement = _complement(expr)
    if complement is not None:
        return complement
    terms = expr.as_ordered_terms()
    positive = [each for each in terms if not _is_negative(each)]
    if positive and _is_negative(terms[0]):
        terms = positive + [each for each in terms if _is_negative(each)]
    return Sum(tuple(Negative(expression_of(-each)) if _is_negative(each) else expression_of(each) for each in terms))


def _is_negative(term: Any) -> bool:
    number, _ = term.as_coeff_Mul()
    return bool(number.is_extended_negative)


def _complement(expr: Any) -> Expression | None:
    """1 + erf(u), 1 - erf(u) and 1 - tanh(u)^2, which as they stand lose all digits where they are near 0."""
    if len(expr.args) != 2 or expr.args[0] != 1:
        return None
    number, rest = expr.args[1].as_coeff_Mul()
    if isinstance(rest, sympy.erf) and abs(number) == 1:
        return ERFC(expression_of(-number * rest.args[0]))
    if number == -1 and rest.is_Pow and isinstance(rest.base, sympy.tanh) and rest.exp == 2:
        (slope,) = TANH.partials
        return slope(expression_of(rest.base.args[0]), at_kink=ZERO)
    return None


def _product(expr: Any) -> Expression:
    number, rest = expr.as_coeff_Mul()
    if number.is_extended_negative:
        return Negative(expression_of(-number * rest))
    above: list[Expression] = []
    below: list[Expression] = []
    if number.is_Rational:
        above += [as_expression(Fraction(int(number.p)))] if number.p != 1 else []
        below += [as_expression(Fraction(int(number.q)))] if number.q != 1 else []
    else:
        above.append(_number(number))
    exponent, powers = _exponents_and_powers(rest)
    for base, power in list(powers):
        if power.is_Integer and power < 0 and _is_sum_of_exponentials(base):
            powers.remove((base, power))
            exponent, scaled = _scaled(base, -int(power), exponent)
            above += scaled[0]
            below += scaled[1]
    for base, power in powers:
        lower = _is_negative(power)
        (below if lower else above).append(_power(base, -power if lower else power))
    if exponent != 0:
        above.append(EXP(expression_of(exponent)))
    whole = _times(above)
    return Quotient(whole, _times(below)) if below else whole


def _times(factors: Sequence[Expression]) -> Expression:
    if not factors:
        return ONE
    return factors[0] if len(factors) == 1 else Product(tuple(factors))


def _exponents_and_powers(rest: Any) -> tuple[Any, list[tuple[Any, Any]]]:
    """A product's factors: the exponent of all exponentials, and the other bases with their powers."""
    exponent = sympy.Integer(0)
    powers: list[tuple[Any, Any]] = []
    for factor in rest.as_ordered_factors() if isinstance(rest, sympy.Mul) else [rest]:
        if isinstance(factor, sympy.exp):
            exponent += factor.args[0]
        elif factor != 1:
            powers.append((factor.base, factor.exp) if isinstance(factor, sympy.Pow) else (factor, sympy.Integer(1)))
    return exponent, powers


def _power(base: Any, power: Any) -> Expression:
    if power == 1:
        return expression_of(base)
    if power == sympy.Rational(1, 2):
        return SQRT(expression_of(base))
    return Power(expression_of(base), expression_of(power))


def _exponentials(base: Any) -> list[tuple[Any, Any]] | None:
    """The terms of a sum as (positive number, exponent); None if one is not a positive multiple of an exponential."""
    found: list[tuple[Any, Any]] = []
    for term in base.args:
        number, rest = term.as_coeff_Mul()
        if not number.is_extended_positive or not (rest == 1 or isinstance(rest, sympy.exp)):
            return None
        found.append((number, rest.args[0] if rest != 1 else sympy.Integer(0)))
    return found


def _is_sum_of_exponentials(base: Any) -> bool:
    terms = _exponentials(base) if isinstance(base, sympy.Add) else None
    return terms is not None and any(exponent != 0 for _, exponent in terms)


def _one_plus_exponential(base: Any) -> Any:
    """The u of 1 + exp(u), or None."""
    terms = _exponentials(base)
    if terms is None or len(terms) != 2 or any(number != 1 for number, _ in terms):
        return None
    constants = [exponent for _, exponent in terms if exponent == 0]
    others = [exponent for _, exponent in terms if exponent != 0]
    return others[0] if constants and others else None


def _scaled(base: Any, power: int, exponent: Any) -> tuple[Any, tuple[list[Expression], list[Expression]]]:
    """exp(exponent) / base**power: what remains of the exponent, and factors above and below the bar."""
    u = _one_plus_exponential(base)
    if u is not None:
        # exp(u)/(1 + exp(u)) is the logistic function of u, 1/(1 + exp(u)) that of -u.
        taken = next((times for times in range(power, 0, -1) if sympy.expand(exponent - times * u) == 0), 0)
        factors: list[Expression] = [SIGMOID(expression_of(u)) for _ in range(taken)]
        factors += [SIGMOID(expression_of(-u)) for _ in range(power - taken)]
        return exponent - taken * u, (factors, [])
    largest, total = _shifted(_exponentials(base) or [])
    shifted = Sum((expression_of(exponent), Negative(product_of([as_expression(power), largest]))))
    return sympy.Integer(0), ([EXP(shifted)], [total if power == 1 else Power(total, as_expression(power))])


def _shifted(terms: Sequence[tuple[Any, Any]]) -> tuple[Expression, Expression]:
    """The largest exponent, and the sum of the exponentials divided by its exponential."""
    exponents = [expression_of(exponent) for _, exponent in terms]
    largest = exponents[0]
    for each in exponents[1:]:
        largest = MAX(largest, each)
    total = sum_of(
        [
            product_of([expression_of(number), EXP(Sum((exponent, Negative(largest))))])
            for (number, _), exponent in zip(terms, exponents, strict=True)
        ]
    )
    return largest, total


def _logarithm(expr: Any) -> Expression:
    (argument,) = expr.args
    if _is_sum_of_exponentials(argument):
        u = _one_plus_exponential(argument)
        if u is not None:
            return SOFTPLUS(expression_of(u))
        largest, total = _shifted(_exponentials(argument) or [])
        return Sum((largest, LOG(total)))
    return LOG(expression_of(argument))


Choice = Callable[[Expression, Expression], Expression]


def _piecewise(pieces: Sequence[Any]) -> Expression:
    (value, condition), *others = ((piece.args[0], piece.args[1]) for piece in pieces)
    if condition == True:  # noqa: E712  SymPy's own true
        return expression_of(value)
    if not others:
        raise InputError("a formula cannot say a Piecewise without a last branch for True: it has no value elsewhere")
    return _choice(condition)(expression_of(value), _piecewise(pieces[1:]))


def _choice(condition: Any) -> Choice:
    """What chooses the first of two expressions where the condition holds, else the second."""
    if condition == True:  # noqa: E712
        return lambda yes, no: yes
    if condition == False:  # noqa: E712
        return lambda yes, no: no
    match condition:
        case sympy.Not():
            negated = _choice(condition.args[0])
            return lambda yes, no: negated(no, yes)
        case sympy.And():
            return _all_of([_choice(each) for each in sorted(condition.args, key=sympy.default_sort_key)])
        case sympy.Or():
            negations = [sympy.Not(each) for each in sorted(condition.args, key=sympy.default_sort_key)]
            neither = _all_of([_choice(each) for each in negations])
            return lambda yes, no: neither(no, yes)
    branches = RELATIONS.get(condition.func)
    if branches is None:
        raise InputError(f"a formula cannot say the condition {condition}")
    left, right = (expression_of(each) for each in (condition.lhs, condition.rhs))
    decider = left if right == ZERO else Sum((left, Negative(right)))

    def by_sign(yes: Expression, no: Expression) -> Expression:
        negative, zero, positive = (yes if holds else no for holds in branches)
        return BySign(decider, negative, zero, positive)

    return by_sign


def _all_of(choices: Sequence[Choice]) -> Choice:
    if len(choices) == 1:
        return choices[0]
    first, rest = choices[0], _all_of(choices[1:])
    return lambda yes, no: first(rest(yes, no), no)


# Whether each relation holds where left - right is negative, zero, positive.
RELATIONS: Mapping[Any, tuple[bool, bool, bool]] = {
    sympy.StrictLessThan: (True, False, False),
    sympy.LessThan: (True, True, False),
    sympy.StrictGreaterThan: (False, False, True),
    sympy.GreaterThan: (False, True, True),
    sympy.Equality: (False, True, False),
    sympy.Unequality: (True, False, True),
}
