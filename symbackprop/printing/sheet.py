"""Formulas for Excel, LibreOffice and other spreadsheets. Never writes a range, a volatile function or a new function.

`formula` is for anybody with a SymPy expression and cells to compute it from; `SHEET` prints our own expressions.
In a sheet the unary minus binds tighter than ``^`` (``-2^2`` is 4) and ``2^3^2`` is 64, so neither is relied on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, ClassVar, TypeGuard

from symbackprop.errors import InputError, TooLarge, UnknownName, suggestion
from symbackprop.expressions import (
    ONE,
    Along,
    BySign,
    Call,
    Expression,
    Function,
    Negative,
    Number,
    Reference,
    constant,
)
from symbackprop.functions import ABS, EXP, LOG, MAX, MIN, PI, SIGN, SQRT
from symbackprop.printing.dialect import (
    Dialect,
    Factor,
    Label,
    Labelling,
    Precedence,
    Say,
    cases,
    compared,
    decimal_text,
)
from symbackprop.printing.plain import PRIMITIVES

if TYPE_CHECKING:
    import sympy

MOST_CHARACTERS = 8000  # Excel takes 8,192
MOST_NESTING = 60  # Excel takes 64
MOST_TERMS = 250  # LibreOffice fails at about 2,000
MOST_ARGUMENTS = 255
DEEPEST = 100  # levels of an expression; the formula's own limits are reached before
SIGNIFICANT = 15  # a sheet reads no more digits of a literal
# The doubles that a sheet can hold: Excel has no subnormal numbers.
LEAST_DOUBLE, LARGEST_DOUBLE = Fraction(2.2250738585072014e-308), Fraction(9.99999999999999e307)

REFERENCE = re.compile(
    r"""(?: (?: '(?:[^'\[\]:\\/?*]|'')+' | [^\W\d][\w.]* ) ! )?   # a sheet, in quotes if its name needs them
        (?: \$?[A-Za-z]{1,3}\$?[0-9]{1,7} | [^\W\d][\w.]* )       # a cell, or a defined name
    """,
    re.VERBOSE,
)


def formula(expr: sympy.Expr, cells: Mapping[sympy.Symbol, str] | Mapping[str, str]) -> str:
    """A spreadsheet formula that computes a SymPy expression from cells.

    ``cells`` maps each symbol, or its name, to a cell reference (``B2``, ``$B$2``, ``'My sheet'!B2``) or a defined
    name. Sigmoids, softmax and the logarithm of a sum of exponentials are written so that they do not overflow.
    Raises InputError for what a sheet cannot say, UnknownName for a symbol without a cell, and TooLarge above Excel's
    limits.

    >>> import sympy
    >>> x, y = sympy.symbols("x y")
    >>> formula(-x**2 / (2 * y), {x: "A1", y: "B1"})
    '=-(A1*A1/(2*B1))'
    """
    from symbackprop.printing.from_sympy import expression_of

    references: dict[object, str] = {str(symbol): reference(cell) for symbol, cell in cells.items()}
    references.update(cells)

    def label(symbol: object) -> Label:
        found = references.get(symbol) or references.get(str(symbol))
        if found is None:
            known = suggestion(str(symbol), [str(each) for each in cells])
            raise UnknownName(f"no cell is given for the symbol '{symbol}'; {known}")
        return Label(found)

    return "=" + SHEET.text(expression_of(expr), label)


def reference(text: str) -> str:
    """The text if it is a reference to one cell or a defined name; refused otherwise."""
    if REFERENCE.fullmatch(text) is None:
        raise InputError(
            f"{text!r} is not a cell reference; allowed: B2, $B$2, Sheet1!B2, 'My sheet'!B2, or a defined name"
        )
    return text


class Sheet(Dialect):
    """Formulas without their equals sign, in the arithmetic of doubles: every function in its stable form.

    Raises TooLarge where a spreadsheet would refuse the formula or cut it.
    """

    name: ClassVar[str] = "a sheet formula"
    heads: ClassVar[Mapping[str, str]] = {
        **{name: name.upper() for name in PRIMITIVES if name not in ("log1p", "expm1", "erf", "erfc")},
        "log": "LN",
        "chidist": "CHIDIST",
        "gammadist": "GAMMADIST",
    }
    slash: ClassVar[str] = "/"

    def text(self, expression: Expression, label: Labelling) -> str:
        """The formula behind the equals sign."""
        if depth(expression) > DEEPEST:
            raise TooLarge(f"the expression is nested more than {DEEPEST} deep: give its parts cells of their own")
        text = super().text(expression, label)
        brackets = nesting(text)
        if brackets > MOST_NESTING:
            raise TooLarge(
                f"the formula is nested {brackets} deep, and a sheet takes {MOST_NESTING}: "
                "give its parts cells of their own"
            )
        return text

    def worded(self, expression: Expression, say: Say) -> Label:
        """A part's text with its precedence; refused as soon as it is too long."""
        said = super().worded(expression, say)
        if len(said.text) >= MOST_CHARACTERS:
            raise TooLarge(
                f"the formula has more than {MOST_CHARACTERS} characters, and a sheet takes no more: "
                "give its parts cells of their own"
            )
        return said

    def number(self, value: Fraction, text: str) -> Label:
        """A number that a sheet reads as the nearest double, although it reads 15 digits only."""
        return literal(value)

    def sum(self, terms: Sequence[Expression], say: Say) -> Label:
        """Terms in written order; brackets cut a long sum without changing the order of additions."""
        text = say(terms[0]).text
        for place, term in enumerate(terms[1:], 1):
            if place % (MOST_TERMS - 1) == 0:
                text = f"({text})"
            sign, bare = ("-", term.operand) if isinstance(term, Negative) else ("+", term)
            text += sign + self.within(say(bare), Precedence.PRODUCT)
        return Label(text, Precedence.SUM)

    def between(self, left: Factor, right: Factor) -> str:
        """``a*b``."""
        return "*"

    def negative(self, operand: Expression, say: Say) -> Label:
        """A minus sign before an atom: anything else, above all a power, is put in brackets."""
        if isinstance(operand, Negative):
            return say(operand.operand)
        return Label(f"-{self.within(say(operand), Precedence.ATOM)}", Precedence.NEGATIVE)

    def power(self, base: Expression, exponent: Expression, say: Say) -> Label:
        """``a^b``; a cell's square is a product, a power 1/2 a square root."""
        label, value = say(base), constant(exponent)
        if value == Fraction(1, 2):
            return Label(f"SQRT({label.text})")
        if value == 2 and isinstance(base, Reference):
            factor = self.within(label, Precedence.ATOM)
            return Label(f"{factor}*{factor}", Precedence.PRODUCT)
        return super().power(base, exponent, say)

    def call(self, function: Function, arguments: Sequence[Expression], say: Say) -> Label:
        """A function of the sheet's own, or the stable form of any other."""
        if function.name in ("max", "min"):
            texts = [say(each).text for each in _flat(function(*arguments))]
            return Label(_grouped(self.heads[function.name], texts))
        if function.name in self.heads:
            return Label(f"{self.heads[function.name]}({','.join(say(each).text for each in arguments)})")
        form = FORMS.get(function.name) or function.stable or function.definition
        if form is None:
            raise self.unsayable(function.name)
        return say(form(*arguments))

    def by_sign(self, choice: BySign, say: Say) -> Label:
        """``IF(x<0,...,IF(x>0,...,...))``."""
        branches = cases(choice)
        left, right = (say(each).text for each in compared(choice.decider))
        if len(branches) == 2:
            (first, relation), (second, _) = branches
            return Label(f"IF({left}{relation}{right},{say(first).text},{say(second).text})")
        negative, zero, positive = (say(each).text for each in (choice.negative, choice.zero, choice.positive))
        return Label(f"IF({left}<{right},{negative},IF({left}>{right},{positive},{zero}))")

    def along(self, reduction: Along, say: Say) -> Label:
        """Refused: a formula speaks of single cells."""
        raise InputError(
            f"a sheet formula cannot say a {reduction.reduction} along the letter {reduction.index}: "
            "ask for a single cell's equation"
        )

    def undefined(self, reason: str) -> Label:
        """An error value, which spreads to every cell that needs it."""
        return Label("NA()")


