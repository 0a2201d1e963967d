"""The networks that compiled functions are timed on, their numbers, and their gradients to 50 digits. Times nothing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

import symbackprop as sb

Sizes = tuple[int, ...]
TOLERANCE = 1e-12  # of the largest gradient: a gross error, not rounding, is looked for here
DIGITS = 50
DISTINCT = {2: 100, 3: 100, 8: 20, 64: 2, 784: 2}  # rows, by the number of inputs: more of them cost minutes to check


@dataclass(frozen=True)
class Case:
    """A network of one activation with squared error at one observation or many.

    Many observations are a few distinct ones over and over: their mean is that of the few, so that 50 digits of it can
    be had. No evaluator is any faster for it.
    """

    sizes: Sizes
    count: int
    activation: str = "sigmoid"

    def __str__(self) -> str:
        return f"{'-'.join(map(str, self.sizes))}, {self.count:,} observation{'s' if self.count > 1 else ''}"

    @property
    def weights(self) -> int:
        return sum(to * (by + 1) for by, to in pairwise(self.sizes))

    @cached_property
    def network(self) -> sb.Network:
        random = np.random.default_rng(0)
        layers = [
            {"units": to, "activation": self.activation, "weights": random.standard_normal((to, by)).round(4).tolist(),
             "bias": random.standard_normal(to).round(4).tolist()}
            for by, to in pairwise(self.sizes)
        ]  # fmt: skip
        return sb.Network(
            inputs=[[0.5] * self.sizes[0]], targets=[[0.5] * self.sizes[-1]], layers=layers, loss="squared_error",
            update={"rule": "gradient_descent", "learning_rate": 0.5},
        )  # fmt: skip

    @cached_property
    def derivation(self) -> sb.Derivation:
        return sb.derive(self.network)

    @cached_property
    def picked(self) -> str:
        """The target that is picked where the description has this many observations."""
        return sb.derive(self.network.with_observations(self.count)).compile().target

    @cached_property
    def parameters(self) -> dict[str, Any]:
        random = np.random.default_rng(1)
        found = {}
        for layer, (by, to) in enumerate(pairwise(self.sizes), 1):
            found[f"W{layer}"] = random.standard_normal((to, by)) / np.sqrt(by)
            found[f"b{layer}"] = random.standard_normal(to)
        return found

    @cached_property
    def distinct(self) -> tuple[Any, Any]:
        random = np.random.default_rng(2)
        rows = 1 if self.count == 1 else DISTINCT[self.sizes[0]]
        assert self.count % rows == 0
        return random.random((rows, self.sizes[0])), random.random((rows, self.sizes[-1]))

    @cached_property
    def inputs(self) -> Any:
        return self._repeated(self.distinct[0])

    @cached_property
    def targets(self) -> Any:
        return self._repeated(self.distinct[1])

    def _repeated(self, rows: Any) -> Any:
        return rows[0].copy() if self.count == 1 else np.tile(rows, (self.count // len(rows), 1))

    @cached_property
    def exact(self) -> dict[str, Any]:
        """Loss and gradients to 50 digits, as floats."""
        rows, wanted = (each.tolist() for each in self.distinct)
        values = self.derivation.evaluate(inputs=rows, targets=wanted, parameters=self.parameters, precision=DIGITS)
        found = {"loss": np.array(values["loss"], dtype=float)}
        for key in self.parameters:
            kind, layer = ("w" if key[0] == "W" else "b"), key[1:]
            found[key] = np.array(values[f"dE/d{kind}[{layer}]"], dtype=float)
        return found

    def fault(self, found: dict[str, Any]) -> str:
        """How far gradients, and the loss of what gives it, are from the 50 digits, in words; empty where right."""
        gradients = {key: value for key, value in self.exact.items() if key != "loss"}
        missing = [key for key in gradients if key not in found]
        if missing:
            return f"{missing[0]} is missing"
        largest = max(float(np.max(np.abs(value))) for value in gradients.values())
        worst = max(_apart(found[key], value) for key, value in gradients.items())
        if not worst <= TOLERANCE * largest:
            return f"wrong by {worst / largest:.1e} of the largest gradient"
        loss = self.exact["loss"]
        off = _apart(found["loss"], loss) if "loss" in found else 0.0
        return "" if off <= TOLERANCE * abs(float(loss)) else f"the loss is wrong by {off / abs(float(loss)):.1e} of it"


def _apart(found: Any, exact: Any) -> float:
    """The largest difference of what an evaluator of any library gave from the exact numbers."""
    plain = found.detach() if hasattr(found, "detach") else found
    return float(np.max(np.abs(np.asarray(plain, dtype=float).reshape(exact.shape) - exact)))
