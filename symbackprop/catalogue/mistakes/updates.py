"""Mistakes made in the step of an optimiser. Each function says where, and makes it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import replace
from fractions import Fraction

from symbackprop.catalogue.mistakes.entries import Change, Changes, Subject
from symbackprop.catalogue.updates import STEP
from symbackprop.expressions import (
    ONE,
    ZERO,
    Call,
    Expression,
    Negative,
    Number,
    Power,
    Product,
    Reference,
    Sum,
    leaves,
)
from symbackprop.quantities import Array, Cell, Phase, Role
from symbackprop.system import Map

TWO = Number(Fraction(2))
Rewritten = Callable[[Expression], Expression | None]


def _updates(subject: Subject, *roles: Role) -> list[Map]:
    wanted = roles or (Role.WEIGHT, Role.BIAS, Role.PARAMETER)
    return [
        each
        for each in subject.equations
        if isinstance(each, Map) and each.target.array.phase is Phase.NEW and each.target.array.role in wanted
    ]


def _everywhere(subject: Subject, rewritten: Rewritten, *roles: Role) -> Changes:
    """The change in every update, in those of one state, and in each parameter array's own."""
    changed = []
    for equation in _updates(subject, *roles):
        body = _mapped(equation.body, rewritten)
        if body != equation.body:
            changed.append(replace(equation, body=body, stable=None))
    if changed:
        yield Change(tuple(changed))
    by_state: dict[str, list[Map]] = {}
    for each in changed:
        by_state.setdefault(each.target.array.label, []).append(each)
    if len(by_state) > 1:
        yield from (Change(tuple(group)) for group in by_state.values() if len(group) > 1)
    if len(changed) > 1:
        yield from (Change((each,)) for each in changed)


def _mapped(expression: Expression, rewritten: Rewritten) -> Expression:
    """The expression with what ``rewritten`` gives in place of each part that it gives something for."""
    found = rewritten(expression)
    if found is not None:
        return found
    children = expression.children
    return expression.rebuilt(tuple(_mapped(each, rewritten) for each in children)) if children else expression


def _array(leaf: Hashable) -> Array | None:
    return leaf.array if isinstance(leaf, Cell) else None


def _is(expression: Expression, role: Role, label: str = "") -> bool:
    array = _array(expression.of) if isinstance(expression, Reference) else None
    return array is not None and array.role is role and (not label or array.label == label)


def _mentions(expression: Expression, role: Role, label: str = "") -> bool:
    return any(
        (array := _array(leaf)) is not None and array.role is role and (not label or array.label == label)
        for leaf in leaves(expression)
    )


def step_added(subject: Subject) -> Changes:
    """value + rate · gradient."""

    def turned(expression: Expression) -> Expression | None:
        if isinstance(expression, Negative) and _mentions(expression, Role.RATE):
            return expression.operand
        return None

    return _everywhere(subject, turned)


def rate_left_out(subject: Subject) -> Changes:
    """The whole gradient is subtracted."""
    return _everywhere(subject, lambda expression: ONE if _is(expression, Role.RATE) else None)


def rate_twice(subject: Subject) -> Changes:
    """The rate squared."""
    return _everywhere(subject, lambda each: Power(each, TWO) if _is(each, Role.RATE) else None)


def rate_doubled(subject: Subject) -> Changes:
    """A step twice as long."""
    return _everywhere(subject, lambda each: Product((TWO, each)) if _is(each, Role.RATE) else None)


def not_updated(subject: Subject) -> Changes:
    """An array of parameters keeps its values."""
    for equation in _updates(subject):
        old = equation.target.array.now
        if old in subject:
            yield Change((replace(equation, body=Reference(Cell(old, equation.target.indices)), stable=None),))


def gradient_in_place_of_value(subject: Subject) -> Changes:
    """The new value is the step alone."""

    def alone(expression: Expression) -> Expression | None:
        if isinstance(expression, Sum) and _mentions(expression, Role.RATE):
            kept = tuple(each for each in expression.operands if _mentions(each, Role.RATE))
            return kept[0] if len(kept) == 1 else None
        return None

    return _everywhere(subject, alone)


