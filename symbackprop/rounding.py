"""The float nearest to an expression's exact value, and its sign.

The expression is computed in balls (`symbackprop.balls`) at rising precision until the bound says that the digits are
right (Ziv's strategy). Where a sign must be decided, a value that `HIGHEST` bits cannot tell from 0 counts as 0.
Expressions have no `Along` in them: laws are written out first. Nothing here knows an array.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

from symbackprop import balls, primitives
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
    constant,
)

ValueOf = Callable[[Any], Any]
HIGHEST = 4_400
PRECISIONS = (100, 220, 700, 1_800, HIGHEST)
FLOAT_BITS = 65  # 53, and enough more that rounding twice adds less than 1/4000 ulp
INDISTINCT_FROM_ZERO = -2_500  # an undecided value with a bound below 2**this counts as zero, at the highest precision
SMALLEST_EXPONENT = -1_074


class Run:
    """One computation at one precision: values of leaves and of shared parts."""

    __slots__ = ("last", "precision", "shared", "value_of", "values")

    def __init__(self, values: list[Any], value_of: ValueOf | None, precision: int, *, last: bool) -> None:
        self.values, self.value_of, self.precision, self.last = values, value_of, precision, last
        self.shared: dict[int, Value] = {}


_Step = Callable[[Run], Value]


@dataclass(frozen=True, slots=True)
class Program:
    """An expression made ready to be computed many times; the nodes' order of evaluation is the tree's."""

    expression: Expression
    step: _Step
    leaves: tuple[Hashable, ...]


@dataclass(frozen=True, slots=True)
class _Argument:
    """A leaf that stands for an argument of a function."""

    position: int


class _Compiler:
    def __init__(self, expressions: Sequence[Expression]) -> None:
        self.places: dict[Hashable, int] = {}
        self.uses: dict[int, int] = {}
        self.steps: dict[int, _Step] = {}
        self._count(expressions)

    def _count(self, expressions: Sequence[Expression]) -> None:
        waiting = list(expressions)
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
                return _binary(primitives.power, self.step(base), self.step(exponent))
        raise AssertionError(f"{type(node).__name__} is written out before it is computed")


def _kept(step: _Step, key: int) -> _Step:
    def kept(run: Run) -> Value:
        value = run.shared.get(key)
        if value is None:
            value = run.shared[key] = step(run)
        return value

    return kept


def _leaf(place: int, of: Hashable) -> _Step:
    def leaf(run: Run) -> Value:
        value: Value | None = run.values[place]
        if value is None:
            assert run.value_of is not None
            value = run.values[place] = balls.value_of_number(run.value_of(of))
        return value

    return leaf


def _undefined(reason: str) -> _Step:
    def undefined(_run: Run) -> Value:
        raise KinkError(reason)

    return undefined


def _branch(decider: _Step, below: _Step, at: _Step, above: _Step) -> _Step:
    def branch(run: Run) -> Value:
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

    def product(run: Run) -> Value:
        whole = first(run)
        for step in rest:
            whole = balls.times(whole, step(run), run.precision)
        return whole

    return product


def _binary(operation: Callable[[Value, Value, int], Value], left: _Step, right: _Step) -> _Step:
    return lambda run: operation(left(run), right(run), run.precision)


def _whole_power(base: _Step, exponent: int) -> _Step:
    return lambda run: primitives.whole_power(base(run), exponent, run.precision)


def _call(function: Function, arguments: Sequence[_Step]) -> _Step:
    primitive = primitives.PRIMITIVES.get(function.name)
    if primitive is None:
        body = _function_program(function)

        def composed(run: Run) -> Value:
            values = [step(run) for step in arguments]
            picked = [values[each.position] for each in body.leaves if isinstance(each, _Argument)]
            return body.step(Run(picked, None, run.precision, last=run.last))

        return composed
    if len(arguments) == 1:
        (only,) = arguments
        return lambda run: primitive(only(run), run.precision)
    return lambda run: primitive(*[step(run) for step in arguments], run.precision)


@lru_cache(maxsize=256)
def _function_program(function: Function) -> Program:
    body = function.stable or function.definition
    assert body is not None, f"{function.name} is neither a primitive nor defined"
    return _compiled(body(*(Reference(_Argument(position)) for position in range(function.arity))))


def _compiled(expression: Expression) -> Program:
    compiler = _Compiler([expression])
    step = compiler.step(expression)
    return Program(expression, step, tuple(compiler.places))


class Together:
    """Expressions with parts in common, made ready once; keeps them, for their parts are told apart by identity."""

    def __init__(self, expressions: Sequence[Expression]) -> None:
        compiler = _Compiler(expressions)
        steps = [compiler.step(each) for each in expressions]
        leaves = tuple(compiler.places)
        self.programs = {id(each): Program(each, step, leaves) for each, step in zip(expressions, steps, strict=True)}
        self.leaves = leaves


class Memory:
    """What one computation of such expressions at the same leaves has found so far: each part is computed once."""

    def __init__(self, together: Together) -> None:
        self.together = together
        self._values: list[Any] = [None] * len(together.leaves)
        self._runs: dict[int, Run] = {}

    def run(self, value_of: ValueOf, precision: int, *, last: bool) -> Run:
        if precision not in self._runs:
            self._runs[precision] = Run(self._values, value_of, precision, last=last)
        return self._runs[precision]


_PROGRAMS: dict[int, Program] = {}
_MOST_PROGRAMS = 256


def program_of(expression: Expression) -> Program:
    """The expression's program; the latest are kept, by identity, for laws that are computed entry by entry."""
    known = _PROGRAMS.get(id(expression))
    if known is not None and known.expression is expression:
        return known
    if len(_PROGRAMS) >= _MOST_PROGRAMS:
        _PROGRAMS.clear()
    program = _PROGRAMS[id(expression)] = _compiled(expression)
    return program


