"""The JSON of ``evaluate`` and ``train``: its structure is the contract's, its numbers come from elsewhere."""

from __future__ import annotations

import json
import math
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import symbackprop
from symbackprop.network import Network
from symbackprop.public import derive
from symbackprop.report import MOST_FOR_PAIRS, as_json, evaluation
from tests.running import run

# M. Mazur, "A Step by Step Backpropagation Example" (2015), to his nine digits. His biases do not change.
MAZUR = {
    "w[1][0][0]": 0.15,
    "net[1][0]": 0.3775,
    "out[1][0]": 0.593269992,
    "out[1][1]": 0.596884378,
    "net[2][0]": 1.105905967,
    "out[2][0]": 0.75136507,
    "out[2][1]": 0.772928465,
    "loss[0]": 0.274811083,
    "loss[1]": 0.023560026,
    "loss": 0.298371109,
    "dE/dout[2][0]": 0.74136507,
    "dout/dnet[2][0]": 0.186815602,
    "dnet/dw[2][0][0]": 0.593269992,
    "dE/dw[2][0][0]": 0.082167041,
    "dE/dnet[2][0]": 0.138498562,
    "dnet[2][0]/dout[1][0]": 0.40,
    "dE[0]/dout[1][0]": 0.055399425,
    "dE[1]/dout[1][0]": -0.019049119,
    "dE/dout[1][0]": 0.036350306,
    "dout/dnet[1][0]": 0.241300709,
    "dnet/dw[1][0][0]": 0.05,
    "dE/dw[1][0][0]": 0.000438568,
    "new:w[2][0][0]": 0.35891648,
    "new:w[2][0][1]": 0.408666186,
    "new:w[2][1][0]": 0.511301270,
    "new:w[2][1][1]": 0.561370121,
    "new:w[1][0][0]": 0.149780716,
    "new:w[1][0][1]": 0.19956143,
    "new:w[1][1][0]": 0.24975114,
    "new:w[1][1][1]": 0.29950229,
}
NINTH_DIGIT = 1.01e-9  # he rounds some figures and cuts others


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def mazur_loss_after() -> float:
    """The loss at his new weights, by hand: his own printed figure for it is wrong from the seventh digit on."""
    new = [MAZUR[f"new:w[{layer}][{to}][{source}]"] for layer in (1, 2) for to in (0, 1) for source in (0, 1)]
    h1 = sigmoid(new[0] * 0.05 + new[1] * 0.10 + 0.35)
    h2 = sigmoid(new[2] * 0.05 + new[3] * 0.10 + 0.35)
    o1 = sigmoid(new[4] * h1 + new[5] * h2 + 0.60)
    o2 = sigmoid(new[6] * h1 + new[7] * h2 + 0.60)
    return (0.01 - o1) ** 2 / 2 + (0.99 - o2) ** 2 / 2


def printed(*arguments: object) -> dict[str, Any]:
    ran = run(*arguments)
    assert ran.status == 0, ran.err

    def refused(word: str) -> None:
        raise AssertionError(f"{word} in JSON")

    table: dict[str, Any] = json.loads(ran.out, parse_constant=refused)
    return table


@pytest.fixture(scope="module")
def two_input(examples_folder: Path) -> dict[str, Any]:
    return printed("evaluate", examples_folder / "two-input.toml", "--json")


@pytest.fixture(scope="module")
def examples_folder() -> Path:
    return Path(__file__).resolve().parent.parent / "examples"


def test_evaluate_has_the_keys_of_the_contract(two_input: dict[str, Any]) -> None:
    keys = ["format", "version", "loss", "loss_after_update", "layers", "neutral", "quantities"]
    assert [key for key in two_input if key != "notes"] == keys
    assert two_input["format"] == "symbackprop.evaluate/1"
    assert two_input["version"] == symbackprop.__version__
    for layer in two_input["layers"]:
        assert list(layer) == [
            "net", "out", "delta", "weights", "bias", "weights_gradient", "bias_gradient", "weights_updated",
            "bias_updated",
        ]  # fmt: skip


