"""What a notation has to know of a network: widths, biases, names that the user gave. Never names a quantity."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from symbackprop.catalogue.activations import is_identity
from symbackprop.quantities import Array, Axis, Role

if TYPE_CHECKING:
    from symbackprop.network import Network

Indices = tuple[int | str, ...]
Place = tuple[Role, int | None, Indices]

OF_LAYERS = frozenset({Role.WEIGHT, Role.BIAS, Role.NET, Role.OUT, Role.WEIGHTED_SUM, Role.DELTA})


@dataclass(frozen=True, slots=True)
class Outline:
    """The outline of a network. ``widths`` begins with the inputs'; ``biases`` has each layer's form.

    ``own`` has the user's name for single weights and biases, by role, layer and indices, with the number of the
    use from 1; ``settings`` those of settings, by label. ``linear`` are the layers whose outs are their nets.
    """

    widths: tuple[int, ...]
    biases: tuple[str, ...] = ()
    several: bool = False
    inputs: tuple[str, ...] = ()
    own: Mapping[Place, tuple[str, int]] = field(default_factory=dict, hash=False)
    settings: tuple[tuple[str, str], ...] = ()
    optional: frozenset[Role] = frozenset()
    labels: tuple[str, ...] = ()
    program: bool = False
    linear: frozenset[int] = frozenset()

    @property
    def last(self) -> int:
        """The number of the output layer."""
        return len(self.widths) - 1

    @property
    def size(self) -> int:
        """About how many quantities there are."""
        return sum(self.widths) * 5 + sum(a * b for a, b in zip(self.widths, self.widths[1:], strict=False))


def arrays_of(outline: Outline) -> Iterator[Array]:
    """The arrays of a network of this outline that have names of their own, without observation axes."""
    if outline.program:
        for label in outline.labels:
            yield Array(Role.VARIABLE, label=label)
        yield from (Array(role) for role in sorted(outline.optional))
        return
    units = [Axis("unit", width, layer) for layer, width in enumerate(outline.widths)]
    yield Array(Role.INPUT, (units[0],), 0)
    yield Array(Role.TARGET, (units[-1],), outline.last)
    for layer, kind in enumerate(outline.biases, 1):
        yield Array(Role.WEIGHT, (units[layer], units[layer - 1]), layer)
        if kind != "none":
            yield Array(Role.BIAS, () if kind == "shared" else (units[layer],), layer)
        for role in (Role.WEIGHTED_SUM, Role.NET, Role.OUT, Role.DELTA):
            yield Array(role, (units[layer],), layer)
    yield Array(Role.PART, (units[-1],), outline.last)
    yield Array(Role.LOSS)
    yield from (Array(role) for role in sorted(outline.optional))
    yield from (Array(Role.SETTING, label=label) for label, _ in outline.settings if label != "rate")


def outline_of(network: Network) -> Outline:
    """The outline of a network or program."""
    several = network.observations != 1
    if network.program:
        labels = (*network.program_inputs, *network.parameters, *(each.name for each in network.program))
        optional = {Role.LOSS: several, Role.RATE: network.update is not None}
        there = frozenset(role for role, present in optional.items() if present)
        return Outline(
            (), several=several, settings=_update_names(network), optional=there, labels=labels, program=True
        )
    return Outline(
        (network.inputs_count, *(layer.units for layer in network.layers)),
        tuple(layer.bias_form for layer in network.layers),
        several,
        network.input_names,
        _own_names(network) if network.named_entries else {},
        (*_update_names(network), *_setting_names(network)),
        frozenset(
            role
            for role, present in ((Role.PENALTY, network.penalty), (Role.RATE, network.update))
            if present is not None
        ),
        linear=frozenset(number for number, layer in enumerate(network.layers, 1) if is_identity(layer.activation)),
    )


def _own_names(network: Network) -> dict[Place, tuple[str, int]]:
    own: dict[Place, tuple[str, int]] = {}
    uses: dict[str, int] = {}

    def use(role: Role, layer: int, indices: Indices, entry: object) -> None:
        if isinstance(entry, str):
            uses[entry] = uses.get(entry, 0) + 1
            own[role, layer, indices] = (entry, uses[entry])

    for number, layer in enumerate(network.layers, 1):
        for to, row in enumerate(layer.weights or ()):
            for source, entry in enumerate(row):
                use(Role.WEIGHT, number, (to, source), entry)
        for unit, entry in enumerate(layer.bias or ()):
            use(Role.BIAS, number, () if layer.bias_form == "shared" else (unit,), entry)
    return own


def _update_names(network: Network) -> tuple[tuple[str, str], ...]:
    if network.update is None:
        return ()
    written = {"rate": network.update.learning_rate, **network.update.settings}
    return tuple((label, text) for label, text in written.items() if isinstance(text, str) and label != "epsilon_place")


def _setting_names(network: Network) -> tuple[tuple[str, str], ...]:
    written: dict[str, object] = {"factor": network.loss.factor if network.loss else None}
    if network.penalty is not None:
        written |= {"strength": network.penalty.strength, "penalty factor": network.penalty.factor}
    return tuple((label, text) for label, text in written.items() if isinstance(text, str))
