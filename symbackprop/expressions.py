"""Ordered expressions: formulas that keep the order in which they were written. Never sorts, never evaluates.

A small tree of our own stands between what an author writes and what SymPy computes, because SymPy sorts
sums and products. Operators on expressions build the tree as it reads::

    >>> out = Reference("out")
    >>> out * (1 - out)
    Product((Reference('out'), Sum((Number(1), Negative(Reference('out'))))))

Leaves refer to anything hashable: a variable's name in a formula, a `Cell` of an array in a law, a
`Quantity` in a scalar equation.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from operator import is_


class Expression:
    """A node of the tree. Subclasses are frozen; `children` are its operands in written order."""

    __slots__ = ()

    @property
    def children(self) -> tuple[Expression, ...]:
        return ()

    def rebuilt(self, children: tuple[Expression, ...]) -> Expression:
        """The same node over other operands."""
        assert not children
        return self

    def mapped(self, changed: Callable[[Expression], Expression]) -> Expression:
        """The node with each operand changed; itself where no operand becomes another."""
        old = self.children
        new = tuple([changed(child) for child in old])
        return self if all(map(is_, old, new)) else self.rebuilt(new)

    def __add__(self, other: Operand) -> Expression:
        return Sum((*_terms(self), as_expression(other)))

    def __radd__(self, other: Operand) -> Expression:
        return as_expression(other) + self

    def __sub__(self, other: Operand) -> Expression:
        return Sum((*_terms(self), Negative(as_expression(other))))

    def __rsub__(self, other: Operand) -> Expression:
        return as_expression(other) - self

    def __mul__(self, other: Operand) -> Expression:
        return Product((*_factors(self), as_expression(other)))

    def __rmul__(self, other: Operand) -> Expression:
        return as_expression(other) * self

    def __truediv__(self, other: Operand) -> Expression:
        return Quotient(self, as_expression(other))

    def __rtruediv__(self, other: Operand) -> Expression:
        return Quotient(as_expression(other), self)

    def __pow__(self, other: Operand) -> Expression:
        return Power(self, as_expression(other))

    def __neg__(self) -> Expression:
        return Negative(self)


Operand = Expression | int | Fraction


@dataclass(frozen=True, slots=True)
class Number(Expression):
    """An exact rational; ``text`` is how it was written, if it was."""

    value: Fraction
    text: str = field(default="", compare=False)

    def __repr__(self) -> str:
        return f"Number({self.value})"


@dataclass(frozen=True, slots=True)
class Reference(Expression):
    """A leaf that stands for ``of``."""

    of: Hashable

    def __repr__(self) -> str:
        return f"Reference({self.of!r})"


@dataclass(frozen=True, slots=True, repr=False)
class _Many(Expression):
    operands: tuple[Expression, ...]

    @property
    def children(self) -> tuple[Expression, ...]:
        return self.operands

    def rebuilt(self, children: tuple[Expression, ...]) -> Expression:
        return type(self)(children)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.operands!r})"


class Sum(_Many):
    """Terms in written order; a subtracted term is a `Negative`."""

    __slots__ = ()


class Product(_Many):
    """Factors in written order."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Quotient(Expression):
    """One expression over another."""

    numerator: Expression
    denominator: Expression

    @property
    def children(self) -> tuple[Expression, ...]:
        return (self.numerator, self.denominator)

    def rebuilt(self, children: tuple[Expression, ...]) -> Expression:
        return Quotient(*children)


@dataclass(frozen=True, slots=True)
class Power(Expression):
    """A base to an exponent."""

    base: Expression
    exponent: Expression

    @property
    def children(self) -> tuple[Expression, ...]:
        return (self.base, self.exponent)

    def rebuilt(self, children: tuple[Expression, ...]) -> Expression:
        return Power(*children)


@dataclass(frozen=True, slots=True, repr=False)
class Negative(Expression):
    """The operand with its sign turned."""

    operand: Expression

    @property
    def children(self) -> tuple[Expression, ...]:
        return (self.operand,)

    def rebuilt(self, children: tuple[Expression, ...]) -> Expression:
        return Negative(*children)

    def __repr__(self) -> str:
        return f"Negative({self.operand!r})"


@dataclass(frozen=True, slots=True)
class Call(Expression):
    """A function of the function table at its arguments."""

    function: Function
    arguments: tuple[Expression, ...]

    @property
    def children(self) -> tuple[Expression, ...]:
        return self.arguments

    def rebuilt(self, children: tuple[Expression, ...]) -> Expression:
        return Call(self.function, children)


@dataclass(frozen=True, slots=True)
class BySign(Expression):
    """One of three expressions, by the sign of ``decider``: how slopes at kinks and stable forms are stated.

    ``kink`` is True where the zero branch is a convention and not a value (the slope of relu at 0).
    """

    decider: Expression
    negative: Expression
    zero: Expression
    positive: Expression
    kink: bool = False

    @property
    def children(self) -> tuple[Expression, ...]:
        return (self.decider, self.negative, self.zero, self.positive)

    def rebuilt(self, children: tuple[Expression, ...]) -> Expression:
        decider, negative, zero, positive = children
        return BySign(decider, negative, zero, positive, kink=self.kink)


@dataclass(frozen=True, slots=True)
class Along(Expression):
    """The sum or the maximum of ``body`` along an index letter; letters stand in the leaves of ``body``."""

    reduction: str  # "sum" or "max"
    index: str
    body: Expression

    @property
    def children(self) -> tuple[Expression, ...]:
        return (self.body,)

    def rebuilt(self, children: tuple[Expression, ...]) -> Expression:
        return Along(self.reduction, self.index, *children)


