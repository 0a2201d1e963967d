"""The numbers that a document shows: rounded once for display, and known to be exact where they are.

Computes nothing that `Values` knows; what it adds is which numbers are rational, by the equations as they are
displayed, and the numbers that a person gets who carries on with printed ones.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import nan
from typing import Any

from symbackprop.arithmetic import FloatArithmetic
from symbackprop.balls import NotANumber
from symbackprop.derivation import Derivation
from symbackprop.documents.settings import Settings
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
    has_cases,
    leaves,
)
from symbackprop.forward import entries_of
from symbackprop.given import setting_entry
from symbackprop.network import Entry, ExactNumber
from symbackprop.printing.dialect import decimal_text
from symbackprop.printing.numbers import ShownNumber, exact, is_finite, shown
from symbackprop.quantities import Array, Phase, Quantity, Role, flat
from symbackprop.system import scalar
from symbackprop.values import Values

LONGEST_DEFAULT = 6  # characters of a default, such as 0.9 or 0.999, that is shown as a decimal
LONGEST_WRITTEN = 12  # characters of a given number that is shown as it was written
LONGEST = 300  # bits of a numerator or denominator, beyond which a fraction is taken for any number
MOST_LEAVES = 100  # of one equation, beyond which its number is shown as a float
Decided = Callable[[Expression], float]
# What functions are at an argument where they are rational.
RATIONAL = {("exp", 0): 1, ("expm1", 0): 0, ("tanh", 0): 0, ("sin", 0): 0, ("cos", 0): 1, ("log", 1): 0, ("erf", 0): 0}


@dataclass
class Figures:
    """Numbers of quantities, as they are shown."""

    derivation: Derivation
    values: Values
    settings: Settings
    _rational: dict[Quantity, Fraction | None] = field(default_factory=dict, repr=False)
    _carried: dict[Quantity, Any] = field(default_factory=dict, repr=False)
    _columns: dict[Array, list[Entry] | None] = field(default_factory=dict, repr=False)
    _shown: dict[Quantity, ShownNumber] = field(default_factory=dict, repr=False)
    _texts: dict[Quantity, str] = field(default_factory=dict, repr=False)

    def shown(self, quantity: Quantity) -> ShownNumber:
        """The quantity's number as it is displayed; exact only where it is known to be the very number."""
        if quantity not in self._shown:
            self._shown[quantity] = self.displayed(self.value(quantity))
        return self._shown[quantity]

    def displayed(self, value: Any, *, more: int = 0) -> ShownNumber:
        """A number as it is displayed; a float stands for a number that is not known exactly."""
        style = self.settings.style
        if more:
            decimals = None if style.decimals is None else style.decimals + more
            style = replace(style, digits=style.digits + more, decimals=decimals)
        number = shown(value, style)
        if isinstance(value, Fraction | int):
            return number
        return ShownNumber(number.negative, number.mantissa, number.power, False, number.style)

    def value(self, quantity: Quantity) -> Any:
        """A fraction where the number is rational, else a float."""
        if self.settings.carry_printed:
            return self._with_printed(quantity)
        rational = self.rational(quantity)
        return self.values.of(quantity) if rational is None else rational

    def short_text(self, quantity: Quantity) -> str:
        """How a given number was written, if that is short enough to be shown; else empty."""
        text = self.given_text(quantity)
        return text if len(text) <= LONGEST_WRITTEN else ""

    def given_text(self, quantity: Quantity) -> str:
        """How a given number was written in the description, if it is still that number; else empty."""
        trail: list[Quantity] = []
        while quantity not in self._texts:
            trail.append(quantity)
            equation = self.derivation.definition(quantity.array)
            if equation is None:
                self._texts[quantity] = self._own_text(quantity)
                break
            match scalar(equation, quantity.indices):
                case Reference(Quantity() as same):
                    quantity = same
                case _:
                    self._texts[quantity] = ""
        text = self._texts[quantity]
        self._texts.update(dict.fromkeys(trail, text))
        return text

    def _own_text(self, quantity: Quantity) -> str:
        entry = self._entry(quantity)
        if not isinstance(entry, ExactNumber) or not self._is_still(entry, quantity):
            return ""
        text = entry.text or decimal_text(entry.value) or ""
        return text if entry.text or len(text) <= LONGEST_DEFAULT else ""

    def _is_still(self, entry: ExactNumber, quantity: Quantity) -> bool:
        """Whether the number is the description's, and not one given in its place."""
        value = self.values.of(quantity)
        return bool(self.values.numbers.arithmetic.number(entry.value) == value)

    def rational(self, quantity: Quantity) -> Fraction | None:
        """The number as a fraction, where rational arithmetic leads to it; without recursion, programs may be long."""
        waiting = [quantity]
        while waiting:
            here = waiting[-1]
            if here in self._rational:
                waiting.pop()
                continue
            equation = self.derivation.definition(here.array)
            if equation is None:
                self._rational[here] = self._given(here)
                continue
            body = scalar(equation, here.indices)
            quantities = [each for each in leaves(body) if isinstance(each, Quantity)]
            if len(quantities) > MOST_LEAVES:
                self._rational[here] = None
                continue
            missing = [each for each in quantities if each not in self._rational]
            if missing:
                waiting += missing
            else:
                found = rational_value(body, self._known_rational, self._decided)
                self._rational[here] = None if found is None or _is_long(found) else found
        return self._rational[quantity]

    def chosen(self, expression: Expression) -> Expression | None:
        """The expression with the branch that its numbers choose in place of cases; None where that is not known."""
        if isinstance(expression, BySign):
            sign = _sign(expression.decider, self._value, self._decided)
            if sign is None:
                return None
            branch = expression.negative if sign < 0 else expression.positive if sign > 0 else expression.zero
            return self.chosen(branch)
        if not has_cases(expression):
            return expression
        children = [self.chosen(each) for each in expression.children]
        if any(each is None for each in children):
            return None
        return expression.rebuilt(tuple(each for each in children if each is not None))

    def _value(self, expression: Expression) -> Fraction | None:
        return rational_value(expression, self._fraction, self._decided)

    def _fraction(self, of: Hashable) -> Fraction | None:
        assert isinstance(of, Quantity)
        return self.rational(of)

    def _known_rational(self, of: Hashable) -> Fraction | None:
        assert isinstance(of, Quantity)
        return self._rational[of]

    def _decided(self, expression: Expression) -> float:
        return float(FloatArithmetic().evaluate(expression, self.values.of))

    def _given(self, quantity: Quantity) -> Fraction | None:
        entry = self._entry(quantity)
        if isinstance(entry, ExactNumber) and self._is_still(entry, quantity):
            return entry.value
        value = self.values.of(quantity)
        return exact(value) if is_finite(value) else None

    def _entry(self, quantity: Quantity) -> Entry | None:
        """What the description has for a given quantity: a number with its text, or a name."""
        array, indices = quantity
        network = self.derivation.network
        column: list[Entry] | None = None
        match array.role:
            case Role.RATE if network.update is not None:
                return self._named(network.update.learning_rate)
            case Role.SETTING:
                return self._named(setting_entry(network, array.label))
            case Role.INPUT if network.program:
                column = list(network.program_inputs[array.label] or [])
            case Role.INPUT if network.inputs is not None:
                column = [entry for row in network.inputs for entry in row]
            case Role.TARGET if network.targets is not None:
                column = [entry for row in network.targets for entry in row]
            case Role.WEIGHT | Role.BIAS if array.phase is Phase.NOW:
                if array not in self._columns:
                    self._columns[array] = entries_of(network, array)
                column = self._columns[array]
            case Role.PARAMETER if array.phase is Phase.NOW and array.axes:
                source, place = self.derivation.ties.sources[array][indices[0]]
                entries = entries_of(network, source)
                return self._named(entries[flat(place, source.shape)]) if entries else None
            case Role.PARAMETER if network.program:
                return self._named(array.label)
        number = flat(indices, array.shape) if column else 0
        return self._named(column[number]) if column and number < len(column) else None

    def _named(self, entry: Entry) -> Entry | None:
        if isinstance(entry, str):
            parameter = self.derivation.network.parameters.get(entry)
            return parameter.value if parameter is not None else None
        return entry

    def _with_printed(self, quantity: Quantity) -> Any:
        """The number that follows from the displayed numbers of what stands in the quantity's own equation."""
        waiting = [quantity]
        while waiting:
            here = waiting[-1]
            if here in self._carried:
                waiting.pop()
                continue
            equation = self.derivation.definition(here.array)
            if equation is None:
                given = self._given(here)
                self._carried[here] = self.values.of(here) if given is None else given
                continue
            body = scalar(equation, here.indices)
            missing = [each for each in leaves(body) if isinstance(each, Quantity) and each not in self._carried]
            if missing:
                waiting += missing
            else:
                found = rational_value(body, self._printed, self._from_printed)
                self._carried[here] = self._carried_on(here, body) if found is None or _is_long(found) else found
        return self._carried[quantity]

    def _carried_on(self, quantity: Quantity, body: Expression) -> float:
        """The number that the printed ones give; where they give none (the log of 0), that of more digits."""
        try:
            return self._from_printed(body)
        except NotANumber:
            return float(self.values.of(quantity))

    def _printed(self, of: Hashable) -> Fraction | None:
        assert isinstance(of, Quantity)
        if self.short_text(of):
            written: Fraction = self._carried[of]
            return written
        number = self.displayed(self._carried[of])
        return number.value if number.is_finite else None

    def _from_printed(self, expression: Expression) -> float:
        """The number that the printed ones give. A sum with an infinite term is infinite; beyond that there is none."""
        endless = [each for each in leaves(expression) if self._printed(each) is None]
        if endless:
            numbers = {float(self._carried[each]) for each in endless if isinstance(each, Quantity)}
            terms = expression.operands if isinstance(expression, Sum) else (expression,)
            return numbers.pop() if len(numbers) == 1 and all(Reference(each) in terms for each in endless) else nan
        arithmetic = FloatArithmetic()
        return float(arithmetic.evaluate(expression, lambda of: arithmetic.number(self._printed(of) or 0)))


