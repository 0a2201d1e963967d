"""Statements as loops in C: for one observation, or for blocks of them with the observation innermost.

Writes the inside of a function, and knows neither its arguments nor what stands before and behind it.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import replace

from symbackprop.compiled.c_products import ProductWriter
from symbackprop.compiled.divisions import Inverse, multiplied
from symbackprop.compiled.entries import over_one
from symbackprop.compiled.forms import Temporary
from symbackprop.compiled.naming import Identifiers
from symbackprop.compiled.nests import Nest, nests, term_of
from symbackprop.compiled.phases import Accumulate
from symbackprop.compiled.statements import (
    Gathered,
    ProductSum,
    Program,
    Statement,
    Total,
    count_of,
    letters_in,
    targets,
)
from symbackprop.expressions import ONE, Expression, Reference, product_of, sum_of
from symbackprop.printing.c import C_DIALECT
from symbackprop.printing.dialect import Label, Precedence
from symbackprop.quantities import Array, Axis, Cell
from symbackprop.terms import Kronecker

STACK = 32_768  # doubles of working memory that stand on the stack; more is allocated
TILE = 16  # observations whose sums stand in registers
INDENT = "    "


class LoopWriter:
    """Writes a program's statements. ``many``: for a block of observations, ``lanes`` of them; else for one.

    ``outer`` are the arrays that the function takes by address.
    """

    def __init__(self, program: Program, outer: Sequence[Array]) -> None:
        self.program = program
        self.names = Identifiers(program, arrays=True)
        self.many = False
        self.outer = set(outer)
        # A dict, for a set's order differs from run to run, and with it the source, which is kept by its content.
        self.observed = dict.fromkeys([*program.inputs, *([program.targets] if program.targets else [])])
        self.lanes = self._lanes()
        self.products = ProductWriter(self.names, self.observed)

    def rows(self) -> list[Array]:
        """The arrays that a block holds for each of its observations."""
        found = [*self.observed]
        for statement in self.program.statements:
            found += [array for array in targets(statement) if array.has_observations]
        return found

    def _lanes(self) -> int:
        rows = sum(count_of(array.axes) for array in self.rows())
        return next((lanes for lanes in (128, 64, 32) if rows * lanes <= STACK // 2), TILE)

    def comments(self, arrays: Sequence[Array]) -> list[str]:
        return [f"/* {line} */" for line in self.names.comments(arrays)]

    def scratch(self, arrays: Sequence[Array], turned: Sequence[Array] = ()) -> Iterator[str]:
        sizes = self._sizes(arrays, turned)
        if sum(sizes.values()) <= STACK:
            yield from (f"double {name}[{size}];" for name, size in sizes.items())
            return
        yield f"double *const work = malloc(sizeof(double) * {sum(sizes.values())});"
        yield "if (!work)"
        yield f"{INDENT}return 1;"
        start = 0
        for name, size in sizes.items():
            yield f"double *const restrict {name} = work + {start};"
            start += size

    def freed(self, arrays: Sequence[Array], turned: Sequence[Array] = ()) -> Iterator[str]:
        if sum(self._sizes(arrays, turned).values()) > STACK:
            yield "free(work);"

    def _sizes(self, arrays: Sequence[Array], turned: Sequence[Array]) -> dict[str, int]:
        """The doubles of every array of working memory, by name."""
        sizes = {
            self.local(array): count_of(array.axes) * (self.lanes if self._in_lanes(array) else 1) for array in arrays
        }
        return sizes | {self.products.turned(array): count_of(array.axes) * self.lanes for array in turned}

    def _in_lanes(self, array: Array) -> bool:
        return self.many and (array.has_observations or array in self.observed)

    def local(self, array: Array) -> str:
        return f"{self.names.array(array)}{'_block' if self.many and array in self.observed else ''}"

    def _cell(self, leaf: Hashable) -> Label:
        match leaf:
            case Cell(array, indices):
                return Label(f"{self.local(array)}[{self._place(array, indices)}]")
            case Temporary():
                return Label(self.names.temporary(leaf))
            case Inverse():
                return Label(self.names.inverse(leaf))
            case Kronecker(left, right):
                return Label(f"(double)({left} == {right})")
            case Axis():
                return Label("(double)n")
        raise AssertionError(leaf)

    def _place(self, array: Array, indices: Sequence[str], lane: str = "b") -> str:
        text = ""
        for index, axis in zip(indices, array.axes, strict=True):
            if axis.kind != "observation":
                text = (
                    f"{text} * {axis.size} + {index}"
                    if text and "+" not in text
                    else f"({text}) * {axis.size} + {index}"
                    if text
                    else f"{index}"
                )
        if self._in_lanes(array):
            whole = f"({text})" if "+" in text else text
            return f"{whole} * {self.lanes} + {lane}" if text else lane
        return text or "0"

    def _law(self, law: Expression) -> Expression:
        return law if self.many else over_one(law)

    def statement(self, statement: Statement | Accumulate) -> Iterator[str]:
        if isinstance(statement, Gathered):
            yield from self._gathering(statement)
        elif isinstance(statement, Total):
            yield from self._total(statement)
        elif isinstance(statement, Accumulate):
            yield from self._accumulation(statement)
        else:
            for nest in nests(statement):
                assert isinstance(nest, Nest)
                yield from self._nest(nest)

    def _nest(self, nest: Nest) -> Iterator[str]:
        lanes = self.many and nest.observed
        depth = 0
        for letter, extent in nest.letters:
            yield f"{INDENT * depth}for (int {letter} = 0; {letter} < {extent}; {letter}++)" + (
                " {" if not lanes and letter == nest.letters[-1][0] else ""
            )
            depth += 1
        if lanes:
            yield f"{INDENT * depth}for (int b = 0; b < {self.lanes}; b++) {{"
            depth += 1
        elif not nest.letters:
            yield "{"
            depth += 1
        for target, law in multiplied(nest.lines) if lanes and nest.operation == "=" else nest.lines:
            text = C_DIALECT.text(self._law(law), self._cell)
            if isinstance(target, Temporary | Inverse):
                yield f"{INDENT * depth}const double {self._cell(target).text} = {text};"
                continue
            left = self._cell(target).text
            if nest.operation == "larger":
                text = f"larger({left}, {text})"
            yield f"{INDENT * depth}{left} {'+=' if nest.operation == '+=' else '='} {text};"
        yield f"{INDENT * (depth - 1)}}}"

    def _total(self, statement: Total) -> Iterator[str]:
        target = statement.target
        products = [self._without_observations(each) for each in statement.products]
        plain = [each for each in products if not each.summed]
        summed = [each for each in products if each.summed]
        start = self._law(sum_of([term_of(each) for each in plain])) if plain else None
        axes = dict(zip(target.indices, target.array.axes, strict=True))
        outer = [(letter, axis.size or 0) for letter, axis in axes.items() if axis.kind != "observation"]
        if self.many and target.array.has_observations:
            calls = [self.products.over_units(target, each, self.lanes) for each in summed]
            if all(calls):
                first = "0.0" if start is None else C_DIALECT.text(start, self._cell)
                lane = f"for (int b = 0; b < {self.lanes}; b++)"
                yield from loops(outer, [lane, f"{INDENT}{self._cell(target).text} = {first};"])
                yield from calls
                return
            yield from self._tiles(target, outer, start, summed)
            return
        left = self._cell(target).text
        dots = [self._dot(each) for each in summed]
        if all(dots):
            parts = [*([C_DIALECT.text(start, self._cell)] if start is not None else []), *dots]
            yield from loops(outer, [f"{left} = {' + '.join(str(each) for each in parts) or '0.0'};"])
            return
        first = C_DIALECT.text(start, self._cell) if start is not None else "0.0"
        yield from loops(outer, [f"{left} = {first};"])
        for each in summed:
            inner = [(letter, axis.size or 0) for letter, axis in each.summed]
            text = C_DIALECT.text(self._law(term_of(each)), self._cell)
            yield from loops([*inner, *outer], [f"{left} += {text};"])

    def _without_observations(self, product: ProductSum) -> ProductSum:
        if self.many:
            return product
        kept = tuple((letter, axis) for letter, axis in product.summed if axis.kind != "observation")
        return replace(product, summed=kept, means=0)

    def _dot(self, product: ProductSum) -> str:
        """A sum along rows that lie in memory side by side, as a call; empty if it is not one."""
        if len(product.summed) != 1:
            return ""
        ((letter, axis),) = product.summed
        along = [each for each in product.factors if letter in letters_in(each)]
        rest = [each for each in product.factors if letter not in letters_in(each)]
        if not 1 <= len(along) <= 2 or not all(self._is_row(each, letter) for each in along):
            return ""
        addresses = []
        for each in along:
            assert isinstance(each, Reference)
            assert isinstance(each.of, Cell)
            indices = ["0" if index == letter else index for index in each.of.indices]
            addresses.append(f"{self.local(each.of.array)} + {self._place(each.of.array, indices)}")
        call = f"{'dot' if len(along) == 2 else 'added'}({', '.join(addresses)}, {axis.size})"
        outside = self._law(product_of([term_of(replace(product, factors=(), summed=())), *rest]))
        return (
            call
            if outside == ONE
            else f"{C_DIALECT.within(C_DIALECT.said(outside, self._cell), Precedence.PRODUCT)} * {call}"
        )

    def _is_row(self, factor: Expression, letter: str) -> bool:
        if not isinstance(factor, Reference) or not isinstance(factor.of, Cell):
            return False
        return factor.of.indices[-1] == letter and factor.of.indices.count(letter) == 1

    def _tiles(
        self, target: Cell, outer: list[tuple[str, int]], start: Expression | None, summed: Sequence[ProductSum]
    ) -> Iterator[str]:
        """Sums for 16 observations at a time, which stay in registers while the summed letters run."""
        first = "0.0" if start is None else C_DIALECT.text(start, self._cell)
        lane = f"for (int b = a; b < a + {TILE}; b++)"
        body = [
            f"for (int a = 0; a < {self.lanes}; a += {TILE}) {{",
            f"{INDENT}double sums[{TILE}];",
            f"{INDENT}{lane}",
            f"{INDENT * 2}sums[b - a] = {first};",
        ]
        for each in summed:
            inner = [(letter, axis.size or 0) for letter, axis in each.summed]
            text = C_DIALECT.text(self._law(term_of(each)), self._cell)
            body += [INDENT + line for line in loops(inner, [lane, f"{INDENT}sums[b - a] += {text};"])]
        body += [f"{INDENT}{lane}", f"{INDENT * 2}{self._cell(target).text} = sums[b - a];", "}"]
        yield from loops(outer, body)

    def _accumulation(self, statement: Accumulate) -> Iterator[str]:
        target, product = statement.target, statement.product
        outer = [(letter, axis.size or 0) for letter, axis in zip(target.indices, target.array.axes, strict=True)]
        inner = [(letter, axis.size or 0) for letter, axis in product.summed]
        cells = [each.of for each in product.factors if isinstance(each, Reference) and isinstance(each.of, Cell)]
        left = self._cell(target).text
        matrix = self.products.over_observations(target, product, self.lanes)
        if matrix:
            yield from matrix
            return
        if len(cells) == len(product.factors) <= 2 and all(self._in_lanes(cell.array) for cell in cells):
            addresses = [f"{self.local(cell.array)} + {self._place(cell.array, cell.indices, '0')}" for cell in cells]
            text = f"{'dot' if len(cells) == 2 else 'added'}({', '.join(addresses)}, m)"
            yield from loops([*outer, *inner], [f"{left} += {text};"])
            return
        law = C_DIALECT.text(self._law(product_of(list(product.factors))), self._cell)
        body = ["for (ptrdiff_t b = 0; b < m; b++)", f"{INDENT}{left} += {law};"]
        yield from loops([*outer, *inner], body)

    def _gathering(self, statement: Gathered) -> Iterator[str]:
        name = self.local(statement.target.array)
        yield f"for (int i = 0; i < {count_of(statement.target.array.axes)}; i++)"
        yield f"{INDENT}{name}[i] = 0.0;"
        for number, source in enumerate(statement.sources):
            pairs = [
                (to, flat_place(source, place))
                for to, uses in enumerate(statement.table)
                for each, place in uses
                if each == number
            ]
            if not pairs:
                continue
            to, start = (", ".join(str(pair[side]) for pair in pairs) for side in (0, 1))
            yield "{"
            yield f"{INDENT}static const int to[] = {{{to}}}, from[] = {{{start}}};"
            yield f"{INDENT}for (int i = 0; i < {len(pairs)}; i++)"
            yield f"{INDENT * 2}{name}[to[i]] += {self.local(source)}[from[i]];"
            yield "}"


def loops(letters: Sequence[tuple[str, int]], body: Sequence[str]) -> Iterator[str]:
    """The lines inside of loops over the letters, the last one innermost."""
    for depth, (letter, extent) in enumerate(letters):
        brace = " {" if depth == len(letters) - 1 and len(body) > 1 else ""
        yield f"{INDENT * depth}for (int {letter} = 0; {letter} < {extent}; {letter}++){brace}"
    yield from (INDENT * len(letters) + line for line in body)
    if letters and len(body) > 1:
        yield f"{INDENT * (len(letters) - 1)}}}"


def flat_place(array: Array, place: Sequence[int]) -> int:
    """Where an entry stands in row-major memory, observations aside."""
    flat = 0
    sizes = [axis.size or 0 for axis in array.axes if axis.kind != "observation"]
    for index, size in zip(place, sizes, strict=True):
        flat = flat * size + index
    return flat


def indented(lines: Sequence[str]) -> list[str]:
    """The lines, one level further in."""
    return [INDENT + line for line in lines]
