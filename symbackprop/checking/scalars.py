"""Single quantities in floats, with some of them replaced: what follows from a printed number. Never judges one."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from symbackprop.checking.laws import PRIMITIVES
from symbackprop.expressions import (
    Along,
    BySign,
    Call,
    Expression,
    Negative,
    Number,
    Power,
    Product,
    Quotient,
    Reference,
    Sum,
    Undefined,
    constant,
)
from symbackprop.ordering import in_order, operands
from symbackprop.quantities import Array, Quantity
from symbackprop.system import Equation, scalar

Definition = Callable[[Array], Equation | None]
ValueOf = Callable[[Any], Any]


class Scalars:
    """Numbers of quantities, each from its own equation; ``replaced`` are taken as they are, and what follows, follows.

    With ``base``, what follows from nothing replaced and from no array of ``changed`` has the base's number, and the
    rest is worked out as by hand: by the equations as they are displayed, where a slope is one of the output. ``taken``
    gives the numbers that are taken as they are one by one. Numbers are floats, or arrays of floats: then each place is
    a case of its own.
    """

    def __init__(
        self,
        definition: Definition,
        given: Mapping[Quantity, Any],
        replaced: Mapping[Quantity, Any] | None = None,
        *,
        base: Scalars | None = None,
        changed: Iterable[Array] = (),
        taken: Callable[[Quantity], float | None] | None = None,
    ) -> None:
        self.definition, self.given, self.base, self.taken = definition, given, base, taken
        self.known: dict[Quantity, Any] = dict(replaced or {})
        # Scalar equations by their equation's id, with the equation beside them, so that the id stays its own.
        self._written: dict[Any, tuple[Equation, Expression, list[Quantity]]] = {} if base is None else base._written
        self._touched = dict.fromkeys([*changed, *(each.array for each in self.known)], True)

    def of(self, quantity: Quantity) -> Any:
        """A quantity's number."""
        waiting = [quantity]
        while waiting:
            here = waiting[-1]
            if here in self.known:
                waiting.pop()
                continue
            if self.taken is not None and (number := self.taken(here)) is not None:
                self.known[here] = number
                continue
            if self.base is not None and self.taken is None and not self._is_touched(here.array):
                self.known[here] = self.base.of(here)
                continue
            equation = self.definition(here.array)
            if equation is None:
                self.known[here] = self.given[here]
                continue
            expression, needed = self._scalar(equation, here.indices)
            missing = [each for each in needed if each not in self.known]
            if missing:
                waiting += missing
            else:
                self.known[here] = evaluated(expression, self.known.__getitem__)
        return self.known[quantity]

    def _scalar(self, equation: Equation, indices: tuple[int, ...]) -> tuple[Expression, list[Quantity]]:
        """An entry's equation and the quantities in it, written out once."""
        computed = self.base is None
        key = (id(equation), indices, computed)
        known = self._written.get(key)
        if known is None:
            expression = scalar(equation, indices, computed=computed)
            known = self._written[key] = (equation, expression, operands(expression))
        return known[1], known[2]

    def _is_touched(self, array: Array) -> bool:
        """Whether an array follows from a changed or replaced one."""
        for here in in_order(array, self._reads, self._touched):
            self._touched[here] = any(self._touched[each] for each in self._reads(here))
        return self._touched[array]

    def _reads(self, array: Array) -> tuple[Array, ...]:
        equation = self.definition(array)
        return () if equation is None else equation.reads


def evaluated(expression: Expression, value_of: Callable[[Any], Any]) -> Any:
    """An expression's number in floats."""
    with np.errstate(all="ignore"):
        return _evaluated(expression, value_of)


def _evaluated(expression: Expression, value_of: ValueOf) -> Any:
    match expression:
        case Number(value):
            return float(value)
        case Reference(of):
            return value_of(of)
        case Undefined():
            return math.nan
        case Negative(operand):
            return -_evaluated(operand, value_of)
        case Sum(parts):
            return sum((_evaluated(each, value_of) for each in parts[1:]), start=_evaluated(parts[0], value_of))
        case Product(parts):
            return math.prod((_evaluated(each, value_of) for each in parts[1:]), start=_evaluated(parts[0], value_of))
        case Quotient(above, below):
            return np.float64(_evaluated(above, value_of)) / _evaluated(below, value_of)
        case Power(base, exponent):
            fixed = constant(exponent)
            power = float(fixed) if fixed is not None else _evaluated(exponent, value_of)
            return np.power(np.float64(_evaluated(base, value_of)), power)
        case BySign(decider, negative, zero, positive):
            sign = np.sign(_evaluated(decider, value_of))
            if np.ndim(sign) == 0:
                return _evaluated(negative if sign < 0 else positive if sign > 0 else zero, value_of)
            chosen = [_evaluated(each, value_of) for each in (negative, zero, positive)]
            return np.where(sign < 0, chosen[0], np.where(sign > 0, chosen[2], chosen[1]))
        case Call(function, arguments):
            primitive = PRIMITIVES.get(function.name)
            if primitive is None:
                inner = function.stable or function.definition
                assert inner is not None
                return _evaluated(inner(*arguments), value_of)
            found = primitive(*(np.float64(_evaluated(each, value_of)) for each in arguments))
            return np.asarray(found, dtype=float) if np.ndim(found) else float(found)
        case Along():
            raise AssertionError("reductions of scalar equations are written out")
    raise AssertionError(expression)
