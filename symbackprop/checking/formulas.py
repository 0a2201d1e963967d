"""Formulas of claims: read as trees over quantities and whole arrays. Never executes text, never computes.

Names are the derivation's own, in any spelling. ``*`` is elementwise, ``@`` the matrix product, as are arrays side by
side; ``.T`` is the transpose,
``diag(v)`` is a diagonal matrix and ``D1`` that of layer 1's slopes. ``[[a, b], [c, d]]`` is a matrix of numbers or of
blocks, ``[a, b]`` a vector. Fractions, products and matrices may be written as LaTeX writes them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from symbackprop.errors import FormulaError, UnknownName
from symbackprop.functions import FUNCTIONS
from symbackprop.notation.names import Names
from symbackprop.quantities import Array, Quantity

LONGEST = 4_000
DEEPEST = 60
WHOLE = ("slopes", "block", "row", "column", "transposed", "@")  # what makes a part a matrix

_WORD = r"(?:\\?[^\W\d_](?:[^\W_]|\\)*)"
_LOWERED = r"_\{[^{}]*\}|_[^\W_]+(?:,\w+)?"
_RAISED = r"\^\{[^{}]*\}|\^\([\w+*-]+\)|\^\[[\w+*-]+\]|\^[^\W_]+|\^[+*](?![\w(])"
_BASE = rf"{_WORD}(?:'|\[\d+\]|{_LOWERED}|{_RAISED})*"
_PREFIX = r"(?:(?:new|after|use|direct|state:\w+)\s*:\s*)?"
_DIFFERENTIATED = rf"(?:d|∂)\s*(?:\(\s*{_PREFIX}{_BASE}\s*\)|{_PREFIX}{_BASE})"
_DERIVATIVE = re.compile(rf"{_PREFIX}{_DIFFERENTIATED}\s*/\s*{_DIFFERENTIATED}(?:@\d+)?")
_NAME = re.compile(rf"{_PREFIX}{_BASE}(?:@\d+)?")
_SLOPES = re.compile(r"D_?(\d+)\b|D\^\((\d+)\)")
_NUMBER = re.compile(r"\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?")
_OPERATORS = {"·": "*", "×": "*", "⊙": "*", "∘": "*", "−": "-", "–": "-", "**": "^", ".*": "*", "÷": "/"}
_OPERATORS |= dict.fromkeys((r"\cdot", r"\times", r"\odot", r"\circ"), "*")
_SIGN = re.compile(r"\*\*|\.\*|[-+*/@^(),\[\]·×⊙∘−–÷]|\\(?:cdot|times|odot|circ)(?![a-zA-Z])")
_SPACE = re.compile(r"(?:\s|\\(?:left|right|quad|[,;! ])(?![a-zA-Z]))*")
_FRACTION = re.compile(r"\\[dt]?frac\s*(?=\{)")
_MATRIX = re.compile(r"\\begin\{([a-zA-Z]?matrix)\}")
_BASE_OF_EXP = re.compile(r"e(?=\s*(?:\^|\*\*))")
_END = re.compile(r"\\\\|&|\\end\b|\}")
_DIFFERENTIAL = re.compile(r"^\s*(?:\\partial|∂|d|\\mathrm\{d\})\s*")
_TRANSPOSED = re.compile(r"\.T\b|\^T\b|\^\{T\}|ᵀ|\^⊤|\^\{\\top\}|'(?=\s*[@*)\s]|$)")
_TRANSPOSED_INSIDE = re.compile(r"(.*\^\{[^{}]+?)\s*(?:T|⊤|\\top|\\intercal)\}")  # W^{[2]T}


@dataclass(frozen=True, slots=True)
class Node:
    """A part of a formula: an operator or function with its parts, a number, or what a name stands for."""

    kind: str  # number, name, call, slopes, block, row, column, +, -, *, /, @, ^, negative, transposed
    parts: tuple[Node, ...] = ()
    of: Any = None

    def walk(self) -> Iterator[Node]:
        yield self
        for part in self.parts:
            yield from part.walk()

    @property
    def is_single(self) -> bool:
        """Whether it speaks of single quantities only."""
        return all(not isinstance(part.of, Array) and part.kind not in WHOLE for part in self.walk())


class FormulaReader:
    """Reads formulas in the names of one derivation."""

    def __init__(self, names: Names) -> None:
        self.names = names

    def read(self, text: str, *, of_all: bool = False) -> Node:
        """The formula's tree; ``of_all``: a name may be of all observations. Raises FormulaError or UnknownName."""
        if len(text) > LONGEST:
            raise FormulaError(f"a formula of {len(text):,} characters; at most {LONGEST:,} are allowed")
        return _Reading(text, self.names, of_all).whole()


