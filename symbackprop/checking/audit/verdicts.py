"""The verdict on each claim of a document: right, cut, rounded on the way, wrong, or not to be judged."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import chain

from symbackprop.checking.audit.carried import carried_from
from symbackprop.checking.audit.document import Document
from symbackprop.checking.audit.floating import is_in_floats
from symbackprop.checking.audit.givens import contradiction
from symbackprop.checking.audit.relations import relation
from symbackprop.checking.audit.roots import Cause, root, told_of
from symbackprop.checking.audit.working import from_working, remark_on, worked
from symbackprop.checking.causes import Guess
from symbackprop.checking.claims import Claim, Claims
from symbackprop.checking.findings import Finding
from symbackprop.checking.points import settled
from symbackprop.checking.printed import Printed, printed
from symbackprop.checking.printed_arrays import entrywise
from symbackprop.checking.proofs import FormulaJudge
from symbackprop.derivation import derive
from symbackprop.errors import SymbackpropError
from symbackprop.expressions import Expression
from symbackprop.network import Network
from symbackprop.notation.names import Names
from symbackprop.quantities import Quantity

MOST_ROOTS = 100  # wrong numbers that a cause is looked for
SAME = 1e-9  # relative: a mistake that changes a number by less than this leaves it right


def audit(claims: Claims, network: Network) -> list[Finding]:
    """The verdict on each claim, in the document's order; one on an array of numbers is one on each of them."""
    derivation = settled(derive(network))
    single = tuple(entrywise(claims.claims, Names(derivation)))
    document = Document(derivation, replace(claims, claims=single))
    return Audit(document, FormulaJudge(derivation, document.reader)).findings()


@dataclass
class Audit:
    """The judgement of one document."""

    document: Document
    judge: FormulaJudge
    causes: dict[int, Cause] = field(default_factory=dict)

    def findings(self) -> list[Finding]:
        """All findings, in order."""
        for number, claim in enumerate(self.document.claims.claims):
            try:
                finding = self._judged(number, claim)
            except (SymbackpropError, ZeroDivisionError, OverflowError, ValueError) as error:
                finding = Finding(number, claim, "not judged", reason=str(error))
            self.document.found.append(finding)
        return self._told_together()

    def _told_together(self) -> list[Finding]:
        """Where several mistakes fit a root, the one that fits most roots is told, and then also of doubtful ones."""
        findings = list(self.document.found)
        fits = {number: cause for number, cause in self.causes.items() if cause.fitting}
        said = [{each.sentence for each in (*cause.fitting, *cause.besides)} for cause in fits.values()]
        named = [{each.name for each in (*cause.fitting, *cause.besides) if each.name} for cause in fits.values()]
        counts, names = Counter(chain.from_iterable(said)), Counter(chain.from_iterable(named))

        def agreed(guess: Guess) -> tuple[int, int]:
            return names[guess.name], counts[guess.sentence]

        for number, cause in fits.items():
            own = max(max(agreed(each)) for each in cause.fitting)
            guesses = [each for each in cause.besides if names[each.name] > own] or cause.fitting
            best = max(agreed(each) for each in guesses)
            if findings[number].is_root:
                findings[number] = replace(
                    findings[number], diagnosis=told_of([each for each in guesses if agreed(each) == best])
                )
        told = {finding.diagnosis for finding in findings if finding.diagnosis}
        for number, cause in self.causes.items():
            alike = [each.sentence for each in cause.doubtful if each.sentence in told]
            if alike and findings[number].diagnosis is None:
                findings[number] = replace(findings[number], diagnosis=alike[0], remark="")
        return findings

    def _judged(self, number: int, claim: Claim) -> Finding:
        if claim.relation:
            return relation(self.document, number, claim)
        if claim.formula:
            return self.judge.finding(number, claim)
        if not claim.printed or not claim.quantity:
            return Finding(number, claim, "not judged", reason="a sentence, not a number, a formula or a relation")
        expression, quantity = self.document.asked(claim.quantity)
        claimed = printed(claim.printed)
        right = Finding(number, claim, "ok", value=self.document.exact(expression))
        finding = self._compared(right, claimed, expression, quantity)
        self.document.take_in(finding, claimed, expression, quantity)
        return finding

    def _compared(
        self, finding: Finding, claimed: Printed, expression: Expression, quantity: Quantity | None
    ) -> Finding:
        """The verdict on a number; ``finding`` has the right one."""
        document, value = self.document, finding.value
        assert value is not None
        rounded = claimed.rounded_from(value) and not claimed.cut
        if not rounded and is_in_floats(document, claimed, expression, value):
            return replace(finding, verdict="rounding")
        if rounded or claimed.cut_from(value):
            verdict = "ok" if rounded else "truncated"
            few = self._too_few(expression, claimed, value)
            remark = remark_on(document, finding.claim, claimed)
            return replace(finding, verdict=verdict, too_few_digits=few, remark=remark)
        if quantity is not None and quantity in document.given:
            return replace(finding, verdict="wrong", diagnosis=contradiction(document, quantity, claimed))
        carried = carried_from(document, expression, quantity, claimed)
        if carried is not None:
            few = not carried and self._too_few(expression, claimed, value)
            verdict = "wrong" if carried else "rounding"
            return replace(finding, verdict=verdict, because_of=carried, too_few_digits=few)
        explained = from_working(document, finding, claimed, expression, quantity)
        return explained or self._root(finding, claimed, expression, quantity)

    def _root(self, finding: Finding, claimed: Printed, expression: Expression, quantity: Quantity | None) -> Finding:
        if len(self.causes) >= MOST_ROOTS:
            return replace(
                finding, verdict="wrong", remark=f"of more than {MOST_ROOTS} wrong numbers, the first are told"
            )
        found, cause = root(self.document, finding, claimed, expression, quantity)
        self.causes[finding.number] = cause
        result = worked(self.document, finding.claim)
        if found.diagnosis is None and result is not None and not claimed.fits(result):
            slip = f"the line of working gives {result:.12g}: a slip in working it out"
            return replace(found, diagnosis=slip)
        return found

    def _too_few(self, expression: Expression, claimed: Printed, value: Fraction) -> bool:
        """Whether a known mistake would have printed the same digits, although its number is another one."""
        right, room = float(value), 2 * float(claimed.unit)
        return any(
            abs(wrong - right) <= room and abs(wrong - right) > SAME * abs(right) and claimed.rounded_float(wrong)
            for _, wrong in self.document.catalogue.values(expression)
        )
