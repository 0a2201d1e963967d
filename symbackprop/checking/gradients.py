"""`check_gradients`: a function's gradients against exact ones, and the mistakes that explain a difference.

The reference is computed at the very binary values that the function is handed. An entry is wrong where it is further
from it than 64 times what rounding can do (`ArrayNumbers.bound`).
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

import numpy as np

from symbackprop.catalogue.mistakes import Subject
from symbackprop.checking.arrays import Numbers
from symbackprop.checking.diagnosis import MARGIN, Diagnosis, Explanation, Observed
from symbackprop.checking.points import Point, frozen_keys, keys_of, points, settled
from symbackprop.checking.report import SHOWN_DIGITS, MistakeFinding, ParameterFinding, Report
from symbackprop.checking.wording import array_text, equation_text
from symbackprop.derivation import Derivation, derive
from symbackprop.errors import InputError, OutsideError
from symbackprop.network import Network
from symbackprop.quantities import Array, Phase

Gradients = Callable[[dict[str, Any], Any, Any], Any]

FEW = 3  # random points beside the description's own
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
) -> Report:
    """Compares ``function(parameters, inputs, targets)`` with the exact gradients of the network's loss.

    ``parameters`` is a dict of arrays W1, b1, ...; the function returns a dict with the same keys and shapes (dW1 as a
    key and (loss, gradients) are accepted). ``layout="from_to"`` hands weights over for ``x @ W``; ``batched`` hands
    one observation over as a row of a matrix. ``rtol`` allows a relative difference on top of what rounding explains.
    Raises OutsideError, with file and line, where the function raises.
    """
    _usable(function, layout, dtype, rtol)
    derivation = settled(derive(network))
    run = _Run(derivation, layout, rtol)
    count = sum(np.prod([each or 1 for each in array.shape]) for array in keys_of(derivation).values())
    several = points(derivation, dtype=dtype, seed=seed)
    for place, point in enumerate(islice(several, 1 + FEW)):
        run.look(point, _called(function, point, layout=layout, batched=batched))
        if run.problems or (count > LARGE and (place or run.is_telling())):
            break
    return run.report()


def check_values(gradients: Mapping[str, Any], network: Network, *, rtol: float | None = None) -> Report:
    """Compares gradients that were computed elsewhere, at the description's values, with the exact ones."""
    derivation = settled(derive(network))
    own = next(points(derivation, dtype="float64", seed=0, rounded=True))
    if own.label.startswith("random"):
        raise InputError(
            "the description has no values for everything: gradients computed elsewhere cannot be compared"
        )
    run = _Run(derivation, "to_from", rtol)
    run.look(own, _Answer(gradients))
    return run.report()


def _usable(function: object, layout: str, dtype: str, rtol: float | None) -> None:
    if not callable(function):
        raise InputError(f"the function to check is a {type(function).__name__}, which cannot be called")
    if layout not in LAYOUTS:
        raise InputError(f"layout: {layout!r} cannot be used; allowed: {', '.join(LAYOUTS)}")
    if str(dtype) not in DTYPES:
        raise InputError(f"dtype: {dtype!r} cannot be used; allowed: {', '.join(DTYPES)}")
    if rtol is not None and not 0 <= rtol < 1:
        raise InputError(f"rtol: {rtol!r} cannot be used; it is a relative difference from 0 to 1")


@dataclass(frozen=True)
class _Answer:
    """What a function returned, and which of its arguments it changed."""

    returned: Any
    changed: tuple[str, ...] = ()


def _called(function: Gradients, point: Point, *, layout: str, batched: bool) -> _Answer:
    arguments = (point.parameters(layout=layout), point.inputs(batched=batched), point.targets(batched=batched))
    untouched = (point.parameters(layout=layout), point.inputs(batched=batched), point.targets(batched=batched))
    returned = called_safely(function, arguments)
    return _Answer(returned, tuple(_differences(untouched, arguments)))


