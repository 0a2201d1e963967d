"""The audit of claims: which printed numbers are right, which carry a mistake on, and what a mistake comes from.

A number is compared with the exact one to the place that it is printed to. Where it differs it is worked out again from
what the document prints before it; what follows from an earlier wrong number is its consequence, and what follows from
nothing is a root, whose cause is looked for (`causes`).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import islice, product
from typing import Any

import numpy as np

from symbackprop.checking.causes import (
    Behind,
    Catalogue,
    Guess,
    chosen,
    digit_guesses,
    factor_guesses,
    operand_guesses,
    simple_guesses,
)
from symbackprop.checking.claims import Claim, Claims
from symbackprop.checking.findings import Finding
from symbackprop.checking.formulas import FormulaReader, as_expression_of, computed
from symbackprop.checking.points import points, settled
from symbackprop.checking.printed import Printed, printed
from symbackprop.checking.proofs import FormulaJudge
from symbackprop.checking.scalars import Scalars, evaluated, operands
from symbackprop.derivation import Derivation, derive
from symbackprop.errors import InputError, MissingValue, SymbackpropError, TooLarge
from symbackprop.expressions import Expression, Product, Reference, sum_of
from symbackprop.given import given_entries
from symbackprop.network import Network
from symbackprop.notation.names import Names
from symbackprop.notation.neutral import neutral
from symbackprop.quantities import Array, Phase, Quantity, Role
from symbackprop.system import every_index, scalar
from symbackprop.values import Values, values_at

DIGITS = 60
KINDRED_POINTS = 10  # random points at which quantities that are always equal are recognised
MOST_CASES = 4_096  # ways to take exact or printed operands that are tried for one number
MOST_WORLDS = 12
MOST_OPERANDS = 60  # operands of one number that slips are looked for in
DEEPEST = 400  # quantities that one equation is followed back through
LITERAL = r"(?<![\w.])\d+(?:\.\d+)?(?:[eE][+-]?\d+)?"
RELATION = re.compile(r"(<=|>=|≤|≥|!=|≠|≈|~|==|<|>|=)")


def audit(claims: Claims, network: Network) -> list[Finding]:
    """The verdict on each claim, in the document's order."""
    return Audit(settled(derive(network)), claims).findings()


@dataclass(frozen=True, slots=True)
class Said:
    """An earlier printed number: which claim it is, and whether it is a wrong one."""

    number: int
    value: float
    wrong: bool


@dataclass(frozen=True, slots=True)
class Case:
    """One number that an operand may have been taken as, and the wrong claims that it comes from."""

    value: float
    wrong: frozenset[int]
    printed: bool


