"""`prove`.

Every backward equation of a derivation against derivatives of its forward equations. Never uses the sweep.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from symbackprop.derivation import Derivation
from symbackprop.proof.checks import Check, Proof
from symbackprop.proof.claims import Claims
from symbackprop.proof.formulas import formula_checks
from symbackprop.proof.modular import modular_checks
from symbackprop.proof.resizing import with_few_observations, with_few_units
from symbackprop.quantities import Cell
from symbackprop.sweep import leading_to
from symbackprop.system import Equation, Map, Reindex, Scatter, SumOfProducts
from symbackprop.terms import axis_of


def prove(derivation: Derivation) -> Proof:
    """The proof of a derivation's System as it is, for any values.

    Each stated slope, Jacobian, stable form and rewrite is compared with `sympy.diff` of its map's value by itself.
    Then values and slopes are independent symbols, and each adjoint is compared with the derivative of the loss: of a
    small network as polynomials, expanded, the derivative being `sympy.diff` of the closed loss with each activation
    an undefined function; of a large one at random points modulo a prime. Updates are not part of it. Of more than
    three observations, and of more than three units in a formula, three are looked at: laws know them by their letter.
    """
    from symbackprop.proof.expanded import LARGEST, expanded_checks, expanded_size  # these load SymPy

    checks = list(_indices_checks(Claims(derivation)))
    if checks:
        return Proof("expanded", tuple(checks), derivation.notation)
    fewer = with_few_observations(derivation)
    claims = Claims(fewer)
    small = expanded_size(claims) <= LARGEST
    compared = expanded_checks(claims) if small else modular_checks(claims)
    whole = (*_formulas(derivation), *_named(compared, derivation.system.equations, fewer.system.equations))
    return Proof("expanded" if small else "random points", whole, derivation.notation)


def _formulas(derivation: Derivation) -> Iterator[Check]:
    claims = Claims(derivation)
    local = [each for each in claims.backward if not claims.is_adjoint(each.target.array)]
    forward = leading_to(claims.loss, claims.forward)  # what the loss does not use is no reader of a value
    kept = [each for each in (*forward, *claims.backward) if isinstance(each, Map) or each in local]
    narrow = with_few_units(derivation, kept)
    yield from _named(formula_checks(Claims(narrow)), kept, narrow.system.equations)


def _named(checks: Iterable[Check], own: Sequence[Equation], resized: Sequence[Equation]) -> Iterator[Check]:
    """The checks of resized arrays as checks of the derivation's own."""
    arrays = {new.target.array: old.target.array for old, new in zip(own, resized, strict=True)}
    for each in checks:
        yield replace(each, array=arrays[each.array])


def _indices_checks(claims: Claims) -> Iterator[Check]:
    """The equations in which an index would have to run along two axes of different sizes."""
    for equation in (*claims.forward, *claims.backward):
        for cells in _together(equation):
            sizes: dict[str, int | None] = {}
            for cell in cells:
                for letter, axis in axis_of(cell).items():
                    if sizes.setdefault(letter, axis.size) != axis.size:
                        how = f"{letter} runs to {sizes[letter]} and to {axis.size}"
                        yield Check("indices", equation.target.array, False, True, how)


def _together(equation: Equation) -> list[list[Cell]]:
    """The cells that have letters in common."""
    match equation:
        case SumOfProducts(target, terms) | Scatter(target, _, _, terms):
            return [[target, *term.cells] for term in terms]
        case Map(target, _, _, scale):
            return [[target, *scale.cells]]
        case Reindex():
            return []
    raise AssertionError(equation)
