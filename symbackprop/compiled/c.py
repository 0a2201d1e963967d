"""A program as one C file that stands alone: straight-line or loops for one observation, blocks of them for many.

In blocks the observation is the innermost index, so that a compiler turns every line into vector instructions. ``exp``,
``expm1`` and ``tanh`` are the source's own, without branches and within an ulp or two, for the same reason.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import replace

from symbackprop import __version__
from symbackprop.compiled.forms import Temporary
from symbackprop.compiled.naming import Identifiers, title_of
from symbackprop.compiled.nests import Nest, nests, term_of
from symbackprop.compiled.phases import Accumulate, Entry, folded, phases_of, scalars
from symbackprop.compiled.prelude import ADDED, DOT, EXPONENTIAL, EXPONENTIAL_LESS_1, EXTREMES, HYPERBOLIC_TANGENT
from symbackprop.compiled.statements import Gathered, ProductSum, Program, Statement, Total, letters_in, targets
from symbackprop.expressions import ONE, Expression, Reference, product_of, substituted, sum_of
from symbackprop.printing.c import C_DIALECT, SCALAR_C
from symbackprop.printing.dialect import Label, Precedence
from symbackprop.quantities import Array, Axis, Cell
from symbackprop.system import Kronecker

STRAIGHT = 200  # operations for one observation, up to which each number has a line of its own
STACK = 32_768  # doubles of working memory that stand on the stack; more is allocated
TILE = 16  # observations whose sums stand in registers
INDENT = "    "


def c_source(program: Program) -> str:
    """The source: a function of the task's name; its header comment says what it takes."""
    return _Writer(program).source()


def pointers(program: Program) -> tuple[Array, ...]:
    """The arrays that the function takes by address, in order: inputs, targets, parameters, loss, results."""
    target = () if program.targets is None else (program.targets,)
    return (*program.inputs, *target, *program.parameters.values(), program.loss, *program.results.values())


