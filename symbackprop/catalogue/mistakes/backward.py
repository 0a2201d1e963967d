"""Mistakes made in going back from the loss to the deltas. Each function says where, and makes them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

from symbackprop.catalogue.mistakes.entries import (
    WIDEST,
    Change,
    Changes,
    Subject,
    axis_at,
    cells,
    is_slope,
    only,
    orders,
    permuted,
    swapped,
    times,
    with_factor,
    with_terms,
    without,
)
from symbackprop.expressions import BySign, Expression, Number, Quotient, Reference, leaves, substituted
from symbackprop.quantities import Array, Cell, Phase, Role
from symbackprop.system import Equation, Kronecker, Map, Reindex, Scatter, SumOfProducts, Term

ONE = Fraction(1)


def _slope_terms(subject: Subject) -> list[tuple[SumOfProducts, Term, Cell, Map]]:
    """The deltas that are an adjoint times an elementwise slope: equation, term, the slope's factor, its map."""
    found = []
    for equation in subject.deltas:
        if isinstance(equation, SumOfProducts) and len(equation.terms) == 1:
            (term,) = equation.terms
            for cell in cells(term):
                slope = subject.definitions.get(cell.array)
                if is_slope(cell.array) and isinstance(slope, Map):
                    found.append((equation, term, cell, slope))
    return found


def _kinked(expression: Expression) -> bool:
    return (isinstance(expression, BySign) and expression.kink) or any(map(_kinked, expression.children))


def _is_mask(slope: Map) -> bool:
    return _kinked(slope.stable if slope.stable is not None else slope.body) or _kinked(slope.body)


Made = Callable[[SumOfProducts, Term, Cell, Map], Term | None]


def _at_slopes(subject: Subject, made: Made, *, mask: bool | None = None) -> Changes:
    """The change at each delta that has a slope, and at all hidden ones together."""
    changed: list[Equation] = []
    for equation, term, cell, slope in _slope_terms(subject):
        if mask is not None and _is_mask(slope) != mask:
            continue
        wrong = made(equation, term, cell, slope)
        if wrong is None:
            continue
        here = with_terms(equation, [wrong])
        if equation.target.array.layer != subject.output_layer:
            changed.append(here)
        yield Change((here,))
    if len(changed) > 1:
        yield Change(tuple(changed), "in every hidden layer")


def slope_left_out(subject: Subject) -> Changes:
    """delta = dE/dout."""
    return _at_slopes(subject, lambda equation, term, cell, slope: without(term, cell), mask=False)


def mask_left_out(subject: Subject) -> Changes:
    """The same where the slope is 0 on one side of a kink."""
    return _at_slopes(subject, lambda equation, term, cell, slope: without(term, cell), mask=True)


def upstream_left_out(subject: Subject) -> Changes:
    """delta = dout/dnet: what came from behind is overwritten."""

    def alone(equation: SumOfProducts, term: Term, cell: Cell, slope: Map) -> Term:
        return replace(term, factors=(cell,), number=ONE if term.number > 0 else -ONE)

    for change in _at_slopes(subject, alone):
        layers = {each.target.array.layer for each in change.equations}
        if subject.output_layer not in layers:
            yield change


def slope_squared(subject: Subject) -> Changes:
    """The slope twice."""
    return _at_slopes(subject, lambda equation, term, cell, slope: with_factor(term, cell))


def function_for_slope(subject: Subject) -> Changes:
    """out in place of dout/dnet."""

    def made(equation: SumOfProducts, term: Term, cell: Cell, slope: Map) -> Term:
        assert cell.array.of is not None
        return swapped(term, cell, Cell(cell.array.of, cell.indices))

    return _at_slopes(subject, made)


def slope_of_other_layer(subject: Subject) -> Changes:
    """The slope of another layer of the same width."""
    return _other_slopes(subject, mask=False)


def mask_of_other_layer(subject: Subject) -> Changes:
    """The same where it is a mask."""
    return _other_slopes(subject, mask=True)


def _other_slopes(subject: Subject, *, mask: bool) -> Changes:
    for equation, term, cell, slope in _slope_terms(subject):
        if _is_mask(slope) != mask:
            continue
        for _, _, other, _ in _slope_terms(subject):
            if other.array != cell.array and other.array.shape == cell.array.shape:
                yield Change(
                    (with_terms(equation, [swapped(term, cell, Cell(other.array, cell.indices))]),),
                    f"the slope of layer {other.array.layer}",
                )


def _other_arguments(subject: Subject, made: Callable[[Map], Expression | None]) -> Changes:
    """The slope's map with another body; the others of its equation are in the same order."""
    for _, _, _, slope in _slope_terms(subject):
        body = made(slope)
        if body is not None and body != slope.body:
            yield Change((replace(slope, body=body, stable=None),))


