"""Formulas as C computes them in doubles, with the functions of ``math.h`` or the source's own. Has no reductions."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import ClassVar

from symbackprop.expressions import BySign, Expression
from symbackprop.printing.dialect import Label, Say, compared, tested
from symbackprop.printing.python import ANGLES, MATH, Code


class C(Code):
    """One number at a time; every number is a double."""

    name: ClassVar[str] = "C"
    heads: ClassVar[Mapping[str, str]] = {
        **{each: each for each in (*MATH, *ANGLES)},
        "pi": "3.141592653589793",
        "abs": "fabs",
        "max": "larger",
        "min": "smaller",
        "exp": "exponential",
        "expm1": "exponential_less_1",
        "tanh": "hyperbolic_tangent",
        "log": "logarithm",
        "log1p": "logarithm_of_1_more",
    }

    def literal(self, value: Fraction) -> str:
        """A number's text, always with a point or an exponent."""
        return repr(value.numerator / value.denominator)

    def power(self, base: Expression, exponent: Expression, say: Say) -> Label:
        """``pow(a, b)``."""
        return Label(f"pow({say(base).text}, {say(exponent).text})")

    def sign_of(self, argument: Label) -> Label:
        """-1, 0 or 1."""
        return Label(f"((double)({argument.text} > 0.0) - (double)({argument.text} < 0.0))")

    def by_sign(self, choice: BySign, say: Say) -> Label:
        """``(x < 0.0 ? a : b)``."""
        left, right = (say(each).text for each in compared(choice.decider))
        branches = tested(choice)
        (first, relation), *_, (last, _) = branches
        text = say(last).text
        if len(branches) == 3:
            text = f"({left} > {right} ? {text} : {say(choice.zero).text})"
        return Label(f"({left} {relation} {right} ? {say(first).text} : {text})")

    def undefined(self, reason: str) -> Label:
        """Not a number."""
        return Label("NAN")


class ScalarC(C):
    """The same for a line that stands in no loop: there the C library's functions are quicker than our own."""

    heads: ClassVar[Mapping[str, str]] = {
        **C.heads,
        **{each: each for each in ("exp", "expm1", "tanh", "log", "log1p")},
    }


C_DIALECT, SCALAR_C = C(), ScalarC()
