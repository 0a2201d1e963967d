"""Seeded random networks over the whole catalogue; new entries of its tables enter by themselves. Derives nothing.

`drawn(number)` is always the same model. What a property needs often is dealt from a shuffled deck and not drawn, so
that every entry comes up once in each round: see `features` for what is counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from random import Random
from typing import TypeVar

import numpy as np

from symbackprop.catalogue.activations import ACTIVATIONS
from symbackprop.catalogue.losses import LOSSES
from symbackprop.catalogue.penalties import PENALTIES
from symbackprop.catalogue.updates import UPDATES
from tests.models import Entry, LayerModel, LossModel, Model, PenaltyModel, Pick
from tests.reference import ACTIVATION_FORMULAS, LOSS_FORMULAS, Reference

KINK_MARGIN = 1e-9  # nearer to a kink than this, a network is drawn again
PLAIN_NET = 20.0  # up to here the plain formulas of ``reference.py`` keep their digits
LOG_NET = 8.0  # the same for the nets of a layer whose outs a logarithm takes
FORMULA = "formula"
TIES = ("none", "inside a layer", "across layers", "weight and bias", "frozen by name", "named", "a whole layer")
BIAS_FORMS = ("none", "unit", "shared", "first", "last")
REDUCTIONS = ("sum", "mean")
OBSERVATIONS = (1, 2, 3, 4)
HIDDEN_LAYERS = (0, 1, 2, 3)

# What a loss takes the logarithm of has to be positive; a loss that is not listed takes any out.
POSITIVE = ("softmax", "sigmoid", "softplus")
OUTPUTS_FOR = {"cross_entropy": POSITIVE, "binary_cross_entropy": ("sigmoid", "softmax")}
# Pairs whose delta is known from net at once: the only ones with a logarithm that may saturate.
FUSED = (("softmax", "cross_entropy"), ("sigmoid", "binary_cross_entropy"))

Option = TypeVar("Option")


def dealt(number: int, what: str, options: Sequence[Option]) -> Option:
    """The option of that number: every round of as many numbers as there are options has each once, shuffled."""
    deck = list(options)
    Random(f"{what}:{number // len(deck)}").shuffle(deck)
    return deck[number % len(deck)]


def drawn(number: int) -> Model:
    """The model of that number: no argument of a function with a kink is nearer than 1e-9 to it."""
    for attempt in range(200):
        random = Random(f"network:{number}:{attempt}")
        model = _drawn(number, random)
        reference = Reference(model)
        with np.errstate(all="ignore"):  # a model whose plain formulas overflow is drawn again
            usable = reference.kink_distance() > KINK_MARGIN and _within_range(number, model, reference)
        if usable:
            return model
    raise AssertionError(f"no model of number {number} in 200 attempts")


def features(model: Model) -> set[str]:
    """What the model counts for, in words."""
    found = {f"activation: {layer.activation.label}" for layer in model.layers}
    found |= {f"hidden: {layer.activation.label}" for layer in model.layers[:-1]}
    found |= {f"bias: {layer.bias_form}" for layer in model.layers}
    found |= {f"loss: {model.loss.pick.label}", f"over outputs: {model.loss.over_outputs}"}
    found |= {f"over observations: {model.loss.over_observations}", f"observations: {len(model.inputs)}"}
    found |= {f"hidden layers: {len(model.layers) - 1}", f"tie: {_tie(model)}"}
    found |= {f"penalty: {model.penalty.kind if model.penalty else 'none'}"}
    found |= {f"update: {model.update.name if model.update else 'none'}"}
    return found


def wanted_features() -> list[str]:
    """Everything that a run has to have generated often enough."""
    return [
        *(f"activation: {name}" for name in (*ACTIVATIONS, FORMULA)),
        *(f"hidden: {name}" for name in (*ACTIVATIONS, FORMULA)),
        *(f"loss: {name}" for name in (*LOSSES, FORMULA)),
        *(f"penalty: {name}" for name in (*PENALTIES, "none")),
        *(f"update: {name}" for name in (*UPDATES, "none")),
        *(f"tie: {name}" for name in TIES),
        *(f"bias: {form}" for form in BIAS_FORMS),
        *(f"over {axis}: {name}" for axis in ("outputs", "observations") for name in REDUCTIONS),
        *(f"observations: {count}" for count in OBSERVATIONS),
        *(f"hidden layers: {count}" for count in HIDDEN_LAYERS),
    ]


def saturates(number: int) -> bool:
    """Whether the model's first layer has weights ten times as large."""
    return number % 8 == 5


