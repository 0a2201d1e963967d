"""A description that is written back and read again is the same, with the text of every number."""

from dataclasses import fields, is_dataclass
from fractions import Fraction

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from symbackprop.description.template import example, example_names
from symbackprop.network import Dense, ExactNumber, Network


def texts(value: object) -> list[str]:
    """The texts of all numbers, in order."""
    if isinstance(value, ExactNumber):
        return [value.text]
    if is_dataclass(value) and not isinstance(value, type):
        return [text for each in fields(value) if each.name != "table" for text in texts(getattr(value, each.name))]
    if isinstance(value, dict):
        return [text for item in value.values() for text in texts(item)]
    return [text for item in value for text in texts(item)] if isinstance(value, tuple) else []


def assert_round_trip(network: Network) -> None:
    text = network.to_toml()
    back = Network.parse(text)
    assert back == network
    assert texts(back) == texts(network)
    assert back.to_toml() == text


@pytest.mark.parametrize("name", example_names())
def test_an_example_comes_back(name):
    assert_round_trip(Network.parse(example(name)))


def test_everything_at_once_comes_back_as_it_was_written():
    text = r"""format = 1
title = 'a "title" with \beta'
weights_order = "from_to"

[inputs]
names = ['\alpha', "x'", "β"]
values = [[0.10, 1e-3, "1/3"], ["a", "0.50", -0.0]]

[targets]
classes = [1, 0]

[[layers]]
kind = "dense"
units = 2
activation = { name = "leaky_relu", slope = "1/100", at_kink = 0 }
weights = [[1.0, 2], [3, "a"], [5, 6], [7, 8]]
bias = "last"
trainable = { weights = true, bias = false }

[[layers]]
units = 2
activation = "softmax"
bias = "unit"

[initial]
seed = 18446744073709551615
scheme = "he_uniform"
limit = 0.5
decimals = 3

[loss]
name = "cross_entropy"
factor = "c"
over_observations = "sum"

[penalty]
kind = "l1"
strength = 0.10
at_kink = "1/2"
biases = true

[update]
rule = "rmsprop"
learning_rate = 1e-3
decay = 0.90
epsilon_place = "inside"

[parameters]
a = { value = 0.30, trainable = false }
c = 2

[notation]
preset = "kadakia"
weight = '\omega_{number}'
first_index = 0
flat_parameters = false

[document]
decimals = 5
rounding = "cut"
decimal_mark = ","
"""
    assert Network.parse(text).to_toml() == text


def test_integers_and_digit_groups_come_back_plain():
    text = "[inputs]\nvalues = [[0x10, 1_000, 1_0.5, +3]]\n"
    text += '[[layers]]\nunits = 1\nactivation = "tanh"\n[loss]\nname = "huber"\n'
    assert "values = [[16, 1000, 10.5, 3]]" in Network.parse(text).to_toml()


def test_numbers_of_python_are_written_as_toml_takes_them():
    weights = [[1e-05, 1e22, Fraction(1, 3), "2/6", Fraction(4, 2)]]
    network = Network(inputs=[1] * 5, layers=[Dense(1, "tanh", weights)], loss="huber")
    assert 'weights = [[1e-05, 1e+22, "1/3", "2/6", 2]]' in network.to_toml()
    assert_round_trip(network)


