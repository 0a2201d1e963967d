"""Formulas: read as they are written, and refused in milliseconds with the character and what is allowed."""

from __future__ import annotations

import contextlib
import re
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from symbackprop.arithmetic import rounded
from symbackprop.errors import FormulaError
from symbackprop.expressions import Call, Expression, Negative, Number, Power, Product, Quotient, Reference, Sum
from symbackprop.formulas import MAX_DEPTH, MAX_LENGTH, parse
from symbackprop.functions import ABS, EXP, FUNCTIONS, MAX
from tests.running import quick

A, B, C, D, X = (Reference(name) for name in "abcdx")
QUICK = 0.25  # seconds of processor time; what is refused takes a few milliseconds


def read(text: str) -> Expression:
    return parse(text, variables=["a", "b", "c", "d", "x"])


def number(value: str) -> Number:
    return Number(Fraction(value))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("-2^2", Negative(Power(number("2"), number("2")))),
        ("2^-3^2", Power(number("2"), Negative(Power(number("3"), number("2"))))),
        ("a**b^c", Power(A, Power(B, C))),
        ("a - b + c", Sum((A, Negative(B), C))),
        ("a - (b + c)", Sum((A, Negative(Sum((B, C)))))),
        ("a*b/c*d", Product((Quotient(Product((A, B)), C), D))),
        ("a/b/c", Quotient(Quotient(A, B), C)),
        ("a/(b*c)", Quotient(A, Product((B, C)))),
        ("a*-b", Product((A, Negative(B)))),
        ("--x", Negative(Negative(X))),
        ("+x", X),
        ("b + a*a", Sum((B, Product((A, A))))),
        ("exp(-abs(x))", EXP(Negative(ABS(X)))),
        ("max(a, b, c)", MAX(MAX(A, B), C)),
        ("pi*x", Product((Call(FUNCTIONS["pi"], ()), X))),
        ("ln(x)", Call(FUNCTIONS["log"], (X,))),
        (" x\t+\n1 ", Sum((X, number("1")))),
    ],
)
def test_a_formula_is_read_in_the_order_written(text: str, wanted: Expression) -> None:
    assert read(text) == wanted


@pytest.mark.parametrize("text", ["0.10", "1.50e-3", ".5", "5.", "1E+2", "0007", "1e400", "1e-400", "3" * 1000])
def test_a_number_is_exact_and_keeps_its_text(text: str) -> None:
    found = read(text)
    assert isinstance(found, Number)
    assert (found.value, found.text) == (Fraction(text), text)


def test_a_variable_may_have_a_functions_name() -> None:
    assert parse("max + pi", variables=["max", "pi"]) == Sum((Reference("max"), Reference("pi")))


