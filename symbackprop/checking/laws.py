"""A map's law over whole arrays: its numbers, and bounds on what rounding does to them. Never knows an equation's use.

An operation adds its own rounding to what its operands bring. Where rounding leaves open which side of a kink a number
is on, the bound spans both sides.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from symbackprop.expressions import (
    ONE,
    Along,
    BySign,
    Call,
    Expression,
    Function,
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
from symbackprop.functions import EXP, TANH
from symbackprop.quantities import Array, Cell, Role
from symbackprop.system import Map
from symbackprop.terms import Factor, Indicator, Kronecker, cells_in

Numbers = npt.NDArray[Any]
Pair = tuple[Numbers, Numbers]

SAFETY = 4.0  # for what each product of several factors rounds


class Given(Protocol):
    """What a law asks of whoever holds the arrays that it reads."""

    roundoff: float

    def array(self, array: Array) -> Numbers:
        """The numbers of an array."""

    def bound(self, array: Array) -> Numbers:
        """How far each of them may be off."""

    def shape(self, target: Cell) -> tuple[int, ...]:
        """The shape of an array."""


@dataclass(frozen=True, slots=True)
class Lettered:
    """A law, the letters that it runs over, the target's first, and the cells that it reads."""

    law: Expression
    letters: tuple[str, ...]
    cells: tuple[Cell, ...]

    @classmethod
    def of(cls, law: Expression, indices: tuple[str, ...]) -> Lettered:
        """The law of a target with these letters."""
        return cls(law, tuple(dict.fromkeys((*indices, *_bound_letters(law)))), tuple(cells_in(law)))


