"""Numbers of expressions: correctly rounded floats, exact rationals or closed forms, and any number of digits.

All three share one interface, `Arithmetic`. A float is the exact value at the arguments' exact values, rounded once:
the expression is computed in balls (`symbackprop.balls`) at rising precision until the bound says that the digits are
right (Ziv's strategy). Where a sign must be decided, a value that `HIGHEST` bits cannot tell from 0 counts as 0.
Expressions have no `Along` in them: laws are written out first. Nothing here knows an array.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any, Protocol

from mpmath import MPContext

from symbackprop import balls
from symbackprop.balls import NotANumber, Undetermined, Value
from symbackprop.errors import KinkError
from symbackprop.expressions import (
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
    as_expression,
    constant,
    product_of,
    sum_of,
)

__all__ = [
    "Arithmetic",
    "ExactArithmetic",
    "FloatArithmetic",
    "NotANumber",
    "PreciseArithmetic",
    "decides_by_sign",
    "exact",
    "precise",
    "rounded",
    "sign_of",
]

ValueOf = Callable[[Any], Any]
HIGHEST = 4_400
PRECISIONS = (100, 220, 700, 1_800, HIGHEST)
FLOAT_BITS = 65  # 53, and enough more that rounding twice adds less than 1/4000 ulp
INDISTINCT_FROM_ZERO = -2_500  # an undecided value with a bound below 2**this counts as zero, at the highest precision
SMALLEST_EXPONENT = -1_074


class _Run:
    """One computation at one precision: values of leaves and of shared parts."""

    __slots__ = ("last", "precision", "shared", "value_of", "values")

    def __init__(self, values: list[Any], value_of: ValueOf | None, precision: int, *, last: bool) -> None:
        self.values, self.value_of, self.precision, self.last = values, value_of, precision, last
        self.shared: dict[int, Value] = {}


_Step = Callable[[_Run], Value]


@dataclass(frozen=True, slots=True)
class _Program:
    """An expression made ready to be computed many times; the nodes' order of evaluation is the tree's."""

    expression: Expression
    step: _Step
    leaves: tuple[Hashable, ...]


@dataclass(frozen=True, slots=True)
class _Argument:
    """A leaf that stands for an argument of a function."""

    position: int


class _Compiler:
    def __init__(self, expression: Expression) -> None:
        self.places: dict[Hashable, int] = {}
        self.uses: dict[int, int] = {}
        self.steps: dict[int, _Step] = {}
        self._count(expression)

    def _count(self, expression: Expression) -> None:
        waiting = [expression]
        while waiting:
            node = waiting.pop()
            self.uses[id(node)] = uses = self.uses.get(id(node), 0) + 1
            if uses == 1:
                waiting += node.children

    def step(self, node: Expression) -> _Step:
        known = self.steps.get(id(node))
        if known is None:
            known = self.own_step(node)
            if self.uses[id(node)] > 1 and node.children:
                known = _kept(known, id(node))
            self.steps[id(node)] = known
        return known

    def own_step(self, node: Expression) -> _Step:
        match node:
            case Number(value):
                number = balls.value_of_number(value)
                return lambda run: number
            case Reference(of):
                return _leaf(self.places.setdefault(of, len(self.places)), of)
            case Undefined(reason):
                return _undefined(reason)
            case BySign(decider):
                return _branch(self.step(decider), *(self.step(each) for each in node.children[1:]))
            case Call(function, arguments):
                return _call(function, [self.step(each) for each in arguments])
            case Negative(operand):
                inner = self.step(operand)
                return lambda run: balls.negative(inner(run))
            case Sum(operands):
                return _sum([self.step(each) for each in operands])
            case Product(operands):
                return _product([self.step(each) for each in operands])
            case Quotient(above, below):
                return _binary(balls.over, self.step(above), self.step(below))
            case Power(base, exponent):
                whole = constant(exponent)
                if whole is not None and whole.denominator == 1:
                    return _whole_power(self.step(base), whole.numerator)
                return _binary(balls.power, self.step(base), self.step(exponent))
        raise AssertionError(f"{type(node).__name__} is written out before it is computed")


def _kept(step: _Step, key: int) -> _Step:
    def kept(run: _Run) -> Value:
        value = run.shared.get(key)
        if value is None:
            value = run.shared[key] = step(run)
        return value

    return kept


def _leaf(place: int, of: Hashable) -> _Step:
    def leaf(run: _Run) -> Value:
        value: Value | None = run.values[place]
        if value is None:
            assert run.value_of is not None
            value = run.values[place] = balls.value_of_number(run.value_of(of))
        return value

    return leaf


def _undefined(reason: str) -> _Step:
    def undefined(run: _Run) -> Value:
        raise KinkError(reason)

    return undefined


def _branch(decider: _Step, below: _Step, at: _Step, above: _Step) -> _Step:
    def branch(run: _Run) -> Value:
        sign = _decided(decider(run), last=run.last)
        return below(run) if sign < 0 else above(run) if sign > 0 else at(run)

    return branch


def _decided(value: Value, *, last: bool) -> int:
    """The sign; at the highest precision a value that is 0 as far as one can see is 0."""
    try:
        return balls.sign(value)
    except Undetermined:
        assert not isinstance(value, Fraction)
        assert value[1] is not None
        if last and value[1] < INDISTINCT_FROM_ZERO and (not value[0][1] or balls.size(value[0]) < value[1] + 3):
            return 0
        raise


def _sum(steps: Sequence[_Step]) -> _Step:
    return lambda run: balls.total([step(run) for step in steps], run.precision)


def _product(steps: Sequence[_Step]) -> _Step:
    first, rest = steps[0], steps[1:]

    def product(run: _Run) -> Value:
        whole = first(run)
        for step in rest:
            whole = balls.times(whole, step(run), run.precision)
        return whole

    return product


def _binary(operation: Callable[[Value, Value, int], Value], left: _Step, right: _Step) -> _Step:
    return lambda run: operation(left(run), right(run), run.precision)


def _whole_power(base: _Step, exponent: int) -> _Step:
    return lambda run: balls.whole_power(base(run), exponent, run.precision)


def _call(function: Function, arguments: Sequence[_Step]) -> _Step:
    primitive = balls.PRIMITIVES.get(function.name)
    if primitive is None:
        body = _function_program(function)

        def composed(run: _Run) -> Value:
            values = [step(run) for step in arguments]
            picked = [values[each.position] for each in body.leaves if isinstance(each, _Argument)]
            return body.step(_Run(picked, None, run.precision, last=run.last))

        return composed
    if len(arguments) == 1:
        (only,) = arguments
        return lambda run: primitive(only(run), run.precision)
    return lambda run: primitive(*[step(run) for step in arguments], run.precision)


@lru_cache(maxsize=256)
def _function_program(function: Function) -> _Program:
    body = function.stable or function.definition
    assert body is not None, f"{function.name} is neither a primitive nor defined"
    return _compiled(body(*(Reference(_Argument(position)) for position in range(function.arity))))


def _compiled(expression: Expression) -> _Program:
    compiler = _Compiler(expression)
    step = compiler.step(expression)
    return _Program(expression, step, tuple(compiler.places))


_PROGRAMS: dict[int, _Program] = {}
_MOST_PROGRAMS = 256


def _program(expression: Expression) -> _Program:
    """The expression's program; the latest are kept, by identity, for laws that are computed entry by entry."""
    known = _PROGRAMS.get(id(expression))
    if known is not None and known.expression is expression:
        return known
    if len(_PROGRAMS) >= _MOST_PROGRAMS:
        _PROGRAMS.clear()
    program = _PROGRAMS[id(expression)] = _compiled(expression)
    return program


