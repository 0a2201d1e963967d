"""The judgement of claimed formulas: equal to the quantity at random points, or what stands wrong in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from itertools import islice
from typing import Any

import numpy as np

from symbackprop.catalogue.mistakes import MISTAKES, Subject, variants_of
from symbackprop.checking.arrays import ArrayNumbers, Numbers
from symbackprop.checking.claims import Claim
from symbackprop.checking.findings import Finding
from symbackprop.checking.formulas import FormulaReader, Node, computed
from symbackprop.checking.points import points
from symbackprop.checking.wording import array_text
from symbackprop.derivation import Derivation
from symbackprop.quantities import Array, Quantity, Role
from symbackprop.system import every_index

SIGNS = {"+": "plus", "-": "minus"}
CONSTANTS = (Fraction(1, 2), Fraction(1), Fraction(2))  # numbers that formulas of textbooks have
POINTS = 4
NEAR = 1e-9  # relative to the largest entry: formulas that differ less at all points are equal
MOST_FIRST = 200  # exchanges of a name that a second one is looked for
MOST_TRIED = 2_000  # replacements of one name that are tried


@dataclass
class _Numbers:
    """The numbers of a point for formulas, with the slopes of a layer."""

    derivation: Derivation
    numbers: ArrayNumbers

    def __call__(self, array: Array) -> Numbers:
        return self.numbers.array(array)

    def slopes(self, layer: int) -> Array:
        """The array of a layer's slopes."""
        derivation = self.derivation
        return derivation.slope(derivation.now.outs[layer - 1], derivation.now.nets[layer - 1])


