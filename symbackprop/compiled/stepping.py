"""Steps of training in a row, by a compiled step: the whole loop in C, or a loop in Python around a function.

Holds parameters and states where they stand. Never decides what is trained, and judges no divergence: a step whose
result is not finite is not taken.
"""

from __future__ import annotations

import ctypes
import math
from array import array as numbers_in_memory
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from symbackprop.compiled import building
from symbackprop.compiled.c import c_source, pointers
from symbackprop.compiled.functions import ArrayGradient, PythonGradient
from symbackprop.compiled.statements import Program, count_of
from symbackprop.compiled.tasks import STEP
from symbackprop.errors import KinkError
from symbackprop.given import flattened
from symbackprop.quantities import Array
from symbackprop.values import nested

# Where C has infinities, Python's floats raise; and where there is no slope, `evaluate` says at which quantity.
FAULTS = (OverflowError, ZeroDivisionError, ValueError, KinkError)

Numbers = Mapping[Array, Sequence[float]]  # row-major entries of given arrays

LOOP = """
/*
 * Steps of training in a row. p: all addresses, in the order of {function}; losses: of every step, from the first;
 * done: steps that were taken so far, counted on. A step whose result is not finite is not taken. It returns 0, or 1
 * if there is no memory.
 */
int symbackprop_steps(ptrdiff_t n, ptrdiff_t steps, double **p, double *losses, int64_t *done)
{{
    for (ptrdiff_t step = 0; step < steps; step++) {{
        if ({function}(n, {arguments}))
            return 1;
        losses[*done] = p[{loss}][0];
        double sum = 0.0; /* 0 unless a result is infinite or not a number */
{checks}
        if (sum != 0.0)
            return 0;
{copies}
        *done += 1;
    }}
    return 0;
}}
"""


class Loop(Protocol):
    """What trains: parameters and states, the losses of the steps that were taken, and how many those are."""

    losses: Any

    @property
    def done(self) -> int:
        """How many steps were taken."""

    def advance(self, steps: int) -> None:
        """Takes so many steps, or fewer: none whose result is not finite."""

    def entries(self, key: str) -> Sequence[float]:
        """A parameter's or state's entries, row-major."""

    def put(self, changed: Mapping[str, Sequence[float]], loss: float) -> None:
        """One step that was taken elsewhere: the loss before it, and what it led to."""

    def loss(self) -> float:
        """The loss where the parameters stand; not a number if it is not known here."""


class CLoop:
    """The loop in C, on buffers that stay where they are."""

    def __init__(self, program: Program, given: Numbers, steps: int) -> None:
        self.program = program
        order = pointers(program)
        self.library = building.library(c_source(program) + _loop_source(program, order))
        self.call = self.library.symbackprop_steps
        self.buffers = {
            array: numbers_in_memory("d", given[array] if array in given else [0.0] * count_of(array.axes))
            for array in order
        }
        self.losses = numbers_in_memory("d", bytes(8 * (steps + 1)))
        self.counter = ctypes.c_int64(0)
        addresses = [_address(self.buffers[array]) for array in order]
        self.row = (ctypes.c_void_p * len(addresses))(*addresses)
        self.observations = _observations(program, given)

    @property
    def done(self) -> int:
        return self.counter.value

    def advance(self, steps: int) -> None:
        self._called(steps, _address(self.losses), self.counter)

    def _called(self, steps: int, losses: int, counter: ctypes.c_int64) -> None:
        count, address = ctypes.c_ssize_t(self.observations), ctypes.c_void_p(losses)
        if self.call(count, ctypes.c_ssize_t(steps), self.row, address, ctypes.byref(counter)):
            raise MemoryError

    def entries(self, key: str) -> Sequence[float]:
        return self.buffers[self.program.parameters[key]]

    def put(self, changed: Mapping[str, Sequence[float]], loss: float) -> None:
        for key, numbers in changed.items():
            self.buffers[self.program.parameters[key]][:] = numbers_in_memory("d", numbers)
        self.losses[self.done] = loss
        self.counter.value += 1

    def loss(self) -> float:
        buffers = [self.buffers[array] for array in self.program.parameters.values()]
        kept = [buffer[:] for buffer in buffers]
        found = numbers_in_memory("d", [0.0])
        self._called(1, _address(found), ctypes.c_int64(0))
        for buffer, entries in zip(buffers, kept, strict=True):
            buffer[:] = entries
        return found[0]