def test_the_layers_have_the_published_numbers_in_the_described_shapes(two_input: dict[str, Any]) -> None:
    hidden, output = two_input["layers"]
    assert hidden["weights"] == [[0.15, 0.20], [0.25, 0.30]]
    assert hidden["bias"] == hidden["bias_updated"] == [0.35, 0.35]
    assert output["out"][0] == pytest.approx([0.75136507, 0.772928465], abs=NINTH_DIGIT)
    assert output["delta"][0][0] == pytest.approx(0.138498562, abs=NINTH_DIGIT)
    assert output["weights_gradient"][0][0] == pytest.approx(0.082167041, abs=NINTH_DIGIT)
    assert output["weights_updated"][1] == pytest.approx([0.511301270, 0.561370121], abs=NINTH_DIGIT)
    assert hidden["weights_updated"][1] == pytest.approx([0.24975114, 0.29950229], abs=5e-9)  # eight digits printed
    assert len(hidden["bias_gradient"]) == 2


@pytest.mark.parametrize("name", MAZUR)
def test_each_neutral_name_has_the_published_number(two_input: dict[str, Any], name: str) -> None:
    tolerance = 5.01e-9 if name in ("new:w[1][1][0]", "new:w[1][1][1]", "new:w[1][0][1]") else NINTH_DIGIT
    assert two_input["neutral"][name] == pytest.approx(MAZUR[name], abs=tolerance)


def test_the_losses_before_and_after_stand_at_the_top(two_input: dict[str, Any]) -> None:
    assert two_input["loss"] == pytest.approx(0.298371109, abs=NINTH_DIGIT)
    # d(loss)/d(weight) is at most 0.3 in size, and each printed weight is off by at most 5e-9.
    assert two_input["loss_after_update"] == pytest.approx(mazur_loss_after(), abs=8 * 0.3 * 5e-9)
    assert two_input["neutral"]["after:loss"] == two_input["loss_after_update"]


def test_quantities_have_the_notation_s_names(two_input: dict[str, Any]) -> None:
    assert two_input["quantities"]["w_5"] == 0.40
    assert two_input["quantities"]["dE/dw_5"] == pytest.approx(0.082167041, abs=NINTH_DIGIT)
    assert two_input["quantities"]["eta"] == 0.5


def test_every_name_in_the_maps_leads_back_to_its_number(two_input: dict[str, Any], examples_folder: Path) -> None:
    values = derive(Network.read(examples_folder / "two-input.toml")).evaluate()
    for table in (two_input["neutral"], two_input["quantities"]):
        assert {name: values[name] for name in table} == table


def test_only_the_quantities_asked_for_are_printed(examples_folder: Path) -> None:
    table = printed(
        "evaluate", examples_folder / "two-input.toml", "--json", "--of", "w_5", "dE/dw[2]", "--of", "w.1.0.1"
    )
    assert list(table["of"]) == ["w_5", "dE/dw[2]", "w.1.0.1"]
    assert table["of"]["w_5"] == 0.40
    assert table["of"]["dE/dw[2]"][0][0] == pytest.approx(0.082167041, abs=NINTH_DIGIT)
    assert "loss" not in table["neutral"]
    assert table["neutral"]["w[1][0][1]"] == table["quantities"]["w_2"] == 0.20


def test_exact_numbers_are_fractions_as_text(examples_folder: Path) -> None:
    table = printed("evaluate", examples_folder / "kadakia.toml", "--json", "--exact")
    assert table["loss"] == "9"
    assert table["neutral"]["after:out[2][0]"] == "15313/2500"  # 6.1252 and not the printed 6.125199999


def test_what_is_not_rational_is_exact_as_a_closed_expression(examples_folder: Path) -> None:
    table = printed("evaluate", examples_folder / "two-input.toml", "--json", "--exact")
    assert Fraction(table["neutral"]["net[1][0]"]) == Fraction("0.3775")
    written = table["neutral"]["out[1][0]"]
    assert eval(written, {"exp": math.exp, "__builtins__": {}}) == pytest.approx(  # noqa: S307 - our own output
        0.593269992, abs=NINTH_DIGIT
    )