class Law:
    """A map's law over whole arrays: each letter has an axis of its own, the target's letters first."""

    def __init__(self, owner: Given, equation: Map, lettered: Lettered) -> None:
        self.owner, self.law, self.letters = owner, lettered.law, lettered.letters
        self.sizes = dict(zip(equation.target.indices, owner.shape(equation.target), strict=True))
        for cell in lettered.cells:
            self.sizes |= dict(zip(cell.indices, owner.array(cell.array).shape, strict=True))
        self.u = owner.roundoff

    def numbers(self) -> Numbers:
        return self.value(self.law)

    def bounded(self) -> Pair:
        return self.pair(self.law)

    def _leaf(self, of: Any, columns: Callable[[Array], Numbers]) -> Numbers:
        if isinstance(of, Cell):
            entries, indices = columns(of.array), of.indices
        elif isinstance(of, Kronecker | Indicator):
            entries, indices = entries_of(of, {}, self.sizes)
        else:  # an axis whose number of observations is a symbol
            return np.asarray(np.longdouble(self.owner.shape(Cell(Array(Role.INPUT, (of,))))[0]))
        if tuple(indices) == self.letters:
            return entries
        order = sorted(range(len(indices)), key=lambda place: self.letters.index(indices[place]))
        shape = [1] * len(self.letters)
        for place in order:
            shape[self.letters.index(indices[place])] = entries.shape[place]
        return entries.transpose(order).reshape(shape) if indices else np.asarray(entries)

    def value(self, expression: Expression) -> Numbers:
        """The law's numbers; the letters' axes are kept, of size 1 where nothing varies."""
        match expression:
            case Number(value):
                return np.asarray(np.longdouble(value.numerator) / np.longdouble(value.denominator))
            case Reference(of):
                return self._leaf(of, self.owner.array)
            case Undefined():
                return np.asarray(np.longdouble(math.nan))
            case Negative(operand):
                return -self.value(operand)
            case Sum(operands):
                return sum((self.value(each) for each in operands[1:]), start=self.value(operands[0]))
            case Product(operands):
                return math.prod((self.value(each) for each in operands[1:]), start=self.value(operands[0]))
            case Quotient(above, below):
                return self.value(above) / self.value(below)
            case Power(base, exponent):
                return _power(self.value(base), exponent, self.value(exponent))
            case BySign(decider, negative, zero, positive):
                decided = self.value(decider)
                return np.where(
                    decided < 0, self.value(negative), np.where(decided > 0, self.value(positive), self.value(zero))
                )
            case Along(reduction, letter, body):
                return self._reduced(reduction, letter, self.value(body))
            case Call(function, arguments):
                primitive = PRIMITIVES.get(function.name)
                if primitive is None:
                    inner = function.stable or function.definition
                    assert inner is not None
                    return self.value(inner(*arguments))
                return np.asarray(primitive(*(self.value(each) for each in arguments)), dtype=np.longdouble)
        raise AssertionError(expression)

    def _reduced(self, reduction: str, letter: str, body: Numbers) -> Numbers:
        place = self.letters.index(letter)
        if body.ndim != len(self.letters):
            body = body.reshape([1] * len(self.letters))
        if body.shape[place] != self.sizes[letter]:
            return body * self.sizes[letter] if reduction == "sum" else body
        result: Numbers = body.sum(place, keepdims=True) if reduction == "sum" else body.max(place, keepdims=True)
        return result

    def pair(self, expression: Expression) -> Pair:
        """The numbers, with the bound of an evaluation operation by operation."""
        u = self.u
        value: Numbers
        error: Numbers
        match expression:
            case Number(fraction):
                number = self.value(expression)
                return number, abs(number) * (0 if fraction.denominator == 1 else u)
            case Reference(of):
                value = self._leaf(of, self.owner.array)
                return value, self._leaf(of, self.owner.bound) if isinstance(of, Cell) else np.zeros_like(value)
            case Undefined():
                return self.value(expression), np.asarray(np.longdouble(math.inf))
            case Negative(operand):
                value, error = self.pair(operand)
                return -value, error
            case Sum(operands):
                pairs = [self.pair(each) for each in operands]
                whole = sum((each for each, _ in pairs[1:]), start=pairs[0][0])
                sizes = sum((abs(each) for each, _ in pairs), start=np.asarray(np.longdouble(0)))
                return whole, sum((error for _, error in pairs), start=u * sizes)
            case Product(operands):
                value, error = self.pair(operands[0])
                for each in operands[1:]:
                    value, error = self._times((value, error), self.pair(each))
                return value, error
            case Quotient(above, below):
                return self._over(self.pair(above), self.pair(below))
            case Power(base, exponent):
                return self._raised(base, exponent)
            case BySign():
                return self._chosen(expression)
            case Along(reduction, letter, body):
                value, error = self.pair(body)
                whole = self._reduced(reduction, letter, value)
                if reduction == "max":
                    return whole, self._reduced("max", letter, error)
                return whole, self._reduced("sum", letter, error) + SAFETY * u * self._reduced(
                    "sum", letter, abs(value)
                )
            case Call(function, arguments):
                value, error = self._called(function, arguments, expression)
                if function.name in OTHER_FORMS:
                    other = self.pair(OTHER_FORMS[function.name](*arguments))[1]
                    error = np.fmax(error, np.where(np.isfinite(other), other, 0))
                return value, error
        raise AssertionError(expression)

    def _called(self, function: Function, arguments: tuple[Expression, ...], call: Call) -> Pair:
        if function.name not in PRIMITIVES:
            inner = function.definition or function.stable
            assert inner is not None
            return self.pair(inner(*arguments))
        value = self.value(call)
        error = np.asarray(SAFETY * self.u * abs(value))
        for argument, partial in zip(arguments, function.partials, strict=True):
            own = self.pair(argument)[1]
            if function.name in ("max", "min", "abs"):
                error = error + own
            elif own.any():
                error = error + abs(self.value(partial(*arguments, at_kink=ONE))) * own
        return value, error

    def _times(self, left: Pair, right: Pair) -> Pair:
        (a, da), (b, db) = left, right
        whole = a * b
        return whole, abs(a) * db + abs(b) * da + da * db + self.u * abs(whole)

    def _over(self, left: Pair, right: Pair) -> Pair:
        (a, da), (b, db) = left, right
        whole = a / b
        room = abs(b) - db
        error = np.where(room > 0, (da + abs(whole) * db) / np.where(room > 0, room, 1), np.inf)
        return whole, np.where(np.isnan(error), np.inf, error) + self.u * abs(whole)

    def _raised(self, base: Expression, exponent: Expression) -> Pair:
        (a, da), (y, dy) = self.pair(base), self.pair(exponent)
        whole = _power(a, exponent, y)
        fixed = constant(exponent)
        if fixed is not None:
            slope = abs(float(fixed) * _power(a, Number(fixed - 1), y - 1))
            return whole, slope * da + (abs(float(fixed)) + SAFETY) * self.u * abs(whole)
        error = abs(whole) * (abs(y) * da / abs(a) + abs(np.log(abs(a))) * dy) + SAFETY * self.u * abs(whole)
        return whole, np.where(np.isnan(error), np.inf, error)

    def _chosen(self, choice: BySign) -> Pair:
        decided, open_by = self.pair(choice.decider)
        branches = [self.pair(each) for each in (choice.negative, choice.zero, choice.positive)]
        below, at, above = branches
        value = np.where(decided < 0, below[0], np.where(decided > 0, above[0], at[0]))
        error = np.where(decided < 0, below[1], np.where(decided > 0, above[1], at[1]))
        unsettled = abs(decided) <= open_by if choice.kink else (abs(decided) <= open_by) & (open_by > 0)
        if unsettled.any():
            spread = abs(above[0] - below[0]) + (abs(at[0] - below[0]) if choice.kink else 0)
            error = np.where(unsettled, error + np.where(np.isnan(spread), np.inf, spread), error)
        return value, error