def called_safely(
    function: Callable[..., Any], arguments: Sequence[Any], *, what: str = "the function to check"
) -> Any:
    """What the user's function returns. Raises OutsideError that says where it failed, if it does."""
    try:
        return function(*arguments)
    except Exception as error:
        inner = traceback.extract_tb(error.__traceback__)
        frames = [each for each in inner if each.filename != __file__ and not each.filename.startswith("<frozen")]
        own = getattr(getattr(function, "__code__", None), "co_filename", None)
        frame = next((each for each in reversed(frames) if each.filename == own), frames[-1] if frames else None)
        place = f"{frame.filename}:{frame.lineno}: " if frame else ""
        raise OutsideError(f"{place}{what} raised {type(error).__name__}: {error}") from error


def _differences(before: Iterable[Any], after: Iterable[Any]) -> Iterable[str]:
    parameters, inputs, targets = before
    now, now_inputs, now_targets = after
    for key, array in parameters.items():
        if key not in now or not _identical(array, now[key]):
            yield key
    for name, old, new in (("inputs", inputs, now_inputs), ("targets", targets, now_targets)):
        if isinstance(old, dict):
            yield from (f"{name}[{key}]" for key in old if not _identical(old[key], new.get(key)))
        elif old is not None and not _identical(old, new):
            yield name


