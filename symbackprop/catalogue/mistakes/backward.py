"""Mistakes made in sending the error back from layer to layer. Each function says where, and makes them."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from symbackprop.catalogue.mistakes.entries import (
    WIDEST,
    Change,
    Changes,
    Subject,
    axis_at,
    only,
    orders,
    permuted,
    sign_of,
    swapped,
    times,
    with_factor,
    with_terms,
    without,
)
from symbackprop.quantities import Array, Cell, Phase, Role
from symbackprop.system import Equation, Reindex, SumOfProducts
from symbackprop.terms import Kronecker, Term

ONE = Fraction(1)


def sign_of_delta(subject: Subject) -> Changes:
    """One hidden layer's delta with its sign turned."""
    for equation in subject.deltas:
        if equation.target.array.layer != subject.output_layer:
            yield Change((times(equation, -ONE),))


def _links(subject: Subject) -> list[tuple[SumOfProducts, Term, Cell, Cell]]:
    """The errors sent back from one layer to the one before: equation, term, delta's factor, weight's factor."""
    found = []
    for equation in subject.back_propagated:
        for term in equation.terms:
            deltas = [cell for cell in term.cells if cell.array.role is Role.DELTA]
            weights = [cell for cell in term.cells if cell.array.role is Role.WEIGHT]
            if len(deltas) == len(weights) == 1:
                found.append((equation, term, deltas[0], weights[0]))
    return found


def _replaced(equation: SumOfProducts, term: Term, other: Term) -> SumOfProducts:
    return with_terms(equation, [other if each is term else each for each in equation.terms])


def path_left_out(subject: Subject) -> Changes:
    """One unit of the next layer sends nothing back."""
    for equation, term, delta, _ in _links(subject):
        letter = delta.indices[-1]
        size = axis_at(delta, letter).size or 0
        if 1 < size <= WIDEST:
            for unit in range(size):
                kept = only(letter, (each for each in range(size) if each != unit))
                yield Change((_replaced(equation, term, with_factor(term, kept)),), f"the path through unit {unit + 1}")


def only_one_path(subject: Subject) -> Changes:
    """One unit of the next layer alone sends back."""
    for equation, term, delta, _ in _links(subject):
        letter = delta.indices[-1]
        size = axis_at(delta, letter).size or 0
        if 2 < size <= WIDEST:
            for unit in range(size):
                yield Change(
                    (_replaced(equation, term, with_factor(term, only(letter, (unit,)))),), f"unit {unit + 1} alone"
                )


def own_path_only(subject: Subject) -> Changes:
    """Each unit gets back what the unit of its own number sends: no sum."""
    for equation, term, delta, _ in _links(subject):
        letter, here = delta.indices[-1], equation.target.indices[-1]
        size = axis_at(delta, letter).size or 0
        if size > 1 and size == equation.target.array.axes[-1].size:
            yield Change((_replaced(equation, term, with_factor(term, Kronecker(letter, here))),))


def updated_weights(subject: Subject) -> Changes:
    """New weights in the hidden layers' errors."""
    changed: list[Equation] = []
    for equation, term, _, weight in _links(subject):
        new = Cell(replace(weight.array, phase=Phase.NEW), weight.indices)
        if new.array in subject.definitions and not _needs(subject, new.array, equation.target.array):
            here = _replaced(equation, term, swapped(term, weight, new))
            changed.append(here)
            yield Change((here,))
    if len(changed) > 1:
        yield Change(tuple(changed), "in every hidden layer")


def _needs(subject: Subject, array: Array, other: Array) -> bool:
    """Whether an array is computed from another."""
    waiting, seen = [array], {array}
    while waiting:
        equation = subject.definitions.get(waiting.pop())
        for each in () if equation is None else equation.reads:
            if each == other:
                return True
            if each not in seen:
                seen.add(each)
                waiting.append(each)
    return False


def not_transposed(subject: Subject) -> Changes:
    """W delta where Wᵀ delta belongs."""
    for equation, term, _, weight in _links(subject):
        first, second = weight.array.axes
        if first.size == second.size != 1:
            turned = Cell(weight.array, weight.indices[::-1])
            yield Change((_replaced(equation, term, swapped(term, weight, turned)),))


def weights_left_out(subject: Subject) -> Changes:
    """The next layer's deltas are added up without their weights."""
    for equation, term, _, weight in _links(subject):
        yield Change((_replaced(equation, term, without(term, weight)),))


def weights_of_other_layer(subject: Subject) -> Changes:
    """The weights of another layer of the same shape."""
    for equation, term, _, weight in _links(subject):
        for other in subject.same_width(weight.array, Role.WEIGHT):
            wrong = swapped(term, weight, Cell(other, weight.indices))
            yield Change((_replaced(equation, term, wrong),), f"those of layer {other.layer}")


def error_before_slope(subject: Subject) -> Changes:
    """dE/dout of the next layer is sent back where its delta belongs."""
    for equation, term, delta, _ in _links(subject):
        for array in (*subject.definitions,):
            if subject.is_gradient(array, Role.OUT) and array.layer == delta.array.layer and array.phase is Phase.NOW:
                sign = Fraction(sign_of(equation) if subject_sign(subject, delta.array) > 0 else 1)
                wrong = swapped(term, delta, Cell(array, delta.indices))
                yield Change((_replaced(equation, term, replace(wrong, number=abs(wrong.number) * sign)),))


def subject_sign(subject: Subject, delta: Array) -> int:
    """1 where delta is dE/dnet, -1 where it is its negative."""
    for equation in subject.back_propagated:
        for term in equation.terms:
            if any(cell.array == delta for cell in term.cells):
                return 1 if term.number > 0 else -1
    return 1


def deltas_in_wrong_order(subject: Subject) -> Changes:
    """Another unit's delta meets a weight."""
    for equation, term, delta, _ in _links(subject):
        letter = delta.indices[-1]
        for where, order in orders(axis_at(delta, letter).size or 0):
            yield Change((_replaced(equation, term, permuted(term, delta, letter, equation.target, order)),), where)


def bias_column_kept(subject: Subject) -> Changes:
    """The weights with their bias column in front: unit k gets the column of k - 1, the first one the biases."""
    for equation, term, _, weight in _links(subject):
        bias = bias_of(subject, weight.array)
        if bias is None:
            continue
        rows, columns = (axis.size or 0 for axis in weight.array.axes)
        table = []
        for row in range(rows):
            for column in range(columns):
                own = (1, (row,) if bias.axes else ()) if column == 0 else (0, (row, column - 1))
                table.append(own)
        shifted = replace(weight.array, label="with the bias column in front")
        further = Reindex(Cell(shifted, ("j", "k")), (weight.array, bias), tuple(table))
        wrong = swapped(term, weight, Cell(shifted, weight.indices))
        yield Change((_replaced(equation, term, wrong),), further=(further,))


def bias_sent_back(subject: Subject) -> Changes:
    """The bias is added to each weight that an error is sent back through."""
    for equation, term, _, weight in _links(subject):
        bias = bias_of(subject, weight.array)
        if bias is not None:
            more = swapped(term, weight, Cell(bias, weight.indices[:1] if bias.axes else ()))
            yield Change((with_terms(equation, [*equation.terms, more]),))


def bias_of(subject: Subject, weight: Array) -> Array | None:
    """The biases of the layer that has these weights."""
    arrays = (*subject.givens, *subject.definitions)
    here = (
        each for each in arrays if each.role is Role.BIAS and each.layer == weight.layer and each.phase is weight.phase
    )
    return next(here, None)
