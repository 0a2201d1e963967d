"""A network in plain data, as the tests see it, and the description that says the same. Never imports the package.

The second opinions (``reference.py``) and the generator (``networks.py``) speak of a `Model`; only its TOML text is
handed to the package.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

Entry = Fraction | str  # a string is a parameter's name
Key = Hashable  # a parameter: its name, or ("w", layer, to, from), or ("b", layer, unit)


@dataclass(frozen=True)
class Pick:
    """An entry of a catalogue with the settings that are written, or a formula."""

    name: str = ""
    settings: Mapping[str, Fraction | str] = field(default_factory=dict)
    formula: str = ""

    @property
    def label(self) -> str:
        return self.name or "formula"


@dataclass(frozen=True)
class LayerModel:
    """A dense layer; ``weights[j][k]`` goes into unit j; ``bias`` has an entry per unit, or one that is shared."""

    activation: Pick
    weights: tuple[tuple[Entry, ...], ...]
    bias: tuple[Entry, ...] = ()
    bias_form: str = "none"  # none, unit, shared, first, last
    trains_weights: bool = True
    trains_bias: bool = True

    @property
    def units(self) -> int:
        return len(self.weights)


@dataclass(frozen=True)
class LossModel:
    pick: Pick
    factor: Fraction | None = None
    over_outputs: str = "sum"
    over_observations: str = "mean"

    @property
    def scale(self) -> Fraction:
        """The factor in front: the contract's default where none is written."""
        return self.factor if self.factor is not None else Fraction(1, 2 if self.pick.name == "squared_error" else 1)


@dataclass(frozen=True)
class PenaltyModel:
    kind: str
    strength: Fraction
    factor: Fraction | None = None
    biases: bool = False
    over_observations: str = "sum"
    settings: Mapping[str, Fraction | str] = field(default_factory=dict)

    @property
    def scale(self) -> Fraction:
        return self.strength * (self.factor if self.factor is not None else Fraction(1, 2 if self.kind == "l2" else 1))


@dataclass(frozen=True)
class Model:
    inputs: tuple[tuple[Fraction, ...], ...]
    targets: tuple[tuple[Fraction, ...], ...]
    layers: tuple[LayerModel, ...]
    loss: LossModel
    penalty: PenaltyModel | None = None
    update: Pick | None = None
    rate: Fraction = Fraction(1, 10)
    parameters: Mapping[str, tuple[Fraction, bool]] = field(default_factory=dict)  # value, trainable
    weights_order: str = "to_from"
    notation: str = ""

    def keys(self) -> dict[Key, Fraction]:
        """Every parameter once, with its value, in order of first use."""
        found: dict[Key, Fraction] = {}
        for key, entry, _ in self.uses():
            found.setdefault(key, self.parameters[entry][0] if isinstance(entry, str) else entry)
        return found

    def uses(self) -> list[tuple[Key, Entry, str]]:
        """Each place of a weight or bias: its parameter, what is written there, and the place's neutral name."""
        found: list[tuple[Key, Entry, str]] = []
        for number, layer in enumerate(self.layers, 1):
            for j, row in enumerate(layer.weights):
                for k, entry in enumerate(row):
                    key: Key = entry if isinstance(entry, str) else ("w", number, j, k)
                    found.append((key, entry, f"w[{number}][{j}][{k}]"))
            for j, entry in enumerate(layer.bias):
                found.append((entry if isinstance(entry, str) else ("b", number, j), entry, f"b[{number}][{j}]"))
        return found

    def frozen(self) -> set[Key]:
        """The parameters that an update leaves alone; a tied one is as its first place, or its name, says."""
        fixed: dict[Key, bool] = {}
        for key, entry, place in self.uses():
            layer = self.layers[int(place[2 : place.index("]")]) - 1]
            trained = layer.trains_weights if place[0] == "w" else layer.trains_bias
            named = isinstance(entry, str) and not self.parameters[entry][1]
            fixed.setdefault(key, not trained or named)
        return {key for key, is_fixed in fixed.items() if is_fixed}

    def to_toml(self) -> str:
        """The description as a file's text."""
        lines = []
        if self.weights_order != "to_from":
            lines.append(f'weights_order = "{self.weights_order}"')
        if self.notation:
            lines.append(f'notation = "{self.notation}"')
        lines += ["[inputs]", f"values = {_matrix(self.inputs)}", "[targets]", f"values = {_matrix(self.targets)}"]
        for layer in self.layers:
            lines += ["[[layers]]", *_layer_lines(layer, transposed=self.weights_order == "from_to")]
        lines += ["[loss]", *_pick_lines(self.loss.pick)]
        if self.loss.factor is not None:
            lines.append(f"factor = {_entry(self.loss.factor)}")
        lines += [f'over_outputs = "{self.loss.over_outputs}"', f'over_observations = "{self.loss.over_observations}"']
        if self.penalty is not None:
            lines += ["[penalty]", *_penalty_lines(self.penalty)]
        if self.update is not None:
            lines += ["[update]", f'rule = "{self.update.name}"', f"learning_rate = {_entry(self.rate)}"]
            lines += [f"{key} = {_entry(value)}" for key, value in self.update.settings.items()]
        if self.parameters:
            lines.append("[parameters]")
        for name, (value, trainable) in self.parameters.items():
            lines.append(
                f"{name} = {_entry(value)}"
                if trainable
                else f"{name} = {{ value = {_entry(value)}, trainable = false }}"
            )
        return "\n".join(lines) + "\n"


