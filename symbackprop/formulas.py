"""Formulas as text, read into ordered expressions. Never executes text, never reorders or evaluates what was written.

``+ - * / ** ^``, brackets, numbers, names, and the functions of the function table. ``^`` and ``**`` are the same, bind
to the right and more tightly than a minus in front: ``-2^2`` is -4. What is read is bounded: no text takes long. ::

    >>> parse("-2*x^2", variables=["x"])
    Product((Negative(Number(2)), Power(base=Reference('x'), exponent=Number(2))))
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from symbackprop.errors import FormulaError, suggestion
from symbackprop.expressions import (
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
)
from symbackprop.functions import FUNCTIONS

MAX_LENGTH = 10_000  # characters
MAX_NODES = 2_000
MAX_DEPTH = 60  # of brackets, and of the tree
MAX_DIGITS = 1_000
MAX_NUMBER_EXPONENT = 400
MAX_POWER = 1_000  # constant exponents, those of nested powers multiplied

_TOKEN = re.compile(
    r"(?P<space>\s+)|(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<name>[^\W\d]\w*)|(?P<sign>\*\*|[-+*/^(),])"
)
_HINTS = {
    "²": "write ^2",
    "³": "write ^3",
    "·": "write *",
    "×": "write *",
    "÷": "write /",
    ":": "write / for a quotient",
    "−": "write the minus as -",
    "–": "write the minus as -",
    "√": "write sqrt(...)",
    ".": "a point stands only inside a number",
    "=": "a formula has no equals sign",
    "[": "use round brackets",
    "{": "use round brackets",
    "|": "write abs(...)",
    "'": "a formula has no texts",
    '"': "a formula has no texts",
}
_OPERAND = "a number, a name, a function call or '('"


class _Token(NamedTuple):
    kind: str  # number, name, sign, end
    text: str
    start: int


class _Read(NamedTuple):
    """An expression with what the limits are counted by; ``value`` is set while it is a constant."""

    expression: Expression
    depth: int = 1
    power: Fraction = Fraction(1)  # the product of nested constant exponents
    value: Fraction | None = None


def parse(text: str, *, variables: Collection[str], place: str = "") -> Expression:
    """The formula as an expression whose leaves refer to names in ``variables``, in the order written.

    Raises `FormulaError`, which says what is wrong, at which character (from 1) and what is allowed; it starts with
    ``place`` if there is one.
    """
    if len(text) > MAX_LENGTH:
        raise _refused(place, f"the formula has {len(text):,} characters; at most {MAX_LENGTH:,} are allowed")
    return _Reader(text, place, variables, list(_tokens(text, place))).formula()


def _refused(place: str, message: str) -> FormulaError:
    return FormulaError(f"{place}: {message}" if place else message)


def _tokens(text: str, place: str) -> Iterator[_Token]:
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        kind, found = (str(match.lastgroup), match.group()) if match else ("", "")
        while kind == "name" and found and not found.isidentifier():  # \w has more signs than names may have: x²
            found = found[:-1]
        if not found:
            what = text[position]
            hint = _HINTS.get(what, "allowed: numbers, names, + - * / ** ^ and round brackets")
            raise _refused(place, f"{what!r} at character {position + 1} cannot stand in a formula; {hint}")
        if kind != "space":
            yield _Token(kind, found, position)
        position += len(found)
    yield _Token("end", "", len(text))


@dataclass
class _Reader:
    """A recursive descent over the tokens: sum, product, signed, power, operand."""

    text: str
    place: str
    variables: Collection[str]
    tokens: list[_Token]
    position: int = 0
    brackets: int = 0
    nodes: int = 0

    def formula(self) -> Expression:
        if self.next.kind == "end":
            raise self.refused("the formula is empty", self.next, f"expected {_OPERAND}")
        whole = self.sum()
        if self.next.kind != "end":
            raise self.refused(f"unexpected {self.next.text!r}", self.next, _between(self.next))
        return whole.expression

    @property
    def next(self) -> _Token:
        return self.tokens[self.position]

    def refused(self, what: str, token: _Token, allowed: str) -> FormulaError:
        where = "at the end of the formula" if token.kind == "end" else f"at character {token.start + 1}"
        return _refused(self.place, f"{what} {where}; {allowed}")

    def taken(self, *signs: str) -> _Token | None:
        """The next token, stepped over, if it is one of these signs."""
        token = self.next
        if token.kind != "sign" or token.text not in signs:
            return None
        self.position += 1
        return token

    def made(self, expression: Expression, token: _Token, *operands: _Read, value: Fraction | None = None) -> _Read:
        """An expression over operands, counted."""
        self.nodes += 1
        depth = 1 + max((each.depth for each in operands), default=0)
        if self.nodes > MAX_NODES:
            raise self.refused(f"the formula has more than {MAX_NODES:,} operations and operands", token, "split it up")
        if depth > MAX_DEPTH:
            raise self.refused(f"the formula is nested more than {MAX_DEPTH} deep", token, "split it up")
        power = max((each.power for each in operands), default=Fraction(1))
        return _Read(expression, depth, power, value)

    def sum(self) -> _Read:
        token = self.next
        terms = [self.product()]
        total = terms[0].value
        while sign := self.taken("+", "-"):
            term = self.product()
            negative = sign.text == "-"
            if total is not None and term.value is not None:
                total += -term.value if negative else term.value
            else:
                total = None
            terms.append(self.made(Negative(term.expression), sign, term) if negative else term)
        if len(terms) == 1:
            return terms[0]
        # A sum in brackets in front is the beginning of this one.
        first = terms[0].expression
        front = first.operands if isinstance(first, Sum) else (first,)
        return self.made(Sum((*front, *(each.expression for each in terms[1:]))), token, *terms, value=total)

    def product(self) -> _Read:
        whole = self.signed()
        factors = [whole]
        while sign := self.taken("*", "/"):
            factor = self.signed()
            if sign.text == "*":
                factors.append(factor)
                continue
            above = self.multiplied(factors, sign)
            if factor.value == 0:
                raise self.refused("division by zero", sign, "the denominator is the constant 0")
            value = None if above.value is None or factor.value is None else above.value / factor.value
            factors = [self.made(Quotient(above.expression, factor.expression), sign, above, factor, value=value)]
        return self.multiplied(factors, self.next)

    def multiplied(self, factors: list[_Read], token: _Token) -> _Read:
        if len(factors) == 1:
            return factors[0]
        values = [each.value for each in factors if each.value is not None]
        value = math.prod(values, start=Fraction(1)) if len(values) == len(factors) else None
        first = factors[0].expression
        front = first.operands if isinstance(first, Product) else (first,)
        whole = Product((*front, *(each.expression for each in factors[1:])))
        return self.made(whole, token, *factors, value=value)

    def signed(self) -> _Read:
        signs = []
        while sign := self.taken("+", "-"):
            signs.append(sign)
        whole = self.power()
        for sign in reversed(signs):
            if sign.text == "-":
                value = None if whole.value is None else -whole.value
                whole = self.made(Negative(whole.expression), sign, whole, value=value)
        return whole

    def power(self) -> _Read:
        base = self.operand()
        sign = self.taken("^", "**")
        if sign is None:
            return base
        self.brackets += 1
        if self.brackets > MAX_DEPTH:
            raise self.refused(f"powers are nested more than {MAX_DEPTH} deep", sign, "split the formula up")
        exponent = self.signed()
        self.brackets -= 1
        value = self.power_value(base, exponent, sign)
        whole = self.made(Power(base.expression, exponent.expression), sign, base, exponent, value=value)
        size = Fraction(1) if exponent.value is None else max(Fraction(1), abs(exponent.value))
        if base.power * size > MAX_POWER:
            what = f"an exponent of {_shown(base.power * size)}"
            raise self.refused(what, sign, f"constant exponents may be up to {MAX_POWER:,} in size")
        return whole._replace(power=base.power * size)

    def power_value(self, base: _Read, exponent: _Read, sign: _Token) -> Fraction | None:
        """The value of a constant to the power of a constant integer; above the limit of digits it is refused."""
        if base.value is None or exponent.value is None or exponent.value.denominator != 1:
            return None
        size = max(base.value.numerator.bit_length(), base.value.denominator.bit_length())
        if abs(base.value) == 1 or base.value == 0:
            size = 0
        if size * abs(exponent.value) * math.log10(2) > MAX_DIGITS:
            allowed = f"its value may have up to {MAX_DIGITS:,} digits"
            raise self.refused("a constant power that is too large", sign, allowed)
        if base.value == 0 and exponent.value < 0:
            raise self.refused("division by zero", sign, "0 has no negative power")
        return Fraction(base.value**exponent.value.numerator)

    def operand(self) -> _Read:
        token = self.next
        if token.kind == "number":
            self.position += 1
            number = self.number(token)
            return self.made(number, token, value=number.value)
        if token.kind == "name":
            self.position += 1
            return self.named(token)
        if self.taken("("):
            whole = self.within(token)
            self.closed(token)
            return whole
        what = "the formula ends too early" if token.kind == "end" else f"unexpected {token.text!r}"
        raise self.refused(what, token, f"expected {_OPERAND}")

    def within(self, bracket: _Token) -> _Read:
        """A sum inside brackets."""
        self.brackets += 1
        if self.brackets > MAX_DEPTH:
            raise self.refused(f"brackets are nested more than {MAX_DEPTH} deep", bracket, "split the formula up")
        whole = self.sum()
        self.brackets -= 1
        return whole

    def closed(self, bracket: _Token) -> None:
        if self.taken(")") is None:
            what = "unexpected " + repr(self.next.text) if self.next.kind != "end" else "a ')' is missing"
            raise self.refused(what, self.next, f"expected ')' for the '(' at character {bracket.start + 1}")

    def number(self, token: _Token) -> Number:
        mantissa, _, exponent = token.text.lower().partition("e")
        digits = len(mantissa.replace(".", ""))
        if digits > MAX_DIGITS:
            raise self.refused(f"a number of {digits:,} digits", token, f"at most {MAX_DIGITS:,} are allowed")
        if len(exponent.lstrip("+-0")) > 4 or abs(int(exponent or 0)) > MAX_NUMBER_EXPONENT:
            allowed = f"allowed: -{MAX_NUMBER_EXPONENT} to {MAX_NUMBER_EXPONENT}"
            raise self.refused("a number with too large an exponent", token, allowed)
        return Number(Fraction(token.text), token.text)

    def named(self, token: _Token) -> _Read:
        bracket = self.taken("(")
        name = token.text
        if bracket is not None:
            function = FUNCTIONS.get(name)
            if function is None:
                what = f"{name!r} is not a function" if name in self.variables else f"unknown function {name!r}"
                more = "write * between factors" if name in self.variables else suggestion(name, FUNCTIONS, most=40)
                raise self.refused(what, token, more)
            return self.call(function, token, bracket)
        if name in self.variables:
            return self.made(Reference(name), token)
        if name in FUNCTIONS and FUNCTIONS[name].arity == 0:
            return self.made(Call(FUNCTIONS[name], ()), token)
        if name in FUNCTIONS:
            raise self.refused(f"the function {name!r} without its argument", token, f"write {name}(...)")
        near = suggestion(name, sorted(self.variables)) if self.variables else "no names are known here"
        raise self.refused(f"unknown name {name!r}", token, near)

    def call(self, function: Function, token: _Token, bracket: _Token) -> _Read:
        arguments = []
        if self.next.text != ")" or self.next.kind != "sign":
            arguments.append(self.within(bracket))
            while self.taken(","):
                arguments.append(self.within(bracket))
        self.closed(bracket)
        several = function.name in ("max", "min")
        if len(arguments) != function.arity and not (several and len(arguments) > function.arity):
            wanted = f"{function.arity}{' or more' if several else ''}"
            raise self.refused(f"{token.text!r} with {len(arguments)} arguments", token, f"it takes {wanted}")
        if not several:
            return self.made(Call(function, tuple(each.expression for each in arguments)), token, *arguments)
        whole = arguments[0]
        for each in arguments[1:]:
            whole = self.made(Call(function, (whole.expression, each.expression)), token, whole, each)
        return whole


def _between(token: _Token) -> str:
    if token.kind in ("number", "name") or token.text == "(":
        return "expected an operator: + - * / ^"
    if token.text == ",":
        return "a comma stands only between a function's arguments; the decimal mark is a point"
    return "expected an operator or the end"


def _shown(number: Fraction) -> str:
    return str(number) if number < 10**12 else "more than a billion"