def computed(
    expression: Expression,
    value_of: ValueOf,
    precisions: Sequence[int],
    accepted: Callable[[Value], Any],
    memory: Memory | None = None,
) -> Any:
    """What ``accepted`` makes of the value at the first precision at which it does; ``memory`` is of its like."""
    if memory is None:
        program = program_of(expression)
        values: list[Any] = [None] * len(program.leaves)
    else:
        program = memory.together.programs[id(expression)]
    for precision in precisions:
        last = precision == precisions[-1]
        try:
            run = memory.run(value_of, precision, last=last) if memory else Run(values, value_of, precision, last=last)
            return accepted(program.step(run))
        except Undetermined:
            continue
    raise NotANumber(
        f"a value that {precisions[-1]:,} bits cannot tell from a place where it is undefined, such as division by 0"
    )


def rounded(expression: Expression, value_of: ValueOf, memory: Memory | None = None) -> float:
    """The expression's exact value at the exact values of its leaves, rounded to a float.

    Within 0.5001 ulp (the exact value is first taken to 65 bits). Beyond the range of floats it is inf or -inf, or 0.
    Raises `NotANumber` where there is no real value, and `KinkError` where a slope was asked at a kink without one.
    """
    found: float = computed(expression, value_of, PRECISIONS, nearest_float, memory)
    return found


def nearest_float(value: Value) -> float:
    """The value as a float; `Undetermined` while its bound is wider than 65 bits allow."""
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
        found = mantissa * 2.0**exponent if bits <= 53 else nearest_float(Fraction(int(mantissa) << exponent))
    else:
        found = int(mantissa) / (1 << -exponent)
    return -found if sign and found else found


def sign_of(expression: Expression, value_of: ValueOf) -> int:
    """The sign of the expression's exact value: -1, 0 or 1."""
    program = program_of(expression)
    values: list[Any] = [None] * len(program.leaves)
    for precision in PRECISIONS:
        last = precision == HIGHEST
        try:
            return _decided(program.step(Run(values, value_of, precision, last=last)), last=last)
        except Undetermined:
            continue
    raise NotANumber(f"a value that {HIGHEST:,} bits cannot tell from 0")
