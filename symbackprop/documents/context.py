"""What all parts of a document share: how much is shown, headings of layers, lines of equations. Orders nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import inf, prod

from symbackprop.derivation import Derivation
from symbackprop.documents.content import Item, Line, Paragraph, Results
from symbackprop.documents.figures import Figures
from symbackprop.documents.laws import Lines
from symbackprop.documents.settings import Settings
from symbackprop.expressions import Reference
from symbackprop.network import Layer
from symbackprop.quantities import Array, Quantity, Role, every_index
from symbackprop.system import Equation, Map, SumOfProducts
from symbackprop.terms import axes_of

MOST_TERMS = 1_000  # of a sum over everything whose first and last terms are shown
PARAMETERS = (Role.WEIGHT, Role.BIAS, Role.PARAMETER)


@dataclass
class Context:
    """A derivation with what a document shows of it; ``figures`` is None where it shows no numbers.

    ``whole``: every single equation is shown; else laws and one worked entry of each: of a large network, and for
    several observations.
    """

    derivation: Derivation
    figures: Figures | None
    settings: Settings
    lines: Lines = field(init=False)
    whole: bool = field(init=False)
    pictured: bool = False  # whether the format shows the network's diagram
    said_delta: bool = False  # whether the document has said what a delta is

    def __post_init__(self) -> None:
        count = equation_count(self.derivation)
        single = not self.has_batch or self.settings.chose_depth
        few = self.settings.depth == "" and single and count <= self.settings.most_equations
        self.whole = count < inf and (self.settings.depth == "all" or few)
        written = self.settings.functions == "formulas"
        self.lines = Lines(self.derivation, abridged=not self.whole, written=written)

    @property
    def counted(self) -> bool:
        """Whether there are single equations: the number of observations is no symbol."""
        return all(axis.size is not None for array in self.derivation.arrays.inputs for axis in array.axes)

    @property
    def has_batch(self) -> bool:
        """Whether there are several observations, or a number of them that is a symbol."""
        return self.derivation.network.observations != 1

    @property
    def by_parameter(self) -> bool:
        """Whether the backward pass is told parameter by parameter, each with its update."""
        return self.settings.order == "parameters" and self.whole and not self.derivation.network.program

    @cached_property
    def named(self) -> frozenset[Quantity]:
        """The quantities that are worked out since the settings name them: parameters, or any others."""
        if isinstance(self.settings.worked, str):
            return frozenset()
        from symbackprop.notation.names import Names

        found = [Names(self.derivation).resolve(name) for name in self.settings.worked]
        return frozenset(each for one in found for each in ([one] if isinstance(one, Quantity) else quantities_of(one)))

    def is_worked(self, quantity: Quantity) -> bool:
        """Whether a quantity is worked out: of others only the results are shown."""
        if self.settings.worked == "all":
            return True
        concerned = [each for each in self.named if each.array == _basis(quantity.array)]
        if concerned:
            return Quantity(_basis(quantity.array), quantity.indices) in concerned
        return not any(quantity.indices)

    def entries(self, array: Array) -> list[Quantity]:
        """The entries of an array in the author's order: weights by the unit that they leave, or that they enter."""
        found = quantities_of(array)
        if self.derivation.conventions.weight_order == "from_to" and _basis(array).role is Role.WEIGHT:
            found.sort(key=lambda each: tuple(reversed(each.indices)))
        return found

    @cached_property
    def alike(self) -> range:
        """Hidden layers between hidden layers that have the same laws, where only laws are shown; often none."""
        layers = self.derivation.network.layers
        first, last = 2, len(layers) - 2
        while not self.whole and first <= last and _kind(layers[last - 1]) != _kind(layers[first - 1]):
            last -= 1
        between = range(first, last + 1)
        same = all(_kind(layers[each - 1]) == _kind(layers[first - 1]) for each in between)
        return between if not self.whole and same and len(between) > 1 else range(0)

    def is_repeated(self, layer: int | None) -> bool:
        """Whether a layer has no equations of its own in the document, since an earlier one like it has them."""
        return layer is not None and layer in self.alike[1:]

    def remark(self, layer: int | None) -> list[Item]:
        """What is said under the heading of a layer that stands for several."""
        if layer is None or layer not in self.alike[:1]:
            return []
        several = f"Layers {self.alike[1]} to {self.alike[-1]}" if len(self.alike) > 2 else f"Layer {self.alike[1]}"
        verb = "have" if len(self.alike) > 2 else "has"
        return [Paragraph((f"{several} {verb} the same equations, with the layer's own number in place of {layer}.",))]

    @property
    def delta_sign(self) -> str:
        """What stands before "the derivative of the loss" where a delta is explained."""
        return "minus " if self.derivation.conventions.delta_sign < 0 else ""

    def heading(self, layer: int | None) -> str:
        """What a layer is called."""
        count = len(self.derivation.network.layers)
        if layer is None:
            return "Shared by the layers"
        if layer == count:
            return "Output layer"
        if layer in self.alike:
            return f"Hidden layers {self.alike[0]} to {self.alike[-1]}"
        return "Hidden layer" if count == 2 else f"Hidden layer {layer}"

    def layer_of(self, array: Array) -> int | None:
        """The layer in whose section an array stands; a derivative's is that of what it is by."""
        return array.layer if array.role is not Role.DERIVATIVE or array.wrt is None else array.wrt.layer

    def is_gradient(self, array: Array) -> bool:
        """Whether the array holds the loss's derivatives by a parameter."""
        parameters = {*self.derivation.arrays.parameters, *self.derivation.ties.reindexed}
        return array.role is Role.DERIVATIVE and array.of == self.derivation.loss and array.wrt in parameters

    def shown(self, equations: Sequence[Equation], *, together: bool = False) -> list[Item]:
        """The entries of equations, or their laws with one worked entry each; ``together``: results after all lines."""
        items: list[Item] = []
        arrays = [each.target.array for each in equations]
        if self.whole:
            for group in [arrays] if together else [[array] for array in arrays]:
                entries = [each for array in group for each in self.entries(array)]
                items += self.lines_of([(each, [self.lines.entry(each)]) for each in entries])
            return items
        for equation in equations:
            array = equation.target.array
            if isinstance(equation, SumOfProducts | Map) and not (self.counted and self.lines.is_entry(equation)):
                items.append(self.lines.law_of(equation))
            if self.counted and (array.axes or terms_count(equation) <= MOST_TERMS):
                items.append(self.lines.entry(first_of(array)))
            elif self.counted and self.figures is not None:
                items.append(Line(Reference(first_of(array)), (), None, first_of(array)))
        return items

    def lines_of(self, entries: Sequence[tuple[Quantity, Sequence[Item]]]) -> list[Item]:
        """The lines of the entries that are worked out, and the results of the others."""
        items = [item for each, lines in entries if self.is_worked(each) for item in lines]
        others = tuple(each for each, _ in entries if not self.is_worked(each))
        return [*items, *([Results("In the same way", others)] if others else [])]


