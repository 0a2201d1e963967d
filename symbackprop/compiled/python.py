"""A program as Python source that needs the standard library only: straight-line where it is small, loops above."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from functools import cached_property

from symbackprop import __version__
from symbackprop.compiled.entries import Entry, blocks
from symbackprop.compiled.forms import Temporary
from symbackprop.compiled.layout import fitted, listed, returned
from symbackprop.compiled.naming import Identifiers, title_of
from symbackprop.compiled.nests import Nest, nests
from symbackprop.compiled.phases import Accumulate, Phases, phases_of
from symbackprop.compiled.statements import Gathered, Program, Statement, counts_observations, places_of, targets
from symbackprop.expressions import Expression, constant
from symbackprop.printing.dialect import Label
from symbackprop.printing.python import ANGLES, MATH, PYTHON
from symbackprop.quantities import Array, Axis, Cell
from symbackprop.terms import Kronecker

STRAIGHT = 600  # operations for one observation, up to which each number has a line of its own
INDENT = "    "
ONE = "at_one_observation"
BOUND = "_bound"  # no name of a number begins so
FROM_MATH = frozenset((*MATH, *ANGLES))


def python_source(program: Program, *, commented: bool = True) -> str:
    """The source: a function ``(parameters, inputs, targets)``."""
    return _Writer(program, commented=commented).source()


def one_source(program: Program) -> str:
    """The source of the function for one observation alone; none where a program is written in loops."""
    return _Writer(program, commented=False).one()


def binding_source(program: Program) -> str:
    """The source of ``bound_to(parameters, inputs, targets)``; only where there is a function for one observation."""
    return _Writer(program, commented=False).binding()


class _Writer:
    def __init__(self, program: Program, *, commented: bool) -> None:
        self.program = program
        self.straight = program.operations <= STRAIGHT
        self.names = Identifiers(program, arrays=not self.straight, commented=commented)

    @cached_property
    def phases(self) -> Phases:
        return phases_of(self.program)

    def source(self) -> str:
        return self._with_head("\n".join([*([self._one(), ""] if self.straight else []), self._many()]))

    def one(self) -> str:
        """The function for one observation, if it is straight-line."""
        return self._with_head(self._one()) if self.straight else ""

    def binding(self) -> str:
        """The source of a function ``bound_to`` that gives the function for one observation on fixed arguments."""
        givens = self._givens()
        # A list is kept, for it is changed in place; a number is looked up anew, for it can only be replaced.
        lists = [given for pattern, given in givens if pattern.startswith("(")]
        names = {given: f"_{number}" for number, given in enumerate(lists)}
        kept = [f"{name} = {given}" for given, name in names.items()]
        lines = [
            *(f"{pattern} = {names.get(given, given)}" for pattern, given in givens),
            *self._tables(),
            *self._computed(),
            f"{BOUND}.loss = loss",
            f"{BOUND}.gradients = found = {self._results()}",
            "return found",
        ]
        inside = [f"def {BOUND}():", *_indented(lines), f"return {BOUND}"]
        return self._with_head(
            "\n".join(["def bound_to(parameters, inputs, targets=None):", *_indented([*kept, *inside])])
        )

    def _with_head(self, text: str) -> str:
        head = title_of(self.program)
        whole = "\n".join(
            [
                f'"""{head[0].upper()}{head[1:]}.',
                "",
                f"Written by symbackprop {__version__}. It needs Python's standard library only.",
                '"""',
                "",
                *self._imports(),
                *self._helpers(),
                "",
                "",
                text,
                "",
            ]
        )
        return fitted(whole, brackets=True) if self.names.commented else whole

    def _one(self) -> str:
        """The function for one observation: no sums, no loop."""
        lines = [*(f"{pattern} = {given}" for pattern, given in self._givens()), *self._tables(), *self._computed()]
        return "\n".join(
            [
                f"def {ONE}(parameters, inputs, targets=None):",
                self._docstring(" at one observation"),
                *_indented([*lines, *self._result()]),
                "",
            ]
        )

    def _givens(self) -> list[tuple[str, str]]:
        """What is taken apart for one observation: names for its entries, and the argument."""
        parameters = [(self._pattern(array), f'parameters["{key}"]') for key, array in self.program.parameters.items()]
        if self.program.named_inputs:
            return parameters + [(self._pattern(array), f'inputs["{array.label}"]') for array in self.program.inputs]
        assert self.program.targets is not None
        rows = [(self._pattern(self.program.inputs[0]), "inputs"), (self._pattern(self.program.targets), "targets")]
        return parameters + rows

    def _computed(self) -> Iterator[str]:
        for statement in self.program.statements:
            yield from (f"# {line}" for line in self.names.comments(targets(statement)))
            yield from self._assigned(statement, "=", one=True)

    def _many(self) -> str:
        body = [*self._parameters(), *self._tables()]
        done = [*self._lines(self.phases.before)]
        each = [*self._lines(self.phases.each)]
        after = [*self._lines(self.phases.after), *self._result()]
        if counts_observations(self.program.statements):
            body.append("n = len(rows)")
        looped = [self._loop(), *_indented(each)] if each else []  # a program may not read its inputs
        lines = [*self._rows(), *body, *done, *self._sums(), *looped, *after]
        return "\n".join(
            [
                f"def {self.program.task.function}(parameters, inputs, targets=None):",
                self._docstring(""),
                *_indented(lines),
            ]
        )

    def _docstring(self, where: str) -> str:
        names = listed([*self.program.results])
        return f'{INDENT}"""{self.program.task.sentence} {names}{where}."""'

    def _rows(self) -> Iterator[str]:
        single = f"return {ONE}(parameters, inputs, targets)"
        if self.program.named_inputs:
            names = [array.label for array in self.program.inputs]
            columns = ", ".join(f'inputs["{name}"]' for name in names)
            yield f"columns = [{columns}]"
            if self.straight:
                yield from [
                    "if not isinstance(columns[0], (list, tuple)):",
                    INDENT + single,
                    "rows = list(zip(*columns, strict=True))",
                ]
            else:
                yield "rows = list(zip(*columns, strict=True)) if isinstance(columns[0], (list, tuple)) else [columns]"
            return
        if self.straight:
            yield from [
                "if not isinstance(inputs[0], (list, tuple)):",
                INDENT + single,
                "rows = list(zip(inputs, targets, strict=True))",
            ]
            return
        yield "several = isinstance(inputs[0], (list, tuple))"
        yield "rows = list(zip(inputs, targets, strict=True)) if several else [(inputs, targets)]"

    def _parameters(self) -> Iterator[str]:
        for key, array in self.program.parameters.items():
            yield f'{self._pattern(array) if self.straight else self.names.array(array)} = parameters["{key}"]'

    def _tables(self) -> Iterator[str]:
        for array, values in self.program.tables.items():
            yield f"{self._pattern(array) if self.straight else self.names.array(array)} = {list(values)}"

    def _sums(self) -> Iterator[str]:
        for array in self.phases.sums:
            if self.straight:
                entries = [self.names.entry(Entry(array, place)) for place in places_of(array)]
                yield from (f"{entry} = 0.0" for entry in entries)
            else:
                yield f"{self.names.array(array)} = {_zeros(array)}"

    def _loop(self) -> str:
        arrays = [*self.program.inputs, *([self.program.targets] if self.program.targets else [])]
        names = [self._pattern(each) if self.straight else self.names.array(each) for each in arrays]
        return f"for {', '.join(names)}{',' if len(names) == 1 else ''} in rows:"

    def _pattern(self, array: Array) -> str:
        """Names for all entries of an array, nested as its rows are."""
        return _nested(array, lambda place: self.names.entry(Entry(array, place)))

    def _listed(self, array: Array) -> str:
        return _nested_list(array, lambda place: self.names.entry(Entry(array, place)))

    def _result(self) -> list[str]:
        return returned(self._pairs())

    def _results(self) -> str:
        return f"{{{', '.join(self._pairs())}}}"

    def _pairs(self) -> Iterator[str]:
        for key, array in self.program.results.items():
            yield f'"{key}": {self._listed(array) if self.straight else self.names.array(array)}'

    def _lines(self, statements: Sequence[Statement | Accumulate]) -> Iterator[str]:
        for statement in statements:
            arrays = (statement.target.array,) if isinstance(statement, Accumulate) else targets(statement)
            yield from (f"# {line}" for line in self.names.comments(arrays))
            if self.straight:
                yield from self._assigned(statement, "+=" if isinstance(statement, Accumulate) else "=", one=False)
            else:
                yield from self._nested_loops(statement)

    def _assigned(self, statement: Statement | Accumulate, operation: str, *, one: bool) -> Iterator[str]:
        """A line for each number. A law is printed once, and its entries' names are put in at each place."""
        name = self.names.entry
        for block in blocks(statement, one=one):
            lines = [(target, *_template(law)) for target, law in block.lines]
            for at in block.places:
                for target, template, entries in lines:
                    right = template.format(*[name(entry.at(at)) for entry in entries])
                    yield f"{name(target.at(at))} {operation} {right}"

    def _nested_loops(self, statement: Statement | Accumulate) -> Iterator[str]:
        if not isinstance(statement, Accumulate):
            for array in targets(statement):
                if any(axis.kind != "observation" for axis in array.axes):
                    yield f"{self.names.array(array)} = {_zeros(array)}"
        for nest in nests(statement):
            if isinstance(nest, Gathered):
                yield from self._gathering(nest)
                continue
            if nest.letters and _makes_zeros(nest):
                continue  # the array was made of them
            for depth, (letter, extent) in enumerate(nest.letters):
                yield f"{INDENT * depth}for {letter} in range({extent}):"
            for target, law in nest.lines:
                left, right = self._cell(target).text, PYTHON.text(law, self._cell)
                if nest.operation == "larger":
                    right = f"max({left}, {right})"
                operation = "+=" if nest.operation == "+=" else "="
                yield f"{INDENT * len(nest.letters)}{left} {operation} {right}"

    def _gathering(self, statement: Gathered) -> Iterator[str]:
        name = self.names.array(statement.target.array)
        for place, uses in zip(places_of(statement.target.array), statement.table, strict=True):
            terms = [self.names.array(statement.sources[number]) + _at(there) for number, there in uses]
            yield f"{name}{_at(place)} = {' + '.join(terms) or '0.0'}"

    def _cell(self, leaf: Hashable) -> Label:
        match leaf:
            case Cell(array, indices):
                kept = [index for index, axis in zip(indices, array.axes, strict=True) if axis.kind != "observation"]
                return Label(self.names.array(array) + "".join(f"[{each}]" for each in kept))
            case Temporary():
                return Label(self.names.temporary(leaf))
            case Kronecker(left, right):
                return Label(f"({left} == {right})")
            case Axis():
                return Label("n")
        raise AssertionError(leaf)

    def _imports(self) -> Iterator[str]:
        used = FROM_MATH & self.program.functions | ({"nan"} if self.program.undefined else set())
        if "exp" in used and not self.program.bounded:
            yield "import math"
            used -= {"exp"}
        if used:
            yield f"from math import {', '.join(sorted(used))}"

    def _helpers(self) -> Iterator[str]:
        """An exponential that is infinite where Python's raises; not where no argument is positive."""
        if "exp" in self.program.functions and not self.program.bounded:
            yield from ["", "", "def exp(x):", f"{INDENT}return math.exp(x) if x < 709.7 else math.inf"]