@pytest.mark.parametrize("digits", [1, 5, 17, 40])
def test_precise_numbers_are_texts_of_that_many_digits(examples_folder: Path, digits: int) -> None:
    table = printed("evaluate", examples_folder / "two-input.toml", "--json", "--precision", digits)
    for name in ("loss", "dE/dw[1][0][0]"):
        mantissa = table["neutral"][name].partition("e")[0].lstrip("-")
        assert len(mantissa.replace(".", "").lstrip("0")) == digits
    assert float(table["loss"]) == pytest.approx(0.298371109, rel=10.0 ** (1 - min(digits, 9)))


@pytest.mark.parametrize("name", ["russo", "kadakia", "esuli", "math-note", "spreadsheet", "xor", "softmax-classifier"])
def test_every_example_with_values_has_all_its_numbers(examples_folder: Path, name: str) -> None:
    table = printed("evaluate", examples_folder / f"{name}.toml", "--json")
    assert table["notes"] == []
    assert None not in table["neutral"].values()
    assert len(table["quantities"]) > 20
    assert all(isinstance(each, float) for each in table["quantities"].values())


def test_a_shared_bias_is_one_number_with_a_name_for_each_unit(examples_folder: Path) -> None:
    table = printed("evaluate", examples_folder / "russo.toml", "--json")
    assert [layer["bias"] for layer in table["layers"]] == [0.3, 0.6]
    assert isinstance(table["layers"][0]["bias_gradient"], float)
    assert {table["neutral"][f"dE/db[1][{unit}]"] for unit in range(3)} == {table["layers"][0]["bias_gradient"]}


def network(**changes: Any) -> Network:
    layer = {"units": 1, "activation": "identity", "weights": [[2, 3]]}
    return Network(**{"inputs": [[1, 2]], "targets": [[5]], "layers": [layer], "loss": "squared_error"} | changes)


def test_without_an_update_nothing_is_updated_and_without_a_bias_it_is_null() -> None:
    table = evaluation(derive(network()).evaluate())
    assert table["loss_after_update"] is None
    (layer,) = table["layers"]
    assert layer["bias"] is layer["bias_gradient"] is layer["bias_updated"] is layer["weights_updated"] is None
    assert layer["net"] == [[8.0]]
    assert layer["delta"] == [[3.0]]
    assert layer["weights_gradient"] == [[3.0, 6.0]]
    assert table["loss"] == 4.5


def test_delta_is_the_derivative_by_net_whatever_the_notation_s_sign() -> None:
    table = evaluation(derive(network(notation={"delta_sign": "-"})).evaluate())
    assert table["layers"][0]["delta"] == [[3.0]]
    assert table["neutral"]["dE/dnet[1][0]"] == 3.0
    assert table["neutral"]["delta[1][0]"] == -3.0


def test_several_observations_stand_in_rows_and_names_carry_their_number() -> None:
    # By hand: nets 8 and 1, errors 3 and -1, E = (9/2 + 1/2)/2, dE/dw = ((3, 6) + (-1, 1))/2.
    table = evaluation(derive(network(inputs=[[1, 2], [2, -1]], targets=[[5], [2]])).evaluate())
    assert table["layers"][0]["net"] == [[8.0], [1.0]]
    assert table["layers"][0]["delta"] == [[1.5], [-0.5]]
    assert table["layers"][0]["weights_gradient"] == [[0.5 * (3 - 2), 0.5 * (6 + 1)]]
    neutral = table["neutral"]
    assert neutral["net[1][0]@1"] == 1.0
    assert neutral["loss"] == 2.5
    assert neutral["loss@0"] + neutral["loss@1"] == 2.5
    assert neutral["dE/dw[1][0][0]@0"] + neutral["dE/dw[1][0][0]@1"] == neutral["dE/dw[1][0][0]"] == 0.5
    assert "net[1][0]" not in neutral


def test_what_has_no_value_is_null_with_a_note() -> None:
    table = evaluation(derive(network(update={"rule": "gradient_descent", "learning_rate": "eta"})).evaluate())
    assert table["loss"] == 4.5
    assert table["loss_after_update"] is None
    assert table["layers"][0]["weights_updated"] is None
    assert any("eta" in note for note in table["notes"])