@dataclass
class Audit:
    """One document's claims against one derivation."""

    derivation: Derivation
    claims: Claims
    found: list[Finding] = field(default_factory=list)
    said: dict[tuple[float, ...] | Quantity, list[Said]] = field(default_factory=dict)
    worlds: list[tuple[frozenset[int], Scalars]] = field(default_factory=list)
    fits: dict[int, list[Guess]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        derivation = self.derivation
        self.names = Names(derivation)
        self.reader = FormulaReader(self.names)
        entries = given_entries(derivation)
        self.precise: Values = values_at(derivation, entries, names=self.names, digits=DIGITS)
        self.given = {
            Quantity(array, indices): float(entry)
            for array, row in entries.items()
            for indices, entry in zip(every_index(array), row, strict=True)
            if entry is not None
        }
        self.exact_given = {
            Quantity(array, indices): entry
            for array, row in entries.items()
            for indices, entry in zip(every_index(array), row, strict=True)
            if entry is not None
        }
        self.known = Scalars(derivation.definition, self.given)
        self.catalogue = Catalogue(derivation, self.given)
        self.judge = FormulaJudge(derivation, self.reader)
        self.places = [
            Scalars(derivation.definition, _scalar_given(point.numbers.given))
            for point in islice(points(derivation, dtype="float64", seed=1), 1, KINDRED_POINTS + 1)
        ]
        self.kinds: dict[Quantity, Any] = {}

    def findings(self) -> list[Finding]:
        """All findings, in order."""
        self._take_in_givens()
        for number, claim in enumerate(self.claims.claims):
            try:
                finding = self._judged(number, claim)
            except MissingValue as error:
                finding = Finding(number, claim, "not judged", reason=str(error))
            except (SymbackpropError, ZeroDivisionError, OverflowError, ValueError) as error:
                finding = Finding(number, claim, "not judged", reason=str(error))
            self.found.append(finding)
        return self._together_told()

    def _together_told(self) -> list[Finding]:
        """Where several mistakes fit a root, the one that fits most roots is told."""
        counts = Counter(sentence for fits in self.fits.values() for sentence in {each.sentence for each in fits})
        names = Counter(name for fits in self.fits.values() for name in {each.name for each in fits if each.name})
        for number, fits in self.fits.items():
            best = max((names[each.name], counts[each.sentence]) for each in fits)
            kept = [each for each in fits if (names[each.name], counts[each.sentence]) == best]
            if self.found[number].is_root and self.found[number].instead is None:
                self.found[number] = replace(self.found[number], diagnosis=_told(kept))
        return self.found

    def _judged(self, number: int, claim: Claim) -> Finding:
        if claim.relation:
            return self._relation(number, claim)
        if claim.formula:
            return self.judge.finding(number, claim)
        if not claim.printed or not claim.quantity:
            return Finding(number, claim, "not judged", reason="a sentence, not a number, a formula or a relation")
        return self._number(number, claim)

    # Numbers

    def _number(self, number: int, claim: Claim) -> Finding:
        expression, quantity = self._asked(claim.quantity)
        claimed = printed(claim.printed)
        value = self._exact(expression)
        finding = self._compared(number, claim, claimed, value, expression, quantity)
        self._take_in(finding, claimed, quantity)
        return finding

    def _asked(self, text: str) -> tuple[Expression, Quantity | None]:
        node = None
        try:
            found = self.names.resolve(text)
            if isinstance(found, Quantity):
                return Reference(found), found
            single = [Quantity(found, indices) for indices in every_index(found)]
            if len(single) == 1:
                return Reference(single[0]), single[0]
            raise InputError(
                f"{text}: a whole array; a printed number is of one quantity, such as {neutral(single[0])}"
            )
        except SymbackpropError as error:
            if not re.search(r"[-+*/(]", text) or isinstance(error, TooLarge):
                raise
            node = self.reader.read(text)
        return as_expression_of(node), None

    def _exact(self, expression: Expression) -> Fraction:
        numbers = self.precise.numbers
        value = numbers.arithmetic.evaluate(expression, lambda leaf: numbers.of(leaf))
        if not numbers.arithmetic.context.isfinite(value):  # type: ignore[attr-defined]
            raise InputError("it has no value at the description's numbers")
        sign, mantissa, exponent, _ = value._mpf_
        exact = Fraction(int(mantissa)) * Fraction(2) ** int(exponent)
        return -exact if sign else exact

    def _compared(
        self,
        number: int,
        claim: Claim,
        claimed: Printed,
        value: Fraction,
        expression: Expression,
        quantity: Quantity | None,
    ) -> Finding:
        finding = Finding(number, claim, "ok", value=value)
        plain = claimed.rounded_from(value) and not claimed.cut
        if plain or claimed.cut_from(value):
            verdict = "ok" if plain else "truncated"
            few = self._too_few(expression, claimed, value)
            return replace(finding, verdict=verdict, too_few_digits=few, remark=self._remark(claim, claimed))
        if quantity is not None and quantity in self.given:
            return replace(finding, verdict="wrong", diagnosis=self._contradiction(quantity, claimed))
        matched = self._from_printed(expression, quantity, claimed)
        if matched is not None:
            verdict = "wrong" if matched else "rounding"
            few = not matched and self._too_few(expression, claimed, value)
            return replace(finding, verdict=verdict, because_of=tuple(sorted(matched)), too_few_digits=few)
        return self._from_working(finding, claimed, expression, quantity) or self._root(
            finding, claimed, expression, quantity
        )

    def _too_few(self, expression: Expression, claimed: Printed, value: Fraction) -> bool:
        """Whether a known mistake would have printed the same digits, although its number is another one."""
        right = float(value)
        for _, wrong in self.catalogue.values(expression):
            if (
                math.isfinite(wrong)
                and abs(wrong - right) > 1e-9 * abs(right)
                and claimed.rounded_from(Fraction(wrong))
            ):
                return True
        return False

    # From what was printed before

    def _kind(self, quantity: Quantity) -> Any:
        """The same for quantities that are always equal: a delta and its bias's gradient, a weight and its slope."""
        known = self.kinds.get(quantity)
        if known is None:
            values = tuple(float(place.of(quantity)) for place in self.places)
            usable = any(values) and all(math.isfinite(each) for each in values) and len(set(values)) > 1
            known = tuple(float(f"{each:.9e}") for each in values) if usable else quantity
            self.kinds[quantity] = known
        return known

    def _take_in(self, finding: Finding, claimed: Printed, quantity: Quantity | None) -> None:
        if quantity is None:
            return
        wrong = finding.verdict == "wrong"
        said = Said(finding.number, float(claimed.value), wrong)
        self.said.setdefault(self._kind(quantity), []).append(said)
        if wrong and not finding.because_of:
            assumed = float(claimed.value) if finding.assumed is None else finding.assumed
            replaced = {quantity: assumed} if finding.instead is None else dict(finding.instead)
            self._new_world(frozenset({finding.number}), replaced)

    def _new_world(self, wrong: frozenset[int], replaced: Mapping[Quantity, float]) -> None:
        everything = {**getattr(self, "_together", {}), **replaced}
        both = frozenset().union(*(roots for roots, _ in self.worlds), wrong)
        definition = self.derivation.definition
        self.worlds = [each for each in self.worlds if len(each[0]) == 1][-MOST_WORLDS:]
        self.worlds.append((wrong, Scalars(definition, self.given, replaced)))
        if len(both) > 1:
            self.worlds.append((both, Scalars(definition, self.given, everything)))
        self._together = everything

    def _from_printed(
        self, expression: Expression, quantity: Quantity | None, claimed: Printed
    ) -> frozenset[int] | None:
        """The wrong claims that it carries on from: none if printed operands explain it; None if nothing does."""
        best: frozenset[int] | None = None
        earlier = [] if quantity is None else self.said.get(self._kind(quantity), [])
        for said in earlier:
            if said.wrong and claimed.matches(Fraction(str(said.value))):
                return frozenset({said.number})
        for option in self._equations(expression, quantity):
            found = self._worked_out(option, claimed)
            if found is not None and (best is None or len(found) < len(best)):
                best = found
            if best is not None and not best:
                return best
        for roots, world in self.worlds:
            value = float(evaluated(expression, world.of))
            if math.isfinite(value) and claimed.matches(Fraction(value)) and (best is None or len(roots) < len(best)):
                best = roots
        return best

    def _worked_out(self, expression: Expression, claimed: Printed) -> frozenset[int] | None:
        cases = self._cases(expression)
        if not cases or all(len(each) == 1 for each in cases.values()):
            return None
        chosen_cases = _limited(cases)
        combined = list(islice(product(*chosen_cases.values()), MOST_CASES))
        columns = {
            leaf: np.array([combination[place].value for combination in combined])
            for place, leaf in enumerate(chosen_cases)
        }
        scalars = Scalars(self.derivation.definition, self.given, columns)
        worked: Any = np.asarray(evaluated(expression, scalars.of), dtype=np.float64)
        results = np.broadcast_to(worked, (len(combined),))
        low, high = _window(claimed)
        best: frozenset[int] | None = None
        for place in np.flatnonzero((results >= low) & (results <= high)):
            if not claimed.matches(Fraction(float(results[place]))):
                continue
            wrong = frozenset().union(*(case.wrong for case in combined[place]))
            if best is None or len(wrong) < len(best):
                best = wrong
        return best

    def _cases(self, expression: Expression) -> dict[Quantity, list[Case]]:
        """The operands that were printed before, with the numbers they may have been taken as."""
        cases: dict[Quantity, list[Case]] = {}
        waiting, seen = list(operands(expression)), set[Quantity]()
        while waiting and len(seen) < DEEPEST:
            leaf = waiting.pop()
            if leaf in seen:
                continue
            seen.add(leaf)
            said = self.said.get(self._kind(leaf), [])
            options = [Case(float(self.known.of(leaf)), frozenset(), printed=False)]
            for each in said:
                options.append(Case(each.value, frozenset({each.number}) if each.wrong else frozenset(), printed=True))
            for roots, world in self.worlds:
                value = float(world.of(leaf))
                if math.isfinite(value) and abs(value - options[0].value) > 1e-12 * abs(value):
                    options.append(Case(value, roots, printed=False))
            if said:
                cases[leaf] = list({(case.value, case.wrong): case for case in options}.values())
                continue
            equation = self.derivation.definition(leaf.array)
            if equation is not None:
                waiting += operands(scalar(equation, leaf.indices, computed=True))
        return cases

    def _equations(self, expression: Expression, quantity: Quantity | None) -> Iterator[Expression]:
        """The ways that a number may have been worked out: its own equation, and others that people write."""
        if quantity is None:
            yield expression
            return
        equation = self.derivation.definition(quantity.array)
        if equation is None:
            return
        yield scalar(equation, quantity.indices, computed=True)
        array, names = quantity.array, self.names
        if array.role is Role.NET:
            bias = [leaf for leaf in operands(scalar(equation, quantity.indices)) if leaf.array.role is Role.BIAS]
            weighted = Quantity(self.derivation.weighted_sum(array), quantity.indices)
            yield sum_of([Reference(weighted), *(Reference(each) for each in bias)])
        for name in self._sums_of_parts(quantity):
            parts = [names.resolve(each) for each in name]
            yield sum_of([Reference(each) for each in parts if isinstance(each, Quantity)])
        yield from self._chains(quantity)

    def _sums_of_parts(self, quantity: Quantity) -> Iterator[list[str]]:
        """The loss, and its derivatives by hidden quantities, as sums over the outputs' parts."""
        array, network = quantity.array, self.derivation.network
        if network.program or network.observations != 1 or network.penalty is not None:
            return
        outputs = range(network.outputs_count)
        name = neutral(quantity)
        if array.role is Role.LOSS:
            yield [f"{'after:' if array.phase is Phase.AFTER else ''}loss[{output}]" for output in outputs]
        if (
            array.role is Role.DERIVATIVE
            and array.of == self.derivation.loss
            and (array.layer or 0) < len(network.layers)
        ):
            yield [f"dE[{output}]{name.removeprefix('dE')}" for output in outputs]

    def _chains(self, quantity: Quantity) -> Iterator[Expression]:
        """A gradient by a weight as a product of links that are printed one by one."""
        array = quantity.array
        if array.role is not Role.DERIVATIVE or array.of != self.derivation.loss or array.wrt is None:
            return
        if array.wrt.role not in (Role.WEIGHT, Role.BIAS) or self.derivation.network.observations != 1:
            return
        layer, unit = array.layer, (quantity.indices or (0,))[0]
        try:
            links = [self.names.resolve(f"dE/dout[{layer}][{unit}]"), self.names.resolve(f"dout/dnet[{layer}][{unit}]")]
        except SymbackpropError:
            return
        factors: list[Expression] = [Reference(each) for each in links if isinstance(each, Quantity)]
        if array.wrt.role is Role.WEIGHT:
            before = self.names.resolve(f"dnet/dw[{layer}][{unit}][{quantity.indices[1]}]")
            if isinstance(before, Quantity):
                factors.append(Reference(before))
        if len(factors) > 1 and array.wrt.role is Role.WEIGHT:
            yield Product(tuple(factors))

    # Lines of working

    def _line(self, claim: Claim) -> tuple[float, list[str]] | None:
        """What a line of working gives, and the numbers in it."""
        if not claim.working:
            return None
        value = self._worked(claim.working)
        return None if value is None else (value, re.findall(LITERAL, claim.working))

    def _remark(self, claim: Claim, claimed: Printed) -> str:
        line = self._line(claim)
        if line is None or claimed.matches(Fraction(line[0])):
            return ""
        return f"the line of working gives {line[0]:.12g}, not what is printed"

    def _from_working(
        self, finding: Finding, claimed: Printed, expression: Expression, quantity: Quantity | None
    ) -> Finding | None:
        line = self._line(finding.claim)
        if line is None or not claimed.matches(Fraction(line[0])):
            return None
        wrong, strange = dict[str, int](), []
        values = self._values_behind(expression)
        for text in line[1]:
            number = printed(text)
            if number.value in (0, 1, 2) or text in ("0.5", ".5", "10"):
                continue
            right = any(number.matches(Fraction(abs(each))) for each in values)
            said = [
                each for group in self.said.values() for each in group if Fraction(str(abs(each.value))) == number.value
            ]
            if right or any(not each.wrong for each in said):
                continue
            if said:
                wrong[text] = said[-1].number
            else:
                strange.append(text)
        if strange:
            sentence = f"the line of working has {', '.join(strange)}, which is not a number that belongs there"
            guess = self._diagnosed(finding, claimed, expression, quantity)
            return replace(
                finding, verdict="wrong", diagnosis=guess or sentence, because_of=tuple(sorted(wrong.values()))
            )
        if not self._is_right_line(finding, wrong):
            return None  # right numbers, put together in a wrong way
        if wrong:
            return replace(finding, verdict="wrong", because_of=tuple(sorted(set(wrong.values()))))
        return replace(finding, verdict="rounding")

    def _is_right_line(self, finding: Finding, wrong: Mapping[str, int]) -> bool:
        """Whether a line of working, with right numbers for the wrong ones, gives the right result up to rounding."""
        text = finding.claim.working
        for literal, cause in wrong.items():
            right = self.found[cause].value
            assert right is not None
            text = re.sub(rf"(?<![\w.]){re.escape(literal)}(?![\w.])", f"{abs(float(right)):.15g}", text)
        spots = [found.span() for found in re.finditer(LITERAL, text)]
        here = self._worked(text)
        if here is None or finding.value is None:
            return False
        reach = 1e-9 * abs(here)
        for start, end in spots:
            number = printed(text[start:end])
            other = (
                self._worked(f"{text[:start]}{float(number.value + number.unit)!r}{text[end:]}")
                if number.unit < 1
                else here
            )
            reach += abs((here if other is None else other) - here)
        return abs(here - float(finding.value)) <= reach

    def _worked(self, text: str) -> float | None:
        try:
            value = float(computed(self.reader.read(text), _no_arrays, columns=True))
        except (SymbackpropError, ValueError, TypeError):
            return None
        return value if math.isfinite(value) else None

    def _values_behind(self, expression: Expression) -> list[float]:
        waiting, seen = list(operands(expression)), set[Quantity]()
        while waiting and len(seen) < DEEPEST:
            leaf = waiting.pop()
            if leaf not in seen:
                seen.add(leaf)
                equation = self.derivation.definition(leaf.array)
                waiting += [] if equation is None else operands(scalar(equation, leaf.indices))
        return [float(self.known.of(leaf)) for leaf in seen]

    # Roots

    def _root(self, finding: Finding, claimed: Printed, expression: Expression, quantity: Quantity | None) -> Finding:
        line = self._line(finding.claim)
        given = self._other_given(finding.number, claimed, expression)
        if given is not None:
            sentence, instead = given
            return replace(finding, verdict="wrong", diagnosis=sentence, instead=tuple(instead.items()))
        told = self._diagnosed(finding, claimed, expression, quantity)
        if told is None and line is not None and not claimed.matches(Fraction(line[0])):
            told = f"the line of working gives {line[0]:.12g}: a slip in working it out"
        assumed = self._assumed(claimed)
        return replace(finding, verdict="wrong", diagnosis=told, assumed=assumed)

    def _assumed(self, claimed: Printed) -> float | None:
        fitting = getattr(self, "_fitting", [])
        values = {each.value for each in fitting if each.family not in ("digits", "exchanged")}
        return values.pop() if len(values) == 1 else None

    def _diagnosed(
        self, finding: Finding, claimed: Printed, expression: Expression, quantity: Quantity | None
    ) -> str | None:
        """What reproduces the printed digits, if that is unlikely by chance."""
        self._fitting: list[Guess] = []
        assert finding.value is not None
        right = float(finding.value)
        guesses = list(simple_guesses(self.derivation, quantity, right, self.known))
        stops, exact, as_printed = self._behind(expression, quantity)
        document = self._document()
        for option in (list(self._equations(expression, quantity)) or [expression])[:1]:
            for behind in (exact, as_printed):
                guesses += operand_guesses(self.derivation, option, behind, self.given, document)
                taken = Scalars(self.derivation.definition, self.given, {each.quantity: each.value for each in behind})
                guesses += factor_guesses(self.derivation, option, stops, taken.of)
                guesses += factor_guesses(self.derivation, option, frozenset(), taken.of)
        for variant, value in self.catalogue.values(expression):
            if math.isfinite(value) and abs(value - right) > 1e-12 * max(abs(right), 1e-300):
                guesses.append(Guess("mistake", self.catalogue.sentence(variant), value, variant.mistake.name))
                guesses += self._from_printed_with(variant, expression, claimed, value)
        guesses += digit_guesses(finding.value, claimed)
        self._fitting = chosen(claimed, right, guesses)
        if self._fitting:
            self.fits[finding.number] = self._fitting
            return _told(self._fitting)
        steps = abs(float(claimed.value) - right) / float(claimed.unit) if claimed.unit else 0
        if 0 < steps <= 1.5:
            return f"its last digit is off by one: {claimed.like(finding.value)} is meant"
        return None

    def _behind(
        self, expression: Expression, quantity: Quantity | None
    ) -> tuple[frozenset[Quantity], list[Behind], list[Behind]]:
        """What a number is worked out from: where printed operands stand, and all operands, exact and as printed."""
        waiting = list(operands(expression))
        if quantity is not None:
            equation = self.derivation.definition(quantity.array)
            waiting = [] if equation is None else operands(scalar(equation, quantity.indices, computed=True))
        own = set(waiting)
        stops, exact, as_printed = set[Quantity](), list[Behind](), list[Behind]()
        seen = set[Quantity]()
        while waiting and len(seen) < MOST_OPERANDS:
            leaf = waiting.pop(0)
            if leaf in seen:
                continue
            seen.add(leaf)
            value = float(self.known.of(leaf))
            said = [each for each in self.said.get(self._kind(leaf), []) if not each.wrong]
            equation = self.derivation.definition(leaf.array)
            text = printed_text(self.claims.claims[said[-1].number]) if said else ""
            if said or equation is None or leaf in own:
                exact.append(Behind(leaf, value, text, leaf in own))
                as_printed.append(Behind(leaf, said[-1].value if said else value, text, leaf in own))
            if said:
                stops.add(leaf)
            elif equation is not None:
                waiting += operands(scalar(equation, leaf.indices, computed=True))
        return frozenset(stops), exact, as_printed

    def _document(self) -> dict[float, str]:
        """The numbers of the document, given and printed, with what they are called."""
        plain = self.derivation.notation.plain
        found = {value: plain(given) for given, value in self.given.items() if given.array.role is not Role.STATE}
        for finding in self.found:
            if finding.claim.printed and finding.value is not None:
                found.setdefault(float(printed(finding.claim.printed).value), finding.claim.quantity)
        return found

    def _from_printed_with(
        self, variant: Any, expression: Expression, claimed: Printed, value: float
    ) -> Iterator[Guess]:
        """The same mistake made with printed operands, where its exact number is near to what is printed."""
        apart = abs(value - float(claimed.value))
        if not apart or apart > 1e-3 * abs(value) + 3 * float(claimed.unit) or claimed.matches(Fraction(value)):
            return
        replaced = {}
        for quantity in self._claimed_behind(expression, self.catalogue.definition(variant)):
            said = self.said[self._kind(quantity)][-1]
            replaced[quantity] = said.value
        scalars = Scalars(self.catalogue.definition(variant), self.given, replaced)
        found = float(evaluated(expression, scalars.of))
        if math.isfinite(found):
            yield Guess("mistake", self.catalogue.sentence(variant), found, variant.mistake.name)

    def _claimed_behind(self, expression: Expression, definition: Any) -> list[Quantity]:
        waiting, seen, found = list(operands(expression)), set[Quantity](), []
        own = set(waiting)
        while waiting and len(seen) < DEEPEST:
            leaf = waiting.pop()
            if leaf in seen:
                continue
            seen.add(leaf)
            if leaf not in own and leaf.array in self.derivation.system and self.said.get(self._kind(leaf)):
                found.append(leaf)
                continue
            equation = definition(leaf.array)
            waiting += [] if equation is None else operands(scalar(equation, leaf.indices, computed=True))
        return found

    # Given numbers

    def _take_in_givens(self) -> None:
        """Nothing is said yet."""

    def _contradiction(self, quantity: Quantity, claimed: Printed) -> str:
        """What speaks for the description's number, and what for the printed one."""
        plain = self.derivation.notation.plain(quantity)
        other = Scalars(self.derivation.definition, self.given, {quantity: float(claimed.value)})
        own, theirs = self._support(other)
        used = self.exact_given[quantity]
        shown = float(used)
        if own > theirs:
            agree = f"{own} of its numbers agree with that alone, {theirs} with {claimed.text}"
            return f"the document calculates with {plain} = {shown:g}: {agree}"
        agree = f"{theirs} of the document's numbers agree with {claimed.text} alone, {own} with {shown:g}"
        return f"the description has {plain} = {shown:g}; {agree}"

    def _support(self, other: Scalars) -> tuple[int, int]:
        """How many printed numbers agree with the description alone, and with another world alone."""
        own = theirs = 0
        for claim in self.claims.claims:
            try:
                found = self.names.resolve(claim.quantity) if claim.printed else None
                number = printed(claim.printed) if found is not None else None
            except SymbackpropError:
                continue
            if not isinstance(found, Quantity) or number is None or found in self.given:
                continue
            here, there = float(self.known.of(found)), float(other.of(found))
            if here != there and math.isfinite(here) and math.isfinite(there):
                mine, its = number.matches(Fraction(here)), number.matches(Fraction(there))
                own += mine and not its
                theirs += its and not mine
        return own, theirs

    def _other_given(
        self, number: int, claimed: Printed, expression: Expression
    ) -> tuple[str, dict[Quantity, float]] | None:
        """A given number that the document calculates with in another value: it must explain a further number too."""
        right = float(evaluated(expression, self.known.of))
        for given in self._givens_behind(expression):
            value = self._solved(given, expression, claimed, right)
            if value is None:
                continue
            world = Scalars(self.derivation.definition, self.given, {given: value})
            own, theirs = self._support(world)
            if theirs >= 2 and theirs > own:
                plain = self.derivation.notation.plain(given)
                agree = f"{theirs} of the document's numbers agree with that alone"
                sentence = f"calculated with {plain} = {value:g}, which is given as {self.given[given]:g}; {agree}"
                return sentence, {given: value}
        return None

    def _givens_behind(self, expression: Expression) -> list[Quantity]:
        waiting, seen, found = list(operands(expression)), set[Quantity](), []
        while waiting and len(seen) < DEEPEST:
            leaf = waiting.pop()
            if leaf in seen:
                continue
            seen.add(leaf)
            equation = self.derivation.definition(leaf.array)
            if equation is None:
                found.append(leaf)
            else:
                waiting += operands(scalar(equation, leaf.indices, computed=True))
        return [leaf for leaf in found if leaf.array.role not in (Role.STATE, Role.SETTING)]

    def _solved(self, given: Quantity, expression: Expression, claimed: Printed, right: float) -> float | None:
        """The value of a given number, with as many decimals as it has, that gives the printed digits."""
        start, wanted = self.given[given], float(claimed.value)
        value = start
        for _ in range(4):
            step = 1e-6 * max(abs(value), 1e-3)
            here, there = (
                float(evaluated(expression, Scalars(self.derivation.definition, self.given, {given: each}).of))
                for each in (value, value + step)
            )
            slope = (there - here) / step
            if not slope or not math.isfinite(slope):
                return None
            value += (wanted - here) / slope
            if not math.isfinite(value) or abs(value) > 1e6:
                return None
        denominator = self.exact_given[given].denominator
        decimals = next((places for places in range(13) if 10**places % denominator == 0), None)
        if decimals is None:
            return None
        value = round(value, max(decimals, 1))
        if value == start:
            return None
        found = float(evaluated(expression, Scalars(self.derivation.definition, self.given, {given: value}).of))
        return value if claimed.matches(Fraction(found)) else None

    # Relations

    def _relation(self, number: int, claim: Claim) -> Finding:
        sides = RELATION.split(claim.relation)
        if len(sides) < 3:
            return Finding(number, claim, "not judged", reason="no relation sign: <, >, <=, >=, =, !=, ≈")
        verdicts = []
        for place in range(1, len(sides), 2):
            left, right = self._side(sides[place - 1]), self._side(sides[place + 1])
            verdicts.append(_holds(left, sides[place], right))
        shown = self._side(sides[0])[0]
        verdict = "ok" if all(verdicts) else "wrong"
        diagnosis = (
            None
            if verdict == "ok"
            else f"the left side is {float(shown):.9g}, the right one {float(self._side(sides[-1])[0]):.9g}"
        )
        return Finding(number, claim, verdict, value=shown, diagnosis=diagnosis)

    def _side(self, text: str) -> tuple[Fraction, Printed | None]:
        try:
            number = printed(text)
        except SymbackpropError:
            return self._exact(self._asked(text.strip())[0]), None
        return number.value, number


def _holds(left: tuple[Fraction, Printed | None], sign: str, right: tuple[Fraction, Printed | None]) -> bool:
    (a, printed_left), (b, printed_right) = left, right
    near = abs(a - b) <= Fraction(1, 10**40) * max(abs(a), abs(b))
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
        for number, value in ((printed_left, b), (printed_right, a))
        if number is not None and number.unit
    ]
    if coarse:
        return any(coarse)
    return near or (sign in "≈~" and abs(a - b) <= Fraction(1, 100) * max(abs(a), abs(b)))