def _is_long(value: Fraction) -> bool:
    return max(value.numerator.bit_length(), value.denominator.bit_length()) > LONGEST


def rational_value(
    expression: Expression, value_of: Callable[[Hashable], Fraction | None], decided: Decided
) -> Fraction | None:
    """The expression's value where it is rational by plain arithmetic, else None.

    A product with a factor 0 is 0 whatever the others are; ``decided`` gives a float where a sign selects a branch.
    """

    def value(part: Expression) -> Fraction | None:
        return rational_value(part, value_of, decided)

    match expression:
        case Number(number):
            return number
        case Reference(of):
            return value_of(of)
        case Negative(operand):
            inner = value(operand)
            return None if inner is None else -inner
        case Sum(terms):
            return _sum([value(each) for each in terms])
        case Product(factors):
            return _product([value(each) for each in factors])
        case Quotient(numerator, denominator):
            above, below = value(numerator), value(denominator)
            if below is not None:
                return None if above is None or below == 0 else above / below
            return above if above == 0 else None
        case Power(base, exponent):
            return _power(value(base), value(exponent))
        case BySign(decider, negative, zero, positive):
            sign = _sign(decider, value, decided)
            return None if sign is None else value(negative if sign < 0 else positive if sign > 0 else zero)
        case Call(function, arguments):
            return _call(function, arguments, value, decided)
    return None


