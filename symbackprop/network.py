"""What the user wrote, checked and exact: a network of layers, or a program of equations. Never derives anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class ExactNumber:
    """A rational number and the text it was written as (``0.10``, ``1/3``, ``5e-4``)."""

    value: Fraction
    text: str = field(default="", compare=False)


Entry = ExactNumber | str  # a string is the name of a parameter or setting
Row = tuple[Entry, ...]
Matrix = tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """An entry of a catalogue with its settings, or a formula (then ``name`` is empty)."""

    name: str
    settings: Mapping[str, Entry] = field(default_factory=dict)
    formula: str = ""


@dataclass(frozen=True, slots=True)
class Layer:
    """A dense layer. ``weights[j][k]`` goes into unit j from unit k of the layer before, whatever order was written.

    ``bias`` has one entry per unit, or one entry alone if it is shared (``bias_form == "shared"``). With
    ``bias_form`` "first" or "last" it was written as that column of the weights; here it is apart all the same.
    """

    units: int
    activation: Choice
    weights: Matrix | None = None
    bias: Row | None = None
    bias_form: str = "none"  # none, unit, shared, first, last
    trainable_weights: bool = True
    trainable_bias: bool = True


@dataclass(frozen=True, slots=True)
class Loss:
    choice: Choice
    factor: Entry
    over_outputs: str = "sum"
    over_observations: str = "mean"


@dataclass(frozen=True, slots=True)
class Penalty:
    kind: str
    strength: Entry
    factor: Entry
    biases: bool = False
    over_observations: str = "sum"


@dataclass(frozen=True, slots=True)
class Update:
    rule: str
    learning_rate: Entry
    settings: Mapping[str, Entry | str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter given by name: its value, if it has one, and whether it is trained."""

    value: ExactNumber | None = None
    trainable: bool = True


@dataclass(frozen=True, slots=True)
class ProgramEquation:
    name: str
    formula: str