def quantities_of(array: Array) -> list[Quantity]:
    """All entries of an array, row by row."""
    return [Quantity(array, indices) for indices in every_index(array)]


def _basis(array: Array) -> Array:
    """The parameters whose derivatives or new values an array holds; any other array itself, before the update."""
    if array.role is Role.DERIVATIVE and array.wrt is not None and array.wrt.role in PARAMETERS:
        array = array.wrt
    return array.now


def _kind(layer: Layer) -> tuple[object, ...]:
    return layer.activation, layer.bias_form, layer.bias_input, layer.trainable_weights, layer.trainable_bias


def equation_count(derivation: Derivation) -> float:
    """How many single equations the system has; infinite for a symbolic number of observations."""
    total = 0.0
    for array in derivation.system.definitions:
        count = 1.0
        for axis in array.axes:
            count *= inf if axis.size is None else axis.size
        total += count
    return total


def terms_count(equation: Equation) -> int:
    """How many terms one entry of a sum of products has."""
    if not isinstance(equation, SumOfProducts):
        return 1
    bound = [
        [axis.size or 1 for letter, axis in axes_of(term.cells).items() if letter not in equation.target.indices]
        for term in equation.terms
    ]
    return sum(prod(sizes) for sizes in bound)


def first_of(array: Array) -> Quantity:
    """The first entry of an array."""
    return Quantity(array, (0,) * len(array.axes))


def sentence(text: str) -> str:
    """A text with a capital at its start."""
    return text[:1].upper() + text[1:]
