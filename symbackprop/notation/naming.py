"""The notation of a derivation: which printed name each quantity, array and index cell has. Never parses a name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from symbackprop.notation.lettering import AnyName, DerivativeName, Name, plain
from symbackprop.notation.neutral import NAMED, pairs, split
from symbackprop.notation.outline import OF_LAYERS, Indices, Outline
from symbackprop.notation.patterns import Pattern, filled, own_name
from symbackprop.notation.styles import Style
from symbackprop.quantities import Array, Axis, Cell, Phase, Quantity, Role, derivative_of

if TYPE_CHECKING:
    pass

ROLE_KEYS = {
    Role.INPUT: "input",
    Role.TARGET: "target",
    Role.WEIGHT: "weight",
    Role.BIAS: "bias",
    Role.PARAMETER: "parameter",
    Role.WEIGHTED_SUM: "weighted_sum",
    Role.NET: "net",
    Role.OUT: "out",
    Role.DELTA: "delta",
    Role.PART: "part",
    Role.LOSS: "loss",
    Role.PENALTY: "penalty",
    Role.RATE: "rate",
}
SETTING_KEYS = ("strength", "momentum", "decay", "epsilon", "beta1", "beta2", "step")


class Notation:
    """The names of one network's quantities, and the conventions by which its derivation is written.

    Made by `notation_for`, which has refused two quantities with one name.
    """

    def __init__(
        self, style: Style, outline: Outline, sources: Mapping[Array, Sequence[tuple[Array, Indices]]] | None = None
    ):
        self.style, self.outline = style, outline
        self.conventions = style.conventions
        self._sources = sources or {}
        self._writers: dict[Array, _Writer] = {}

    @cached_property
    def merged(self) -> frozenset[int]:
        """The layers in which net and out are one quantity: the activation is the identity, and both have one name."""
        return frozenset(layer for layer in self.outline.linear if self._has_one_name(layer))

    def is_plain_derivative(self, delta: Array) -> bool:
        """Whether an author without a letter for deltas has ∂E/∂ŷ for it: by a net that is the layer's out."""
        plain = not self.style.has_deltas and self.conventions.delta_sign > 0
        return plain and delta.layer in self.merged

    def _has_one_name(self, layer: int) -> bool:
        units = Axis("unit", self.outline.widths[layer], layer)
        net, out = (Array(role, (units,), layer) for role in (Role.NET, Role.OUT))
        return all(self.entry(net, "", (unit,)) == self.entry(out, "", (unit,)) for unit in {0, (units.size or 1) - 1})

    def with_vectors(self, sources: Mapping[Array, Sequence[tuple[Array, Indices]]]) -> Notation:
        """The notation that knows at which place each entry of a gathered parameter vector stands (first)."""
        return Notation(self.style, self.outline, sources) if sources else self

    def name(self, quantity: Quantity) -> AnyName:
        """The printed name of a quantity, with its observation where there are several."""
        return self.entry(quantity.array, *split(quantity.array, quantity.indices))

    def cell_name(self, cell: Cell) -> AnyName:
        """The printed name of an index cell: letters in place of indices, but for what there is one of."""
        observation, rest = split(cell.array, cell.indices)
        axes = cell.array.axes[len(cell.array.axes) - len(rest) :]
        only = [0 if axis.size == 1 else index for axis, index in zip(axes, rest, strict=True)]
        return self.entry(cell.array, observation, tuple(only))

    def plain(self, quantity: Quantity) -> str:
        """The printed name in plain text."""
        return plain(self.name(quantity))

    def entry(self, array: Array, observation: str, rest: Indices) -> AnyName:
        """The name of the entry at ``rest``, which are the indices without the observation's."""
        if array.role is Role.DERIVATIVE:
            return self._derivative(array, observation, rest)
        if array.role is Role.DELTA and self.is_plain_derivative(array):
            return self._derivative(_as_derivative(array), observation, rest)
        return self._plain_entry(array, observation, rest)

    def other_name(self, array: Array, rest: Indices) -> Name | None:
        """An output's name by the pattern of the hidden layers, where their numbers run on: ``a_{z3}`` for ``ŷ_1``."""
        pattern = self.style.patterns["out"]
        if array.role is not Role.OUT or array.layer != self.outline.last or "number" not in pattern.fields:
            return None
        return replace(self._writer(array), pattern=pattern).name(rest, "")

    def array_name(self, array: Array) -> AnyName:
        """The name of a whole array, as in matrix forms; of an array without axes, that of its one entry."""
        if array.role is Role.DELTA and self.is_plain_derivative(array):
            array = _as_derivative(array)
        if array.role is Role.DERIVATIVE:
            assert array.of is not None
            assert array.wrt is not None
            if self.outline.program:
                return self.entry(array, "", ())
            of = self._array(array.of) if array.of_unit is None else self._plain_entry(array.of, "", (array.of_unit,))
            return DerivativeName(of, self._array(array.wrt), self.conventions.derivative)
        return self._array(array)

    def slope_matrix_name(self, out: Array) -> Name:
        """The name of the diagonal matrix of a layer's slopes ∂out/∂net."""
        return self._of_pattern("slope_matrix", out)

    def _array(self, array: Array) -> Name:
        if not any(axis.kind != "observation" for axis in array.axes) or (
            array.label and array.role in NAMED and self.outline.program
        ):
            return self._plain_entry(array, "", ())
        match array.role:
            case Role.STATE:
                assert array.wrt is not None
                return self._state(array, self._array(array.wrt))
            case Role.PENALTY:
                assert array.wrt is not None
                return self._state(array, self._array(array.wrt))
            case Role.PARAMETER:
                name = self._of_pattern("parameter_vector", array)
                return replace(name, subscript=name.subscript or ("" if array.label == "trained" else array.label))
            case Role.WEIGHT:
                return self._of_pattern("weight_matrix", array)
            case Role.NET if array.layer in self.merged:
                return self._of_pattern("out_vector", array)
            case role:
                return self._of_pattern(ROLE_KEYS[role] + "_vector", array)

    def _of_pattern(self, key: str, array: Array) -> Name:
        pattern = self.style.pattern(key, output=array.layer == self.outline.last and array.role in OF_LAYERS)
        return filled(pattern, self._layer_fields(array), mark=self._mark(array))

    def _plain_entry(self, array: Array, observation: str, rest: Indices) -> Name:
        match array.role:
            case Role.SETTING | Role.VARIABLE:
                return self._labelled(array, observation)
            case Role.STATE | Role.PENALTY if array.wrt is not None:
                whose = self._plain_entry(array.wrt, "", rest)
                return replace(self._state(array, whose), observation=observation)
            case Role.PARAMETER if array.now in self._sources and isinstance(rest[0], int):
                source, indices = self._sources[array.now][rest[0]]
                return replace(self._plain_entry(source, "", indices), mark=self._mark(array))
            case Role.WEIGHT | Role.BIAS if self.outline.own and (array.role, array.layer, rest) in self.outline.own:
                text, _ = self.outline.own[array.role, array.layer, rest]
                return self._own(text, array, observation)
            case Role.INPUT if self.outline.inputs and array.layer == 0 and isinstance(rest[0], int):
                return self._own(self.outline.inputs[rest[0]], array, observation)
            case Role.RATE if self.outline.settings and "rate" in dict(self.outline.settings):
                return self._own(dict(self.outline.settings)["rate"], array, observation)
            case Role.LOSS if self.outline.program:
                return self._own(array.label or "loss", array, observation)
        if array.label and self.outline.program:
            return self._own(array.label, array, observation)
        writer = self._writers.get(array)
        if writer is None:
            writer = self._writers[array] = self._writer(array)
        return writer.name(rest, observation)

    def _labelled(self, array: Array, observation: str) -> Name:
        text = dict(self.outline.settings).get(array.label)
        if text is None and array.role is Role.SETTING and array.label in SETTING_KEYS:
            return filled(self.style.pattern(array.label), {}, mark=self._mark(array), observation=observation)
        return self._own(text or array.label, array, observation)

    def _own(self, text: str, array: Array, observation: str) -> Name:
        name = own_name(text.replace(" ", "_"))
        mark = self._mark(array)
        if not mark and not observation:
            return name
        return replace(name, mark=name.mark + mark, observation=observation)

    def _state(self, array: Array, whose: Name) -> Name:
        """The name of an optimiser's state, or of a penalty's summand."""
        pattern = self.style.patterns.get(array.label) if array.role is Role.STATE else None
        base = filled(pattern, {}) if pattern else own_name(array.label.replace(" ", "_"))
        return replace(base, argument=replace(whose, mark=""), mark=self._mark(array))

    def _mark(self, array: Array) -> str:
        match array.phase:
            case Phase.NEW:
                return self.style.new_mark
            case Phase.AFTER:
                return self.style.after_mark
        return ""

    def _derivative(self, array: Array, observation: str, rest: Indices) -> DerivativeName:
        of, wrt = array.of, array.wrt
        assert of is not None
        assert wrt is not None
        above, below = pairs(array, rest)
        everywhere = observation and not of.has_observations and not wrt.has_observations
        direct = bool(array.label) and of.role is Role.VARIABLE
        letter = self.conventions.derivative
        if self.outline.program:
            letter = "∂" if direct else "d"
        use = ""
        if array.phase is Phase.USE:
            use = str(self.outline.own.get((wrt.role, wrt.layer, below), ("", 1))[1])
        return DerivativeName(
            self._plain_entry(of, observation if of.has_observations else "", above),
            self._plain_entry(wrt, observation if wrt.has_observations else "", below),
            letter,
            observation if everywhere else "",
            use,
            direct,
        )

    def _layer_fields(self, array: Array) -> dict[str, str]:
        layer = array.layer or 0
        output = layer == self.outline.last
        hidden = "" if output or layer == 0 else str(layer)
        letter = "i" if layer == 0 else "o" if output else "h"
        return {
            "layer": str(layer),
            "layer0": str(layer - 1),
            "layer2": str(layer + 1),
            "layerL": "L" if output else f"L-{self.outline.last - layer}",
            "before": str(layer - 1),
            "hidden": hidden,
            "hidden?": hidden if self.outline.last > 2 else "",
            "letter": letter,
            "Letter": letter.upper(),
        }

    def _writer(self, array: Array) -> _Writer:
        output = array.layer == self.outline.last and array.role in OF_LAYERS
        pattern = self.style.pattern(ROLE_KEYS[array.role], output=output)
        layer = array.layer or 0
        widths, first = self.outline.widths, self.conventions.first_index
        before = widths[layer - 1] if layer else 0
        column_first = layer > 0 and self.outline.biases[layer - 1] == "first"
        as_column = "from" in self.style.patterns["bias"].fields
        return _Writer(
            pattern=pattern,
            fields=self._layer_fields(array),
            role=array.role,
            mark=self._mark(array),
            first=first,
            first_from=first + (as_column and column_first),
            column=first if column_first else before + first,
            offset=self._offset(array) + first,
            nodes=(sum(widths[: max(layer - 1, 0)]) + first, sum(widths[:layer]) + first),
            steps=(1, widths[layer]) if self.conventions.weight_order == "from_to" else (before, 1),
            single=layer < len(widths) and widths[layer] == 1,
            separator="," if self._widest(pattern) > LARGEST_DIGIT else "",
            layered=array.role in OF_LAYERS and self.outline.last > 1,
        )

    def _widest(self, pattern: Pattern) -> int:
        """The largest index, node or layer number that is printed."""
        if pattern.fields & RUNNING:
            return sum(self.outline.widths) + self.conventions.first_index
        return max(max(self.outline.widths, default=1) + self.conventions.first_index, self.outline.last)

    def _offset(self, array: Array) -> int:
        """How many of its role there are in the layers before."""
        widths, layer = self.outline.widths, array.layer or 0
        if array.role is Role.WEIGHT:
            return sum(widths[each] * widths[each - 1] for each in range(1, layer))
        if array.role is Role.BIAS:
            sizes = {"none": 0, "shared": 1}
            return sum(sizes.get(kind, widths[each]) for each, kind in enumerate(self.outline.biases[: layer - 1], 1))
        return sum(widths[1:layer]) if array.role in OF_LAYERS else 0


