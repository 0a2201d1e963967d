"""Formulas made ready for machines: functions written out in primitives, branches that share their work.

Never changes a value, not in floats either: where ``x < 0``, ``x`` is ``-|x|`` exactly, so the branches of a sigmoid
take the exponential of one number, which is never positive, and no branch that is not taken can overflow.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from symbackprop.arithmetic import NotANumber, exact
from symbackprop.expressions import (
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
    constant,
    leaves,
    product_of,
    sum_of,
)
from symbackprop.functions import ABS, EXP

GROWING = frozenset({"exp", "expm1", "sinh", "cosh"})
MOST_FACTORS = 4  # a power of at most this is multiplied out


@dataclass(frozen=True, slots=True)
class Temporary:
    """A part that several lines of a group share."""

    number: int


@dataclass(frozen=True, slots=True)
class _Decided:
    """Stands for a decider while a branch is looked at."""


def ready(expression: Expression) -> Expression:
    """The expression in primitives, with its branches normalised."""
    whole = expression.mapped(ready)
    match whole:
        case Call(function, arguments):
            form = function.stable or function.definition
            return whole if form is None else ready(form(*arguments))
        case BySign():
            return _choice(whole)
        case Power(base, exponent):
            power = constant(exponent)
            if power is not None and power.denominator == 1 and 2 <= power <= MOST_FACTORS:
                return Product((base,) * int(power))
        case Negative(Negative(operand)):
            return operand
        case Product(factors) if any(isinstance(factor, Product) for factor in factors):
            return Product(tuple([each for factor in factors for each in _factors(factor)]))
    return whole


def folded(law: Expression) -> Expression:
    """The law without factors and divisors of 1 and without terms of 0."""
    whole = law.mapped(folded)
    match whole:
        case Quotient(above, below) if constant(below) == 1 or constant(above) == 0:
            return above
        case Product(factors) if any(constant(each) in (0, 1) for each in factors):
            return product_of(list(factors))
        case Sum(terms):
            values = [constant(each) for each in terms]
            if None not in values:
                return as_expression(sum(value or Fraction(0) for value in values))
            return sum_of(list(terms)) if 0 in values else whole
        case Negative(operand) if constant(operand) is not None:
            return as_expression(-(constant(operand) or 0))
    return whole


def _factors(expression: Expression) -> tuple[Expression, ...]:
    return expression.operands if isinstance(expression, Product) else (expression,)


def _choice(choice: BySign) -> Expression:
    if isinstance(choice.decider, Negative):
        turned = BySign(choice.decider.operand, choice.positive, choice.zero, choice.negative, kink=choice.kink)
        return _choice(turned)
    if choice.kink:
        return choice
    decider = choice.decider
    size = ABS(decider)
    negative = _bounded(choice.negative, decider, Negative(size))
    positive = _bounded(choice.positive, decider, size)
    zero = choice.zero
    if zero != negative and zero != positive:
        for whole, near in ((choice.positive, positive), (choice.negative, negative)):
            if _same_at_zero(whole, zero, decider):
                zero = near
                break
    return _over_one_denominator(BySign(decider, negative, zero, positive))


def _bounded(branch: Expression, decider: Expression, known: Expression) -> Expression:
    """The branch with the decider's known sign written out in every argument of a function that grows."""
    if isinstance(branch, Call) and branch.function.name in GROWING:
        return branch.mapped(lambda argument: _with(argument, decider, known))
    return branch.mapped(lambda child: _bounded(child, decider, known))


def _with(expression: Expression, old: Expression, new: Expression) -> Expression:
    if expression == old:
        return new
    if not expression.children or expression == ABS(old):
        return expression
    whole = expression.mapped(lambda child: _with(child, old, new))
    match whole:
        case Negative(Negative(operand)):
            return operand
    return whole


def _same_at_zero(branch: Expression, zero: Expression, decider: Expression) -> bool:
    """Whether the branch has the zero branch's value where the decider is 0, by exact arithmetic."""
    mark = Reference(_Decided())
    here, there = _with(branch, decider, mark), _with(zero, decider, mark)
    if any(leaf != _Decided() for leaf in (*leaves(here), *leaves(there))):
        return False
    try:
        return exact(here, lambda _: Fraction(0)) == exact(there, lambda _: Fraction(0))
    except NotANumber:
        return False


def _over_one_denominator(choice: BySign) -> Expression:
    branches = (choice.negative, choice.zero, choice.positive)
    quotients = [each for each in branches if isinstance(each, Quotient)]
    if len(quotients) == 3 and len({each.denominator for each in quotients}) == 1:
        below, at, above = (each.numerator for each in quotients)
        numerators = BySign(choice.decider, below, at, above)
        return Quotient(numerators, quotients[0].denominator)
    return choice


