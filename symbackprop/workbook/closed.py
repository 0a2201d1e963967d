"""The closed form of a quantity as one formula: its equation with every computed quantity's own in its place.

Nothing is differentiated or simplified here: the System's equations are put into each other until only typed numbers
are left. What a cell cannot hold is not written.
"""

from __future__ import annotations

from collections.abc import Hashable

from symbackprop.errors import TooLarge
from symbackprop.expressions import Call, Expression, Quotient, leaves
from symbackprop.ordering import operands
from symbackprop.printing.dialect import Label, Labelling
from symbackprop.printing.sheet import SHEET
from symbackprop.quantities import Quantity
from symbackprop.system import scalar
from symbackprop.workbook.layout import Layout

MOST_PARTS = 2_000  # quantities that are put into each other before it is given up


class ClosedForms:
    """Closed forms on one sheet; parts that several of them have are made once."""

    def __init__(self, layout: Layout, sheet: str):
        self.layout, self.sheet = layout, sheet
        self.known: dict[bool, dict[Quantity, Label | None]] = {True: {}, False: {}}
        self.texts: dict[Quantity, str | None] = {}
        self.equations: dict[tuple[Quantity, bool], Expression] = {}

    def text(self, quantity: Quantity) -> str | None:
        """The formula: in the stable forms of all other cells, else in the printed ones; None if both are too long."""
        if quantity not in self.texts:
            self.texts[quantity] = self._text(quantity, computed=True) or self._text(quantity, computed=False)
        return self.texts[quantity]

    def _text(self, quantity: Quantity, *, computed: bool) -> str | None:
        if self._found(quantity, computed=computed) is None:
            return None
        try:
            return SHEET.text(self._equation(quantity, computed=computed), self._label(computed=computed))
        except TooLarge:
            return None

    def _found(self, quantity: Quantity, *, computed: bool) -> Label | None:
        """A quantity's closed form, once those of all that it reads are there; without recursion."""
        known = self.known[computed]
        waiting = [quantity]
        while waiting:
            here = waiting[-1]
            if here in known:
                waiting.pop()
                continue
            if len(known) > MOST_PARTS:
                return None
            missing = [each for each in self._reads(here, computed=computed) if each not in known]
            if any(known[each] is None for each in self._reads(here, computed=computed) if each in known):
                known[here] = None
            elif missing:
                waiting += missing
            else:
                known[here] = self._made(here, computed=computed)
        return known[quantity]

    def _reads(self, quantity: Quantity, *, computed: bool) -> list[Quantity]:
        if self._is_given(quantity):
            return []
        return operands(self._equation(quantity, computed=computed))

    def _made(self, quantity: Quantity, *, computed: bool) -> Label | None:
        if self._is_given(quantity):
            return Label(self.layout.addresses.reference(quantity, self.sheet))
        if not computed and _overflows(self._equation(quantity, computed=False)):
            return None
        try:
            return SHEET.said(self._equation(quantity, computed=computed), self._label(computed=computed))
        except TooLarge:
            return None

    def _label(self, *, computed: bool) -> Labelling:
        def label(leaf: Hashable) -> Label:
            assert isinstance(leaf, Quantity)
            found = self.known[computed][leaf]
            assert found is not None
            return found

        return label

    def _equation(self, quantity: Quantity, *, computed: bool) -> Expression:
        key = (quantity, computed)
        if key not in self.equations:
            self.equations[key] = scalar(self.layout.definition(quantity.array), quantity.indices, computed=computed)
        return self.equations[key]

    def _is_given(self, quantity: Quantity) -> bool:
        return quantity.array not in self.layout.derivation.system.definitions


def _overflows(expression: Expression) -> bool:
    """Whether a printed form may leave the range of doubles where the stable one does not."""
    if isinstance(expression, Call) and expression.function.name in ("exp", "log"):
        return True
    if isinstance(expression, Quotient) and any(True for _ in leaves(expression.denominator)):
        return True
    return any(_overflows(child) for child in expression.children)
