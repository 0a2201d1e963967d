"""What the user wrote, checked and exact: a network of layers, or a program of equations. Never derives anything.

A :class:`Network` is made from a description file, from its text, or in Python; all three go through the same checks
(``description.py``) and the same plain table, which the network keeps: ``to_toml`` writes back what was written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from fractions import Fraction
from os import PathLike, fspath
from typing import Any, Self


def counted(count: int, what: str = "number") -> str:
    """How many of what: ``1 number``, ``1,000 numbers``."""
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def words(name: str) -> str:
    """A catalogue's name in words."""
    return " ".join(name.split("_"))


@dataclass(frozen=True, slots=True)
class ExactNumber:
    """A rational number and the text it was written as (``0.10``, ``1/3``, ``5e-4``)."""

    value: Fraction
    text: str = field(default="", compare=False)


Entry = ExactNumber | str  # a string is the name of a parameter or setting
Row = tuple[Entry, ...]
Matrix = tuple[Row, ...]
Place = tuple[int, str, int]  # layer from 1, "w" or "b", row-major place
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
    bias_input: ExactNumber = ExactNumber(Fraction(1), "1")  # what the bias is multiplied by: -1 makes it a threshold


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
    settings: Mapping[str, Entry] = field(default_factory=dict, hash=False)  # at_kink, where it was written


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

    Weights and biases are lists or arrays of numbers, exact fractions, or strings ("1/3", or a parameter's name).
    A float is read as its shortest decimal: 0.1 is 1/10. The network checks it and holds it as a :class:`Layer`.
    """

    units: int
    activation: str | Mapping[str, Any] | Choice = "identity"
    weights: Any = None
    bias: Any = None
    trainable: bool | Mapping[str, bool] = True
    bias_input: Any = 1


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Network:
    """A checked description. It is never changed: ``with_values`` and ``with_numbers`` return another one.

    A program has ``program`` (then ``layers`` is empty and ``loss`` is None), its result's name in ``result`` and its
    inputs in ``program_inputs``, whose rows are None where no values are given. Two networks are equal if they mean the
    same, however their numbers are spelled.

    >>> network = Network(inputs=[0.05, 0.1], targets=[1], loss="squared_error",
    ...                   layers=[Dense(1, "sigmoid", weights=[["1/3", "w_a"]], bias=0.5)])
    >>> network.layers[0].weights
    ((ExactNumber(value=Fraction(1, 3), text='1/3'), 'w_a'),)
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
    parameters: Mapping[str, Parameter] = field(
        hash=False
    )  # those of [parameters]; a name may be used without standing there
    program: tuple[ProgramEquation, ...]
    program_inputs: Mapping[str, Row | None] = field(hash=False)
    result: str
    over_observations: str  # the loss's, or the program's
    title: str
    notation: Mapping[str, Any] = field(hash=False)  # always a table: {"preset": "indexed"} at least
    document: Mapping[str, Any] = field(hash=False)
    table: Table = field(compare=False)  # the description as written; read it, never change it
    named_entries: Mapping[str, tuple[Place, ...]] = field(compare=False)  # where names stand among weights and biases
    source: str = field(compare=False)  # what errors call the description: its file; empty if it was built in Python

    def __init__(
        self,
        *,
        layers: Sequence[Dense | Layer | Mapping[str, Any]] = (),
        inputs: Any = None,
        targets: Any = None,
        classes: Sequence[int] | None = None,
        loss: str | Mapping[str, Any] | Loss | None = None,
        penalty: Mapping[str, Any] | Penalty | None = None,
        update: Mapping[str, Any] | Update | None = None,
        parameters: Mapping[str, Any] | None = None,
        equations: Sequence[tuple[str, str] | ProgramEquation] = (),
        over_observations: str | None = None,
        input_names: Sequence[str] | None = None,
        observations: int | str | None = None,
        weights_order: str | None = None,
        initial: Mapping[str, Any] | None = None,
        notation: str | Mapping[str, Any] | None = None,
        document: Mapping[str, Any] | None = None,
        title: str = "",
    ) -> None:
        """Checks what a description's tables would say; ``inputs`` and ``targets`` are a row per observation, or one.

        For a program, ``equations`` are pairs of a name and a formula, ``loss`` names the result and ``inputs`` maps
        names to values.
        """
        from symbackprop.description.building import table_from  # the checks load pydantic: only when a network is made

        arguments = {name: value for name, value in locals().items() if name not in ("self", "table_from")}
        self._fill(table_from(arguments), source="")

    @classmethod
    def read(cls, path: str | PathLike[str]) -> Self:
        """The network of a description file. Raises DescriptionError with the file and the place."""
        from symbackprop.description.source import file_text

        return cls.parse(file_text(path), source=fspath(path))

    @classmethod
    def parse(cls, text: str, *, source: str = "description") -> Self:
        """The network of a description's text; ``source`` is what errors call it."""
        from symbackprop.description.source import table_of

        return cls._of(table_of(text, name=source), source=source)

    @classmethod
    def from_torch(cls, module: Any, *, loss: Any, inputs: Any = None, targets: Any = None, **tables: Any) -> Self:
        """The description of a torch module of Linear layers and activations, with its numbers exactly.

        ``loss`` is torch's (``torch.nn.CrossEntropyLoss()``: its softmax becomes the last layer's) or a description's.
        ``inputs`` and ``targets`` may be tensors; ``tables`` are further arguments of ``Network``: penalty, update,
        notation. A float32 weight is its binary value, not its shortest decimal. Raises InputError that names what has
        no equal here, and where it stands.
        """
        from symbackprop.adapters.torch_networks import description_of

        return cls(**description_of(module, loss=loss, inputs=inputs, targets=targets), **tables)

    def to_toml(self) -> str:
        """The description as a file's text, with every number and text as it was written.

        Comments and the order of keys are not kept; integers in other spellings (``0x10``, ``1_000``) and the digit
        groups of floats come back plain.
        """
        from symbackprop.description.writing import toml

        return toml(self.table)

    def with_values(self, values: Mapping[str, Any]) -> Self:
        """The network with other settings, by path: ``{"document.decimals": 5, "layers[1].activation": "tanh"}``.

        A text is read as it would stand in a file, with or without its quotes; None takes a key out.
        """
        from symbackprop.description.replacing import with_settings

        return self._of(with_settings(self.table, values))._called(self.source)

    def with_numbers(self, numbers: Mapping[tuple[str, int | None, tuple[Any, ...]], Any]) -> Self:
        """The network with other numbers, by ``(kind, layer, indices)``.

        Kinds: ``x`` and ``t`` (indices: observation and unit, or unit alone where there is one observation), ``w``
        (layer from 1; to, from), ``b`` (unit; none of a shared bias), ``lr``, ``parameter`` (its name), ``x`` of a
        program (its name and observation). Where a parameter's name stands, that parameter changes wherever it stands.
        Drawn weights of a layer that changes are written out.
        """
        from symbackprop.description.replacing import with_numbers

        return self._of(with_numbers(self, numbers))._called(self.source)

    def with_observations(self, count: int | str, *, updated: bool = True) -> Self:
        """The network for another number of observations, whose inputs and targets have no values yet.

        For evaluating the same laws at other data; ``table`` stays as it was written. Not ``updated``: without its
        update rule, whose equations take as long to derive as all others.
        """
        network = type(self).__new__(type(self))
        for each in fields(self):
            object.__setattr__(network, each.name, getattr(self, each.name))
        blank = {"inputs": None, "targets": None, "program_inputs": dict.fromkeys(self.program_inputs)}
        for name, value in {**blank, "observations": count, **({} if updated else {"update": None})}.items():
            object.__setattr__(network, name, value)
        return network

    def _repr_svg_(self) -> str:
        """The network's diagram, as notebooks show it."""
        from symbackprop.derivation import derive
        from symbackprop.diagram import svg

        return svg(derive(self))

    def __repr__(self) -> str:
        sizes = "-".join(str(size) for size in (self.inputs_count, *(layer.units for layer in self.layers)))
        what = f"{len(self.program)} equations for {self.result}" if self.program else sizes
        return f"<Network {self.title + ': ' if self.title else ''}{what}>"

    @classmethod
    def _of(cls, table: Table, *, source: str = "") -> Self:
        network = cls.__new__(cls)
        network._fill(table, source=source)
        return network

    def _fill(self, table: Table, *, source: str) -> None:
        from symbackprop.description import fields_of

        for name, value in fields_of(table, source=source).items():
            object.__setattr__(self, name, value)
        object.__setattr__(self, "named_entries", _named_entries(self.layers))
        object.__setattr__(self, "source", source)

    def _called(self, source: str) -> Self:
        object.__setattr__(self, "source", source)
        return self


def _named_entries(layers: Sequence[Layer]) -> dict[str, tuple[Place, ...]]:
    found: dict[str, tuple[Place, ...]] = {}
    for number, layer in enumerate(layers, 1):
        weights = (entry for row in layer.weights or () for entry in row)
        for kind, entries in (("w", weights), ("b", layer.bias or ())):
            for place, entry in enumerate(entries):
                if isinstance(entry, str):
                    found[entry] = (*found.get(entry, ()), (number, kind, place))
    return found
