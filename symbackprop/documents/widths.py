"""How wide a TeX formula will be, and where it can be broken. A small estimate, not a typesetter: a little too wide."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

TOKEN = re.compile(r"\\[A-Za-z]+|\\.|.", re.DOTALL)
ROW_END = re.compile(r"\\\\(?:\[\d+pt\])?")
# Widths in points of 10 pt type.
LETTERS = {"i": 3.5, "j": 4.2, "l": 3.1, "t": 3.7, "f": 5.5, "r": 4.7, "m": 8.8, "w": 7.2, "M": 9.8, "W": 9.6}
SIGNS = {
    "+": 12.3, "-": 12.3, "=": 13.4, "<": 13.4, ">": 13.4, ".": 2.8, ",": 4.5, "(": 3.9, ")": 3.9, "[": 2.8, "]": 2.8,
    "/": 5.0, "|": 2.8, "'": 2.5, " ": 0.0, "!": 2.8, "&": 0.0, ";": 4.5,
    r"\cdot": 7.3, r"\times": 12.3, r"\ast": 9.5, r"\odot": 12.3, r"\approx": 13.4, r"\le": 13.4, r"\ge": 13.4,
    r"\,": 1.7, r"\quad": 10.0, r"\partial": 5.9, r"\sum": 16.2, r"\top": 7.8, r"\langle": 3.9, r"\rangle": 3.9,
    r"\prime": 2.8, r"\dots": 13.4, r"\cdots": 13.4, r"\infty": 10.0, r"\left": 2.5, r"\right": 2.5, r"\{": 5.0,
    "\u2217": 9.5, r"\}": 5.0, r"\|": 5.0,
}  # fmt: skip
WORDS = (
    *(r"\ln", r"\exp", r"\sin", r"\cos", r"\tan", r"\sinh", r"\cosh", r"\tanh", r"\max", r"\min"),
    *(r"\arcsin", r"\arccos", r"\arctan"),
)
TEXT = (r"\mathrm", r"\mathit", r"\mathbf", r"\text", r"\operatorname", r"\mathcal")
ACCENTS = (r"\hat", r"\bar", r"\tilde", r"\vec", r"\dot", r"\boldsymbol")
SCRIPT = 0.79
LETTER, GREEK, DIGIT, TEXT_LETTER, CAPITAL = 5.5, 5.9, 5.0, 5.4, 2.5
BREAKS = (" + ", " - ", r" \cdot ", r" \times ", r" \ast ", " \u2217 ", r" \, ", " / ", r" \text{ if } ")
LONGEST = 4000  # characters that no row holds
SUMS = BREAKS[:2]


@lru_cache(maxsize=4096)
def width(formula: str) -> float:
    r"""About how many points the formula is wide in 10 pt type, in a displayed equation.

    >>> 40 < width(r"w_{1} \, x_{1} + b") < 50
    True
    """
    return _group(iter(TOKEN.findall(formula)))


def _group(tokens: Iterator[str], end: str = "") -> float:
    total = scripts = 0.0
    for token in tokens:
        if token == end:
            break
        if token in "_^":
            script = SCRIPT * _argument(tokens) + 0.5
            total, scripts = total - scripts, max(scripts, script)
            total += scripts
            continue
        scripts = 0.0
        total += _token(token, tokens)
    return total


def _token(token: str, tokens: Iterator[str]) -> float:
    if token in SIGNS:
        return SIGNS[token]
    if token == "{":
        return _group(tokens, "}")
    if token == r"\frac":
        return max(_argument(tokens), _argument(tokens)) + 2.4
    if token == r"\sqrt":
        return _argument(tokens) + 9
    if token in TEXT:
        word = _raw(tokens)
        return TEXT_LETTER * len(word) + CAPITAL * sum(map(str.isupper, word)) + 1.7
    if token in ACCENTS:
        return _argument(tokens)
    if token in WORDS:
        return TEXT_LETTER * (len(token) - 1) + 1.7
    if token == r"\begin":
        _raw(tokens)
        return _environment(tokens)
    if token.startswith("\\"):
        return GREEK
    return DIGIT if token.isdigit() else LETTERS.get(token, LETTER + (1.5 if token.isupper() else 0))


def _argument(tokens: Iterator[str]) -> float:
    for token in tokens:
        if token != " ":
            return _token(token, tokens)
    return 0.0


def _raw(tokens: Iterator[str]) -> str:
    text, depth = "", 0
    for token in tokens:
        depth += (token == "{") - (token == "}")
        if token not in "{}":
            text += token
        if depth == 0 and (text or token == "}"):
            break
    return text


def _environment(tokens: Iterator[str]) -> float:
    """The columns of an environment side by side, each as wide as its widest cell."""
    inner: list[str] = []
    depth = 1
    for token in tokens:
        if token in (r"\begin", r"\end"):
            depth += 1 if token == r"\begin" else -1
            if depth == 0:
                _raw(tokens)
                break
        inner.append(token)
    rows = [[width(cell) for cell in row.split("&")] for row in ROW_END.split("".join(inner))]
    columns = max(len(row) for row in rows)
    widest = (max(row[column] for row in rows if column < len(row)) for column in range(columns))
    return sum(widest) + 10 * columns + 3


def broken(formula: str, room: float) -> list[str]:
    """The formula in rows of about that width where it can be: before outermost signs, and inside terms too long.

    Continued rows are to be set a quad further in.
    """
    if width(formula) <= room:
        return [formula]
    rows: list[str] = []
    for term in _terms(formula):
        if rows and width(f"{rows[-1]} {term}") <= room - SIGNS[r"\quad"]:
            rows[-1] += f" {term}"
        else:
            rows += _wrapped(term, room - SIGNS[r"\quad"])
    return rows


def _terms(formula: str) -> list[str]:
    cuts = [place for place, depth in _places(formula, SUMS) if depth == 0]
    return [formula[start:end].strip() for start, end in zip([0, *cuts], [*cuts, len(formula)], strict=True)]


def _wrapped(term: str, room: float) -> list[str]:
    """A term in rows, broken as little inside brackets as can be."""
    rows: list[str] = []
    while width(term[:LONGEST]) > room:
        place = _best_place(term[:LONGEST], room)
        if place is None:
            break
        rows.append(term[:place].strip())
        term = term[place:].strip()
        if term.startswith(r"\,"):
            term = r"\cdot" + term[2:]
        elif term.startswith("("):
            term = rf"\cdot {term}"
    return [*rows, term]


def _best_place(term: str, room: float) -> int | None:
    """Where a row ends: as little inside brackets as can be, not too early; else as late as fits, else at once."""
    best: tuple[int, int] | None = None
    last: int | None = None
    here, before = 0.0, 0
    for place, depth in _places(term, BREAKS):
        if not term[:place].strip():
            continue
        here, before = here + width(term[before:place]), place
        if here > room:
            return -best[1] if best else last or place
        last = place
        if here > room / 3:
            best = min(best, (depth, -place)) if best else (depth, -place)
    return -best[1] if best else last


def _places(formula: str, signs: tuple[str, ...]) -> list[tuple[int, int]]:
    """Where the formula can be broken before one of the signs, with the depth of round brackets there."""
    places: list[tuple[int, int]] = []
    braces = pairs = depth = 0
    position = 0
    for token in TOKEN.findall(formula):
        if token in "{}":
            braces += 1 if token == "{" else -1
        elif token in (r"\left", r"\begin"):
            pairs += 1
        elif token in (r"\right", r"\end"):
            pairs -= 1
        elif token in ("(", "["):
            depth += 1
        elif token in (")", "]"):
            depth -= 1
        if token == " " and position and not braces and not pairs and _is_break(formula, position, signs):
            places.append((position, depth))
        position += len(token)
    return places


def _is_break(formula: str, position: int, signs: tuple[str, ...]) -> bool:
    """Whether a sign stands here; or, where products have none, a bracket behind a factor."""
    if formula.startswith(signs, position):
        return True
    factor = formula[position - 1].isalnum() or formula[position - 1] in "})"
    return signs is BREAKS and factor and formula.startswith(" (", position) and not _COMMAND.search(formula[:position])


_COMMAND = re.compile(r"\\[A-Za-z]+$")
