"""Mistakes put into a derivation's System on purpose, one at a time; none leaves the System right. Proves nothing.

A mistake takes the derivation and a source of choices, and returns the changed derivation, or None where it does not
apply.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from random import Random

from symbackprop.derivation import Derivation
from symbackprop.expressions import Negative, Number, as_expression
from symbackprop.quantities import Array, Cell, Role
from symbackprop.system import Equation, Map, Scatter, SumOfProducts
from symbackprop.terms import Kronecker, Term

Mistake = Callable[[Derivation, Random], Derivation | None]
DERIVATIVES = (Role.DERIVATIVE, Role.DELTA)


def wrong_slope(derivation: Derivation, random: Random) -> Derivation | None:
    """A slope of an activation, loss or penalty: negated, doubled, or 1 more."""
    slopes = [each for each in _backward(derivation) if isinstance(each, Map) and each != _rewritten(derivation)]
    return _with(derivation, [replace(each, **_wrong_body(each, random)) for each in slopes], random)


def wrong_computed_slope(derivation: Derivation, random: Random) -> Derivation | None:
    """Only the form that numbers are computed by is wrong."""
    slopes = [each for each in _backward(derivation) if isinstance(each, Map) and each.stable is not None]
    return _with(
        derivation, [replace(each, stable=each.stable * 2) for each in slopes if each.stable is not None], random
    )


def wrong_jacobian(derivation: Derivation, random: Random) -> Derivation | None:
    """A Jacobian without its diagonal, or with a sign turned."""
    found: list[Equation] = []
    for each in _backward(derivation):
        if isinstance(each, SumOfProducts) and any(isinstance(f, Kronecker) for t in each.terms for f in t.factors):
            found += [replace(each, terms=terms) for terms in _one_dropped(each.terms)]
            found += [replace(each, terms=terms) for terms in _one_negated(each.terms)]
    return _with(derivation, found, random)


def dropped_term(derivation: Derivation, random: Random) -> Derivation | None:
    """A sum without one of its terms: a path, a use, a penalty."""
    found: list[Equation] = []
    for each in _backward(derivation):
        if isinstance(each, SumOfProducts):
            found += [replace(each, terms=terms) for terms in _one_dropped(each.terms)]
        elif isinstance(each, Scatter):
            uses = next((place for place, entry in enumerate(each.table) if len(entry) > 1), None)
            if uses is not None:
                table = (*each.table[:uses], each.table[uses][1:], *each.table[uses + 1 :])
                found.append(replace(each, table=table))
    return _with(derivation, found, random)


def dropped_factor(derivation: Derivation, random: Random) -> Derivation | None:
    """A link of the chain left out."""
    found: list[Equation] = []
    for each in _backward(derivation):
        if isinstance(each, SumOfProducts):
            for place, term in enumerate(each.terms):
                letters = set(each.target.indices)
                for link in range(1, len(term.factors)):
                    rest = (*term.factors[:link], *term.factors[link + 1 :])
                    left = {letter for factor in rest if isinstance(factor, Cell) for letter in factor.indices}
                    if letters <= left:
                        found.append(replace(each, terms=_put(each.terms, place, replace(term, factors=rest))))
    return _with(derivation, found, random)


def transposed_matrix(derivation: Derivation, random: Random) -> Derivation | None:
    """A weight's indices the wrong way round."""
    found: list[Equation] = []
    for each in _backward(derivation):
        if isinstance(each, SumOfProducts):
            for place, term in enumerate(each.terms):
                for link, factor in enumerate(term.factors):
                    if (
                        isinstance(factor, Cell)
                        and factor.array.role is Role.WEIGHT
                        and not _symmetric(derivation, factor.array)
                    ):
                        turned = Cell(factor.array, factor.indices[::-1])
                        factors = (*term.factors[:link], turned, *term.factors[link + 1 :])
                        found.append(replace(each, terms=_put(each.terms, place, replace(term, factors=factors))))
    return _with(derivation, found, random)


def turned_sign(derivation: Derivation, random: Random) -> Derivation | None:
    """A term of a derivative with the other sign."""
    found: list[Equation] = []
    for each in _backward(derivation):
        if isinstance(each, SumOfProducts):
            found += [replace(each, terms=terms) for terms in _one_negated(each.terms)]
    return _with(derivation, found, random)


def wrong_mean(derivation: Derivation, random: Random) -> Derivation | None:
    """A number in front of a derivative doubled, as when a mean is taken twice or a factor forgotten."""
    found: list[Equation] = []
    for each in _backward(derivation):
        if isinstance(each, SumOfProducts):
            for place, term in enumerate(each.terms):
                found.append(replace(each, terms=_put(each.terms, place, replace(term, number=term.number / 2))))
        elif isinstance(each, Map) and each.target.array.of == derivation.loss:
            found.append(replace(each, scale=replace(each.scale, number=each.scale.number / 2)))
    return _with(derivation, found, random)


def wrong_rewrite(derivation: Derivation, random: Random) -> Derivation | None:
    """target - out in place of out - target, or twice it."""
    after = _rewritten(derivation)
    return None if after is None else _with(derivation, [replace(after, **_wrong_body(after, random))], random)


MISTAKES: dict[str, Mistake] = {
    each.__name__: each
    for each in (
        wrong_slope,
        wrong_computed_slope,
        wrong_jacobian,
        dropped_term,
        dropped_factor,
        transposed_matrix,
        turned_sign,
        wrong_mean,
        wrong_rewrite,
    )
}


def _backward(derivation: Derivation) -> Iterator[Equation]:
    yield from (each for each in derivation.system.equations if each.target.array.role in DERIVATIVES)


def _rewritten(derivation: Derivation) -> Map | None:
    return derivation.rewrites[0].after if derivation.rewrites else None


def _wrong_body(equation: Map, random: Random) -> dict[str, object]:
    wrong = random.choice([Negative(equation.body), equation.body * 2, equation.body + 1])
    if equation.body == as_expression(0) or (isinstance(equation.body, Number) and equation.body.value == 0):
        wrong = equation.body + 1
    return {"body": wrong}


def _symmetric(derivation: Derivation, weight: Array) -> bool:
    """Whether the weights are the same the other way round: one weight alone, or tied ones."""
    rows, columns = weight.shape
    if rows == columns and weight in derivation.ties.reindexed:
        table = derivation.ties.reindexed[weight].table
        return all(table[j * rows + k] == table[k * rows + j] for j in range(rows) for k in range(rows))
    return rows == columns == 1


def _one_dropped(terms: tuple[Term, ...]) -> list[tuple[Term, ...]]:
    return [terms[:place] + terms[place + 1 :] for place in range(len(terms))]


def _one_negated(terms: tuple[Term, ...]) -> list[tuple[Term, ...]]:
    return [_put(terms, place, replace(term, number=-term.number)) for place, term in enumerate(terms)]


def _put(terms: tuple[Term, ...], place: int, term: Term) -> tuple[Term, ...]:
    return (*terms[:place], term, *terms[place + 1 :])


def _with(derivation: Derivation, equations: list[Equation], random: Random) -> Derivation | None:
    if not equations:
        return None
    return replace(derivation, system=derivation.system.replaced([random.choice(equations)]))
