"""Mistakes made in programs, and wherever a derivative has several terms. Each function says where, and makes them."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from symbackprop.catalogue.mistakes.entries import WIDEST, Change, Changes, Subject, times, with_terms, without
from symbackprop.expressions import Number
from symbackprop.quantities import Role
from symbackprop.system import Equation, Map, Scatter, SumOfProducts

ONE = Fraction(1)


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
    return any(cell.array.role is Role.SETTING for term in equation.terms for cell in term.cells)


def link_left_out(subject: Subject) -> Changes:
    """In a program: a local slope is left out of the chain."""
    for equation in _program_adjoints(subject):
        if isinstance(equation, Map) and equation.scale.factors:
            yield Change((replace(equation, body=Number(Fraction(1)), stable=None),))
        elif isinstance(equation, SumOfProducts):
            for place, term in enumerate(equation.terms):
                for cell in term.cells[1:]:
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


def not_carried_back(subject: Subject) -> Changes:
    """An earlier layer, or an earlier step of time, is taken for a constant."""
    heads = {head.target.array for head in subject.heads}
    for equation in subject.equations:
        array = equation.target.array
        if array in heads or not subject.is_gradient(array, Role.VARIABLE, Role.OUT):
            continue
        if isinstance(equation, Map):
            yield Change((replace(equation, body=Number(Fraction(0)), stable=None),))
        elif isinstance(equation, SumOfProducts) and equation.terms:
            yield Change((with_terms(equation, ()),))


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