def _sum(terms: list[Fraction | None]) -> Fraction | None:
    known = [each for each in terms if each is not None]
    return sum(known, Fraction(0)) if len(known) == len(terms) else None


def _product(factors: list[Fraction | None]) -> Fraction | None:
    if any(each == 0 for each in factors):
        return Fraction(0)
    product = Fraction(1)
    for each in factors:
        if each is None:
            return None
        product *= each
    return product


def _power(base: Fraction | None, exponent: Fraction | None) -> Fraction | None:
    if base is None or exponent is None or exponent.denominator != 1 or abs(exponent) > LONGEST:
        return None
    return None if base == 0 and exponent < 0 else base ** int(exponent)


def _sign(decider: Expression, value: Callable[[Expression], Fraction | None], decided: Decided) -> int | None:
    """The sign of a rational number; of any other by its float, unless that is 0."""
    found: Fraction | float | None = value(decider)
    if found is None:
        found = decided(decider)
        if not found or found != found:
            return None
    return (found > 0) - (found < 0)


def _call(
    function: Function,
    arguments: tuple[Expression, ...],
    value: Callable[[Expression], Fraction | None],
    decided: Decided,
) -> Fraction | None:
    if function.name in ("max", "min"):
        left, right = arguments
        sign = _sign(left - right, value, decided)
        return None if sign is None else value(left if (sign > 0) == (function.name == "max") else right)
    if function.name == "sign":
        sign = _sign(arguments[0], value, decided)
        return None if sign is None else Fraction(sign)
    if function.name == "abs":
        sign = _sign(arguments[0], value, decided)
        inner = value(arguments[0])
        return None if sign is None or inner is None else abs(inner)
    if function.definition is not None:
        return value(function.definition(*arguments))
    inner = value(arguments[0]) if arguments else None
    if inner is None or inner.denominator != 1:
        return None
    known = RATIONAL.get((function.name, int(inner)))
    return None if known is None else Fraction(known)
