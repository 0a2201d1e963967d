"""What a description says is what the network has: numbers exactly, arrays in one order, defaults as documented."""

import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest

from symbackprop.network import Choice, Dense, ExactNumber, Layer, Loss, Network, Parameter, Penalty, Update
from tests.descriptions import values_of
from tests.running import quick

SECONDS_FOR_784_128_10 = 2.0  # about one on the machine that this was written on

HEAD = "[inputs]\nvalues = [[1, 2]]\n"
LOSS = '[loss]\nname = "squared_error"\n'


def layer(body: str, *, head: str = HEAD, tail: str = LOSS, units: int = 2) -> Layer:
    text = f'{head}[[layers]]\nunits = {units}\nactivation = "tanh"\n{body}\n{tail}'
    return Network.parse(text).layers[0]


@pytest.mark.parametrize(
    ("written", "value", "text"),
    [
        ("0.1", Fraction(1, 10), "0.1"),
        ("0.10", Fraction(1, 10), "0.10"),
        ("5e-4", Fraction(1, 2000), "5e-4"),
        ("1_000.5", Fraction(2001, 2), "1000.5"),
        ("7", Fraction(7), "7"),
        ("0x10", Fraction(16), "16"),
        ("-0.0", Fraction(0), "-0.0"),
        ('"1/3"', Fraction(1, 3), "1/3"),
        ('"-2 / 6"', Fraction(-1, 3), "-2 / 6"),
        ('"0.05"', Fraction(1, 20), "0.05"),
        (
            "0.1234567890123456789012345678901234567890",
            Fraction(1234567890123456789012345678901234567890, 10**40),
            None,
        ),
        ("1e400", Fraction(10**400), "1e400"),
        ("1e-400", Fraction(1, 10**400), "1e-400"),
        ("0." + "3" * 999, Fraction(int("3" * 999), 10**999), None),
    ],
)
def test_a_number_is_exact_and_keeps_its_text(written, value, text):
    network = Network.parse(f'{HEAD}[[layers]]\nunits = 1\nactivation = "tanh"\nweights = [[{written}, 0]]\n{LOSS}')
    number = network.layers[0].weights[0][0]
    assert number.value == value
    assert number.text == (written if text is None else text)


def test_other_texts_are_names_of_parameters():
    network = Network.parse(
        HEAD
        + r"""
[[layers]]
units = 1
activation = "tanh"
weights = [["w_a", '\beta']]
bias = "w_a"
[loss]
name = "squared_error"
factor = "c"
[penalty]
kind = "l2"
strength = "lambda"
[update]
rule = "gradient_descent"
learning_rate = "eta"
[parameters]
w_a = { value = 0.30, trainable = false }
eta = 0.5
"""
    )
    assert network.layers[0].weights == (("w_a", r"\beta"),)
    assert network.layers[0].bias == ("w_a",)
    assert network.layers[0].bias_form == "shared"
    assert network.parameters == {
        "w_a": Parameter(ExactNumber(Fraction(3, 10)), trainable=False),
        "eta": Parameter(ExactNumber(Fraction(1, 2))),
    }


def test_a_bias_has_one_of_five_forms():
    assert layer("").bias_form == "none"
    assert layer("bias = [1, 2]").bias_form == "unit"
    assert values_of([layer("bias = [1, 2]").bias]) == [[1, 2]]
    assert values_of([layer("bias = 0.5").bias]) == [[Fraction(1, 2)]]
    assert layer("bias = 0.5").bias_form == "shared"


@pytest.mark.parametrize(("form", "bias"), [("first", [1, 4]), ("last", [3, 6])])
def test_a_bias_column_is_taken_out_of_the_weights(form, bias):
    this = layer(f'weights = [[1, 2, 3], [4, 5, 6]]\nbias = "{form}"')
    assert this.bias_form == form
    assert values_of([this.bias]) == [bias]
    assert values_of(this.weights) == ([[2, 3], [5, 6]] if form == "first" else [[1, 2], [4, 5]])