def test_infinity_is_null_with_a_note_and_never_printed() -> None:
    table = evaluation(derive(network(inputs=[["1e300", "1e300"]])).evaluate())
    assert table["loss"] is None
    assert any("loss" in note and "infinite" in note for note in table["notes"])
    assert "Infinity" not in as_json(table)


def test_a_tied_parameter_shows_its_total_at_every_place_and_each_use_s_share() -> None:
    # f = (w x_0 + w x_1 - t)^2/2 at w = 2: error 1, shares 1*1 and 1*2.
    tied = network(layers=[{"units": 1, "activation": "identity", "weights": [["w", "w"]]}], parameters={"w": 2})
    neutral = evaluation(derive(tied).evaluate())["neutral"]
    assert neutral["dE/dw[1][0][0]"] == neutral["dE/dw[1][0][1]"] == 3.0
    assert (neutral["use:dE/dw[1][0][0]"], neutral["use:dE/dw[1][0][1]"]) == (1.0, 2.0)


def test_a_program_has_its_own_names(examples_folder: Path) -> None:
    # f = (x + y) z at -2, 5, -4: Karpathy's CS231n notes give f = -12, df/dz = 3, df/dx = df/dy = -4.
    table = printed("evaluate", examples_folder / "program-xyz.toml", "--json")
    assert table["loss"] == -12.0
    assert table["layers"] == []
    assert table["neutral"]["df/dz"] == 3.0
    assert table["neutral"]["df/dx"] == table["neutral"]["df/dy"] == -4.0


def test_a_large_network_leaves_out_the_derivatives_by_pairs() -> None:
    width = MOST_FOR_PAIRS
    wide = network(
        inputs=[[1] * width], layers=[{"units": 1, "activation": "identity", "weights": [[1] * width]}], targets=[[0]]
    )
    neutral = evaluation(derive(wide).evaluate())["neutral"]
    assert "dE/dw[1][0][0]" in neutral
    assert "dnet/dw[1][0][0]" not in neutral


def test_train_prints_every_loss_and_the_layers_at_the_end(examples_folder: Path) -> None:
    table = printed("train", examples_folder / "two-input.toml", "--steps", 1, "--json")
    assert [key for key in table if key != "notes"] == ["losses", "layers"]
    assert table["losses"] == pytest.approx([0.298371109, mazur_loss_after()], abs=2e-8)
    assert table["layers"][1]["weights"][0] == pytest.approx([0.35891648, 0.408666186], abs=NINTH_DIGIT)


def test_train_of_no_steps_prints_the_one_loss(examples_folder: Path) -> None:
    assert len(printed("train", examples_folder / "two-input.toml", "--steps", 0, "--json")["losses"]) == 1


def test_a_hundred_steps_of_training_are_those_of_a_loop_by_hand(examples_folder: Path) -> None:
    weights = [0.15, 0.20, 0.25, 0.30, 0.40, 0.45, 0.50, 0.55]
    losses = []
    for _ in range(101):
        w = weights
        h = [sigmoid(w[0] * 0.05 + w[1] * 0.10 + 0.35), sigmoid(w[2] * 0.05 + w[3] * 0.10 + 0.35)]
        o = [sigmoid(w[4] * h[0] + w[5] * h[1] + 0.60), sigmoid(w[6] * h[0] + w[7] * h[1] + 0.60)]
        losses.append(((0.01 - o[0]) ** 2 + (0.99 - o[1]) ** 2) / 2)
        d = [(o[0] - 0.01) * o[0] * (1 - o[0]), (o[1] - 0.99) * o[1] * (1 - o[1])]
        e = [(d[0] * w[4] + d[1] * w[6]) * h[0] * (1 - h[0]), (d[0] * w[5] + d[1] * w[7]) * h[1] * (1 - h[1])]
        gradient = [
            e[0] * 0.05,
            e[0] * 0.10,
            e[1] * 0.05,
            e[1] * 0.10,
            d[0] * h[0],
            d[0] * h[1],
            d[1] * h[0],
            d[1] * h[1],
        ]
        weights = [old - 0.5 * slope for old, slope in zip(weights, gradient, strict=True)]
    table = printed("train", examples_folder / "two-input.toml", "--steps", 100, "--json")
    assert table["losses"] == pytest.approx(losses, rel=1e-12)  # a hundred steps of a few roundings each


