"""Mistakes made in the forward pass, before or after the update. Each function says where, and makes it."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from symbackprop.catalogue.mistakes.entries import (
    Change,
    Changes,
    Subject,
    axis_at,
    orders,
    permuted,
    swapped,
    with_terms,
)
from symbackprop.expressions import Call, Negative, Number, Reference, parts, substituted
from symbackprop.functions import LOG
from symbackprop.quantities import Cell, Phase, Role
from symbackprop.system import Map, SumOfProducts
from symbackprop.terms import Term, cells_in


def _nets(subject: Subject) -> list[SumOfProducts]:
    return [e for e in subject.equations if isinstance(e, SumOfProducts) and e.target.array.role is Role.NET]


def _outs(subject: Subject) -> list[Map]:
    return [e for e in subject.equations if isinstance(e, Map) and e.target.array.role is Role.OUT]


def _parts(subject: Subject) -> list[Map]:
    return [e for e in subject.equations if isinstance(e, Map) and e.target.array.role is Role.PART]


def bias_left_out(subject: Subject) -> Changes:
    """net without its bias."""
    for net in _nets(subject):
        rest = [term for term in net.terms if not any(cell.array.role is Role.BIAS for cell in term.cells)]
        if len(rest) < len(net.terms):
            yield Change((with_terms(net, rest),))


def bias_subtracted(subject: Subject) -> Changes:
    """net minus its bias."""
    for net in _nets(subject):
        has = [any(cell.array.role is Role.BIAS for cell in term.cells) for term in net.terms]
        if any(has):
            terms = [replace(t, number=-t.number) if b else t for t, b in zip(net.terms, has, strict=True)]
            yield Change((with_terms(net, terms),))


def activation_left_out(subject: Subject) -> Changes:
    """out = net."""
    for out in _outs(subject):
        nets = {leaf for leaf in cells_in(out.body) if leaf.array.role is Role.NET}
        own = replace(out.target.array, role=Role.NET)
        if nets and own in subject.definitions:
            yield Change((replace(out, body=Reference(Cell(own, out.target.indices)), stable=None),))


def sign_in_activation(subject: Subject) -> Changes:
    """The activation of -net: the sign of the exponent forgotten."""
    for out in _outs(subject):
        law = out.stable if out.stable is not None else out.body
        turned = substituted(
            law,
            lambda leaf: Negative(Reference(leaf)) if _is_net(leaf) else Reference(leaf),
        )
        yield Change((replace(out, body=turned, stable=None),))


def _is_net(leaf: object) -> bool:
    return isinstance(leaf, Cell) and leaf.array.role is Role.NET


def weights_turned(subject: Subject) -> Changes:
    """The weights of a square layer not turned: Wᵀ x where W x belongs."""
    for net in _nets(subject):
        for term in net.terms:
            weight = next((cell for cell in term.cells if cell.array.role is Role.WEIGHT), None)
            if weight is not None and len(weight.array.axes) == 2:
                first, second = weight.array.axes
                if first.size == second.size != 1:
                    turned = swapped(term, weight, Cell(weight.array, weight.indices[::-1]))
                    yield Change((with_terms(net, [turned if each is term else each for each in net.terms]),))


def bias_of_other_unit(subject: Subject) -> Changes:
    """The biases in a wrong order."""
    for net in _nets(subject):
        for term in net.terms:
            bias = next((cell for cell in term.cells if cell.array.role is Role.BIAS and cell.indices), None)
            if bias is not None:
                letter = bias.indices[-1]
                for where, order in orders(axis_at(bias, letter).size or 0):
                    mixed = permuted(term, bias, letter, net.target, order)
                    yield Change((with_terms(net, [mixed if each is term else each for each in net.terms]),), where)


def net_into_next_layer(subject: Subject) -> Changes:
    """The net of a layer goes on in place of its out."""
    for net in _nets(subject):
        for term in net.terms:
            before = next((cell for cell in term.cells if cell.array.role is Role.OUT), None)
            if before is not None:
                own = replace(before.array, role=Role.NET)
                wrong = swapped(term, before, Cell(own, before.indices))
                yield Change((with_terms(net, [wrong if each is term else each for each in net.terms]),))


def old_parameters(subject: Subject) -> Changes:
    """The second pass with parameters of before the update: weights, biases, or both, of one layer or of all."""
    for roles in ((Role.WEIGHT,), (Role.BIAS,), (Role.WEIGHT, Role.BIAS)):
        where = " and ".join({Role.WEIGHT: "weights", Role.BIAS: "biases"}[role] for role in roles)
        changed = [each for net in _nets(subject) if (each := _with_old(subject, net, roles)) != net]
        yield from (Change((each,), where) for each in changed)
        if len(changed) > 1:
            yield Change(tuple(changed), f"{where} of all layers")


def _with_old(subject: Subject, net: SumOfProducts, roles: tuple[Role, ...]) -> SumOfProducts:
    """A net of the second pass with some parameters of before the update."""
    terms = []
    for term in net.terms if net.target.array.phase is Phase.AFTER else ():
        for cell in term.cells:
            old = cell.array.now
            if cell.array.role in roles and old in subject:
                term = swapped(term, cell, Cell(old, cell.indices))
        terms.append(term)
    return with_terms(net, terms) if terms else net


def old_values(subject: Subject) -> Changes:
    """A layer of the second pass with what the layer before gave in the first."""
    for net in _nets(subject):
        if net.target.array.phase is Phase.AFTER:
            for term in net.terms:
                before = next((cell for cell in term.cells if cell.array.role in (Role.OUT, Role.NET)), None)
                if before is not None:
                    old = Cell(before.array.now, before.indices)
                    wrong = swapped(term, before, old)
                    yield Change((with_terms(net, [wrong if each is term else each for each in net.terms]),))


def loss_doubled(subject: Subject) -> Changes:
    """The loss without its 1/2, or twice."""
    for part in _parts(subject):
        yield Change((replace(part, scale=replace(part.scale, number=part.scale.number * 2)),))


def loss_halved(subject: Subject) -> Changes:
    """The loss with a 1/2 that it does not have."""
    for part in _parts(subject):
        yield Change((replace(part, scale=replace(part.scale, number=part.scale.number * Fraction(1, 2))),))


def logarithm_to_another_base(subject: Subject) -> Changes:
    """A loss's logarithms to base 10 or 2: the loss over log(10) or log(2)."""
    for part in _parts(subject):
        if any(isinstance(each, Call) and each.function == LOG for each in parts(part.body)):
            for base in (10, 2):
                wrong = replace(part, body=part.body / LOG(Number(Fraction(base))), stable=None)
                yield Change((wrong,), f"base {base}")