def _within_range(number: int, model: Model, reference: Reference) -> bool:
    """Far nets only where they are meant; outs that a logarithm takes away from 0 and 1 unless the pair is fused."""
    *_, (pick, output_nets, _) = reference.forward(reference.values)
    largest = float(abs(output_nets).max())
    fused = (pick.name, model.loss.pick.name) in FUSED and saturates(number)
    if model.loss.pick.name in OUTPUTS_FOR and not fused and largest > LOG_NET:
        return False
    return reference.largest_net() <= (200.0 if saturates(number) else PLAIN_NET)


def _drawn(number: int, random: Random) -> Model:
    tie = dealt(number, "tie", TIES)
    loss = _loss(number, random)
    hidden = dealt(number, "hidden layers", HIDDEN_LAYERS)
    if tie == "across layers":
        hidden = max(hidden, 1)
    sizes = [random.randint(1, 4) for _ in range(hidden + 2)]
    if tie == "inside a layer" or loss.pick.name == "binary_cross_entropy":
        sizes[-1] = max(sizes[-1], 2)
    layers = [
        _layer(number, place, sizes[place : place + 2], random, loss if place == hidden else None, tie)
        for place in range(hidden + 1)
    ]
    observations = dealt(number, "observations", OBSERVATIONS)
    model = Model(
        inputs=tuple(tuple(_number(random) for _ in range(sizes[0])) for _ in range(observations)),
        targets=tuple(_targets(loss.pick.name, sizes[-1], random) for _ in range(observations)),
        layers=tuple(layers),
        loss=loss,
        penalty=_penalty(number, random),
        update=_update(number, random),
        rate=_rate(layers[-1].activation.name, loss.pick.name, random),
        weights_order=random.choice(["to_from", "to_from", "from_to"]),
    )
    return _tied(model, tie, random)


def _rate(activation: str, loss: str, random: Random) -> Fraction:
    """A step is small where the outs after it must keep away from 0 and 1."""
    if loss in OUTPUTS_FOR and (activation, loss) not in FUSED:
        return Fraction(1, 100)
    return random.choice([Fraction(1, 2), Fraction(1, 100), Fraction(3)])


def _layer(
    number: int, place: int, sizes: Sequence[int], random: Random, loss: LossModel | None, tie: str
) -> LayerModel:
    before, units = sizes
    scale = 10 if saturates(number) and place == 0 else 1
    weights = tuple(tuple(scale * _number(random) for _ in range(before)) for _ in range(units))
    form = dealt(number + 3 * place, "bias", BIAS_FORMS)
    if tie == "weight and bias" and loss is not None:
        form = "unit"
    count = {"none": 0, "shared": 1}.get(form, units)
    frozen = tie in ("none", "named", "frozen by name") and random.random() < 0.2
    return LayerModel(
        _activation(number, place, random, loss),
        weights,
        tuple(_number(random) for _ in range(count)),
        form,
        trains_weights=not (frozen and random.random() < 0.5),
        trains_bias=not frozen,
    )


