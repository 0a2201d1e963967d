"""Plain text is read back to the same value: by our own parser and, for a second opinion, by Python's grammar."""

from __future__ import annotations

import ast
from fractions import Fraction

import pytest
from hypothesis import assume, given, reject
from hypothesis import strategies as st

from symbackprop.errors import InputError
from symbackprop.expressions import (
    Along,
    BySign,
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
)
from symbackprop.formulas import parse
from symbackprop.functions import FUNCTIONS, TANH
from symbackprop.printing.dialect import Label
from symbackprop.printing.plain import PLAIN, Plain
from tests.trees import LETTERS, arithmetic, exact

x, y, z = (Reference(letter) for letter in LETTERS)
values = st.fixed_dictionaries({letter: st.fractions(-3, 3, max_denominator=10) for letter in LETTERS})


def named(of: object) -> Label:
    return Label(str(of))


def worth(expression: Expression, values: dict[str, Fraction]) -> Fraction:
    """What it is exactly; another example is drawn where it divides by zero."""
    try:
        return exact(expression, values)
    except ZeroDivisionError:
        reject()


def python_value(text: str) -> Fraction:
    """The text's value by Python's precedence, without executing it."""
    return _value(ast.parse("**".join(text.split("^")), mode="eval").body)


def _value(node: ast.expr) -> Fraction:
    match node:
        case ast.Constant(value):
            return Fraction(str(value))
        case ast.UnaryOp(ast.USub(), operand):
            return -_value(operand)
        case ast.BinOp(left, operator, right):
            a, b = _value(left), _value(right)
            match operator:
                case ast.Add():
                    return a + b
                case ast.Sub():
                    return a - b
                case ast.Mult():
                    return a * b
                case ast.Div():
                    return a / b
                case ast.Pow():
                    return a ** int(b)
    raise AssertionError(ast.dump(node))


@given(arithmetic, values)
def test_our_parser_reads_plain_text_back_to_the_same_value(
    expression: Expression, values: dict[str, Fraction]
) -> None:
    expected = worth(expression, values)
    try:
        read = parse(PLAIN.text(expression, named), variables=LETTERS)
    except InputError:  # a constant that divides by zero, or an exponent above the parser's limits
        assume(False)
    assert exact(read, values) == expected


@given(arithmetic, values)
def test_python_reads_numbers_in_place_of_symbols_to_the_same_value(
    expression: Expression, values: dict[str, Fraction]
) -> None:
    expected = worth(expression, values)
    text = PLAIN.text(expression, lambda of: PLAIN.numeral(str(values[str(of)])))
    assert python_value(text) == expected
    assert "--" not in text
    assert "+ -" not in text
    assert "* -" not in text


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (x * (1 - x), "x * (1 - x)"),
        (Number(Fraction(1, 2)) * (x - y) ** 2, "1/2 * (x - y)^2"),
        (-(x**2), "-x^2"),
        ((-x) ** 2, "(-x)^2"),
        (x - (y - z), "x - (y - z)"),
        (x - (-y), "x - (-y)"),
        ((x**y) ** z, "(x^y)^z"),
        (x / (y * z), "x / (y * z)"),
        (x * (y / z), "x * (y / z)"),
        (Number(Fraction(1, 10), "0.10") * x, "0.10 * x"),
        (Number(Fraction(44715, 10**6)) * x, "0.044715 * x"),
        (TANH(x) ** 2, "tanh(x)^2"),
        (
            BySign(x, Number(Fraction(0)), Undefined("kink"), Number(Fraction(1))),
            "{0 if x < 0; undefined if x = 0; 1 if x > 0}",
        ),
        (BySign(x - y, x, y, y), "{x if x < y; y if x ≥ y}"),
        (Along("sum", "k", x * y) + z, "Σ_k x * y + z"),
        (Along("sum", "k", x + y) * z, "(Σ_k (x + y)) * z"),
        (z * Along("sum", "k", x * y), "z * Σ_k x * y"),
        (Along("max", "k", x) - x, "max_k x - x"),
    ],
)
def test_plain_text_reads_as_a_person_would_write_it(expression: Expression, text: str) -> None:
    assert PLAIN.text(expression, named) == text


def test_ascii_text_spells_its_signs() -> None:
    text = Plain(ascii=True).text(Along("sum", "k", BySign(x - y, x, x, y)), named)
    assert text == "sum_k {x if x <= y; y if x > y}"


def test_terms_cut_a_sum_before_its_signs() -> None:
    whole = Sum((x * y, Negative(z), Negative(Negative(x)), Quotient(x, y)))
    assert PLAIN.terms(whole, named) == ("x * y", "- z", "- (-x)", "+ x / y")
    assert PLAIN.terms(Product((x, y)), named) == ("x * y",)


def test_a_product_in_an_exponent_is_in_brackets() -> None:
    assert PLAIN.text(Power(x, Product((y, z))), named) == "x^(y * z)"


def test_a_primitive_without_a_head_is_refused() -> None:
    with pytest.raises(InputError, match="plain text cannot say 'bessel'"):
        PLAIN.text(Function("bessel", 1, ())(x), named)


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
def test_every_function_is_read_back(function: Function) -> None:
    call = function(*(Reference(letter) for letter in LETTERS[: function.arity]))
    assert parse(PLAIN.text(call, named), variables=LETTERS) == call
