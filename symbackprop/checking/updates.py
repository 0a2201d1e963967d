"""`check_update`: an optimiser's step against the exact one, and the mistakes that explain a difference."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np

from symbackprop.catalogue.mistakes import Subject
from symbackprop.checking.arrays import ArrayNumbers, Numbers
from symbackprop.checking.calling import called_safely
from symbackprop.checking.diagnosis import MARGIN, Diagnosis, Observed
from symbackprop.checking.explaining import mistakes_of
from symbackprop.checking.gradients import FEW
from symbackprop.checking.points import Point, frozen_keys, keys_of, points, settled
from symbackprop.checking.report import SHOWN_DIGITS, MistakeFinding, ParameterFinding, Report
from symbackprop.derivation import Derivation, derive
from symbackprop.errors import InputError
from symbackprop.network import Network
from symbackprop.quantities import Array, Phase, Role
from symbackprop.system import Equation

Step = Callable[..., Any]


def check_update(function: Step, network: Network, *, dtype: str = "float64", seed: int = 0) -> Report:
    """Compares ``function(parameters, gradients, states)`` with one step of the network's update rule.

    ``parameters`` and ``gradients`` are dicts of arrays W1, b1, ...; ``states`` maps each of the rule's states
    (velocity, mean, mean_square) to such a dict, and ``step`` to the number of the step. A rule without states may take
    two arguments. The function returns the new parameters, or these and the new states.
    """
    if network.update is None:
        raise InputError("the description has no [update] table: there is no step to compare with")
    derivation = settled(derive(network))
    if derivation.ties.reindexed or network.program:
        raise InputError("check_update takes networks of layers without tied parameters")
    check = _Check(derivation, function)
    for point in islice(points(derivation, dtype=dtype, seed=seed), 1 + FEW):
        check.look(point)
        if check.problems:
            break
    return check.report()


class _Check:
    def __init__(self, derivation: Derivation, function: Step) -> None:
        self.derivation, self.function = derivation, function
        self.keys = {key: array for key, array in keys_of(derivation).items() if key not in frozen_keys(derivation)}
        self.new = {key: replace(array, phase=Phase.NEW) for key, array in self.keys.items()}
        self.gradients = {key: derivation.gradient_array(array) for key, array in self.keys.items()}
        self.observed: list[Observed] = []
        self.places: list[str] = []
        self.problems: list[str] = []

    def definition(self, array: Array) -> Equation | None:
        """The update's equations: gradients are given."""
        return None if array in self.gradients.values() else self.derivation.definition(array)

    def look(self, point: Point) -> None:
        """Takes in what the function gives at a point."""
        self.places.append(point.label)
        given = dict(point.numbers.given)
        for array in self.gradients.values():
            given[array] = np.array(point.numbers.array(array), dtype=point.dtype).astype(np.longdouble)
        numbers = ArrayNumbers(self.definition, given, point.numbers.roundoff, point.numbers.rounded)
        arguments = self._arguments(numbers, point.dtype)
        returned = called_safely(self.function, arguments)
        new = returned[0] if isinstance(returned, tuple) and returned else returned
        if not isinstance(new, Mapping):
            self.problems.append(f"the function returns a {type(new).__name__}; expected a dict of new parameters")
            return
        missing = [key for key in self.keys if key not in new]
        if missing:
            self.problems.append(f"missing from what the function returns: {', '.join(missing)}")
            return
        found: dict[Array, Numbers] = {}
        for key, array in self.new.items():
            value = np.asarray(new[key], dtype=np.longdouble)
            if value.shape != numbers.array(array).shape or not np.isfinite(value).all():
                self.problems.append(f"{key} has the shape {value.shape} or numbers that are not finite")
                return
            found[array] = value
        tolerance = {array: MARGIN * numbers.bound(array) for array in found}
        self.observed.append(Observed(numbers, found, tolerance))

    def _arguments(self, numbers: ArrayNumbers, dtype: str) -> tuple[Any, ...]:
        parameters = {key: np.array(numbers.array(array), dtype=dtype) for key, array in self.keys.items()}
        gradients = {key: np.array(numbers.array(array), dtype=dtype) for key, array in self.gradients.items()}
        states: dict[str, Any] = {}
        for array in self.derivation.system.givens:
            if array.role is Role.STATE and array.wrt in self.keys.values():
                key = next(key for key, own in self.keys.items() if own == array.wrt)
                states.setdefault(array.label, {})[key] = np.array(numbers.array(array), dtype=dtype)
            if array.role is Role.SETTING and array.label == "step":
                states["step"] = int(float(numbers.array(array)))
        two = not states and _takes(self.function) == 2
        return (parameters, gradients) if two else (parameters, gradients, states)

    def report(self) -> Report:
        """The findings of all points."""
        findings: dict[str, ParameterFinding] = {}
        for key, array in self.new.items():
            agrees = all(each.agrees(each.numbers, array, exactly=True) for each in self.observed)
            worst, text = 0.0, ""
            for each in self.observed:
                apart = abs(each.found[array] - each.numbers.array(array)) / np.maximum(
                    abs(each.numbers.array(array)), 1e-300
                )
                place = np.unravel_index(int(np.argmax(apart)), apart.shape) if apart.ndim else ()
                if float(apart[place]) >= worst:
                    worst = float(apart[place])
                    found, right = float(each.found[array][place]), float(each.numbers.array(array)[place])
                    text = f"{found:{SHOWN_DIGITS}} where {right:{SHOWN_DIGITS}} is right"
            findings[key] = ParameterFinding(agrees, worst, "" if agrees else text)
        agrees = all(finding.agrees for finding in findings.values()) and not self.problems
        return Report(
            agrees,
            findings,
            () if agrees or not self.observed else self._mistakes(),
            tuple(self.problems),
            (),
            tuple(self.places),
            what="new value",
        )

    def _mistakes(self) -> tuple[MistakeFinding, ...]:
        subject = Subject(self.derivation.system.givens, self._own_equations(), self.derivation.loss)
        search = Diagnosis(subject, self.observed, kinds=("update",))
        search.phases = None
        keys = {array: key for key, array in self.new.items()}
        return mistakes_of(self.derivation, search.explanation(), keys)

    def _own_equations(self) -> dict[Array, Equation]:
        return {array: each for array, each in self.derivation.system.definitions.items() if array.phase is Phase.NEW}


def _takes(function: Step) -> int | None:
    try:
        return len(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return None
