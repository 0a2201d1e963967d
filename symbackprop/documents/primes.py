"""Slopes that are stated by cases, by a name: relu'(net) in place of its cases wherever they stand in a formula.

Prints nothing. The slope's own equation keeps its cases, behind the name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from typing import Any

from symbackprop.derivation import Derivation
from symbackprop.documents.content import Equality, Item, Line, Matrices
from symbackprop.expressions import Call, Expression, Function, Reference, has_cases, leaves, substituted
from symbackprop.forms.delta import is_slope
from symbackprop.forms.trees import Elementwise, Node
from symbackprop.quantities import Quantity
from symbackprop.system import Map

Primes = Sequence[Function]


def primes_of(derivation: Derivation) -> Primes:
    """The slopes of the activations that are stated by cases, as functions of the net."""
    found: dict[str, Function] = {}
    for net, out in derivation.now.activated:
        value = derivation.definition(out)
        slope = derivation.definition(derivation.slope(out, net))
        if not isinstance(value, Map) or not isinstance(slope, Map) or not isinstance(value.body, Call):
            continue
        used = set(leaves(slope.body))
        if len(used) == 1 and has_cases(slope.body) and len(value.body.arguments) == 1:
            name = f"{value.body.function.name}'"
            found.setdefault(name, Function(name, 1, (), _of(slope.body)))
    return tuple(found.values())


def _of(body: Expression) -> Callable[..., Expression]:
    return lambda x: substituted(body, lambda _: x)


def primed(item: Item, primes: Primes, *, explained: bool) -> Item:
    """The item with slopes by their names; ``explained``: what these stand for is said elsewhere, not in each slope's
    own equation."""
    match item:
        case Line(Call()):
            return item  # a function's definition
        case Line(left, sides, numbers, result):
            named = tuple(_named(each, primes) for each in sides)
            own = isinstance(left, Reference) and isinstance(left.of, Quantity) and is_slope(left.of.array)
            shown = (*named, *sides) if own and named != sides and not explained else named
            return Line(left, shown, None if numbers is None else _named(numbers, primes), result)
        case Matrices(equalities, entries):
            return Matrices(tuple(_equality(each, primes) for each in equalities), entries)
    return item


def named(expression: Expression, primes: Primes) -> Expression:
    """The expression with the slopes in it by their names."""
    return _named(expression, primes)


def _equality(equality: Equality, primes: Primes) -> Equality:
    numbers = None if equality.numbers is None else _node(equality.numbers, primes)
    return Equality(equality.target, _node(equality.expression, primes), numbers)


def _named(expression: Expression, primes: Primes) -> Expression:
    if not has_cases(expression):
        return expression
    inside = set(leaves(expression))
    if len(inside) == 1:
        (leaf,) = inside
        for prime in primes:
            assert prime.definition is not None
            if prime.definition(Reference(leaf)) == expression:
                return prime(Reference(leaf))
    return expression.rebuilt(tuple(_named(each, primes) for each in expression.children))


def _node(node: Node, primes: Primes) -> Node:
    """The same in a matrix expression."""
    if isinstance(node, Elementwise):
        return replace(node, expression=_named(node.expression, primes))
    changed: dict[str, Any] = {}
    for field in fields(node):
        value = getattr(node, field.name)
        if isinstance(value, Node):
            changed[field.name] = _node(value, primes)
        elif isinstance(value, tuple) and any(isinstance(each, Node) for each in value):
            changed[field.name] = tuple(_node(each, primes) if isinstance(each, Node) else each for each in value)
    return replace(node, **changed) if changed else node
