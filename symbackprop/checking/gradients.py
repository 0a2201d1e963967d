"""`check_gradients`: a function's gradients against exact ones, and the mistakes that explain a difference.

The reference is computed at the very binary values that the function is handed. An entry is wrong where it is further
from it than 64 times what rounding can do (`ArrayNumbers.bound`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

import numpy as np

from symbackprop.catalogue.mistakes import Subject
from symbackprop.checking.answers import Unreadable, entries_of, is_flat, not_finite, place_text, precision_of, table_of
from symbackprop.checking.calling import LIBRARIES, Answer, Gradients, answer_of, plain
from symbackprop.checking.diagnosis import MARGIN, Diagnosis, Explanation, Observed, tolerance_of
from symbackprop.checking.explaining import mistakes_of
from symbackprop.checking.laws import Numbers
from symbackprop.checking.points import Point, frozen_keys, points, settled
from symbackprop.checking.remarks import beside, relative_bound, remarks, worst_of
from symbackprop.checking.report import ParameterFinding, Report
from symbackprop.derivation import Derivation, derive
from symbackprop.errors import InputError
from symbackprop.given import keys_of
from symbackprop.network import Network
from symbackprop.quantities import Array, Phase

FEW = 3  # random points beside the description's own
FURTHER = 5  # where several mistakes explain the numbers at these: a mask, say, may be the same at all of them
LARGE = 5_000  # parameters above which one point is enough where it tells everything, and two where it does not
COARSE_BOUND = 1e-6  # relative: a bound above it is worth a word
LAYOUTS = ("to_from", "from_to")
DTYPES = ("float64", "float32")


def check_gradients(
    function: Gradients,
    network: Network,
    *,
    layout: str = "to_from",
    batched: bool = False,
    dtype: str = "float64",
    rtol: float | None = None,
    seed: int = 0,
    arrays: str = "numpy",
) -> Report:
    """Compares ``function(parameters, inputs, targets)`` with the exact gradients of the network's loss.

    ``parameters`` is a dict of arrays W1, b1, ...; the function returns a dict with the same keys and shapes (dW1 as a
    key and (loss, gradients) are accepted), in arrays of any library. ``layout="from_to"`` hands weights over for
    ``x @ W``; ``batched`` hands one observation over as a row of a matrix; ``arrays="torch"`` or ``"jax"`` hands over
    arrays of that library. ``rtol`` allows a relative difference on top of what rounding explains. A function that
    computes in float32 all the same is compared as such, and the report says so.
    Raises OutsideError, with file and line, where the function raises.
    """
    _usable(function, layout, dtype, rtol, arrays)
    derivation = settled(derive(network))
    run = _Run(derivation, layout, rtol)
    count = sum(math.prod([each or 1 for each in array.shape]) for array in keys_of(derivation).values())
    several = points(derivation, dtype=dtype, seed=seed)
    for place, point in enumerate(islice(several, 1 + FEW)):
        run.look(point, answer_of(function, point, layout=layout, batched=batched, library=arrays))
        if run.is_coarser_than(dtype) and not run.agrees_so_far():
            again = check_gradients(
                function, network, layout=layout, batched=batched, dtype="float32", rtol=rtol, seed=seed, arrays=arrays
            )
            return replace(again, notes=(COARSER, *again.notes))
        if run.problems or (count > LARGE and (place or run.is_telling())):
            break
    if run.is_tied():
        for point in islice(several, FURTHER):
            run.look(point, answer_of(function, point, layout=layout, batched=batched, library=arrays))
    return run.report()


COARSER = "the function returns float32 numbers where it is handed float64: compared in float32 (jax: jax_enable_x64)"


def check_values(
    gradients: Mapping[str, Any], network: Network, *, layout: str = "to_from", rtol: float | None = None
) -> Report:
    """Compares gradients that were computed elsewhere, at the description's values, with the exact ones."""
    derivation = settled(derive(network))
    own = next(points(derivation, dtype="float64", seed=0, rounded=True))
    if own.label.startswith("random"):
        raise InputError(
            "the description has no values for everything: gradients computed elsewhere cannot be compared"
        )
    run = _Run(derivation, layout, rtol)
    run.look(own, Answer(gradients))
    return run.report()


