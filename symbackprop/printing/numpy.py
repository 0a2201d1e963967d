"""Formulas over whole arrays, in the functions that array namespaces share. The namespace is called ``xp``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from symbackprop.expressions import BySign, Expression, Function, constant, leaves
from symbackprop.printing.dialect import Label, Say, compared, tested
from symbackprop.printing.python import ANGLES, Code

# Functions of a number alone are Python's own: torch takes arrays only, and numpy's would widen an array of float32.
CONSTANTS = frozenset({"exp", "log", "sqrt", "expm1", "log1p", "pi", *ANGLES})
COMPARED: Mapping[str, str] = {"max": ">", "min": "<"}


class Numpy(Code):
    """Elementwise: each leaf is an array that broadcasts to the shape of the line."""

    name: ClassVar[str] = "array code"
    heads: ClassVar[Mapping[str, str]] = {
        **{each: f"xp.{each}" for each in ("exp", "log", "sqrt", "expm1", "log1p", "abs", "sin", "cos", "tan")},
        **{each: f"xp.{each}" for each in ("sinh", "cosh", "tanh")},
        **{f"a{each}": f"xp.arc{each}" for each in ("sin", "cos", "tan")},
        "pi": "pi",
        "erf": "erf",
        "erfc": "erfc",
    }

    def call(self, function: Function, arguments: Sequence[Expression], say: Say) -> Label:
        """The function's head; the larger and the smaller by a comparison, which takes numbers in every namespace."""
        if function.name in COMPARED:
            left, right = (say(each).text for each in arguments)
            return Label(f"xp.where({left} {COMPARED[function.name]} {right}, {left}, {right})")
        if function.name in CONSTANTS and not any(True for each in arguments for _ in leaves(each)):
            return self.called(function.name, arguments, say) if arguments else Label(function.name)
        return super().call(function, arguments, say)

    def sign_of(self, argument: Label) -> Label:
        """-1, 0 or 1."""
        return Label(f"xp.sign({argument.text})")

    def by_sign(self, choice: BySign, say: Say) -> Label:
        """``xp.where(x < 0, a, b)``."""
        left, right = (say(each).text for each in compared(choice.decider))
        branches = tested(choice)
        arrays = [any(True for _ in leaves(each)) for each, _ in branches]
        texts = [say(each).text for each, _ in branches]
        if not any(arrays):
            # A choice between two numbers would take the namespace's default type and not the arrays'.
            texts[0] = f"xp.full_like({say(choice.decider).text}, {texts[0]})"
        if len(branches) == 3:
            below, at, above = texts
            zero = self._like(at, choice, say)
            return Label(f"xp.where({left} < {right}, {below}, xp.where({left} > {right}, {above}, {zero}))")
        return Label(f"xp.where({left} {branches[0][1]} {right}, {texts[0]}, {texts[1]})")

    def _like(self, text: str, choice: BySign, say: Say) -> str:
        if constant(choice.zero) is None or any(True for _ in leaves(choice.positive)):
            return text
        return f"xp.full_like({say(choice.decider).text}, {text})"

    def undefined(self, reason: str) -> Label:
        """Not a number."""
        return Label("nan")


NUMPY = Numpy()
