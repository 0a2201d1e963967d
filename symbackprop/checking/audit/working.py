"""Lines of working: the numbers that stand before a result, what they give, and whether they belong there."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

from symbackprop.checking.audit.document import Document
from symbackprop.checking.audit.roots import cause_of
from symbackprop.checking.claims import Claim
from symbackprop.checking.entries import Floats, entries_of
from symbackprop.checking.findings import Finding
from symbackprop.checking.printed import Printed, line_of_numbers, printed
from symbackprop.errors import SymbackpropError
from symbackprop.expressions import Expression
from symbackprop.quantities import Array, Quantity

LITERAL = r"(?<![\w.])\d+(?:\.\d+)?(?:[eE][+-]?\d+)?"
CONSTANTS = ("0.5", ".5", "10")  # numbers that formulas have, with 0, 1 and 2


def worked(document: Document, claim: Claim) -> float | None:
    """What a claim's line of working gives."""
    return _result(document, line_of_numbers(claim.working)) if claim.working else None


def remark_on(document: Document, claim: Claim, claimed: Printed) -> str:
    """What is to say on a line of working that does not give the printed number."""
    result = worked(document, claim)
    if result is None or claimed.fits(result):
        return ""
    return f"the line of working gives {result:.12g}, not what is printed"


def from_working(
    document: Document, finding: Finding, claimed: Printed, expression: Expression, quantity: Quantity | None
) -> Finding | None:
    """The finding on a number that its line of working gives; None where the line does not say what went wrong."""
    result = worked(document, finding.claim)
    if result is None or not claimed.fits(result):
        return None
    wrong, strange = _numbers_of(document, line_of_numbers(finding.claim.working), expression)
    if strange:
        sentence = f"the line of working has {', '.join(strange)}, which is not a number that belongs there"
        told = cause_of(document, finding, claimed, expression, quantity).sentence or sentence
        return replace(finding, verdict="wrong", diagnosis=told, because_of=tuple(sorted(wrong.values())))
    if not _is_right_line(document, finding, wrong):
        return None  # right numbers, put together in a wrong way
    if wrong:
        return replace(finding, verdict="wrong", because_of=tuple(sorted(set(wrong.values()))))
    return replace(finding, verdict="rounding")


def _numbers_of(document: Document, working: str, expression: Expression) -> tuple[dict[str, int], list[str]]:
    """The numbers of a line that are earlier wrong claims, by their claim, and those that are nothing known."""
    wrong, strange = dict[str, int](), list[str]()
    values = [float(document.known.of(leaf)) for leaf in document.behind(expression)]
    for text in re.findall(LITERAL, working):
        number = printed(text)
        if number.value in (0, 1, 2) or text in CONSTANTS:
            continue
        right = any(number.fits(abs(each)) for each in values)
        said = [each for each in document.everything_said() if Fraction(str(abs(each.value))) == number.value]
        if right or any(not each.wrong for each in said):
            continue
        if said:
            wrong[text] = said[-1].number
        else:
            strange.append(text)
    return wrong, strange


def _is_right_line(document: Document, finding: Finding, wrong: Mapping[str, int]) -> bool:
    """Whether a line of working, with right numbers for the wrong ones, gives the right result up to rounding."""
    text = line_of_numbers(finding.claim.working)
    for literal, cause in wrong.items():
        right = document.found[cause].value
        assert right is not None
        text = re.sub(rf"(?<![\w.]){re.escape(literal)}(?![\w.])", f"{abs(float(right)):.15g}", text)
    here = _result(document, text)
    if here is None or finding.value is None:
        return False
    reach = 1e-9 * abs(here)
    for start, end in [found.span() for found in re.finditer(LITERAL, text)]:
        number = printed(text[start:end])
        if number.unit < 1:
            other = _result(document, f"{text[:start]}{float(number.value + number.unit)!r}{text[end:]}")
            reach += abs((here if other is None else other) - here)
    return abs(here - float(finding.value)) <= reach


def _result(document: Document, text: str) -> float | None:
    try:
        value = float(entries_of(document.reader.read(text), Floats(_no_arrays)))
    except (SymbackpropError, ValueError, TypeError):
        return None
    return value if math.isfinite(value) else None


def _no_arrays(array: Array) -> Any:
    raise ValueError(f"{array} in a line of numbers")
