"""The closed form: a quantity in inputs, targets and parameters only. Counted on the shared graph before it is built.

Slopes are those that `sympy.diff` finds for the map's own value, where the System's slope is proven equal to it; at a
kink they are the System's, with its rule. Never simplifies.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from symbackprop.derivation import Derivation
from symbackprop.errors import TooLarge
from symbackprop.expressions import (
    BySign,
    Call,
    Expression,
    Number,
    Product,
    Reference,
    Sum,
    Undefined,
    depth,
    leaves,
    substituted,
)
from symbackprop.forms.adjoints import scalar_of
from symbackprop.forms.delta import is_slope
from symbackprop.functions import ABS, MAX, MIN, SIGN
from symbackprop.identities import slope_of
from symbackprop.instances import instantiated
from symbackprop.ordering import in_order
from symbackprop.quantities import Quantity
from symbackprop.system import Map, scalar

if TYPE_CHECKING:
    from symbackprop.algebra import Expr, SymbolOf, Symbols

CLOSED_LIMIT = 50_000  # operations if written out
DEEPEST = 150  # brackets in brackets, beyond which our own printers would run out of stack


@dataclass
class Graph:
    """Which quantities each quantity is made of: the System's scalar equations, each made once."""

    derivation: Derivation
    equations: dict[Quantity, Expression | None] = field(default_factory=dict)

    def equation(self, quantity: Quantity) -> Expression | None:
        """The quantity's own equation; None of a given one."""
        if quantity not in self.equations:
            given = self.derivation.definition(quantity.array) is None
            self.equations[quantity] = None if given else scalar_of(self.derivation, quantity)
        return self.equations[quantity]

    def ordered(self, quantity: Quantity) -> list[Quantity]:
        """The quantity and all that it is made of, each behind what it needs."""
        done: dict[Quantity, None] = {}
        for each in in_order(quantity, self._needs, done):
            done[each] = None
        return list(done)

    def _needs(self, quantity: Quantity) -> list[Quantity]:
        equation = self.equation(quantity)
        return [] if equation is None else quantities_in(equation)


def quantities_in(expression: Expression) -> list[Quantity]:
    """The quantities among an expression's leaves, repetitions included."""
    return [leaf for leaf in leaves(expression) if isinstance(leaf, Quantity)]


def operations(expression: Expression, of_leaf: Callable[[Hashable], int]) -> int:
    """How many operations an expression has if each leaf has as many as ``of_leaf`` says."""
    match expression:
        case Reference(of):
            return of_leaf(of)
        case Number() | Undefined():
            return 0
        case Sum(operands) | Product(operands):
            own = len(operands) - 1
        case Call(function, arguments) if function.definition is not None:
            return operations(function.definition(*arguments), of_leaf)
        case _:
            own = 1
    return own + sum(operations(child, of_leaf) for child in expression.children)


def closed_size(derivation: Derivation, quantity: Quantity) -> int:
    """How many operations the closed form has if it is written out, counted without writing it out."""
    graph = Graph(derivation)
    counts: dict[Hashable, int] = {}
    for each in graph.ordered(quantity):
        equation = graph.equation(each)
        counts[each] = 0 if equation is None else operations(equation, lambda leaf: counts.get(leaf, 0))
    return counts[quantity]


def refuse_above(limit: int, count: int, form: str, unit: str, way_out: str) -> None:
    """A form's refusal above its limit, with the count and the way out."""
    if count > limit:
        raise TooLarge(f"the {form} form would have {count:,} {unit}; the limit is {limit:,}: {way_out}")


def refuse_deeper(expression: Expression, form: str, way_out: str) -> None:
    """A form's refusal of what is nested too deep to be printed."""
    if depth(expression) > DEEPEST:
        raise TooLarge(f"the {form} form would be nested more than {DEEPEST} deep: {way_out}")


