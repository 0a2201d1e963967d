"""What the user wrote, checked and exact: a network of layers, or a program of equations. Never derives anything.

A :class:`Network` is made from a description file, from its text, or in Python; all three go through the same checks
(``description.py``) and the same plain table, which the network keeps, so that ``to_toml`` writes back what was written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from os import PathLike
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class ExactNumber:
    """A rational number and the text it was written as (``0.10``, ``1/3``, ``5e-4``)."""

    value: Fraction
    text: str = field(default="", compare=False)


Entry = ExactNumber | str  # a string is the name of a parameter or setting
Row = tuple[Entry, ...]
Matrix = tuple[Row, ...]
Table = dict[str, Any]  # a description as plain data: strings, numbers, booleans, lists and tables


@dataclass(frozen=True, slots=True)
class Choice:
    """An entry of a catalogue with its settings, or a formula (then ``name`` is empty).

    ``settings`` has what was written, not the defaults.
    """

    name: str
    settings: Mapping[str, Entry] = field(default_factory=dict, hash=False)
    formula: str = ""


@dataclass(frozen=True, slots=True)
class Layer:
    """A dense layer. ``weights[j][k]`` goes into unit j from unit k of the layer before, whatever order was written.

    ``bias`` has one entry per unit, or one entry alone if it is shared (``bias_form == "shared"``). With
    ``bias_form`` "first" or "last" it was written as that column of the weights; here it is apart all the same.
    Weights that ``[initial]`` draws stand here like given ones.
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
    """How far the outputs are from the targets: per output, times a factor, and summed or averaged twice."""

    choice: Choice
    factor: Entry
    over_outputs: str = "sum"
    over_observations: str = "mean"


@dataclass(frozen=True, slots=True)
class Penalty:
    """What is added to the loss for large weights."""

    kind: str
    strength: Entry
    factor: Entry
    biases: bool = False
    over_observations: str = "sum"


@dataclass(frozen=True, slots=True)
class Update:
    """How a step changes the parameters. ``settings`` has what was written, not the defaults."""

    rule: str
    learning_rate: Entry
    settings: Mapping[str, Entry] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter given by name: its value, if it has one, and whether it is trained."""

    value: ExactNumber | None = None
    trainable: bool = True


@dataclass(frozen=True, slots=True)
class ProgramEquation:
    """One line of a program: a name for the value of a formula."""

    name: str
    formula: str


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Dense:
    """A layer as it is written in Python, for ``Network(layers=[Dense(3, "sigmoid"), ...])``: a ``[[layers]]`` table.

    Weights and biases are lists or arrays of numbers, exact fractions, or strings ("1/3", or a parameter's name). A float
    is read as its shortest decimal: 0.1 is 1/10. The network checks it and holds it as a :class:`Layer`.
    """

    units: int
    activation: str | Mapping[str, Any] | Choice = "identity"
    weights: Any = None
    bias: Any = None
    trainable: bool | Mapping[str, bool] = True


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Network:
    """A checked description. It is never changed: ``with_values`` and ``with_numbers`` return another one.

    A program has ``program`` (then ``layers`` is empty and ``loss`` is None), its result's name in ``result`` and its
    inputs in ``program_inputs``, whose rows are None where no values are given. Two networks are equal if they mean the same, however their
    numbers are spelled.
    """

    layers: tuple[Layer, ...]
    inputs: Matrix | None
    targets: Matrix | None
    inputs_count: int
    outputs_count: int
    observations: int | str
    input_names: tuple[str, ...]  # empty if the notation names them
    loss: Loss | None
    penalty: Penalty | None
    update: Update | None
    parameters: Mapping[str, Parameter] = field(hash=False)  # every name in use, those without a value too
    program: tuple[ProgramEquation, ...]
    program_inputs: Mapping[str, Row | None] = field(hash=False)
    result: str
    over_observations: str  # the loss's, or the program's
    title: str
    notation: Mapping[str, Any] = field(hash=False)  # always a table: {"preset": "indexed"} at least
    document: Mapping[str, Any] = field(hash=False)
    table: Table = field(compare=False)  # the description as written; read it, never change it
