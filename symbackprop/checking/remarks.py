"""What can be said of wrong numbers without knowing the mistake. Never looks for one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from symbackprop.checking.answers import place_text
from symbackprop.checking.diagnosis import Observed
from symbackprop.checking.laws import Numbers
from symbackprop.quantities import Array

SHOWN, MOST_SHOWN = 6, 17  # significant digits
MOST_DECIMALS, ROUNDED = 10, 0.5001  # decimals that somebody may have rounded to, and how far that is off
ALIKE = 1e-6  # relative: ratios that differ less are one


def beside(found: float, right: float) -> str:
    """A wrong number and the right one, with as many digits as tell them apart."""
    digits = next((each for each in range(SHOWN, MOST_SHOWN) if f"{found:.{each}g}" != f"{right:.{each}g}"), MOST_SHOWN)
    digits = min(digits + (digits > SHOWN), MOST_SHOWN)
    return f"is {found:.{digits}g}, right is {right:.{digits}g}"


def worst_of(observed: Observed, array: Array) -> tuple[float, tuple[int, ...]]:
    """The largest relative error of an array at a point, and where it is."""
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
        return np.asarray(np.where(np.isfinite(found), apart / scale, np.inf))


def relative_bound(observed: Observed, array: Array) -> Numbers:
    """What rounding may do to each entry, relative to it, or to a thousandth of the array's largest."""
    right = abs(observed.numbers.array(array))
    largest = max(float(np.max(right, initial=0)), 1e-300)
    with np.errstate(all="ignore"):
        return np.asarray(observed.numbers.bound(array) / np.maximum(right, largest * 1e-3))


def remarks(key: str, array: Array, observed: Sequence[Observed]) -> Iterable[str]:
    """What can be said of a wrong array without knowing the mistake."""
    found = np.stack([each.found[array] for each in observed])
    right = np.stack([each.numbers.array(array) for each in observed])
    near = np.stack([each.tolerance[array] for each in observed])
    wrong = ~(abs(found - right) <= near)
    with np.errstate(all="ignore"):
        ratios = (found / right)[(right != 0) & np.isfinite(near)]
    size = ratios.size
    if size > 1 and np.ptp(ratios) < ALIKE * min(abs(ratios[0]), abs(ratios[0] - 1)):
        off = float(ratios[0]) - 1
        yield f"every entry is {f'1 {off:+.2g}' if abs(off) < 1e-4 else f'{1 + off:.6g}'} times the right one"
    yield from _rounded(found, right)
    if not found.any():
        yield f"{key} is 0 everywhere"
    elif wrong.ndim > 1:
        places = np.argwhere(wrong.any(axis=0))
        if len(places) == 1 and wrong[0].size > 1:
            yield f"only {key}{place_text(tuple(int(each) for each in places[0]))} is wrong"
        elif wrong.ndim == 3:
            rows, columns = {int(each[0]) for each in places}, {int(each[1]) for each in places}
            if len(rows) == 1 and wrong.shape[1] > 1:
                row = rows.pop()
                yield f"only unit {row + 1} of the layer is wrong (row {row}){_copied(found, right, near, row)}"
            elif len(columns) == 1 and wrong.shape[2] > 1:
                yield f"only what comes from unit {columns.pop() + 1} is wrong (column {places[0][1]})"
        zeros = ((found == 0) & (right != 0) & wrong).any(axis=0)
        if zeros.any() and not zeros.all():
            count = int(zeros.sum())
            what = "1 entry is 0 where it" if count == 1 else f"{count} entries are 0 where they"
            yield f"{what} should not be"


def _rounded(found: Numbers, right: Numbers) -> Iterable[str]:
    """Whether numbers are the right ones rounded to a few decimals, as somebody prints them."""
    for decimals in range(MOST_DECIMALS + 1):
        if np.array_equal(found, np.round(found.astype(float), decimals)):
            if np.all(abs(found - right) <= ROUNDED * 10.0**-decimals) and found.any():
                yield f"the numbers are the right ones, rounded to {decimals} decimals: nothing finer can be compared"
            return


def _copied(found: Numbers, right: Numbers, near: Numbers, row: int) -> str:
    """Whether a wrong row is another one's, in words."""
    for other in range(found.shape[1]):
        if other != row and np.all(abs(found[:, row] - right[:, other]) <= near[:, other]):
            return f": it has what belongs to unit {other + 1}"
    return ""
