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

Interval = tuple[Fraction, Fraction]
Tree = tuple[Any, ...]
SLACK = Fraction(1, 10**11)  # of functions computed in doubles, relative to what goes in and out
EVERYTHING = Fraction(10**30)
FALLBACK_DIGITS = 2  # of a number that so many decimals would show as 0
TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:MARK\d+)?(?:·10\^-?\d+|[eE]-?\d+(?![\w.]))?)|(?P<name>[^\W\d]\w*)|(?P<sign>[-+*/^(),{};<>≤≥=·×|]))"
)
SIDE = re.compile(r"(?:^|(?<= ))([=≈]) ")


class Unreadable(Exception):
    """Not a formula of numbers and known functions."""


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
class Parser:
    """A formula as a tree: numbers as printed, operations, calls, choices by a condition."""

    text: str
    mark: str
    juxtaposed: bool = False
    tokens: list[tuple[str, str]] = field(default_factory=list)
    apart: list[bool] = field(default_factory=list)  # whether a space stands before the token
    place: int = 0

    def tree(self) -> Tree:
        pattern = re.compile(TOKEN.pattern.replace("MARK", re.escape(self.mark)))
        position = 0
        while position < len(self.text.rstrip()):
            found = pattern.match(self.text, position)
            if found is None:
                raise Unreadable(self.text[position:])
            self.tokens.append((str(found.lastgroup), found.group(str(found.lastgroup))))
            self.apart.append(found.group()[:1].isspace())
            position = found.end()
        tree = self.sum()
        if self.place != len(self.tokens):
            raise Unreadable(self.text)
        return tree

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
            return Parser(text, self.style.decimal_mark, self.juxtaposed).tree()
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
                return _product(inner(one), inner(other))
            case ("ratio", ("number", one), ("number", other)):
                return (Fraction(one) / Fraction(other),) * 2
            case ("/", one, other):
                low, high = inner(other)
                if low <= 0 <= high:
                    return -EVERYTHING, EVERYTHING
                return _product(inner(one), (1 / high, 1 / low))
            case ("^", base, exponent):
                return _power(inner(base), self.spanned(exponent, names, exact=True))
            case ("call", name, *arguments) if name in self.functions:
                parameter, body = self.functions[name]
                return self.spanned(body, {parameter: inner(arguments[0])}, exact=True)
            case ("call", name, *arguments):
                return _called(name, [inner(each) for each in arguments])
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


CONSTANTS = {"pi": (Fraction(math.pi),) * 2, "e": (Fraction(math.e),) * 2}


def _unknown(name: str) -> Interval:
    raise Unreadable(name)


def _product(left: Interval, right: Interval) -> Interval:
    ends = [one * other for one in left for other in right]
    return min(ends), max(ends)


def _power(base: Interval, exponent: Interval) -> Interval:
    low, high = exponent
    if low != high or low.denominator != 1 or abs(low) > 40:
        if base[0] <= 0:
            raise Unreadable("a power of a number that may be negative")
        ends = [Fraction(float(one) ** float(other)) for one in base for other in exponent]
        return _loosened(min(ends), max(ends))
    whole = int(low)
    if whole < 0:
        if base[0] <= 0 <= base[1]:
            return -EVERYTHING, EVERYTHING
        above = _power(base, (-low, -low))
        return 1 / above[1], 1 / above[0]
    ends = [each**whole for each in base]
    if whole % 2 == 0 and base[0] <= 0 <= base[1]:
        ends.append(Fraction(0))
    return min(ends), max(ends)


def _loosened(low: Fraction, high: Fraction) -> Interval:
    slack = SLACK * max(abs(low), abs(high), Fraction(1, 10**9))
    return low - slack, high + slack


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x > -700 else 0.0


RISING = {
    "exp": lambda x: math.exp(min(x, 700.0)),
    "log": lambda x: math.log(max(x, 5e-324)),
    "ln": lambda x: math.log(max(x, 5e-324)),
    "sqrt": lambda x: math.sqrt(max(x, 0.0)),
    "tanh": math.tanh,
    "sinh": math.sinh,
    "atan": math.atan,
    "erf": math.erf,
    "σ": _sigmoid,
    "sigmoid": _sigmoid,
}


def _called(name: str, arguments: list[Interval]) -> Interval:
    if name in RISING:
        (argument,) = arguments
        if name in ("log", "ln") and argument[0] <= 0:  # then the document carries more digits on than it shows
            return -EVERYTHING, EVERYTHING
        low, high = (Fraction(RISING[name](float(each))) for each in argument)
        slack = SLACK * max(1, abs(argument[0]), abs(argument[1]))
        return low - slack * max(abs(low), SLACK), high + slack * max(abs(high), SLACK)
    if name in ("max", "min"):
        chosen = max if name == "max" else min
        return chosen(low for low, _ in arguments), chosen(high for _, high in arguments)
    if name == "abs":
        low, high = arguments[0]
        inside = low <= 0 <= high
        return (Fraction(0) if inside else min(abs(low), abs(high))), max(abs(low), abs(high))
    if name == "sign":
        low, high = arguments[0]
        return Fraction((low > 0) - (low < 0)), Fraction((high > 0) - (high < 0))
    if name == "cos" or name == "sin":
        middle, half = (arguments[0][0] + arguments[0][1]) / 2, (arguments[0][1] - arguments[0][0]) / 2
        value = Fraction(getattr(math, name)(float(middle)))
        return value - half - SLACK, value + half + SLACK
    raise Unreadable(name)