@dataclass
class _Reading:
    text: str
    names: Names
    of_all: bool
    place: int = 0
    depth: int = 0

    def whole(self) -> Node:
        node = self.sum()
        self.space()
        if self.place < len(self.text):
            raise FormulaError(f"{self.text[self.place]!r} at character {self.place + 1} cannot stand there")
        return node

    def space(self) -> None:
        found = _SPACE.match(self.text, self.place)
        self.place = found.end() if found else self.place

    def sign(self, *wanted: str) -> str | None:
        self.space()
        found = _SIGN.match(self.text, self.place)
        meant = _OPERATORS.get(found[0], found[0]) if found else None
        if found and meant in wanted:
            self.place = found.end()
            return meant
        return None

    def sum(self) -> Node:
        node = self.product()
        while sign := self.sign("+", "-"):
            node = Node(sign, (node, self.product()))
        return node

    def product(self) -> Node:
        node = self.signed()
        while True:
            if sign := self.sign("*", "/", "@"):
                node = Node(sign, (node, self.signed()))
            elif self.starts_operand():
                right = self.signed()
                node = Node("*" if node.is_single or right.is_single else "@", (node, right))
            else:
                return node

    def starts_operand(self) -> bool:
        self.space()
        following = self.text[self.place : self.place + 1]
        if not following or _END.match(self.text, self.place):
            return False
        return following == "(" or following.isalnum() or following in "\\∂"

    def signed(self) -> Node:
        self.depth += 1
        if self.depth > DEEPEST:
            raise FormulaError(f"a formula nested more than {DEEPEST} deep")
        if self.sign("-"):
            node = Node("negative", (self.signed(),))
        elif self.sign("+"):
            node = self.signed()
        else:
            node = self.power()
        self.depth -= 1
        return node

    def power(self) -> Node:
        node = self.operand()
        while found := _TRANSPOSED.match(self.text, self.place):
            self.place = found.end()
            node = Node("transposed", (node,))
        if self.sign("^"):
            node = Node("^", (node, self.exponent()))
        return node

    def exponent(self) -> Node:
        self.space()
        if not self.text.startswith("{", self.place):
            return self.signed()
        self.place += 1
        node = self.sum()
        self.space()
        if not self.text.startswith("}", self.place):
            raise FormulaError(f"a '}}' is missing at character {self.place + 1}")
        self.place += 1
        return node

    def operand(self) -> Node:
        self.space()
        number = _NUMBER.match(self.text, self.place)
        if number:
            self.place = number.end()
            return Node("number", of=Fraction(number[0]))
        if self.sign("("):
            node = self.sum()
            self.closed(")")
            return node
        if self.sign("["):
            return self.rows()
        if found := _MATRIX.match(self.text, self.place):
            return self.matrix(found)
        if found := _FRACTION.match(self.text, self.place):
            return self.fraction(found)
        if (found := _BASE_OF_EXP.match(self.text, self.place)) and self.resolved("e") is None:
            self.place = found.end()
            self.sign("^")
            return Node("call", (self.exponent(),), "exp")
        return self.named()

    def closed(self, sign: str) -> None:
        if not self.sign(sign):
            raise FormulaError(f"a {sign!r} is missing at character {self.place + 1}")

    def rows(self) -> Node:
        """What stands in square brackets: a vector, or a matrix of rows in brackets."""
        rows = []
        while True:
            nested = bool(self.sign("["))
            parts = [self.sum()]
            while nested and self.sign(","):
                parts.append(self.sum())
            if nested:
                self.closed("]")
            rows.append((nested, Node("row", tuple(parts))))
            if not self.sign(","):
                break
        self.closed("]")
        if len({nested for nested, _ in rows}) > 1:
            raise FormulaError("a matrix is written as rows in brackets, [[a, b], [c, d]], a vector as [a, b]")
        if not rows[0][0]:
            return Node("column", tuple(row.parts[0] for _, row in rows))
        if len({len(row.parts) for _, row in rows}) > 1:
            raise FormulaError("the rows of a matrix must be equally long")
        return Node("block", tuple(row for _, row in rows))

    def matrix(self, begin: re.Match[str]) -> Node:
        """A LaTeX matrix."""
        self.place = begin.end()
        rows, row = list[Node](), [self.sum()]
        while True:
            self.space()
            if self.text.startswith("&", self.place):
                self.place += 1
                row.append(self.sum())
                continue
            rows.append(Node("row", tuple(row)))
            end = f"\\end{{{begin[1]}}}"
            if self.text.startswith("\\\\", self.place):
                self.place += 2
                self.space()
                if not self.text.startswith(end, self.place):
                    row = [self.sum()]
                    continue
            if not self.text.startswith(end, self.place):
                raise FormulaError(f"{end} is missing at character {self.place + 1}")
            self.place += len(end)
            if len({len(each.parts) for each in rows}) > 1:
                raise FormulaError("the rows of a matrix must be equally long")
            return Node("block", tuple(rows))

    def fraction(self, begin: re.Match[str]) -> Node:
        """A LaTeX fraction: a derivative that has a name, or a quotient."""
        start = begin.end()
        middle = self.braced(start)
        below = start if middle is None else middle + len(self.text[middle:]) - len(self.text[middle:].lstrip())
        end = self.braced(below)
        if middle is None or end is None:
            raise FormulaError(f"\\frac needs two groups in braces at character {self.place + 1}")
        texts = [self.text[start + 1 : middle - 1], self.text[below + 1 : end - 1]]
        if all(_DIFFERENTIAL.match(each) for each in texts):
            resolved = self.resolved("/".join("d" + _DIFFERENTIAL.sub("", each).strip() for each in texts))
            if resolved is not None:
                self.place = end
                return Node("name", of=resolved)
        self.place = start + 1
        above = self.sum()
        self.group_end(middle)
        self.place = below + 1
        under = self.sum()
        self.group_end(end)
        return Node("/", (above, under))

    def group_end(self, end: int) -> None:
        self.space()
        if self.place != end - 1:
            raise FormulaError(f"{self.text[self.place]!r} at character {self.place + 1} cannot stand there")
        self.place = end

    def braced(self, start: int) -> int | None:
        """Where the group ends that begins with a brace here; None where none does."""
        depth = 0
        for place in range(start, len(self.text)):
            depth += {"{": 1, "}": -1}.get(self.text[place], 0)
            if not depth:
                return place + 1 if place > start else None
        return None

    def named(self) -> Node:
        for pattern in (_DERIVATIVE, _NAME):
            found = pattern.match(self.text, self.place)
            if found is None:
                continue
            if pattern is _NAME and (node := self.function(found)):
                return node
            text = found[0].rstrip()
            inside = _TRANSPOSED_INSIDE.fullmatch(text)
            if inside and (resolved := self.resolved(inside[1] + "}")) is not None:
                self.place += len(text)
                return Node("transposed", (Node("name", of=resolved),))
            # The longest beginning that is a name: what is behind it is a power, or a product written without a sign.
            for end in (len(text), *(each.start() for each in reversed([*re.finditer(r"(?<!^)[\^'_]", text)]))):
                resolved = self.resolved(text[:end])
                if resolved is not None:
                    self.place += end
                    return Node("name", of=resolved)
        slopes = _SLOPES.match(self.text, self.place)
        if slopes:
            self.place = slopes.end()
            return Node("slopes", of=int(slopes[1] or slopes[2]))
        rest = self.text[self.place : self.place + 20]
        found = _NAME.match(self.text, self.place)
        if found:
            self.names.resolve(found[0])  # says what is unknown, and what is near
        raise FormulaError(f"{rest!r} at character {self.place + 1}: expected a number, a name or '('")

    def function(self, found: re.Match[str]) -> Node | None:
        name = found[0].lstrip("\\")
        blank = _SPACE.match(self.text, found.end())
        after = self.text[blank.end() if blank else found.end() :]
        known = {"diag": "diag", "sum": "sum", "σ": "sigmoid", "sigma": "sigmoid", "ReLU": "relu", "ln": "log"}
        if not after.startswith("(") or (name not in FUNCTIONS and name not in known):
            return None
        self.place = found.end()
        self.sign("(")
        parts = [self.sum()]
        while self.sign(","):
            parts.append(self.sum())
        self.closed(")")
        return Node("call", tuple(parts), known.get(name, name))

    def resolved(self, text: str) -> Quantity | Array | None:
        try:
            return self.names.resolve_all(text) if self.of_all else self.names.resolve(text)
        except UnknownName:
            return None
