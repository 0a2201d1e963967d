"""Sheet formulas, recalculated by ironcalc and by LibreOffice, are worth what the expression is worth."""

from __future__ import annotations

import random
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import mpmath
import openpyxl
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from symbackprop.errors import InputError, TooLarge, UnknownName
from symbackprop.expressions import (
    Along,
    BySign,
    Expression,
    Function,
    Negative,
    Number,
    Power,
    Quotient,
    Reference,
    Sum,
    Undefined,
)
from symbackprop.functions import ABS, EXP, FUNCTIONS, LOG1P, MAX, SIGMOID, TANH
from symbackprop.printing.dialect import Label, Precedence
from symbackprop.printing.sheet import MOST_CHARACTERS, SHEET, formula, literal, nesting
from tests.sheet_formulas import in_row, recalculated
from tests.trees import LETTERS, MEANINGS, Unsure, arithmetic, bounded, exact, expressions

CELLS = {"x": "A1", "y": "B1", "z": "C1"}
x, y, z = (Reference(letter) for letter in LETTERS)
doubles = st.fixed_dictionaries({letter: st.floats(-30, 30, allow_subnormal=False) for letter in LETTERS})
# Arguments from the smallest to the largest double, both signs.
ARGUMENTS = sorted(
    sign * size
    for size in (
        *(0.0, 1e-300, 1e-30, 1e-16, 3e-15, 1e-9, 9.9e-6, 1.01e-5, 0.1, 0.5, 1.0, 1.5, 5.0),
        *(20.0, 37.0, 300.0, 700.0, 800.0, 1e10, 1e100, 1e306),
    )
    for sign in (-1, 1)
)  # fmt: skip
# Excel, LibreOffice and ironcalc take their elementary functions from different libraries.
ENGINE_TOLERANCE = 1e-12
SMALLEST = 1e-300


def cell(of: object) -> Label:
    return Label(CELLS[str(of)])


@given(arithmetic, st.fixed_dictionaries({letter: st.integers(-8, 8) for letter in LETTERS}))
def test_ironcalc_computes_what_the_expression_says(expression: Expression, values: dict[str, int]) -> None:
    try:
        expected = exact(expression, {name: Fraction(value) for name, value in values.items()})
        _, error = bounded(expression, values)
    except (ZeroDivisionError, Unsure):
        assume(False)
    (result,) = recalculated([SHEET.text(expression, cell)], [values])
    assert isinstance(result, float | int), result
    assert abs(Fraction(result) - expected) <= Fraction(float(error)) + abs(expected) * Fraction(ENGINE_TOLERANCE)


@given(expressions, doubles)
def test_ironcalc_computes_functions_within_the_error_of_doubles(
    expression: Expression, values: dict[str, float]
) -> None:
    with mpmath.workdps(60):
        try:
            expected, error = bounded(expression, values)
            text = SHEET.text(expression, cell)
        except (ZeroDivisionError, Unsure, TooLarge):
            assume(False)
        (result,) = recalculated([text], [values])
        assert isinstance(result, float | int), (text, result)
        assert abs(result - expected) <= 20 * error + abs(expected) * ENGINE_TOLERANCE + SMALLEST, text


@given(arithmetic, st.fixed_dictionaries({letter: st.integers(-8, 8) for letter in LETTERS}))
def test_numbers_in_place_of_cells_keep_their_sign(expression: Expression, values: dict[str, int]) -> None:
    try:
        expected = exact(expression, {name: Fraction(value) for name, value in values.items()})
        _, error = bounded(expression, values)
    except (ZeroDivisionError, Unsure):
        assume(False)
    (result,) = recalculated([SHEET.text(expression, lambda of: literal(Fraction(values[str(of)])))], [values])
    assert isinstance(result, float | int), result
    assert abs(Fraction(result) - expected) <= Fraction(float(error)) + abs(expected) * Fraction(ENGINE_TOLERANCE)


@pytest.mark.parametrize("name", [name for name, function in FUNCTIONS.items() if function.arity == 1 and name != "ln"])
def test_every_function_is_accurate_for_every_size_of_argument(name: str) -> None:
    text = SHEET.text(FUNCTIONS[name](x), cell)
    expected = {}
    with mpmath.workdps(400):
        for argument in ARGUMENTS:
            value = wanted(name, argument)
            if value is not None:
                expected[argument] = value
    assert expected, name
    results = recalculated([text] * len(expected), [dict.fromkeys(LETTERS, argument) for argument in expected])
    for (argument, value), result in zip(expected.items(), results, strict=True):
        assert isinstance(result, float | int), (name, argument, result, text)
        # An error of an ulp in x or x^2 is x^2 ulp in a tail like exp(-x^2). ironcalc takes numbers below 1e-15 for 0.
        tolerance = ENGINE_TOLERANCE * max(1.0, min(abs(argument), 40.0) ** 2 / 50)
        small = 1e-15 if abs(argument) < 1e-14 else SMALLEST
        assert abs(result - value) <= tolerance * abs(value) + small, (name, argument)


