"""The walk that every dialect shares: precedence and brackets. Never chooses a symbol and never falls back to ``str``.

A dialect is a table of function heads and a few methods; it prints an expression for a given label of each leaf.
A number shown in place of a symbol is a label like any other, and is put in brackets where its sign would mislead.

When adding a dialect, mind what goes wrong most often: the sign of a negative label behind ``-`` or ``*``, the
base of a power, a quotient in a denominator, and a sum sign whose body swallows what follows it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from enum import IntEnum
from fractions import Fraction
from typing import ClassVar, NamedTuple

from symbackprop.errors import InputError
from symbackprop.expressions import (
    Along,
    BySign,
    Call,
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


class Precedence(IntEnum):
    """How tightly the outermost operation of a text binds."""

    SUM = 1
    NEGATIVE = 2
    BIG = 3  # a sum sign: it swallows every factor behind it
    PRODUCT = 4
    QUOTIENT = 5  # a built-up fraction: no bracket as a factor, one as a base
    POWER = 6
    ATOM = 7


class Label(NamedTuple):
    """A text with what its surroundings must know of it.

    ``number``: it starts with a literal number, which may not stand right behind another one. ``tall``: brackets
    around it have to grow (it holds a fraction or a sum sign).
    """

    text: str
    precedence: Precedence = Precedence.ATOM
    number: bool = False
    tall: bool = False


Labelling = Callable[[Hashable], Label]
Say = Callable[[Expression], Label]
Factor = tuple[Label, bool]  # with whether it needs brackets


class Dialect:
    """Prints expressions: a table of ``heads`` by function name, and a method for everything else.

    A function that has a definition may be missing from ``heads``; one that has none may not. ``slash`` divides,
    ``hat`` stands before an exponent, ``comma`` between arguments; ``signs`` has the signs that are written otherwise
    than in the code.
    """

    name: ClassVar[str]
    heads: ClassVar[Mapping[str, str]] = {}
    signs: ClassVar[Mapping[str, str]] = {}
    slash: ClassVar[str] = " / "
    hat: ClassVar[str] = "^"
    comma: ClassVar[str] = ", "

    def text(self, expression: Expression, label: Labelling) -> str:
        """The expression in this dialect, its leaves as ``label`` names them."""
        return self.said(expression, label).text

    def terms(self, expression: Expression, label: Labelling) -> tuple[str, ...]:
        """The same text, cut before each ``+`` and ``-`` of its outermost sum: joined by spaces they are the text."""
        if not isinstance(expression, Sum):
            return (self.text(expression, label),)
        return tuple(each.text for each in self.signed(expression.operands, lambda each: self.said(each, label)))

    def said(self, expression: Expression, label: Labelling) -> Label:
        """The expression's text with its precedence."""

        def say(part: Expression) -> Label:
            return label(part.of) if isinstance(part, Reference) else self.worded(part, say)

        return say(expression)

    def worded(self, expression: Expression, say: Say) -> Label:
        """A part's text with its precedence, where it is no leaf; ``say`` says its own parts."""
        match expression:
            case Product(factors):
                return self.product(factors, say)
            case Sum(terms):
                return self.sum(terms, say)
            case Number(value, text):
                return self.number(value, text)
            case Negative(operand):
                return self.negative(operand, say)
            case Quotient(numerator, denominator):
                return self.quotient(numerator, denominator, say)
            case Call(function, arguments):
                return self.call(function, arguments, say)
            case Power(base, exponent):
                return self.power(base, exponent, say)
            case BySign(_, negative, zero, positive) if negative == zero == positive:
                return say(negative)
            case BySign():
                return self.by_sign(expression, say)
            case Along():
                return self.along(expression, say)
            case Undefined(reason):
                return self.undefined(reason)
        raise AssertionError(f"{self.name} has no way to say {type(expression).__name__}")

    def bracket(self, label: Label) -> str:
        """The text in brackets."""
        return f"({label.text})"

    def within(self, label: Label, least: Precedence) -> str:
        """The text, in brackets if it binds less tightly than ``least``."""
        return label.text if label.precedence >= least else self.bracket(label)

    def number(self, value: Fraction, text: str) -> Label:
        """A literal number: as written, else exact."""
        raise NotImplementedError

    def numeral(self, text: str) -> Label:
        """A number as it was written: ``0.5``, ``-1/2``, ``5e-4``."""
        raise NotImplementedError

    def sign(self, sign: str) -> str:
        """A relation, a reduction or a word (``<=``, ``sum``, ``undefined``), which most dialects write so."""
        return self.signs.get(sign, sign)

    def signed(self, terms: Sequence[Expression], say: Say) -> list[Label]:
        """Each term of a sum with the sign before it; the first without a plus."""
        parts: list[Label] = []
        for place, term in enumerate(terms):
            if isinstance(term, Negative):
                label = say(term.operand)
                sign = "- " if place else "-"
                parts.append(Label(sign + self.within(label, Precedence.BIG), Precedence.SUM, tall=label.tall))
            else:
                label = say(term)
                text = f"+ {self.within(label, Precedence.BIG)}" if place else label.text
                parts.append(Label(text, Precedence.SUM, tall=label.tall))
        return parts

    def sum(self, terms: Sequence[Expression], say: Say) -> Label:
        """Terms in written order."""
        parts = self.signed(terms, say)
        return Label(" ".join(each.text for each in parts), Precedence.SUM, tall=any(each.tall for each in parts))

    def product(self, factors: Sequence[Expression], say: Say) -> Label:
        """Factors in written order."""
        labels = self.factor_labels(factors, say)
        text = ""
        for place, (label, bracketed) in enumerate(labels):
            text += self.between(labels[place - 1], labels[place]) if place else ""
            text += self.bracket(label) if bracketed else label.text
        last, bracketed = labels[-1]
        return Label(
            text,
            Precedence.BIG if last.precedence is Precedence.BIG and not bracketed else Precedence.PRODUCT,
            number=labels[0][0].number and not labels[0][1],
            tall=any(label.tall for label, _ in labels),
        )

    def between(self, left: Factor, right: Factor) -> str:
        """What stands between two factors."""
        raise NotImplementedError

    def factor_labels(self, factors: Sequence[Expression], say: Say) -> list[Factor]:
        """Each factor with whether it needs brackets: all that bind less, but for a sum sign at the end."""
        labels = [say(each) for each in factors]
        least = [Precedence.PRODUCT] + [Precedence.QUOTIENT] * (len(labels) - 1)
        if len(labels) > 1 and labels[-1].precedence is Precedence.BIG:
            least[-1] = Precedence.BIG
        return [(each, each.precedence < needed) for each, needed in zip(labels, least, strict=True)]

    def negative(self, operand: Expression, say: Say) -> Label:
        """A minus sign before the operand."""
        label = say(operand)
        return Label(f"-{self.within(label, Precedence.BIG)}", Precedence.NEGATIVE, label.number, label.tall)

    def quotient(self, numerator: Expression, denominator: Expression, say: Say) -> Label:
        """``a / b``."""
        above, below = say(numerator), say(denominator)
        text = f"{self.within(above, Precedence.PRODUCT)}{self.slash}{self.within(below, Precedence.POWER)}"
        return Label(text, Precedence.PRODUCT, above.number)

    def power(self, base: Expression, exponent: Expression, say: Say) -> Label:
        """``a^b``."""
        below, above = (self.within(say(each), Precedence.ATOM) for each in (base, exponent))
        return Label(f"{below}{self.hat}{above}", Precedence.POWER)

    def call(self, function: Function, arguments: Sequence[Expression], say: Say) -> Label:
        """The function's head in front of its arguments."""
        return self.called(self.head(function), arguments, say) if function.arity else Label(self.head(function))

    def called(self, head: str, arguments: Sequence[Expression], say: Say) -> Label:
        """A head in front of its arguments in brackets."""
        labels = [say(each) for each in arguments]
        listed = Label(self.comma.join(each.text for each in labels), tall=any(each.tall for each in labels))
        return Label(head + self.bracket(listed), tall=listed.tall)

    def head(self, function: Function) -> str:
        """What stands in front of the function's arguments."""
        if function.name in self.heads:
            return self.heads[function.name]
        if function.definition is None:
            raise self.unsayable(function.name)
        return self.own_name(function)

    def own_name(self, function: Function) -> str:
        """The head of a function that has a definition but no head in the table."""
        return function.name

    def unsayable(self, what: str) -> InputError:
        """The error for something that this dialect has no words for."""
        return InputError(f"{self.name} cannot say '{what}'; it can say: {', '.join(sorted(self.heads))}")

    def by_sign(self, choice: BySign, say: Say) -> Label:
        """One of several expressions."""
        raise NotImplementedError

    def along(self, reduction: Along, say: Say) -> Label:
        """A sum or maximum along an index letter."""
        raise NotImplementedError

    def undefined(self, reason: str) -> Label:
        """No value."""
        raise NotImplementedError