def momentum_sign(subject: Subject) -> Changes:
    """momentum · velocity - gradient, and the step still goes against it."""

    def turned(expression: Expression) -> Expression | None:
        if isinstance(expression, Sum) and _mentions(expression, Role.SETTING, "momentum"):
            return Sum(
                tuple(
                    each if _mentions(each, Role.SETTING, "momentum") else Negative(each)
                    for each in expression.operands
                )
            )
        return None

    return _everywhere(subject, turned, Role.STATE)


def momentum_left_out(subject: Subject) -> Changes:
    """The velocity forgets what it was."""
    return _everywhere(subject, lambda each: ZERO if _is(each, Role.SETTING, "momentum") else None, Role.STATE)


def old_state(subject: Subject) -> Changes:
    """The step uses the optimiser's states of before it."""

    def older(expression: Expression) -> Expression | None:
        if isinstance(expression, Reference) and isinstance(expression.of, Cell):
            array = expression.of.array
            if array.role is Role.STATE and array.phase is Phase.NEW:
                return Reference(Cell(array.now, expression.of.indices))
        return None

    return _everywhere(subject, older)


def correction_missing(subject: Subject) -> Changes:
    """The running means are not corrected for their start at 0."""

    def left_out(expression: Expression) -> Expression | None:
        if isinstance(expression, Power) and _is(expression.exponent, Role.SETTING, STEP):
            return ZERO
        return None

    return _everywhere(subject, left_out)


def counted_from_zero(subject: Subject) -> Changes:
    """The number of the step is that of the steps before it: the correction of the first one divides by 0."""

    def earlier(expression: Expression) -> Expression | None:
        if isinstance(expression, Power) and _is(expression.exponent, Role.SETTING, STEP):
            return Power(expression.base, expression.exponent - 1)
        return None

    return _everywhere(subject, earlier)


def epsilon_left_out(subject: Subject) -> Changes:
    """Nothing is added to the root: a gradient of 0 is divided by 0."""
    return _everywhere(subject, lambda each: ZERO if _is(each, Role.SETTING, "epsilon") else None)


def epsilon_moved(subject: Subject) -> Changes:
    """Epsilon inside the root where it belongs outside, or outside where it belongs inside."""

    def moved(expression: Expression) -> Expression | None:
        match expression:
            case Sum((Call(function, (inner,)), epsilon)) if _is(epsilon, Role.SETTING, "epsilon"):
                return Call(function, (inner + epsilon,))
            case Call(function, (Sum(operands),)) if _is(operands[-1], Role.SETTING, "epsilon"):
                rest = operands[0] if len(operands) == 2 else Sum(operands[:-1])
                return Call(function, (rest,)) + operands[-1]
        return None

    return _everywhere(subject, moved)


def root_left_out(subject: Subject) -> Changes:
    """Divided by the mean square itself."""

    def bare(expression: Expression) -> Expression | None:
        if isinstance(expression, Call) and expression.function.name == "sqrt":
            return expression.arguments[0]
        return None

    return _everywhere(subject, bare)


def gradient_not_squared(subject: Subject) -> Changes:
    """The mean of gradients where the mean of their squares belongs."""

    def bare(expression: Expression) -> Expression | None:
        if isinstance(expression, Power) and _mentions(expression.base, Role.DERIVATIVE):
            return expression.base
        return None

    return _everywhere(subject, bare, Role.STATE)


def weights_of_decay_exchanged(subject: Subject) -> Changes:
    """1 - beta where beta belongs, and the other way round."""

    def exchanged(expression: Expression) -> Expression | None:
        match expression:
            case Sum((Number(value), Negative(inner))) if value == 1 and _is(inner, Role.SETTING):
                return inner
            case Reference() if _is(expression, Role.SETTING) and not _is(expression, Role.SETTING, "epsilon"):
                return 1 - expression
        return None

    for change in _everywhere(subject, exchanged, Role.STATE):
        if all(any(isinstance(part, Sum) for part in _parts(each.body)) for each in change.equations):  # type: ignore[union-attr]
            yield change


def _parts(expression: Expression) -> list[Expression]:
    return [expression, *(part for child in expression.children for part in _parts(child))]