def wanted(name: str, argument: float) -> mpmath.mpf | None:
    """The function's value where it is a finite real double; None elsewhere, and where sheets refuse sines."""
    if name in ("sin", "cos", "tan") and abs(argument) > 1e8:
        return None
    if name in ("elu", "leaky_relu", "relu", "silu", "gelu", "gelu_tanh", "normal_cdf", "softplus", "erfc"):
        # mpmath's exponential of a huge negative number is exact, and so slow that a zero is better.
        if argument < -1e5 and name not in ("elu", "leaky_relu"):
            return mpmath.mpf(2 if name == "erfc" else 0)
        if argument > 1e5:
            return mpmath.mpf(0 if name == "erfc" else 1 if name == "normal_cdf" else argument)
    if abs(argument) > 1e5 and name in ("exp", "expm1", "sinh", "cosh", "normal_pdf", "sigmoid", "tanh", "erf"):
        limits = {"tanh": mpmath.sign(argument), "erf": mpmath.sign(argument), "normal_pdf": 0}
        below = {"exp": 0, "expm1": -1, "sigmoid": 0}
        limit = limits.get(name, below.get(name) if argument < 0 else 1 if name == "sigmoid" else None)
        return None if limit is None else mpmath.mpf(limit)
    try:
        value = MEANINGS[name](mpmath.mpf(argument))
    except (ValueError, ZeroDivisionError):
        return None
    real = isinstance(value, mpmath.mpf) and mpmath.isfinite(value) and abs(value) < 1e307
    return value if real else None


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (-(x**2), "-(A1*A1)"),
        ((-x) ** 2, "(-A1)^2"),
        (x ** (y**z), "A1^(B1^C1)"),
        ((x**y) ** z, "(A1^B1)^C1"),
        (x ** Negative(Number(Fraction(1))), "A1^(-1)"),
        (x - (-y), "A1-(-B1)"),
        (-x * y, "(-A1)*B1"),
        (Negative(x * y) + z, "-(A1*B1)+C1"),
        (Negative(Negative(x)), "A1"),
        (x / (y / z), "A1/(B1/C1)"),
        (x * (y + z), "A1*(B1+C1)"),
        (x ** Number(Fraction(1, 2)), "SQRT(A1)"),
        (MAX(MAX(x, y), MAX(z, x)), "MAX(A1,B1,C1,A1)"),
        (Number(Fraction(1, 3)) * x, "1/3*A1"),
        (x * Number(Fraction(1, 3)), "A1*(1/3)"),
        (BySign(x, y, y, z), "IF(A1<=0,B1,C1)"),
        (BySign(x - y, Negative(x), Undefined("kink"), z), "IF(A1<B1,-A1,IF(A1>B1,C1,NA()))"),
        (SIGMOID(x), "EXP(MIN(A1,0))/(1+EXP(-ABS(A1)))"),
        (FUNCTIONS["pi"]() * x, "PI()*A1"),
    ],
)
def test_formulas_read_as_a_person_would_write_them(expression: Expression, text: str) -> None:
    assert SHEET.text(expression, cell) == text


@given(
    st.one_of(
        st.fractions(0, 10**20), st.floats(1e-307, 1e307).map(Fraction), st.decimals(0, 9, places=18).map(Fraction)
    )
)
def test_a_literal_is_read_as_the_nearest_double(value: Fraction) -> None:
    assume(value == 0 or value > Fraction(1, 10**300))
    text = literal(value).text
    assert all(len(digits_of(part)) <= 15 for part in number_texts(text)), text
    (result,) = recalculated([text], [dict.fromkeys(LETTERS, 0.0)])
    assert result == float(value)


def number_texts(text: str) -> list[str]:
    for sign in ("E-", "E+"):
        text = "E".join(text.split(sign))
    for operator in "+-/":
        text = " ".join(text.split(operator))
    return text.split()


def digits_of(text: str) -> str:
    return "".join(each for each in text.split("E")[0] if each.isdigit()).strip("0")


def test_a_number_that_no_sheet_holds_is_refused() -> None:
    for value in (Fraction(10) ** 308, Fraction(1, 10**310)):
        with pytest.raises(InputError, match="a sheet cannot hold the number"):
            literal(value)


def test_a_long_sum_is_added_in_order_in_groups() -> None:
    total: Expression = Sum(tuple(Reference("x") for _ in range(1500)))
    text = SHEET.text(total, cell)
    longest = max(part.count("+") for part in text.split(")"))
    assert longest < 250
    assert recalculated([text], [{"x": 0.1, "y": 0.0, "z": 0.0}]) == [sum([0.1] * 1500)]


def test_many_arguments_are_grouped() -> None:
    largest: Expression = x
    for _ in range(600):
        largest = MAX(largest, y)
    text = SHEET.text(largest, cell)
    assert max(part.count(",") for part in text.split("MAX")) <= 255
    assert recalculated([text], [{"x": 1.0, "y": 2.0, "z": 0.0}]) == [2.0]


