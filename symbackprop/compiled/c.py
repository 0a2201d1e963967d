"""A program as one C file that stands alone: straight-line or loops for one observation, blocks of them for many.

In blocks the observation is the innermost index, so that a compiler turns every line into vector instructions. ``exp``,
``expm1`` and ``tanh`` are the source's own, without branches and within an ulp or two, for the same reason.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Iterator

from symbackprop import __version__
from symbackprop.compiled.c_lanes import LaneWriter
from symbackprop.compiled.c_loops import INDENT, LoopWriter, flat_place, indented
from symbackprop.compiled.divisions import SHARE
from symbackprop.compiled.entries import Entry, scalars
from symbackprop.compiled.layout import WIDEST, fitted
from symbackprop.compiled.naming import title_of
from symbackprop.compiled.phases import Accumulate, Phases, phases_of
from symbackprop.compiled.prelude import parts_for
from symbackprop.compiled.statements import Program, count_of, places_of, targets
from symbackprop.printing.c import SCALAR_C
from symbackprop.printing.dialect import Label
from symbackprop.quantities import Array

STRAIGHT = 200  # operations for one observation, up to which each number has a line of its own
WORD = re.compile(r"\w+")
IN_LANES = 160  # the same for many observations side by side: more take compilers above half a second


def c_source(program: Program) -> str:
    """The source: a function of the task's name; its header comment says what it takes."""
    return _Writer(program).source()


def pointers(program: Program) -> tuple[Array, ...]:
    """The arrays that the function takes by address, in order: inputs, targets, parameters, loss, results."""
    target = () if program.targets is None else (program.targets,)
    return (*program.inputs, *target, *program.parameters.values(), program.loss, *program.results.values())


