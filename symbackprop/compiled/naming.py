"""Identifiers and comments of generated source: the derivation's own names, as far as a language can spell them."""

from __future__ import annotations

import keyword
import re
import textwrap
from collections.abc import Hashable, Iterable, Iterator
from functools import cached_property

from symbackprop.compiled.divisions import Inverse
from symbackprop.compiled.entries import Entry
from symbackprop.compiled.forms import Temporary
from symbackprop.compiled.statements import Elementwise, Largest, ProductSum, Program, Total
from symbackprop.expressions import Along, Expression, Reference, product_of
from symbackprop.notation.lettering import ascii_name
from symbackprop.notation.neutral import neutral_array
from symbackprop.printing.dialect import Label
from symbackprop.printing.plain import Plain
from symbackprop.quantities import Array, Axis, Cell, Role
from symbackprop.system import Map, SumOfProducts
from symbackprop.terms import Indicator, Kronecker

RESERVED = frozenset(
    {
        *keyword.kwlist,
        *[
            "auto",
            "break",
            "case",
            "char",
            "const",
            "continue",
            "default",
            "do",
            "double",
            "else",
            "enum",
            "extern",
            "float",
            "for",
            "goto",
            "if",
            "inline",
            "int",
            "long",
        ],
        *[
            "register",
            "restrict",
            "return",
            "short",
            "signed",
            "sizeof",
            "static",
            "struct",
            "switch",
            "typedef",
            "union",
            "unsigned",
            "void",
        ],
        *[
            "volatile",
            "while",
            "main",
            "n",
            "xp",
            "nan",
            "inf",
            "math",
            "larger",
            "smaller",
            "erf",
            "erfc",
            "pi",
            "parameters",
            "inputs",
            "targets",
            "loss",
            "list",
            "sum",
        ],
        *[
            "exp",
            "log",
            "sqrt",
            "expm1",
            "log1p",
            "sin",
            "cos",
            "tan",
            "asin",
            "acos",
            "atan",
            "sinh",
            "cosh",
            "tanh",
            "abs",
            "max",
            "min",
            "pow",
            "fabs",
            "range",
            "zip",
            "float",
        ],
        *[
            "exponential",
            "exponential_less_1",
            "hyperbolic_tangent",
            "dot",
            "rows",
            "rows_of",
            "count_of",
            "largest",
            "namespace",
            "row",
            "block",
            "lanes",
            "count",
            "gradients",
            "j0",
            "j1",
            "y0",
            "y1",
        ],
        *[
            "jn",
            "yn",
            "gamma",
            "lgamma",
            "tgamma",
            "signgam",
            "NAN",
            "round",
            "floor",
            "ceil",
            "hypot",
            "j",
            "k",
            "i",
            "l",
            "h",
            "p",
            "b",
            "m",
            "given",
            "found",
            "len",
            "map",
            "mul",
            "start",
            "from",
            "to",
            "sums",
            "kept",
            "added",
            "added_lanes",
            "add_product",
            "turn",
            "turned",
            "logarithm",
            "logarithm_of_1_more",
            "series",
        ],
    }
)
ASCII = Plain(ascii=True)
COMMENT = 102  # columns of an equation before a line, which stands up to three levels deep
SIGNS = re.compile(r"\W+")  # what no identifier has


