"""Relations between quantities and printed numbers, judged on exact numbers; and what a quantity depends on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from mpmath import mpf, nstr

from symbackprop.checking.audit.document import Document
from symbackprop.checking.claims import Claim
from symbackprop.checking.findings import Finding
from symbackprop.checking.printed import Printed, printed
from symbackprop.errors import SymbackpropError

RELATION = re.compile(r"(<=|>=|≤|≥|!=|≠|≈|~|==|<|>|=)")
DEPENDENCE = re.compile(r"^(?P<what>.+?)\s+(?P<verb>depends on|does not depend on)\s+(?P<on>.+)$", re.DOTALL)
EQUAL = Fraction(1, 10**40)  # relative: exact numbers this near are equal
ABOUT = Fraction(1, 100)  # relative: about equal, where no printed place says how near


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a relation: its number, and how it is printed if it is."""

    value: Fraction
    printed: Printed | None


def relation(document: Document, number: int, claim: Claim) -> Finding:
    """The verdict on a relation, or on a chain of them."""
    if found := DEPENDENCE.match(claim.relation.strip()):
        return _dependence(document, number, claim, found)
    parts = RELATION.split(claim.relation)
    if len(parts) < 3:
        reason = "no relation sign: <, >, <=, >=, =, !=, ≈; nor 'depends on' or 'does not depend on'"
        return Finding(number, claim, "not judged", reason=reason)
    sides = [_side(document, text) for text in parts[::2]]
    for place, (left, sign, right) in enumerate(zip(sides, parts[1::2], sides[1:], strict=False)):
        if not _holds(left, sign, right):
            which = "" if len(sides) == 2 else f" of {' '.join(map(str.strip, parts[2 * place : 2 * place + 3]))}"
            told = f"the left side{which} is {_shown(left.value)}, the right one {_shown(right.value)}"
            return Finding(number, claim, "wrong", value=sides[0].value, diagnosis=told)
    return Finding(number, claim, "ok", value=sides[0].value)


def _dependence(document: Document, number: int, claim: Claim, found: re.Match[str]) -> Finding:
    """The verdict on what a quantity is said to be worked out from, however far back."""
    what, names = document.asked(found["what"])[0], re.split(r"\s*,\s*(?:and\s+)?|\s+and\s+", found["on"])
    behind = set(document.behind(what, most=None))
    plain = document.derivation.notation.plain
    claimed = found["verb"] == "depends on"
    for name in names:
        quantity = document.asked(name)[1]
        if quantity is None:
            return Finding(number, claim, "not judged", reason=f"{name}: one quantity's name is wanted here")
        if (quantity in behind) != claimed:
            told = f"it depends on {plain(quantity)}" if not claimed else f"it does not depend on {plain(quantity)}"
            return Finding(number, claim, "wrong", diagnosis=told)
    return Finding(number, claim, "ok")


def _shown(value: Fraction) -> str:
    """Nine digits, of numbers beyond floats too."""
    return str(nstr(mpf(value.numerator) / value.denominator, 9)).removesuffix(".0")


def _side(document: Document, text: str) -> Side:
    try:
        number = printed(text)
    except SymbackpropError:
        return Side(document.exact(document.asked(text.strip())[0]), None)
    return Side(number.value, number)


def _holds(left: Side, sign: str, right: Side) -> bool:
    a, b = left.value, right.value
    near = abs(a - b) <= EQUAL * max(abs(a), abs(b))
    match sign:
        case "<":
            return a < b and not near
        case ">":
            return a > b and not near
        case "<=" | "≤":
            return a <= b or near
        case ">=" | "≥":
            return a >= b or near
        case "!=" | "≠":
            return not near
    coarse = [
        number.rounded_from(value)
        for number, value in ((left.printed, b), (right.printed, a))
        if number is not None and number.unit
    ]
    if coarse:
        return any(coarse)
    return near or (sign in "≈~" and abs(a - b) <= ABOUT * max(abs(a), abs(b)))
