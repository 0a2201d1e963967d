"""Mistakes made with the slope of an activation. Each function says where, and makes them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

from symbackprop.catalogue.mistakes.entries import (
    Change,
    Changes,
    Subject,
    is_slope,
    sign_of,
    swapped,
    with_factor,
    with_terms,
    without,
)
from symbackprop.expressions import Expression, Quotient, Reference, has_kink, leaves, substituted
from symbackprop.quantities import Cell, Role
from symbackprop.system import Equation, Map, SumOfProducts
from symbackprop.terms import Term

ONE = Fraction(1)


def _slope_terms(subject: Subject) -> list[tuple[SumOfProducts, Term, Cell, Map]]:
    """The deltas that are an adjoint times an elementwise slope: equation, term, the slope's factor, its map."""
    found = []
    for equation in subject.deltas:
        if isinstance(equation, SumOfProducts) and len(equation.terms) == 1:
            (term,) = equation.terms
            for cell in term.cells:
                slope = subject.definitions.get(cell.array)
                if is_slope(cell.array) and isinstance(slope, Map):
                    found.append((equation, term, cell, slope))
    return found


def _is_mask(slope: Map) -> bool:
    return has_kink(slope.stable if slope.stable is not None else slope.body) or has_kink(slope.body)


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
    yield from _at_slopes(subject, lambda equation, term, cell, slope: without(term, cell), mask=False)
    for head in subject.heads:  # fused with the loss
        for error in subject.gradients_of_outputs():
            if head.target.array.role is Role.DELTA and error.target.array.layer == head.target.array.layer:
                term = Term(Fraction(sign_of(head)), (Cell(error.target.array, head.target.indices),))
                yield Change((SumOfProducts(head.target, (term,)),))


def mask_left_out(subject: Subject) -> Changes:
    """The same where the slope is 0 on one side of a kink."""
    return _at_slopes(subject, lambda equation, term, cell, slope: without(term, cell), mask=True)


def upstream_left_out(subject: Subject) -> Changes:
    """delta = dout/dnet: what came from behind is overwritten."""

    def alone(_equation: SumOfProducts, term: Term, cell: Cell, _slope: Map) -> Term:
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

    def made(_equation: SumOfProducts, term: Term, cell: Cell, _slope: Map) -> Term:
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
        for _, _, other, its in _slope_terms(subject):
            if not any(leaves(its.body)):
                continue  # 1 everywhere: that is the slope left out
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
    for equation, term, cell, _ in _slope_terms(subject):
        rest = [each for each in term.cells if each != cell]
        if len(rest) == 1:
            body = Quotient(Reference(rest[0]), Reference(cell))
            yield Change((Map(equation.target, body, scale=Term(term.number, over=term.over)),))


def loss_slope_left_out(subject: Subject) -> Changes:
    """delta of the output layer is the slope alone."""
    for equation, term, cell, _ in _slope_terms(subject):
        if equation.target.array.layer == subject.output_layer:
            alone = replace(term, factors=(cell,))
            yield Change((with_terms(equation, [alone]),))
