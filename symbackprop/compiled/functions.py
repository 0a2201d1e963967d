"""The functions that compiling gives: the contract's function of parameters, inputs and targets, on each target.

Holds how arguments come in and results go out. Computes nothing itself and writes no code.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from typing import Any

from symbackprop.compiled import building
from symbackprop.compiled.c import pointers
from symbackprop.compiled.python import ONE, binding_source, one_source
from symbackprop.compiled.statements import Program
from symbackprop.errors import InputError, KinkError, MissingValue
from symbackprop.quantities import Array

Result = tuple[Any, dict[str, Any]]

CALL = """
/*
 * All addresses in one row: how symbackprop calls the function. At one observation the call in between, which a shared
 * library may not leave out, would take a tenth of the time.
 */
int symbackprop_call(ptrdiff_t n, double **p)
{{
    if (n == 1)
        return one_observation({arguments});
    return {function}(n, {arguments});
}}
"""


class Gradient:
    """The gradients of the loss by every parameter, as a function of parameters, inputs and targets.

    ``parameters`` is a dict of ``W1``, ``b1``, ... (of ``[[equations]]``: the parameters' own names), ``inputs`` and
    ``targets`` one row or a row for each observation. Called, it returns a dict with the same keys and shapes;
    `loss_and_gradients` returns the loss before it; `bound` fixes the arrays. ``target`` is the code's kind, ``reason``
    why it was picked.
    """

    target = ""

    def __init__(self, program: Program, write: Callable[..., str], reason: str) -> None:
        self.program, self.write, self.reason = program, write, reason

    @cached_property
    def source(self) -> str:
        """The code, commented: what runs, or what runs with its equations beside it."""
        return self.write(self.program)

    def __repr__(self) -> str:
        return f"<Gradient of {', '.join(self.program.parameters)} in {self.target}: {self.reason}>"

    def __call__(self, parameters: Mapping[str, Any], inputs: Any, targets: Any = None) -> dict[str, Any]:
        return self.loss_and_gradients(parameters, inputs, targets)[1]

    def loss_and_gradients(self, parameters: Mapping[str, Any], inputs: Any, targets: Any = None) -> Result:
        """The loss, and the dict of its derivatives."""
        raise NotImplementedError

    def bound(self, parameters: Mapping[str, Any], inputs: Any, targets: Any = None) -> Any:
        """The same on these very arrays: change them in place and call without arguments.

        Each call returns the same kind of dict, which is also its attribute ``gradients``; ``loss`` is the loss of the
        last call.
        """
        bound = Bound(self.loss_and_gradients, parameters, inputs, targets)
        bound()
        return bound

    def checked(self, loss: Any, gradients: dict[str, Any]) -> Result:
        """The result; where a slope is stated not to exist and a number came out undefined, an error that says so."""
        if self.program.undefined and not all(map(_is_number, (loss, *gradients.values()))):
            raise KinkError("; ".join(self.program.undefined))
        return loss, gradients


def _is_number(value: Any) -> bool:
    plain = value.tolist() if hasattr(value, "tolist") else value
    return all(map(_is_number, plain)) if isinstance(plain, list) else not math.isnan(plain)


class Bound:
    """A function on fixed arguments. ``loss`` and ``gradients`` are those of the last call."""

    __slots__ = ("_call", "gradients", "loss")

    def __init__(self, function: Callable[..., Result], *arguments: Any) -> None:
        self._call = partial(function, *arguments)
        self.loss: Any = None
        self.gradients: dict[str, Any] = {}

    def __call__(self) -> dict[str, Any]:
        self.loss, self.gradients = self._call()
        return self.gradients


class PythonGradient(Gradient):
    """Plain Python: numbers in lists, or arrays, in; nested lists out."""

    target = "python"

    def __init__(self, program: Program, write: Callable[..., str], reason: str) -> None:
        super().__init__(program, write, reason)
        alone = one_source(program)
        self.one: Callable[..., Result] | None = _defined(alone, "python")[ONE] if alone else None
        if self.one is None:
            self.function  # noqa: B018 - compiled now and not at the first call

    @cached_property
    def function(self) -> Callable[..., Result]:
        """The function for any number of observations, compiled when there are several for the first time."""
        function: Callable[..., Result]
        function = _defined(self.write(self.program, commented=False), "python")[self.program.task.function]
        return function

    def _for(self, rows: Any) -> Callable[..., Result]:
        first = next(iter(rows.values()), None) if isinstance(rows, Mapping) else rows[0]
        return self.function if self.one is None or isinstance(first, list | tuple) else self.one

    def loss_and_gradients(self, parameters: Mapping[str, Any], inputs: Any, targets: Any = None) -> Result:
        """The loss, and the dict of its derivatives, as numbers in nested lists."""
        values = {key: _plain(value) for key, value in parameters.items()}
        rows = {key: _plain(each) for key, each in inputs.items()} if isinstance(inputs, Mapping) else _plain(inputs)
        with _Explained(self.program, parameters, rows, targets):
            return self.checked(*self._for(rows)(values, rows, _plain(targets)))

    def bound(self, parameters: Mapping[str, Any], inputs: Any, targets: Any = None) -> Any:
        """The same on these very lists or arrays; lists are quickest."""
        arguments = (parameters.values(), inputs.values() if isinstance(inputs, Mapping) else [inputs], [targets])
        if self.program.undefined or any(hasattr(each, "tolist") for group in arguments for each in group):
            return super().bound(parameters, inputs, targets)
        self.loss_and_gradients(parameters, inputs, targets)  # says what does not fit
        bound: Any
        if self._for(inputs) is self.one:
            bound = _defined(binding_source(self.program), "python")["bound_to"](parameters, inputs, targets)
        else:
            bound = Bound(self.function, parameters, inputs, targets)
        bound()
        return bound


class ArrayGradient(Gradient):
    """Array lines in the namespace of the arguments, which may be traced by ``jax.jit``."""

    target = "numpy"

    def __init__(self, program: Program, write: Callable[..., str], reason: str) -> None:
        super().__init__(program, write, reason)
        space = _defined(write(program, commented=False), "numpy")
        self.function: Callable[..., Result] = space[program.task.function]
        self.namespace: Callable[[Any], Any] = space["namespace"]

    def loss_and_gradients(self, parameters: Mapping[str, Any], inputs: Any, targets: Any = None) -> Result:
        """The loss, and the dict of its derivatives, as arrays of the arguments' kind."""
        with _Explained(self.program, parameters, inputs, targets):
            first = next(iter(inputs.values()), None) if isinstance(inputs, Mapping) else inputs
            if not hasattr(first, "ndim") or type(first).__module__.split(".")[0] == "numpy":
                return self._with_numpy(parameters, inputs, targets)
            xp = self.namespace(first)
            arrays = {
                key: value if hasattr(value, "ndim") else xp.asarray(value, dtype=xp.float64)
                for key, value in parameters.items()
            }
            found: Result = self.function(arrays, inputs, targets)
            return found

    def _with_numpy(self, parameters: Mapping[str, Any], inputs: Any, targets: Any) -> Result:
        import numpy as np

        arrays = {key: np.asarray(value, dtype=np.float64) for key, value in parameters.items()}
        rows: Any
        if isinstance(inputs, Mapping):
            rows = {key: np.asarray(value, dtype=np.float64) for key, value in inputs.items()}
        else:
            rows = np.asarray(inputs, dtype=np.float64)
        wanted = None if targets is None else np.asarray(targets, dtype=np.float64)
        # Branches that are not taken may overflow; those that are taken are finite wherever the result is.
        with np.errstate(all="ignore"):
            return self.checked(*self.function(arrays, rows, wanted))


class CGradient(Gradient):
    """Compiled C; arrays of doubles in, new arrays of doubles out."""

    target = "c"

    def __init__(self, program: Program, write: Callable[..., str], reason: str) -> None:
        super().__init__(program, write, reason)
        order = pointers(program)
        arguments = ", ".join(f"p[{number}]" for number in range(len(order)))
        self.library = building.library(self.source + CALL.format(function=program.task.function, arguments=arguments))
        self.call = self.library.symbackprop_call
        self.call.argtypes = (ctypes.c_ssize_t, ctypes.c_void_p)
        self.address = ctypes.cast(self.call, ctypes.c_void_p).value
        self.glue = building.glue()
        self._fast: Callable[..., Any] | None = None
        if self.glue is not None and not program.named_inputs:
            self._fast = partial(self.glue.called, *self._layout())

    def _layout(self) -> tuple[Any, ...]:
        import numpy as np

        program = self.program
        assert program.targets is not None
        templates = tuple(np.empty(_shape(array)) for array in program.parameters.values())
        widths = (program.inputs[0].axes[-1].size, program.targets.axes[-1].size)
        return self.address, tuple(program.parameters), templates, widths

    def loss_and_gradients(self, parameters: Mapping[str, Any], inputs: Any, targets: Any = None) -> Result:
        """The loss, and the dict of its derivatives, as new arrays."""
        if self._fast is not None:
            found = self._fast(parameters, inputs, targets)
            if found is not NotImplemented:
                return self.checked(*found) if self.program.undefined else found
        bound = self.bound(*self._copied(parameters, inputs, targets))
        return float(bound.loss), dict(bound.gradients)

    def _copied(self, parameters: Mapping[str, Any], inputs: Any, targets: Any) -> tuple[Any, Any, Any]:
        with _Explained(self.program, parameters, inputs, targets):
            arrays = {key: _doubles(value) for key, value in parameters.items()}
            rows = (
                {key: _doubles(value) for key, value in inputs.items()}
                if isinstance(inputs, Mapping)
                else _doubles(inputs)
            )
            return arrays, rows, None if targets is None else _doubles(targets)

    def bound(self, parameters: Mapping[str, Any], inputs: Any, targets: Any = None) -> Any:
        """The same on these very arrays, which must be of doubles and in one piece."""
        import numpy as np

        _explain(self.program, parameters, inputs, targets)
        program = self.program
        rows = list(inputs.values()) if isinstance(inputs, Mapping) else [inputs]
        rows = [inputs[array.label] for array in program.inputs] if program.named_inputs else rows
        given = [*rows, *([targets] if program.targets else []), *(parameters[key] for key in program.parameters)]
        for array in given:
            if not (isinstance(array, np.ndarray) and array.dtype == np.float64 and array.flags.c_contiguous):
                raise InputError("bound: expected numpy arrays of float64, each in one piece (C order)")
        n = _observations(program, rows[0])
        loss = np.zeros(())
        gradients = {key: np.zeros(_shape(array)) for key, array in program.parameters.items()}
        arrays = [*given, loss, *gradients.values()]
        addresses = tuple(array.ctypes.data for array in arrays)
        if self.glue is not None and not program.undefined:
            bound = self.glue.Bound(self.address, n, addresses, loss, gradients, (self.library, arrays))
        else:
            row = (ctypes.c_void_p * len(addresses))(*addresses)
            bound = Bound(self._called, n, row, loss, gradients, arrays)
        bound()
        return bound

    def _called(self, n: int, row: Any, loss: Any, gradients: dict[str, Any], kept: object) -> Result:
        if self.call(n, row):
            raise MemoryError
        return self.checked(loss, gradients)


def _defined(source: str, name: str) -> dict[str, Any]:
    """The functions that a source of ours defines: it is generated from a checked System, never from a user's text."""
    space: dict[str, Any] = {"__name__": f"symbackprop.generated.{name}"}
    exec(compile(source, f"<symbackprop {name}>", "exec"), space)  # noqa: S102
    return space


def _plain(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else value


def _doubles(value: Any) -> Any:
    import numpy as np

    return np.array(value, dtype=np.float64, order="C")


def _shape(array: Array) -> tuple[int, ...]:
    return tuple(axis.size or 0 for axis in array.axes)


def _observations(program: Program, rows: Any) -> int:
    if program.named_inputs:
        return int(rows.size)
    return 1 if rows.ndim == 1 else len(rows)


class _Explained:
    """Where the code fails on arguments that do not fit, the error says which and how."""

    __slots__ = ("arguments",)

    def __init__(self, *arguments: Any) -> None:
        self.arguments = arguments

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if kind is not None and issubclass(kind, ValueError | TypeError | KeyError | IndexError | AttributeError):
            _explain(*self.arguments)


def _explain(program: Program, parameters: Mapping[str, Any], inputs: Any, targets: Any) -> None:
    """Raises an error for the first argument that does not have the form that it should."""
    for key, array in program.parameters.items():
        if key not in parameters:
            raise MissingValue(f"parameters: {key} is missing; expected {', '.join(program.parameters)}")
        _expect(f"parameters[{key!r}]", parameters[key], [_shape(array)])
    for key in parameters:
        if key not in program.parameters:
            raise InputError(f"parameters: there is no {key!r}; expected {', '.join(program.parameters)}")
    if program.named_inputs:
        _explain_columns([array.label for array in program.inputs], inputs, targets)
        return
    assert program.targets is not None
    if targets is None:
        raise MissingValue("targets are missing")
    counts = []
    for name, value, array in (("inputs", inputs, program.inputs[0]), ("targets", targets, program.targets)):
        width = array.axes[-1].size or 0
        shape = _shape_of(value)
        if len(shape) not in (1, 2) or shape[-1] != width or 0 in shape:
            raise InputError(f"{name}: has the shape {shape}; expected {width} numbers, or rows of as many")
        counts.append(shape[0] if len(shape) == 2 else 1)
    if counts[0] != counts[1]:
        raise InputError(f"inputs are {counts[0]} observations and targets {counts[1]}")


def _expect(name: str, value: Any, shapes: Sequence[tuple[int, ...]]) -> None:
    shape = _shape_of(value)
    if shape not in shapes:
        raise InputError(f"{name}: has the shape {shape}; expected {shapes[0]}")


def _shape_of(value: Any) -> tuple[int, ...]:
    if hasattr(value, "shape"):
        return tuple(value.shape)
    if isinstance(value, list | tuple):
        return (len(value), *(_shape_of(value[0]) if value else ()))
    return ()


def _explain_columns(names: list[str], inputs: Any, targets: Any) -> None:
    """The same for the inputs of a program: one number each, or columns of as many."""
    if not isinstance(inputs, Mapping):
        raise InputError(f"inputs: expected a dict with {', '.join(names)}")
    if targets is not None:
        raise InputError("targets: a program has none; leave them out")
    columns: dict[tuple[int, ...], str] = {}
    for name in names:
        if name not in inputs:
            raise MissingValue(f"inputs: {name} is missing")
        shape = _shape_of(inputs[name])
        if len(shape) > 1 or 0 in shape:
            raise InputError(f"inputs[{name!r}]: has the shape {shape}; expected one number, or a column of numbers")
        columns.setdefault(shape, name)
    if len(columns) > 1:
        told = ", ".join(f"{name} has {shape[0] if shape else 'one number'}" for shape, name in columns.items())
        raise InputError(f"inputs: {told}; expected as many of each")