def test_a_training_that_diverges_prints_null_and_says_at_which_step(tmp_path: Path) -> None:
    path = tmp_path / "steep.toml"
    path.write_text(network(update={"rule": "gradient_descent", "learning_rate": 1000}).to_toml())
    table = printed("train", path, "--steps", 200, "--json")
    assert len(table["losses"]) == 201
    assert table["losses"][0] == 4.5
    assert table["losses"][-1] is None
    assert "beyond the range" in table["notes"][0]
    assert None not in table["layers"][0]["weights"][0]


def test_a_fraction_of_too_many_digits_is_refused_with_the_way_out(tmp_path: Path) -> None:
    layer = {"units": 1, "activation": "identity", "weights": [["1." + "7" * 900]]}
    path = tmp_path / "long.toml"
    path.write_text(network(inputs=[[1]], layers=[layer] * 6).to_toml())
    ran = run("evaluate", path, "--exact", "--json")
    assert ran.status == 3
    assert "--precision" in ran.err
    assert run("evaluate", path, "--precision", 20, "--of", "loss").status == 0


def test_derive_s_json_has_the_textbook_s_chain_and_delta_form(examples_folder: Path) -> None:
    table = printed("derive", examples_folder / "two-input.toml", "--to", "json", "--of", "w_5")
    (gradient,) = table["gradients"]
    assert (gradient["neutral"], gradient["name"]) == ("dE/dw[2][0][0]", "dE/dw_5")
    assert gradient["chain"]["text"] == "dE/dout_o1 * dout_o1/dnet_o1 * dnet_o1/dw_5"
    assert gradient["delta"]["text"] == "delta_o1 * out_h1"
    assert gradient["value"] == pytest.approx(0.082167041, abs=NINTH_DIGIT)


def test_derive_s_json_of_all_has_every_parameter_once(examples_folder: Path) -> None:
    table = printed("derive", examples_folder / "two-input.toml", "--to", "json")
    names = [gradient["name"] for gradient in table["gradients"]]
    assert sorted(names) == sorted(
        [f"dE/dw_{number}" for number in range(1, 9)] + [f"dE/db_{number}" for number in range(1, 5)]
    )


def test_derive_s_json_with_a_symbolic_number_of_observations_has_laws_only(tmp_path: Path) -> None:
    layer = {"units": 2, "activation": "sigmoid", "bias": "unit"}
    path = tmp_path / "symbolic.toml"
    symbolic = Network(observations="n", inputs={"count": 2}, layers=[layer], loss="squared_error")
    path.write_text(symbolic.to_toml())
    table = printed("derive", path, "--to", "json")
    laws = {law["neutral"]: law["text"] for law in table["laws"]}
    assert laws["net[1]"].startswith("sum_k w_jk")
    assert "sum_n" in laws["dE/dw[1]"]
    assert table["gradients"] == []


def test_weights_stand_in_the_shape_of_the_description() -> None:
    text = """
        weights_order = "from_to"
        [inputs]
        values = [[1, 2]]
        [targets]
        values = [[0]]
        [[layers]]
        units = 1
        activation = "identity"
        weights = [[3], [4], [5]]
        bias = "last"
        [loss]
        name = "squared_error"
        [update]
        rule = "gradient_descent"
        learning_rate = 0.5
    """
    layer = evaluation(derive(Network.parse(text)).evaluate())["layers"][0]
    # net = 3·1 + 4·2 + 5 = 16 and δ = 16, by hand.
    assert layer["weights"] == [[3.0], [4.0], [5.0]]
    assert layer["weights_gradient"] == [[16.0], [32.0], [16.0]]
    assert layer["weights_updated"] == [[-5.0], [-12.0], [-3.0]]
    assert (layer["bias"], layer["bias_gradient"], layer["bias_updated"]) == (None, None, None)
