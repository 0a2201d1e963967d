"""The example descriptions can be read, mean what they should, and the new description does too."""

from fractions import Fraction

import pytest

from symbackprop.catalogue.activations import ACTIVATIONS
from symbackprop.catalogue.losses import LOSSES
from symbackprop.description.template import example, example_names, example_path, sizes_of, template
from symbackprop.errors import DescriptionError, UnknownName
from symbackprop.network import Network

EXAMPLES = {
    "kadakia": "2-2-1",
    "happydustbunny": "2-2-2",
    "spreadsheet": "2-2-2",
    "math-note": "2-2-2",
    "esuli": "3-2-1",
    "russo": "3-3-3",
    "xor": "2-3-1",
    "two-input": "2-2-2",
    "softmax-classifier": "2-3-3",
}
PROGRAMS = {"program-xyz": "f", "recurrent": "E", "convolution": "E", "batchnorm": "E"}


def read(name: str) -> Network:
    return Network.read(example_path(name))


def numbers(rows) -> list[list[str]]:
    return [[entry.text for entry in row] for row in rows]


def test_there_are_the_examples_that_there_should_be():
    assert set(example_names()) == {*EXAMPLES, *PROGRAMS}


@pytest.mark.parametrize(("name", "sizes"), EXAMPLES.items())
def test_an_example_has_its_sizes(name, sizes):
    network = read(name)
    assert "-".join(map(str, (network.inputs_count, *(layer.units for layer in network.layers)))) == sizes


@pytest.mark.parametrize(("name", "result"), PROGRAMS.items())
def test_a_program_has_its_result(name, result):
    assert read(name).result == result


@pytest.mark.parametrize("name", ["kadakia", "happydustbunny", "math-note", "esuli", "russo"])
def test_a_published_example_has_the_notation_of_its_name(name):
    assert read(name).notation["preset"] == name


def test_math_note_stands_by_receiving_unit():
    network = read("math-note")
    assert numbers(network.layers[0].weights) == [["0.15", "0.25"], ["0.20", "0.30"]]
    assert numbers(network.layers[1].weights) == [["0.40", "0.50"], ["0.45", "0.55"]]


def test_russo_has_one_frozen_bias_for_each_layer():
    for layer, bias in zip(read("russo").layers, (Fraction(3, 10), Fraction(3, 5)), strict=True):
        assert (layer.bias_form, layer.bias[0].value, layer.trainable_bias) == ("shared", bias, False)


def test_the_spreadsheet_has_its_bias_last():
    network = read("spreadsheet")
    assert numbers([layer.bias for layer in network.layers]) == [["0.3", "0.6"], ["-0.3", "0.5"]]


def test_happydustbunny_has_inputs_and_no_weights():
    network = read("happydustbunny")
    assert [layer.weights for layer in network.layers] == [None, None]
    assert numbers(network.inputs) == [["0.1", "0.9"]]


def test_xor_draws_its_weights():
    assert all(layer.weights is not None for layer in read("xor").layers)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("loss", LOSSES)
def test_a_new_description_can_be_read(activation, loss):
    text = template(sizes="3-2-2", activation=activation, loss=loss)
    network = Network.parse(text)
    assert network.loss is not None
    assert f'# factor = "{network.loss.factor.value}"' in text  # what holds where it stays a comment
    assert network.layers[0].activation.name == activation
    assert network.loss.choice.name == loss
    assert network.targets is not None


@pytest.mark.parametrize("sizes", ["1-1", "2-2-2", "5-4-3-2", "30-3", "784-128-10"])
def test_a_new_description_has_the_sizes_asked_for(sizes):
    network = Network.parse(template(sizes=sizes, seed=3))
    assert network.title == f"Network {sizes}"
    assert (network.inputs_count, *(layer.units for layer in network.layers)) == sizes_of(sizes)
    assert all(layer.weights is not None for layer in network.layers)


def test_what_a_new_description_comments_out_can_be_read_too():
    lines = [line.removeprefix("# ") if "=" in line or "[" in line[:4] else line for line in template().splitlines()]
    text = "\n".join(lines).replace("0.57", '"w_a"').replace("bias = [0.1, 0.1]", 'bias = ["b", 0.1]')
    network = Network.parse(text)
    assert network.penalty is not None
    assert set(network.parameters) == {"w_a", "b"}


def test_another_seed_gives_other_weights():
    assert template(seed=2) != template(seed=1) == template()


@pytest.mark.parametrize("sizes", ["2", "2-", "2-x", "", "0-1", "2-20000"])
def test_sizes_that_cannot_be_are_refused(sizes):
    with pytest.raises(DescriptionError, match="2-3-1"):
        template(sizes=sizes)


def test_unknown_words_are_refused_with_the_nearest():
    with pytest.raises(UnknownName, match="did you mean 'sigmoid'"):
        template(activation="sigmod")
    with pytest.raises(UnknownName, match="did you mean 'russo'"):
        example("ruso")