Line = tuple[Hashable, Expression]


def shared(lines: Sequence[Line], numbers: Iterator[int]) -> list[Line]:
    """The lines with every part that occurs twice as a temporary of its own before its first use.

    ``numbers`` are those of the temporaries. A part that stands in branches only becomes one if it has a value for all
    arguments.
    """
    ones = _Ones()
    lines = [(target, ones.of(law)) for target, law in lines]
    counts: Counter[int] = Counter()
    always: set[int] = set()
    for _, law in lines:
        _count(law, counts)
        _note_unconditional(law, always)
    known: dict[int, Expression] = {}
    found: list[Line] = []

    def replaced(part: Expression) -> Expression:
        if id(part) in known:
            return known[id(part)]
        whole = part.mapped(replaced)
        if counts[id(part)] > 1 and _worth(part) and (id(part) in always or total(part)):
            name = Temporary(next(numbers))
            found.append((name, whole))
            whole = Reference(name)
        known[id(part)] = whole
        return whole

    for target, law in lines:
        found.append((target, replaced(law)))
    return found


class _Ones:
    """Expressions in which all equal parts are one object: its id says which part it is."""

    def __init__(self) -> None:
        self.known: dict[Hashable, Expression] = {}

    def of(self, part: Expression) -> Expression:
        """The one object for this expression."""
        if not part.children:
            return self.known.setdefault(part, part)
        children = tuple([self.of(child) for child in part.children])
        own = part.function if isinstance(part, Call) else part.kink if isinstance(part, BySign) else None
        key = (type(part), own, *map(id, children))
        known = self.known.get(key)
        if known is None:
            known = self.known[key] = part.rebuilt(children)
        return known


def _count(part: Expression, counts: Counter[int]) -> None:
    """Counts uses; what stands in a part that was counted before is not used once more."""
    counts[id(part)] += 1
    if counts[id(part)] == 1 or not _worth(part):
        for child in part.children:
            _count(child, counts)


def _worth(part: Expression) -> bool:
    return _worth(part.operand) if isinstance(part, Negative) else bool(part.children)


def _note_unconditional(part: Expression, always: set[int]) -> None:
    """Notes the parts that have a value whatever the branch."""
    if id(part) not in always:
        always.add(id(part))
        for child in (part.decider,) if isinstance(part, BySign) else part.children:
            _note_unconditional(child, always)


def total(expression: Expression) -> bool:
    """Whether the expression has a finite value, without overflow, for all arguments of ordinary size."""
    match expression:
        case Number() | Reference():
            return True
        case Sum() | Product() | Negative():
            return all(total(child) for child in expression.children)
        case Quotient(above, below):
            return total(above) and total(below) and positive(below)
        case Call(function, arguments):
            inside = all(total(each) for each in arguments)
            if function.name in GROWING:
                return inside and function.name in ("exp", "expm1") and not_positive(arguments[0])
            return inside and function.name in ("abs", "tanh", "erf", "erfc", "sin", "cos", "max", "min", "pi")
    return False


def not_positive(expression: Expression) -> bool:
    """Whether the expression is known never to be positive."""
    match expression:
        case Negative(operand):
            return not_negative(operand)
        case Quotient(above, below):
            return not_positive(above) and positive(below)
        case Product(factors):
            return sum(not_positive(each) for each in factors) == 1 and all(
                not_positive(each) or not_negative(each) for each in factors
            )
    value = constant(expression)
    return value is not None and value <= 0


def not_negative(expression: Expression) -> bool:
    """Whether the expression is known never to be negative."""
    match expression:
        case Call(function, _):
            return function in (ABS, EXP) or function.name in ("pi", "sqrt")
        case Product(factors):
            squares = len(factors) == 2 and factors[0] == factors[1]
            return squares or all(not_negative(each) for each in factors)
        case Sum(terms):
            return all(not_negative(each) for each in terms)
        case Quotient(above, below):
            return not_negative(above) and positive(below)
    value = constant(expression)
    return value is not None and value >= 0


def positive(expression: Expression) -> bool:
    """Whether the expression is known to be positive, and not by underflow alone."""
    match expression:
        case Sum(terms):
            return all(not_negative(each) for each in terms) and any(positive(each) for each in terms)
        case Product(factors):
            return all(positive(each) for each in factors)
        case Call(function, arguments):
            return function.name == "pi" or (function.name == "sqrt" and positive(arguments[0]))
    value = constant(expression)
    return value is not None and value > 0
