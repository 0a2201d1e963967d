"""The formulas of a proof.

Each stated slope, Jacobian, stable form and rewrite by itself. Never looks at a sum over paths.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import replace
from fractions import Fraction

from symbackprop.derivation import Derivation
from symbackprop.expressions import Expression, Negative, Reference, as_expression, leaves, substituted, sum_of
from symbackprop.identities import Verdict, decide, slope_of
from symbackprop.proof.checks import Check, check
from symbackprop.proof.claims import Claims, body_at, sampled
from symbackprop.quantities import Quantity, Role
from symbackprop.rewriting import Rewrite
from symbackprop.system import Map, SumOfProducts, scalar
from symbackprop.terms import Term


def formula_checks(claims: Claims) -> Iterator[Check]:
    """The checks of all formulas of a System."""
    for equation in (*claims.forward, *claims.backward):
        array = equation.target.array
        rewrite = claims.rewrite(array)
        if isinstance(equation, Map) and equation.stable is not None and rewrite is None:
            yield check("stable form", array, _stable_verdicts(claims, equation))
    for equation in claims.backward:
        array = equation.target.array
        rewrite = claims.rewrite(array)
        if isinstance(equation, Map) and rewrite is not None:
            yield from _rewrite_checks(claims, equation, rewrite)
        elif isinstance(equation, Map):
            yield check("slope", array, _slope_verdicts(claims, equation))
        elif isinstance(equation, SumOfProducts):
            yield check("jacobian", array, _slope_verdicts(claims, equation))
        else:
            yield check("slope", array, ())


def _slope_verdicts(claims: Claims, equation: Map | SumOfProducts) -> Iterator[Verdict]:
    """Each entry of a stated slope against `sympy.diff` of its map's value, both without a Map's scale."""
    for indices in sampled(equation.target.array):
        found = claims.partial_at(equation.target.array, indices)
        if found is None:
            yield Verdict(False, True, "there is no single map that it could be a slope of")
            return
        origin, of, wrt = found
        value = body_at(origin, of.indices)
        stated = body_at(equation, indices) if isinstance(equation, Map) else _unscaled(equation, origin, indices)
        if stated is None:
            yield Verdict(False, True, "its terms do not have the scale of the map")
            return
        yield slope_of(value, wrt, substituted(stated, _values_of(origin, of)))


def _values_of(origin: Map, of: Quantity) -> Callable[[Hashable], Expression]:
    """Writes the values of the map itself (out, or a whole row of them) as formulas; other values stay symbols."""

    def written(leaf: Hashable) -> Expression:
        assert isinstance(leaf, Quantity)
        if leaf.array == of.array:
            return body_at(origin, leaf.indices)
        return Reference(leaf)

    return written


def _unscaled(equation: SumOfProducts, origin: Map, indices: tuple[int, ...]) -> Expression | None:
    """A Jacobian's entry without the scale that its terms share with the map."""
    scale = origin.scale
    if scale == Term():
        return scalar(equation, indices)
    count = len(scale.factors)
    if any(each.factors[:count] != scale.factors or each.over != scale.over for each in equation.terms):
        return None
    terms = tuple(Term(each.number / scale.number, each.factors[count:]) for each in equation.terms)
    return scalar(replace(equation, terms=terms), indices)


def _stable_verdicts(claims: Claims, equation: Map) -> Iterator[Verdict]:
    for indices in sampled(equation.target.array):
        printed, computed = scalar(equation, indices), scalar(equation, indices, computed=True)
        kept = frozenset(leaf for leaf in leaves(computed) if isinstance(leaf, Quantity))
        yield decide(claims.expanded(printed, unless=kept), computed)


def _rewrite_checks(claims: Claims, equation: Map, rewrite: Rewrite) -> Iterator[Check]:
    """The rewritten equation against what the System's other equations make of it, under the rewrite's condition."""
    verdicts, stable = [], []
    for indices in sampled(equation.target.array):
        verdicts.append(_rewritten_verdict(claims, equation, rewrite, indices))
        derived, computed = _derived(claims, rewrite, indices), scalar(equation, indices, computed=True)
        stable.append(decide(claims.expanded(derived), claims.expanded(computed)))
    yield check("rewrite", equation.target.array, verdicts)
    yield check("stable form", equation.target.array, stable)


def rewrite_verdict(derivation: Derivation, quantity: Quantity) -> Verdict:
    """Whether one entry of a rewritten equation equals what the sweep derived."""
    claims = Claims(derivation)
    equation, rewrite = derivation.definition(quantity.array), claims.rewrite(quantity.array)
    assert isinstance(equation, Map)
    assert rewrite is not None
    return _rewritten_verdict(claims, equation, rewrite, quantity.indices)


def _rewritten_verdict(claims: Claims, equation: Map, rewrite: Rewrite, indices: tuple[int, ...]) -> Verdict:
    printed, derived = scalar(equation, indices), _derived(claims, rewrite, indices)
    verdict = decide(printed, derived)
    if not verdict and rewrite.pair.condition:
        verdict = decide(_under(claims, rewrite, printed, indices), _under(claims, rewrite, derived, indices))
    return verdict or decide(claims.expanded(printed), claims.expanded(derived))


def _derived(claims: Claims, rewrite: Rewrite, indices: tuple[int, ...]) -> Expression:
    """What stood in place of the rewritten equation, the slopes in it written out as the System states them."""

    def stated(leaf: object) -> Expression:
        assert isinstance(leaf, Quantity)
        equation = claims.system.definitions.get(leaf.array)
        if leaf.array.role is Role.DERIVATIVE and equation is not None:
            return scalar(equation, leaf.indices)
        return Reference(leaf)

    return substituted(scalar(rewrite.before, indices), stated)


def _under(claims: Claims, rewrite: Rewrite, expression: Expression, indices: tuple[int, ...]) -> Expression:
    """The expression where the targets of the observation sum to 1, the condition of the pairs that have one."""
    targets = claims.derivation.arrays.targets
    assert targets is not None
    width = rewrite.after.target.array.axes[-1].size or 1
    row = [Fraction(place + 2, 7 * place + 3) for place in range(width - 1)]
    assert rewrite.pair.row_holds([*row, 1 - sum(row, Fraction(0))]), f"unknown condition: {rewrite.pair.condition}"
    array = next(
        leaf.array
        for leaf in leaves(scalar(rewrite.after, indices))
        if isinstance(leaf, Quantity) and leaf.array.role is Role.TARGET
    )
    others = [Negative(Reference(Quantity(array, (*indices[:-1], place)))) for place in range(width - 1)]
    last = sum_of([as_expression(1), *others])

    def written(leaf: object) -> Expression:
        assert isinstance(leaf, Quantity)
        return last if leaf.array == array and leaf.indices[-1] == width - 1 else Reference(leaf)

    return substituted(expression, written)