def _identical(old: Any, new: Any) -> bool:
    return isinstance(new, np.ndarray | np.generic) and old.shape == new.shape and bool(np.all(old == new))


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

    def __post_init__(self) -> None:
        self.arrays = keys_of(self.derivation)
        self.frozen = frozen_keys(self.derivation)
        self.gradient = {key: self.derivation.gradient_array(array) for key, array in self.arrays.items()}

    def look(self, point: Point, answer: _Answer) -> None:
        """Takes in what the function gave at a point."""
        self.places.append(point.label)
        if answer.changed and not self.problems:
            self.problems.append(f"the function changes its arguments in place: {', '.join(answer.changed)}")
        table = self._table(answer.returned)
        if table is None:
            return
        found: dict[Array, Numbers] = {}
        for key, array in self.arrays.items():
            if key in table:
                entries = self._entries(key, table[key], point.numbers.array(array).shape)
                if entries is not None:
                    found[self.gradient[key]] = entries
                    if key not in self.keys:
                        self.keys.append(key)
        tolerance = {
            array: MARGIN * point.numbers.bound(array)
            + (0 if self.rtol is None else self.rtol * abs(point.numbers.array(array)))
            for array in found
        }
        self.observed.append(Observed(point.numbers, found, tolerance, self._aliases()))

    def _aliases(self) -> dict[Array, tuple[Array, ...]]:
        """A tied array's gradient may be the total or its own use's share."""
        return {
            gradient: (replace(gradient, phase=Phase.USE),)
            for key, gradient in self.gradient.items()
            if self.arrays[key] in self.derivation.ties.reindexed
        }

    def _table(self, returned: Any) -> dict[str, Any] | None:
        if isinstance(returned, tuple | list) and len(returned) == 2:
            returned = next((each for each in reversed(returned) if isinstance(each, Mapping)), returned)
        if not isinstance(returned, Mapping):
            what = "nothing (None)" if returned is None else f"a {type(returned).__name__}"
            self.problems.append(f"the function returns {what}; expected a dict with the keys {', '.join(self.arrays)}")
            return None
        table: dict[str, Any] = {}
        for name, value in returned.items():
            key = next((each for each in _spellings(str(name)) if each in self.arrays), None)
            if key is None:
                self.problems.append(f"the key {name!r} is not one of {', '.join(self.arrays)}")
            else:
                table[key] = value
        missing = [key for key in self.arrays if key not in table and key not in self.frozen]
        if missing:
            self.problems.append(f"missing from what the function returns: {', '.join(missing)}")
        return table

    def _entries(self, key: str, value: Any, shape: tuple[int, ...]) -> Numbers | None:
        """The numbers of one key in the order to_from; None, with what is wrong, where they cannot be compared."""
        try:
            entries = np.asarray(value, dtype=np.longdouble)
        except (TypeError, ValueError):
            self.bad.setdefault(key, []).append(f"is a {type(value).__name__}, not an array of numbers")
            return None
        expected = shape[::-1] if self.layout == "from_to" and len(shape) == 2 else shape
        if entries.shape != expected:
            if entries.size == 1 and not expected:
                entries = entries.reshape(())
            else:
                self.bad.setdefault(key, []).append(_shape_remark(entries.shape, expected))
                return None
        if not np.isfinite(entries).all():
            what = "nan" if np.isnan(entries).any() else "infinite"
            place = tuple(int(each) for each in np.argwhere(~np.isfinite(entries))[0]) if entries.ndim else ()
            self.bad.setdefault(key, []).append(f"has {what} at {key}{''.join(f'[{each}]' for each in place)}")
            return None
        return entries.T if self.layout == "from_to" and len(shape) == 2 else entries

    def is_telling(self) -> bool:
        """Whether everything agrees at the last point and nothing there could hide a mistake: no zeros, no kinks."""
        last = self.observed[-1] if self.observed else None
        return last is not None and all(
            last.agrees(last.numbers, array, exactly=True)
            and bool(np.all(last.numbers.array(array) != 0))
            and bool(np.isfinite(last.tolerance[array]).all())
            for array in last.found
        )

    # What was found

    def report(self) -> Report:
        """The findings of all points together."""
        usable = (
            [each for each in self.observed if set(each.found) == set(self.observed[0].found)] if self.observed else []
        )
        findings = {key: self._finding(key, usable) for key in self.arrays if key in self.keys or key in self.bad}
        wrong = [key for key, finding in findings.items() if not finding.agrees]
        agrees = not wrong and not self.problems
        explanation: Explanation | None = None
        mistakes: tuple[MistakeFinding, ...] = ()
        if usable and any(key not in self.bad for key in wrong):
            subject = Subject.of(self.derivation.system, self.derivation.loss)
            explanation = Diagnosis(subject, usable, kinds=("backward", "forward")).explanation()
            mistakes = self._mistakes(explanation)
        complete = explanation is not None and explanation.complete
        return Report(
            agrees,
            findings,
            mistakes,
            tuple(self.problems),
            tuple(self._blind(usable)),
            tuple(self.places),
            complete or agrees,
        )

    def _finding(self, key: str, observed: Sequence[Observed]) -> ParameterFinding:
        if key in self.bad:
            return ParameterFinding(False, float("inf"), "", tuple(f"{key} {remark}" for remark in self.bad[key]))
        array = self.gradient[key]
        agrees = all(each.agrees(each.numbers, array, exactly=True) for each in observed)
        worst, text = 0.0, ""
        for each in observed:
            size, place = _worst(each, array)
            if size >= worst and (size > worst or not text):
                worst, text = size, self._worst_text(key, each, array, place)
        notes = () if agrees else tuple(_remarks(key, array, observed))
        return ParameterFinding(agrees, worst, "" if agrees else text, notes)

    def _worst_text(self, key: str, observed: Observed, array: Array, place: tuple[int, ...]) -> str:
        shown = place[::-1] if self.layout == "from_to" and len(place) == 2 else place
        found, right = observed.found[array][place], observed.numbers.array(array)[place]
        return (
            f"{key}{''.join(f'[{each}]' for each in shown)} is {float(found):{SHOWN_DIGITS}}, "
            f"right is {float(right):{SHOWN_DIGITS}}"
        )

    def _mistakes(self, explanation: Explanation | None) -> tuple[MistakeFinding, ...]:
        if explanation is None:
            return ()
        keys = {array: key for key, array in self.gradient.items()}
        found = []
        for variant, arrays in zip(explanation.variants, explanation.explains, strict=True):
            found.append(self._described(variant, tuple(keys[array] for array in arrays if array in keys)))
        best = found[0]
        for tie in explanation.ties:
            other = self._described(tie, best.parameters)
            if (other.name, other.where) != (best.name, best.where):
                found.append(replace(other, instead_of=best.name))
        return tuple(found)

    def _described(self, variant: Any, parameters: tuple[str, ...]) -> MistakeFinding:
        derivation = self.derivation
        place = array_text(derivation, variant.place)
        return MistakeFinding(
            variant.mistake.name,
            variant.mistake.sentence,
            parameters,
            equation_text(derivation, derivation.definition(variant.place)),
            equation_text(derivation, variant.change.equations[0]),
            f"in {place}" + (f"; {variant.change.where}" if variant.change.where else ""),
        )

    def _blind(self, observed: Sequence[Observed]) -> Iterable[str]:
        """What could not be seen: entries that rounding or a kink hides at every point."""
        for key in self.keys:
            array = self.gradient[key]
            if key in self.bad or not observed:
                continue
            least = np.min(np.stack([_relative_bound(each, array) for each in observed]), axis=0)
            if np.isinf(least).any():
                yield f"{key}: some entries lie on a kink at every point; what is wrong there is not seen"
            elif least.size and least.max() > COARSE_BOUND:
                yield f"{key}: at this conditioning nothing below {MARGIN * float(least.max()):.1g} relative is seen"


