"""A network with other settings or other numbers: what is replaced is replaced, the rest stays."""

from fractions import Fraction

import pytest

from symbackprop.errors import DescriptionError
from symbackprop.network import Choice, Dense, ExactNumber, Network, Parameter
from tests.descriptions import values_of

TWO = """
notation = "indexed"
[inputs]
values = [[0.05, 0.10]]
[targets]
classes = [1]
[[layers]]
units = 2
activation = "tanh"
weights = [["a", 0.2, 0.3], [0.4, "a", 0.6]]
bias = "last"
[[layers]]
units = 2
activation = "softmax"
[initial]
seed = 1
scheme = "uniform"
[loss]
name = "cross_entropy"
[update]
rule = "gradient_descent"
learning_rate = 0.5
[parameters]
a = { value = 0.1, trainable = false }
[document]
digits = 6
"""


def test_settings_are_replaced_by_path():
    network = Network.parse(TWO)
    other = network.with_values(
        {
            "document.decimals": 5,
            "notation.preset": "russo",
            "update.learning_rate": "0.25",
            "loss.factor": "1/2",
            "layers[0].activation.name": "leaky_relu",
            "layers[0].activation.slope": 0.5,
            "layers.1.units": 2,
            "parameters.a": "0.7",
            "penalty": {"kind": "l2", "strength": 0.1},
            "title": "another",
        }
    )
    assert other.document == {"decimals": 5}
    assert other.notation == {"preset": "russo"}
    assert other.update.learning_rate.text == "0.25"
    assert other.loss.factor.text == "1/2"
    assert other.layers[0].activation == Choice("leaky_relu", {"slope": ExactNumber(Fraction(1, 2))})
    assert other.parameters["a"] == Parameter(ExactNumber(Fraction(7, 10)), trainable=False)
    assert other.penalty.strength.value == Fraction(1, 10)
    assert other.title == "another"
    assert network == Network.parse(TWO)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("document.decimal", 5, "document.decimal: unknown key; did you mean decimals?"),
        ("layers[5].units", 2, "layers[5].units: there is no such place; the list has 2 entries"),
        ("layers[0].activation", "tan", "layers[0].activation: unknown activation 'tan'; did you mean 'tanh'?"),
        ("loss.name.x.y", "tan", "loss.name is no table"),
        ("loss..factor", "1", "is no place in a description"),
        ("documents.form", "chain", "documents"),
        ("document.form", "chain\n[x]", "document.form: the text holds a control character"),
    ],
)
def test_a_setting_that_there_is_not_is_refused(path, value, message):
    with pytest.raises(DescriptionError) as caught:
        Network.parse(TWO).with_values({path: value})
    assert message in str(caught.value)


def test_none_takes_a_setting_out():
    other = Network.parse(TWO).with_values({"document": None, "update": None})
    assert (other.document, other.update) == ({}, None)


@pytest.mark.parametrize("values", [{"digits": 4, "decimals": None}, {"decimals": None, "digits": 4}])
def test_a_setting_put_in_stays_when_its_opposite_is_taken_out(values):
    other = Network.parse(TWO).with_values({f"document.{key}": value for key, value in values.items()})
    assert other.document == {"digits": 4}


def test_numbers_are_replaced_where_they_stand():
    network = Network.parse(TWO)
    other = network.with_numbers(
        {
            ("x", None, (0,)): 0.3,
            ("t", None, (0, 0)): Fraction(1, 3),
            ("w", 1, (0, 1)): "0.25",
            ("w", 1, (1, 1)): 9,
            ("b", 1, (1,)): 0.66,
            ("w", 2, (0, 0)): 0.125,
            ("lr", None, ()): 0.01,
        }
    )
    assert values_of(other.inputs) == [[Fraction(3, 10), Fraction(1, 10)]]
    assert values_of(other.targets) == [[Fraction(1, 3), 1]]
    assert values_of(other.layers[0].weights) == [["a", Fraction(1, 4)], [Fraction(2, 5), "a"]]
    assert values_of([other.layers[0].bias]) == [[Fraction(3, 10), Fraction(33, 50)]]
    assert other.parameters["a"] == Parameter(ExactNumber(Fraction(9)), trainable=False)
    assert other.layers[1].weights[0][0].value == Fraction(1, 8)
    assert other.layers[1].weights[0][1] == network.layers[1].weights[0][1]
    assert other.update.learning_rate.value == Fraction(1, 100)
    assert "[initial]" not in other.to_toml()  # all weights are written now
    assert Network.parse(other.to_toml()) == other
    assert network == Network.parse(TWO)


@pytest.mark.parametrize(
    ("kind", "at", "indices", "message"),
    [
        ("w", 3, (0, 0), "w[3]: the network has no such numbers"),
        ("w", 1, (0, 2), "w[1][0][2]: the network has no such number"),
        ("b", 2, (0,), "b[2]: the layer has no bias"),
        ("x", None, (0, 2), "x[2]@0: the network has no such number"),
        ("x", None, (0, -1), "x[-1]@0: the network has no such number"),
    ],
)
def test_a_number_that_there_is_not_is_refused(kind, at, indices, message):
    with pytest.raises(DescriptionError) as caught:
        Network.parse(TWO).with_numbers({(kind, at, indices): 1})
    assert message in str(caught.value)


def test_numbers_of_an_array_without_values_are_set_together():
    network = Network(input_names=["x", "y"], layers=[Dense(1, "tanh", bias="unit")], loss="huber")
    some = {("x", None, (0, 0)): 1}
    with pytest.raises(DescriptionError, match=r"x\[1\]@0: has no value"):
        network.with_numbers(some)
    assert values_of(network.with_numbers(some | {("x", None, (0, 1)): 2}).inputs) == [[1, 2]]
    assert values_of([network.with_numbers({("b", 1, (0,)): 2}).layers[0].bias]) == [[2]]


def test_numbers_of_a_program_are_replaced():
    network = Network(
        equations=[("f", "x*w")],
        inputs={"x": [1, 2]},
        loss="f",
        parameters={"w": 3},
        update={"rule": "momentum", "learning_rate": "eta"},
    )
    other = network.with_numbers({("x", None, ("x", 1)): 5, ("parameter", None, ("w",)): 4, ("lr", None, ()): 0.1})
    assert values_of(other.program_inputs.values()) == [[1, 5]]
    assert {name: each.value.value for name, each in other.parameters.items()} == {"w": 4, "eta": Fraction(1, 10)}
