"""Which mistakes explain wrong numbers: each one of the catalogue is made, and its numbers are compared.

Knows no mistake by name. Its findings are exact comparisons, never a likeness.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from symbackprop.catalogue.mistakes import MISTAKES, Change, Subject, Variant, variants_of
from symbackprop.checking.arrays import FLOAT64, SMALLEST, ArrayNumbers, Circular, Numbers
from symbackprop.quantities import Array, Phase, Role

MARGIN = 64.0  # times the bound: more than that is wrong
# Where the bound is below 1e-10 of a number, a part of 1e-9 is wrong, though it be less than 64 times the bound: it is
# 9 times then, and right functions were never off by half of it (``tests/by_hand.py``).
FINE_BOUND, FINE = 1e-10, 0.95e-9
LIKENESS = {FLOAT64: 1e-9}  # relative: how near a mistake's numbers must be where its own bound is not known
COARSE = 2e-4  # the same in float32
FIRST_OF_PAIR = 24  # mistakes that a second one is looked for
MOST_PAIRS, LEAST_PAIRS = 4_000, 50  # the more numbers there are, the fewer pairs of mistakes are tried
MOST_NUMBERS = 4_000_000  # gradients' numbers that all pairs together may cost
SLIGHT = 1e-6  # of an array's largest number


@dataclass(frozen=True)
class Observed:
    """What a function gave at one point, by the array that it should be; and how near is the same."""

    numbers: ArrayNumbers
    found: Mapping[Array, Numbers]
    tolerance: Mapping[Array, Numbers]
    aliases: Mapping[Array, tuple[Array, ...]] = field(default_factory=dict)

    def agrees(self, numbers: ArrayNumbers, array: Array, *, exactly: bool = False) -> bool:
        """Whether what was found for an array is what these numbers say."""
        return any(self._near(numbers, each, array, exactly) for each in (array, *self.aliases.get(array, ())))

    def with_mistake(self, variant: Variant) -> ArrayNumbers:
        """The numbers at this point if a mistake is made."""
        return self.numbers.with_equations(variant.definition, variant.changed)

    def differs(self, numbers: ArrayNumbers, array: Array) -> bool:
        """Whether these numbers of an array are not the right ones."""
        with np.errstate(all="ignore"):
            return not bool(np.all(abs(numbers.array(array) - self.numbers.array(array)) <= self.tolerance[array]))

    def _near(self, numbers: ArrayNumbers, array: Array, asked: Array, exactly: bool) -> bool:  # noqa: FBT001
        found, value = self.found[asked], numbers.array(array)
        if found.shape != value.shape:
            return False
        near = self.tolerance[asked]
        if not exactly:
            like = LIKENESS.get(numbers.roundoff, COARSE)
            size = np.max(abs(value), initial=0, where=np.isfinite(value))
            near = np.maximum(np.where(np.isfinite(near), near, 0), like * size + SMALLEST[numbers.roundoff])
        with np.errstate(all="ignore"):
            alike = (abs(found - value) <= near) & np.isfinite(found)
            if not exactly:  # a mistake may divide by 0: what is no number then is no number in both
                alike |= ~np.isfinite(found) & ~np.isfinite(value)
            return bool(np.all(alike))


def tolerance_of(numbers: ArrayNumbers, array: Array) -> Numbers:
    """How far a right function may be from each number."""
    bound, size = numbers.bound(array), abs(numbers.array(array))
    with np.errstate(all="ignore"):
        wide = MARGIN * bound
        return np.asarray(np.where(bound < FINE_BOUND * size, np.minimum(wide, FINE * size), wide))


@dataclass(frozen=True)
class Explanation:
    """Mistakes that together give what was found: ``explains`` are the wrong arrays that they make right.

    ``complete`` says that nothing is left to explain. ``ties`` are other mistakes with the same numbers everywhere.
    """

    variants: tuple[Variant, ...]
    explains: tuple[tuple[Array, ...], ...]  # of each variant
    complete: bool
    ties: tuple[Variant, ...] = ()


class Diagnosis:
    """The search for mistakes: single ones first, then one made at all its places, then pairs, then parts."""

    phases: frozenset[Phase] | None = frozenset({Phase.NOW, Phase.USE})

    def __init__(self, subject: Subject, observed: Sequence[Observed], *, kinds: Sequence[str]) -> None:
        self.subject, self.observed, self.kinds = subject, observed, kinds
        first = observed[0]
        self.arrays = tuple(first.found)
        self.wrong = tuple(
            array
            for array in self.arrays
            if not all(each.agrees(each.numbers, array, exactly=True) for each in observed)
        )

    def explanation(self) -> Explanation | None:
        """The best explanation; None where no known mistake makes any wrong array right."""
        if not self.wrong:
            return None
        complete = self._complete(self.singles) or self._complete(self.everywhere)
        if complete:
            best, *others = _best_first(complete)
            return Explanation((best,), (self.wrong,), True, tuple(others))
        return self._pair() or self._partial()

    def _complete(self, variants: Iterable[Variant]) -> list[Variant]:
        """Those that explain everything."""
        return [each for each in variants if set(self._mended(each)) >= set(self.wrong) and self._whole(each)]

    @cached_property
    def singles(self) -> list[Variant]:
        """Every way to make one mistake."""
        made = variants_of(self.subject, MISTAKES, kinds=self.kinds)
        return [each for each in made if self.phases is None or each.place.phase in self.phases]

    @cached_property
    def everywhere(self) -> list[Variant]:
        """Each mistake made at all its places at once."""
        return list(_everywhere(self.singles))

    @cached_property
    def _explained(self) -> dict[int, tuple[Array, ...]]:
        return {}

    def _mended(self, variant: Variant) -> tuple[Array, ...]:
        """The wrong arrays that have the mistake's numbers at the first point."""
        known = self._explained.get(id(variant))
        if known is None:
            observed = self.observed[0]
            numbers = self._numbers(observed, variant)
            with np.errstate(all="ignore"):
                known = tuple(
                    array
                    for array in self.wrong
                    if observed.agrees(numbers, array)
                    and (observed.differs(numbers, array) or self._differs_elsewhere(variant, array))
                )
            self._explained[id(variant)] = known
        return known

    def _differs_elsewhere(self, variant: Variant, array: Array) -> bool:
        return any(each.differs(self._numbers(each, variant), array) for each in self.observed[1:])

    def _numbers(self, observed: Observed, variant: Variant) -> ArrayNumbers:
        return observed.with_mistake(variant)

    def _whole(self, variant: Variant) -> bool:
        """Whether a variant gives everything that was found, at every point."""
        for observed in self.observed:
            numbers = self._numbers(observed, variant)
            for array in (*self.wrong, *(each for each in self.arrays if each not in self.wrong)):
                if not observed.agrees(numbers, array):
                    return False
        return True

    def _possible(self, both: Variant) -> bool:
        try:
            return self._whole(both) and all(
                any(each.differs(self._numbers(each, both), array) for each in self.observed) for array in self.wrong
            )
        except Circular:
            return False

    def _size(self) -> int:
        return sum(found.size for found in self.observed[0].found.values()) or 1

    def _is_slight(self) -> bool:
        """Whether what was found is off by so little that no two mistakes of thought give it."""
        for observed in self.observed:
            for array in self.wrong:
                right = observed.numbers.array(array)
                slight = abs(observed.found[array] - right) <= SLIGHT * np.max(abs(right), initial=0)
                if not np.all(slight):
                    return False
        return True

    def _pair(self) -> Explanation | None:
        if self._is_slight():
            return None
        tried = 0
        most = min(MOST_PAIRS, max(LEAST_PAIRS, MOST_NUMBERS // self._size()))
        found: list[tuple[Variant, Variant]] = []
        for first in self._firsts():
            for second in variants_of(first.result, MISTAKES, kinds=self.kinds, earlier=first):
                tried += 1
                if tried > most:
                    break
                both = _made_both(first, second)
                if self._possible(both):
                    found.append((first, second))
            if found:
                break
        if not found:
            return None
        first, second = min(found, key=lambda pair: _generality(pair[0]) + _generality(pair[1]))
        mended = self._mended(first)
        rest = tuple(array for array in self.wrong if array not in mended)
        return Explanation((first, second), (mended or self.wrong, rest), True)

    def _firsts(self) -> list[Variant]:
        """Mistakes that a pair may begin with: those that mend most, one of each kind of mending, and the head's."""
        ranked = sorted(
            (each for each in self.singles if self._mended(each)),
            key=lambda each: (-len(self._mended(each)), _generality(each)),
        )
        chosen, seen = [], set()
        for each in ranked:
            key = (self._mended(each), each.mistake.name)
            if key not in seen and self._partly(each):
                seen.add(key)
                chosen.append(each)
        heads = {head.target.array for head in self.subject.heads}
        chosen += [each for each in self.singles if each.place in heads and each not in chosen]
        return chosen[:FIRST_OF_PAIR]

    def _keeps(self, variant: Variant) -> bool:
        """Whether what is right stays right with the mistake."""
        observed = self.observed[0]
        numbers = self._numbers(observed, variant)
        return all(observed.agrees(numbers, array) for array in self.arrays if array not in self.wrong)

    def _partly(self, variant: Variant) -> bool:
        """Whether a variant gives what it mends at every point."""
        mended = self._mended(variant)
        return all(
            observed.agrees(numbers, array)
            for observed in self.observed[1:]
            for numbers in [self._numbers(observed, variant)]
            for array in mended
        )

    def _partial(self) -> Explanation | None:
        partial = [each for each in self._firsts() if self._mended(each) and self._keeps(each)]
        if not partial:
            return None
        best = max(partial, key=lambda each: len(self._mended(each)))
        return Explanation((best,), (self._mended(best),), False)


def _everywhere(variants: Iterable[Variant]) -> Iterator[Variant]:
    """The same mistake made at all its places at once: in all arrays, in those of weights, in those of biases."""
    groups: dict[tuple[str, str, Role | None], list[Variant]] = {}
    for each in variants:
        wrt = each.place.wrt
        if len(each.change.equations) == 1:
            for role in dict.fromkeys((None, wrt.role if wrt is not None else None)):
                groups.setdefault((each.mistake.name, each.change.where, role), []).append(each)
    for group in {tuple(map(id, each)): each for each in groups.values()}.values():
        equations = {each.place: each.change.equations[0] for each in group}
        if 1 < len(equations) == len(group):
            further = tuple(each for one in group for each in one.change.further)
            change = Change(tuple(equations.values()), group[0].change.where, further)
            yield Variant(group[0].mistake, change, group[0].subject)


def _made_both(first: Variant, second: Variant) -> Variant:
    return Variant(second.mistake, second.change, first.result, first)


def _generality(variant: Variant) -> int:
    """How late in the catalogue a mistake stands: what is more specific stands first."""
    return list(MISTAKES).index(variant.mistake.name)


def _best_first(variants: Iterable[Variant]) -> list[Variant]:
    return sorted(variants, key=lambda each: (len(each.change.equations), _generality(each)))
