"""What a proof found: its checks and their sum. Never checks anything."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from symbackprop.identities import Verdict
from symbackprop.notation import Notation
from symbackprop.notation.lettering import plain
from symbackprop.quantities import Array

KINDS = {
    "slope": "the slope is the derivative of its value",
    "jacobian": "the Jacobian is the derivative of its values",
    "stable form": "the form that is computed equals the printed one",
    "rewrite": "the rewritten equation equals the derived one",
    "derivative": "the equation is the derivative of the loss",
    "indices": "each index runs along one axis",
}


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was checked, about the equation of one array; ``exact`` unless only random points agree."""

    kind: str  # a key of KINDS
    array: Array
    holds: bool
    exact: bool
    how: str

    def sentence(self, notation: Notation) -> str:
        """``∂out/∂net: the slope is the derivative of its value (a polynomial identity, expanded)``."""
        verdict = "" if self.holds else "NOT PROVEN: "
        return f"{plain(notation.array_name(self.array))}: {verdict}{KINDS[self.kind]} ({self.how})"


@dataclass(frozen=True)
class Proof:
    """Whether a derivation's backward equations are right; true or false as ``bool(proof)``.

    ``method`` says how the equations were compared with the derivatives of the closed loss: ``"expanded"``, as
    polynomials, or ``"random points"``, modulo the prime ``2**61 - 1`` (a wrong equation passes with a chance below
    1e-15).
    """

    method: str
    checks: tuple[Check, ...]
    notation: Notation

    def __bool__(self) -> bool:
        return all(check.holds for check in self.checks)

    @property
    def failed(self) -> tuple[Check, ...]:
        """What does not hold; the first ones are causes where others follow from them."""
        return tuple(check for check in self.checks if not check.holds)

    @property
    def exact(self) -> bool:
        """Whether everything was decided by an identity, and nothing by agreement at random points."""
        return self.method == "expanded" and all(check.exact for check in self.checks)

    def sentences(self) -> list[str]:
        """What was checked and how, one line each."""
        return [check.sentence(self.notation) for check in self.checks]

    def __str__(self) -> str:
        ways = {
            "expanded": "as polynomials, expanded, in independent values and slopes",
            "random points": "at random points modulo 2^61 - 1, values and slopes being independent",
        }
        counted = (
            f"{len(self.checks)} checks, {len(self.failed)} failed" if self.failed else f"{len(self.checks)} checks"
        )
        head = f"{'not proven' if self.failed else 'proven'}: {counted}; derivatives compared {ways[self.method]}"
        return "\n".join([head, *(check.sentence(self.notation) for check in self.failed)])


def check(kind: str, array: Array, verdicts: Iterable[Verdict]) -> Check:
    """One check of several entries: it holds if all do, and says the weakest way."""
    found = list(verdicts)
    wrong = [each for each in found if not each.holds]
    inexact = [each for each in found if not each.exact]
    shown = (wrong or inexact or found or [Verdict(False, False, "nothing to compare it with")])[0]
    return Check(kind, array, not wrong and bool(found), all(each.exact for each in found), shown.how)