def _told(fitting: Sequence[Guess]) -> str:
    """The guess that fits, and those that it cannot be told from."""
    first, *others = [each.sentence for each in fitting]
    if not others:
        return first
    return f"{first}; it cannot be told from: {'; '.join(others[:3])}{'; ...' if len(others) > 3 else ''}"


def printed_text(claim: Claim) -> str:
    """The printed number of a claim."""
    return claim.printed


def _limited(cases: dict[Quantity, list[Case]]) -> dict[Quantity, list[Case]]:
    """The cases, thinned out until there are not too many combinations of them."""
    count = math.prod(len(each) for each in cases.values())
    if count <= MOST_CASES:
        return cases
    thinner = {leaf: [each[0], *[case for case in each[1:] if case.printed][-1:]] for leaf, each in cases.items()}
    if math.prod(len(each) for each in thinner.values()) <= MOST_CASES:
        return thinner
    wrong = {leaf: each if any(case.wrong for case in each) else each[-1:] for leaf, each in thinner.items()}
    if math.prod(len(each) for each in wrong.values()) <= MOST_CASES:
        return wrong
    return {leaf: each[-1:] for leaf, each in thinner.items()}


def _window(claimed: Printed) -> tuple[float, float]:
    value, unit = float(claimed.value), float(claimed.unit)
    room = 1.01 * unit + 1e-12 * abs(value)
    return value - room, value + room


def _scalar_given(given: Mapping[Array, Any]) -> dict[Quantity, float]:
    return {
        Quantity(array, tuple(int(each) for each in place)): float(numbers[place])
        for array, numbers in given.items()
        for place in np.ndindex(*np.shape(numbers))
    }


def _no_arrays(array: Array) -> Any:
    raise ValueError(f"{array} in a line of numbers")