def closed_form(
    derivation: Derivation, quantity: Quantity, *, limit: int = CLOSED_LIMIT, symbols: Symbols | None = None
) -> Expr:
    """The quantity as a canonical SymPy expression in inputs, targets, parameters and settings.

    Raises TooLarge if it would have more than ``limit`` operations written out, or be nested too deep for SymPy.
    """
    from symbackprop.algebra import Symbols

    count = closed_size(derivation, quantity)
    refuse_above(limit, count, "closed", "operations", "use the delta form, or raise the limit")
    made = symbols or Symbols(derivation.notation)
    graph = Graph(derivation)
    known: dict[Hashable, Expr] = {}

    def value_of(leaf: Hashable) -> Expr:
        return known[leaf] if leaf in known else made(leaf)

    for each in graph.ordered(quantity):
        equation = graph.equation(each)
        try:
            known[each] = made(each) if equation is None else written_out(derivation, each, equation, value_of)
        except RecursionError:  # in SymPy, whose functions look into all their arguments
            raise TooLarge("the closed form would be nested deeper than SymPy can go: use the delta form") from None
    return known[quantity]


def written_out(derivation: Derivation, quantity: Quantity, equation: Expression, value_of: SymbolOf) -> Expr:
    """A quantity's equation in SymPy; of a slope, the derivative of the map's own value."""
    from symbackprop.algebra import to_sympy

    slope = raw_slope(derivation, quantity)
    if slope is None:
        return to_sympy(equation, value_of)
    if isinstance(slope, Expression):
        return to_sympy(slope, value_of)
    template, arguments = slope
    return template.xreplace({_place(number): value_of(each) for number, each in enumerate(arguments)})


def raw_slope(derivation: Derivation, quantity: Quantity) -> tuple[Expr, tuple[Quantity, ...]] | Expression | None:
    """A slope ∂out/∂net as the derivative of the activation's value, not yet in terms of out; None of anything else.

    Where the value is smooth, a SymPy expression in numbered symbols with the quantities that they stand for; at a
    kink, an expression that keeps the stated rule. None too if the System's slope is not that derivative: it is shown
    as it is.
    """
    array = quantity.array
    if not is_slope(array) or array.of is None or array.wrt is None:
        return None
    stated, origin = derivation.definition(array), derivation.definition(array.of)
    if not isinstance(stated, Map) or not isinstance(origin, Map):
        return None
    out, net = Quantity(array.of, quantity.indices), Quantity(array.wrt, quantity.indices)
    body = scalar(origin, quantity.indices)
    printed = substituted(scalar(stated, quantity.indices), lambda of: body if of == out else Reference(of))
    if out not in leaves(scalar(stated, quantity.indices)) and has_kink(body):
        return printed
    if not slope_of(body, net, printed):
        return None
    if has_kink(body):
        computed = instantiated(stated.computed_law(), stated.target, quantity.indices)
        return None if out in leaves(computed) else computed
    arguments = (net, *(each for each in dict.fromkeys(quantities_in(body)) if each != net))
    places = {each: number for number, each in enumerate(arguments)}
    return _derivative(substituted(body, lambda of: Reference(places[of]))), arguments  # type: ignore[index]


@lru_cache(maxsize=256)
def _derivative(body: Expression) -> Expr:
    import sympy

    from symbackprop.algebra import to_sympy

    return sympy.diff(to_sympy(body, _place), _place(0))


def _place(number: Hashable) -> Expr:
    from symbackprop.algebra import real_symbol

    return real_symbol(f"x{number}")


def has_kink(expression: Expression) -> bool:
    """Whether a formula, its functions written out, has a place without a slope or a choice by sign."""
    match expression:
        case BySign():
            return True
        case Call(function, arguments) if function.definition is not None:
            return has_kink(function.definition(*arguments))
        case Call(function) if function in (ABS, MAX, MIN, SIGN):
            return True
    return any(has_kink(child) for child in expression.children)
