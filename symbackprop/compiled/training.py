"""Training with compiled steps, under way: how far it is, and what was reached. Computes no step itself.

Where a result of compiled code is not finite, and for the first step of a network with kinks, `evaluate` decides: it
knows the exact value at which a kink's slope is chosen, and it says what is wrong.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

from symbackprop.compiled import building
from symbackprop.compiled.arrays import array_source
from symbackprop.compiled.functions import ArrayGradient, PythonGradient
from symbackprop.compiled.program import program_of
from symbackprop.compiled.python import python_source
from symbackprop.compiled.statements import Program, laws
from symbackprop.compiled.stepping import CLoop, FunctionLoop, Held, Loop
from symbackprop.compiled.tasks import STEP, step_of
from symbackprop.derivation import Derivation
from symbackprop.errors import InputError, suggestion
from symbackprop.expressions import has_kink
from symbackprop.given import Exact
from symbackprop.notation.names import Names
from symbackprop.quantities import Array
from symbackprop.training import Training, stepped
from symbackprop.values import Values, values_at

# Operations of all steps. `evaluate` does the first number in about a third of a second, and then a training's numbers
# are its own to the last digit; Python does the second in half a second, above which it pays to start a compiler.
FEW, SHORT = 5_000, 3_000_000
WIDE, MANY = 100_000, 16  # operations for one observation, and observations, above which matmul beats our loops
STRETCH = 0.1  # seconds

EVALUATE = "evaluate"
TARGETS = (EVALUATE, "python", "numpy", "c")


class Run:
    """A training under way: ``planned`` steps of which ``done`` were taken; ``target`` is what takes them, and why.

    `advance` takes further steps. ``diverged`` is the step whose new parameters are beyond the range of floats, if
    there is one: nothing follows it. An interruption loses nothing: `reached` is what stands after the last whole step.
    """

    def __init__(
        self,
        derivation: Derivation,
        planned: int,
        *,
        start: Mapping[Array, Sequence[Exact]],
        names: Names | None = None,
        target: str | None = None,
    ) -> None:
        self.derivation, self.planned, self.start = derivation, planned, start
        self.names = names or Names(derivation)
        self.diverged: int | None = None
        count = derivation.network.observations
        if not isinstance(count, int):
            raise InputError(f"training needs observations, and their number is the symbol {count}; give the inputs")
        program = program_of(derivation, step_of)
        values = values_at(derivation, start, names=self.names)
        given = {array: values.array(own) for array, own in _paired(program, derivation)}
        self.target, self.reason = _picked(program, planned) if target is None else (_checked(target), "as asked for")
        self.loop: Loop = _loop(self.target, program, given, planned)
        self.program = program
        self.kinks = any(has_kink(law) for statement in program.statements for law in laws(statement))

    @property
    def done(self) -> int:
        return self.loop.done

    @property
    def ended(self) -> bool:
        return self.diverged is not None or self.done >= self.planned

    def advance(self, steps: int) -> None:
        """Takes so many further steps, as far as they are planned and their results are finite."""
        until = min(self.done + steps, self.planned)
        if self.kinks and self.done == 0 < until:
            self._by_reference()
        while self.done < until and self.diverged is None:
            before = self.done
            self.loop.advance(until - before)
            if self.done < until:
                self._by_reference()

    def stretches(self) -> Iterator[int]:
        """Takes all the steps, some 0.1 seconds of them at a time; after each stretch, how many steps it had."""
        steps = 1
        while not self.ended:
            before, begun = self.done, time.perf_counter()
            self.advance(steps)
            took = time.perf_counter() - begun
            yield self.done - before
            steps = max(1, min(10 * steps, int(steps * STRETCH / max(took, 1e-9))))

    def reached(self) -> Training:
        """The losses so far and one after the last step, the parameters and states."""
        done = self.done
        entries = self._entries()
        values = values_at(self.derivation, entries, names=self.names)
        losses = [float(each) for each in self.loop.losses[:done]]
        if self.diverged is not None:
            unknown = [math.nan] * (self.planned - done)
            return Training((*losses, self.loop.losses[done], *unknown), values, entries, diverged=self.diverged)
        losses.append(self._last_loss(values))
        stopped = done if done < self.planned else None
        return Training(tuple(losses), values, entries, stopped=stopped)

    def _last_loss(self, values: Values) -> float:
        loss = self.loop.loss()
        return float(values.array(self.derivation.loss)[0]) if math.isnan(loss) else loss

    def _by_reference(self) -> None:
        """One step as `evaluate` takes it, or the end."""
        entries = self._entries()
        values = values_at(self.derivation, entries, names=self.names)
        loss = values.array(self.derivation.loss)[0]
        try:
            after = stepped(self.derivation, entries, values)
        except (OverflowError, ValueError):  # a new parameter is infinite or not a number
            self.loop.losses[self.done] = loss
            self.diverged = self.done + 1
            return
        own = dict(_paired(self.program, self.derivation))
        changed = (*self.program.results, *([STEP] if STEP in self.program.parameters else []))
        arrays = {key: own[self.program.parameters[key]] for key in changed}
        self.loop.put({key: [float(each or 0) for each in after[array]] for key, array in arrays.items()}, loss)

    def _entries(self) -> dict[Array, Sequence[Exact]]:
        """What is given where the training stands: as it was written, before the first step."""
        entries = dict(self.start)
        if self.done:
            own = dict(_paired(self.program, self.derivation))
            for key in (*self.program.results, *([STEP] if STEP in self.program.parameters else [])):
                entries[own[self.program.parameters[key]]] = [Fraction(each) for each in self.loop.entries(key)]
        return entries


def _paired(program: Program, derivation: Derivation) -> Iterator[tuple[Array, Array]]:
    """Each array that the program takes beside the derivation's own: they differ in the number of observations."""
    arrays = derivation.arrays
    yield from zip(program.inputs, arrays.inputs, strict=True)
    if program.targets is not None:
        assert arrays.targets is not None
        yield program.targets, arrays.targets
    yield from ((array, array) for array in program.parameters.values())


def _loop(target: str, program: Program, given: Mapping[Array, Sequence[float]], steps: int) -> Loop:
    if target == EVALUATE:
        return Held(program, given, steps)
    if target == "c":
        return CLoop(program, given, steps)
    if target == "numpy":
        return FunctionLoop(ArrayGradient(program, array_source, ""), given, steps)
    return FunctionLoop(PythonGradient(program, python_source, ""), given, steps)


def _checked(target: str) -> str:
    if target not in TARGETS:
        raise InputError(f"unknown target {target!r}; {suggestion(target, TARGETS)}")
    return target


def _picked(program: Program, steps: int) -> tuple[str, str]:
    """What trains this network for so many steps, and why."""
    work = program.operations * program.observations * steps
    size = f"about {work:,} operations"
    if program.operations > WIDE and program.observations > MANY:
        return "numpy", f"{size}, in matrix products"
    if work <= FEW:
        return EVALUATE, f"{size}: few enough for correctly rounded ones"
    if work <= SHORT:
        return "python", f"{size}: fewer than starting a compiler pays for"
    if building.compiler() is not None:
        return "c", f"{size}, and there is a C compiler"
    return ("numpy" if program.observations > MANY else "python"), f"{size}, and there is no C compiler"