def cases(choice: BySign) -> list[tuple[Expression, str]]:
    """The distinct branches of a choice in rising order, each with the relation (``<``, ``<=``, ...) for it."""
    if choice.negative == choice.zero:
        return [(choice.negative, "<="), (choice.positive, ">")]
    if choice.zero == choice.positive:
        return [(choice.negative, "<"), (choice.positive, ">=")]
    return [(choice.negative, "<"), (choice.zero, "="), (choice.positive, ">")]


def tested(choice: BySign) -> list[tuple[Expression, str]]:
    """As `cases`, in the relations of programming languages: where both signs share a branch, that at 0 is first."""
    if choice.negative == choice.positive:
        return [(choice.zero, "=="), (choice.positive, "!=")]
    return cases(choice)


def compared(decider: Expression) -> tuple[Expression, Expression]:
    """What is compared with what: the two terms of a difference, or the decider with 0."""
    match decider:
        case Sum((left, Negative(right))):
            return left, right
    return decider, Number(Fraction(0))


def decimal_text(value: Fraction) -> str | None:
    """A number of finitely many decimals, written out exactly; None for any other.

    >>> decimal_text(Fraction(-1, 40)), decimal_text(Fraction(1, 3)), decimal_text(Fraction(7))
    ('-0.025', None, '7')
    """
    twos = fives = 0
    rest = value.denominator
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    if rest != 1:
        return None
    places = max(twos, fives)
    digits = str(abs(value.numerator) * 10**places // value.denominator).zfill(places + 1)
    sign = "-" if value < 0 else ""
    return sign + (f"{digits[:-places]}.{digits[-places:]}" if places else digits)
