"""Mistakes made in the gradients of weights and biases, given right deltas. Each function says where, and makes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

from symbackprop.catalogue.mistakes.backward import bias_of
from symbackprop.catalogue.mistakes.entries import (
    WIDEST,
    Change,
    Changes,
    Subject,
    axis_at,
    fresh_letter,
    only,
    orders,
    permuted,
    swapped,
    times,
    with_factor,
    with_terms,
    without,
)
from symbackprop.expressions import ONE, Quotient, Reference
from symbackprop.quantities import Array, Cell, Phase, Role
from symbackprop.system import Map, SumOfProducts
from symbackprop.terms import Indicator, Term

Split = tuple[SumOfProducts, Term, Cell, Cell]


def _of_weights(subject: Subject) -> list[Split]:
    """The gradients of weights as delta times what came in: equation, term, delta's factor, the other one."""
    found = []
    for equation in subject.gradients(Role.WEIGHT):
        for term in equation.terms:
            pair = term.cells
            if len(pair) == 2 and any(subject.is_adjoint(cell.array) for cell in pair):
                delta = next(cell for cell in pair if subject.is_adjoint(cell.array))
                found.append((equation, term, delta, next(cell for cell in pair if cell is not delta)))
    return found


def _of_biases(subject: Subject) -> list[tuple[SumOfProducts, Term, Cell]]:
    found = []
    for equation in subject.gradients(Role.BIAS):
        for term in equation.terms:
            pair = term.cells
            if len(pair) == 1 and subject.is_adjoint(pair[0].array):
                found.append((equation, term, pair[0]))
    return found


def _made(equation: SumOfProducts, term: Term, other: Term, where: str = "") -> Change:
    return Change((with_terms(equation, [other if each is term else each for each in equation.terms]),), where)


def input_left_out(subject: Subject) -> Changes:
    """dE/dw = delta."""
    for equation, term, _, before in _of_weights(subject):
        yield _made(equation, term, without(term, before))


def delta_left_out(subject: Subject) -> Changes:
    """dE/dw is the input of the layer alone."""
    for equation, term, delta, _ in _of_weights(subject):
        yield _made(equation, term, without(term, delta))


def transposed(subject: Subject) -> Changes:
    """Rows and columns of a gradient exchanged."""
    for equation, term, delta, before in _of_weights(subject):
        first, second = equation.target.array.axes
        if first.size == second.size != 1:
            left, right = delta.indices[-1], before.indices[-1]
            turned = Cell(delta.array, (*delta.indices[:-1], right)), Cell(before.array, (*before.indices[:-1], left))
            yield _made(equation, term, swapped(swapped(term, delta, turned[0]), before, turned[1]))


def net_for_out(subject: Subject) -> Changes:
    """The net of the layer before in place of its out."""
    for equation, term, _, before in _of_weights(subject):
        if before.array.role is Role.OUT:
            net = replace(before.array, role=Role.NET)
            if net in subject.definitions:
                yield _made(equation, term, swapped(term, before, Cell(net, before.indices)))


def values_of_other_layer(subject: Subject) -> Changes:
    """Another layer's values of the same width in place of the layer's inputs."""
    for equation, term, _, before in _of_weights(subject):
        for other in subject.same_width(before.array, Role.OUT, Role.INPUT):
            yield _made(equation, term, swapped(term, before, Cell(other, before.indices)), _called(other))


def delta_of_other_layer(subject: Subject) -> Changes:
    """Another layer's delta of the same width."""
    for equation, term, delta, _ in _of_weights(subject):
        for other in subject.same_width(delta.array, Role.DELTA):
            yield _made(equation, term, swapped(term, delta, Cell(other, delta.indices)), _called(other))


def _called(array: Array) -> str:
    what = {Role.INPUT: "the inputs", Role.OUT: "the outputs", Role.DELTA: "delta"}[array.role]
    return what if array.role is Role.INPUT else f"{what} of layer {array.layer}"