def _computed(
    expression: Expression, value_of: ValueOf, precisions: Sequence[int], accepted: Callable[[Value], Any]
) -> Any:
    """What ``accepted`` makes of the value at the first precision at which it does."""
    program = _program(expression)
    values: list[Any] = [None] * len(program.leaves)
    for precision in precisions:
        try:
            run = _Run(values, value_of, precision, last=precision == precisions[-1])
            return accepted(program.step(run))
        except Undetermined:
            continue
    raise NotANumber(
        f"a value that {precisions[-1]:,} bits cannot tell from a place where it is undefined, such as division by 0"
    )


def rounded(expression: Expression, value_of: ValueOf) -> float:
    """The expression's exact value at the exact values of its leaves, rounded to a float.

    Within 0.5001 ulp (the exact value is first taken to 65 bits). Beyond the range of floats it is inf or -inf, or 0.
    Raises `NotANumber` where there is no real value, and `KinkError` where a slope was asked at a kink without one.
    """
    found: float = _computed(expression, value_of, PRECISIONS, _as_float)
    return found


def _as_float(value: Value) -> float:
    if isinstance(value, Fraction):
        try:
            return value.numerator / value.denominator
        except OverflowError:
            return math.inf if value > 0 else -math.inf
    midpoint, error = value
    if error is not None:
        if not midpoint[1]:
            if error >= SMALLEST_EXPONENT - 1:
                raise Undetermined
            return 0.0
        size = balls.size(midpoint)
        if error > max(size - FLOAT_BITS, SMALLEST_EXPONENT - 12) and not (size > 1_100 and error < size - 2):
            raise Undetermined
    return _nearest(midpoint)


