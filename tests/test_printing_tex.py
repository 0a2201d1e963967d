"""TeX is read back to the same value by a small reader of our own, and compiles with pdflatex and amsmath alone."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from symbackprop.errors import InputError
from symbackprop.expressions import Along, BySign, Expression, Function, Negative, Number, Reference, Sum, Undefined
from symbackprop.functions import ABS, ERF, EXP, FUNCTIONS, LOG, MAX, SIGMOID, SQRT, TANH
from symbackprop.printing.c import C_DIALECT
from symbackprop.printing.dialect import Dialect, Label, Precedence
from symbackprop.printing.numpy import NUMPY
from symbackprop.printing.plain import PLAIN
from symbackprop.printing.python import PYTHON
from symbackprop.printing.sheet import SHEET
from symbackprop.printing.tex import TEX, Tex
from symbackprop.printing.typst import TYPST, Typst
from tests.trees import LETTERS, arithmetic, exact

x, y, z = (Reference(letter) for letter in LETTERS)
values = st.fixed_dictionaries({letter: st.fractions(-3, 3, max_denominator=10) for letter in LETTERS})
TOKEN = re.compile(r"\\left\(|\\right\)|\\frac|\\cdot|\\times|\\,|[0-9]+(?:\.[0-9]+)?|[a-z]|[-+^{}()]")


def named(of: object) -> Label:
    return Label(str(of))


class Reader:
    """Reads what a person would read: juxtaposition multiplies, and a sign may not stand behind another operator."""

    def __init__(self, text: str, letters: Mapping[str, Fraction]) -> None:
        self.tokens = TOKEN.findall(text)
        assert "".join(self.tokens) == "".join(text.split(" ")), text
        self.letters = letters
        self.place = 0

    @property
    def next(self) -> str:
        return self.tokens[self.place] if self.place < len(self.tokens) else ""

    def take(self, token: str = "") -> str:
        found = self.next
        assert not token or found == token, (self.tokens, self.place)
        self.place += 1
        return found

    def value(self) -> Fraction:
        total = self.sum()
        assert not self.next
        return total

    def sum(self) -> Fraction:
        sign = -1 if self.next == "-" and self.take() else 1
        total = sign * self.product()
        while self.next in ("+", "-"):
            sign = 1 if self.take() == "+" else -1
            total += sign * self.product()
        return total

    def product(self) -> Fraction:
        product, _ = self.power()
        while self.next and self.next not in ("+", "-", ")", r"\right)", "}"):
            operator = self.take() if self.next in (r"\cdot", r"\times", r"\,") else ""
            factor, its_number = self.power()
            assert operator in (r"\cdot", r"\times") or not its_number, self.tokens
            product *= factor
        return product

    def power(self) -> tuple[Fraction, bool]:
        base, number = self.atom()
        if self.next == "^":
            self.take()
            self.take("{")
            exponent = self.sum()
            self.take("}")
            assert self.next != "^"
            return base ** int(exponent), number
        return base, number

    def atom(self) -> tuple[Fraction, bool]:
        token = self.take()
        if token in ("(", r"\left("):
            inside = self.sum()
            self.take(")" if token == "(" else r"\right)")
            return inside, False
        if token == r"\frac":
            self.take("{")
            above = self.sum()
            self.take("}")
            self.take("{")
            below = self.sum()
            self.take("}")
            return above / below, False
        if token[0].isdigit():
            return Fraction(token), True
        return self.letters[token], False


@given(arithmetic, values)
def test_tex_is_read_back_to_the_same_value(expression: Expression, values: dict[str, Fraction]) -> None:
    try:
        expected = exact(expression, values)
    except ZeroDivisionError:
        assume(False)
    assert Reader(TEX.text(expression, named), values).value() == expected
    assert Reader(Tex(times=r"\cdot").text(expression, named), values).value() == expected


@given(arithmetic, values)
def test_numbers_in_place_of_symbols_keep_their_sign(expression: Expression, values: dict[str, Fraction]) -> None:
    try:
        expected = exact(expression, values)
    except ZeroDivisionError:
        assume(False)
    text = TEX.text(expression, lambda of: TEX.numeral(str(values[str(of)])))
    assert Reader(text, {}).value() == expected


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (x * (1 - x), "x (1 - x)"),
        (Number(Fraction(1, 2)) * (x - y) ** 2, r"\frac{1}{2} (x - y)^{2}"),
        (2 * x, "2 x"),
        (x * 2, r"x \cdot 2"),
        (x * y, r"x \, y"),
        ((x / y) ** 2, r"\left(\frac{x}{y}\right)^{2}"),
        (SIGMOID(x), r"\sigma(x)"),
        (SIGMOID(x / y), r"\sigma\left(\frac{x}{y}\right)"),
        (1 / (1 + EXP(-x)), r"\frac{1}{1 + e^{-x}}"),
        (EXP(x / y), r"\exp\left(\frac{x}{y}\right)"),
        (EXP(x) ** 2, r"(e^{x})^{2}"),
        (1 - TANH(x) ** 2, r"1 - \tanh^{2}(x)"),
        (FUNCTIONS["leaky_relu"](x), r"\operatorname{leaky\_relu}(x)"),
        (FUNCTIONS["relu"](x), r"\operatorname{relu}(x)"),
        (x / y / 3, r"\frac{x}{y \cdot 3}"),
        (-x / y / 3, r"-\frac{x}{y \cdot 3}"),
        ((x / y - 1) / 3, r"\frac{1}{3} \left(\frac{x}{y} - 1\right)"),
        (SQRT(2 / FUNCTIONS["pi"]()), r"\sqrt{\frac{2}{\pi}}"),
        (ABS(x - y), r"\left|x - y\right|"),
        (LOG(1 + x), r"\ln(1 + x)"),
        (x ** Number(Fraction(1, 2)), "x^{1/2}"),
        (Number(Fraction(5, 10**4), "5e-4") * x, r"5 \cdot 10^{-4} x"),
        (
            BySign(x, Number(Fraction(0)), Undefined("kink"), Number(Fraction(1))),
            r"\begin{cases} 0 & \text{if } x < 0 \\ \text{undefined} & \text{if } x = 0 \\ "
            r"1 & \text{if } x > 0 \end{cases}",
        ),
        (Along("sum", "k", x * y) + z, r"\sum_{k} x \, y + z"),
        (x * Along("sum", "k", x + y), r"x \sum_{k} (x + y)"),
        (Along("sum", "k", x) * y, r"\left(\sum_{k} x\right) y"),
    ],
)
def test_tex_reads_as_a_person_would_write_it(expression: Expression, text: str) -> None:
    assert TEX.text(expression, named) == text


def test_a_label_with_a_superscript_is_bracketed_as_a_base() -> None:
    label = Label("w_{00}^{(1)}", Precedence.POWER)
    assert TEX.text(x**2, lambda of: label) == "(w_{00}^{(1)})^{2}"
    assert TEX.text(2 * x, lambda of: label) == "2 w_{00}^{(1)}"


def test_the_sign_between_factors_can_be_chosen() -> None:
    assert Tex(times=r"\times").text(x * y * (1 - z), named) == r"x \times y \times (1 - z)"


def test_a_decimal_comma_is_set_without_a_space() -> None:
    assert Tex(decimal_mark=",").text(Number(Fraction(1, 2), "0.5") * x, named) == "0{,}5 x"


@pytest.mark.parametrize("dialect", [TEX, TYPST], ids=["TeX", "Typst"])
def test_a_primitive_without_a_head_is_refused(dialect: Dialect) -> None:
    with pytest.raises(InputError, match=f"{dialect.name} cannot say 'bessel'"):
        dialect.text(Function("bessel", 1, ())(x), named)


def test_a_function_name_cannot_carry_commands() -> None:
    evil = Function(r"\input{/etc/passwd}", 1, (), definition=lambda argument: argument)
    with pytest.raises(InputError, match="only letters, digits and underscores"):
        TEX.text(evil(x), named)


HARD: tuple[Expression, ...] = (
    *(function(*(x, y)[: function.arity]) for function in FUNCTIONS.values()),
    *(
        function.partials[0](x, at_kink=Number(Fraction(1, 2)))
        for function in FUNCTIONS.values()
        if function.arity == 1
    ),
    BySign(x - y, MAX(x, y) / 2, Undefined("kink"), Negative(ERF(x / y))),
    2 * BySign(x, x, y, z) * y,
    Along("sum", "k", Along("max", "i", x * y) - z) ** 2,
    EXP(Negative(EXP(x / y) ** 2)) ** z,
    Sum((Negative(x), Negative(Number(Fraction(1, 3))), Negative(Negative(y)))),
    Number(Fraction(-5, 10**6), "-5e-6") * x**-2,
)


@pytest.mark.engine
def test_hard_cases_compile_with_amsmath_alone(tmp_path: Path) -> None:
    program = shutil.which("pdflatex")
    if program is None:
        pytest.skip("pdflatex is not installed")
    lines = [rf"\[ {TEX.text(each, named)} \]" for each in HARD]
    other = Tex(times=r"\cdot", decimal_mark=",")
    lines += [rf"\( {other.text(each, named)} \)\par" for each in HARD]
    source = "\n".join(
        [r"\documentclass{article}", r"\usepackage{amsmath}", r"\begin{document}", *lines, r"\end{document}"]
    )
    assert source.isascii()
    (tmp_path / "hard.tex").write_text(source, encoding="ascii")
    run = subprocess.run(
        [program, "-interaction=nonstopmode", "-halt-on-error", "hard.tex"],
        cwd=tmp_path,
        capture_output=True,
        timeout=120,
    )
    assert run.returncode == 0, run.stdout.decode(errors="replace")[-2000:]


DIALECTS = (PLAIN, TEX, Tex(flat=True), TYPST, Typst(flat=True), SHEET, PYTHON, NUMPY, C_DIALECT)


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda each: f"{each.name}{' flat' * getattr(each, 'flat', False)}")
def test_a_choice_between_equal_branches_is_none(dialect: Dialect) -> None:
    y = Reference("y")
    assert dialect.text(BySign(x, y, y, y), named) == "y"
    assert dialect.text(y * BySign(x, x - y, x - y, x - y), named) == dialect.text(y * (x - y), named)