SIGNS = st.characters(exclude_categories=("Cc", "Cs"))
SCRIPT = r"([a-z0-9]|\{[a-z0-9,()*']{1,4}\})"
NAMES = st.from_regex(rf"(\\(alpha|beta)|[a-zA-Z]{{1,3}}|[αβθ])(_{SCRIPT})?(\^{SCRIPT})?", fullmatch=True).filter(
    lambda name: name not in ("lr", "loss", "penalty", "first", "last", "unit", "shared", "nan", "inf", "infinity")
)
DECIMALS = st.from_regex(r"[+-]?(0|[1-9][0-9]{0,20})\.[0-9]{1,20}(e[+-]?[0-9]{1,2})?", fullmatch=True)
NUMBERS = st.one_of(
    st.integers(-(10**30), 10**30),
    st.floats(allow_nan=False, allow_infinity=False),
    st.fractions(),
    DECIMALS,
    st.from_regex(r"-?[0-9]{1,9}/[1-9][0-9]{0,9}", fullmatch=True),
    DECIMALS.map(lambda text: ExactNumber(Fraction(text), text)),
)


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """Networks of every kind that a description can tell."""
    names = draw(st.lists(NAMES, max_size=3, unique=True))
    entries = st.one_of(NUMBERS, st.sampled_from(names)) if names else NUMBERS
    order = draw(st.sampled_from(["to_from", "from_to"]))
    before = inputs = draw(st.integers(1, 3))
    layers = []
    for _ in range(draw(st.integers(1, 3))):
        units = draw(st.integers(1, 3))
        form = draw(st.sampled_from(["none", "list", "number", "first", "last", "unit"]))
        rows, columns = units, before + (form in ("first", "last"))
        rows, columns = (columns, rows) if order == "from_to" else (rows, columns)
        matrix = st.lists(st.lists(entries, min_size=columns, max_size=columns), min_size=rows, max_size=rows)
        bias = {
            "none": None,
            "list": draw(st.lists(entries, min_size=units, max_size=units)),
            "number": draw(NUMBERS),
        }.get(form, form)
        slope = draw(NUMBERS)
        activation = draw(
            st.sampled_from(["tanh", {"name": "leaky_relu", "slope": slope}, {"formula": "x/(1 + abs(x))"}])
        )
        trainable = draw(st.sampled_from([True, False, {"weights": False}, {"bias": False}]))
        weights = draw(matrix) if draw(st.booleans()) else None
        layers.append(Dense(units, activation, weights, bias, trainable=trainable))
        before = units
    observations = draw(st.integers(1, 3))
    used = {entry for each in layers for row in (each.weights or []) for entry in row if entry in names}
    used |= {entry for each in layers if isinstance(each.bias, list) for entry in each.bias if entry in names}
    settings_of = {"title": draw(st.text(SIGNS, max_size=20)), "weights_order": order, "layers": layers}
    parameter = st.one_of(NUMBERS, st.fixed_dictionaries({"value": NUMBERS, "trainable": st.booleans()}), st.just({}))
    numbers = st.lists(
        st.lists(NUMBERS, min_size=inputs, max_size=inputs), min_size=observations, max_size=observations
    )
    return Network(
        inputs=draw(numbers),
        loss=draw(st.sampled_from(["squared_error", {"name": "huber", "delta": 2}, {"formula": "(out - target)^2"}])),
        penalty=draw(st.sampled_from([None, {"kind": "l2", "strength": "1/10", "biases": True}])),
        update=draw(st.sampled_from([None, {"rule": "adam", "learning_rate": 0.001, "beta1": 0.5}])),
        initial=draw(st.sampled_from([None, {"seed": 5, "scheme": "uniform", "limit": 0.25}])),
        parameters={name: draw(parameter) for name in sorted(used)} or None,
        notation=draw(st.sampled_from([None, "russo", {"preset": "esuli", "first_index": 0}])),
        document=draw(st.sampled_from([None, {"decimals": 3, "rounding": "cut"}])),
        **settings_of,
    )


@settings(max_examples=60, deadline=None)
@given(networks())
def test_any_network_comes_back(network):
    assert_round_trip(network)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=3),
    st.text(SIGNS, max_size=20),
    st.one_of(NUMBERS, st.fixed_dictionaries({"value": NUMBERS, "trainable": st.booleans()}), st.just({})),
)
def test_any_program_comes_back(rows, title, parameter):
    network = Network(
        equations=[("q", "x + 2*y"), ("f", "q*w")],
        inputs={"x": [x for x, _ in rows], "y": [y for _, y in rows]},
        loss="f",
        parameters={"w": parameter},
        title=title,
    )
    assert_round_trip(network)
