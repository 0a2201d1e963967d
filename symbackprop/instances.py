"""Laws written out at given values of their letters, reductions included. Never computes a number and never prints."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from fractions import Fraction

from symbackprop.expressions import Along, Expression, Number, Product, Reference, Sum, product_of, sum_of
from symbackprop.functions import MAX
from symbackprop.quantities import Cell, Quantity, every_index, extent
from symbackprop.terms import Kronecker, axes_of, cells_in


def instantiated(law: Expression, target: Cell, indices: tuple[int, ...]) -> Expression:
    """A target's law at one of its entries: an expression over quantities, reductions written out.

    A reduction that does not depend on an outer one's letter is one object wherever it occurs, so that it is computed
    once: of a softmax, the largest net.
    """
    return _Written(reductions_only=True).at(law, dict(zip(target.indices, indices, strict=True)))


def instances(law: Expression, target: Cell) -> tuple[Expression, ...]:
    """A target's law at every entry, in row-major order; what entries share is one object."""
    written = _Written(reductions_only=False)
    array, letters = target
    return tuple([written.at(law, dict(zip(letters, indices, strict=True))) for indices in every_index(array)])


class _Written:
    """Laws written out; a part (or a reduction alone) is one object wherever its letters have the same values."""

    def __init__(self, *, reductions_only: bool) -> None:
        self.reductions_only = reductions_only
        self.parts: dict[Hashable, Expression] = {}
        self.letters: dict[int, tuple[str, ...]] = {}

    def at(self, law: Expression, places: dict[str, int]) -> Expression:
        match law:
            case Reference(Cell(array, indices)):
                return Reference(Quantity(array, tuple([places[letter] for letter in indices])))
            case Reference(Kronecker(indices=indices) as same):
                return Number(Fraction(same.holds(tuple([places[letter] for letter in indices]))))
        if not law.children:
            return law
        if self.reductions_only and not isinstance(law, Along):
            return law.rebuilt(tuple([self.at(child, places) for child in law.children]))
        key = (id(law), *[places[letter] for letter in self._free(law)])
        known = self.parts.get(key)
        if known is None:
            known = self.parts[key] = self._new(law, places)
        return known

    def _new(self, law: Expression, places: dict[str, int]) -> Expression:
        if not isinstance(law, Along):
            children = [self.at(child, places) for child in law.children]
            match law:
                case Sum():
                    return sum_of(children)
                case Product():
                    return product_of(children)
            return law.rebuilt(tuple(children))
        axis = axes_of(cells_in(law.body))[law.index]
        each = [self.at(law.body, places | {law.index: value}) for value in range(extent(axis))]
        return sum_of(each) if law.reduction == "sum" else largest(each)

    def _free(self, law: Expression) -> tuple[str, ...]:
        """The letters on which a part depends."""
        known = self.letters.get(id(law))
        if known is None:
            match law:
                case Reference(Cell(indices=found) | Kronecker(indices=found)):
                    pass
                case Along(_, letter, body):
                    found = tuple(each for each in self._free(body) if each != letter)
                case _:
                    found = tuple(letter for child in law.children for letter in self._free(child))
            known = self.letters[id(law)] = tuple(dict.fromkeys(found))
        return known


def largest(expressions: Sequence[Expression]) -> Expression:
    """The maximum of several expressions, as nested calls of max."""
    whole = expressions[0]
    for each in expressions[1:]:
        whole = MAX(whole, each)
    return whole