class _Writer:
    def __init__(self, program: Program) -> None:
        self.program = program
        self.names = Identifiers(program, arrays=True)
        self.straight = program.operations <= STRAIGHT
        self.many = False
        self.given = set(pointers(program)[: -1 - len(program.results)])
        self.outer = set(pointers(program))
        self.observed = {*program.inputs, *([program.targets] if program.targets else [])}
        self.lanes = self._lanes()

    def _rows(self) -> list[Array]:
        """The arrays that a block holds for each of its observations."""
        found = [*self.observed]
        for statement in self.program.statements:
            found += [array for array in targets(statement) if array.has_observations]
        return found

    def _lanes(self) -> int:
        rows = sum(_size(array) for array in self._rows())
        return next((lanes for lanes in (128, 64, 32) if rows * lanes <= STACK // 2), TILE)

    def source(self) -> str:
        one, many = self._one(), self._many()
        body = "\n".join([*one, "", *many])
        helpers = ""
        uses = {
            each: re.search(rf"\b{each}\(", body)
            for each in ("exponential", "exponential_less_1", "hyperbolic_tangent")
        }
        if any(uses.values()):
            helpers += EXPONENTIAL
        if uses["exponential_less_1"] or uses["hyperbolic_tangent"]:
            helpers += EXPONENTIAL_LESS_1
        if uses["hyperbolic_tangent"]:
            helpers += HYPERBOLIC_TANGENT
        for name, text in (("larger", EXTREMES), ("dot", DOT), ("added", ADDED)):
            if re.search(rf"\b{name}\(", body) or (name == "larger" and re.search(r"\bsmaller\(", body)):
                helpers += text
        helpers = helpers if "smaller(" in body or "larger(" not in helpers else _without(helpers, "smaller")
        helpers = helpers if "larger(" in body or "smaller(" not in helpers else _without(helpers, "larger")
        tables = [self._table(array) for array in self.program.tables]
        return "\n".join([*self._header(), helpers, *tables, body, ""])

    def _table(self, array: Array) -> str:
        values = ", ".join(f"{value}.0" for value in self.program.tables[array])
        return f"static const double {self.names.array(array)}[] = {{{values}}};\n"

    def _header(self) -> list[str]:
        head = title_of(self.program)
        lines = [
            "/*",
            f" * {head[0].upper()}{head[1:]}.",
            f" * Written by symbackprop {__version__}; needs nothing but the C library (-lm).",
            " *",
        ]
        lines += [
            f" * int {self.program.task.function}(ptrdiff_t n, ...) for n observations; arrays are row-major doubles:"
        ]
        for array in pointers(self.program):
            shape = "".join(f"[{'n' if axis.kind == 'observation' else axis.size}]" for axis in array.axes) or "[1]"
            way = "given" if array in self.given else "written"
            lines.append(f" *   {self.names.array(array)}{shape} {way}")
        return [
            *lines,
            " * It returns 0, or 1 if there is no memory.",
            " */",
            "#include <math.h>",
            "#include <stddef.h>",
            "#include <stdint.h>",
            "#include <stdlib.h>",
            "#include <string.h>",
        ]

    def _signature(self, name: str, *, static: bool) -> str:
        arrays = ", ".join(
            f"{'const ' if array in self.given else ''}double *restrict {self.names.array(array)}"
            for array in pointers(self.program)
        )
        return f"{'static int' if static else 'int'} {name}({'' if static else 'ptrdiff_t n, '}{arrays})"

    def _one(self) -> list[str]:
        self.many = False
        lines: list[str] = []
        if self.straight:
            lines += self._loaded()
            for statement in self.program.statements:
                lines += self._comments(targets(statement))
                for entry, law in scalars([statement], one=True):
                    lines.append(f"const double {self.names.entry(entry)} = {SCALAR_C.text(law, self._label)};")
            lines += self._stored()
        else:
            scratch = [array for each in self.program.statements for array in targets(each) if array not in self.outer]
            lines += self._scratch(scratch)
            for statement in self.program.statements:
                lines += self._comments(targets(statement))
                lines += self._statement(statement)
            lines += self._freed(scratch)
        unused = [f"(void){self.names.array(array)};" for array in pointers(self.program)]
        return [self._signature("one_observation", static=True), "{", *_indented([*unused, *lines, "return 0;"]), "}"]

    def _loaded(self) -> Iterator[str]:
        """Every given number under its own name; those that no line uses are left out."""
        text = "\n".join(SCALAR_C.text(law, self._label) for _, law in scalars(self.program.statements, one=True))
        used = set(re.findall(r"\w+", text))
        for array in (*self.given, *self.program.tables):
            for place in _places(array):
                name = self.names.entry(Entry(array, place))
                if name in used:
                    yield f"const double {name} = {self.names.array(array)}[{_flat(array, place)}];"

    def _stored(self) -> Iterator[str]:
        for array in (self.program.loss, *self.program.results.values()):
            for place in _places(array):
                yield f"{self.names.array(array)}[{_flat(array, place)}] = {self.names.entry(Entry(array, place))};"

    def _label(self, leaf: Hashable) -> Label:
        assert isinstance(leaf, Entry)
        return Label(self.names.entry(leaf))

    def _comments(self, arrays: Sequence[Array]) -> list[str]:
        return [f"/* {line} */" for line in self.names.comments(arrays)]

    def _scratch(self, arrays: Sequence[Array]) -> Iterator[str]:
        sizes = {self._local(array): _size(array) * (self.lanes if self._in_lanes(array) else 1) for array in arrays}
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

    def _freed(self, arrays: Sequence[Array]) -> Iterator[str]:
        if sum(_size(array) * (self.lanes if self._in_lanes(array) else 1) for array in arrays) > STACK:
            yield "free(work);"

    def _in_lanes(self, array: Array) -> bool:
        return self.many and (array.has_observations or array in self.observed)

    def _local(self, array: Array) -> str:
        return f"{self.names.array(array)}{'_block' if self.many and array in self.observed else ''}"

    def _cell(self, leaf: Hashable) -> Label:
        match leaf:
            case Cell(array, indices):
                return Label(f"{self._local(array)}[{self._place(array, indices)}]")
            case Temporary():
                return Label(self.names.temporary(leaf))
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
        if self.many:
            return law
        return folded(substituted(law, lambda leaf: ONE if isinstance(leaf, Axis) else Reference(leaf)))

    def _statement(self, statement: Statement | Accumulate) -> Iterator[str]:
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
        for target, law in nest.lines:
            text = C_DIALECT.text(self._law(law), self._cell)
            if isinstance(target, Temporary):
                yield f"{INDENT * depth}const double {self.names.temporary(target)} = {text};"
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
            yield from self._tiles(target, outer, start, summed)
            return
        left = self._cell(target).text
        dots = [self._dot(each) for each in summed]
        if all(dots):
            parts = [*([C_DIALECT.text(start, self._cell)] if start is not None else []), *dots]
            yield from _loops(outer, [f"{left} = {' + '.join(str(each) for each in parts) or '0.0'};"])
            return
        first = C_DIALECT.text(start, self._cell) if start is not None else "0.0"
        yield from _loops(outer, [f"{left} = {first};"])
        for each in summed:
            inner = [(letter, axis.size or 0) for letter, axis in each.summed]
            text = C_DIALECT.text(self._law(term_of(each)), self._cell)
            yield from _loops([*inner, *outer], [f"{left} += {text};"])

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
            addresses.append(f"{self._local(each.of.array)} + {self._place(each.of.array, indices)}")
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
            body += [INDENT + line for line in _loops(inner, [lane, f"{INDENT}sums[b - a] += {text};"])]
        body += [f"{INDENT}{lane}", f"{INDENT * 2}{self._cell(target).text} = sums[b - a];", "}"]
        yield from _loops(outer, body)

    def _accumulation(self, statement: Accumulate) -> Iterator[str]:
        target, product = statement.target, statement.product
        outer = [(letter, axis.size or 0) for letter, axis in zip(target.indices, target.array.axes, strict=True)]
        inner = [(letter, axis.size or 0) for letter, axis in product.summed]
        cells = [each.of for each in product.factors if isinstance(each, Reference) and isinstance(each.of, Cell)]
        left = self._cell(target).text
        if len(cells) == len(product.factors) <= 2 and all(self._in_lanes(cell.array) for cell in cells):
            addresses = [f"{self._local(cell.array)} + {self._place(cell.array, cell.indices, '0')}" for cell in cells]
            text = f"{'dot' if len(cells) == 2 else 'added'}({', '.join(addresses)}, m)"
            yield from _loops([*outer, *inner], [f"{left} += {text};"])
            return
        law = C_DIALECT.text(self._law(product_of(list(product.factors))), self._cell)
        body = ["for (ptrdiff_t b = 0; b < m; b++)", f"{INDENT}{left} += {law};"]
        yield from _loops([*outer, *inner], body)

    def _gathering(self, statement: Gathered) -> Iterator[str]:
        name = self._local(statement.target.array)
        yield f"for (int i = 0; i < {_size(statement.target.array)}; i++)"
        yield f"{INDENT}{name}[i] = 0.0;"
        for number, source in enumerate(statement.sources):
            pairs = [
                (to, _flat(source, place))
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
            yield f"{INDENT * 2}{name}[to[i]] += {self._local(source)}[from[i]];"
            yield "}"

    def _many(self) -> list[str]:
        self.many = True
        phases = phases_of(self.program)
        blocks = self._rows()
        rest = [
            array for each in (*phases.before, *phases.after) for array in targets(each) if array not in self.outer
        ] + [array for array in phases.sums if array not in self.outer]
        scratch = list(dict.fromkeys([*blocks, *rest]))
        lines = [*self._scratch(scratch)]
        for statement in phases.before:
            lines += [*self._comments(targets(statement)), *self._statement(statement)]
        for array in phases.sums:
            name = self._local(array)
            lines += [f"for (int i = 0; i < {_size(array)}; i++)", f"{INDENT}{name}[i] = 0.0;"]
        inner = [f"const ptrdiff_t m = n - start < {self.lanes} ? n - start : {self.lanes};"]
        for array in self._givens_by_observation():
            size = _size(array)
            name = self.names.array(array)
            inner += [
                f"for (int i = 0; i < {size}; i++)",
                f"{INDENT}for (ptrdiff_t b = 0; b < {self.lanes}; b++)",
                f"{INDENT * 2}{name}_block[i * {self.lanes} + b] = {name}[(start + (b < m ? b : m - 1)) * {size} + i];",
            ]
        for each in phases.each:
            arrays = (each.target.array,) if isinstance(each, Accumulate) else targets(each)
            inner += [*self._comments(arrays), *self._statement(each)]
        lines += [f"for (ptrdiff_t start = 0; start < n; start += {self.lanes}) {{", *_indented(inner), "}"]
        for statement in phases.after:
            lines += [*self._comments(targets(statement)), *self._statement(statement)]
        lines += self._freed(scratch)
        arguments = ", ".join(self.names.array(array) for array in pointers(self.program))
        first = ["if (n == 1)", f"{INDENT}return one_observation({arguments});"]
        return [
            self._signature(self.program.task.function, static=False),
            "{",
            *_indented([*first, *lines, "return 0;"]),
            "}",
        ]

    def _givens_by_observation(self) -> list[Array]:
        return [*self.program.inputs, *([self.program.targets] if self.program.targets else [])]


def _without(helpers: str, name: str) -> str:
    return "\n".join(line for line in helpers.split("\n") if not line.startswith(f"static inline double {name}("))


def _loops(letters: Sequence[tuple[str, int]], body: Sequence[str]) -> Iterator[str]:
    for depth, (letter, extent) in enumerate(letters):
        brace = " {" if depth == len(letters) - 1 and len(body) > 1 else ""
        yield f"{INDENT * depth}for (int {letter} = 0; {letter} < {extent}; {letter}++){brace}"
    yield from (INDENT * len(letters) + line for line in body)
    if letters and len(body) > 1:
        yield f"{INDENT * (len(letters) - 1)}}}"


def _size(array: Array) -> int:
    size = 1
    for axis in array.axes:
        size *= 1 if axis.kind == "observation" else (axis.size or 0)
    return size


def _places(array: Array) -> list[tuple[int, ...]]:
    places: list[tuple[int, ...]] = [()]
    for axis in array.axes:
        if axis.kind != "observation":
            places = [(*place, index) for place in places for index in range(axis.size or 0)]
    return places


def _flat(array: Array, place: Sequence[int]) -> int:
    flat = 0
    sizes = [axis.size or 0 for axis in array.axes if axis.kind != "observation"]
    for index, size in zip(place, sizes, strict=True):
        flat = flat * size + index
    return flat


def _indented(lines: Sequence[str]) -> list[str]:
    return [INDENT + line for line in lines]