def _nearest(midpoint: Any) -> float:
    """The nearest float, ties to even; integers divide with one rounding in Python."""
    sign, mantissa, exponent, bits = midpoint
    if exponent + bits > 1_024:
        found = math.inf
    elif exponent + bits < SMALLEST_EXPONENT - 1:
        found = 0.0
    elif exponent >= 0:
        found = mantissa * 2.0**exponent if bits <= 53 else _as_float(Fraction(int(mantissa) << exponent))
    else:
        found = int(mantissa) / (1 << -exponent)
    return -found if sign and found else found


def precise(expression: Expression, value_of: ValueOf, digits: int) -> Any:
    """The exact value at the exact values of the leaves, as an mpf of at least that many correct digits."""
    return PreciseArithmetic(digits).evaluate(expression, value_of)


def sign_of(expression: Expression, value_of: ValueOf) -> int:
    """The sign of the expression's exact value: -1, 0 or 1."""
    program = _program(expression)
    values: list[Any] = [None] * len(program.leaves)
    for precision in PRECISIONS:
        last = precision == HIGHEST
        try:
            return _decided(program.step(_Run(values, value_of, precision, last=last)), last=last)
        except Undetermined:
            continue
    raise NotANumber(f"a value that {HIGHEST:,} bits cannot tell from 0")


def decides_by_sign(expression: Expression) -> bool:
    """Whether this node's value jumps where its argument changes sign."""
    return isinstance(expression, Call) and expression.function.name == "sign"


def exact(expression: Expression, value_of: ValueOf) -> Fraction | Expression:
    """The value as a fraction where it is rational by known rules, else as a closed expression with exact numbers.

    Leaves are fractions or closed expressions. Functions with a definition are written out.
    """
    match expression:
        case Number(value):
            return value
        case Reference(of):
            found = value_of(of)
            return found if isinstance(found, Expression) else Fraction(found)
        case Undefined(reason):
            raise KinkError(reason)
        case BySign(decider, below, at, above):
            sign = _exact_sign(exact(decider, value_of))
            return exact(below if sign < 0 else above if sign > 0 else at, value_of)
        case Negative(operand):
            return _exact_product([Fraction(-1), exact(operand, value_of)])
        case Sum(operands):
            return _exact_sum([exact(each, value_of) for each in operands])
        case Product(operands):
            return _exact_product([exact(each, value_of) for each in operands])
        case Quotient(above, below):
            return _exact_quotient(exact(above, value_of), exact(below, value_of))
        case Power(base, exponent):
            return _exact_power(exact(base, value_of), exact(exponent, value_of))
        case Call(function, arguments):
            return _exact_call(function, [exact(each, value_of) for each in arguments])
    raise AssertionError(f"{type(expression).__name__} is written out before it is computed")


_Exact = Fraction | Expression


def _no_leaves(of: Hashable) -> Any:
    raise AssertionError(f"a closed expression has a leaf: {of!r}")


def _exact_sign(value: _Exact) -> int:
    return sign_of(value, _no_leaves) if isinstance(value, Expression) else (value > 0) - (value < 0)


def _exact_sum(terms: Sequence[_Exact]) -> _Exact:
    number = sum((each for each in terms if isinstance(each, Fraction)), Fraction(0))
    others = [each for each in terms if isinstance(each, Expression)]
    if not others:
        return number
    first = next((place for place, each in enumerate(terms) if isinstance(each, Fraction)), len(others))
    return sum_of([*others[:first], as_expression(number), *others[first:]])


def _exact_product(factors: Sequence[_Exact]) -> _Exact:
    number = math.prod((each for each in factors if isinstance(each, Fraction)), start=Fraction(1))
    others = [each for each in factors if isinstance(each, Expression)]
    return product_of([as_expression(number), *others]) if others and number else number


