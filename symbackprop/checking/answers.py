"""What a function returned, read as arrays by key; and what is wrong with it where it cannot be. Never compares."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import numpy as np

from symbackprop.checking.calling import plain
from symbackprop.checking.laws import Numbers
from symbackprop.errors import InputError


def table_of(
    returned: Any, keys: Collection[str], *, optional: Collection[str]
) -> tuple[dict[str, Any] | None, list[str]]:
    """The returned values by key, and what is wrong; None where there is no dict."""
    if isinstance(returned, tuple | list) and len(returned) == 2:  # (loss, gradients)
        returned = next((each for each in reversed(returned) if isinstance(each, Mapping)), returned)
    if not isinstance(returned, Mapping):
        kind = type(returned).__name__
        what = (
            "nothing (None)"
            if returned is None
            else f"{'an' if kind[0] in 'aeiou' or kind == 'ndarray' else 'a'} {kind}"
        )
        return None, [f"the function returns {what}; expected a dict with the keys {', '.join(keys)}"]
    problems: list[str] = []
    table: dict[str, Any] = {}
    for name, value in returned.items():
        key = next((each for each in _spellings(str(name)) if each in keys), None)
        if key is None:
            alike = next(
                (each for each in keys if each.lower() in {spelt.lower() for spelt in _spellings(str(name))}), None
            )
            meant = f"; did you mean {alike!r}?" if alike else ""
            problems.append(f"the key {name!r} is not one of {', '.join(keys)}{meant}")
        else:
            table[key] = value
    missing = [key for key in keys if key not in table and key not in optional]
    if missing:
        problems.append(f"missing from what the function returns: {', '.join(missing)}")
    return table, problems


def _spellings(name: str) -> Iterator[str]:
    yield name
    for prefix in ("d", "d_", "grad_", "g"):
        if name.startswith(prefix):
            yield name[len(prefix) :]


def entries_of(value: Any, shape: tuple[int, ...], *, turned: bool) -> Numbers:
    """The numbers of one key in the order to_from; ``turned`` ones come as from_to. Raises Unreadable."""
    try:
        given = np.asarray(plain(value))
        if given.dtype.kind == "c":
            raise Unreadable("has complex numbers")
        entries = given.astype(np.longdouble)
    except (TypeError, ValueError) as error:
        raise Unreadable(f"is a {type(value).__name__}, not an array of numbers") from error
    turned = turned and len(shape) == 2
    expected = shape[::-1] if turned else shape
    if entries.shape != expected:
        if is_flat(entries.shape, expected):
            entries = entries.reshape(expected)
        elif entries.size != 1 or expected:
            raise Unreadable(_shape_remark(entries.shape, expected))
        else:
            entries = entries.reshape(())
    return entries.T if turned else entries


def is_flat(found: tuple[int, ...], expected: tuple[int, ...]) -> bool:
    """Whether a column or a row stands where a vector of as many numbers belongs."""
    return len(expected) == 1 and found in ((expected[0], 1), (1, expected[0]))


def not_finite(key: str, entries: Numbers) -> str:
    """Where numbers are not finite, in words; empty where all are."""
    if np.isfinite(entries).all():
        return ""
    what = "nan" if np.isnan(entries).any() else "infinite"
    place = tuple(int(each) for each in np.argwhere(~np.isfinite(entries))[0]) if entries.ndim else ()
    return f"has {what} at {key}{place_text(place)}"


class Unreadable(InputError):
    """What a function returned for a key cannot be compared; the message says why, without the key."""


def precision_of(value: Any) -> str:
    """The kind of an array's numbers: float64, float32, float16 ...; of what is no array, float64."""
    found = getattr(plain(value), "dtype", None)
    name = str(found)
    return name if found is not None and "float" in name else "float64"


def place_text(place: tuple[int, ...]) -> str:
    """Indices as they are written: ``[0][1]``."""
    return "".join(f"[{each}]" for each in place)


def _shape_remark(found: tuple[int, ...], expected: tuple[int, ...]) -> str:
    remark = f"has the shape {found}; expected {expected}"
    if len(expected) == 2 and found == expected[::-1]:
        return remark + ": rows and columns are exchanged (or layout='from_to' is meant)"
    if not expected and len(found) == 1:
        return remark + ": the bias is shared, its gradient is the sum over its units"
    if expected and len(found) == len(expected) + 1 and found[1:] == expected:
        return remark + ": the gradient is not summed over the observations"
    return remark