class Identifiers:
    """Names in generated source, each for one thing: arrays by their neutral names, numbers by the notation's.

    ``arrays``: the source speaks of whole arrays, so that the names of its arguments are those. ``commented``: its
    lines have their equations before them, which costs as much time as the lines.
    """

    def __init__(self, program: Program, *, arrays: bool, commented: bool = True) -> None:
        self.program, self.commented = program, commented
        self.notation = program.derivation.notation
        self._known: dict[Hashable, str] = {}
        self._taken: set[str] = set(RESERVED)
        self._comments: dict[Array, list[str]] = {}
        if not arrays:
            self._known[Entry(program.loss)] = "loss"
            return
        for array in program.inputs:
            self._claim(array, array.label or "x")
        if program.targets is not None:
            self._claim(program.targets, "t")
        for key, array in program.parameters.items():
            self._claim(array, key)
        for key, array in program.results.items():
            self._claim(array, f"{program.task.prefix}{key}")
        self._known[program.loss] = "loss"

    def array(self, array: Array) -> str:
        """The identifier of an array."""
        if array in self._known:
            return self._known[array]
        if array.role is Role.VARIABLE and array.label:
            return self._claim(array, array.label)
        text = neutral_array(array) + (f"_{array.label}" if "sum" in array.label or "uses" in array.label else "")
        return self._claim(array, text)

    def temporary(self, temporary: Temporary) -> str:
        """The identifier of a shared part."""
        return self._known.get(temporary) or self._claim(temporary, f"u{temporary.number + 1}")

    def inverse(self, inverse: Inverse) -> str:
        """The identifier of 1 divided by a number."""
        if inverse in self._known:
            return self._known[inverse]
        of = inverse.of
        if isinstance(of, Axis):
            return self._claim(inverse, "share")
        return self._claim(inverse, f"{self.entry(of) if isinstance(of, Entry) else self._leaf(of)}_inverse")

    def variant(self, array: Array, ending: str) -> str:
        """The identifier of something else that belongs to an array: a copy of it, its address."""
        key = (array, ending)
        return self._known.get(key) or self._claim(key, f"{self.array(array)}_{ending}")

    def _leaf(self, leaf: Hashable) -> str:
        assert isinstance(leaf, Temporary | Cell)
        return self.temporary(leaf) if isinstance(leaf, Temporary) else self.array(leaf.array)

    def entry(self, entry: Entry) -> str:
        """The identifier of a single number."""
        if isinstance(entry.of, Array) and entry.of.label.startswith("shared_") and not entry.place:
            return self.array(entry.of)
        known = self._known.get(entry)
        return known or self._claim(entry, self._wished(entry))

    def _wished(self, entry: Entry) -> str:
        array = entry.of
        if isinstance(array, Temporary):
            return "_".join([f"u{array.number + 1}", *map(str, entry.place)])
        if (array.role is Role.VARIABLE and array.label.startswith("shared_")) or array.role is Role.SETTING:
            return "_".join([self.array(array), *map(str, entry.place)])
        text = ascii_name(self.notation.entry(array, "", entry.place))
        if "sum" in array.label or "uses" in array.label:
            text += f"_{array.label}"
        return text

    def _claim(self, what: Hashable, wanted: str) -> str:
        text = wanted if wanted.isascii() else wanted.encode("ascii", "ignore").decode()
        text = SIGNS.sub("_", text).strip("_") or "value"
        text = f"v{text}" if text[0].isdigit() else text
        found, number = text, 2
        while found in self._taken:
            found, number = f"{text}_{number}", number + 1
        self._taken.add(found)
        self._known[what] = found
        return found

    def comments(self, arrays: Iterable[Array]) -> list[str]:
        """Each array's equation in the derivation's notation, cut into lines."""
        lines: list[str] = []
        for array in arrays if self.commented else ():
            if array not in self._comments:
                self._comments[array] = list(self._comment(array))
            lines += self._comments[array]
        return lines

    def _comment(self, array: Array) -> Iterator[str]:
        equation = self.program.derivation.definition(array)
        if isinstance(equation, SumOfProducts | Map):
            left = self._law_label(equation.target).text
            text = f"{left} = {ASCII.text(equation.law(), self._law_label)}"
        elif array in self._shared:
            target, law = self._shared[array]
            text = f"{self._law_label(target).text} = {ASCII.text(law, self._law_label)}"
        else:
            return
        yield from textwrap.wrap(text, COMMENT, subsequent_indent="    ", break_long_words=False)

    @cached_property
    def _shared(self) -> dict[Array, tuple[Cell, Expression]]:
        """What parts of formulas are that have arrays of their own, such as a softmax's largest net."""
        found: list[tuple[Cell, Expression]] = []
        for statement in self.program.statements:
            match statement:
                case Largest(target, index, of):
                    found.append((target, Along("max", index, Reference(of))))
                case Total(target, (ProductSum(number=1, factors=factors, summed=((index, _),)),)):
                    found.append((target, Along("sum", index, product_of(list(factors)))))
                case Elementwise(lines=((Cell() as target, law),)):
                    found.append((target, law))
        return {target.array: (target, law) for target, law in found if target.array.label.startswith("shared_")}

    def _law_label(self, leaf: Hashable) -> Label:
        match leaf:
            case Cell():
                if leaf.array in self._shared:
                    letters = [each for each in leaf.indices if each != "n"]
                    return Label("_".join([self.array(leaf.array), *letters]) + ("@n" if "n" in leaf.indices else ""))
                return Label(ascii_name(self.notation.cell_name(leaf)))
            case Kronecker(left, right):
                return Label(f"[{left} = {right}]")
            case Indicator(indices):
                return Label(f"[{', '.join(indices)} counts]")
            case Axis():
                return Label("n")
        raise AssertionError(leaf)


def title_of(program: Program) -> str:
    """What the source computes, in one line that is safe inside a comment or a string of any language."""
    network = program.derivation.network
    title = " ".join(network.title.split()).encode("ascii", "replace").decode()
    for mark in ('"', "\\", "*/", "/*"):
        title = "".join(title.split(mark))
    return f"{program.task.title} of {title or 'a network'}"