def loss_reductions(subject: Subject) -> Changes:
    """A sum for a mean or a mean for a sum, over outputs or observations."""
    for part in _parts(subject):
        for axis in part.target.array.axes:
            if axis.size != 1:
                has = axis in part.scale.over
                over = tuple(e for e in part.scale.over if e != axis) if has else (*part.scale.over, axis)
                where = "outputs" if axis.kind == "unit" else "observations"
                yield Change((replace(part, scale=replace(part.scale, over=over)),), where)


def target_of_other_unit(subject: Subject) -> Changes:
    """The outputs are compared with targets in a wrong order."""
    for part in _parts(subject):
        cells_ = {leaf for leaf in cells_in(part.body) if leaf.array.role is Role.TARGET}
        for target in cells_:
            for where, order in orders(target.array.axes[-1].size or 0):
                other = replace(target.array, label=f"targets of the loss, {where}", phase=part.target.array.phase)
                mixed = permuted(
                    Term(factors=(target,)), target, target.indices[-1], Cell(other, target.indices), order
                )
                body = substituted(
                    part.body,
                    lambda leaf: Reference(Cell(other, leaf.indices)) if leaf == target else Reference(leaf),  # noqa: B023
                )
                further = SumOfProducts(Cell(other, target.indices), (mixed,))
                yield Change((replace(part, body=body, stable=None),), where, further=(further,))


def penalty_left_out(subject: Subject) -> Changes:
    """The loss without the penalty."""
    for equation in subject.equations:
        if isinstance(equation, SumOfProducts) and equation.target.array.role is Role.LOSS:
            rest = [t for t in equation.terms if not any(cell.array.role is Role.PENALTY for cell in t.cells)]
            if len(rest) < len(equation.terms):
                yield Change((with_terms(equation, rest),))
