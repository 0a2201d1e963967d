"""Formulas in Typst's mathematics, without packages. Never breaks a line and never names a quantity.

Text that is a name or a word stands in quotes, and a comma between arguments behind a backslash: neither is ever code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from symbackprop.expressions import Function
from symbackprop.notation.typst import quoted
from symbackprop.printing.dialect import Factor, Label
from symbackprop.printing.typeset import Branch, Typeset


@dataclass(frozen=True)
class Typst(Typeset):
    """Formulas as they are set; flat round brackets are plain signs, between which Typst breaks nothing.

    >>> [TYPST.numeral(text).text for text in ("5e-4", "-1/2")] + [Typst(decimal_mark=",").numeral("0.5").text]
    ['5 dot 10^(-4)', '-frac(1, 2)', '"0,5"']
    """

    name: ClassVar[str] = "Typst"
    dot: ClassVar[str] = " dot "
    slash: ClassVar[str] = r" \/ "
    comma: ClassVar[str] = r"\, "
    signs: ClassVar[Mapping[str, str]] = {"≈": "approx", "undefined": '"undefined"', "infinite": "oo"}
    heads: ClassVar[Mapping[str, str]] = {
        **{name: name for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "max", "min", "exp", "sqrt", "abs")},
        "log": "ln",
        "asin": "arcsin",
        "acos": "arccos",
        "atan": "arctan",
        "sigmoid": "sigma",
        "pi": "pi",
    }

    def digits(self, text: str) -> str:
        """A number with a comma, or that begins with a point, is a text."""
        if self.decimal_mark != "." and "." in text:
            return quoted(self.decimal_mark.join(text.split(".")))
        return quoted(text) if text.startswith(".") else text

    def bracket(self, label: Label) -> str:
        """Round brackets, which grow by themselves where they are not flat."""
        return rf"\({label.text}\)" if self.flat else f"({label.text})"

    def space(self, left: Factor, right: Factor) -> str:
        """A thin space; a dot where the formula may be cut."""
        return self.dot if self.flat else " thin "

    def script(self, text: str) -> str:
        """In brackets, which are not shown."""
        return f"({text})"

    def fraction(self, above: str, below: str) -> str:
        """``frac(a, b)``."""
        return f"frac({above}, {below})"

    def root(self, text: str) -> str:
        """``sqrt(a)``."""
        return f"sqrt({text})"

    def absolute(self, text: str) -> str:
        """``abs(a)``."""
        return rf"\|{text}\|" if self.flat else f"abs({text})"

    def upright(self, word: str) -> str:
        """``op("word")``."""
        return f"op({quoted(word)})"

    def own_name(self, function: Function) -> str:
        """The function's name, upright, its prime behind it: inside it would be an apostrophe."""
        word = function.name.removesuffix("'")
        return self.upright(word) + function.name[len(word) :]

    def listed(self, branches: Sequence[Branch]) -> str:
        r"""``\{ a "if" x < 0\; ... \}``."""
        inside = r"\; ".join(f'{branch} "if" thick {test}' for branch, test in branches)
        return rf"\{{ {inside} \}}"

    def cases(self, branches: Sequence[Branch]) -> str:
        """``cases(a quad & "if" x < 0, ...)``."""
        rows = ", ".join(f'{branch} quad & "if" thick {test}' for branch, test in branches)
        return f"cases({rows})"


TYPST = Typst()