def _loop_source(program: Program, order: Sequence[Array]) -> str:
    place = {array: number for number, array in enumerate(order)}
    checks, copies = [], []
    for key, result in program.results.items():
        size, new, old = count_of(result.axes), place[result], place[program.parameters[key]]
        checks.append(f"        for (int i = 0; i < {size}; i++)\n            sum += 0.0 * p[{new}][i];")
        copies.append(f"        memcpy(p[{old}], p[{new}], sizeof(double) * {size});")
    if STEP in program.parameters:
        copies.append(f"        p[{place[program.parameters[STEP]]}][0] += 1.0;")
    return LOOP.format(
        function=program.task.function,
        arguments=", ".join(f"p[{number}]" for number in range(len(order))),
        loss=place[program.loss],
        checks="\n".join(checks),
        copies="\n".join(copies),
    )


def _address(buffer: numbers_in_memory[float]) -> int:
    return buffer.buffer_info()[0]


class Held:
    """No loop: it takes no step, and holds what steps that are taken elsewhere lead to."""

    def __init__(self, program: Program, given: Numbers, steps: int) -> None:
        self.program = program
        self.losses = numbers_in_memory("d", bytes(8 * (steps + 1)))
        parameters = {key: nested(given[array], _shape(array)) for key, array in program.parameters.items()}
        self.state: tuple[int, dict[str, Any]] = 0, parameters  # one name for both: an interruption finds them whole

    @property
    def done(self) -> int:
        return self.state[0]

    def advance(self, steps: int) -> None:
        pass

    def entries(self, key: str) -> Sequence[float]:
        return [float(each) for each in flattened(self.state[1][key])]

    def put(self, changed: Mapping[str, Sequence[float]], loss: float) -> None:
        done, parameters = self.state
        self.losses[done] = loss
        new = {key: nested(list(value), _shape(self.program.parameters[key])) for key, value in changed.items()}
        self.state = done + 1, {**parameters, **new}

    def loss(self) -> float:
        return math.nan


class FunctionLoop(Held):
    """A loop in Python around a function of Python's lists or numpy's arrays."""

    def __init__(self, gradient: PythonGradient | ArrayGradient, given: Numbers, steps: int) -> None:
        super().__init__(gradient.program, given, steps)
        program = gradient.program
        count = _observations(program, given)
        self.inputs: Any = {array.label: nested(given[array], _shape(array, count)) for array in program.inputs}
        self.targets: Any = None
        if program.targets is not None:
            self.inputs = nested(given[program.inputs[0]], _shape(program.inputs[0], count))
            self.targets = nested(given[program.targets], _shape(program.targets, count))
        self.step: Callable[..., Any] = gradient.loss_and_gradients
        if isinstance(gradient, PythonGradient):
            if count == 1 and gradient.one is not None:
                self.step = gradient.one
                self.inputs, self.targets = _single(self.inputs), self.targets and self.targets[0]
            else:
                self.step = gradient.function

    def advance(self, steps: int) -> None:
        for _ in range(steps):
            done, parameters = self.state
            try:
                loss, new = self.step(parameters, self.inputs, self.targets)
            except FAULTS:
                return
            self.losses[done] = loss
            if not all(math.isfinite(each) for value in new.values() for each in flattened(value)):
                return
            counted = {STEP: parameters[STEP] + 1.0} if STEP in parameters else {}
            self.state = done + 1, {**parameters, **new, **counted}

    def loss(self) -> float:
        try:
            return float(self.step(self.state[1], self.inputs, self.targets)[0])
        except FAULTS:
            return math.nan


def _shape(array: Array, observations: int = 1) -> tuple[int, ...]:
    return tuple(observations if axis.kind == "observation" else axis.size or 0 for axis in array.axes)


def _observations(program: Program, given: Numbers) -> int:
    if not program.inputs:
        return 1
    first = program.inputs[0]
    return len(given[first]) // count_of(first.axes)


def _single(inputs: Any) -> Any:
    return {key: column[0] for key, column in inputs.items()} if isinstance(inputs, dict) else inputs[0]