def _as_derivative(delta: Array) -> Array:
    """The derivative of the loss by a net that a delta is, its sign left aside."""
    net = replace(delta, role=Role.NET)
    return derivative_of(Array(Role.LOSS, phase=net.phase), None, net)


LARGEST_DIGIT = 9
RUNNING = frozenset({"node", "to_node", "from_node"})


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes the names of one array's entries."""

    pattern: Pattern
    fields: dict[str, str]
    role: Role
    mark: str
    first: int
    first_from: int
    column: int
    offset: int
    nodes: tuple[int, int]  # that of the first unit of the layer before, and of this layer
    steps: tuple[int, int]
    single: bool
    separator: str
    layered: bool

    def name(self, rest: Indices, observation: str) -> Name:
        fields = self.fields.copy()
        numbers = [index for index in rest if isinstance(index, int)]
        if len(numbers) != len(rest):
            return self._lettered([self._index(each) for each in rest], fields, observation)
        if self.role is Role.WEIGHT:
            to, source = numbers
            fields["to"] = fields["unit"] = str(to + self.first)
            fields["from"] = str(source + self.first_from)
            fields["to_node"] = fields["node"] = str(self.nodes[1] + to)
            fields["from_node"] = str(self.nodes[0] + source)
            fields["number"] = str(self.offset + to * self.steps[0] + source * self.steps[1])
        else:
            fields["from"] = str(self.column)
            fields["to"] = fields["unit"] = unit = str(numbers[0] + self.first) if numbers else ""
            fields["unit?"] = "" if self.single else unit
            fields["to_node"] = fields["node"] = str(self.nodes[1] + sum(numbers))
            fields["from_node"] = "0"
            fields["number"] = str(self.offset + sum(numbers))
        return filled(self.pattern, fields, separator=self.separator, mark=self.mark, observation=observation)

    def _index(self, index: int | str) -> str:
        return index if isinstance(index, str) else str(index + self.first)

    def _lettered(self, texts: Sequence[str], fields: dict[str, str], observation: str) -> Name:
        """The name in index letters: they stand for a running number too, and then the layer is said."""
        fields["to"] = fields["unit"] = texts[0]
        fields["from"] = texts[1] if self.role is Role.WEIGHT else str(self.column)
        fields["unit?"] = "" if self.single else texts[0]
        fields["to_node"] = fields["node"] = texts[0]
        fields["from_node"] = texts[1] if self.role is Role.WEIGHT else "0"
        fields["number"] = "".join(texts)
        pattern = self.pattern
        if pattern.fields & {"number", *RUNNING} and self.layered and not pattern.superscript:
            pattern = replace(pattern, superscript=(f"({fields['layer']})",))
        return filled(pattern, fields, mark=self.mark, observation=observation)