@pytest.mark.parametrize("form", ["first", "last"])
def test_from_to_turns_weights_and_bias_row(form):
    written = layer(f'weights = [[1, 2, 3], [4, 5, 6]]\nbias = "{form}"')
    turned = layer(f'weights = [[1, 4], [2, 5], [3, 6]]\nbias = "{form}"', head='weights_order = "from_to"\n' + HEAD)
    assert turned == written


def test_a_bias_without_values_is_symbolic():
    assert layer('bias = "unit"').bias_form == "unit"
    assert layer('bias = "unit"').bias is None
    assert layer('bias = "last"').weights is None


def test_trainable_is_for_both_or_for_each():
    assert (layer("").trainable_weights, layer("").trainable_bias) == (True, True)
    assert (layer("trainable = false").trainable_weights, layer("trainable = false").trainable_bias) == (False, False)
    frozen = layer("bias = 1\ntrainable = { bias = false }")
    assert (frozen.trainable_weights, frozen.trainable_bias) == (True, False)


def test_classes_are_one_hot_rows():
    text = '[targets]\nclasses = [2, 0]\n[[layers]]\nunits = 3\nactivation = "softmax"\nweights = [[1], [2], [3]]\n'
    network = Network.parse(text + '[loss]\nname = "cross_entropy"')
    assert values_of(network.targets) == [[0, 0, 1], [1, 0, 0]]
    assert network.observations == 2
    assert network.inputs_count == 1


def test_observations_may_be_a_symbol_a_number_or_one():
    body = '[inputs]\ncount = 2\n[[layers]]\nunits = 1\nactivation = "tanh"\n' + LOSS
    assert Network.parse(body).observations == 1
    assert Network.parse('observations = "n"\n' + body).observations == "n"
    assert Network.parse("observations = 4\n" + body).observations == 4


def test_defaults_are_the_documented_ones():
    network = Network(
        inputs=[1], layers=[Dense(1, "identity")], loss="squared_error", penalty={"kind": "l2", "strength": 1}
    )
    assert network.loss == Loss(Choice("squared_error"), ExactNumber(Fraction(1, 2)), "sum", "mean")
    assert network.penalty == Penalty("l2", ExactNumber(Fraction(1)), ExactNumber(Fraction(1, 2)), biases=False)
    assert network.update is None
    assert network.notation == {"preset": "indexed"}
    other = Network(inputs=[1], layers=[Dense(1, "identity")], loss="huber", penalty={"kind": "l1", "strength": 1})
    assert other.loss.factor.value == 1
    assert other.penalty.factor.value == 1


def test_settings_are_kept_as_written():
    text = """
[inputs]
count = 1
[[layers]]
units = 1
activation = { name = "leaky_relu", slope = "1/100", at_kink = "error" }
[[layers]]
units = 1
activation = { formula = "x/(1+abs(x))" }
[loss]
formula = "(out - target)^2"
[update]
rule = "adam"
learning_rate = 1e-3
beta1 = 0.8
epsilon_place = "inside"
"""
    network = Network.parse(text)
    assert network.layers[0].activation.settings == {"slope": ExactNumber(Fraction(1, 100)), "at_kink": "error"}
    assert network.layers[1].activation == Choice("", {}, "x/(1+abs(x))")
    assert network.loss.choice.formula == "(out - target)^2"
    assert network.update == Update(
        "adam",
        ExactNumber(Fraction(1, 1000)),
        {"beta1": ExactNumber(Fraction(4, 5)), "epsilon_place": "inside"},
    )


def test_a_program_has_equations_inputs_and_a_result():
    network = Network.parse(
        'loss = "f"\nover_observations = "sum"\n[inputs]\nx = [-2, 1]\ny = ["w", 5]\n'
        '[[equations]]\nname = "q"\nformula = "x + y"\n[[equations]]\nname = "f"\nformula = "q*w"\n[parameters]\nw = {}'
    )
    assert [(each.name, each.formula) for each in network.program] == [("q", "x + y"), ("f", "q*w")]
    assert values_of(network.program_inputs.values()) == [[-2, 1], ["w", 5]]
    assert (network.result, network.observations, network.over_observations) == ("f", 2, "sum")
    assert (network.layers, network.loss, network.input_names) == ((), None, ("x", "y"))
    assert network.parameters == {"w": Parameter(None)}


