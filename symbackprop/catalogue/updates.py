"""The update rules of gradient training, as formulas of one parameter. Never says which parameters are trained.

A formula's variables are ``value`` (of the parameter), ``gradient``, ``rate``, ``step`` (1 at the first update), the
rule's settings, its states (before the update) and ``new_`` with a state's name (after it). States begin at 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from types import MappingProxyType

from symbackprop.catalogue.entries import table
from symbackprop.errors import DescriptionError, suggestion

EPSILON_PLACE, OUTSIDE, INSIDE = "epsilon_place", "outside", "inside"
STEP = "step"


@dataclass(frozen=True, slots=True)
class UpdateEntry:
    """A rule: its numbers with their defaults, its states, and its formulas in order, the last one for ``value``.

    ``numbers`` are the settings and, where a formula has it, ``step``, which counts updates from 1. ``inside`` are the
    formulas with epsilon under the root, for rules that have one.
    """

    name: str
    sentence: str
    formulas: tuple[tuple[str, str], ...]
    settings: Mapping[str, Fraction] = field(default_factory=dict)
    states: tuple[str, ...] = ()
    inside: tuple[tuple[str, str], ...] = ()
    counts_steps: bool = False

    @property
    def numbers(self) -> Mapping[str, Fraction]:
        """The rule's settings with their defaults, and the number of the first step where it counts."""
        return {**self.settings, **({STEP: Fraction(1)} if self.counts_steps else {})}

    @property
    def epsilon_places(self) -> tuple[str, ...]:
        """The values that ``epsilon_place`` may have, the default first; none where there is no epsilon."""
        return (OUTSIDE, INSIDE) if self.inside else ()

    def equations(self, settings: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
        """``(what is defined, formula)`` in order: new states as ``new_`` and their name, then ``value``."""
        place = settings.get(EPSILON_PLACE, OUTSIDE)
        if place == OUTSIDE:
            return self.formulas
        if place not in self.epsilon_places:
            near = suggestion(str(place), self.epsilon_places) if self.inside else f"{self.name} has no epsilon"
            raise DescriptionError(f"{EPSILON_PLACE}: {place!r} cannot be used; {near}")
        return self.inside


_MEAN_SQUARE = ("new_mean_square", "decay*mean_square + (1 - decay)*gradient^2")
_ADAM_MEANS = (
    ("new_mean", "beta1*mean + (1 - beta1)*gradient"),
    ("new_mean_square", "beta2*mean_square + (1 - beta2)*gradient^2"),
)

UPDATES: Mapping[str, UpdateEntry] = table(
    UpdateEntry(
        "gradient_descent",
        "a step against the gradient, as long as the learning rate says",
        (("value", "value - rate*gradient"),),
    ),
    # Polyak 1964; the velocity sums gradients (not their mean), and the rate multiplies the velocity, as in PyTorch.
    UpdateEntry(
        "momentum",
        "the velocity keeps a share of itself and adds the gradient; the step goes against it",
        (("new_velocity", "momentum*velocity + gradient"), ("value", "value - rate*new_velocity")),
        settings=MappingProxyType({"momentum": Fraction(9, 10)}),
        states=("velocity",),
    ),
    # Hinton, Neural Networks for Machine Learning, lecture 6e (2012): decay 0.9. Epsilon is not in the lecture.
    UpdateEntry(
        "rmsprop",
        "the gradient is divided by the root of a running mean of its squares",
        (_MEAN_SQUARE, ("value", "value - rate*gradient/(sqrt(new_mean_square) + epsilon)")),
        settings=MappingProxyType({"decay": Fraction(9, 10), "epsilon": Fraction(1, 10**8)}),
        states=("mean_square",),
        inside=(_MEAN_SQUARE, ("value", "value - rate*gradient/sqrt(new_mean_square + epsilon)")),
    ),
    # Kingma and Ba 2015, algorithm 1: both means are corrected for their start at 0; epsilon stands outside the root.
    UpdateEntry(
        "adam",
        "the gradient's running mean over the root of its squares' running mean, both corrected for their start at 0",
        (
            *_ADAM_MEANS,
            (
                "value",
                "value - rate*(new_mean/(1 - beta1^step))/(sqrt(new_mean_square/(1 - beta2^step)) + epsilon)",
            ),
        ),
        settings=MappingProxyType(
            {"beta1": Fraction(9, 10), "beta2": Fraction(999, 1000), "epsilon": Fraction(1, 10**8)}
        ),
        states=("mean", "mean_square"),
        counts_steps=True,
        inside=(
            *_ADAM_MEANS,
            ("value", "value - rate*(new_mean/(1 - beta1^step))/sqrt(new_mean_square/(1 - beta2^step) + epsilon)"),
        ),
    ),
)
