"""The arguments of a compiled function: whether they fit a program, and what to say where they do not.

Changes no argument: what does not fit is refused, or brought to doubles in a new array.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any

from symbackprop.compiled.statements import Program
from symbackprop.errors import InputError, MissingValue
from symbackprop.quantities import Array

Shape = tuple[int, ...]

FAULTS = (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError)
NUMBERS = "biuf"  # numpy's kinds of real numbers


class Explained:
    """Where code fails on arguments that do not fit, the error says which and how."""

    __slots__ = ("arguments",)

    def __init__(self, *arguments: Any) -> None:
        self.arguments = arguments

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if kind is not None and issubclass(kind, FAULTS):
            check(*self.arguments)


def check(program: Program, parameters: Any, inputs: Any, targets: Any) -> None:
    """Raises an error for the first argument that does not have the form that it should, or holds no numbers."""
    check_shapes(program, parameters, inputs, targets)
    rows = inputs.items() if isinstance(inputs, Mapping) else [("", inputs)]
    given = [(f"inputs[{name!r}]" if name else "inputs", value) for name, value in rows]
    given += [("targets", targets)] if program.targets is not None else []
    given += [(f"parameters[{key!r}]", parameters[key]) for key in program.parameters]
    for name, value in given:
        check_numbers(name, value)


def check_shapes(program: Program, parameters: Any, inputs: Any, targets: Any) -> None:
    """The same for the shapes alone, as far as an array knows its own: dask's may not."""
    expected = ", ".join(program.parameters)
    if not isinstance(parameters, Mapping):
        raise InputError(f"parameters: is a {type(parameters).__name__}; expected a dict with {expected or 'nothing'}")
    for key, array in program.parameters.items():
        if key not in parameters:
            raise MissingValue(f"parameters: {key} is missing; expected {expected}")
        shape = shape_of(parameters[key])
        if shape != expected_shape(array):
            raise InputError(f"parameters[{key!r}]: has the shape {shape}; expected {expected_shape(array)}")
    for key in parameters:
        if key not in program.parameters:
            raise InputError(f"parameters: there is no {key!r}; expected {expected or 'none'}")
    if program.named_inputs:
        _check_columns([array.label for array in program.inputs], inputs, targets)
    else:
        _check_rows(program, inputs, targets)


def _check_rows(program: Program, inputs: Any, targets: Any) -> None:
    assert program.targets is not None
    if targets is None:
        raise MissingValue("targets are missing")
    counts = []
    for name, value, array in (("inputs", inputs, program.inputs[0]), ("targets", targets, program.targets)):
        width = array.axes[-1].size or 0
        shape = shape_of(value)
        if len(shape) not in (1, 2) or shape[-1] != width or 0 in shape:
            found = f"has the shape {shape}" if shape else f"is a {type(value).__name__}"
            raise InputError(f"{name}: {found}; expected {width} numbers, or rows of as many")
        counts.append(shape[0] if len(shape) == 2 else 1)
    if counts[0] != counts[1] and all(_is_known(each) for each in counts):
        raise InputError(f"inputs are {counts[0]} observations and targets {counts[1]}")


def _check_columns(names: Sequence[str], inputs: Any, targets: Any) -> None:
    """The same for the inputs of a program: one number each, or columns of as many."""
    if not isinstance(inputs, Mapping):
        raise InputError(f"inputs: is a {type(inputs).__name__}; expected a dict with {', '.join(names)}")
    if targets is not None:
        raise InputError("targets: a program has none; leave them out")
    columns: dict[Shape, str] = {}
    for name in names:
        if name not in inputs:
            raise MissingValue(f"inputs: {name} is missing")
        shape = shape_of(inputs[name])
        if len(shape) > 1 or 0 in shape:
            raise InputError(f"inputs[{name!r}]: has the shape {shape}; expected one number, or a column of numbers")
        if all(_is_known(each) for each in shape):
            columns.setdefault(shape, name)
    if len(columns) > 1:
        told = ", ".join(f"{name} has {shape[0] if shape else 'one number'}" for shape, name in columns.items())
        raise InputError(f"inputs: {told}; expected as many of each")


def check_numbers(name: str, value: Any) -> None:
    """Raises an error unless a value, or an array of numpy's, or each entry of nested lists, is a real number."""
    if hasattr(value, "dtype") and hasattr(value, "tolist"):
        kind = getattr(value.dtype, "kind", NUMBERS[0])  # arrays of other libraries say it in other ways
        if kind in NUMBERS and not hasattr(value, "mask"):
            return
        value = value.tolist()
    if isinstance(value, list | tuple):
        shapes = {shape_of(each) for each in value}
        if len(shapes) > 1:
            lengths = " and ".join(sorted(str(shape[0]) if shape else "no" for shape in shapes))
            raise InputError(f"{name}: has rows of {lengths} entries; expected rows of one length")
        for each in value:
            check_numbers(name, each)
        return
    if not isinstance(value, Real) and not hasattr(value, "__float__"):
        raise InputError(f"{name}: {_shown(value)} is no real number")
    try:
        float(value)
    except OverflowError:
        raise InputError(f"{name}: a number of this size has no place in a double") from None


def doubles(name: str, value: Any) -> Any:
    """The numbers as a new array of doubles in one piece."""
    import numpy as np

    try:
        array = np.asarray(value)
    except FAULTS:
        check_numbers(name, value)
        raise
    if array.dtype.kind not in NUMBERS or hasattr(value, "mask"):
        check_numbers(name, value)
    return np.array(array, dtype=np.float64, order="C")


def expected_shape(array: Array) -> Shape:
    """The shape of a parameter."""
    return tuple(axis.size or 0 for axis in array.axes)


def shape_of(value: Any) -> Shape:
    """The shape of an array, or of nested lists by their first entries."""
    if hasattr(value, "shape"):
        return tuple(value.shape)
    if isinstance(value, list | tuple):
        return (len(value), *(shape_of(value[0]) if value else ()))
    return ()


def _is_known(count: float) -> bool:
    return not math.isnan(count)  # dask does not know how many rows a filter leaves


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
