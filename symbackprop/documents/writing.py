"""Names, formulas and numbers of a document in one dialect: what the formats share. Never lays anything out."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from symbackprop.derivation import Derivation
from symbackprop.documents.content import Amount, Brace, Ellipsis, Line, Operator
from symbackprop.documents.figures import Figures
from symbackprop.expressions import Expression, Negative, Product, Quotient, Reference, Sum, leaves
from symbackprop.notation import AnyName, DerivativeName
from symbackprop.printing.dialect import Dialect, Label, Precedence
from symbackprop.printing.numbers import ShownNumber
from symbackprop.quantities import Array, Axis, Cell, Quantity
from symbackprop.terms import Indicator, Kronecker

EXACT, ROUNDED = "=", "≈"


class Lettering(Protocol):
    """How a format writes names and numbers."""

    def name(self, name: AnyName) -> str:
        """A printed name."""

    def shown(self, number: ShownNumber) -> Label:
        """A displayed number."""

    def dots(self) -> str:
        """What stands for terms that are left out."""

    def braced(self, formula: Label, name: str) -> Label:
        """A formula with a name below it, where the format can."""

    def operator(self, by: str, letter: str, formula: str) -> Label:
        """The operation of differentiating a formula."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a line: the relation to what stands before, and a formula."""

    relation: str
    text: str


