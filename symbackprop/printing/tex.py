"""TeX for pdflatex with amsmath, KaTeX and MathJax: ASCII only. Never breaks a line and never names a quantity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from symbackprop.errors import InputError
from symbackprop.expressions import Function
from symbackprop.printing.dialect import Factor, Label, Precedence
from symbackprop.printing.typeset import Branch, Typeset


@dataclass(frozen=True)
class Tex(Typeset):
    r"""Formulas as they are set; ``operator`` sets words upright (GitHub refuses ``\operatorname``).

    >>> [TEX.numeral(text).text for text in ("5e-4", "-1/2")] + [Tex(decimal_mark=",").numeral("0.5").text]
    ['5 \\cdot 10^{-4}', '-\\frac{1}{2}', '0{,}5']
    """

    operator: str = "operatorname"

    name: ClassVar[str] = "TeX"
    dot: ClassVar[str] = r" \cdot "
    signs: ClassVar[Mapping[str, str]] = {
        "<=": r"\le",
        ">=": r"\ge",
        "≈": r"\approx",
        "sum": r"\sum",
        "max": r"\max",
        "undefined": r"\text{undefined}",
        "infinite": r"\infty",
    }
    heads: ClassVar[Mapping[str, str]] = {
        **{name: "\\" + name for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "max", "min", "exp", "sqrt")},
        "log": r"\ln",
        "asin": r"\arcsin",
        "acos": r"\arccos",
        "atan": r"\arctan",
        "sigmoid": r"\sigma",
        "abs": "|...|",
        "pi": r"\pi",
    }

    def digits(self, text: str) -> str:
        """A comma in braces, behind which TeX would put a space otherwise."""
        return {",": "{,}"}.get(self.decimal_mark, self.decimal_mark).join(text.split("."))

    def bracket(self, label: Label) -> str:
        """Round brackets, growing only where they have to."""
        return rf"\left({label.text}\right)" if label.tall and not self.flat else f"({label.text})"

    def space(self, left: Factor, right: Factor) -> str:
        """A thin space between two letters."""
        loose = left[1] or right[1] or left[0].number or right[0].precedence is Precedence.BIG
        return " " if loose else r" \, "

    def script(self, text: str) -> str:
        """In braces."""
        return f"{{{text}}}"

    def fraction(self, above: str, below: str) -> str:
        r"""``\frac{a}{b}``."""
        return rf"\frac{{{above}}}{{{below}}}"

    def root(self, text: str) -> str:
        r"""``\sqrt{a}``."""
        return rf"\sqrt{{{text}}}"

    def absolute(self, text: str) -> str:
        r"""``\left|a\right|``."""
        return f"|{text}|" if self.flat else rf"\left|{text}\right|"

    def upright(self, word: str) -> str:
        r"""``\operatorname{word}``."""
        return rf"\{self.operator}{{{word}}}"

    def own_name(self, function: Function) -> str:
        """The function's name, upright, its prime behind it: inside it would be an apostrophe."""
        name = escaped_name(function.name)
        word = name.removesuffix("'")
        return self.upright(word) + name[len(word) :]

    def listed(self, branches: Sequence[Branch]) -> str:
        r"""``\{ a \text{ if } x < 0; ... \}``."""
        inside = "; ".join(rf"{branch} \text{{ if }} {test}" for branch, test in branches)
        return rf"\{{ {inside} \}}"

    def cases(self, branches: Sequence[Branch]) -> str:
        r"""``\begin{cases} ... \end{cases}``."""
        rows = r" \\ ".join(rf"{branch} & \text{{if }} {test}" for branch, test in branches)
        return rf"\begin{{cases}} {rows} \end{{cases}}"


TEX = Tex()


def escaped_name(name: str) -> str:
    """A function's name with its underscores escaped; refused if it has more than letters, digits and a prime."""
    if not name.removesuffix("'").replace("_", "").isalnum() or not name.isascii():
        raise InputError(f"TeX cannot say the function name {name!r}: only letters, digits and underscores are allowed")
    return "\\_".join(name.split("_"))