def value_of_other_unit(subject: Subject) -> Changes:
    """The value of another unit of the layer before."""
    for equation, term, _, before in _of_weights(subject):
        letter = before.indices[-1]
        for where, order in orders(axis_at(before, letter).size or 0):
            yield _made(equation, term, permuted(term, before, letter, equation.target, order), where)


def delta_of_other_unit(subject: Subject) -> Changes:
    """The delta of another unit, in the gradients of weights or of biases."""
    splits = [(equation, term, delta) for equation, term, delta, _ in _of_weights(subject)]
    for equation, term, delta in [*splits, *_of_biases(subject)]:
        letter = delta.indices[-1]
        if letter in equation.target.indices:
            for where, order in orders(axis_at(delta, letter).size or 0):
                yield _made(equation, term, permuted(term, delta, letter, equation.target, order), where)


def value_of_other_observation(subject: Subject) -> Changes:
    """The value that the observation before or after gave."""
    for equation, term, delta, before in _of_weights(subject):
        size = before.array.axes[0].size
        if before.array.has_observations and delta.array.has_observations and size and size > 1:
            letter = before.indices[0]
            for step, where in ((1, "the next one's"), (size - 1, "the one's before")):
                if step == size - 1 and size == 2:
                    continue
                order = [(place + step) % size for place in range(size)]
                yield _made(equation, term, permuted(term, before, letter, equation.target, order), where)


def first_observation_only(subject: Subject) -> Changes:
    """One observation's share alone, as where it is overwritten; or that without the division by their number."""
    means = any(axis.kind == "observation" for head in subject.heads for axis in head.scale.over)
    for equation in subject.gradients(Role.WEIGHT, Role.BIAS):
        for term in equation.terms:
            here = [cell for cell in term.cells if cell.array.has_observations]
            size = here[0].array.axes[0].size if here else None
            if here and size and size > 1:
                letter = here[0].indices[0]
                for unit, where in ((0, "the first one alone"), (size - 1, "the last one alone")):
                    alone = with_factor(term, only(letter, (unit,)))
                    yield _made(equation, term, alone, where)
                    if means:
                        whole = replace(alone, number=alone.number * size)
                        yield _made(equation, term, whole, f"{where}, not divided by their number")


def divided_by_input(subject: Subject) -> Changes:
    """delta divided by the layer's input."""
    for equation, term, delta, before in _of_weights(subject):
        inverse = replace(before.array, label="1/value")
        letters = ("n", "k") if before.array.has_observations else ("k",)
        further = Map(Cell(inverse, letters), Quotient(ONE, Reference(Cell(before.array, letters))))
        change = _made(equation, term, swapped(term, before, Cell(inverse, before.indices)))
        yield replace(change, further=(further,))
        del delta


def sign_of_gradient(subject: Subject) -> Changes:
    """One array's gradient with its sign turned."""
    for equation in subject.gradients(Role.WEIGHT, Role.BIAS, Role.PARAMETER):
        yield Change((times(equation, Fraction(-1)),))


def gradient_doubled(subject: Subject) -> Changes:
    """One array's gradient twice as large."""
    for equation in subject.gradients(Role.WEIGHT, Role.BIAS, Role.PARAMETER):
        yield Change((times(equation, Fraction(2)),))


def gradient_halved(subject: Subject) -> Changes:
    """One array's gradient half as large."""
    for equation in subject.gradients(Role.WEIGHT, Role.BIAS, Role.PARAMETER):
        yield Change((times(equation, Fraction(1, 2)),))


def _steps(subject: Subject, number: int, *, from_value: bool) -> Changes:
    """In place of every gradient: the step, or the value that it leads to."""
    rates = [array for array in subject.givens if array.role is Role.RATE]
    changed = []
    for equation in subject.gradients(Role.WEIGHT, Role.BIAS, Role.PARAMETER):
        value = equation.target.array.wrt
        if len(rates) != 1 or value is None or equation.target.array.phase is not Phase.NOW:
            continue
        terms = [with_factor(replace(each, number=each.number * number), Cell(rates[0], ())) for each in equation.terms]
        own = [Term(factors=(Cell(value, equation.target.indices),))] if from_value else []
        changed.append(with_terms(equation, [*own, *terms]))
    if changed:
        yield Change(tuple(changed))


