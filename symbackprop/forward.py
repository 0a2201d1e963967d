"""A network's or program's arrays and forward equations. Of derivatives it states only a penalty's slope."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

from symbackprop.catalogue.activations import activation_map
from symbackprop.catalogue.entries import Plain, kink_rule
from symbackprop.catalogue.losses import Orders, loss_map
from symbackprop.catalogue.penalties import PENALTIES
from symbackprop.expressions import Number, Power, Reference, substituted
from symbackprop.formulas import parse
from symbackprop.network import Entry, ExactNumber, Layer, Loss, Network
from symbackprop.notation import Notation
from symbackprop.notation.styles import Conventions
from symbackprop.quantities import Array, Axis, Cell, Phase, Role, every_index
from symbackprop.system import Equation, Map, Partial, Reindex, SumOfProducts
from symbackprop.terms import Indicator, Term, cells_in

TWO = Number(Fraction(2))


@dataclass(frozen=True)
class Arrays:
    """The arrays of a network or program by what they are: the index into its System.

    ``parameters`` are what an update changes, in order: weights and biases, or the vectors that tied ones are taken
    from, or a program's parameters. ``frozen`` are those among them that keep their value.
    """

    inputs: tuple[Array, ...]
    targets: Array | None
    weights: tuple[Array, ...] = ()
    biases: tuple[Array | None, ...] = ()
    parameters: tuple[Array, ...] = ()
    frozen: frozenset[Array] = frozenset()
    vectors: tuple[Array, ...] = ()
    settings: tuple[Array, ...] = ()
    variables: tuple[Array, ...] = ()
    names: Mapping[str, tuple[Array, tuple[int, ...]]] = field(default_factory=dict)


@dataclass(frozen=True)
class Pass:
    """One forward pass: its arrays by layer, and its equations in order.

    Where a layer's activation is the identity and the author has one name for net and out, its net is its out.
    """

    nets: tuple[Array, ...]
    outs: tuple[Array, ...]
    part: Array | None
    penalty: Array | None
    loss: Array
    equations: tuple[Equation, ...]

    @property
    def activated(self) -> tuple[tuple[Array, Array], ...]:
        """Each layer's net and out, where they are two."""
        return tuple((net, out) for net, out in zip(self.nets, self.outs, strict=True) if net != out)


def observation_axis(network: Network) -> Axis:
    """The axis of the observations; without a size where their number is a symbol."""
    count = network.observations
    return Axis("observation", count if isinstance(count, int) else None)


def layer_arrays(network: Network) -> Arrays:
    """The givens of a network of layers; tied or singly frozen parameters are gathered in vectors."""
    observations = observation_axis(network)
    inputs = Array(Role.INPUT, (observations, Axis("unit", network.inputs_count, 0)), 0)
    targets = Array(
        Role.TARGET, (observations, Axis("unit", network.outputs_count, len(network.layers))), len(network.layers)
    )
    weights, biases, frozen, order = [], [], set(), []
    for number, layer in enumerate(network.layers, 1):
        here, before = Axis("unit", layer.units, number), Axis("unit", _fan_in(network, number), number - 1)
        weight = Array(Role.WEIGHT, (here, before), number)
        weights.append(weight)
        order.append(weight)
        if not layer.trainable_weights:
            frozen.add(weight)
        bias = _bias_array(layer, here, number)
        biases.append(bias)
        if bias is not None:
            order.append(bias)
            if not layer.trainable_bias:
                frozen.add(bias)
    return Arrays((inputs,), targets, tuple(weights), tuple(biases), tuple(order), frozenset(frozen))


def _fan_in(network: Network, number: int) -> int:
    return network.layers[number - 2].units if number > 1 else network.inputs_count


def _bias_array(layer: Layer, here: Axis, number: int) -> Array | None:
    if layer.bias_form == "none":
        return None
    return Array(Role.BIAS, () if layer.bias_form == "shared" else (here,), number)


def entries_of(network: Network, array: Array) -> list[Entry] | None:
    """What the description has at each place of a weight or bias array, row-major; None where it has nothing."""
    assert array.layer is not None
    layer = network.layers[array.layer - 1]
    if array.role is Role.WEIGHT:
        return None if layer.weights is None else [entry for row in layer.weights for entry in row]
    return None if layer.bias is None else list(layer.bias)


@dataclass(frozen=True)
class Ties:
    """How arrays are put together from the vectors of gathered parameters."""

    reindexed: Mapping[Array, Reindex]
    vectors: tuple[Array, ...]
    names: Mapping[str, tuple[Array, tuple[int, ...]]]
    weights_places: Mapping[Array, frozenset[tuple[int, ...]]]
    sources: Mapping[Array, tuple[tuple[Array, tuple[int, ...]], ...]]


def ties_of(network: Network, arrays: Arrays) -> Ties:
    """The re-indexings that tied names, and names frozen by themselves, ask for; none for an ordinary network."""
    by_place = {(array.layer, array.role.value): array for array in arrays.parameters}
    frozen_names = {name for name, parameter in network.parameters.items() if not parameter.trainable}
    concerned = {
        by_place[layer, kind]
        for name, places in network.named_entries.items()
        if len(places) > 1 or name in frozen_names
        for layer, kind, _ in places
    }
    if not concerned:
        return Ties({}, (), {}, {}, {})
    return _gathered(network, arrays, concerned, frozen_names)