@dataclass
class FormulaJudge:
    """Judges formulas of one derivation."""

    derivation: Derivation
    reader: FormulaReader

    @cached_property
    def places(self) -> list[_Numbers]:
        """Random points, the same for every formula."""
        some = list(islice(points(self.derivation, dtype="float64", seed=2), POINTS + 1))
        return [_Numbers(self.derivation, each.numbers) for each in some if each.label.startswith("random")][:POINTS]

    def finding(self, number: int, claim: Claim) -> Finding:
        """The verdict on a formula, or on rows of formulas."""
        wanted = self.reader.names.resolve(claim.quantity)
        rows = ((claim.formula,),) if isinstance(claim.formula, str) else claim.formula
        nodes = [[self.reader.read(text) for text in row] for row in rows]
        right = [self._right(wanted, place) for place in self.places]
        single = isinstance(claim.formula, str)
        if self._equal(nodes, right, single=single):
            return Finding(number, claim, "ok")
        wrong = self._wrong_entries(nodes, right)
        return Finding(number, claim, "wrong", diagnosis=self._diagnosis(nodes, right, wanted, wrong, single=single))

    def _right(self, wanted: Quantity | Array, place: _Numbers) -> Numbers:
        if isinstance(wanted, Quantity):
            return np.asarray(float(place(wanted.array)[wanted.indices]))
        numbers = np.asarray(place(wanted), dtype=float)
        return numbers[0] if wanted.has_observations and len(numbers) == 1 else numbers

    def _values(self, nodes: list[list[Node]], place: _Numbers, *, columns: bool) -> Numbers:
        rows = [[computed(node, place, columns=columns) for node in row] for row in nodes]
        return (
            rows[0][0]
            if len(rows) == 1 and len(rows[0]) == 1
            else np.array([[e.reshape(()) for e in r] for r in rows], dtype=float)
        )

    def _equal(self, nodes: list[list[Node]], right: list[Numbers], *, single: bool) -> bool:
        """Whether the formulas have the right numbers at every point, vectors taken as columns or as rows."""
        for columns in (True, False):
            try:
                if all(
                    _same(self._values(nodes, place, columns=columns), wanted)
                    for place, wanted in zip(self.places, right, strict=True)
                ):
                    return True
            except (ValueError, IndexError):
                continue
        return False

    def _wrong_entries(self, nodes: list[list[Node]], right: list[Numbers]) -> list[tuple[int, int]]:
        if len(nodes) == 1 and len(nodes[0]) == 1:
            return []
        found = []
        for row, line in enumerate(nodes):
            for column, node in enumerate(line):
                for place, wanted in zip(self.places, right, strict=True):
                    entry = (
                        wanted.reshape(len(nodes), -1)[row, column] if wanted.size == len(nodes) * len(line) else np.nan
                    )
                    if not _same(computed(node, place, columns=True), np.asarray(entry)):
                        found.append((row, column))
                        break
        return found

    # What stands wrong

    def _diagnosis(
        self,
        nodes: list[list[Node]],
        right: list[Numbers],
        wanted: Quantity | Array,
        wrong: list[tuple[int, int]],
        *,
        single: bool,
    ) -> str | None:
        place = f"row {wrong[0][0] + 1}, column {wrong[0][1] + 1}: " if len(wrong) == 1 else ""
        if self._equal([[Node("negative", (node,)) for node in row] for row in nodes], right, single=single):
            return place + "the sign is turned"
        for factor, words in ((2, "half as large as it should be"), (0.5, "twice as large as it should be")):
            scaled = [[Node("*", (Node("number", of=factor), node)) for node in row] for row in nodes]
            if self._equal(scaled, right, single=single):
                return f"{place}it is {words}"
        return self._mended(nodes, right, place, single=single) or self._mistake(nodes, wanted, single=single)

    def _mended(self, nodes: list[list[Node]], right: list[Numbers], place: str, *, single: bool) -> str | None:
        """The one name, sign or transposition whose change makes the formula right, at one place or at several."""
        for count, (changed, sentence) in enumerate(self._changes(nodes)):
            if count > MOST_TRIED:
                return None
            if self._equal(changed, right, single=single):
                return place + sentence
        return self._twice_mended(nodes, right, place, single=single)

    def _twice_mended(self, nodes: list[list[Node]], right: list[Numbers], place: str, *, single: bool) -> str | None:
        """Two names that stand for other entries of their arrays, each in one term."""
        for count, (first, sentence) in enumerate(self._exchanges(nodes)):
            if count > MOST_FIRST:
                return None
            for changed, further in self._exchanges(first):
                if self._equal(changed, right, single=single):
                    return f"{place}{sentence}, and {further}"
        return None

    def _exchanges(self, nodes: list[list[Node]]) -> Iterator[tuple[list[list[Node]], str]]:
        """Another entry of its array in place of a name, in one term of one formula: everywhere there, or once."""
        for row, line in enumerate(nodes):
            for column, node in enumerate(line):
                for path, term in _terms(node):
                    for part in dict.fromkeys(each for each in term.walk() if isinstance(each.of, Quantity)):
                        for indices in every_index(part.of.array):
                            other = Node("name", of=Quantity(part.of.array, indices))
                            if other == part:
                                continue
                            sentence = f"{self._called(part.of)} stands where {self._called(other.of)} belongs"
                            whole = _everywhere(term, part.of, other)
                            spots = [spot for spot, each in _paths(term) if each == part]
                            ways = [whole] + [_replaced(term, spot, other) for spot in spots if len(spots) > 1]
                            for way in ways:
                                changed = [list(each) for each in nodes]
                                changed[row][column] = _replaced(node, path, way)
                                yield changed, sentence

    def _changes(self, nodes: list[list[Node]]) -> Iterator[tuple[list[list[Node]], str]]:
        plain = self._called
        for row, line in enumerate(nodes):
            for column, node in enumerate(line):
                for path, part in _paths(node):
                    for other, sentence in self._others(part, plain):
                        changed = [list(each) for each in nodes]
                        changed[row][column] = _replaced(node, path, other)
                        yield changed, sentence
        yield from self._exchanges(nodes)
        names = {part.of for line in nodes for node in line for part in node.walk() if part.kind == "name"}
        for of in names:
            for other, sentence in self._others(Node("name", of=of), plain):
                yield [[_everywhere(node, of, other) for node in line] for line in nodes], f"{sentence}, everywhere"

    def _others(self, part: Node, plain: Callable[[Any], str]) -> Iterator[tuple[Node, str]]:
        if part.kind == "name" and isinstance(part.of, Quantity):
            for other in self._exchangeable(part.of):
                yield Node("name", of=other), f"{plain(part.of)} stands where {plain(other)} belongs"
            for number in CONSTANTS:
                yield Node("number", of=number), f"{plain(part.of)} stands where {number} belongs"
        elif part.kind == "number":
            for number in CONSTANTS:
                if number != part.of:
                    yield Node("number", of=number), f"{part.of} stands where {number} belongs"
        elif part.kind == "name" and isinstance(part.of, Array):
            yield Node("transposed", (part,)), f"{plain(part.of)} should be transposed"
        elif part.kind == "transposed":
            yield part.parts[0], "what is transposed should not be"
        elif part.kind in "+-" and len(part.parts) == 2:
            turned = "-" if part.kind == "+" else "+"
            yield (
                Node(turned, part.parts),
                f"a {SIGNS[part.kind]} stands where a {SIGNS[turned]} belongs",
            )
        elif part.kind == "@":
            yield Node("@", part.parts[::-1]), "the factors of a matrix product are exchanged"
            yield Node("*", part.parts), "an elementwise product belongs there"

    def _exchangeable(self, quantity: Quantity) -> Iterator[Quantity]:
        """The quantities of the same kind: other entries, the same entry of other layers."""
        for array in (*self.derivation.system.givens, *self.derivation.system.definitions):
            alike = {array.role, quantity.array.role}
            same = array == quantity.array or len(alike) == 1 or alike <= {Role.NET, Role.OUT, Role.INPUT, Role.TARGET}
            if same and array.phase is quantity.array.phase and array.role is not Role.DERIVATIVE:
                for indices in every_index(array):
                    other = Quantity(array, indices)
                    if other != quantity:
                        yield other

    def _called(self, of: Quantity | Array) -> str:
        if isinstance(of, Quantity):
            return self.derivation.notation.plain(of)
        return array_text(self.derivation, of)

    def _mistake(self, nodes: list[list[Node]], wanted: Quantity | Array, *, single: bool) -> str | None:
        """The mistake of the catalogue that has this formula."""
        subject = Subject.of(self.derivation.system, self.derivation.loss)
        for variant in variants_of(subject, MISTAKES, kinds=("backward", "forward", "update")):

            def definition(array: Array, variant: Any = variant) -> Any:
                return variant.new.get(array) or self.derivation.definition(array)

            others = [
                replace(place, numbers=place.numbers.with_equations(definition, variant.changed))
                for place in self.places
            ]
            if self._equal(nodes, [self._right(wanted, other) for other in others], single=single):
                return f"{variant.mistake.sentence} (in {array_text(self.derivation, variant.place)})"
        return None