def test_a_name_may_be_of_any_script() -> None:
    assert parse("ŷ_1*α", variables=["ŷ_1", "α"]) == Product((Reference("ŷ_1"), Reference("α")))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the formula is empty at the end of the formula; expected a number, a name, a function call or '('"),
        ("x +", "the formula ends too early at the end of the formula; expected a number"),
        ("x +* 2", "unexpected '*' at character 4; expected a number"),
        ("2x", "unexpected 'x' at character 2; expected an operator"),
        ("x(1)", "'x' is not a function at character 1; write * between factors"),
        ("(x", "a ')' is missing at the end of the formula; expected ')' for the '(' at character 1"),
        ("x)", "unexpected ')' at character 2; expected an operator or the end"),
        ("(x, 1)", "unexpected ',' at character 3; expected ')' for the '(' at character 1"),
        ("0,05*x", "unexpected ',' at character 2; a comma stands only between a function's arguments"),
        ("sigmod(x)", "unknown function 'sigmod' at character 1; did you mean 'sigmoid'?"),
        ("1 + y", "unknown name 'y' at character 5; known: a, b, c, d, x"),
        ("exp", "the function 'exp' without its argument at character 1; write exp(...)"),
        ("exp()", "'exp' with 0 arguments at character 1; it takes 1"),
        ("max(x)", "'max' with 1 arguments at character 1; it takes 2 or more"),
        ("x²", "'²' at character 2 cannot stand in a formula; write ^2"),
        ("a·b", "'·' at character 2 cannot stand in a formula; write *"),
        ("a − b", "'−' at character 3 cannot stand in a formula; write the minus as -"),
        ("x.real", "'.' at character 2 cannot stand in a formula"),
        ("x[0]", "'[' at character 2 cannot stand in a formula"),
        ("lambda: x", "':' at character 7 cannot stand in a formula"),
        ("lambda", "unknown name 'lambda' at character 1"),
        ("__import__('os').system('ls')", '"\'" at character 12 cannot stand in a formula'),
        ("__import__(x)", "unknown function '__import__' at character 1"),
        ("x/0", "division by zero at character 2"),
        ("0^-1", "division by zero at character 2"),
        ("1" * 1001, "a number of 1,001 digits at character 1; at most 1,000 are allowed"),
        ("1e401", "a number with too large an exponent at character 1; allowed: -400 to 400"),
        ("1e999999999", "a number with too large an exponent"),
        ("9**9**9", "a constant power that is too large at character 2; its value may have up to 1,000 digits"),
        ("x^9^9", "an exponent of 387420489 at character 2; constant exponents may be up to 1,000 in size"),
        ("((x^100)^100)^2", "an exponent of 10000 at character 9; constant exponents may be up to 1,000 in size"),
        ("x^(2*501)", "an exponent of 1002 at character 2"),
        ("(" * 200 + "x" + ")" * 200, f"brackets are nested more than {MAX_DEPTH} deep at character {MAX_DEPTH + 1}"),
        ("(" * 10_000 + "x" + ")" * 10_000, f"the formula has 20,001 characters; at most {MAX_LENGTH:,} are allowed"),
        ("x" * 1_000_000, "the formula has 1,000,000 characters"),
        ("-" * 9_000 + "x", f"the formula is nested more than {MAX_DEPTH} deep"),
        ("x" + "/x" * 4_000, f"the formula is nested more than {MAX_DEPTH} deep"),
        ("x" + "*x" * 4_000, "the formula has more than 2,000 operations and operands"),
        ("2**" * 3_000 + "2", f"powers are nested more than {MAX_DEPTH} deep"),
        ("exp(" * 2_000 + "x" + ")" * 2_000, "the formula has 10,001 characters"),
        ("exp(" * 500 + "x" + ")" * 500, f"brackets are nested more than {MAX_DEPTH} deep"),
        ("x\x00", "'\\x00' at character 2 cannot stand in a formula"),
        ("１+x", "'１' at character 1 cannot stand in a formula"),
    ],
)
def test_a_formula_that_cannot_be_used_is_refused_quickly(text: str, message: str) -> None:
    with quick(QUICK), pytest.raises(FormulaError, match="^loss.formula: " + re.escape(message)) as refused:
        parse(text, variables=["a", "b", "c", "d", "x"], place="loss.formula")
    assert len(str(refused.value)) < 1_000


@pytest.mark.full
@given(st.text(alphabet="abx019.+-*/^(), exp_é²", max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    found: Expression | None = None
    with contextlib.suppress(FormulaError):
        found = read(text)
    assert found is None or isinstance(found, Expression)


def written(expression: Expression) -> str:
    """Every operation in brackets."""
    match expression:
        case Number(value):
            return str(value.numerator)
        case Reference(of):
            return str(of)
        case Negative(operand):
            return f"(-{written(operand)})"
        case Sum(operands):
            return "(" + "+".join(map(written, operands)) + ")"
        case Product(operands):
            return "(" + "*".join(map(written, operands)) + ")"
        case Quotient(above, below):
            return f"({written(above)}/{written(below)})"
    raise AssertionError(expression)


TREES = st.recursive(
    st.sampled_from([A, B, X]) | st.integers(1, 99).map(lambda value: Number(Fraction(value))),
    lambda inner: (
        st.builds(Quotient, inner, inner)
        | st.builds(Negative, inner)
        | st.builds(Sum, st.tuples(inner, inner))
        | st.builds(Product, st.tuples(inner, inner))
    ),
    max_leaves=12,
)


@pytest.mark.full
@given(TREES)
def test_a_tree_that_is_written_out_reads_as_the_same_value(tree: Expression) -> None:
    point = {"a": 0.75, "b": -1.5, "x": 2.25}
    try:
        wanted = rounded(tree, point.__getitem__)
    except ArithmeticError:
        return
    except Exception as problem:  # noqa: BLE001 - whatever the tree raises, its text must too
        with pytest.raises((type(problem), FormulaError)):
            rounded(read(written(tree)), point.__getitem__)
        return
    assert rounded(read(written(tree)), point.__getitem__) == wanted