def _bound_letters(law: Expression) -> list[str]:
    own = [law.index] if isinstance(law, Along) else []
    return own + [letter for child in law.children for letter in _bound_letters(child)]


def _power(base: Numbers, exponent: Expression, value: Numbers) -> Numbers:
    fixed = constant(exponent)
    if fixed is not None and fixed.denominator == 1:
        whole = fixed.numerator
        if whole == 0:
            return np.ones_like(base)
        return np.asarray(base ** np.longdouble(whole))
    return np.asarray(np.power(base, value))


def _by_entry(function: Callable[[float], float]) -> Callable[[Numbers], Numbers]:
    return lambda numbers: np.vectorize(lambda each: function(float(each)), otypes=[np.longdouble])(numbers)


PRIMITIVES: dict[str, Callable[..., Any]] = {
    "pi": lambda: np.longdouble("3.14159265358979323846264338327950288"),
    "exp": np.exp, "log": np.log, "sqrt": np.sqrt, "sin": np.sin, "cos": np.cos, "tan": np.tan, "asin": np.arcsin,
    "acos": np.arccos, "atan": np.arctan, "sinh": np.sinh, "cosh": np.cosh, "tanh": np.tanh, "expm1": np.expm1,
    "log1p": np.log1p, "erf": _by_entry(math.erf), "erfc": _by_entry(math.erfc), "abs": np.abs, "sign": np.sign,
    "max": np.maximum, "min": np.minimum,
}  # fmt: skip


def entries_of(
    factor: Factor, columns: Mapping[Array, Numbers], sizes: Mapping[str, int]
) -> tuple[Numbers, tuple[str, ...]]:
    """A factor's numbers, and the letters of their axes."""
    match factor:
        case Cell(array, indices):
            return columns[array], indices
        case Kronecker(left, str(right)):
            return np.eye(sizes[left], sizes[right], dtype=np.longdouble), (left, right)
        case Kronecker(left, right):
            assert isinstance(right, int)
            return np.eye(sizes[left], dtype=np.longdouble)[right], (left,)
        case Indicator(indices, places):
            found = np.zeros([sizes[each] for each in indices], dtype=np.longdouble)
            for place in places:
                found[place] = 1
            return found, indices
    raise AssertionError(factor)


def shaped(numbers: Numbers, target: Cell, owner: Given) -> Numbers:
    """Numbers with an axis a letter, in the shape of the target."""
    shape = owner.shape(target)
    extra = tuple(range(len(shape), numbers.ndim))
    return np.array(np.broadcast_to(numbers.squeeze(extra) if extra else numbers, shape))


# How else people write a function: a bound has room for these too, which lose digits in the tails or near 0.
OTHER_FORMS: Mapping[str, Callable[..., Expression]] = {
    "sigmoid": lambda x: (1 + TANH(x / 2)) / 2,
    "tanh": lambda x: (EXP(x) - EXP(-x)) / (EXP(x) + EXP(-x)),
}
