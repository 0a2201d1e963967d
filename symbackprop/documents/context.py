"""What all parts of a document share: how much is shown, headings of layers, lines of equations. Orders nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import inf

from symbackprop.derivation import Derivation
from symbackprop.documents.content import Item
from symbackprop.documents.figures import Figures
from symbackprop.documents.laws import Lines
from symbackprop.documents.settings import Settings
from symbackprop.quantities import Array, Quantity, Role
from symbackprop.system import Equation, Map, SumOfProducts, every_index


@dataclass
class Context:
    """A derivation with what a document shows of it; ``figures`` is None where it shows no numbers.

    ``whole``: every single equation is shown; else laws and one worked entry of each.
    """

    derivation: Derivation
    figures: Figures | None
    settings: Settings
    lines: Lines = field(init=False)
    whole: bool = field(init=False)
    pictured: bool = False  # whether the format shows the network's diagram

    def __post_init__(self) -> None:
        count = equation_count(self.derivation)
        few = self.settings.depth == "" and count <= self.settings.most_equations
        self.whole = count < inf and (self.settings.depth == "all" or few)
        self.lines = Lines(self.derivation, abridged=not self.whole)

    @property
    def counted(self) -> bool:
        """Whether there are single equations: the number of observations is no symbol."""
        return all(axis.size is not None for array in self.derivation.arrays.inputs for axis in array.axes)

    def heading(self, layer: int | None) -> str:
        """What a layer is called."""
        count = len(self.derivation.network.layers)
        if layer is None:
            return "Shared by the layers"
        if layer == count:
            return "Output layer"
        return "Hidden layer" if count == 2 else f"Hidden layer {layer}"

    def layer_of(self, array: Array) -> int | None:
        """The layer in whose section an array stands; a derivative's is that of what it is by."""
        return array.layer if array.role is not Role.DERIVATIVE or array.wrt is None else array.wrt.layer

    def is_gradient(self, array: Array) -> bool:
        """Whether the array holds the loss's derivatives by a parameter."""
        parameters = {*self.derivation.arrays.parameters, *self.derivation.ties.reindexed}
        return array.role is Role.DERIVATIVE and array.of == self.derivation.loss and array.wrt in parameters

    def shown(self, equations: Sequence[Equation]) -> list[Item]:
        """The entries of equations, or their laws with one worked entry each."""
        items: list[Item] = []
        for equation in equations:
            array = equation.target.array
            if self.whole:
                items += [self.lines.entry(Quantity(array, indices)) for indices in every_index(array)]
                continue
            if isinstance(equation, SumOfProducts | Map):
                items.append(self.lines.law_of(equation))
            if self.counted and array.axes:
                items.append(self.lines.entry(first_of(array)))
        return items


def equation_count(derivation: Derivation) -> float:
    """How many single equations the system has; infinite for a symbolic number of observations."""
    total = 0.0
    for array in derivation.system.definitions:
        count = 1.0
        for axis in array.axes:
            count *= inf if axis.size is None else axis.size
        total += count
    return total


def first_of(array: Array) -> Quantity:
    """The first entry of an array."""
    return Quantity(array, (0,) * len(array.axes))


def sentence(text: str) -> str:
    """A text with a capital at its start."""
    return text[:1].upper() + text[1:]
