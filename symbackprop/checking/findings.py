"""The findings of an audit, as data, as text and as JSON. Never judges a claim."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from symbackprop.checking.claims import Claim
from symbackprop.checking.printed import printed
from symbackprop.errors import SymbackpropError
from symbackprop.network import counted
from symbackprop.quantities import Quantity

MOST_NAMED = 3  # claims that a consequence's line names
VERDICTS = ("ok", "truncated", "rounding", "wrong", "not judged")


@dataclass(frozen=True, slots=True)
class Finding:
    """The verdict on one claim.

    ``because_of`` are the numbers, from 0, of the earlier wrong claims that it carries on from; a wrong claim without
    any is a root. ``assumed`` are the unrounded numbers that may stand behind a root, ``instead`` the given numbers
    that the document has in place of the right ones.
    """

    number: int
    claim: Claim
    verdict: str
    value: Fraction | None = None
    because_of: tuple[int, ...] = ()
    diagnosis: str | None = None
    too_few_digits: bool = False
    reason: str = ""
    remark: str = ""
    assumed: tuple[float, ...] = ()
    instead: tuple[tuple[Quantity, float], ...] | None = None

    @property
    def is_root(self) -> bool:
        """Whether it is wrong and no earlier claim explains it."""
        return self.verdict == "wrong" and not self.because_of


def as_table(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """The findings as the contract's list, one table a claim."""
    return [
        {
            "quantity": finding.claim.quantity or None,
            "where": finding.claim.where or None,
            "printed": finding.claim.printed or None,
            "formula": _formula(finding.claim) or None,
            "relation": finding.claim.relation or None,
            "value": None if finding.value is None else float(f"{float(finding.value):.15g}"),
            "verdict": finding.verdict,
            "because_of": [_called(findings[number]) for number in finding.because_of],
            "diagnosis": finding.diagnosis,
            "too_few_digits": finding.too_few_digits,
            "reason": finding.reason or None,
            "remark": finding.remark or None,
        }
        for finding in findings
    ]


def as_text(findings: Sequence[Finding]) -> str:
    """What a person can act on: the roots in the document's order, then what they lead to, then the rest."""
    lines = [_summary(findings)]
    roots = [finding for finding in findings if finding.is_root]
    consequences = [finding for finding in findings if finding.verdict == "wrong" and finding.because_of]
    if roots:
        lines += ["", "wrong:"]
        for finding in roots:
            lines += [f"  {_line(finding)}"]
            what = "these digits" if finding.claim.printed else "this"
            lines += [f"      {finding.diagnosis or finding.remark or f'no known mistake gives {what}'}"]
    if consequences:
        lines += ["", "wrong because of these:"]
        for finding in consequences:
            lines.append(f"  {_line(finding)}")
            lines.append(f"      {_follows(finding, findings)}")
    for verdict, head in (("rounding", "rounded on the way:"), ("truncated", "cut, not rounded:")):
        some = [finding for finding in findings if finding.verdict == verdict]
        if some:
            lines += ["", head, *(f"  {_line(finding)}" for finding in some)]
    remarks = [finding for finding in findings if finding.remark and not finding.is_root]
    if remarks:
        lines += ["", "remarks:", *(f"  {_called(finding)}: {finding.remark}" for finding in remarks)]
    unjudged = [finding for finding in findings if finding.verdict == "not judged"]
    if unjudged:
        lines += ["", "not judged:", *(f"  {_unjudged(finding)}" for finding in unjudged)]
    few = [finding for finding in findings if finding.too_few_digits]
    if few:
        names = ", ".join(_called(finding) for finding in few)
        lines += ["", f"too few digits to tell the right number from a known mistake's: {names}"]
    return "\n".join(lines)


def _follows(finding: Finding, findings: Sequence[Finding]) -> str:
    """What a consequence follows from, and where that goes back to."""

    def named(causes: Sequence[Finding], *, numbers: bool) -> str:
        shown = [f"{_called(each)}{f' = {each.claim.printed}' if numbers else ''}" for each in causes]
        more = f" and {len(shown) - MOST_NAMED} more" if len(shown) > MOST_NAMED else ""
        return ", ".join(shown[:MOST_NAMED]) + more

    nearest = [findings[number] for number in finding.because_of]
    waiting, seen = list(finding.because_of), dict[int, None]()
    while waiting:
        number = waiting.pop(0)
        if number not in seen:
            seen[number] = None
            waiting += findings[number].because_of
    roots = [findings[number] for number in sorted(seen) if findings[number].is_root]
    further = [each for each in roots if each.number not in finding.because_of]
    back = f", which {'go' if len(nearest) > 1 else 'goes'} back to {named(further, numbers=False)}" if further else ""
    if [_called(each) for each in nearest] == [_called(finding)]:
        return f"it is printed before{back}"
    return f"follows from {named(nearest, numbers=True)}{back}"


def _summary(findings: Sequence[Finding]) -> str:
    counts = {verdict: sum(finding.verdict == verdict for finding in findings) for verdict in VERDICTS}
    said = ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
    roots = sum(finding.is_root for finding in findings)
    of_them = f" ({roots} of them by itself)" if roots == 1 else f" ({roots} of them by themselves)" if roots else ""
    return f"{counted(len(findings), 'claim')}: {said}{of_them}"


def _line(finding: Finding) -> str:
    claim = finding.claim
    what = (
        f"{claim.quantity} = {claim.printed}"
        if claim.printed
        else claim.relation or f"{claim.quantity} = {_formula(claim)}"
    )
    right = f"; right: {shown(finding)}" if claim.printed and finding.value is not None else ""
    return f"{claim.where + ': ' if claim.where else ''}{what}{right}"


def shown(finding: Finding) -> str:
    """The right number, to the place that the claim is printed to where that tells them apart, else to more."""
    assert finding.value is not None
    try:
        number = printed(finding.claim.printed)
    except SymbackpropError:
        return f"{float(finding.value):.9g}"
    text = number.like(finding.value)
    alike = printed(text).value == number.value if number.unit else False
    if not alike and number.unit and not printed(text).value and float(finding.value):
        return f"{float(finding.value):.2g}"  # a number that is not 0 is never shown as 0
    return f"{float(finding.value):.9g}" if alike or not number.unit else text


def _called(finding: Finding) -> str:
    claim = finding.claim
    return claim.quantity or claim.relation or claim.where or claim.statement


def _unjudged(finding: Finding) -> str:
    claim = finding.claim
    where = f"{claim.where}: " if claim.where and claim.statement else ""
    return f"{where}{claim.statement or _called(finding)}: {finding.reason}"


def _formula(claim: Claim) -> str:
    if isinstance(claim.formula, str):
        return claim.formula
    return "[" + "; ".join(", ".join(row) for row in claim.formula) + "]"
