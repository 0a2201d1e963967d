"""Formulas of claims: read as trees over quantities and whole arrays, and computed with numpy. Never executes text.

Names are the derivation's own, in any spelling. ``*`` is elementwise, ``@`` the matrix product, ``.T`` the transpose;
``diag(v)`` is a diagonal matrix and ``D1`` that of layer 1's slopes. Vectors are columns, or rows where that fits.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from symbackprop.checking.arrays import Numbers
from symbackprop.checking.scalars import evaluated
from symbackprop.errors import FormulaError, UnknownName
from symbackprop.expressions import Expression, Negative, Number, Power, Product, Quotient, Reference, Sum
from symbackprop.functions import FUNCTIONS
from symbackprop.notation.names import Names
from symbackprop.quantities import Array, Quantity

LONGEST = 4_000
DEEPEST = 60

_WORD = r"(?:\\?[^\W\d_](?:[^\W_]|\\)*)"
_BASE = _WORD + r"(?:'|\[\d+\]|_\{[^{}]*\}|_[^\W_]+(?:,\w+)?|\^\{\([^{}]*\}|\^\(\w+\)|\^[+*](?![\w(]))*"
_PREFIX = r"(?:(?:new|after|use|direct|state:\w+)\s*:\s*)?"
_DERIVATIVE = re.compile(rf"{_PREFIX}(?:d|∂)\s*\(?{_PREFIX}{_BASE}\)?\s*/\s*(?:d|∂)\s*\(?{_PREFIX}{_BASE}\)?(?:@\d+)?")
_NAME = re.compile(rf"{_PREFIX}{_BASE}(?:@\d+)?")
_SLOPES = re.compile(r"D_?(\d+)\b|D\^\((\d+)\)")
_NUMBER = re.compile(r"\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?")
_OPERATORS = {"·": "*", "×": "*", "⊙": "*", "∘": "*", "−": "-", "–": "-", "**": "^", ".*": "*", "÷": "/"}
_SIGN = re.compile(r"\*\*|\.\*|[-+*/@^(),·×⊙∘−–÷]")
_TRANSPOSED = re.compile(r"\.T\b|\^T\b|\^\{T\}|ᵀ|\^⊤|\^\{\\top\}|'(?=\s*[@*)\s]|$)")


@dataclass(frozen=True, slots=True)
class Node:
    """A part of a formula: an operator or function with its parts, a number, or what a name stands for."""

    kind: str  # number, name, call, slopes, +, -, *, /, @, ^, negative, transposed
    parts: tuple[Node, ...] = ()
    of: Any = None

    def walk(self) -> Iterator[Node]:
        yield self
        for part in self.parts:
            yield from part.walk()


class FormulaReader:
    """Reads formulas in the names of one derivation."""

    def __init__(self, names: Names) -> None:
        self.names = names

    def read(self, text: str) -> Node:
        """The formula's tree. Raises FormulaError or UnknownName."""
        if len(text) > LONGEST:
            raise FormulaError(f"a formula of {len(text):,} characters; at most {LONGEST:,} are allowed")
        return _Reading(text, self.names).whole()


@dataclass
class _Reading:
    text: str
    names: Names
    place: int = 0
    depth: int = 0

    def whole(self) -> Node:
        node = self.sum()
        self.space()
        if self.place < len(self.text):
            raise FormulaError(f"{self.text[self.place]!r} at character {self.place + 1} cannot stand there")
        return node

    def space(self) -> None:
        while self.place < len(self.text) and self.text[self.place].isspace():
            self.place += 1

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
                node = Node("*", (node, self.signed()))
            else:
                return node

    def starts_operand(self) -> bool:
        self.space()
        following = self.text[self.place : self.place + 1]
        return bool(following) and (following == "(" or following.isalnum() or following in "\\∂")

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
            self.space()
            braced = self.text[self.place : self.place + 1] == "{"
            self.place += braced
            node = Node("^", (node, self.signed()))
            if braced:
                self.space()
                self.place += self.text[self.place : self.place + 1] == "}"
        return node

    def operand(self) -> Node:
        self.space()
        number = _NUMBER.match(self.text, self.place)
        if number:
            self.place = number.end()
            return Node("number", of=Fraction(number[0]))
        if self.sign("("):
            node = self.sum()
            if not self.sign(")"):
                raise FormulaError(f"a ')' is missing at character {self.place + 1}")
            return node
        return self.named()

    def named(self) -> Node:
        for pattern in (_DERIVATIVE, _NAME):
            found = pattern.match(self.text, self.place)
            if found is None:
                continue
            if pattern is _NAME and (node := self.function(found)):
                return node
            text = found[0].rstrip()
            for end in dict.fromkeys((len(text), *(each.start() for each in re.finditer(r"[\^'_]", text[1:])))):
                resolved = self.resolved(text[:end] if end == len(text) else text[: end + 1])
                if resolved is not None:
                    self.place += end if end == len(text) else end + 1
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
        after = self.text[found.end() :].lstrip()
        known = {"diag": "diag", "sum": "sum", "σ": "sigmoid", "sigma": "sigmoid", "ReLU": "relu", "ln": "log"}
        if not after.startswith("(") or (name not in FUNCTIONS and name not in known):
            return None
        self.place = found.end()
        self.sign("(")
        parts = [self.sum()]
        while self.sign(","):
            parts.append(self.sum())
        if not self.sign(")"):
            raise FormulaError(f"a ')' is missing at character {self.place + 1}")
        return Node("call", tuple(parts), known.get(name, name))

    def resolved(self, text: str) -> Quantity | Array | None:
        try:
            return self.names.resolve(text)
        except UnknownName:
            return None