def _usable(function: object, layout: str, dtype: str, rtol: float | None, arrays: str) -> None:
    if hasattr(function, "named_parameters") and hasattr(function, "modules"):
        raise InputError("a torch module has no gradients without a loss: check torch_gradients(module, loss)")
    if not callable(function):
        raise InputError(f"the function to check is a {type(function).__name__}, which cannot be called")
    for name, value, allowed in (
        ("layout", layout, LAYOUTS), ("dtype", str(dtype), DTYPES), ("arrays", arrays, tuple(LIBRARIES))
    ):  # fmt: skip
        if value not in allowed:
            raise InputError(f"{name}: {value!r} cannot be used; allowed: {', '.join(allowed)}")
    if rtol is not None and not 0 <= rtol < 1:
        raise InputError(f"rtol: {rtol!r} cannot be used; it is a relative difference from 0 to 1")


@dataclass
class _Run:
    """The comparison of one function, point by point."""

    derivation: Derivation
    layout: str
    rtol: float | None
    observed: list[Observed] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    bad: dict[str, list[str]] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)
    precisions: set[str] = field(default_factory=set)
    flattened: dict[str, tuple[int, ...]] = field(default_factory=dict)  # columns and rows that are taken as vectors
    explained: dict[int, Explanation | None] = field(default_factory=dict)  # by how many points it was looked for at

    def __post_init__(self) -> None:
        self.arrays = keys_of(self.derivation)
        self.frozen = frozen_keys(self.derivation)
        self.gradient = {key: self.derivation.gradient_array(array) for key, array in self.arrays.items()}
        # A tied array's gradient may be the total or its own use's share.
        self.aliases = {
            gradient: (replace(gradient, phase=Phase.USE),)
            for key, gradient in self.gradient.items()
            if self.arrays[key] in self.derivation.ties.reindexed
        }

    def look(self, point: Point, answer: Answer) -> None:
        """Takes in what the function gave at a point."""
        self.places.append(point.label)
        if answer.changed and not self.problems:
            self.problems.append(f"the function changes its arguments in place: {', '.join(answer.changed)}")
        table, problems = table_of(answer.returned, self.arrays, optional=self.frozen)
        self.problems += problems
        if table is None:
            return
        found: dict[Array, Numbers] = {}
        for key, array in self.arrays.items():
            if key in table:
                self._take(key, table[key], point.numbers.array(array).shape, found)
        tolerance = {
            array: tolerance_of(point.numbers, array)
            + (0 if self.rtol is None else self.rtol * abs(point.numbers.array(array)))
            for array in found
        }
        self.observed.append(Observed(point.numbers, found, tolerance, self.aliases))

    def _take(self, key: str, value: Any, shape: tuple[int, ...], found: dict[Array, Numbers]) -> None:
        self.precisions.add(precision_of(value))
        try:
            entries = entries_of(value, shape, turned=self.layout == "from_to")
        except Unreadable as error:
            self.bad.setdefault(key, []).append(str(error))
            return
        found[self.gradient[key]] = entries
        if is_flat(written := np.shape(plain(value)), shape):
            self.flattened[key] = written
        remark = not_finite(key, entries)
        if remark:
            self.bad.setdefault(key, []).append(remark)
        if key not in self.keys:
            self.keys.append(key)

    def agrees_so_far(self) -> bool:
        """Whether everything that was found agrees."""
        return all(each.agrees(each.numbers, array, exactly=True) for each in self.observed for array in each.found)

    def is_coarser_than(self, dtype: str) -> bool:
        """Whether the function computes in float32 where float64 is asked for."""
        return dtype == "float64" and "float32" in self.precisions

    def is_telling(self) -> bool:
        """Whether everything agrees at the last point and nothing there could hide a mistake: no zeros, no kinks."""
        last = self.observed[-1] if self.observed else None
        return last is not None and all(
            last.agrees(last.numbers, array, exactly=True)
            and bool(np.all(last.numbers.array(array) != 0))
            and bool(np.isfinite(last.tolerance[array]).all())
            for array in last.found
        )

    def is_tied(self) -> bool:
        """Whether several mistakes explain everything so far."""
        if self.problems or self.bad or self.agrees_so_far():
            return False
        explanation = self._explanation()
        return explanation is not None and bool(explanation.ties)

    # What was found

    def _usable(self) -> list[Observed]:
        return [each for each in self.observed if set(each.found) == set(self.observed[0].found)]

    def _explanation(self) -> Explanation | None:
        count = len(self.observed)
        if count not in self.explained:
            usable = self._usable()
            subject = Subject.of(self.derivation.system, self.derivation.loss, self.derivation.steps)
            search = Diagnosis(subject, usable, kinds=("backward", "forward")) if usable else None
            self.explained[count] = None if search is None else search.explanation()
        return self.explained[count]

    def report(self) -> Report:
        """The findings of all points together."""
        usable = self._usable()
        findings = {key: self._finding(key, usable) for key in self.arrays if key in self.keys or key in self.bad}
        wrong = [key for key, finding in findings.items() if not finding.agrees]
        agrees = not wrong and not self.problems
        explanation = self._explanation() if any(key in self.keys for key in wrong) else None
        mistakes = mistakes_of(self.derivation, explanation, {array: key for key, array in self.gradient.items()})
        return Report(
            agrees,
            findings,
            mistakes,
            tuple(self.problems),
            tuple(self._blind(usable)),
            tuple(self.places),
            agrees or (explanation is not None and explanation.complete),
        )

    def _finding(self, key: str, observed: Sequence[Observed]) -> ParameterFinding:
        if key in self.bad:
            notes = tuple(f"{key} {remark}" for remark in dict.fromkeys(self.bad[key]))
            return ParameterFinding(False, float("inf"), "", notes)
        array = self.gradient[key]
        agrees = all(each.agrees(each.numbers, array, exactly=True) for each in observed)
        worst, text = 0.0, ""
        for each in observed:
            size, place = worst_of(each, array)
            if size >= worst and (size > worst or not text):
                worst, text = size, self._worst_text(key, each, array, place)
        notes = () if agrees else tuple(remarks(key, array, observed))
        return ParameterFinding(agrees, worst, "" if agrees else text, notes)

    def _worst_text(self, key: str, observed: Observed, array: Array, place: tuple[int, ...]) -> str:
        shown = place[::-1] if self.layout == "from_to" and len(place) == 2 else place
        found, right = observed.found[array][place], observed.numbers.array(array)[place]
        return f"{key}{place_text(shown)} {beside(float(found), float(right))}"

    def _blind(self, observed: Sequence[Observed]) -> Iterable[str]:
        """Shapes that were passed over; entries that rounding or a kink hides at every point."""
        for key, shape in self.flattened.items():
            what = "row" if shape[0] == 1 < shape[1] else "column"
            yield f"{key} comes as a {what} of shape {shape}; its numbers are compared with the vector's"
        for key in self.keys:
            array = self.gradient[key]
            if key in self.bad or not observed:
                continue
            least = np.min(np.stack([relative_bound(each, array) for each in observed]), axis=0)
            if np.isinf(least).any():
                yield f"{key}: some entries lie on a kink at every point; what is wrong there is not seen"
            elif least.size and least.max() > COARSE_BOUND:
                yield f"{key}: at this conditioning nothing below {MARGIN * float(least.max()):.1g} relative is seen"