@dataclass(frozen=True, slots=True)
class Undefined(Expression):
    """No value here: evaluating it is an error that gives ``reason``."""

    reason: str


@dataclass(frozen=True, slots=True)
class Function:
    """A function that formulas may call. Two functions are the same if their names and settings are.

    ``definition`` states it in simpler functions (none for a primitive such as exp); ``stable`` states it so
    that float64 arithmetic is within a few ulp wherever the result is a normal double; ``partials`` take the
    arguments and the slope at a kink, and return the partial by each argument, in a stable form; ``printed`` are the
    same partials as textbooks write them, of the arguments alone (none: as they are computed).
    """

    name: str
    arity: int
    partials: tuple[Callable[..., Expression], ...] = field(compare=False, repr=False)
    definition: Callable[..., Expression] | None = field(default=None, compare=False, repr=False)
    stable: Callable[..., Expression] | None = field(default=None, compare=False, repr=False)
    settings: tuple[tuple[str, Fraction], ...] = ()
    printed: tuple[Callable[..., Expression], ...] = field(default=(), compare=False, repr=False)

    def slopes(self, arguments: tuple[Expression, ...], at_kink: Expression, *, printed: bool) -> list[Expression]:
        """The partial by each argument, as it is printed or as it is computed."""
        if printed and self.printed:
            return [partial(*arguments) for partial in self.printed]
        return [partial(*arguments, at_kink=at_kink) for partial in self.partials]

    def __call__(self, *arguments: Operand) -> Call:
        assert len(arguments) == self.arity, f"{self.name} takes {self.arity} arguments"
        return Call(self, tuple(as_expression(each) for each in arguments))


ZERO, ONE = Number(Fraction(0)), Number(Fraction(1))


def as_expression(value: Operand) -> Expression:
    """An expression as it is; an int or Fraction as a `Number`."""
    if isinstance(value, Expression):
        return value
    number = value if isinstance(value, Fraction) else Fraction(value)
    return Negative(Number(-number)) if number.numerator < 0 else Number(number)


def _terms(expression: Expression) -> tuple[Expression, ...]:
    return expression.operands if isinstance(expression, Sum) else (expression,)


def _factors(expression: Expression) -> tuple[Expression, ...]:
    match expression:
        case Product(operands):
            return operands
        case Negative(Product(operands)):
            return (Negative(ONE), *operands)
    return (expression,)


def constant(expression: Expression) -> Fraction | None:
    """The value of a literal number, with its sign; None for anything else."""
    if isinstance(expression, Number):
        return expression.value
    if isinstance(expression, Negative) and isinstance(expression.operand, Number):
        return -expression.operand.value
    return None


def sum_of(terms: list[Expression]) -> Expression:
    """The terms' sum in their order, zeros left out; a single term is itself."""
    if len(terms) == 1:
        return terms[0]
    kept = [each for each in terms if constant(each) != 0]
    if not kept:
        return ZERO
    return kept[0] if len(kept) == 1 else Sum(tuple(kept))


def product_of(factors: list[Expression]) -> Expression:
    """The factors' product in their order: literal numbers gathered in front, ones left out, zero if one is zero."""
    number, negative, kept = ONE.value, False, []
    for factor in (each for whole in factors for each in _factors(whole)):
        bare = factor
        if isinstance(factor, Negative):
            negative, bare = not negative, factor.operand
        value = _ratio(bare)
        if value is None:
            kept.append(bare)
        elif value != 1:
            number = value if number == 1 else number * value
    if not number:
        return ZERO
    if number.numerator < 0:
        number, negative = -number, not negative
    if number != 1 or not kept:
        kept.insert(0, Number(number))
    whole = kept[0] if len(kept) == 1 else Product(tuple(kept))
    return Negative(whole) if negative else whole


def _ratio(expression: Expression) -> Fraction | None:
    """The value of a literal number or of a quotient of two, as authors write 1/2; None for anything else."""
    match expression:
        case Quotient(Number(above), Number(below)) if below:
            return above / below
    return constant(expression)


def leaves(expression: Expression) -> Iterator[Hashable]:
    """What the leaves refer to, in written order, repetitions included."""
    waiting = [expression]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Reference):
            yield part.of
        else:
            waiting += part.children[::-1]


def parts(expression: Expression) -> Iterator[Expression]:
    """The expression and everything in it, in written order."""
    waiting = [expression]
    while waiting:
        part = waiting.pop()
        yield part
        waiting += part.children[::-1]


def substituted(expression: Expression, replacement: Callable[[Hashable], Expression]) -> Expression:
    """The expression with each leaf replaced by ``replacement(leaf.of)``."""

    def placed(part: Expression) -> Expression:
        if not isinstance(part, Reference):
            return part.mapped(placed)
        found = replacement(part.of)
        return part if isinstance(found, Reference) and found.of is part.of else found

    return placed(expression)


def size(expression: Expression) -> int:
    """How many nodes the expression has."""
    return sum(1 for _ in parts(expression))


def has_cases(expression: Expression) -> bool:
    """Whether a sign chooses somewhere in the expression."""
    return any(isinstance(each, BySign) for each in parts(expression))


def has_kink(expression: Expression) -> bool:
    """Whether a sign decides between slopes; between two forms of a smooth function it decides nothing."""
    return any(isinstance(each, BySign) and each.kink for each in parts(expression))


def depth(expression: Expression) -> int:
    """How many nodes stand inside each other."""
    return 1 + max((depth(child) for child in expression.children), default=0)
