"""The judgement of claimed formulas: whether they are equal to what they are said to be, or what stands wrong in them.

`equality` decides, entry by entry. Floats at random points only choose among the many ways to mend a wrong formula.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from itertools import islice
from typing import Any

import numpy as np

from symbackprop.catalogue.mistakes import MISTAKES, Subject, variants_of
from symbackprop.checking.arrays import ArrayNumbers, Numbers
from symbackprop.checking.claims import Claim
from symbackprop.checking.entries import LAYINGS, Expressions, Floats, Laid, entries_of
from symbackprop.checking.equality import Comparison, Equality, number_at
from symbackprop.checking.findings import Finding
from symbackprop.checking.formulas import FormulaReader, Node
from symbackprop.checking.points import points
from symbackprop.checking.wording import array_text
from symbackprop.derivation import Derivation
from symbackprop.errors import SymbackpropError, UnknownName
from symbackprop.expressions import as_expression
from symbackprop.notation.neutral import neutral
from symbackprop.quantities import Array, Quantity, Role, every_index

SIGNS = {"+": "plus", "-": "minus"}
CONSTANTS = (Fraction(1, 2), Fraction(1), Fraction(2))  # numbers that formulas of textbooks have
POINTS = 4
NEAR = 1e-9  # relative to the largest entry: formulas that differ less at all points are equal
MOST_FIRST = 200  # exchanges of a name that a second one is looked for
MOST_TRIED = 2_000  # replacements of one name that are tried
OPERATION = re.compile(r"[-+*/(@\[]|\.T\b|^D_?\d")
BRACKETS = ("block", "column")
UPPER = re.compile(r"^d(net|out)\[\d+\]\[\d+\](?=/)")  # what a derivative is of
Grid = list[list[Node]]  # one formula, or the entries of a matrix
Right = dict[Laid, list[Numbers]]  # the right entries at each point, however an author lays arrays out


@dataclass
class FormulaJudge:
    """Judges formulas of one derivation."""

    derivation: Derivation
    reader: FormulaReader

    @cached_property
    def places(self) -> list[ArrayNumbers]:
        """Random points, the same for every formula."""
        some = list(islice(points(self.derivation, dtype="float64", seed=2), POINTS + 1))
        return [each.numbers for each in some if each.label.startswith("random")][:POINTS]

    @cached_property
    def comparison(self) -> Comparison:
        """What decides whether two entries are equal."""
        return Comparison(self.derivation)

    def finding(self, number: int, claim: Claim) -> Finding:
        """The verdict on a formula, or on rows of formulas."""
        wanted = self._wanted(claim.quantity)
        nodes = self._grid(claim.formula, wanted)
        equality = self._decided(nodes, wanted)
        if equality.holds:
            return Finding(number, claim, "ok", remark=equality.remark)
        right = self._right(wanted, self.places)
        if self._equal(nodes, right):
            return Finding(number, claim, "wrong", diagnosis=self._nearly(nodes, wanted))
        wrong = self._wrong_entries(nodes, right)
        return Finding(number, claim, "wrong", diagnosis=self._diagnosis(nodes, right, wanted, wrong))

    def _wanted(self, text: str) -> Node:
        """What a formula is for: a quantity, a whole array, or another formula."""
        try:
            return Node("name", of=self.reader.names.resolve_all(text))
        except UnknownName:
            if not OPERATION.search(text):
                raise
            return self.reader.read(text, of_all=True)

    def _grid(self, formula: str | tuple[tuple[str, ...], ...], wanted: Node) -> Grid:
        """The formula, or the entries of a matrix of formulas; for an array, names may be of all observations."""
        of_all = not wanted.is_single
        if not isinstance(formula, str):
            return [[self.reader.read(text, of_all=of_all) for text in row] for row in formula]
        node = self.reader.read(formula, of_all=of_all)
        if node.kind == "block" and all(part.is_single for row in node.parts for part in row.parts):
            return [list(row.parts) for row in node.parts]
        return [[node]]

    def _decided(self, nodes: Grid, wanted: Node) -> Equality:
        """Whether the formulas are what is wanted, however arrays are laid out."""
        whole, best = _whole(nodes), Equality(False, True)
        for laid in LAYINGS:
            try:
                said, right = (entries_of(each, Expressions(self.derivation), laid=laid) for each in (whole, wanted))
            except (ValueError, IndexError):
                continue
            if not _alike(said, right):
                continue
            each_one = [
                self.comparison.of(as_expression(one), as_expression(other))
                for one, other in zip(said.reshape(-1), right.reshape(-1), strict=True)
            ]
            best = Equality(all(each.holds for each in each_one), all(each.exact for each in each_one))
            if best.holds:
                break
        return best

    def _nearly(self, nodes: Grid, wanted: Node) -> str:
        """What is to say of a formula whose floats are right and whose digits are not."""
        place = self.comparison.places[0]
        said, right = (entries_of(each, Expressions(self.derivation)).reshape(-1) for each in (_whole(nodes), wanted))
        pairs = [
            tuple(number_at(place, as_expression(each)) for each in pair) for pair in zip(said, right, strict=True)
        ]
        one, other = max(pairs, key=lambda pair: abs(pair[0] - pair[1]))
        return f"it is near to the right one, and not equal: {float(one):.17g} beside {float(other):.17g}"

    def _right(self, wanted: Node, places: Sequence[ArrayNumbers]) -> Right:
        """What is wanted at some points, in each way to lay arrays out."""
        found: Right = {}
        for laid in LAYINGS:
            try:
                found[laid] = [self._values(wanted, place, laid=laid) for place in places]
            except (ValueError, IndexError):
                continue
        return found

    def _values(self, node: Node, place: ArrayNumbers, *, laid: Laid = LAYINGS[0]) -> Numbers:
        return entries_of(node, Floats(place.array, self.derivation), laid=laid)

    def _equal(self, nodes: Grid, right: Right) -> bool:
        """Whether the formulas have the right numbers at every point, however arrays are laid out."""
        whole = _whole(nodes)
        for laid, numbers in right.items():
            try:
                if all(
                    _same(self._values(whole, place, laid=laid), wanted)
                    for place, wanted in zip(self.places, numbers, strict=True)
                ):
                    return True
            except (ValueError, IndexError):
                continue
        return False

    def _wrong_entries(self, nodes: Grid, right: Right) -> list[tuple[int, int]]:
        if (len(nodes) == 1 and len(nodes[0]) == 1) or LAYINGS[0] not in right:
            return []
        shape = (len(nodes), len(nodes[0]))
        wanted = [each.reshape(shape) for each in right[LAYINGS[0]] if each.size == shape[0] * shape[1]]
        return [
            (row, column)
            for row, line in enumerate(nodes)
            for column, node in enumerate(line)
            if any(
                not _same(self._values(node, place), np.asarray(numbers[row, column]))
                for place, numbers in zip(self.places, wanted, strict=False)
            )
        ]

    # What stands wrong

    def _diagnosis(
        self,
        nodes: Grid,
        right: Right,
        wanted: Node,
        wrong: list[tuple[int, int]],
    ) -> str | None:
        place = f"row {wrong[0][0] + 1}, column {wrong[0][1] + 1}: " if len(wrong) == 1 else ""
        if self._equal([[Node("negative", (node,)) for node in row] for row in nodes], right):
            return place + "the sign is turned"
        for factor, words in ((2, "half as large as it should be"), (0.5, "twice as large as it should be")):
            scaled = [[Node("*", (Node("number", of=factor), node)) for node in row] for row in nodes]
            if self._equal(scaled, right):
                return f"{place}it is {words}"
        if self._equal([[Node("transposed", (_whole(nodes),))]], right):
            return "it is the transpose of what it should be"
        return self._mended(nodes, right, place) or self._of_another(nodes, wanted) or self._mistake(nodes, wanted)

    def _of_another(self, nodes: Grid, wanted: Node) -> str | None:
        """The derivative of another unit that the formula is."""
        if not isinstance(wanted.of, Quantity):
            return None
        name = neutral(wanted.of)
        found = UPPER.match(name)
        for layer, array in enumerate(self.derivation.now.outs if found else (), 1):
            for unit in range(array.axes[-1].size or 0):
                try:
                    other = self.reader.names.resolve(UPPER.sub(rf"d\1[{layer}][{unit}]", name))
                except SymbackpropError:
                    continue
                right = self._right(Node("name", of=other), self.places) if other != wanted.of else {}
                if right and self._equal(nodes, right):
                    return f"it is {self._called(other)}, not {self._called(wanted.of)}"
        return None

    def _mended(self, nodes: Grid, right: Right, place: str) -> str | None:
        """The one name, sign or transposition whose change makes the formula right, at one place or at several."""
        for count, (changed, sentence) in enumerate(self._changes(nodes)):
            if count > MOST_TRIED:
                return None
            if self._equal(changed, right):
                return place + sentence
        return self._twice_mended(nodes, right, place)

    def _twice_mended(self, nodes: Grid, right: Right, place: str) -> str | None:
        """Two names that stand for other entries of their arrays, each in one term."""
        for count, (first, sentence) in enumerate(self._exchanges(nodes)):
            if count > MOST_FIRST:
                return None
            for changed, further in self._exchanges(first):
                if self._equal(changed, right):
                    return f"{place}{sentence}, and {further}"
        return None

    def _exchanges(self, nodes: Grid) -> Iterator[tuple[Grid, str]]:
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

    def _changes(self, nodes: Grid) -> Iterator[tuple[Grid, str]]:
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
        elif part.kind in BRACKETS:
            yield Node("transposed", (part,)), "the matrix in brackets should be transposed"
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

    def _mistake(self, nodes: Grid, wanted: Node) -> str | None:
        """The mistake of the catalogue that has this formula."""
        subject = Subject.of(self.derivation.system, self.derivation.loss, self.derivation.steps)
        for variant in variants_of(subject, MISTAKES, kinds=("backward", "forward", "update")):

            def definition(array: Array, variant: Any = variant) -> Any:
                return variant.new.get(array) or self.derivation.definition(array)

            others = [place.with_equations(definition, variant.changed) for place in self.places]
            if self._equal(nodes, self._right(wanted, others)):
                return f"{variant.mistake.sentence} (in {array_text(self.derivation, variant.place)})"
        return None


def _whole(nodes: Grid) -> Node:
    """One formula for a matrix of formulas."""
    if len(nodes) == 1 and len(nodes[0]) == 1:
        return nodes[0][0]
    return Node("block", tuple(Node("row", tuple(line)) for line in nodes))


def _alike(found: Numbers, wanted: Numbers) -> bool:
    """Whether two shapes are the same; a vector may lie or stand."""
    flat = 1 in found.shape or found.ndim < 2
    return found.size == wanted.size and (found.ndim != wanted.ndim or found.shape == wanted.shape or flat)


def _same(found: Numbers, wanted: Numbers) -> bool:
    if not _alike(found, wanted):
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
