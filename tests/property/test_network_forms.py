"""Chain, delta, closed and path forms of random networks' gradients have the value that the System gives them."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

import mpmath
import pytest
import sympy

import symbackprop as sb
from symbackprop.algebra import Symbols
from symbackprop.arithmetic import PreciseArithmetic
from symbackprop.errors import TooLarge
from symbackprop.forms.chain import chain
from symbackprop.forms.closed import closed_form, closed_size
from symbackprop.forms.delta import delta_form
from symbackprop.forms.paths import path_count, path_sum
from symbackprop.quantities import Quantity, every_index
from tests.models import Model
from tests.networks import PLAIN_NET
from tests.property.test_networks import derived, in_batches, shown
from tests.reference import Reference

DIGITS = 50
# Nets of at most 20 cost the plain formulas of a closed form at most 9 digits a factor (1 - out near 1).
TOLERANCE = mpmath.mpf("1e-25")
PER_NETWORK = 2  # parameters; for the closed form fewer
CLOSED_PER_NETWORK = 2
MOST_PATHS = 300
MOST_OPERATIONS = 1_000


def chosen(number: int, model: Model) -> list[str]:
    """Some of the places of the model's parameters."""
    places = [place for _, _, place in model.uses()]
    return Random(f"forms:{number}").sample(places, min(PER_NETWORK, len(places)))


class Checked:
    """One network's gradients, to be compared with what the forms say of them."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.model, self.derivation = derived(number)
        self.values = self.derivation.evaluate(precision=DIGITS)
        self.arithmetic = PreciseArithmetic(DIGITS)

    def gradients(self) -> list[tuple[str, Quantity]]:
        found = []
        for place in chosen(self.number, self.model):
            quantity = self.derivation.names.resolve(f"dE/d{place}")
            assert isinstance(quantity, Quantity)
            found.append((place, quantity))
        return found

    def evaluated(self, expression: Any) -> Any:
        return self.arithmetic.evaluate(expression, self.values.of)

    def agree(self, what: str, quantity: Quantity, value: Any) -> None:
        exact = self.values.of(quantity)
        assert abs(exact - value) <= TOLERANCE * max(1, abs(exact)), shown(self.number, what, value, exact)


@pytest.mark.full
@in_batches
def test_chain_and_delta_forms_have_the_gradients_value(batch: range) -> None:
    for number in batch:
        network = Checked(number)
        for place, quantity in network.gradients():
            links = chain(network.derivation.core, quantity)
            network.agree(f"chain of {place}", quantity, network.evaluated(links.expression))
            network.agree(f"links of {place}", quantity, network.evaluated(links.written_out))
            delta = delta_form(network.derivation.core, quantity)
            network.agree(f"delta form of {place}", quantity, network.evaluated(delta.expression))
            for each, expression in delta.definitions.items():
                network.agree(f"a delta behind {place}", each, network.evaluated(expression))


@pytest.mark.full
@in_batches
def test_the_paths_of_a_gradient_sum_to_it(batch: range) -> None:
    compared = 0
    for number in batch:
        network = Checked(number)
        for place, quantity in network.gradients():
            count = path_count(network.derivation.core, quantity)
            if count > MOST_PATHS:
                with pytest.raises(TooLarge, match=f"{count:,}"):
                    path_sum(network.derivation.core, quantity, limit=MOST_PATHS)
                continue
            paths = path_sum(network.derivation.core, quantity)
            assert len(paths.paths) == count
            network.agree(f"paths of {place}", quantity, network.evaluated(paths.expression))
            network.agree(f"paths of {place}, written out", quantity, network.evaluated(paths.written_out))
            compared += 1
    assert compared >= len(batch)


@pytest.mark.full
@in_batches
def test_a_closed_form_has_the_gradients_value(batch: range) -> None:
    compared = 0
    for number in batch:
        network = Checked(number)
        if Reference(network.model).largest_net() > PLAIN_NET:
            continue
        symbols = Symbols(network.derivation.notation)
        given = {symbols(each): network.values.of(each) for each in givens(network.derivation)}
        for place, quantity in network.gradients()[:CLOSED_PER_NETWORK]:
            if closed_size(network.derivation.core, quantity) > MOST_OPERATIONS:
                continue
            closed = closed_form(network.derivation.core, quantity, symbols=symbols)
            network.agree(f"closed form of {place}", quantity, number_of(closed, given))
            compared += 1
    assert compared >= len(batch) // 4


def givens(derivation: sb.Derivation) -> list[Quantity]:
    """Every input, target, parameter and setting."""
    return [Quantity(array, indices) for array in derivation.system.givens for indices in every_index(array)]


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "Add": lambda *terms: mpmath.fsum(terms),
    "Mul": lambda *factors: mpmath.fprod(factors),
    "Pow": mpmath.power,
    "Max": max,
    "Min": min,
    "Abs": abs,
    **{
        name: getattr(mpmath, name)
        for name in ("exp", "log", "sin", "cos", "tanh", "cosh", "sinh", "erf", "erfc", "sign")
    },
}


def number_of(expression: Any, given: Mapping[Any, Any]) -> Any:
    """A SymPy expression's number by mpmath alone, node by node."""
    with mpmath.workdps(DIGITS):
        return _number_of(expression, given, {})


def _number_of(node: Any, given: Mapping[Any, Any], known: dict[Any, Any]) -> Any:
    if node in given:
        return mpmath.mpf(given[node])
    if node not in known:
        if isinstance(node, sympy.Rational):
            found = mpmath.mpf(node.p) / node.q
        elif not node.args:
            found = mpmath.mpf(str(node.evalf(DIGITS)))
        elif isinstance(node, sympy.Piecewise):
            found = next(
                _number_of(value, given, known) for value, condition in node.args if _holds(condition, given, known)
            )
        else:
            found = FUNCTIONS[type(node).__name__](*(_number_of(each, given, known) for each in node.args))
        known[node] = found
    return known[node]


def _holds(condition: Any, given: Mapping[Any, Any], known: dict[Any, Any]) -> bool:
    match condition:
        case sympy.And():
            return all(_holds(each, given, known) for each in condition.args)
        case sympy.Or():
            return any(_holds(each, given, known) for each in condition.args)
        case sympy.Not():
            return not _holds(condition.args[0], given, known)
        case sympy.ITE():
            decider, then, otherwise = condition.args
            return _holds(then if _holds(decider, given, known) else otherwise, given, known)
        case sympy.true | sympy.false:
            return bool(condition)
    left, right = (_number_of(each, given, known) for each in condition.args)
    return bool(RELATIONS[type(condition).__name__](left, right))


RELATIONS: Mapping[str, Callable[[Any, Any], Any]] = {
    "StrictLessThan": operator.lt,
    "LessThan": operator.le,
    "StrictGreaterThan": operator.gt,
    "GreaterThan": operator.ge,
    "Equality": operator.eq,
    "Unequality": operator.ne,
}