def step_for_gradient(subject: Subject) -> Changes:
    """rate · gradient, with either sign."""
    yield from _steps(subject, 1, from_value=False)
    yield from _steps(subject, -1, from_value=False)


def new_value_for_gradient(subject: Subject) -> Changes:
    """value - rate · gradient."""
    return _steps(subject, -1, from_value=True)


def weight_gradient_averaged(subject: Subject) -> Changes:
    """A further mean over observations in the gradient of weights."""
    for equation, term, delta, _ in _of_weights(subject):
        observations = delta.array.axes[0]
        if delta.array.has_observations and observations.size != 1:
            yield _made(equation, term, replace(term, over=(*term.over, observations)))


def gradient_summed(subject: Subject) -> Changes:
    """One array's gradient summed over the observations, where the loss is their mean; a penalty beside it stays."""
    means = [axis for head in subject.heads for axis in head.scale.over if axis.kind == "observation"]
    for equation in subject.gradients(Role.WEIGHT, Role.BIAS, Role.PARAMETER):
        own = [term for term in equation.terms if any(subject.is_adjoint(cell.array) for cell in term.cells)]
        count = means[0].size if means else None
        if own and count and count > 1:
            terms = [replace(term, number=term.number * count) if term in own else term for term in equation.terms]
            yield Change((with_terms(equation, terms),))


# Biases


def shared_bias_once(subject: Subject) -> Changes:
    """The gradient of a shared bias from one unit alone."""
    for equation, term, delta in _of_biases(subject):
        letter = delta.indices[-1]
        size = axis_at(delta, letter).size or 0
        if letter not in equation.target.indices and 1 < size <= WIDEST:
            for unit in range(size):
                yield _made(equation, term, with_factor(term, only(letter, (unit,))), f"unit {unit + 1}")


def shared_bias_averaged(subject: Subject) -> Changes:
    """The mean over the units that share a bias."""
    for equation, term, delta in _of_biases(subject):
        letter = delta.indices[-1]
        if letter not in equation.target.indices and axis_at(delta, letter).size != 1:
            yield _made(equation, term, replace(term, over=(*term.over, axis_at(delta, letter))))


def bias_gradient_averaged(subject: Subject) -> Changes:
    """A further mean over observations in the gradient of biases."""
    for equation, term, delta in _of_biases(subject):
        observations = delta.array.axes[0]
        if delta.array.has_observations and observations.size != 1:
            yield _made(equation, term, replace(term, over=(*term.over, observations)))


def bias_gradient_summed(subject: Subject) -> Changes:
    """Each unit's bias gets the sum over all units."""
    for equation, term, delta in _of_biases(subject):
        letter = delta.indices[-1]
        if letter in equation.target.indices and axis_at(delta, letter).size != 1:
            other = Cell(delta.array, (*delta.indices[:-1], fresh_letter(term, equation.target)))
            yield _made(equation, term, swapped(term, delta, other))


def bias_gradient_times_input(subject: Subject) -> Changes:
    """The gradient of a bias multiplied by an input of the layer, or by their sum."""
    for equation, term, delta in _of_biases(subject):
        for other, _, _, before in _of_weights(subject):
            if other.target.array.layer != equation.target.array.layer or delta.indices[0] != before.indices[0]:
                continue
            letter = fresh_letter(term, equation.target)
            more = Cell(before.array, (*before.indices[:-1], letter))
            size = before.array.axes[-1].size or 0
            if size > 1:
                yield _made(equation, term, with_factor(term, more), "their sum")
            for unit in range(min(size, WIDEST)):
                yield _made(equation, term, with_factor(term, more, only(letter, (unit,))), f"input {unit + 1}")