def _exact_quotient(above: _Exact, below: _Exact) -> _Exact:
    if isinstance(below, Fraction):
        if below == 0:
            raise NotANumber("division by zero")
        if isinstance(above, Fraction):
            return above / below
        return above if below == 1 else Quotient(above, as_expression(below))
    if _exact_sign(below) == 0:
        raise NotANumber("division by zero")
    return Fraction(0) if above == 0 else Quotient(as_expression(above), below)


def _exact_power(base: _Exact, exponent: _Exact) -> _Exact:
    if isinstance(exponent, Fraction):
        if exponent == 0:
            return Fraction(1)
        if exponent == 1:
            return base
        if isinstance(base, Fraction):
            return _rational_power(base, exponent)
    elif isinstance(base, Fraction) and base in (0, 1):
        if base == 0 and _exact_sign(exponent) <= 0:
            raise NotANumber("division by zero: a negative power of 0")
        return base
    if not (isinstance(exponent, Fraction) and exponent.denominator == 1):
        if _exact_sign(base) < 0:
            raise NotANumber("a negative number to a power that is not whole")
    elif exponent < 0 and _exact_sign(base) == 0:
        raise NotANumber("division by zero: a negative power of 0")
    return Power(as_expression(base), as_expression(exponent))


def _rational_power(base: Fraction, exponent: Fraction) -> _Exact:
    if base == 0:
        if exponent < 0:
            raise NotANumber("division by zero: a negative power of 0")
        return Fraction(0)
    if exponent.denominator != 1 and base < 0:
        raise NotANumber("a negative number to a power that is not whole")
    root = base if exponent.denominator == 1 else balls.exact_root(base, exponent.denominator)
    if root is not None and (
        abs(root) == 1
        or abs(exponent.numerator) * max(root.numerator.bit_length(), root.denominator.bit_length()) < 1_000_000
    ):
        return Fraction(root**exponent.numerator)
    return Power(as_expression(base), as_expression(exponent))


_SPECIAL: dict[tuple[str, Fraction], Fraction] = {
    **{(name, Fraction(0)): Fraction(1) for name in ("exp", "cos", "cosh", "erfc")},
    **{
        (name, Fraction(0)): Fraction(0)
        for name in ("expm1", "log1p", "sin", "tan", "asin", "atan", "sinh", "tanh", "erf")
    },
    ("log", Fraction(1)): Fraction(0),
    ("acos", Fraction(1)): Fraction(0),
}
_DOMAIN: dict[str, Callable[[int, Expression], bool]] = {
    "log": lambda sign, x: sign > 0,
    "sqrt": lambda sign, x: sign >= 0,
    "log1p": lambda sign, x: _exact_sign(1 + x) > 0,
    "asin": lambda sign, x: _exact_sign(1 - x**2) >= 0,
    "acos": lambda sign, x: _exact_sign(1 - x**2) >= 0,
}


def _exact_call(function: Function, arguments: Sequence[_Exact]) -> _Exact:
    if function.definition is not None:
        return exact(function.definition(*map(as_expression, arguments)), _no_leaves)
    if function.arity == 2:
        first, second = arguments
        sign = _exact_sign(_exact_sum([first, _exact_product([Fraction(-1), second])]))
        return first if (sign >= 0) == (function.name == "max") else second
    if function.arity == 0:
        return Call(function, ())
    (x,) = arguments
    if isinstance(x, Fraction) and (function.name, x) in _SPECIAL:
        return _SPECIAL[function.name, x]
    if function.name in ("abs", "sign"):
        sign = _exact_sign(x)
        return Fraction(sign) if function.name == "sign" else _exact_product([Fraction(-1 if sign < 0 else 1), x])
    if function.name in _DOMAIN and not _DOMAIN[function.name](_exact_sign(x), as_expression(x)):
        raise NotANumber(f"{function.name} of a number outside its domain")
    if function.name == "sqrt" and isinstance(x, Fraction):
        root = balls.exact_root(x, 2) if x else x
        if root is not None:
            return root
    return Call(function, (as_expression(x),))


