"""Calling somebody else's function: with arrays of its library, and saying where it fails. Never judges."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from symbackprop.checking.laws import Numbers
from symbackprop.checking.points import Point
from symbackprop.errors import OutsideError

Gradients = Callable[[dict[str, Any], Any, Any], Any]


@dataclass(frozen=True)
class Answer:
    """What a function returned, and which of its arguments it changed."""

    returned: Any
    changed: tuple[str, ...] = ()


def answer_of(function: Gradients, point: Point, *, layout: str, batched: bool, library: str = "numpy") -> Answer:
    """What the function gives at a point. Raises OutsideError, with its file and line, where it raises."""
    untouched = (point.parameters(layout=layout), point.inputs(batched=batched), point.targets(batched=batched))
    parameters, inputs, targets = (_handed(each, LIBRARIES[library]) for each in untouched)
    if library == "torch":
        for each in parameters.values():
            each.requires_grad_(True)
    arguments = (parameters, inputs, targets)
    return Answer(called_safely(function, arguments), tuple(_differences(untouched, arguments)))


def _of_torch(numbers: Numbers) -> Any:
    return import_module("torch").tensor(numbers)


def _of_jax(numbers: Numbers) -> Any:
    return import_module("jax.numpy").asarray(numbers)


# Copies in the library's own arrays. A library is loaded where it is asked for, and by nothing else.
LIBRARIES: Mapping[str, Callable[[Numbers], Any]] = {"numpy": np.copy, "torch": _of_torch, "jax": _of_jax}


def _handed(value: Any, convert: Callable[[Numbers], Any]) -> Any:
    if isinstance(value, dict):
        return {key: convert(each) for key, each in value.items()}
    return None if value is None else convert(value)


def called_safely(
    function: Callable[..., Any], arguments: Sequence[Any], *, what: str = "the function to check"
) -> Any:
    """What the user's function returns. Raises OutsideError that says where it failed, if it does."""
    try:
        return function(*arguments)
    except (Exception, SystemExit) as error:
        inner = traceback.extract_tb(error.__traceback__)
        frames = [each for each in inner if each.filename != __file__ and not each.filename.startswith("<frozen")]
        own = getattr(getattr(function, "__code__", None), "co_filename", None)
        frame = next((each for each in reversed(frames) if each.filename == own), frames[-1] if frames else None)
        place = f"{frame.filename}:{frame.lineno}: " if frame else ""
        raise OutsideError(f"{place}{what} raised {type(error).__name__}: {error}") from error


def plain(value: Any) -> Any:
    """An array of any library as one that numpy takes; all else as it is."""
    if isinstance(value, np.ndarray):
        return value
    if hasattr(value, "detach") and hasattr(value, "cpu"):  # torch: off the graph, and off the device
        value = value.detach().cpu()
        return value.numpy() if value.element_size() >= 4 else value.float().numpy()
    if hasattr(value, "_value") and hasattr(value, "_node"):  # autograd: a number that is being traced
        return plain(value._value)
    return value


def _differences(before: Sequence[Any], after: Sequence[Any]) -> Iterator[str]:
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


def _identical(old: Numbers, new: Any) -> bool:
    if new is None:
        return False
    found = np.asarray(plain(new))
    if found.shape != old.shape:
        return False
    return bool(np.all(found == (old if found.dtype == old.dtype else old.astype(found.dtype))))
