"""`prove`.

Every backward equation of a derivation against derivatives of its forward equations. Never uses the sweep.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from symbackprop.derivation import Derivation
from symbackprop.proof.checks import Check, Proof
from symbackprop.proof.claims import Claims
from symbackprop.proof.expanded import LARGEST, expanded_checks, expanded_size
from symbackprop.proof.formulas import formula_checks
from symbackprop.proof.modular import modular_checks
from symbackprop.proof.resizing import proven_size
from symbackprop.quantities import Array, Cell
from symbackprop.system import Equation, Map, Reindex, Scatter, SumOfProducts, System, Term, axis_of


def prove(derivation: Derivation) -> Proof:
    """The proof of a derivation's System as it is, for any values.

    Each stated slope, Jacobian, stable form and rewrite is compared with `sympy.diff` of its map's value by itself.
    Then values and slopes are independent symbols, and each adjoint is compared with the derivative of the loss: of a
    small network as polynomials, expanded, the derivative being `sympy.diff` of the closed loss with each activation
    an undefined function; of a large one at random points modulo a prime. Updates are not part of it. More than three
    observations are proven as three: laws know them by their letter only.
    """
    claims = Claims(proven_size(derivation))
    own = dict(zip(_defined(claims.system), _defined(derivation.system), strict=True))
    checks = list(_indices_checks(claims))
    small = bool(checks) or expanded_size(claims) <= LARGEST
    if not checks:
        checks += formula_checks(claims)
        checks += expanded_checks(claims) if small else modular_checks(claims)
    named = tuple(replace(each, array=own[each.array]) for each in checks)
    return Proof("expanded" if small else "random points", named, derivation.notation)


def _defined(system: System) -> list[Array]:
    return [each.target.array for each in system.equations]


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
            return [[target, *_cells(term)] for term in terms]
        case Map(target, _, _, scale):
            return [[target, *_cells(scale)]]
        case Reindex():
            return []
    raise AssertionError(equation)


def _cells(term: Term) -> list[Cell]:
    return [factor for factor in term.factors if isinstance(factor, Cell)]