@dataclass
class Writer:
    """Writes the formulas of one derivation in one dialect; ``figures`` is None where no numbers are shown."""

    derivation: Derivation
    dialect: Dialect
    lettering: Lettering
    figures: Figures | None
    _names: dict[Quantity, Label] = field(init=False, repr=False, default_factory=dict)
    _numbers: dict[Quantity, Label] = field(init=False, repr=False, default_factory=dict)

    def label(self, of: Hashable) -> Label:
        """A leaf by its name."""
        notation = self.derivation.notation
        match of:
            case Quantity():
                if of not in self._names:
                    self._names[of] = self.named(notation.name(of))
                return self._names[of]
            case Cell():
                return self.named(notation.cell_name(of))
            case Array():
                return self.named(notation.array_name(of))
            case Kronecker(left, right):
                other = right if isinstance(right, str) else str(right + notation.conventions.first_index)
                return Label(f"[{left}={other}]")
            case Indicator():
                return Label("[weights]")
            case Axis():
                return Label(str(self.derivation.network.observations))
            case Ellipsis():
                return Label(self.lettering.dots())
            case Brace(expression, name):
                return self.lettering.braced(self.dialect.said(expression, self.label), self.label(name).text)
            case Operator(expression, by):
                letter = self.derivation.conventions.derivative
                return self.lettering.operator(self.label(by).text, letter, self.formula(expression))
            case str():
                return Label(of)
        raise AssertionError(f"nothing is known of the name of {of!r}")

    def named(self, name: AnyName) -> Label:
        """A name with how tightly it binds: a derivative like a quotient, one with a superscript like a power."""
        text = self.lettering.name(name)
        if isinstance(name, DerivativeName):
            return Label(text, Precedence.QUOTIENT, tall=True)
        raised = bool(name.superscript or name.mark or name.observation)
        return Label(text, Precedence.POWER if raised else Precedence.ATOM)

    def number(self, of: Hashable) -> Label:
        """A leaf by its number; a leaf that has none by its name."""
        if not isinstance(of, Quantity) or self.figures is None:
            return self.label(of)
        if of not in self._numbers:
            text = self.given_text(of, self.figures)
            self._numbers[of] = self.dialect.numeral(text) if text else self.lettering.shown(self.figures.shown(of))
        return self._numbers[of]

    def given_text(self, quantity: Quantity, figures: Figures) -> str:
        """How a given number was written, if that is short enough to be shown; else empty."""
        return figures.short_text(quantity)

    def valued(self, quantity: Quantity) -> Row:
        """A quantity's number behind the relation that it has to its name."""
        assert self.figures is not None
        exact = self.given_text(quantity, self.figures) != "" or self.figures.shown(quantity).exact
        return Row(EXACT if exact else ROUNDED, self.number(quantity).text)

    def given(self, quantity: Quantity) -> str:
        """A given quantity, with its number where there are numbers."""
        name = self.label(quantity).text
        return name if self.figures is None else f"{name} = {self.number(quantity).text}"

    def result(self, quantity: Quantity) -> str:
        """A quantity, with its number behind its relation where there are numbers."""
        return self.in_a_row(self.label(quantity).text, [] if self.figures is None else [self.valued(quantity)])

    def equation(self, line: Line) -> str:
        """A line in one row."""
        return self.in_a_row(*self.rows(line))

    def in_a_row(self, left: str, rows: Sequence[Row]) -> str:
        """A left side with all that it is equal to."""
        return " ".join([left, *map(self.side, rows)])

    def side(self, row: Row) -> str:
        """A row as it is written: its relation and its formula."""
        return f"{self.dialect.sign(row.relation)} {row.text}"

    def formula(self, expression: Expression) -> str:
        """An expression in symbols."""
        return self.dialect.text(expression, self.label)

    def amount(self, amount: Amount) -> str:
        """A number in a sentence."""
        assert self.figures is not None
        return self.lettering.shown(self.figures.displayed(amount.value, more=amount.more)).text

    def rows(self, line: Line) -> tuple[str, list[Row]]:
        """The left side, and the rows behind it: symbols, numbers, result."""
        rows: list[Row] = []
        left = self.formula(line.left)
        for side in line.sides:
            text = self.formula(side)
            if text not in (left, *(row.text for row in rows)):
                rows.append(Row(EXACT, text))
        if self.figures is not None:
            rows += self._with_numbers(line, self.figures)
        return left, rows

    def _with_numbers(self, line: Line, figures: Figures) -> list[Row]:
        numbers = line.numbers
        if numbers is not None and not any(isinstance(each, Quantity) for each in leaves(numbers)):
            return []  # a side without a name is its own number
        rows: list[Row] = []
        operands_exact = True
        if numbers is not None:
            numbers = figures.chosen(numbers)
        if numbers is not None and any(isinstance(each, Quantity) for each in leaves(numbers)):
            numbers = self._without_minus_zero(numbers, figures)
            operands_exact = self.is_exact(numbers, figures)
            rows.append(Row(EXACT if operands_exact else ROUNDED, self.dialect.text(numbers, self.number)))
        if line.result is not None and not (isinstance(numbers, Reference) and rows):
            shown = figures.shown(line.result)
            # A product with a factor 0 is 0, however the others are rounded.
            relation = EXACT if shown.exact and (operands_exact or not shown.value) else ROUNDED
            result = Row(relation, self.number(line.result).text)
            if rows and rows[-1].text == result.text:  # the number of -δ is its operand's
                result = max(rows.pop(), result, key=lambda each: each.relation == ROUNDED)
            rows.append(result)
        return rows

    def _without_minus_zero(self, numbers: Expression, figures: Figures) -> Expression:
        """A side whose numbers begin with -0: without the sign, as nobody writes it."""
        match numbers:
            case Negative(operand) if self._begins_with_zero(operand, figures):
                return operand
            case Product() | Sum() | Quotient():
                first = numbers.children[0]
                shorter = self._without_minus_zero(first, figures)
                return numbers if shorter is first else numbers.rebuilt((shorter, *numbers.children[1:]))
        return numbers

    def _begins_with_zero(self, expression: Expression, figures: Figures) -> bool:
        match expression:
            case Reference(Quantity() as quantity):
                return figures.shown(quantity).exact and figures.value(quantity) == 0
            case Product((first, *_)) | Quotient(first, _):
                return self._begins_with_zero(first, figures)
        return False

    def is_exact(self, expression: Expression, figures: Figures) -> bool:
        """Whether every number that stands in the expression is shown exactly."""
        return all(
            self.given_text(each, figures) != "" or figures.shown(each).exact
            for each in leaves(expression)
            if isinstance(each, Quantity)
        )