SHEET = Sheet()


def _flat(extreme: Call) -> list[Expression]:
    """The arguments of a maximum or minimum and of those of the same kind inside it, in order."""
    flat: list[Expression] = []
    waiting: list[Expression] = [extreme]
    while waiting:
        each = waiting.pop()
        if isinstance(each, Call) and each.function == extreme.function:
            waiting += reversed(each.arguments)
        else:
            flat.append(each)
    return flat


def _grouped(head: str, texts: list[str]) -> str:
    while len(texts) > MOST_ARGUMENTS:
        groups = [texts[start : start + MOST_ARGUMENTS] for start in range(0, len(texts), MOST_ARGUMENTS)]
        texts = [f"{head}({','.join(group)})" for group in groups]
    return f"{head}({','.join(texts)})"


# Below this argument the first terms of the series are exact to the last bit but one; from here on Kahan's forms are
# accurate, and no difference in them is so small that LibreOffice takes it for 0.
SMALL = Number(Fraction(1, 100000))


def _log1p(x: Expression) -> Expression:
    series = x * (1 - x * (Fraction(1, 2) - x / 3))
    kahan = LOG(1 + x) * (x / (1 + x - 1))
    return BySign(ABS(x) - SMALL, series, kahan, kahan)


def _expm1(x: Expression) -> Expression:
    series = x * (1 + x * (Fraction(1, 2) + x / 6))
    kahan = (EXP(x) - 1) * (x / LOG(EXP(x)))
    plain = EXP(x) - 1
    beyond = BySign(ABS(x) - ONE, kahan, kahan, plain)
    return BySign(ABS(x) - SMALL, series, beyond, beyond)


def _sigmoid(x: Expression) -> Expression:
    return EXP(MIN(x, 0)) / (1 + EXP(-ABS(x)))