def _same(found: Numbers, wanted: Numbers) -> bool:
    if found.size != wanted.size:
        return False
    if found.ndim == wanted.ndim == 2 and found.shape != wanted.shape and 1 not in found.shape:
        return False
    left, right = np.asarray(found, dtype=float).reshape(-1), np.asarray(wanted, dtype=float).reshape(-1)
    with np.errstate(all="ignore"):
        return bool(np.all(abs(left - right) <= NEAR * max(float(np.max(abs(right), initial=0)), 1e-300)))


def _terms(node: Node, path: tuple[int, ...] = ()) -> Iterator[tuple[tuple[int, ...], Node]]:
    """The terms of a sum with where they stand; of anything else, itself."""
    if node.kind in ("+", "-") and len(node.parts) == 2:
        for place, part in enumerate(node.parts):
            yield from _terms(part, (*path, place))
    yield path, node


def _paths(node: Node, path: tuple[int, ...] = ()) -> Iterator[tuple[tuple[int, ...], Node]]:
    yield path, node
    for place, part in enumerate(node.parts):
        yield from _paths(part, (*path, place))


def _replaced(node: Node, path: tuple[int, ...], other: Node) -> Node:
    if not path:
        return other
    parts = list(node.parts)
    parts[path[0]] = _replaced(parts[path[0]], path[1:], other)
    return replace(node, parts=tuple(parts))


def _everywhere(node: Node, of: Any, other: Node) -> Node:
    if node.kind == "name" and node.of == of:
        return other
    return replace(node, parts=tuple(_everywhere(part, of, other) for part in node.parts)) if node.parts else node