def as_expression_of(node: Node) -> Expression:
    """A formula of single quantities as an expression. Raises FormulaError where it speaks of whole arrays."""
    parts = [as_expression_of(part) for part in node.parts]
    match node.kind:
        case "number":
            return Number(node.of)
        case "name" if isinstance(node.of, Quantity):
            return Reference(node.of)
        case "negative":
            return Negative(parts[0])
        case "+":
            return Sum((parts[0], parts[1]))
        case "-":
            return Sum((parts[0], Negative(parts[1])))
        case "*":
            return Product((parts[0], parts[1]))
        case "/":
            return Quotient(parts[0], parts[1])
        case "^":
            return Power(parts[0], parts[1])
        case "call" if node.of in FUNCTIONS:
            return FUNCTIONS[node.of](*parts)
    raise FormulaError("a formula of single quantities is wanted here, not of whole arrays")


NumbersOf = Callable[[Array], Numbers]


def computed(node: Node, numbers_of: NumbersOf, *, columns: bool) -> Numbers:
    """A formula's numbers; vectors are columns, or rows. Raises ValueError where shapes do not go together."""
    parts = [computed(part, numbers_of, columns=columns) for part in node.parts]
    with np.errstate(all="ignore"):
        match node.kind:
            case "number":
                return np.asarray(float(node.of))
            case "name":
                return _named(node.of, numbers_of, columns=columns)
            case "slopes":
                slopes = _named(_slopes(node.of, numbers_of), numbers_of, columns=columns)
                return np.diag(slopes.reshape(-1))
            case "negative":
                return -parts[0]
            case "transposed":
                return parts[0].T
            case "+":
                return parts[0] + parts[1]
            case "-":
                return parts[0] - parts[1]
            case "*":
                return parts[0] * parts[1]
            case "/":
                return parts[0] / parts[1]
            case "@":
                return parts[0] @ parts[1] if parts[0].ndim and parts[1].ndim else parts[0] * parts[1]
            case "^":
                return np.asarray(np.power(parts[0], parts[1]))
            case "call" if node.of == "diag":
                return np.diag(parts[0].reshape(-1))
            case "call" if node.of == "sum":
                return np.asarray(parts[0].sum())
            case "call":
                call = FUNCTIONS[node.of](*(Reference(number) for number in range(len(parts))))
                return np.asarray(evaluated(call, lambda number: parts[number]), dtype=float)
    raise AssertionError(node)


def _slopes(layer: int, numbers_of: Any) -> Array:
    owner = getattr(numbers_of, "slopes", None)
    if owner is None:
        raise FormulaError("D1, D2, ... are not known here")
    found: Array = owner(layer)
    return found


def _named(of: Quantity | Array, numbers_of: NumbersOf, *, columns: bool) -> Numbers:
    if isinstance(of, Quantity):
        return np.asarray(float(numbers_of(of.array)[of.indices]))
    numbers = np.asarray(numbers_of(of), dtype=float)
    if of.has_observations and numbers.shape[0] == 1:
        numbers = numbers[0]
    if numbers.ndim == 1:
        return numbers.reshape(-1, 1) if columns else numbers.reshape(1, -1)
    return numbers