class _Writer(LoopWriter):
    def __init__(self, program: Program) -> None:
        super().__init__(program, pointers(program))
        self.straight = program.operations <= STRAIGHT
        self.given = set(pointers(program)[: -1 - len(program.results)])
        self.results = (program.loss, *program.results.values())

    def source(self) -> str:
        one, many = self._one(), self._many()
        body = "\n".join([*one, "", *many])
        tables = [self._table(array) for array in self.program.tables]
        return fitted("\n".join([*self._header(), parts_for(body), *tables, body, ""]), brackets=False)

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
        arguments = [] if static else ["ptrdiff_t n"]
        for array in pointers(self.program):
            arguments.append(f"{'const ' if array in self.given else ''}double *restrict {self.names.array(array)}")
        lines = [f"{'static int' if static else 'int'} {name}({arguments[0]}"]
        for argument in arguments[1:]:
            if len(lines[-1]) + len(argument) < WIDEST:
                lines[-1] += f", {argument}"
            else:
                lines[-1] += ","
                lines.append(INDENT + argument)
        return "\n".join(lines) + ")"

    def _one(self) -> list[str]:
        self.many = False
        lines: list[str] = []
        if self.straight:
            lines += self._straight()
        else:
            scratch = [array for each in self.program.statements for array in targets(each) if array not in self.outer]
            lines += self.scratch(scratch)
            for statement in self.program.statements:
                lines += self.comments(targets(statement))
                lines += self.statement(statement)
            lines += self.freed(scratch)
        used = set(WORD.findall("\n".join(lines)))
        names = [self.names.array(array) for array in pointers(self.program)]
        unused = [f"(void){name};" for name in names if name not in used]
        return [self._signature("one_observation", static=True), "{", *indented([*unused, *lines, "return 0;"]), "}"]

    def _straight(self) -> Iterator[str]:
        """A line for each number. It is loaded where it is needed and stored where it is known: few are on the way."""
        loads = dict(self._loads())
        for statement in self.program.statements:
            lines = [
                f"const double {self.names.entry(entry)} = {SCALAR_C.text(law, self._label)};"
                for entry, law in scalars([statement], one=True)
            ]
            words = set(WORD.findall("\n".join(lines)))
            yield from (f"const double {name} = {loads.pop(name)};" for name in [*loads] if name in words)
            yield from self.comments(targets(statement))
            yield from lines
            yield from self._stored(targets(statement))

    def _loads(self) -> Iterator[tuple[str, str]]:
        """The name of every given number, and where it stands."""
        for array in (*pointers(self.program), *self.program.tables):
            if array in self.given or array in self.program.tables:
                for place in places_of(array):
                    name = self.names.entry(Entry(array, place))
                    yield name, f"{self.names.array(array)}[{flat_place(array, place)}]"

    def _stored(self, arrays: Iterable[Array]) -> Iterator[str]:
        for array in arrays:
            for place in places_of(array) if array in self.results else ():
                left = f"{self.names.array(array)}[{flat_place(array, place)}]"
                yield f"{left} = {self.names.entry(Entry(array, place))};"

    def _label(self, leaf: Hashable) -> Label:
        assert isinstance(leaf, Entry)
        return Label(self.names.entry(leaf))

    def _many(self) -> list[str]:
        self.many = True
        lines = list(self._lanes_or_blocks())
        arguments = ", ".join(self.names.array(array) for array in pointers(self.program))
        first = ["if (n == 1)", f"{INDENT}return one_observation({arguments});"]
        return [
            self._signature(self.program.task.function, static=False),
            "{",
            *indented([*first, *lines, "return 0;"]),
            "}",
        ]

    def _lanes_or_blocks(self) -> Iterator[str]:
        if self.program.operations <= min(IN_LANES, STRAIGHT):
            lanes = LaneWriter(self.program, self.names, pointers(self.program)[: -1 - len(self.program.results)])
            if lanes.vectorised:
                yield from lanes.source()
                yield from self._stored(self.results)
                return
        yield from self._blocks()

    def _blocks(self) -> list[str]:
        phases = phases_of(self.program)
        blocks = self.rows()
        rest = [
            array for each in (*phases.before, *phases.after) for array in targets(each) if array not in self.outer
        ] + [array for array in phases.sums if array not in self.outer]
        scratch = list(dict.fromkeys([*blocks, *rest]))
        turned = self._turned(phases)
        lines = [*self.scratch(scratch, turned)]
        for statement in phases.before:
            lines += [*self.comments(targets(statement)), *self.statement(statement)]
        for array in phases.sums:
            name = self.local(array)
            lines += [f"for (int i = 0; i < {count_of(array.axes)}; i++)", f"{INDENT}{name}[i] = 0.0;"]
        inner = [f"const ptrdiff_t m = n - start < {self.lanes} ? n - start : {self.lanes};"]
        for array in self._givens_by_observation():
            size = count_of(array.axes)
            name = self.names.array(array)
            inner += [
                f"turn(m, {size}, {name} + start * {size}, {size}, {name}_block, {self.lanes});",
                f"for (int i = 0; i < {size}; i++)",
                f"{INDENT}for (ptrdiff_t b = m; b < {self.lanes}; b++)",
                f"{INDENT * 2}{name}_block[i * {self.lanes} + b] = {name}_block[i * {self.lanes} + m - 1];",
            ]
        for each in phases.each:
            arrays = (each.target.array,) if isinstance(each, Accumulate) else targets(each)
            inner += [*self.comments(arrays), *self.statement(each)]
        lines += [f"for (ptrdiff_t start = 0; start < n; start += {self.lanes}) {{", *indented(inner), "}"]
        for statement in phases.after:
            lines += [*self.comments(targets(statement)), *self.statement(statement)]
        if re.search(rf"\b{self.names.inverse(SHARE)}\b", "\n".join(lines)):
            lines.insert(0, f"const double {self.names.inverse(SHARE)} = 1.0 / (double)n;")
        return [*lines, *self.freed(scratch, turned)]

    def _turned(self, phases: Phases) -> list[Array]:
        """The arrays of a block that products over observations take with units innermost."""
        pairs = (self.products.pair(each.target, each.product) for each in phases.each if isinstance(each, Accumulate))
        return list(dict.fromkeys(pair[1].array for pair in pairs if pair and pair[1].array not in self.observed))

    def _givens_by_observation(self) -> list[Array]:
        return [*self.program.inputs, *([self.program.targets] if self.program.targets else [])]
