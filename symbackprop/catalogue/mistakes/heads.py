"""Mistakes made where the error enters, at the loss. Each function says where, and makes them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

from symbackprop.catalogue.mistakes.entries import Change, Changes, Subject, is_slope, orders, permuted, sign_of
from symbackprop.expressions import Number, Product, Reference, substituted
from symbackprop.quantities import Axis, Cell, Phase, Role
from symbackprop.system import Equation, Map, SumOfProducts
from symbackprop.terms import Term, cells_in


def _heads(subject: Subject, made: Callable[[Map], Map | None]) -> Changes:
    for head in subject.heads:
        changed = made(head)
        if changed is not None:
            yield Change((changed,))


def target_left_out(subject: Subject) -> Changes:
    """out in place of out - target."""
    for head in subject.heads:
        targets = [leaf for leaf in cells_in(head.body) if leaf.array.role is Role.TARGET]
        if targets:
            zero = Reference(targets[0]) - Reference(targets[0])
            body = substituted(head.body, lambda leaf: zero if leaf in targets else Reference(leaf))  # noqa: B023
            yield Change((replace(head, body=body, stable=None),))


def error_alone(subject: Subject) -> Changes:
    """out - target as it stands, whatever the loss, its factor and its means are."""
    for head in subject.heads:
        cells = dict.fromkeys(cells_in(head.body))
        outs = [cell for cell in cells if cell.array.role is Role.OUT]
        targets = [cell for cell in cells if cell.array.role is Role.TARGET]
        if len(outs) == len(targets) == 1 and head.target.array.role is not Role.DELTA:
            body = Reference(outs[0]) - Reference(targets[0])
            factor = head.scale.number
            match head.body:
                case Product((Number(number), rest)) if rest == body:
                    straight, factor = True, factor * number
                case rest:
                    straight = rest == body
            missing = sum(axis.size != 1 for axis in head.scale.over) + (abs(factor) != 1)
            if not straight or missing > 1:  # else a mean or a factor is missing
                yield Change((Map(head.target, body, scale=Term(Fraction(1))),))


def target_of_other_unit(subject: Subject) -> Changes:
    """Targets in a wrong order."""
    for head in subject.heads:
        targets = {leaf for leaf in cells_in(head.body) if leaf.array.role is Role.TARGET}
        for target in targets:
            letter = target.indices[-1]
            for where, order in orders(target.array.axes[-1].size or 0):
                other = replace(target.array, label=f"targets, {where}")
                mixed = permuted(Term(factors=(target,)), target, letter, Cell(other, target.indices), order)
                body = substituted(
                    head.body,
                    lambda leaf: Reference(Cell(other, leaf.indices)) if leaf == target else Reference(leaf),  # noqa: B023
                )
                yield Change(
                    (replace(head, body=body, stable=None),),
                    where,
                    further=(SumOfProducts(Cell(other, target.indices), (mixed,)),),
                )


def doubled(subject: Subject) -> Changes:
    """The loss's slope twice as large."""
    return _heads(subject, lambda head: _scaled(head, Fraction(2)))


def halved(subject: Subject) -> Changes:
    """The loss's slope half as large."""
    return _heads(subject, lambda head: _scaled(head, Fraction(1, 2)))


def sign_of_loss_slope(subject: Subject) -> Changes:
    """target - out where out - target belongs: every gradient turns."""
    return _heads(subject, lambda head: _scaled(head, Fraction(-1)))


def _scaled(head: Map, number: Fraction) -> Map:
    return replace(head, scale=replace(head.scale, number=head.scale.number * number))


def _axes_of(head: Equation, kind: str) -> list[int]:
    return [place for place, axis in enumerate(head.target.array.axes) if axis.kind == kind and axis.size != 1]


def _means(subject: Subject, kind: str, *, count: int) -> Changes:
    """The error with ``count`` means over an axis in place of those it should have."""
    for head in subject.heads:
        for place in _axes_of(head, kind):
            axis = head.target.array.axes[place]
            over = _with_means(head.scale.over, axis, count)
            if over is not None:
                yield Change((replace(head, scale=replace(head.scale, over=over)),))
    for result in _program_heads(subject):
        for place in _axes_of(result, kind):
            (term,) = result.terms
            over = _with_means(term.over, result.target.array.axes[place], count)
            if over is not None:
                yield Change((replace(result, terms=(replace(term, over=over),)),))


def _program_heads(subject: Subject) -> list[SumOfProducts]:
    """In a program over several observations: the derivative of their sum or mean by each one's result."""
    return [
        each
        for each in subject.equations
        if isinstance(each, SumOfProducts)
        and subject.is_gradient(each.target.array, Role.VARIABLE)
        and len(each.terms) == 1
        and not each.terms[0].factors
    ]


def _with_means(over: tuple[Axis, ...], axis: Axis, count: int) -> tuple[Axis, ...] | None:
    """``count`` means over the axis, where that is a mistake; None where it is right or not near it."""
    rest = tuple(each for each in over if each.kind != axis.kind)
    if count not in {0: (1,), 1: (0, 2)}.get(len(over) - len(rest), ()):
        return None
    return (*rest, *[axis] * count)


def mean_missing(subject: Subject) -> Changes:
    """The sum over observations where the loss has their mean."""
    yield from _means(subject, "observation", count=0)


def mean_twice(subject: Subject) -> Changes:
    """Divided by the number of observations twice."""
    yield from _means(subject, "observation", count=2)


def mean_for_sum(subject: Subject) -> Changes:
    """The mean over observations where the loss has their sum."""
    yield from _means(subject, "observation", count=1)


def output_mean_missing(subject: Subject) -> Changes:
    """The sum over outputs where the loss has their mean."""
    yield from _means(subject, "unit", count=0)


def output_mean_for_sum(subject: Subject) -> Changes:
    """The mean over outputs where the loss has their sum."""
    yield from _means(subject, "unit", count=1)


def softmax_elementwise(subject: Subject) -> Changes:
    """delta = dE/dout · out(1 - out), the Jacobian's other entries left out."""
    jacobian = _jacobian(subject)
    for equation in subject.deltas:
        array = equation.target.array
        if jacobian is None or array.layer != jacobian.target.array.layer:
            continue
        wrt = next(
            (each.target for each in subject.gradients_of_outputs() if each.target.array.layer == array.layer), None
        )
        out = jacobian.target.array.of
        if wrt is None or out is None:
            continue
        here = Reference(Cell(out, equation.target.indices))
        sign = sign_of(equation)
        body = Reference(Cell(wrt.array, equation.target.indices)) * here * (1 - here)
        yield Change((Map(equation.target, body, scale=Term(Fraction(sign))),))


def _jacobian(subject: Subject) -> SumOfProducts | None:
    for each in subject.equations:
        array = each.target.array
        if is_slope(array) and isinstance(each, SumOfProducts) and array.phase is Phase.NOW:
            return each
    return None


def slope_after_fused(subject: Subject) -> Changes:
    """(out - target) · out(1 - out) where out - target is the whole delta."""
    for head in subject.heads:
        if head.target.array.role is not Role.DELTA:
            continue
        outs = [leaf for leaf in cells_in(head.body) if leaf.array.role is Role.OUT]
        if outs:
            out = Reference(outs[0])
            yield Change((replace(head, body=head.body * out * (1 - out), stable=None),))
