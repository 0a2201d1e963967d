"""Reads the lines of a printed derivation back and redoes their arithmetic, with intervals.

It shares no code with the package: a reader knows a document's text and the settings that it was printed with. A
printed number stands for every number that is printed so; a line's result has to be one that its operands can lead to.
Functions are read from the document's own definitions of them.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from typing import Any

from tests.intervals import (
    CONSTANTS,
    EVERYTHING,
    SLACK,
    Interval,
    Unreadable,
    called,
    product,
    quotient,
    raised,
)

Tree = tuple[Any, ...]
FALLBACK_DIGITS = 2  # of a number that so many decimals would show as 0
TOKEN = (
    r"\s*(?:(?P<number>\d+(?:MARK\d+)?(?:·10\^-?\d+|[eE]-?\d+(?![\w.]))?)"
    r"|(?P<name>[^\W\d]\w*)|(?P<sign>[-+*/^(),{};<>≤≥=·×|]))"
)
SIDE = re.compile(r"(?:^|(?<= ))([=≈]) ")


@dataclass(frozen=True)
class Style:
    """The settings of numbers, as a description states them."""

    digits: int = 4
    decimals: int | None = None
    rounding: str = "round"
    decimal_mark: str = "."
    carried: bool = False
    behind_powers: int | None = None  # decimals of a mantissa, where small numbers have a power of ten by choice

    def last(self, text: str) -> Fraction:
        """How far a number that is printed so can be from what was rounded."""
        mantissa, power = _parts(text, self.decimal_mark)
        value = abs(Fraction(mantissa))
        if value == 0:
            return Fraction(0)
        loose = Fraction(1) if self.rounding == "cut" else Fraction(1, 2)
        if self.decimals is not None and power == 0:
            return loose / 10**self.decimals
        digits = self.digits if self.decimals is None else FALLBACK_DIGITS
        if self.behind_powers is not None:
            digits = self.behind_powers + 1
        first = math.floor(math.log10(value) + 1e-12)
        return loose * Fraction(10) ** (first + power - digits + 1)


def _parts(text: str, mark: str) -> tuple[str, int]:
    mantissa, _, power = re.sub(r"·10\^|[eE]", "@", text).partition("@")
    return mantissa.replace(mark, "."), int(power or 0)


@dataclass
class Tokens:
    """A text as tokens, each a kind and its own text, which are taken one after the other."""

    text: str
    pattern: str  # with MARK where the decimal mark stands, and a group of its name for each kind
    mark: str
    tokens: list[tuple[str, str]] = field(default_factory=list)
    apart: list[bool] = field(default_factory=list)  # whether a space stands before the token
    place: int = 0

    def __post_init__(self) -> None:
        pattern = re.compile(re.escape(self.mark).join(self.pattern.split("MARK")))
        position = 0
        while position < len(self.text.rstrip()):
            found = pattern.match(self.text, position)
            if found is None:
                raise Unreadable(self.text[position:])
            self.tokens.append((str(found.lastgroup), found.group(str(found.lastgroup))))
            self.apart.append(found.group()[:1].isspace())
            position = found.end()

    def ended(self) -> None:
        """Nothing is left."""
        if self.place != len(self.tokens):
            raise Unreadable(self.text)

    def next(self) -> tuple[str, str]:
        return self.tokens[self.place] if self.place < len(self.tokens) else ("end", "")

    def take(self, *signs: str) -> str:
        kind, text = self.next()
        if kind == "sign" and text in signs:
            self.place += 1
            return text
        return ""

    def needed(self, sign: str) -> None:
        if not self.take(sign):
            raise Unreadable(f"{sign} in {self.text}")


class Parser(Tokens):
    """A formula as a tree: numbers as printed, operations, calls, choices by a condition."""

    def __init__(self, text: str, mark: str, *, juxtaposed: bool = False) -> None:
        super().__init__(text, TOKEN, mark)
        self.juxtaposed = juxtaposed

    def tree(self) -> Tree:
        tree = self.sum()
        self.ended()
        return tree

    def sum(self) -> Tree:
        whole = self.term()
        while sign := self.take("+", "-"):
            other = self.term()
            whole = ("+", whole, other if sign == "+" else ("-", other))
        return whole

    def term(self) -> Tree:
        if self.take("-"):
            return ("-", self.term())
        whole = self.power()
        while True:
            sign = self.take("*", "/", "·", "×")
            kind, text = self.next()
            factor = (kind in ("number", "name") and text != "if") or text in ("(", "{")
            if not sign and not (self.juxtaposed and factor):
                return whole
            written = sign == "/" and not self.apart[self.place - 1]  # 2/3 is a number, 2 / 3 a division of two
            whole = ("ratio" if written else "/" if sign == "/" else "*", whole, self.power())

    def power(self) -> Tree:
        base = self.atom()
        if self.take("^"):
            negative = bool(self.take("-"))
            exponent = self.atom()
            return ("^", base, ("-", exponent) if negative else exponent)
        return base

    def atom(self) -> Tree:
        kind, text = self.next()
        self.place += 1
        if kind == "number":
            return ("number", text)
        if kind == "name":
            return self.named(text)
        if text == "(":
            inner = self.sum()
            self.needed(")")
            return inner
        if text == "{":
            return self.choice()
        if text == "|":
            inner = self.sum()
            self.needed("|")
            return ("call", "abs", inner)
        raise Unreadable(self.text)

    def named(self, name: str) -> Tree:
        beside = self.place < len(self.tokens) and not (self.juxtaposed and self.apart[self.place])
        if not beside or not self.take("("):
            return ("name", name)
        arguments = [self.sum()]
        while self.take(","):
            arguments.append(self.sum())
        self.needed(")")
        return ("call", name, *arguments)

    def choice(self) -> Tree:
        branches = []
        while True:
            value = self.sum()
            if self.take("}"):
                return ("choice", *branches, (value, ("number", "0"), "=", ("number", "0")))
            if self.next() != ("name", "if"):
                raise Unreadable(self.text)
            self.place += 1
            left = self.sum()
            relation = self.take("<", ">", "≤", "≥", "=")
            branches.append((value, left, relation, self.sum()))
            if self.take("}"):
                return ("choice", *branches)
            self.needed(";")


@dataclass
class Reader:
    """Evaluates what is printed. ``functions``: parameter and formula of each function that the document defines."""

    style: Style
    juxtaposed: bool = False
    functions: dict[str, tuple[str, Tree]] = field(default_factory=dict)

    def tree(self, text: str) -> Tree:
        try:
            return Parser(text, self.style.decimal_mark, juxtaposed=self.juxtaposed).tree()
        except Unreadable:  # matrix equations multiply by standing side by side, also of one unit's numbers
            return Parser(text, self.style.decimal_mark, juxtaposed=True).tree()

    def define(self, left: str, right: str) -> None:
        """Takes note of ``relu(x) = max(0, x)``."""
        name, _, parameter = left.strip().rstrip(")").partition("(")
        self.functions[name] = (parameter, self.tree(right))

    def value(self, text: str, *, exact: bool) -> Interval:
        """What a side can be worth; ``exact``: its numbers are what they seem."""
        return self.spanned(self.tree(text), {}, exact=exact or self.style.carried)

    def result(self, text: str, *, exact: bool) -> Interval:
        """What the number at the end of a line can stand for."""
        return self.spanned(self.tree(text), {}, exact=exact)

    def spanned(self, tree: Tree, names: dict[str, Interval], *, exact: bool) -> Interval:
        def inner(each: Tree) -> Interval:
            return self.spanned(each, names, exact=exact)

        match tree:
            case ("number", text):
                mantissa, power = _parts(text, self.style.decimal_mark)
                value = Fraction(mantissa) * Fraction(10) ** power
                width = Fraction(0) if exact else self.style.last(text)
                return value - width, value + width
            case ("name", name):
                return names[name] if name in names else CONSTANTS[name] if name in CONSTANTS else _unknown(name)
            case ("-", only):
                low, high = inner(only)
                return -high, -low
            case ("+", one, other):
                left, right = inner(one), inner(other)
                return left[0] + right[0], left[1] + right[1]
            case ("*", one, other):
                return product(inner(one), inner(other))
            case ("ratio", ("number", one), ("number", other)):
                return (Fraction(one) / Fraction(other),) * 2
            case ("/", one, other):
                return quotient(inner(one), inner(other))
            case ("^", base, exponent):
                return raised(inner(base), self.spanned(exponent, names, exact=True))
            case ("call", name, *arguments) if name in self.functions:
                parameter, body = self.functions[name]
                return self.spanned(body, {parameter: inner(arguments[0])}, exact=True)
            case ("call", name, *arguments):
                return called(name, [inner(each) for each in arguments])
            case ("choice", *branches):
                return self.chosen(branches, names, exact=exact)
        raise Unreadable(str(tree))

    def chosen(self, branches: list[Any], names: dict[str, Interval], *, exact: bool) -> Interval:
        """The values of all branches whose condition may hold."""
        found = []
        for value, left, relation, right in branches:
            one, other = (self.spanned(each, names, exact=exact) for each in (left, right))
            possible = {
                "<": one[0] < other[1],
                "≤": one[0] <= other[1],
                ">": one[1] > other[0],
                "≥": one[1] >= other[0],
                "=": one[0] <= other[1] and one[1] >= other[0],
            }[relation]
            if possible:
                found.append(self.spanned(value, names, exact=exact))
            if relation == "<" and one[1] < other[0]:
                break  # it holds for sure: no later branch is meant
        return min(low for low, _ in found), max(high for _, high in found)


def _unknown(name: str) -> Interval:
    raise Unreadable(name)


@dataclass
class Findings:
    """What re-reading a document found: lines whose arithmetic was redone, and those where it is wrong."""

    redone: int = 0
    unbounded: int = 0
    unread: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def compare(self, line: str, found: Interval, shown: Interval) -> bool:
        """Takes note of whether the shown number can be the one that was found."""
        low, high = found
        if high - low >= EVERYTHING:
            self.unbounded += 1
            return True
        self.redone += 1
        slack = SLACK * max(abs(low), abs(high))
        right = shown[0] <= high + slack and shown[1] >= low - slack
        if not right:
            self.wrong.append(f"{line}   [{float(low):.8g}, {float(high):.8g}]")
        return right


def sides_of(line: str) -> list[tuple[str, str]]:
    """What stands behind each relation of a line, outside of brackets; before the first there is the left side."""
    found = [("", "")]
    depth = 0
    for place, character in enumerate(line):
        depth += (character in "({[") - (character in ")}]")
        if (
            depth == 0
            and character in "=≈"
            and line[place + 1 : place + 2] in (" ", "")
            and line[place - 1 : place] in (" ", "")
        ):
            found.append((character, ""))
        else:
            found[-1] = (found[-1][0], found[-1][1] + character)
    return [(relation, side.strip()) for relation, side in found]


def reread(lines: list[str], reader: Reader) -> Findings:
    """Every line of a document, each ``left = symbols = numbers ≈ result``."""
    findings = Findings()
    for line in lines:
        (_, left), *sides = sides_of(line)
        if not sides:
            continue
        defines = re.fullmatch(r"\S+\((x)\)", left)
        if defines and len(sides) == 1:
            try:
                reader.define(left, sides[0][1])
            except Unreadable:
                findings.unread.append(line)
            continue
        _redone(line, sides, reader, findings)
    return findings


def _redone(line: str, sides: list[tuple[str, str]], reader: Reader, findings: Findings) -> None:
    for (before, operands), (relation, result) in pairwise(sides):
        if not _is_number(result, reader):
            continue
        try:
            low, high = reader.value(operands, exact=before == "=" and relation == "=")
        except Unreadable:
            if not re.search(r"[^\W\d]", re.sub(r"[a-z]{2,}\w*\(|\bif\b|e-?\d+", "", operands)):
                findings.unread.append(line)
            continue
        if before == "=" and relation == "≈":
            low, high = reader.value(operands, exact=True)
        findings.compare(line, (low, high), reader.result(result, exact=relation == "="))


def _is_number(text: str, reader: Reader) -> bool:
    try:
        tree = reader.tree(text)
    except Unreadable:
        return False
    while tree[0] == "-":
        tree = tree[1]
    return tree[0] == "number" or (tree[0] == "*" and tree[2] == ("^", ("number", "10"), tree[2][2:] and tree[2][2]))