def _gelu_tanh(x: Expression) -> Expression:
    bounded = MAX(MIN(x, SATURATED), Negative(SATURATED))
    inner = SQRT(2 / PI()) * (bounded + Number(Fraction("0.044715")) * bounded**3)
    return x * _sigmoid(2 * inner)


# Beyond this size of the argument the functions around erf and tanh are 0, 1 or the argument itself.
SATURATED = Number(Fraction(60))
# Below this size of the argument erf is linear, and its square would become subnormal or 0.
TINY = Number(Fraction(1, 10**8))
CHIDIST = Function("chidist", 2, ())  # the upper tail of the chi-squared distribution
GAMMADIST = Function("gammadist", 4, ())


def _squared(x: Expression) -> Expression:
    return MIN(ABS(x), SATURATED) ** 2


def _erf(x: Expression) -> Expression:
    beyond = SIGN(x) * GAMMADIST(_squared(x), Fraction(1, 2), 1, 1)
    return BySign(ABS(x) - TINY, 2 * x / SQRT(PI()), beyond, beyond)


def _erfc(x: Expression) -> Expression:
    tail = CHIDIST(2 * _squared(x), 1)
    return BySign(x, 2 - tail, tail, tail)


def _normal_share(x: Expression) -> Expression:
    tail = CHIDIST(_squared(x), 1) / 2
    return BySign(x, tail, 1 - tail, 1 - tail)


# Forms for sheets alone. W. Kahan's of two functions that sheets do not have; erf by distributions, because ironcalc's
# own ERF and ERFC are right to ten digits only; forms that name their argument less often, since closed forms put these
# functions into each other, and that do not overflow on the way.
FORMS: Mapping[str, Callable[..., Expression]] = {
    "log1p": _log1p,
    "expm1": _expm1,
    "erf": _erf,
    "erfc": _erfc,
    "sigmoid": _sigmoid,
    "relu": lambda x: MAX(0, x),
    "normal_cdf": _normal_share,
    "gelu": lambda x: x * _normal_share(x),
    "gelu_tanh": _gelu_tanh,
}


def literal(value: Fraction) -> Label:
    """A number in at most 15 digits a literal, so that a sheet computes the nearest double.

    >>> [literal(Fraction(text)).text for text in ("0.25", "-3", "1/3", "1e-7", "0.1234567890123456789")]
    ['0.25', '-3', '1/3', '1E-7', '0.123456789012346-3.19189119579733E-16']
    """
    if value < 0:
        label = literal(-value)
        text = label.text if label.precedence is Precedence.ATOM else f"({label.text})"
        return Label(f"-{text}", Precedence.NEGATIVE, number=True)
    if value and not LEAST_DOUBLE <= value <= LARGEST_DOUBLE:
        raise InputError("a sheet cannot hold the number: its size must be between 2.3E-308 and 9.9E+307")
    short = _short(value)
    if short is not None:
        return Label(short, number=True)
    if max(value.numerator, value.denominator) < 10**SIGNIFICANT:
        return Label(f"{value.numerator}/{value.denominator}", Precedence.PRODUCT, number=True)
    double = Fraction(float(value))
    head = Fraction(f"{float(double):.{SIGNIFICANT - 1}e}")
    rest = double - Fraction(float(head))
    if rest == 0:
        return Label(_short(head) or "", number=True)
    tail = _short(Fraction(f"{float(abs(rest)):.{SIGNIFICANT - 1}e}"))
    return Label(f"{_short(head)}{'-' if rest < 0 else '+'}{tail}", Precedence.SUM, number=True)


def _short(value: Fraction) -> str | None:
    """The number in at most 15 significant digits; None if it has more."""
    text = decimal_text(value)
    digits = text.replace(".", "").strip("0") if text else ""
    if text is None or len(digits) > SIGNIFICANT:
        return None
    if value == 0 or (len(text) <= SIGNIFICANT + 3 and not text.startswith("0.00000")):
        return text
    power = len(text.partition(".")[0]) - 1 if value >= 1 else text.index(".") - text.index(digits[0])
    mantissa = digits[0] + (f".{digits[1:]}" if digits[1:] else "")
    return f"{mantissa}E{power:+d}" if power > 0 else f"{mantissa}E{power}"


def depth(expression: Expression) -> int:
    """How many levels an expression has; counted without recursion."""
    levels = 0
    row: Sequence[Expression] = [expression]
    while row and levels <= DEEPEST:
        levels += 1
        row = [child for each in row for child in (_flat(each) if _is_extreme(each) else each.children)]
    return levels


def _is_extreme(expression: Expression) -> TypeGuard[Call]:
    return isinstance(expression, Call) and expression.function.name in ("max", "min")


def nesting(text: str) -> int:
    """How deep brackets stand in each other, outside quoted sheet names."""
    depth = deepest = 0
    quoted = False
    for character in text:
        if character == "'":
            quoted = not quoted
        elif not quoted:
            depth += {"(": 1, ")": -1}.get(character, 0)
            deepest = max(deepest, depth)
    return deepest