def _template(law: Expression) -> tuple[str, list[Entry]]:
    """A law's text with a numbered place for each of its entries, and the entries."""
    places: dict[Hashable, str] = {}

    def label(leaf: Hashable) -> Label:
        return Label(places.setdefault(leaf, f"{{{len(places)}}}") if isinstance(leaf, Entry) else "n")

    text = PYTHON.text(law, label)
    return text, [leaf for leaf in places if isinstance(leaf, Entry)]


def _nested(array: Array, name: object, place: tuple[int, ...] = ()) -> str:
    assert callable(name)
    axes = [axis for axis in array.axes if axis.kind != "observation"]
    if len(place) == len(axes):
        return str(name(place))
    inside = [_nested(array, name, (*place, index)) for index in range(axes[len(place)].size or 0)]
    return f"({', '.join(inside)}{',' if len(inside) == 1 else ''})"


def _nested_list(array: Array, name: object, place: tuple[int, ...] = ()) -> str:
    assert callable(name)
    if len(place) == len(array.axes):
        return str(name(place))
    inside = [_nested_list(array, name, (*place, index)) for index in range(array.axes[len(place)].size or 0)]
    return f"[{', '.join(inside)}]"


def _makes_zeros(nest: Nest) -> bool:
    return nest.operation == "=" and all(constant(law) == 0 for _, law in nest.lines)


def _zeros(array: Array) -> str:
    sizes = [axis.size or 0 for axis in array.axes if axis.kind != "observation"]
    if not sizes:
        return "0.0"
    text = f"[0.0] * {sizes[-1]}"
    for size in reversed(sizes[:-1]):
        text = f"[{text} for _ in range({size})]"
    return text


def _at(place: Iterable[int]) -> str:
    return "".join(f"[{index}]" for index in place)


def _indented(lines: Iterable[str]) -> list[str]:
    return [INDENT + line for line in lines]