def _layer_lines(layer: LayerModel, *, transposed: bool) -> list[str]:
    rows: list[tuple[Entry, ...]] = list(layer.weights)
    if layer.bias_form == "first":
        rows = [(offset, *row) for row, offset in zip(rows, layer.bias, strict=True)]
    elif layer.bias_form == "last":
        rows = [(*row, offset) for row, offset in zip(rows, layer.bias, strict=True)]
    written = list(zip(*rows, strict=True)) if transposed else rows
    lines = [f"units = {layer.units}", f"activation = {_pick(layer.activation)}", f"weights = {_matrix(written)}"]
    match layer.bias_form:
        case "unit":
            lines.append(f"bias = {_row(layer.bias)}")
        case "shared":
            lines.append(f"bias = {_entry(layer.bias[0])}")
        case "first" | "last":
            lines.append(f'bias = "{layer.bias_form}"')
    if not (layer.trains_weights and layer.trains_bias):
        weights, bias = str(layer.trains_weights).lower(), str(layer.trains_bias).lower()
        lines.append(f"trainable = {{ weights = {weights}, bias = {bias} }}")
    return lines


def _penalty_lines(penalty: PenaltyModel) -> list[str]:
    lines = [f'kind = "{penalty.kind}"', f"strength = {_entry(penalty.strength)}"]
    if penalty.factor is not None:
        lines.append(f"factor = {_entry(penalty.factor)}")
    lines += [f"biases = {str(penalty.biases).lower()}", f'over_observations = "{penalty.over_observations}"']
    return lines + [f"{key} = {_entry(value)}" for key, value in penalty.settings.items()]


def _pick_lines(pick: Pick) -> list[str]:
    head = f'name = "{pick.name}"' if pick.name else f'formula = "{pick.formula}"'
    return [head, *(f"{key} = {_entry(value)}" for key, value in pick.settings.items())]


def _pick(pick: Pick) -> str:
    if pick.name and not pick.settings:
        return f'"{pick.name}"'
    return "{ " + ", ".join(_pick_lines(pick)) + " }"


def _entry(entry: Entry) -> str:
    """A number as a decimal where it has a short one, else "p/q"; a name in quotes."""
    if isinstance(entry, str):
        return f'"{entry}"'
    for places in range(9):
        scaled = entry * 10**places
        if scaled.denominator == 1:
            digits = str(abs(scaled.numerator)).rjust(places + 1, "0")
            whole = f"{digits[: len(digits) - places]}.{digits[len(digits) - places :]}" if places else digits
            return f"-{whole}" if entry < 0 else whole
    return f'"{entry.numerator}/{entry.denominator}"'


def _row(row: tuple[Entry, ...]) -> str:
    return "[" + ", ".join(_entry(entry) for entry in row) + "]"


def _matrix(rows: tuple[tuple[Entry, ...], ...] | list[tuple[Entry, ...]]) -> str:
    return "[" + ", ".join(_row(row) for row in rows) + "]"