def bias_gradient_before_slope(subject: Subject) -> Changes:
    """dE/dout where delta belongs, in the gradient of biases."""
    for equation, term, delta in _of_biases(subject):
        for array in subject.definitions:
            if (
                subject.is_gradient(array, Role.OUT)
                and array.layer == delta.array.layer
                and array.phase is Phase.NOW
                and delta.array.role is Role.DELTA
            ):
                positive = replace(term, number=abs(term.number))
                yield _made(equation, term, swapped(positive, delta, Cell(array, delta.indices)))


def bias_gradient_forgotten(subject: Subject) -> Changes:
    """The gradient of biases is 0."""
    for equation in subject.gradients(Role.BIAS):
        yield Change((with_terms(equation, ()),))


# Penalties


def _penalties(subject: Subject) -> list[tuple[SumOfProducts, Term]]:
    return [
        (equation, term)
        for equation in subject.gradients(Role.WEIGHT, Role.BIAS, Role.PARAMETER)
        for term in equation.terms
        if not any(subject.is_adjoint(cell.array) and cell.array.wrt != equation.target.array for cell in term.cells)
        and any(cell.array.role is Role.SETTING for cell in term.cells)
    ]


def _all_penalties(subject: Subject, made: Callable[[Term], Term | None], where: str = "") -> Changes:
    """The change in the penalty's share of every gradient, and in each by itself."""
    whole = []
    for equation, term in _penalties(subject):
        other = made(term)
        rest = [other if each is term else each for each in equation.terms]
        whole.append(with_terms(equation, [each for each in rest if each is not None]))
    if whole:
        yield Change(tuple(whole), where)
    if len(whole) > 1:
        for each in whole:
            yield Change((each,), where)


def penalty_forgotten(subject: Subject) -> Changes:
    """The gradients without the penalty's share."""
    return _all_penalties(subject, lambda term: None)


def penalty_sign(subject: Subject) -> Changes:
    """The penalty's share with its sign turned."""
    return _all_penalties(subject, lambda term: replace(term, number=-term.number))


def penalty_doubled(subject: Subject) -> Changes:
    """The penalty's share twice: the 1/2 in front of the square forgotten."""
    return _all_penalties(subject, lambda term: replace(term, number=term.number * 2))


def penalty_halved(subject: Subject) -> Changes:
    """The penalty's share by half."""
    return _all_penalties(subject, lambda term: replace(term, number=term.number / 2))


def penalty_mean(subject: Subject) -> Changes:
    """The penalty's share divided by the number of observations, or not divided although it should be."""
    axis = next((a for e in subject.deltas for a in e.target.array.axes if a.kind == "observation"), None)
    if axis is not None and axis.size != 1:
        yield from _all_penalties(
            subject,
            lambda term: replace(
                term, over=tuple(each for each in term.over if each != axis) if term.over else (axis,)
            ),
        )


def penalty_on_biases(subject: Subject) -> Changes:
    """A share of the penalty in the gradients of biases too."""
    whole = []
    for weights, term in _penalties(subject):
        if weights.target.array.wrt is None or weights.target.array.wrt.role is not Role.WEIGHT:
            continue
        bias = bias_of(subject, weights.target.array.wrt)
        weight = next((cell for cell in term.cells if cell.array.role is Role.WEIGHT), None)
        own = next((each for each in subject.gradients(Role.BIAS) if each.target.array.wrt == bias), None)
        if weight is None or own is None or bias is None or any(isinstance(each, Indicator) for each in term.factors):
            continue
        if any(cell.array.role is Role.SETTING for each in own.terms for cell in each.cells):
            continue
        more = term
        for cell in term.cells:
            if cell.array.role is Role.WEIGHT:
                more = swapped(more, cell, Cell(bias, own.target.indices))
        whole.append(with_terms(own, [*own.terms, more]))
    if whole:
        yield Change(tuple(whole))