def slope_at_net(subject: Subject) -> Changes:
    """out(1 - out) with net where out belongs."""

    def made(slope: Map) -> Expression:
        out, net = slope.target.array.of, slope.target.array.wrt
        assert net is not None

        def replaced(leaf: object) -> Expression:
            if isinstance(leaf, Cell) and leaf.array == out:
                return Reference(Cell(net, leaf.indices))
            return Reference(leaf)

        return substituted(slope.body, replaced)

    return _other_arguments(subject, made)


def slope_at_out(subject: Subject) -> Changes:
    """The slope function, which takes net, at out: sigmoid'(out)."""

    def made(slope: Map) -> Expression | None:
        out, net = slope.target.array.of, slope.target.array.wrt
        assert out is not None
        law = slope.stable if slope.stable is not None else slope.body
        if any(isinstance(leaf, Cell) and leaf.array == out for leaf in leaves(law)):
            return None

        def replaced(leaf: object) -> Expression:
            if isinstance(leaf, Cell) and leaf.array == net:
                return Reference(Cell(out, leaf.indices))
            return Reference(leaf)

        return substituted(law, replaced)

    return _other_arguments(subject, made)


def divided_by_slope(subject: Subject) -> Changes:
    """delta = dE/dout / dout/dnet."""
    for equation, term, cell, slope in _slope_terms(subject):
        rest = [each for each in cells(term) if each != cell]
        if len(rest) == 1:
            body = Quotient(Reference(rest[0]), Reference(cell))
            yield Change((Map(equation.target, body, scale=Term(term.number, over=term.over)),))
        del slope


def loss_slope_left_out(subject: Subject) -> Changes:
    """delta of the output layer is the slope alone."""
    for equation, term, cell, _ in _slope_terms(subject):
        if equation.target.array.layer == subject.output_layer:
            alone = replace(term, factors=(cell,))
            yield Change((with_terms(equation, [alone]),))


def _heads(subject: Subject, made: Callable[[Map], Map | None]) -> Changes:
    for head in subject.heads:
        changed = made(head)
        if changed is not None:
            yield Change((changed,))


def target_left_out(subject: Subject) -> Changes:
    """out in place of out - target."""
    for head in subject.heads:
        targets = [leaf for leaf in leaves(head.body) if isinstance(leaf, Cell) and leaf.array.role is Role.TARGET]
        if targets:
            zero = Reference(targets[0]) - Reference(targets[0])
            body = substituted(head.body, lambda leaf: zero if leaf in targets else Reference(leaf))  # noqa: B023
            yield Change((replace(head, body=body, stable=None),))


def target_of_other_unit(subject: Subject) -> Changes:
    """Targets in a wrong order."""
    for head in subject.heads:
        targets = {leaf for leaf in leaves(head.body) if isinstance(leaf, Cell) and leaf.array.role is Role.TARGET}
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


def sign_of_delta(subject: Subject) -> Changes:
    """One hidden layer's delta with its sign turned."""
    for equation in subject.deltas:
        if equation.target.array.layer != subject.output_layer:
            yield Change((times(equation, -ONE),))


def _axes_of(head: Map, kind: str) -> list[int]:
    return [place for place, axis in enumerate(head.target.array.axes) if axis.kind == kind and axis.size != 1]


def _means(subject: Subject, kind: str, *, count: int) -> Changes:
    """The error with ``count`` means over an axis in place of those it should have."""
    for head in subject.heads:
        for place in _axes_of(head, kind):
            axis = head.target.array.axes[place]
            rest = [each for each in head.scale.over if each.kind != kind]
            has = len(head.scale.over) - len(rest)
            if (count == 0 and has == 1) or (count == 1 and has == 0) or (count == 2 and has == 1):
                yield Change((replace(head, scale=replace(head.scale, over=(*rest, *[axis] * count))),))


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
        sign = _sign(equation)
        body = Reference(Cell(wrt.array, equation.target.indices)) * here * (1 - here)
        yield Change((Map(equation.target, body, scale=Term(Fraction(sign))),))


def _jacobian(subject: Subject) -> SumOfProducts | None:
    for each in subject.equations:
        array = each.target.array
        if is_slope(array) and isinstance(each, SumOfProducts) and array.phase is Phase.NOW:
            return each
    return None


def _sign(equation: Equation) -> int:
    number = equation.scale.number if isinstance(equation, Map) else equation.terms[0].number  # type: ignore[union-attr]
    return 1 if number > 0 else -1


def slope_after_fused(subject: Subject) -> Changes:
    """(out - target) · out(1 - out) where out - target is the whole delta."""
    for head in subject.heads:
        if head.target.array.role is not Role.DELTA:
            continue
        outs = [leaf for leaf in leaves(head.body) if isinstance(leaf, Cell) and leaf.array.role is Role.OUT]
        if outs:
            out = Reference(outs[0])
            yield Change((replace(head, body=head.body * out * (1 - out), stable=None),))


