"""Formulas as Python computes them with the ``math`` module. Never writes a function that a source does not import."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import ClassVar

from symbackprop.errors import InputError
from symbackprop.expressions import Along, BySign, Expression, Function
from symbackprop.printing.dialect import Dialect, Factor, Label, Precedence, Say, compared, tested

MATH = ("exp", "log", "sqrt", "erf", "erfc", "expm1", "log1p", "pi")
ANGLES = ("sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh")


class Code(Dialect):
    """What programming languages have in common: infix operators, and numbers as the nearest double."""

    hat: ClassVar[str] = "**"

    def number(self, value: Fraction, text: str) -> Label:
        """The nearest double, whole numbers without a point where the language divides them exactly."""
        return Label(self.literal(value), Precedence.NEGATIVE if value < 0 else Precedence.ATOM, number=True)

    def literal(self, value: Fraction) -> str:
        """A number's text."""
        if value.denominator == 1 and abs(value) < 2**31:
            return str(value.numerator)
        return repr(value.numerator / value.denominator)

    def between(self, left: Factor, right: Factor) -> str:
        """``a * b``."""
        return " * "

    def call(self, function: Function, arguments: Sequence[Expression], say: Say) -> Label:
        """The function's head, or the sign of the argument written as two comparisons."""
        if function.name == "sign":
            return self.sign_of(say(arguments[0]))
        return super().call(function, arguments, say)

    def sign_of(self, argument: Label) -> Label:
        """-1, 0 or 1."""
        raise NotImplementedError

    def own_name(self, function: Function) -> str:
        """Refused: functions with a definition are written out before they come here."""
        raise self.unsayable(function.name)

    def along(self, reduction: Along, say: Say) -> Label:
        """Refused: reductions are statements of their own."""
        raise InputError(f"{self.name} formulas have no reductions: they are statements of their own")


class Python(Code):
    """One number at a time."""

    name: ClassVar[str] = "Python"
    heads: ClassVar[Mapping[str, str]] = {each: each for each in (*MATH, *ANGLES, "abs", "max", "min")}

    def literal(self, value: Fraction) -> str:
        """A number's text, always a float's: CPython adds two floats faster than a float and an integer."""
        return repr(value.numerator / value.denominator)

    def sign_of(self, argument: Label) -> Label:
        """-1, 0 or 1."""
        text = self.within(argument, Precedence.SUM)
        return Label(f"(({text} > 0) - ({text} < 0))")

    def by_sign(self, choice: BySign, say: Say) -> Label:
        """``(a if x < 0 else b)``."""
        left, right = (say(each).text for each in compared(choice.decider))
        branches = tested(choice)
        (first, relation), *_, (last, _) = branches
        text = say(last).text
        if len(branches) == 3:
            text = f"{text} if {left} > {right} else {say(choice.zero).text}"
        return Label(f"({say(first).text} if {left} {relation} {right} else {text})")

    def undefined(self, reason: str) -> Label:
        """Not a number."""
        return Label("nan")


PYTHON = Python()