@dataclass
class Findings:
    """What re-reading a document found: lines whose arithmetic was redone, and those where it is wrong."""

    redone: int = 0
    unbounded: int = 0
    unread: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


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
        shown_low, shown_high = reader.result(result, exact=relation == "=")
        if high - low >= EVERYTHING:
            findings.unbounded += 1
            continue
        findings.redone += 1
        slack = SLACK * max(abs(low), abs(high))
        if shown_low > high + slack or shown_high < low - slack:
            findings.wrong.append(f"{line}   [{float(low):.8g}, {float(high):.8g}]")


def _is_number(text: str, reader: Reader) -> bool:
    try:
        tree = reader.tree(text)
    except Unreadable:
        return False
    while tree[0] == "-":
        tree = tree[1]
    return tree[0] == "number" or (tree[0] == "*" and tree[2] == ("^", ("number", "10"), tree[2][2:] and tree[2][2]))


def text_lines(text: str) -> list[str]:
    """The lines of a derivation in plain text that was written without breaking a row."""
    found: list[str] = []
    for row in text.splitlines():
        if row.startswith("  ") and not row.startswith("   "):
            found.append(row.strip())
        elif found and row.startswith("   ") and row.strip()[:2] in ("= ", "≈ "):
            found[-1] += f" {row.strip()}"
    return found


def tex_lines(source: str, environment: str) -> list[str]:
    """The lines of the displays of a LaTeX or Markdown source, as plain text."""
    found: list[str] = []
    pattern = re.escape(f"\\begin{{{environment}}}") + "(.*?)" + re.escape(f"\\end{{{environment}}}")
    for block in re.findall(pattern, source, re.S):
        rows = re.split(
            r" \\\\(?:\[4pt\])?\n", re.sub(r" (\\notag|\\label\{[^}]*\})(?= \\\\\n|$)", "", block.strip(), flags=re.M)
        )
        for row in (each.strip() for each in rows):
            if found and row.startswith(("&=", r"&\approx", r"&\quad")):
                found[-1] += " " + row.removeprefix("&").removeprefix(r"\quad").strip().removeprefix("{}").strip()
            else:
                found.append(row.replace("&", " ", 1) if not row.startswith("&") else row[1:])
    return [plain(each) for each in found]


def plain(tex: str) -> str:
    """A formula in TeX as it would be typed."""
    tex = re.sub(r"\\(left|right|displaystyle|quad)(?![A-Za-z]) ?", "", tex)
    for command, text in (*PLAIN, (r"\{", "{"), (r"\}", "}")):
        tex = tex.replace(command, text)
    tex = re.sub(r"\\begin\{cases\}(.*?)\\end\{cases\}", _cases, tex, flags=re.S)
    return " ".join(_read(tex, 0, "")[0].split())


PLAIN = (
    (r"\mathrm{e}{-", "e-{"), (r"{,}", ","), (r"\approx", "≈"), (r"\cdot", "*"), (r"\times", "*"), (r"\ast", "*"),
    (r"\,", " "), (r"\le ", "≤ "), (r"\ge ", "≥ "), (r"\pi", " pi "), (r"\ln", " log"), (r"\sigma", " σ"),
    (r"\text{ if }", " if "), (r"\max", " max"), (r"\min", " min"), (r"\exp", " exp"), (r"\tanh", " tanh"),
    (r"\log", " log"), (r"\cosh", " cosh"), (r"\sinh", " sinh"), (r"\sin", " sin"), (r"\cos", " cos"), (r"\_", "_"),
)  # fmt: skip


def _cases(found: re.Match[str]) -> str:
    rows = found[1].replace("&", " ").split(r"\\")
    return r"\braced{" + "; ".join(row.replace(r"\text{if }", " if ").strip() for row in rows) + "}"


def _read(tex: str, place: int, end: str) -> tuple[str, int]:
    """TeX up to a closing brace as plain text, and where it ends."""
    text = ""
    while place < len(tex):
        if end and tex.startswith(end, place):
            return text, place + len(end)
        if tex.startswith((r"\frac", r"\dfrac"), place):
            above, place = _argument(tex, tex.index("c", place) + 1)
            below, place = _argument(tex, place)
            text += f" (({above}) / ({below})) "
        elif tex.startswith(r"\sqrt", place):
            inner, place = _argument(tex, place + 5)
            text += f" sqrt({inner})"
        elif tex.startswith(r"\braced", place):
            inner, place = _argument(tex, place + 7)
            text += f" {{{inner}}}"
        elif found := re.match(r"\\(operatorname|mathrm|mathit|text|mathbf)", tex[place:]):
            inner, place = _argument(tex, place + found.end())
            text += f" {inner}"
        elif tex.startswith("e^", place) and not text[-1:].isalnum():
            inner, place = _argument(tex, place + 2)
            text += f" exp({inner})"
        elif tex[place] == "^":
            inner, place = _argument(tex, place + 1)
            text += f"^({inner})" if not inner.lstrip("-").isdigit() else f"^{inner}"
        elif tex[place] == "{":
            inner, place = _read(tex, place + 1, "}")
            text += inner
        else:
            text, place = text + tex[place], place + 1
    return text, place


def _argument(tex: str, place: int) -> tuple[str, int]:
    while tex[place] == " ":
        place += 1
    return _read(tex, place + 1, "}") if tex[place] == "{" else (tex[place], place + 1)