def _activation(number: int, place: int, random: Random, loss: LossModel | None) -> Pick:
    if loss is not None and loss.pick.name in OUTPUTS_FOR:
        name = dealt(number // (len(LOSSES) + 1), f"output of {loss.pick.name}", OUTPUTS_FOR[loss.pick.name])
    else:
        name = dealt(4 * number + place, "activation", (*ACTIVATIONS, FORMULA))
    if name == FORMULA:
        return Pick(formula=random.choice(list(ACTIVATION_FORMULAS)))
    entry = ACTIVATIONS[name]
    return Pick(name, _settings(entry.settings, kinked=entry.kinked, random=random))


def _loss(number: int, random: Random) -> LossModel:
    name = dealt(number, "loss", (*LOSSES, FORMULA))
    factor = random.choice([None, None, Fraction(1), Fraction(1, 2), Fraction(3, 10)])
    over_outputs, over_observations = random.choice(REDUCTIONS), random.choice(REDUCTIONS)
    if name == FORMULA:
        return LossModel(Pick(formula=random.choice(list(LOSS_FORMULAS))), factor, over_outputs, over_observations)
    entry = LOSSES[name]
    if over_outputs not in entry.over_outputs:
        over_outputs = entry.over_outputs[0]
    settings = _settings(entry.settings, kinked=entry.kinked, random=random)
    return LossModel(Pick(name, settings), factor, over_outputs, over_observations)


def _settings(defaults: dict[str, Fraction], *, kinked: bool, random: Random) -> dict[str, Fraction | str]:
    """Some of the settings, the others left at their defaults."""
    found: dict[str, Fraction | str] = {
        key: Fraction(random.randint(5, 95), 100) for key in defaults if random.random() < 0.5
    }
    if kinked and random.random() < 0.5:
        found["at_kink"] = random.choice([Fraction(0), Fraction(1), Fraction(1, 2), "error"])
    return found


def _penalty(number: int, random: Random) -> PenaltyModel | None:
    kind = dealt(number, "penalty", (*PENALTIES, "none", "none"))
    if kind == "none":
        return None
    factor = random.choice([None, Fraction(1), Fraction(1, 2)])
    return PenaltyModel(
        kind,
        Fraction(random.randint(1, 50), 100),
        factor,
        random.random() < 0.5,
        random.choice(REDUCTIONS),
        _settings({}, kinked=PENALTIES[kind].kinked, random=random),
    )


def _update(number: int, random: Random) -> Pick | None:
    rule = dealt(number, "update", (*UPDATES, "none"))
    if rule == "none":
        return None
    settings = _settings(UPDATES[rule].settings, kinked=False, random=random)
    places = UPDATES[rule].epsilon_places
    if places:
        settings["epsilon_place"] = random.choice(places)
    return Pick(rule, settings)


def _number(random: Random) -> Fraction:
    """Mostly two decimals up to 1.5; sometimes 0, 1 or a third."""
    if random.random() < 0.1:
        return random.choice([Fraction(0), Fraction(1), Fraction(-1, 3), Fraction(2, 3)])
    return Fraction(random.randint(-150, 150), 100)


def _targets(loss: str, count: int, random: Random) -> tuple[Fraction, ...]:
    if loss == "binary_cross_entropy":
        return tuple(
            random.choice([Fraction(0), Fraction(1), Fraction(random.randint(1, 9), 10)]) for _ in range(count)
        )
    if loss == "cross_entropy":
        match random.choice(["one-hot", "one-hot", "shares", "any"]):
            case "one-hot":
                chosen = random.randrange(count)
                return tuple(Fraction(int(place == chosen)) for place in range(count))
            case "shares":
                parts = [random.randint(1, 9) for _ in range(count)]
                return tuple(Fraction(part, sum(parts)) for part in parts)
            case _:
                return tuple(Fraction(random.randint(1, 15), 10) for _ in range(count))
    return tuple(_number(random) for _ in range(count))


def _tied(model: Model, tie: str, random: Random) -> Model:
    """The model with some of its parameters given by name, as the tie's pattern says."""
    places = [name for _, _, name in model.uses()]
    weights, biases = [each for each in places if each[0] == "w"], [each for each in places if each[0] == "b"]
    of_layer = {n: [each for each in weights if each.startswith(f"w[{n}]")] for n in range(1, len(model.layers) + 1)}
    wide = [each for each in of_layer.values() if len(each) > 1]
    match tie:
        case "none":
            return model
        case "inside a layer":
            chosen = random.sample(random.choice(wide), 2)
        case "across layers":
            two = sorted(random.sample(sorted(of_layer), 2))
            chosen = [random.choice(of_layer[number]) for number in two]
        case "weight and bias":
            chosen = [random.choice(weights), random.choice(biases)]
        case "a whole layer":
            chosen = random.choice(list(of_layer.values()))
        case _:
            chosen = [random.choice(places)]
    values = {name: entry for _, entry, name in model.uses()}
    value = values[chosen[0]]
    assert isinstance(value, Fraction)
    named = _renamed(model, dict.fromkeys(chosen, "p_a"))
    parameters = {"p_a": (value, tie != "frozen by name")}
    others = [each for each in places if each not in chosen]
    if tie in ("inside a layer", "across layers") and len(others) > 2 and random.random() < 0.3:
        second = random.sample(others, 2)
        other = values[second[0]]
        assert isinstance(other, Fraction)
        named = _renamed(named, dict.fromkeys(second, "p_b"))
        parameters["p_b"] = (other, random.random() < 0.7)
    return replace(named, parameters=parameters)


def _renamed(model: Model, names: dict[str, str]) -> Model:
    layers = []
    for number, layer in enumerate(model.layers, 1):
        weights: tuple[tuple[Entry, ...], ...] = tuple(
            tuple(names.get(f"w[{number}][{j}][{k}]", entry) for k, entry in enumerate(row))
            for j, row in enumerate(layer.weights)
        )
        bias: tuple[Entry, ...] = tuple(names.get(f"b[{number}][{j}]", entry) for j, entry in enumerate(layer.bias))
        layers.append(replace(layer, weights=weights, bias=bias))
    return replace(model, layers=tuple(layers))


def _tie(model: Model) -> str:
    """Which pattern the places of the first named parameter make."""
    if not model.parameters:
        return "none"
    places = [name for key, _, name in model.uses() if key == "p_a"]
    if not model.parameters["p_a"][1]:
        return "frozen by name"
    if {place[0] for place in places} == {"w", "b"}:
        return "weight and bias"
    layers = {place[: place.index("]")] for place in places}
    if len(layers) > 1:
        return "across layers"
    layer = model.layers[int(places[0][2 : places[0].index("]")]) - 1]
    if len(places) == sum(map(len, layer.weights)):
        return "a whole layer"
    return "named" if len(places) == 1 else "inside a layer"
