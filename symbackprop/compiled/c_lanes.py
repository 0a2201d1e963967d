"""Small programs at many observations, in C: straight lines for 16 observations side by side, as vector instructions.

Every number keeps its name, and stays in a register as far as there are any. Sums over observations are kept apart for
each lane and added up at the end, in an order that is always the same. Writes the inside of a function.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Sequence

from symbackprop.compiled.divisions import SHARE, Inverse, multiplied
from symbackprop.compiled.entries import Assignment, Entry, scalars
from symbackprop.compiled.naming import Identifiers
from symbackprop.compiled.phases import Accumulate, phases_of
from symbackprop.compiled.statements import Program, Statement, count_of, places_of, targets
from symbackprop.expressions import Expression
from symbackprop.printing.c import C_DIALECT
from symbackprop.printing.dialect import Label
from symbackprop.quantities import Array, Axis

LANES = 16
INDENT = "    "
# What compilers turn into vector instructions: arithmetic, and the source's own functions.
VECTORISED = {
    *("exponential", "exponential_less_1", "hyperbolic_tangent", "logarithm", "logarithm_of_1_more"),
    *("larger", "smaller", "fabs", "sqrt"),
}
CALLED = re.compile(r"\b\w+(?=\()")


class LaneWriter:
    """Writes what a function does for n observations. ``given`` are the arrays that it takes."""

    def __init__(self, program: Program, names: Identifiers, given: Sequence[Array]) -> None:
        self.program, self.names, self.given = program, names, given
        self.rows = [*program.inputs, *([program.targets] if program.targets else [])]
        self.phases = phases_of(program)
        self.sums = {
            Entry(array, place): number
            for number, (array, place) in enumerate(
                (array, place) for array in self.phases.sums for place in places_of(array)
            )
        }
        self.inside = list(self._inside())
        lines = multiplied([(target, law) for target, law in self.inside if target not in self.sums])
        self.lines: dict[Hashable, list[tuple[Hashable, Expression]]] = {}
        for target, law in lines:
            owner = target.of if isinstance(target, Inverse) else target
            self.lines.setdefault(owner, []).append((target, law))

    def _inside(self) -> Iterator[Assignment]:
        for statement in self.phases.each:
            yield from scalars([statement], one=False)

    @property
    def vectorised(self) -> bool:
        """Whether every function that the lines call is one that becomes vector instructions."""
        texts = (C_DIALECT.text(law, self._label) for _, law in self.inside)
        return all(name in VECTORISED for text in texts for name in CALLED.findall(text))

    def source(self) -> Iterator[str]:
        """The lines of the function."""
        lanes = list(self._lanes())
        before, after = list(self._settled(self.phases.before)), list(self._settled(self.phases.after))
        used = set(re.findall(r"\w+", "\n".join([*before, *lanes, *after])))
        if self.names.inverse(SHARE) in used:
            yield f"const double {self.names.inverse(SHARE)} = 1.0 / (double)n;"
        yield from self._loaded(used)
        yield from before
        yield f"double sums[{len(self.sums)}][{LANES}] = {{{{0.0}}}}, kept[{len(self.sums)}][{LANES}];"
        yield from (f"double {self._last(array)}[{LANES * count_of(array.axes)}];" for array in self.rows)
        yield f"for (ptrdiff_t start = 0; start < n; start += {LANES}) {{"
        yield from (INDENT + line for line in [*self._addresses(), *lanes, *self._restored()])
        yield "}"
        for entry, number in self.sums.items():
            yield f"const double {self.names.entry(entry)} = added_lanes(sums[{number}]);"
        yield from after

    def _last(self, array: Array) -> str:
        return self.names.variant(array, "last")

    def _here(self, array: Array) -> str:
        return self.names.variant(array, "here")

    def _addresses(self) -> Iterator[str]:
        """Where this turn's observations stand; the last turn is filled up with the last one, which is not counted."""
        yield f"const ptrdiff_t m = n - start < {LANES} ? n - start : {LANES};"
        for array in self.rows:
            width = count_of(array.axes)
            yield f"const double *{self._here(array)} = {self.names.array(array)} + start * {width};"
        yield f"if (m < {LANES}) {{"
        yield f"{INDENT}memcpy(kept, sums, sizeof sums);"
        yield f"{INDENT}for (ptrdiff_t l = 0; l < {LANES}; l++) {{"
        yield f"{INDENT * 2}const ptrdiff_t from = l < m ? l : m - 1;"
        for array in self.rows:
            width = count_of(array.axes)
            last, here = self._last(array), self._here(array)
            yield f"{INDENT * 2}memcpy({last} + l * {width}, {here} + from * {width}, sizeof(double) * {width});"
        yield f"{INDENT}}}"
        yield from (f"{INDENT}{self._here(array)} = {self._last(array)};" for array in self.rows)
        yield "}"

    def _restored(self) -> Iterator[str]:
        yield f"if (m < {LANES})"
        yield f"{INDENT}for (int i = 0; i < {len(self.sums)}; i++)"
        yield f"{INDENT * 2}for (ptrdiff_t l = m; l < {LANES}; l++)"
        yield f"{INDENT * 3}sums[i][l] = kept[i][l];"

    def _lanes(self) -> Iterator[str]:
        body: list[str] = []
        for statement in self.phases.each:
            arrays = (statement.target.array,) if isinstance(statement, Accumulate) else targets(statement)
            body += [f"/* {line} */" for line in self.names.comments(arrays)]
            for entry, law in scalars([statement], one=False):
                if entry in self.sums:
                    ((_, law),) = multiplied([(entry, law)])
                    body.append(f"sums[{self.sums[entry]}][l] += {C_DIALECT.text(law, self._label)};")
                    continue
                for target, ready in self.lines[entry]:
                    body.append(f"const double {self._label(target).text} = {C_DIALECT.text(ready, self._label)};")
        used = set(re.findall(r"\w+", "\n".join(body)))
        yield f"for (int l = 0; l < {LANES}; l++) {{"
        for array in self.rows:
            width = count_of(array.axes)
            for number, place in enumerate(places_of(array)):
                name = self.names.entry(Entry(array, place))
                if name in used:
                    at = (f"l * {width}" if width > 1 else "l") + (f" + {number}" if number else "")
                    yield f"{INDENT}const double {name} = {self._here(array)}[{at}];"
        yield from (INDENT + line for line in body)
        yield "}"

    def _settled(self, statements: Sequence[Statement]) -> Iterator[str]:
        """What is done once, before or after all observations."""
        for statement in statements:
            yield from (f"/* {line} */" for line in self.names.comments(targets(statement)))
            for entry, law in scalars([statement], one=False):
                yield f"const double {self.names.entry(entry)} = {C_DIALECT.text(law, self._label)};"

    def _loaded(self, used: set[str]) -> Iterator[str]:
        for array in (*self.given, *self.program.tables):
            if array in self.rows:
                continue
            for number, place in enumerate(places_of(array)):
                name = self.names.entry(Entry(array, place))
                if name in used:
                    yield f"const double {name} = {self.names.array(array)}[{number}];"

    def _label(self, leaf: Hashable) -> Label:
        match leaf:
            case Entry():
                return Label(self.names.entry(leaf))
            case Inverse():
                return Label(self.names.inverse(leaf))
            case Axis():
                return Label("(double)n")
        raise AssertionError(leaf)
