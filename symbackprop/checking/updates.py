"""`check_update`: an optimiser's steps against exact ones, and the mistakes that explain a difference.

A rule with states can be checked in two ways. A function that is handed the states is asked at several points, with
states and step numbers of our choice. One that keeps them itself is followed over several steps from the first.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

import numpy as np

from symbackprop.catalogue.mistakes import Subject, Variant
from symbackprop.catalogue.updates import STEP, UPDATES
from symbackprop.checking.answers import Unreadable, entries_of, not_finite, place_text, table_of
from symbackprop.checking.arrays import ArrayNumbers
from symbackprop.checking.calling import called_safely
from symbackprop.checking.diagnosis import Diagnosis, Observed, tolerance_of
from symbackprop.checking.explaining import mistakes_of
from symbackprop.checking.gradients import FEW
from symbackprop.checking.laws import Numbers
from symbackprop.checking.points import Point, frozen_keys, points, settled
from symbackprop.checking.remarks import beside, remarks, worst_of
from symbackprop.checking.report import ParameterFinding, Report
from symbackprop.derivation import Derivation, derive
from symbackprop.errors import InputError
from symbackprop.given import keys_of
from symbackprop.network import Network
from symbackprop.quantities import Array, Phase, Role
from symbackprop.system import Equation
from symbackprop.updating import update_equations

Step = Callable[..., Any]


def check_update(function: Step, network: Network, *, dtype: str = "float64", seed: int = 0) -> Report:
    """Compares ``function(parameters, gradients, states)`` with steps of the network's update rule.

    ``parameters`` and ``gradients`` are dicts of arrays W1, b1, ...; ``states`` maps each of the rule's states
    (velocity, mean, mean_square) to such a dict, and ``step`` to the number of the step, 1 for the first. The function
    returns the new parameters, or these and the new states, which are then compared too. A function of two arguments
    keeps the states itself, beginning at 0: it is called for several steps in turn. Each use of a tied parameter is
    handed its total gradient; a single frozen entry the gradient 0.
    Raises OutsideError, with file and line, where the function raises.
    """
    if network.update is None:
        raise InputError("the description has no [update] table: there is no step to compare with")
    if not callable(function):
        raise InputError(f"the function to check is a {type(function).__name__}, which cannot be called")
    derivation = settled(derive(network))
    keeps_states = bool(UPDATES[network.update.rule].states) and _takes(function) == 2
    check = _Check(derivation, function, keeps_states=keeps_states)
    for number, point in enumerate(islice(points(derivation, dtype=dtype, seed=seed), 1 + FEW), 1):
        if keeps_states:
            check.follow(point)
            break
        check.look(point, number)
        if check.problems:
            break
    return check.report()


@dataclass(frozen=True)
class _Followed(Observed):
    """One of several steps in turn: its states come from the step before, also where a mistake is made."""

    before: Observed | None = None
    _made: dict[int, tuple[Variant, ArrayNumbers]] = field(default_factory=dict)

    def with_mistake(self, variant: Variant) -> ArrayNumbers:
        if self.before is None:
            return super().with_mistake(variant)
        known = self._made.get(id(variant))
        if known is None:
            before = self.before.with_mistake(variant)
            given = {
                array: before.array(replace(array, phase=Phase.NEW)) if array.role is Role.STATE else numbers
                for array, numbers in self.numbers.given.items()
            }
            made = ArrayNumbers(variant.definition, given, self.numbers.roundoff, self.numbers.rounded)
            known = self._made[id(variant)] = (variant, made)  # the variant is kept, so that its id stays its own
        return known[1]


class _Check:
    def __init__(self, derivation: Derivation, function: Step, *, keeps_states: bool) -> None:
        self.derivation, self.function, self.keeps_states = derivation, function, keeps_states
        self.keys = {key: array for key, array in keys_of(derivation).items() if key not in frozen_keys(derivation)}
        self.new = {key: replace(array, phase=Phase.NEW) for key, array in self.keys.items()}
        self.gradients = {key: derivation.gradient_array(array) for key, array in self.keys.items()}
        self.equations = _update_of(derivation, tuple(self.keys.values()))
        self.states = {
            (array.label, key): array.now
            for key, parameter in self.keys.items()
            for array in self.equations
            if array.role is Role.STATE and array.wrt == parameter
        }
        self.named = {array: key for key, array in self.new.items()} | {
            replace(array, phase=Phase.NEW): f"{label} of {key}" for (label, key), array in self.states.items()
        }
        self.observed: list[Observed] = []
        self.places: list[str] = []
        self.problems: list[str] = []
        self.notes: dict[Array, str] = {}  # what is no number

    def definition(self, array: Array) -> Equation | None:
        """The update's equations: parameters and gradients are given."""
        if array in self.gradients.values() or array in self.keys.values():
            return None
        return self.equations.get(array) or self.derivation.definition(array)

    def look(self, point: Point, step: int) -> None:
        """Takes in what the function gives at a point, as the step of that number."""
        numbers = self._numbers(point, point.numbers.given, step)
        self.places.append(point.label + (f" at step {step}" if self._counts else ""))
        self._observe(numbers, self._answer(numbers, point.dtype))

    def follow(self, point: Point) -> None:
        """Takes in several steps in turn, each from where the one before has led."""
        numbers = self._numbers(point, point.numbers.given, 1)
        for step in range(1, 2 + FEW):
            found = self._observe(numbers, self._answer(numbers, point.dtype))
            if found is None:
                return
            self.places.append(f"step {step} from {point.label}")
            if self.notes:  # what follows from no number says nothing
                return
            given = dict(numbers.given)
            for key, array in self.keys.items():
                given[array] = found[self.new[key]]
            given |= self._vectors(given)
            there = ArrayNumbers(self.derivation.definition, given, numbers.roundoff, numbers.rounded)
            states = {array: replace(array, phase=Phase.NEW) for array in self.states.values()}
            given |= {array: numbers.array(new) for array, new in states.items()}
            bounds = {array: numbers.bound(new) for array, new in states.items()}
            numbers = self._numbers(replace(point, numbers=there), given, step + 1, bounds)

    @property
    def _counts(self) -> bool:
        return any(array.role is Role.SETTING and array.label == STEP for array in self.derivation.system.givens)

    def _numbers(
        self, point: Point, given: Mapping[Array, Numbers], step: int, bounds: Mapping[Array, Numbers] | None = None
    ) -> ArrayNumbers:
        """The step's numbers at the gradients of a point, rounded as the function is handed them."""
        handed = self._spread(point.numbers, given)
        for key, array in self.gradients.items():
            handed[array] = np.array(point.numbers.array(array), dtype=point.dtype).astype(np.longdouble)
            handed[array][self._frozen(self.keys[key])] = 0
        for array in handed:
            if array.role is Role.SETTING and array.label == STEP:
                handed[array] = np.asarray(np.longdouble(step))
        rounded = frozenset(each for each in point.numbers.rounded if each.label != STEP)
        numbers = ArrayNumbers(self.definition, handed, point.numbers.roundoff, rounded)
        numbers.assume(bounds or {})
        return numbers

    def _spread(self, numbers: ArrayNumbers, given: Mapping[Array, Numbers]) -> dict[Array, Numbers]:
        """What is given, with tied arrays and their states entry by entry."""
        handed = dict(given)
        for parameter in self.keys.values():
            equation = self.derivation.ties.reindexed.get(parameter)
            if equation is None:
                continue
            handed.setdefault(parameter, np.array(numbers.array(parameter)))
            for state in [each for each in self.states.values() if each.wrt == parameter and each not in handed]:
                found = np.zeros(len(equation.table), dtype=np.longdouble)
                for place, (source, (slot,)) in enumerate(equation.table):
                    vector = replace(
                        state, axes=equation.sources[source].axes, layer=None, wrt=equation.sources[source]
                    )
                    found[place] = given[vector][slot] if vector in given else 0
                handed[state] = found.reshape(parameter.shape)  # type: ignore[arg-type]
        return handed

    def _vectors(self, given: Mapping[Array, Numbers]) -> dict[Array, Numbers]:
        """The values of gathered parameters, from the first use of each."""
        sources = self.derivation.ties.sources
        return {
            vector: np.array(
                [
                    given[array][place] if array in given else given[vector][slot]
                    for slot, (array, place) in enumerate(places)
                ]
            )
            for vector, places in sources.items()
        }

    def _frozen(self, parameter: Array) -> Any:
        """Which entries of an array are frozen by themselves."""
        equation = self.derivation.ties.reindexed.get(parameter)
        if equation is None:
            return np.zeros(parameter.shape, dtype=bool)
        frozen = [equation.sources[source] in self.derivation.arrays.frozen for source, _ in equation.table]
        return np.array(frozen).reshape(parameter.shape)

    def _answer(self, numbers: ArrayNumbers, dtype: str) -> Any:
        def handed(array: Array) -> Numbers:
            return np.array(numbers.array(array), dtype=dtype)

        parameters = {key: handed(array) for key, array in self.keys.items()}
        gradients = {key: handed(array) for key, array in self.gradients.items()}
        states: dict[str, Any] = {}
        for (label, key), array in self.states.items():
            states.setdefault(label, {})[key] = handed(array)
        for array in numbers.given:
            if array.role is Role.SETTING and array.label == STEP:
                states[STEP] = int(float(numbers.array(array)))
        two = self.keeps_states or (not states and _takes(self.function) == 2)
        return called_safely(self.function, (parameters, gradients) if two else (parameters, gradients, states))

    def _observe(self, numbers: ArrayNumbers, returned: Any) -> dict[Array, Numbers] | None:
        """What was returned, beside the right numbers; None, with the problem noted, where it cannot be read."""
        new, states = returned if isinstance(returned, tuple) and len(returned) == 2 else (returned, None)
        table, problems = table_of(new, self.keys, optional=())
        found: dict[Array, Numbers] = {}
        for array, name, value in self._returned(table or {}, states):
            try:
                found[array] = entries_of(value, numbers.array(array).shape, turned=False)
            except Unreadable as error:
                problems.append(f"{name} {error}")
                continue
            remark = not_finite(name, found[array])
            if remark and not self.notes.get(array):
                self.notes[array] = f"{name} {remark}"
        self.problems += problems
        if problems:
            return None
        tolerance = {array: tolerance_of(numbers, array) for array in found}
        if self.keeps_states:
            before = self.observed[-1] if self.observed else None
            self.observed.append(_Followed(numbers, found, tolerance, before=before))
        else:
            self.observed.append(Observed(numbers, found, tolerance))
        return found

    def _returned(self, table: Mapping[str, Any], states: Any) -> Iterator[tuple[Array, str, Any]]:
        for key, value in table.items():
            yield self.new[key], key, value
        if isinstance(states, Mapping):
            for (label, key), array in self.states.items():
                if isinstance(states.get(label), Mapping) and key in states[label]:
                    yield replace(array, phase=Phase.NEW), f"{label} of {key}", states[label][key]

    def report(self) -> Report:
        """The findings of all points."""
        arrays = list(self.observed[0].found) if self.observed else []
        usable = [each for each in self.observed if list(each.found) == arrays]
        findings = {self.named[array]: self._finding(array, usable) for array in arrays}
        agrees = bool(findings) and all(each.agrees for each in findings.values()) and not self.problems
        explanation = None
        if not agrees and usable:
            givens = tuple(dict.fromkeys((*self.derivation.system.givens, *self.keys.values())))
            subject = Subject(givens, self.equations, self.derivation.loss)
            search = Diagnosis(subject, usable, kinds=("update",))
            search.phases = None
            explanation = search.explanation()
        return Report(
            agrees,
            findings,
            mistakes_of(self.derivation, explanation, self.named),
            tuple(dict.fromkeys(self.problems)),
            (),
            tuple(self.places),
            agrees or (explanation is not None and explanation.complete),
            what="new value",
        )

    def _finding(self, array: Array, observed: list[Observed]) -> ParameterFinding:
        name = self.named[array]
        if all(each.agrees(each.numbers, array, exactly=True) for each in observed):
            return ParameterFinding(True, max(worst_of(each, array)[0] for each in observed))
        errors = [worst_of(each, array) for each in observed]
        size, place = max(errors, key=lambda each: each[0])
        each = observed[errors.index((size, place))]
        found, right = float(each.found[array][place]), float(each.numbers.array(array)[place])
        text = f"{name}{place_text(place)} {beside(found, right)}"
        notes = [self.notes[array]] if array in self.notes else []
        return ParameterFinding(False, size, text, (*notes, *remarks(name, array, observed)))


def _update_of(derivation: Derivation, parameters: tuple[Array, ...]) -> dict[Array, Equation]:
    """The equations of the step, array by array; a tied array's are those of any other."""
    tied = [each for each in parameters if each in derivation.ties.reindexed]
    several = (equation for each in tied for equation in update_equations(derivation.network, each, derivation.loss))
    return {**derivation.steps, **{equation.target.array: equation for equation in several}}


def _takes(function: Step) -> int | None:
    try:
        return len(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return None
