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
    constant,
    leaves,
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
    children = tuple(ready(child) for child in expression.children)
    match expression:
        case Call(function, _):
            form = function.stable or function.definition
            return Call(function, children) if form is None else ready(form(*children))
        case BySign():
            decider, negative, zero, positive_branch = children
            return _choice(BySign(decider, negative, zero, positive_branch, kink=expression.kink))
        case Power(_, exponent):
            power = constant(exponent)
            if power is not None and power.denominator == 1 and 2 <= power <= MOST_FACTORS:
                return Product((children[0],) * int(power))
        case Negative():
            if isinstance(children[0], Negative):
                return children[0].operand
        case Product():
            return Product(tuple(factor for child in children for factor in _factors(child)))
    return expression.rebuilt(children) if children else expression


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
        return Call(branch.function, tuple(_with(argument, decider, known) for argument in branch.arguments))
    if not branch.children:
        return branch
    return branch.rebuilt(tuple(_bounded(child, decider, known) for child in branch.children))


def _with(expression: Expression, old: Expression, new: Expression) -> Expression:
    if expression == old:
        return new
    if not expression.children or expression == ABS(old):
        return expression
    children = tuple(_with(child, old, new) for child in expression.children)
    if isinstance(expression, Negative) and isinstance(children[0], Negative):
        return children[0].operand
    return expression.rebuilt(children)


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


def shared(lines: Sequence[Line], first: int) -> list[Line]:
    """The lines with every part that occurs twice as a temporary of its own before its first use.

    Temporaries are numbered from ``first``. A part that stands in branches only becomes one if it has a value for all
    arguments.
    """
    counts: Counter[Expression] = Counter()
    unconditional: set[Expression] = set()
    for _, law in lines:
        _count(law, counts)
        unconditional.update(part for part, always in _parts(law, always=True) if always)
    chosen = {
        part for part, count in counts.items() if count > 1 and _worth(part) and (part in unconditional or total(part))
    }
    found: list[Line] = []
    known: dict[Expression, Reference] = {}

    def replaced(expression: Expression) -> Expression:
        if expression in known:
            return known[expression]
        children = expression.children
        whole = expression.rebuilt(tuple(replaced(child) for child in children)) if children else expression
        if expression in chosen:
            name = known[expression] = Reference(Temporary(first + len(known)))
            found.append((name.of, whole))
            return name
        return whole

    for target, law in lines:
        found.append((target, replaced(law)))
    return found


def _count(part: Expression, counts: Counter[Expression]) -> None:
    """Counts uses; what stands in a part that was counted before is not used once more."""
    counts[part] += 1
    if counts[part] == 1 or not _worth(part):
        for child in part.children:
            _count(child, counts)


def _worth(part: Expression) -> bool:
    if isinstance(part, Negative):
        return _worth(part.operand)
    return (bool(part.children) and not isinstance(part, Call)) or (isinstance(part, Call) and bool(part.arguments))


def _parts(expression: Expression, *, always: bool) -> Iterator[tuple[Expression, bool]]:
    yield expression, always
    if isinstance(expression, BySign):
        yield from _parts(expression.decider, always=always)
        for branch in expression.children[1:]:
            yield from _parts(branch, always=False)
        return
    for child in expression.children:
        yield from _parts(child, always=always)


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
