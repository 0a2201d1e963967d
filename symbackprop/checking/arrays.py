"""Numbers of a System as numpy arrays, with bounds on what rounding can do to them. Never knows a layer or a mistake.

The numbers are long doubles where the machine has them. A bound is a running error analysis for a stated unit roundoff,
carried through an equation both as it is printed and as it is computed: a function written in either way keeps it.
Where rounding leaves open which side of a kink a number is on, the bound spans both sides.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from symbackprop.contraction import needed
from symbackprop.expressions import (
    ONE,
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
    leaves,
)
from symbackprop.quantities import Array, Cell, Role
from symbackprop.system import Equation, Factor, Indicator, Kronecker, Map, Reindex, Scatter, SumOfProducts, Term

Numbers = npt.NDArray[Any]
Pair = tuple[Numbers, Numbers]

FLOAT64, FLOAT32 = 2.0**-53, 2.0**-24
SMALLEST = {FLOAT64: 5e-324, FLOAT32: 1.5e-45}
SAFETY = 4.0  # for what each product of several factors rounds
Definition = Callable[[Array], Equation | None]


class Circular(Exception):
    """Two mistakes together make an array depend on itself."""


@dataclass
class ArrayNumbers:
    """The arrays of a System's equations at given numbers, computed when they are asked for.

    ``roundoff`` is the unit roundoff that `bound` speaks of; ``rounded`` are given arrays that somebody has rounded
    from decimals.
    """

    definition: Definition
    given: Mapping[Array, Numbers]
    roundoff: float = FLOAT64
    rounded: frozenset[Array] = frozenset()
    _known: dict[Array, Numbers] = field(default_factory=dict)
    _bounds: dict[Array, Numbers] = field(default_factory=dict)

    def array(self, array: Array) -> Numbers:
        """The numbers of an array."""
        known = self._known.get(array)
        if known is not None:
            return known
        for missing in self._waiting(array, self._known):
            self._known[missing] = self._computed(missing)
        return self._known[array]

    def bound(self, array: Array) -> Numbers:
        """How far a float of the stated roundoff may be from each number."""
        known = self._bounds.get(array)
        if known is not None:
            return known
        self.array(array)
        for missing in self._waiting(array, self._bounds):
            self.array(missing)
            self._bounds[missing] = self._bounded(missing)
        return self._bounds[array]

    def with_equations(self, definition: Definition, changed: Iterable[Array]) -> ArrayNumbers:
        """The numbers of a system that differs in the equations of ``changed``; the others are computed once."""
        stale = set(changed)
        kept: dict[Array, Numbers] = {}
        for array, numbers in self._known.items():  # in the order of computation: what is used stands before its user
            equation = definition(array)
            if array in stale or (equation is not None and any(each in stale for each in needed(equation))):
                stale.add(array)
            else:
                kept[array] = numbers
        return ArrayNumbers(definition, self.given, self.roundoff, self.rounded, kept)

    def _waiting(self, wanted: Array, known: Mapping[Array, Numbers]) -> Iterable[Array]:
        waiting = [wanted]
        begun: set[Array] = set()
        while waiting:
            array = waiting[-1]
            if array in known:
                waiting.pop()
                continue
            equation = self.definition(array)
            missing = [] if equation is None else [each for each in _read(equation) if each not in known]
            if missing:
                begun.add(array)
                if any(each in begun for each in missing):
                    raise Circular
                waiting += missing
            else:
                yield array
                waiting.pop()

    def _computed(self, array: Array) -> Numbers:
        equation = self.definition(array)
        if equation is None:
            return np.asarray(self.given[array], dtype=np.longdouble)
        match equation:
            case SumOfProducts(target, terms):
                return self._sum(target, terms)
            case Map():
                with np.errstate(all="ignore"):
                    return _shaped(_Law(self, equation, equation.computed_law()).numbers(), equation.target, self)
            case Reindex(target, sources, table):
                return self._gathered(target, sources, [[entry] for entry in table], self._known)
            case Scatter(target, sources, table, extra):
                return self._gathered(target, sources, table, self._known) + self._sum(target, extra)
        raise AssertionError(equation)

    def _bounded(self, array: Array) -> Numbers:
        equation = self.definition(array)
        if equation is None:
            return abs(self._known[array]) * (self.roundoff if array in self.rounded else 0)
        match equation:
            case SumOfProducts(target, terms):
                return self._sum_bound(target, terms)
            case Map():
                return self._map_bound(equation)
            case Reindex(target, sources, table):
                return self._gathered(target, sources, [[entry] for entry in table], self._bounds)
            case Scatter(target, sources, table, extra):
                sizes = {source: abs(self._known[source]) for source in sources}
                own = self._gathered(target, sources, table, sizes) * SAFETY * self.roundoff
                return own + self._gathered(target, sources, table, self._bounds) + self._sum_bound(target, extra)
        raise AssertionError(equation)

    def _gathered(
        self, target: Cell, sources: tuple[Array, ...], table: Any, columns: Mapping[Array, Numbers]
    ) -> Numbers:
        shape = self.shape(target)
        rows = shape[0] if target.array.has_observations else 1
        found = np.zeros((rows, len(table)), dtype=np.longdouble)
        for place, entries in enumerate(table):
            for number, indices in entries:
                source = sources[number]
                column = columns[source]
                found[:, place] += column[(slice(None), *indices)] if source.has_observations else column[indices]
        return found.reshape(shape)

    def shape(self, target: Cell) -> tuple[int, ...]:
        """The shape of an array; the number of observations is that of the given numbers."""
        observations = next((len(self.given[each]) for each in self.given if each.has_observations), 1)
        return tuple(observations if axis.kind == "observation" else int(axis.size or 0) for axis in target.array.axes)

    def _sum(self, target: Cell, terms: Iterable[Term]) -> Numbers:
        total = np.zeros(self.shape(target), dtype=np.longdouble)
        for term in terms:
            total = total + self._product(target, term, self._known, {})
        return total

    def _sum_bound(self, target: Cell, terms: Iterable[Term]) -> Numbers:
        total = np.full(self.shape(target), SMALLEST[self.roundoff], dtype=np.longdouble)
        for term in terms:
            cells = [factor.array for factor in term.factors if isinstance(factor, Cell)]
            sizes = {array: abs(self._known[array]) for array in cells}
            total = total + SAFETY * self.roundoff * abs(self._product(target, term, sizes, {}))
            for place, factor in enumerate(term.factors):
                if isinstance(factor, Cell) and self._bounds[factor.array].any():
                    swapped = {place: self._bounds[factor.array]}
                    total = total + abs(self._product(target, term, sizes, swapped))
        return total

    def _product(
        self, target: Cell, term: Term, columns: Mapping[Array, Numbers], swapped: Mapping[int, Numbers]
    ) -> Numbers:
        """One term, summed over the letters that the target lacks."""
        sizes = dict(zip(target.indices, self.shape(target), strict=True))
        for factor in term.factors:
            if isinstance(factor, Cell):
                sizes |= dict(zip(factor.indices, columns[factor.array].shape, strict=True))
        for factor in term.factors:  # letters that no array has: two mistakes together may leave such
            if isinstance(factor, Indicator):
                for place, letter in enumerate(factor.indices):
                    sizes.setdefault(letter, 1 + max((each[place] for each in factor.places), default=0))
            elif isinstance(factor, Kronecker):
                other = sizes.get(factor.right, 1) if isinstance(factor.right, str) else factor.right + 1
                sizes.setdefault(factor.left, other)
                if isinstance(factor.right, str):
                    sizes.setdefault(factor.right, sizes[factor.left])
        letters = {letter: chr(97 + number) for number, letter in enumerate(sizes)}
        operands: list[Numbers] = []
        places: list[str] = []
        for number, factor in enumerate(term.factors):
            entries, indices = _entries(factor, columns, sizes)
            operands.append(swapped.get(number, entries))
            places.append("".join(letters[each] for each in indices))
        present = [letter for letter in target.indices if any(letters[letter] in each for each in places)]
        scale = np.longdouble(term.number.numerator) / np.longdouble(term.number.denominator)
        for axis in term.over:
            scale /= np.longdouble(self.shape(Cell(Array(target.array.role, (axis,))))[0])
        if operands:
            subscripts = ",".join(places) + "->" + "".join(letters[each] for each in present)
            product = np.einsum(subscripts, *operands) * scale
        else:
            product = np.asarray(scale)
        shape = [sizes[letter] if letter in present else 1 for letter in target.indices]
        shaped: Numbers = product.reshape(shape)
        return shaped

    def _map_bound(self, equation: Map) -> Numbers:
        with np.errstate(all="ignore"):
            value = self._known[equation.target.array]
            printed, error = _Law(self, equation, equation.law()).bounded()
            apart = abs(_shaped(printed, equation.target, self) - value)
            worst = _shaped(error, equation.target, self) + np.where(np.isfinite(apart), apart, 0)
            if equation.stable is not None:
                _, other = _Law(self, equation, equation.computed_law()).bounded()
                worst = np.fmax(worst, _shaped(other, equation.target, self))
            own = SAFETY * self.roundoff * abs(value) + SMALLEST[self.roundoff]
            found: Numbers = np.where(np.isnan(worst), np.inf, worst) + own
            return found


def _read(equation: Equation) -> list[Array]:
    """What an equation reads, in its printed form and in its computed one."""
    return list(dict.fromkeys(equation.reads))


def _entries(
    factor: Factor, columns: Mapping[Array, Numbers], sizes: Mapping[str, int]
) -> tuple[Numbers, tuple[str, ...]]:
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


def _shaped(numbers: Numbers, target: Cell, owner: ArrayNumbers) -> Numbers:
    shape = owner.shape(target)
    extra = tuple(range(len(shape), numbers.ndim))
    return np.array(np.broadcast_to(numbers.squeeze(extra) if extra else numbers, shape))


class _Law:
    """A map's law over whole arrays: each letter has an axis of its own, the target's letters first."""

    def __init__(self, owner: ArrayNumbers, equation: Map, law: Expression) -> None:
        self.owner, self.law = owner, law
        self.letters = list(dict.fromkeys((*equation.target.indices, *_bound_letters(law))))
        self.sizes = dict(zip(equation.target.indices, owner.shape(equation.target), strict=True))
        for cell in _cells(law):
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
            entries, indices = _entries(of, {}, self.sizes)
        else:  # an axis whose number of observations is a symbol
            return np.asarray(np.longdouble(self.owner.shape(Cell(Array(Role.INPUT, (of,))))[0]))
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
                primitive = _PRIMITIVES.get(function.name)
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
                if function.name not in _PRIMITIVES:
                    inner = function.definition or function.stable
                    assert inner is not None
                    return self.pair(inner(*arguments))
                value = self.value(expression)
                error = np.asarray(SAFETY * u * abs(value))
                for argument, partial in zip(arguments, function.partials, strict=True):
                    own = self.pair(argument)[1]
                    if function.name in ("max", "min", "abs"):
                        error = error + own
                    elif own.any():
                        error = error + abs(self.value(partial(*arguments, at_kink=ONE))) * own
                return value, error
        raise AssertionError(expression)

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


def _cells(law: Expression) -> list[Cell]:
    return [leaf for leaf in leaves(law) if isinstance(leaf, Cell)]


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


_PRIMITIVES: dict[str, Callable[..., Any]] = {
    "pi": lambda: np.longdouble("3.14159265358979323846264338327950288"),
    "exp": np.exp, "log": np.log, "sqrt": np.sqrt, "sin": np.sin, "cos": np.cos, "tan": np.tan, "asin": np.arcsin,
    "acos": np.arccos, "atan": np.arctan, "sinh": np.sinh, "cosh": np.cosh, "tanh": np.tanh, "expm1": np.expm1,
    "log1p": np.log1p, "erf": _by_entry(math.erf), "erfc": _by_entry(math.erfc), "abs": np.abs, "sign": np.sign,
    "max": np.maximum, "min": np.minimum,
}  # fmt: skip


def longdouble(value: Fraction) -> np.longdouble:
    """A fraction as a long double, right to its last bit but one."""
    near = float(value)
    return np.longdouble(near) + np.longdouble(float(value - Fraction(near)))