def _gathered(network: Network, arrays: Arrays, concerned: set[Array], frozen_names: set[str]) -> Ties:
    # trained?: the first position of each parameter
    slots: dict[bool, list[tuple[Array, tuple[int, ...]]]] = {True: [], False: []}
    slot_of: dict[object, tuple[bool, int]] = {}
    tables: dict[Array, list[tuple[bool, int]]] = {}
    for array in (each for each in arrays.parameters if each in concerned):
        for indices, entry in zip(every_index(array), entries_of(network, array) or (), strict=False):
            key = entry if isinstance(entry, str) else (array, indices)
            if key not in slot_of:
                trained = array not in arrays.frozen and entry not in frozen_names
                slot_of[key] = (trained, len(slots[trained]))
                slots[trained].append((array, indices))
            tables.setdefault(array, []).append(slot_of[key])
    vectors = {
        trained: Array(
            Role.PARAMETER, (Axis("parameter", len(slots[trained])),), label="trained" if trained else "frozen"
        )
        for trained in (True, False)
        if slots[trained]
    }
    numbers = {trained: number for number, trained in enumerate(vectors)}
    reindexed = {
        array: Reindex(
            Cell(array, ("j", "k")[: len(array.axes)]),
            tuple(vectors.values()),
            tuple((numbers[trained], (index,)) for trained, index in table),
        )
        for array, table in tables.items()
    }
    is_weight = {slot for array, table in tables.items() if array.role is Role.WEIGHT for slot in table}
    return Ties(
        reindexed,
        tuple(vectors.values()),
        {key: (vectors[trained], (index,)) for key, (trained, index) in slot_of.items() if isinstance(key, str)},
        {vectors[trained]: frozenset((i,) for t, i in is_weight if t == trained) for trained in vectors},
        {vectors[trained]: tuple(slots[trained]) for trained in vectors},
    )


def layer_pass(network: Network, arrays: Arrays, ties: Ties, phase: Phase, notation: Notation) -> Pass:
    """The forward equations of a network of layers, with the parameters as they are or as updated (phase AFTER)."""
    now, conventions = phase is Phase.NOW, notation.conventions
    observations = arrays.inputs[0].axes[0]
    equations: list[Equation] = []
    nets, outs = [], []
    before = arrays.inputs[0]
    for number, layer in enumerate(network.layers, 1):
        axes = (observations, Axis("unit", layer.units, number))
        net, out = Array(Role.NET, axes, number, phase=phase), Array(Role.OUT, axes, number, phase=phase)
        weight, bias = arrays.weights[number - 1], arrays.biases[number - 1]
        if not now:
            weight = replace(weight, phase=Phase.NEW)
            bias = None if bias is None else replace(bias, phase=Phase.NEW)
        net_sum = net_terms(weight, bias, before, conventions, layer.bias_input.value)
        equations.append(SumOfProducts(Cell(net, ("n", "j")), net_sum))
        if number in notation.merged:
            out = net
        else:
            equations.append(activation_map(layer.activation, Cell(out, ("n", "j")), Cell(net, ("n", "j"))))
        nets.append(net)
        outs.append(out)
        before = out
    assert arrays.targets is not None, "a network of layers has targets"
    assert network.loss is not None, "a network of layers has a loss"
    part = Array(Role.PART, before.axes, before.layer, phase=phase)
    part_cell, out_cell, target_cell = (Cell(each, ("n", "j")) for each in (part, before, arrays.targets))
    equations.append(
        loss_map(
            network.loss.choice,
            part_cell,
            out_cell,
            target_cell,
            loss_scale(network.loss, part),
            orders=orders_of(conventions),
        )
    )
    penalty_equations, penalty = _penalty(network, arrays, ties, phase)
    loss = Array(Role.LOSS, phase=phase)
    terms = [Term(factors=(part_cell,))]
    if penalty is not None:
        terms.append(Term(factors=(Cell(penalty),)))
    equations += [*penalty_equations, SumOfProducts(Cell(loss), tuple(terms))]
    return Pass(tuple(nets), tuple(outs), part, penalty, loss, tuple(equations))


def net_terms(
    weight: Array, bias: Array | None, before: Array, conventions: Conventions, bias_input: Fraction
) -> tuple[Term, ...]:
    """The terms of a layer's net in the author's order of factors and place of the bias."""
    pair = (Cell(weight, ("j", "k")), Cell(before, ("n", "k")))
    weighted = Term(factors=pair if conventions.weight_first else pair[::-1])
    if bias is None:
        return (weighted,)
    offset = Term(bias_input, factors=(Cell(bias, ("j",) if bias.axes else ()),))
    return (offset, weighted) if conventions.bias_first else (weighted, offset)


def orders_of(conventions: Conventions) -> Orders:
    """In which orders an author writes the difference of out and target."""
    return Orders(conventions.target_first, conventions.slope_target_first)


