"""Reads printed equations of matrices back and multiplies them out, with intervals. Shares no code with the package.

``[1 2; 3 4]`` is a matrix; side by side is the product of matrices, ``⊙`` goes entry by entry, ``ᵀ`` turns round.
"""

from __future__ import annotations

import re
from itertools import pairwise

from tests.intervals import Interval, Unreadable, called, product, quotient, raised
from tests.rereading import Findings, Reader, Tokens, sides_of

Matrix = list[list[Interval]]
TOKEN = (
    r"\s*(?:(?P<matrix>\[[^\[\]]*\])|(?P<number>\d+(?:MARK\d+)?(?:·10\^-?\d+|[eE]-?\d+(?![\w.]))?(?:/\d+(?![\w.]))?)"
    r"|(?P<name>[^\W\dᵀ]\w*'?)|(?P<sign>[-+*/^(),·×⊙ᵀ]))"
)


class MatrixParser(Tokens):
    """One side of an equation, evaluated while it is read."""

    def __init__(self, text: str, reader: Reader, *, exact: bool) -> None:
        super().__init__(text, TOKEN, reader.style.decimal_mark)
        self.reader, self.exact = reader, exact

    def value(self) -> Matrix:
        whole = self.sum()
        self.ended()
        return whole

    def sum(self) -> Matrix:
        whole = self.term()
        while sign := self.take("+", "-"):
            other = self.term()
            whole = met(whole, other if sign == "+" else negated(other), lambda a, b: (a[0] + b[0], a[1] + b[1]))
        return whole

    def term(self) -> Matrix:
        if self.take("-"):
            return negated(self.term())
        whole = self.factor()
        while True:
            if self.take("⊙", "*", "·", "×"):
                whole = met(whole, self.factor(), product)
            elif self.take("/"):
                whole = met(whole, self.factor(), quotient)
            elif self.next()[0] in ("matrix", "number", "name") or self.next()[1] == "(":
                whole = multiplied(whole, self.factor())
            else:
                return whole

    def factor(self) -> Matrix:
        base = self.atom()
        while True:
            if self.take("ᵀ"):
                base = [list(row) for row in zip(*base, strict=True)]
            elif self.take("^"):
                ((exponent,),) = self.atom()
                base = [[raised(each, exponent) for each in row] for row in base]
            else:
                return base

    def atom(self) -> Matrix:
        kind, text = self.next()
        self.place += 1
        if kind == "matrix":
            return self.entries(text[1:-1])
        if kind == "number":
            return [[self.reader.result(text, exact=self.exact)]]
        if kind == "name":
            return self.applied_to(text)
        if text == "(":
            inner = self.sum()
            self.needed(")")
            return inner
        raise Unreadable(self.text)

    def entries(self, text: str) -> Matrix:
        between = ", " if ", " in text else " "
        return [[self.reader.result(each, exact=self.exact) for each in row.split(between)] for row in text.split("; ")]

    def applied_to(self, name: str) -> Matrix:
        if name == "pi" or not self.take("("):
            return [[self.reader.spanned(("name", name), {}, exact=self.exact)]]
        inner = self.sum()
        while name in ("max", "min") and self.take(","):
            inner = met(inner, self.sum(), lambda a, b: called(name, [a, b]))
        self.needed(")")
        if name in ("max", "min"):
            return inner
        if name == "diag":
            zero = self.reader.result("0", exact=True)
            vector = inner[0] if len(inner) == 1 else [row[0] for row in inner]
            return [
                [each if place == other else zero for other in range(len(vector))] for place, each in enumerate(vector)
            ]
        return [[self.applied(name, each) for each in row] for row in inner]

    def applied(self, name: str, argument: Interval) -> Interval:
        if name in self.reader.functions:
            parameter, body = self.reader.functions[name]
            return self.reader.spanned(body, {parameter: argument}, exact=True)
        return called(name, [argument])


def negated(matrix: Matrix) -> Matrix:
    return [[(-high, -low) for low, high in row] for row in matrix]


def met(left: Matrix, right: Matrix, operation: object) -> Matrix:
    """Entry by entry; a single number meets every entry."""
    assert callable(operation)
    if len(left) == len(left[0]) == 1:
        left = [[left[0][0]] * len(right[0]) for _ in right]
    if len(right) == len(right[0]) == 1:
        right = [[right[0][0]] * len(left[0]) for _ in left]
    if (len(left), len(left[0])) != (len(right), len(right[0])):
        raise AssertionError("matrices of different shapes meet entry by entry")
    return [[operation(a, b) for a, b in zip(*rows, strict=True)] for rows in zip(left, right, strict=True)]


def multiplied(left: Matrix, right: Matrix) -> Matrix:
    """The product of matrices; of a number and a matrix, each entry's."""
    if len(left[0]) != len(right) and 1 in (len(left) * len(left[0]), len(right) * len(right[0])):
        return met(left, right, product)
    assert len(left[0]) == len(right), "the shapes of a product fit"
    columns = list(zip(*right, strict=True))
    return [[_dot(row, column) for column in columns] for row in left]


def _dot(row: list[Interval], column: tuple[Interval, ...]) -> Interval:
    products = [product(a, b) for a, b in zip(row, column, strict=True)]
    return sum((low for low, _ in products), start=products[0][0] * 0), sum(
        (high for _, high in products), start=products[0][0] * 0
    )


def reread_matrices(lines: list[str], reader: Reader) -> Findings:
    """Every equation of matrices of a document: what stands before a matrix of numbers leads to it."""
    findings = Findings()
    for line in lines:
        (_, left), *sides = sides_of(line)
        defines = re.fullmatch(r"\S+\((x)\)", left)
        if defines and len(sides) == 1:
            reader.define(left, sides[0][1])
        for (before, operands), (relation, result) in pairwise(sides):
            if "[" in operands and re.fullmatch(r"\[[-\d][^\[\]]*\]|-?\d\S*", result):
                _redone(line, (before, operands), (relation, result), reader, findings)
    return findings


def _redone(line: str, working: tuple[str, str], end: tuple[str, str], reader: Reader, findings: Findings) -> None:
    (before, operands), (relation, result) = working, end
    try:
        found = MatrixParser(operands, reader, exact=before == "=").value()
        shown = MatrixParser(result, reader, exact=relation == "=").value()
    except Unreadable:
        if not re.search(r"[^\W\d]", re.sub(r"[^\W\d]\w*'?\(|ᵀ|e-?\d+|\bpi\b", "", operands)):
            findings.unread.append(line)
        return
    if (len(found), len(found[0])) != (len(shown), len(shown[0])):
        findings.wrong.append(f"{line}   shapes")
        return
    for spans in zip(found, shown, strict=True):
        for numbers in zip(*spans, strict=True):
            if not findings.compare(line, *numbers):
                return
