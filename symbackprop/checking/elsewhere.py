"""Gradients that were computed elsewhere, from a JSON or npz file. Never compares them."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np

from symbackprop.checking.points import keys_of, settled, shape_of
from symbackprop.derivation import derive
from symbackprop.errors import InputError, SymbackpropError
from symbackprop.network import Network
from symbackprop.notation.names import Names
from symbackprop.quantities import Array, Quantity


def read_gradients(path: str, network: Network) -> dict[str, Any]:
    """The gradients of a file by the keys W1, b1, ...

    Its keys may be these, ``dW1``, names of derivatives (``dE/dw[1]``, ``dE/dw_1``), or all of it under
    ``gradients``, ``neutral`` or ``quantities``.
    """
    table = _npz(path) if path.lower().endswith(".npz") else _json(path)
    for inner in ("gradients", "neutral", "quantities"):
        if isinstance(table.get(inner), Mapping):
            table = dict(table[inner])
            break
    return _by_key(table, network)


def _json(path: str) -> dict[str, Any]:
    try:
        with open(path, encoding="utf-8") as file:
            table = json.load(file)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from error
    except ValueError as error:
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
    except (ValueError, zipfile.BadZipFile) as error:
        raise InputError(f"{path}: is not an npz file that can be read: {error}") from error


def _by_key(table: Mapping[str, Any], network: Network) -> dict[str, Any]:
    derivation = settled(derive(network))
    arrays = keys_of(derivation)
    gradients = {derivation.gradient_array(array): key for key, array in arrays.items()}
    names = Names(derivation)
    found: dict[str, Any] = {}
    for name, value in table.items():
        if name in arrays or name.removeprefix("d") in arrays:
            found[name] = value
            continue
        try:
            wanted = names.resolve(name)
        except SymbackpropError:
            continue
        array = wanted.array if isinstance(wanted, Quantity) else wanted
        if array in gradients:
            _put(found, gradients[array], array, wanted, value)
    if not found:
        raise InputError(
            f"none of the names in the file is a gradient; expected {', '.join(arrays)}, or dE/dw[1] and so on"
        )
    return found


def _put(found: dict[str, Any], key: str, array: Array, wanted: Quantity | Array, value: Any) -> None:
    if isinstance(wanted, Array):
        found[key] = value
        return
    entries = found.setdefault(key, np.full(shape_of(array), np.nan))
    if isinstance(entries, np.ndarray):
        entries[wanted.indices] = float(value)