def loss_scale(loss: Loss, part: Array) -> Term:
    """Factor and means in front of each output's part of the loss."""
    scale = _entry_term(loss.factor, "factor")
    observations, outputs = part.axes
    over = []
    if loss.over_observations == "mean":
        over.append(observations)
    if loss.over_outputs == "mean":
        over.append(outputs)
    return replace(scale, over=tuple(over))


def _entry_term(entry: Entry, label: str) -> Term:
    if isinstance(entry, ExactNumber):
        return Term(entry.value)
    return Term(factors=(Cell(Array(Role.SETTING, label=label)),))


def _penalty(network: Network, arrays: Arrays, ties: Ties, phase: Phase) -> tuple[list[Equation], Array | None]:
    """factor · strength · the sum of the entry's term over the parameters, each once; a square stays a product."""
    if network.penalty is None:
        return [], None
    entry = PENALTIES[network.penalty.kind]
    at_kink = kink_rule(Plain(entry.name, network.penalty.settings))
    strength = Cell(Array(Role.SETTING, label="strength"))
    scale = _entry_term(network.penalty.factor, "penalty factor").times(Term(factors=(strength,)))
    if network.penalty.over_observations == "mean":
        scale = replace(scale, over=(arrays.inputs[0].axes[0],))
    equations: list[Equation] = []
    terms: list[Term] = []
    for array, factors in _penalised(network, arrays, ties):
        current = array if phase is Phase.NOW else replace(array, phase=Phase.NEW)
        cell = Cell(current, _parameter_letters(array))
        body = entry.term(Reference(cell))
        if body == Power(Reference(cell), TWO):
            terms.append(scale.times(Term(factors=(*factors, cell, cell))))
            continue
        size = Cell(Array(Role.PENALTY, array.axes, array.layer, "size", phase, wrt=array), cell.indices)
        slope = Partial(cell, entry.slope(Reference(cell), at_kink))
        equations.append(Map(size, body, partials=(slope,), at_kink=at_kink))
        terms.append(scale.times(Term(factors=(*factors, size))))
    penalty = Array(Role.PENALTY, phase=phase)
    return [*equations, SumOfProducts(Cell(penalty), tuple(terms))], penalty


def _penalised(network: Network, arrays: Arrays, ties: Ties) -> list[tuple[Array, tuple[Indicator, ...]]]:
    assert network.penalty is not None
    chosen: list[tuple[Array, tuple[Indicator, ...]]] = []
    for array in arrays.parameters:
        if array in ties.weights_places:
            places = ties.weights_places[array]
            (extent,) = array.shape
            if network.penalty.biases or len(places) == extent:
                chosen.append((array, ()))
            elif places:
                chosen.append((array, (Indicator(("p",), places),)))
        elif array.role is Role.WEIGHT or network.penalty.biases:
            chosen.append((array, ()))
    return chosen


def _parameter_letters(array: Array) -> tuple[str, ...]:
    return ("p",) if array.role is Role.PARAMETER and array.axes else ("j", "k")[: len(array.axes)]


def program_arrays(network: Network) -> Arrays:
    """The givens of a program: inputs by name with a value per observation, and parameters without indices."""
    axes = _program_axes(network)
    inputs = tuple(Array(Role.INPUT, axes, label=name) for name in network.program_inputs)
    parameters = tuple(Array(Role.PARAMETER, label=name) for name in network.parameters)
    frozen = frozenset(each for each in parameters if not network.parameters[each.label].trainable)
    names = {name: (each, ()) for each in parameters for name in (each.label,)}
    return Arrays(inputs, None, parameters=parameters, frozen=frozen, names=names)


def _program_axes(network: Network) -> tuple[Axis, ...]:
    return () if network.observations == 1 else (observation_axis(network),)


def program_pass(network: Network, arrays: Arrays, phase: Phase) -> Pass:
    """A program's equations in order; with several observations its loss is their results' sum or mean.

    Of the others, those that do not depend on the observations have one value for all of them.
    """
    cells: dict[str, Cell] = {}
    for array in (*arrays.inputs, *arrays.parameters):
        current = replace(array, phase=Phase.NEW) if phase is Phase.AFTER and array in arrays.parameters else array
        cells[array.label] = Cell(current, ("n",) if array.axes else ())
    equations: list[Equation] = []
    for line in network.program:
        body = substituted(parse(line.formula, variables=tuple(cells)), lambda name: Reference(cells[str(name)]))
        axes = next((each.array.axes for each in cells_in(body) if each.array.axes), ())
        axes = _program_axes(network) if line.name == network.result else axes
        cell = Cell(Array(Role.VARIABLE, axes, label=line.name, phase=phase), ("n",) if axes else ())
        equations.append(Map(cell, body))
        cells[line.name] = cell
    result = cells[network.result]
    if not result.indices:
        return Pass((), (), None, None, result.array, tuple(equations))
    loss = Array(Role.LOSS, phase=phase)
    over = (observation_axis(network),) if network.over_observations == "mean" else ()
    equations.append(SumOfProducts(Cell(loss), (Term(Fraction(1), (result,), over),)))
    return Pass((), (), None, None, loss, tuple(equations))