# Between layers


def _links(subject: Subject) -> list[tuple[SumOfProducts, Term, Cell, Cell]]:
    """The errors sent back from one layer to the one before: equation, term, delta's factor, weight's factor."""
    found = []
    for equation in subject.back_propagated:
        for term in equation.terms:
            deltas = [cell for cell in cells(term) if cell.array.role is Role.DELTA]
            weights = [cell for cell in cells(term) if cell.array.role is Role.WEIGHT]
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
                sign = Fraction(_sign(equation) if subject_sign(subject, delta.array) > 0 else 1)
                wrong = swapped(term, delta, Cell(array, delta.indices))
                yield Change((_replaced(equation, term, replace(wrong, number=abs(wrong.number) * sign)),))


def subject_sign(subject: Subject, delta: Array) -> int:
    """1 where delta is dE/dnet, -1 where it is its negative."""
    for equation in subject.back_propagated:
        for term in equation.terms:
            if any(cell.array == delta for cell in cells(term)):
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
        bias = _bias_of(subject, weight.array)
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
        bias = _bias_of(subject, weight.array)
        if bias is not None:
            more = swapped(term, weight, Cell(bias, weight.indices[:1] if bias.axes else ()))
            yield Change((with_terms(equation, [*equation.terms, more]),))


def _bias_of(subject: Subject, weight: Array) -> Array | None:
    arrays = (*subject.givens, *subject.definitions)
    here = (
        each for each in arrays if each.role is Role.BIAS and each.layer == weight.layer and each.phase is weight.phase
    )
    return next(here, None)


# In programs, and wherever an adjoint has several terms


def term_left_out(subject: Subject) -> Changes:
    """One of several uses sends nothing back: a path, or one use of a shared parameter."""
    for equation in subject.adjoints:
        if isinstance(equation, SumOfProducts) and len(equation.terms) > 1 and not _penalised(equation):
            for place in range(len(equation.terms)):
                rest = equation.terms[:place] + equation.terms[place + 1 :]
                yield Change((with_terms(equation, rest),), f"term {place + 1} of {len(equation.terms)}")


def sign_of_term(subject: Subject) -> Changes:
    """One of several terms with its sign turned."""
    for equation in subject.adjoints:
        if isinstance(equation, SumOfProducts) and len(equation.terms) > 1 and not _penalised(equation):
            for place, term in enumerate(equation.terms):
                turned = replace(term, number=-term.number)
                terms = [*equation.terms[:place], turned, *equation.terms[place + 1 :]]
                yield Change((with_terms(equation, terms),), f"term {place + 1} of {len(equation.terms)}")


def _penalised(equation: SumOfProducts) -> bool:
    return any(cell.array.role is Role.SETTING for term in equation.terms for cell in cells(term))


def link_left_out(subject: Subject) -> Changes:
    """In a program: a local slope is left out of the chain."""
    for equation in _program_adjoints(subject):
        if isinstance(equation, Map) and equation.scale.factors:
            yield Change((replace(equation, body=Number(Fraction(1)), stable=None),))
        elif isinstance(equation, SumOfProducts):
            for place, term in enumerate(equation.terms):
                for cell in cells(term)[1:]:
                    terms = [*equation.terms[:place], without(term, cell), *equation.terms[place + 1 :]]
                    yield Change((with_terms(equation, terms),))


def sign_of_adjoint(subject: Subject) -> Changes:
    """In a program: one variable's adjoint with its sign turned."""
    for equation in _program_adjoints(subject):
        yield Change((times(equation, -ONE),))


def adjoint_doubled(subject: Subject) -> Changes:
    """In a program: one variable's adjoint twice."""
    for equation in _program_adjoints(subject):
        yield Change((times(equation, Fraction(2)),))


def _program_adjoints(subject: Subject) -> list[Equation]:
    if subject.deltas:
        return []
    return [
        each
        for each in subject.equations
        if isinstance(each, SumOfProducts | Map) and subject.is_gradient(each.target.array, Role.VARIABLE)
    ]


def use_dropped(subject: Subject) -> Changes:
    """A tied parameter's gradient without one of its uses."""
    for equation in subject.adjoints:
        if isinstance(equation, Scatter):
            tied = [place for place, uses in enumerate(equation.table) if len(uses) > 1]
            for place in tied[:WIDEST]:
                for use in range(len(equation.table[place])):
                    kept = equation.table[place][:use] + equation.table[place][use + 1 :]
                    table = (*equation.table[:place], kept, *equation.table[place + 1 :])
                    yield Change((replace(equation, table=table),), f"use {use + 1} of {len(equation.table[place])}")
