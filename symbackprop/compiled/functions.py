"""The functions that compiling gives: the contract's function of parameters, inputs and targets, on each target.

Holds how arguments come in and results go out. Computes nothing itself and writes no code.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable, Mapping
from functools import cached_property, partial
from typing import Any

from symbackprop.compiled import building
from symbackprop.compiled.arguments import Explained, check_shapes, doubles, expected_shape, shape_of
from symbackprop.compiled.c import pointers
from symbackprop.compiled.layout import listed
from symbackprop.compiled.python import ONE, binding_source, one_source
from symbackprop.compiled.statements import Program
from symbackprop.errors import InputError, KinkError

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
        return f"<Gradient of {listed([*self.program.parameters])} in {self.target}: {self.reason}>"

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
        with Explained(self.program, parameters, inputs, targets):
            if len(parameters) != len(self.program.parameters):
                check_shapes(self.program, parameters, inputs, targets)
            values = {key: _plain(value) for key, value in parameters.items()}
            if isinstance(inputs, Mapping):
                rows, wanted = {key: _plain(each) for key, each in inputs.items()}, _plain(targets)
            else:
                rows, wanted = _alike(_plain(inputs), _plain(targets))
            return self.checked(*self._for(rows)(values, rows, wanted))

    def bound(self, parameters: Mapping[str, Any], inputs: Any, targets: Any = None) -> Any:
        """The same on these very lists or arrays; lists are quickest."""
        self.loss_and_gradients(parameters, inputs, targets)  # says what does not fit
        rows = inputs.values() if isinstance(inputs, Mapping) else [inputs]
        arrays = any(hasattr(each, "tolist") for each in (*parameters.values(), *rows, targets))
        mixed = targets is not None and len(shape_of(inputs)) != len(shape_of(targets))
        if self.program.undefined or arrays or mixed:
            return super().bound(parameters, inputs, targets)
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
        """The loss, and the dict of its derivatives, as arrays of the arguments' kind.

        Where some are arrays of another library than numpy, the others become such, of the first one's type.
        """
        check_shapes(self.program, parameters, inputs, targets)
        rows = inputs.values() if isinstance(inputs, Mapping) else [inputs]
        foreign = [each for each in (*rows, targets, *parameters.values()) if _is_foreign(each)]
        if not foreign:
            return self._with_numpy(parameters, inputs, targets)
        xp = self.namespace(foreign[0])
        dtype = next((each.dtype for each in foreign if _has_fractions(each)), xp.asarray(0.5).dtype)

        def alike(value: Any) -> Any:
            return value if _is_foreign(value) and _has_fractions(value) else xp.asarray(value, dtype=dtype)

        arrays = {key: alike(value) for key, value in parameters.items()}
        given = {key: alike(value) for key, value in inputs.items()} if isinstance(inputs, Mapping) else alike(inputs)
        found: Result = self.function(arrays, given, None if targets is None else alike(targets))
        return found

    def _with_numpy(self, parameters: Mapping[str, Any], inputs: Any, targets: Any) -> Result:
        import numpy as np

        arrays = {key: _reals(f"parameters[{key!r}]", value) for key, value in parameters.items()}
        rows: Any
        if isinstance(inputs, Mapping):
            rows = {key: _reals(f"inputs[{key!r}]", value) for key, value in inputs.items()}
        else:
            rows = _reals("inputs", inputs)
        wanted = None if targets is None else _reals("targets", targets)
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
        templates = tuple(np.empty(expected_shape(array)) for array in program.parameters.values())
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
        check_shapes(self.program, parameters, inputs, targets)
        arrays = {key: doubles(f"parameters[{key!r}]", value) for key, value in parameters.items()}
        if isinstance(inputs, Mapping):
            rows: Any = {key: doubles(f"inputs[{key!r}]", value) for key, value in inputs.items()}
        else:
            rows = doubles("inputs", inputs)
        return arrays, rows, None if targets is None else doubles("targets", targets)

    def bound(self, parameters: Mapping[str, Any], inputs: Any, targets: Any = None) -> Any:
        """The same on these very arrays, which must be of doubles and in one piece."""
        import numpy as np

        check_shapes(self.program, parameters, inputs, targets)
        program = self.program
        if program.named_inputs:
            rows = {f"inputs[{array.label!r}]": inputs[array.label] for array in program.inputs}
        else:
            rows = {"inputs": inputs, "targets": targets}
        named = rows | {f"parameters[{key!r}]": parameters[key] for key in program.parameters}
        for name, array in named.items():
            _expect_buffer(name, array)
        given = list(named.values())
        n = _observations(program, given[0])
        loss = np.zeros(())
        gradients = {key: np.zeros(expected_shape(array)) for key, array in program.parameters.items()}
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


def _reals(name: str, value: Any) -> Any:
    """The value as an array of doubles: it itself, if it is one."""
    import numpy as np

    return value if type(value) is np.ndarray and value.dtype == np.float64 else doubles(name, value)


def _is_foreign(value: Any) -> bool:
    """Whether the value is an array of another library than numpy."""
    return hasattr(value, "ndim") and type(value).__module__.split(".")[0] != "numpy"


def _has_fractions(array: Any) -> bool:
    return "float" in str(array.dtype)


def _alike(inputs: Any, targets: Any) -> tuple[Any, Any]:
    """Rows where one of both is rows: one observation may be written either way."""
    rows = [
        isinstance(each, list | tuple) and bool(each) and isinstance(each[0], list | tuple)
        for each in (inputs, targets)
    ]
    if rows[0] == rows[1]:
        return inputs, targets
    return (inputs, [targets]) if rows[0] else ([inputs], targets)


def _expect_buffer(name: str, array: Any) -> None:
    """Raises an error unless C can use the argument where it stands."""
    import numpy as np

    if not isinstance(array, np.ndarray):
        found = f"is a {type(array).__name__}"
    elif array.dtype != np.float64:
        found = f"is of {array.dtype}"
    elif not array.flags.c_contiguous:
        found = "does not lie in one piece"
    else:
        return
    raise InputError(f"bound: {name} {found}; expected a numpy array of float64 in one piece (C order)")


def _observations(program: Program, rows: Any) -> int:
    if program.named_inputs:
        return int(rows.size)
    return 1 if rows.ndim == 1 else len(rows)
