"""The equations of an update: new values and new states, from the old ones. States no rule: the catalogue does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from symbackprop.catalogue.updates import UPDATES
from symbackprop.expressions import Reference, substituted
from symbackprop.formulas import parse
from symbackprop.forward import Arrays, Ties
from symbackprop.network import Network
from symbackprop.quantities import Array, Cell, Phase, Role, derivative_of
from symbackprop.sweep import canonical_letters
from symbackprop.system import Equation, Map, SumOfProducts
from symbackprop.terms import Term, axes_of, terms_of


def state_array(label: str, parameter: Array, phase: Phase = Phase.NOW) -> Array:
    """The array of an update rule's state, as the running mean, for each entry of an array of parameters."""
    return Array(Role.STATE, parameter.axes, parameter.layer, label, phase, wrt=parameter)


def updates(network: Network, arrays: Arrays, ties: Ties, loss: Array) -> tuple[Equation, ...]:
    """New values of all parameters and optimiser states, all from the old ones."""
    if network.update is None:
        return ()
    found: list[Equation] = []
    for parameter in arrays.parameters:
        found += _frozen(parameter) if parameter in arrays.frozen else update_equations(network, parameter, loss)
    for array, equation in ties.reindexed.items():
        sources = tuple(replace(each, phase=Phase.NEW) for each in equation.sources)
        found.append(
            replace(equation, target=Cell(replace(array, phase=Phase.NEW), equation.target.indices), sources=sources)
        )
    return tuple(found)


def in_deltas(update: Iterable[Equation], backward: Iterable[Equation]) -> tuple[Equation, ...]:
    """The update's equations with what a gradient is, delta times input, in place of its name.

    The name stays where there is more to it: a sum over observations, the total of a tied parameter, a rule that
    squares gradients.
    """
    products = (each for each in backward if isinstance(each, SumOfProducts))
    sums = {each.target: each for each in products if not any(_adds_up(term, each.target) for term in each.terms)}
    found = []
    for equation in update:
        terms = terms_of(equation.body) if isinstance(equation, Map) else None
        written = None if terms is None else [each for term in terms for each in _without_gradient(term, sums)]
        same = written is None or written == terms
        found.append(equation if same or written is None else SumOfProducts(equation.target, tuple(written)))
    return tuple(found)


def _adds_up(term: Term, target: Cell) -> bool:
    axes = axes_of(term.cells)
    return any(axes[letter].size != 1 for letter in term.summed(target))


def _without_gradient(term: Term, gradients: Mapping[Cell, SumOfProducts]) -> list[Term]:
    cell = next((each for each in term.cells if each in gradients), None)
    return [term] if cell is None else [term.with_factor(cell, each) for each in gradients[cell].terms]


def _frozen(parameter: Array) -> list[Equation]:
    letters = canonical_letters(parameter)
    return [
        SumOfProducts(Cell(replace(parameter, phase=Phase.NEW), letters), (Term(factors=(Cell(parameter, letters),)),))
    ]


def update_equations(network: Network, parameter: Array, loss: Array) -> list[Equation]:
    """The update rule's equations for one array of parameters: its new value and its new states, from the gradient."""
    assert network.update is not None
    rule = UPDATES[network.update.rule]
    letters = canonical_letters(parameter)
    cells: dict[str, Cell] = {
        "value": Cell(parameter, letters),
        "gradient": Cell(derivative_of(loss, None, parameter), letters),
        "rate": Cell(Array(Role.RATE)),
        **{label: Cell(Array(Role.SETTING, label=label)) for label in rule.numbers},
        **{state: Cell(state_array(state, parameter), letters) for state in rule.states},
        **{f"new_{state}": Cell(state_array(state, parameter, Phase.NEW), letters) for state in rule.states},
    }
    targets = cells | {"value": Cell(replace(parameter, phase=Phase.NEW), letters)}
    return [
        Map(
            targets[name], substituted(parse(formula, variables=tuple(cells)), lambda leaf: Reference(cells[str(leaf)]))
        )
        for name, formula in rule.equations(network.update.settings)
    ]