def _spellings(name: str) -> Iterable[str]:
    yield name
    for prefix in ("d", "grad_", "g"):
        if name.startswith(prefix):
            yield name[len(prefix) :]


def _shape_remark(found: tuple[int, ...], expected: tuple[int, ...]) -> str:
    remark = f"has the shape {found}; expected {expected}"
    if len(expected) == 2 and found == expected[::-1]:
        return remark + ": rows and columns are exchanged (or layout='from_to' is meant)"
    if not expected and len(found) == 1:
        return remark + ": the bias is shared, its gradient is the sum over its units"
    if len(expected) == 1 and len(found) == 2 and found[-1] == expected[0]:
        return remark + ": the gradient is not summed over the observations"
    return remark


def _worst(observed: Observed, array: Array) -> tuple[float, tuple[int, ...]]:
    found = observed.found[array]
    candidates = [array, *observed.aliases.get(array, ())]
    sizes = [_relative(found, observed.numbers.array(each), observed.tolerance[array]) for each in candidates]
    size = min(sizes, key=lambda each: float(each.max(initial=0)))
    if not size.size:
        return 0.0, ()
    place = np.unravel_index(int(np.argmax(size)), size.shape)
    return float(size[place]), tuple(int(each) for each in place)


def _relative(found: Numbers, right: Numbers, tolerance: Numbers) -> Numbers:
    """The relative difference; where the right number is 0, as a share of the array's largest."""
    apart = np.where(np.isinf(tolerance), 0, abs(found - right))
    scale = np.where(right != 0, abs(right), max(float(np.max(abs(right), initial=0)), 1e-300))
    with np.errstate(all="ignore"):
        return np.asarray(apart / scale)


def _relative_bound(observed: Observed, array: Array) -> Numbers:
    right = abs(observed.numbers.array(array))
    largest = max(float(np.max(right, initial=0)), 1e-300)
    with np.errstate(all="ignore"):
        return np.asarray(observed.numbers.bound(array) / np.maximum(right, largest * 1e-3))


def _remarks(key: str, array: Array, observed: Sequence[Observed]) -> Iterable[str]:
    """What can be said of a wrong array without knowing the mistake."""
    found = np.stack([each.found[array] for each in observed])
    right = np.stack([each.numbers.array(array) for each in observed])
    near = np.stack([each.tolerance[array] for each in observed])
    wrong = abs(found - right) > near
    with np.errstate(all="ignore"):
        ratios = (found / right)[(right != 0) & np.isfinite(near)]
    size = ratios.size
    if size > 1 and np.ptp(ratios) < 1e-6 * abs(ratios[0]):
        yield f"every entry is {float(ratios[0]):.6g} times the right one"
    if not found.any():
        yield f"{key} is 0 everywhere"
    elif wrong.ndim > 1:
        places = np.argwhere(wrong.any(axis=0))
        if len(places) == 1 and wrong[0].size > 1:
            yield f"only {key}{''.join(f'[{int(each)}]' for each in places[0])} is wrong"
        elif wrong.ndim == 3:
            rows, columns = {int(each[0]) for each in places}, {int(each[1]) for each in places}
            if len(rows) == 1 and wrong.shape[1] > 1:
                yield f"only unit {rows.pop() + 1} of the layer is wrong (row {places[0][0]})"
            elif len(columns) == 1 and wrong.shape[2] > 1:
                yield f"only what comes from unit {columns.pop() + 1} is wrong (column {places[0][1]})"
        zeros = (found == 0) & (right != 0) & wrong
        if zeros.any() and not zeros.all():
            yield f"{int(zeros.sum())} entries are 0 where they should not be"
