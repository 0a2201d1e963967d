"""Random networks: forms of any derivative, and of whole arrays as matrices, have the value that they are forms of.

`make test` takes the first `SAMPLE` networks, ``SYMBACKPROP_FULL=1`` the first `WHOLE`, and `SOME` for forms that
`test_network_forms` compares for every parameter of all of them. Values are of 40 digits.
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from random import Random
from typing import Any

import pytest
import sympy

from symbackprop.algebra import Symbols
from symbackprop.derivation import Derivation, derive
from symbackprop.errors import InputError, KinkError, TooLarge
from symbackprop.expressions import Expression
from symbackprop.forms.chain import chain
from symbackprop.forms.closed import closed_form
from symbackprop.forms.delta import delta_form
from symbackprop.forms.matrix import matrix_form
from symbackprop.forms.matrix_values import matrix_value
from symbackprop.forms.paths import path_sum
from symbackprop.forms.steps import steps
from symbackprop.network import Network
from symbackprop.quantities import Array, Phase, Quantity, Role, every_index
from symbackprop.system import Reindex, Scatter
from symbackprop.values import Values, evaluate, given_entries
from tests.conftest import FULL
from tests.networks import drawn

pytestmark = pytest.mark.full

SAMPLE, SOME, WHOLE = 30, 300, 2_000
BATCH = 50 if FULL else 10


def batches(whole: int) -> pytest.MarkDecorator:
    count = whole if FULL else SAMPLE
    found = [range(start, min(start + BATCH, count)) for start in range(0, count, BATCH)]
    return pytest.mark.parametrize("batch", found, ids=lambda batch: f"{batch.start}-{batch.stop - 1}")


in_all, in_some = batches(WHOLE), batches(SOME)
DIGITS = 40
TOLERANCE = 1e-30  # of 40 digits; differences of nearly equal numbers lose some
CLOSED_LIMIT = 1_500  # operations of a closed form that a test evaluates
COUNTED: Counter[str] = Counter()


@lru_cache(maxsize=BATCH)
def derived(number: int) -> tuple[Derivation, Values]:
    derivation = derive(Network.parse(drawn(number).to_toml()))
    return derivation, evaluate(derivation, digits=DIGITS)


def some_derivatives(derivation: Derivation, number: int, most: int) -> list[Quantity]:
    arrays = [
        each.target.array
        for each in derivation.system.equations
        if each.target.array.role in (Role.DELTA, Role.DERIVATIVE)
        and (each.target.array.role is Role.DELTA or each.target.array.of == derivation.loss)
    ]
    quantities = [Quantity(array, indices) for array in arrays for indices in every_index(array)]
    return Random(number).sample(quantities, min(most, len(quantities)))


def number_of(values: Values, expression: Expression) -> Any:
    return values.numbers.arithmetic.evaluate(expression, values.of)


def assert_close(actual: Any, expected: Any, place: str) -> None:
    assert abs(actual - expected) <= TOLERANCE * (1 + abs(expected)), f"{place}: {actual} is not {expected}"


def with_sign(derivation: Derivation, quantity: Quantity, value: Any) -> Any:
    """The value of the derivative that a delta stands for."""
    return value * derivation.conventions.delta_sign if quantity.array.role is Role.DELTA else value


@in_some
def test_chain_delta_and_paths_have_the_gradients_value(batch: range) -> None:
    for number in batch:
        derivation, values = derived(number)
        for quantity in some_derivatives(derivation, number, 6):
            place = f"network {number}, {derivation.notation.plain(quantity)}"
            value = values.of(quantity)
            true = with_sign(derivation, quantity, value)
            linked = chain(derivation, quantity)
            assert_close(number_of(values, linked.expression), true, f"chain, {place}")
            assert_close(number_of(values, linked.written_out), true, f"chain written out, {place}")
            for links in linked.products:
                for link in links:
                    assert_close(number_of(values, link.expression), values.of(link.quantity), f"link, {place}")
                    for expansion in linked.expansions(link):
                        assert_close(number_of(values, expansion.expression), values.of(link.quantity), f"sum, {place}")
            assert_close(number_of(values, delta_form(derivation, quantity).expression), value, f"delta, {place}")
            try:
                paths = path_sum(derivation, quantity, limit=100)
            except TooLarge:
                continue
            COUNTED["paths"] += 1
            assert_close(number_of(values, paths.expression), true, f"paths, {place}")
            assert_close(number_of(values, paths.written_out), true, f"paths written out, {place}")


@in_some
def test_closed_forms_have_the_gradients_value(batch: range) -> None:
    for number in batch:
        derivation, values = derived(number)
        symbols = Symbols(derivation.notation)
        given = {
            symbols(Quantity(array, indices)): sympy.Rational(entry.numerator, entry.denominator)
            for array, entries in given_entries(derivation).items()
            for indices, entry in zip(every_index(array), entries, strict=True)
            if entry is not None
        }
        for quantity in some_derivatives(derivation, number, 2):
            try:
                closed = closed_form(derivation, quantity, limit=CLOSED_LIMIT, symbols=symbols)
            except TooLarge:
                continue
            COUNTED["closed"] += 1
            assert closed.free_symbols <= given.keys()
            value = sympy.N(closed.xreplace(given), DIGITS)
            place = f"network {number}, {derivation.notation.plain(quantity)}"
            assert_close(value, sympy.Float(str(values.of(quantity)), DIGITS), f"closed, {place}")


@in_all
def test_matrix_forms_have_the_arrays_values(batch: range) -> None:
    for number in batch:
        derivation, values = derived(number)
        for array in (each.target.array for each in derivation.system.equations):
            if array.phase not in (Phase.NOW, Phase.USE) or array.role is Role.STATE:
                continue
            for written_out in (True, False):
                assert_matrix(derivation, values, array, written_out, f"network {number}, {array.role} {array.layer}")


def assert_matrix(derivation: Derivation, values: Values, array: Array, written_out: bool, place: str) -> None:  # noqa: FBT001
    try:
        form = matrix_form(derivation, array, written_out=written_out)
    except InputError:
        assert has_none(derivation, array), f"{place}: refused although it has a matrix form"
        return
    try:
        left, right = matrix_value(form.target, values), matrix_value(form.expression, values)
    except KinkError:
        return
    COUNTED["matrix"] += 1
    assert left.shape == right.shape or right.shape == (1, 1), place
    for row in range(left.shape[0]):
        for column in range(left.shape[1]):
            value = right[row, column] if right.shape == left.shape else right[0, 0]
            assert_close(value, left[row, column], f"matrix, {place}")


def has_none(derivation: Derivation, array: Array) -> bool:
    """Tied parameters' positions and totals are picked one by one; a Jacobian over observations has three indices."""
    picked = isinstance(derivation.definition(array), Reindex | Scatter)
    return picked or (len(array.axes) == 3 and array.axes[0].size != 1)


@in_some
def test_every_step_is_proven_and_keeps_the_value(batch: range) -> None:
    for number in batch:
        derivation, values = derived(number)
        wanted = [each for each in some_derivatives(derivation, number, 12) if each.array.role is Role.DERIVATIVE]
        for quantity in wanted[:1]:
            try:
                found = steps(derivation, quantity)
            except TooLarge:
                continue
            COUNTED["steps"] += 1
            place = f"network {number}, {derivation.notation.plain(quantity)}"
            for step in found:
                assert step.proof, f"{place}: {step.title}: {step.proof.how}"
                assert_close(number_of(values, step.expression), values.of(quantity), f"{step.title}, {place}")