def test_a_program_may_have_inputs_without_values():
    network = Network.parse('loss = "f"\n[inputs]\nnames = ["x"]\n[[equations]]\nname = "f"\nformula = "x^2"')
    assert network.program_inputs == {"x": None}


# ---------------------------------------------------------------------------------------------- built in Python
WAYS = {
    "lists of floats": ([[0.1, 0.2], [0.3, 0.4]], [0.05, 0.1], [1, 0]),
    "numpy": (np.array([[0.1, 0.2], [0.3, 0.4]]), np.array([[0.05, 0.1]]), np.array([1, 0])),
    "float32": (np.array([[0.1, 0.2], [0.3, 0.4]], dtype=np.float32), np.array([0.05, 0.1], dtype="float32"), (1, 0)),
    "fractions": (
        [[Fraction(1, 10), Fraction(1, 5)], [Fraction(3, 10), Fraction(2, 5)]],
        (Fraction(1, 20), 0.1),
        [np.int64(1), 0],
    ),
    "texts": ([["1/10", "0.2"], ["3/10", "0.4"]], ["0.05", "1/10"], ["1", "0"]),
}


@pytest.mark.parametrize(("weights", "inputs", "targets"), WAYS.values(), ids=WAYS)
def test_all_ways_to_give_numbers_in_python_are_one(weights, inputs, targets):
    network = Network(
        inputs=inputs, targets=targets, loss="squared_error", layers=[Dense(2, "tanh", weights, bias=0.5)]
    )
    text = (
        "[inputs]\nvalues = [[0.05, 0.1]]\n[targets]\nvalues = [[1, 0]]\n[[layers]]\nunits = 2\n"
        'activation = "tanh"\nweights = [[0.1, 0.2], [0.3, 0.4]]\nbias = 0.5\n' + LOSS
    )
    assert network == Network.parse(text)


def test_what_a_network_has_can_be_given_to_another():
    text = '[inputs]\nvalues = [[1, 2]]\n[[layers]]\nunits = 2\nactivation = {name = "elu", alpha = 2}\n'
    text += 'weights = [[1, 2, 3], [4, 5, 6]]\nbias = "last"\ntrainable = false\n[loss]\nname = "huber"\ndelta = 2\n'
    text += '[penalty]\nkind = "l1"\nstrength = 1\n[update]\nrule = "momentum"\nlearning_rate = 1\nmomentum = 0.5\n'
    one = Network.parse(text)
    other = Network(inputs=one.inputs, layers=one.layers, loss=one.loss, penalty=one.penalty, update=one.update)
    assert other == one


def test_a_program_is_built_from_pairs():
    network = Network(equations=[("q", "x + y"), ("f", "q*2")], inputs={"x": -2, "y": [5]}, loss="f")
    assert network.result == "f"
    assert values_of(network.program_inputs.values()) == [[-2], [5]]


def test_a_network_is_never_changed():
    network = Network(inputs=[1], layers=[Dense(1, "tanh")], loss="huber")
    with pytest.raises(AttributeError, match="cannot assign to field 'title'"):
        network.title = "other"
    assert hash(network) == hash(Network(inputs=["1.0"], layers=[Dense(1, "tanh")], loss="huber"))


# ---------------------------------------------------------------------------------------------- cost
def test_written_weights_of_784_128_10_are_read_in_about_a_second():
    generator = np.random.default_rng(1)
    hidden = Dense(128, "relu", generator.normal(size=(128, 784)), [0.0] * 128)
    layers = [hidden, Dense(10, "softmax", generator.normal(size=(10, 128)))]
    text = Network(inputs=generator.random(784), classes=[3], layers=layers, loss="cross_entropy").to_toml()
    with quick(SECONDS_FOR_784_128_10):
        network = Network.parse(text)
    assert len(network.layers[0].weights[127]) == 784


def test_the_types_load_neither_pydantic_nor_sympy_nor_numpy():
    code = "import sys, symbackprop.network; print([m for m in ('pydantic', 'sympy', 'numpy') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