def test_a_formula_that_is_too_long_is_refused_before_it_is_built() -> None:
    nested: Expression = x
    for _ in range(200):
        nested = LOG1P(nested)
    with pytest.raises(TooLarge, match="more than 100 deep"):
        SHEET.text(nested, cell)
    with pytest.raises(TooLarge, match="more than 8000 characters"):
        SHEET.text(LOG1P(LOG1P(LOG1P(LOG1P(LOG1P(LOG1P(x)))))), cell)


def test_a_formula_that_is_nested_too_deep_is_refused() -> None:
    nested: Expression = x
    for _ in range(61):
        nested = ABS(nested)
    with pytest.raises(TooLarge, match="nested 61 deep"):
        SHEET.text(nested, cell)
    assert nesting("'a(b'!A1*(1+2)") == 1


def test_what_a_sheet_cannot_say_is_refused() -> None:
    with pytest.raises(InputError, match="cannot say 'bessel'"):
        SHEET.text(Function("bessel", 1, ())(x), cell)
    with pytest.raises(InputError, match="cannot say a sum along the letter k"):
        SHEET.text(Along("sum", "k", x), cell)


@pytest.mark.engine
def test_libreoffice_computes_what_ironcalc_computes(tmp_path: Path) -> None:
    program = shutil.which("soffice") or shutil.which("libreoffice")
    if program is None:
        pytest.skip("LibreOffice is not installed")
    draw = random.Random(4)
    texts, values = [], []
    for name, function in FUNCTIONS.items():
        if function.arity == 1 and name not in ("ln", "asin", "acos", "log", "sqrt", "log1p"):
            for argument in (-700.0, -30.0, -1.5, -0.3, -1e-7, 1e-7, 0.3, 1.5, 30.0, 700.0):
                texts.append(SHEET.text(function(x), cell))
                values.append(dict.fromkeys(LETTERS, argument))
    for _ in range(200):
        texts.append(SHEET.text(drawn(draw, 4), cell))
        values.append({letter: draw.uniform(-2, 2) for letter in LETTERS})
    expected = recalculated(texts, values)
    results = libreoffice(program, texts, values, tmp_path)
    for text, here, value, result in zip(texts, values, expected, results, strict=True):
        if isinstance(value, str):
            assert isinstance(result, str), (text, here, value, result)
        else:
            # LibreOffice takes differences below 3.5e-15 of their operands for 0.
            assert isinstance(result, float | int), (text, here, value, result)
            assert abs(result - value) <= 1e-12 * abs(value) + 1e-14, (text, here, value, result)


def drawn(draw: random.Random, depth: int) -> Expression:
    """A random expression that is defined everywhere."""
    if depth == 0 or draw.random() < 0.2:
        return draw.choice([x, y, z, Number(Fraction(draw.randint(1, 30), draw.randint(1, 12)))])
    inner = [drawn(draw, depth - 1) for _ in range(3)]
    return draw.choice(
        [
            Sum(tuple(inner)),
            Sum((inner[0], Negative(inner[1]))),
            inner[0] * inner[1],
            Negative(inner[0]),
            Quotient(inner[0], 1 + inner[1] ** 2),
            Power(inner[0], Number(Fraction(draw.randint(2, 3)))),
            TANH(inner[0]),
            SIGMOID(inner[0]),
            MAX(inner[0], inner[1]),
            EXP(Negative(ABS(inner[0]))),
            BySign(x - Number(Fraction(1, 3)), inner[1], x, inner[2]),
        ]
    )


def libreoffice(
    program: str, texts: Sequence[str], values: Sequence[Mapping[str, float]], folder: Path
) -> list[float | str]:
    """What LibreOffice makes of each formula, which stands behind its own values in its row."""
    book = openpyxl.Workbook()
    sheet = book.active
    for row, (text, here) in enumerate(zip(texts, values, strict=True), 1):
        sheet.append([*(here[letter] for letter in LETTERS), "=" + in_row(text, row)])
    (folder / "in").mkdir()
    book.save(folder / "in" / "book.xlsx")
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    subprocess.run(
        [
            program,
            profile,
            "--headless",
            "--convert-to",
            "xlsx",
            "--outdir",
            str(folder),
            str(folder / "in" / "book.xlsx"),
        ],
        check=True,
        capture_output=True,
        timeout=180,
    )
    result = openpyxl.load_workbook(folder / "book.xlsx", data_only=True).active
    return [result.cell(row, 4).value for row in range(1, len(texts) + 1)]


def test_precedence_of_a_label_is_respected() -> None:
    assert SHEET.text(x**2, lambda of: Label("A1+B1", Precedence.SUM)) == "(A1+B1)*(A1+B1)"


def test_the_limit_on_characters_leaves_room_for_excel() -> None:
    assert MOST_CHARACTERS < 8192


def test_a_symbol_without_a_cell_is_named() -> None:
    sympy = pytest.importorskip("sympy")
    with pytest.raises(UnknownName, match="no cell is given for the symbol 'w_2'; did you mean 'w_1'"):
        formula(sympy.Symbol("w_2"), {"w_1": "A1"})
    with pytest.raises(InputError, match="is not a cell reference"):
        formula(sympy.Symbol("w_1"), {"w_1": "A1+B1"})
