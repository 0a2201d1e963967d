"""Gradients that were computed elsewhere, from a JSON or npz file. Never compares them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from symbackprop.archives import BROKEN
from symbackprop.checking.points import settled, shape_of
from symbackprop.derivation import derive
from symbackprop.errors import InputError, SymbackpropError
from symbackprop.given import keys_of
from symbackprop.network import Network
from symbackprop.notation.names import Names
from symbackprop.quantities import Array, Quantity

MOST_SHOWN = 8  # missing entries that an error names


def read_gradients(path: str, network: Network, *, layout: str = "to_from") -> dict[str, Any]:
    """The gradients of a file by the keys W1, b1, ..., in the layout that its weights have.

    Its keys may be these, ``dW1``, names of derivatives (``dE/dw[1]``, ``dE/dw_1``), or all of it under
    ``gradients``, ``neutral`` or ``quantities``.
    """
    table = _npz(path) if path.lower().endswith(".npz") else _json(path)
    for inner in ("gradients", "neutral", "quantities"):
        if isinstance(table.get(inner), Mapping):
            table = dict(table[inner])
            break
    return _by_key(table, network, layout)


def _json(path: str) -> dict[str, Any]:
    try:
        with open(path, encoding="utf-8") as file:
            table = json.load(file)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: is not JSON: {error}") from error
    if not isinstance(table, dict):
        raise InputError(f"{path}: expected an object with the keys W1, b1, ...")
    return table


def _npz(path: str) -> dict[str, Any]:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from error
    except BROKEN as error:
        raise InputError(f"{path}: is not an npz file that can be read; numpy.savez writes one") from error


def _by_key(table: Mapping[str, Any], network: Network, layout: str) -> dict[str, Any]:
    derivation = settled(derive(network))
    arrays = keys_of(derivation)
    gradients = {derivation.gradient_array(array): key for key, array in arrays.items()}
    names = Names(derivation)
    found: dict[str, Any] = {}
    bare: dict[str, Any] = {}  # what stands under a parameter's own name, which may be its value beside its gradient
    single: dict[Array, dict[tuple[int, ...], Any]] = {}
    for name, value in table.items():
        if name in arrays:
            bare[name] = value
            continue
        if name.removeprefix("d") in arrays:
            found[name] = value
            continue
        try:
            wanted = names.resolve(name)
        except SymbackpropError:
            continue
        array = wanted.array if isinstance(wanted, Quantity) else wanted
        if array in gradients and isinstance(wanted, Quantity):
            single.setdefault(array, {})[wanted.indices] = _number(name, value)
        elif array in gradients:
            found[gradients[array]] = value
    for array, entries in single.items():
        whole = _whole(array, entries, names)
        found.setdefault(gradients[array], whole.T if layout == "from_to" and whole.ndim == 2 else whole)
    found = {name: value for name, value in bare.items() if name not in found and f"d{name}" not in found} | found
    if not found:
        raise InputError(
            f"none of the names in the file is a gradient; expected {', '.join(arrays)}, or dE/dw[1] and so on"
        )
    return found


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool | str) or np.ndim(value):
        raise InputError(f"{name}: {value!r} is not a number")
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name}: {value!r} is not a number") from error


def _whole(array: Array, entries: Mapping[tuple[int, ...], float], names: Names) -> Any:
    """An array of entries that were named one by one. Raises InputError that names those that are missing."""
    missing = [each for each in np.ndindex(shape_of(array)) if each not in entries]
    if missing:
        shown = [names.derivation.notation.plain(Quantity(array, each)) for each in missing[:MOST_SHOWN]]
        more = f" and {len(missing) - MOST_SHOWN} more" if len(missing) > MOST_SHOWN else ""
        raise InputError(f"the file lacks {', '.join(shown)}{more}")
    found = np.zeros(shape_of(array))
    for indices, value in entries.items():
        found[indices] = value
    return found