class Arithmetic(Protocol):
    """One kind of number. Entries of arrays are its numbers; given ones may also be fractions."""

    def number(self, value: Fraction) -> Any:
        """A rational as a number of this kind."""

    def evaluate(self, expression: Expression, value_of: ValueOf) -> Any:
        """The expression's value, with ``value_of`` of what each leaf refers to."""

    def total(self, terms: Sequence[Any]) -> Any:
        """The sum; of nothing, 0."""

    def multiplied(self, number: Fraction, factors: Sequence[Any]) -> Any:
        """The product of an exact number and the factors."""

    def undefined(self, reason: str) -> Any:
        """What stands where there is no number: it makes everything that is computed from it undefined."""


class FloatArithmetic:
    """float64: each expression is rounded once, sums of products are computed in floats."""

    def number(self, value: Fraction) -> float:
        """The nearest float."""
        return _as_float(Fraction(value))

    def evaluate(self, expression: Expression, value_of: ValueOf) -> float:
        """The exact value, rounded once."""
        return rounded(expression, value_of)

    def total(self, terms: Sequence[float]) -> float:
        """The sum, rounded once."""
        if len(terms) == 1:
            return float(terms[0]) + 0.0  # a zero has no sign
        try:
            return math.fsum(terms) + 0.0
        except (OverflowError, ValueError):  # too large on the way, or inf - inf
            if all(math.isfinite(each) for each in terms):
                return _as_float(sum(map(Fraction, terms), Fraction(0)))
            return sum(terms)

    def multiplied(self, number: Fraction, factors: Sequence[float]) -> float:
        """The product; exact and rounded once where floats overflow or underflow on the way."""
        product = float(math.prod(factors))
        if number != 1:
            if max(abs(number.numerator), number.denominator) < 2**53:
                product = product * number.numerator / number.denominator
            elif math.isfinite(product):
                return _as_float(math.prod(map(Fraction, factors), start=number))
        if 1e-290 < abs(product) < 1e290 or 0 in factors or not all(map(math.isfinite, factors)):
            return product
        return _as_float(math.prod(map(Fraction, factors), start=number))

    def undefined(self, reason: str) -> float:
        """Not a number."""
        return math.nan


class ExactArithmetic:
    """Fractions where arithmetic is rational, closed expressions where it is not."""

    def number(self, value: Fraction) -> Fraction:
        """The fraction."""
        return Fraction(value)

    def evaluate(self, expression: Expression, value_of: ValueOf) -> Fraction | Expression:
        """A fraction or a closed expression."""
        return exact(expression, value_of)

    def total(self, terms: Sequence[_Exact]) -> _Exact:
        """The sum, numbers gathered and zeros left out."""
        return _exact_sum(terms)

    def multiplied(self, number: Fraction, factors: Sequence[_Exact]) -> _Exact:
        """The product, numbers gathered in front."""
        return _exact_product([number, *factors])

    def undefined(self, reason: str) -> Expression:
        """An expression that says why."""
        return Undefined(reason)


class PreciseArithmetic:
    """mpf numbers of at least ``digits`` digits; each expression is right to all of them, sums carry ten more."""

    def __init__(self, digits: int) -> None:
        self.digits = digits
        self.context = MPContext()
        self.context.dps = digits + 10
        bits = int(self.context.prec)
        self._precisions = (bits + 40, 2 * bits + 200, 4 * bits + 1_800, 8 * bits + HIGHEST)

    def number(self, value: Any) -> Any:
        """The number as an mpf."""
        if isinstance(value, Fraction):
            return self.context.mpf(value.numerator) / value.denominator
        return self.context.mpf(value)

    def evaluate(self, expression: Expression, value_of: ValueOf) -> Any:
        """An mpf; 0 where the value is below 1e-750 and no precision tells it from 0."""
        found = _computed(expression, value_of, self._precisions, self._accepted)
        return self.context.make_mpf(found)

    def _accepted(self, value: Value) -> Any:
        bits = int(self.context.prec)
        midpoint, error = balls.ball(value, bits + 20)
        if error is not None:
            if midpoint[1] and error <= balls.size(midpoint) - bits:
                return midpoint
            if error < INDISTINCT_FROM_ZERO and (not midpoint[1] or balls.size(midpoint) < error + 3):
                return balls.ZERO[0]
            raise Undetermined
        return midpoint

    def total(self, terms: Sequence[Any]) -> Any:
        """The sum."""
        return self.context.fsum(self.number(each) for each in terms)

    def multiplied(self, number: Fraction, factors: Sequence[Any]) -> Any:
        """The product."""
        return math.prod(map(self.number, factors), start=self.number(number))

    def undefined(self, reason: str) -> Any:
        """Not a number."""
        return self.context.nan
