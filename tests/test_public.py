"""The package as its users hold it."""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import sympy

import symbackprop as sb
from tests.pictures import sized

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
NINTH_DIGIT = 1.01e-9


@pytest.fixture(scope="module")
def two_input() -> sb.Derivation:
    return sb.derive(sb.Network.read(EXAMPLES / "two-input.toml"))


def test_every_public_name_is_there_and_no_other_is() -> None:
    for name in sb.__all__:
        assert getattr(sb, name) is not None
        assert name in dir(sb)
    with pytest.raises(AttributeError, match="nosuch"):
        _ = sb.nosuch  # type: ignore[attr-defined]


def test_importing_the_package_loads_nothing_but_itself() -> None:
    program = "import sys; before = set(sys.modules); import symbackprop; print(*(set(sys.modules) - before))"
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=EXAMPLES.parent, check=True
    )
    ours = [name for name in ran.stdout.split() if name.startswith("symbackprop")]
    assert ours == ["symbackprop"]
    assert not {name.partition(".")[0] for name in ran.stdout.split()} & {"sympy", "numpy", "openpyxl", "pydantic"}


def test_the_published_numbers_come_out_by_either_name(two_input: sb.Derivation) -> None:
    values = two_input.evaluate()
    for name in ("dE/dw_5", "dE/dw[2][0][0]"):
        assert values[name] == pytest.approx(0.082167041, abs=NINTH_DIGIT)  # M. Mazur (2015)
    assert values["loss"] == pytest.approx(0.298371109, abs=NINTH_DIGIT)
    assert values["dE/dw[2]"][0][0] == values["dE/dw_5"]


def test_other_values_are_evaluated_without_deriving_again(two_input: sb.Derivation) -> None:
    # By hand: net_h1 = w_1 x_1 + w_2 x_2 + b_1.
    values = two_input.evaluate(inputs=[1, 2], parameters={"w_1": 3, "w[1][0][1]": 0.5, "b_1": "1/4"})
    assert values["net_h1"] == 4.25
    assert two_input.evaluate(parameters={"W1": [[1, 2], [3, 4]]})["net_h2"] == pytest.approx(0.05 * 3 + 0.1 * 4 + 0.35)


def test_exact_numbers_are_fractions(two_input: sb.Derivation) -> None:
    assert two_input.evaluate(exact=True)["net_h1"] == Fraction("0.3775")


def test_precise_numbers_have_the_digits_asked_for(two_input: sb.Derivation) -> None:
    value = two_input.evaluate(precision=60)["out_h1"]
    assert abs(value - 1 / (1 + sympy.exp(-sympy.Rational("0.3775")))).evalf(80) < sympy.Rational(1, 10**60)


@pytest.mark.parametrize("name", ["w_5", "w[2][0][0]", "dE/dw_5", "dE/dw[2][0][0]", "w.2.0.0"])
def test_a_gradient_is_asked_for_by_its_own_or_its_parameter_s_name(two_input: sb.Derivation, name: str) -> None:
    gradient = two_input.gradient(name)
    assert (gradient.name, gradient.neutral) == ("dE/dw_5", "dE/dw[2][0][0]")
    assert gradient.value == pytest.approx(0.082167041, abs=NINTH_DIGIT)


def test_the_chain_has_the_three_links_of_the_textbook(two_input: sb.Derivation) -> None:
    (product,) = two_input.gradient("w_5").chain.products
    values = two_input.evaluate()
    # Mazur's three factors.
    assert [values.of(link.quantity) for link in product] == pytest.approx(
        [0.74136507, 0.186815602, 0.593269992], abs=NINTH_DIGIT
    )


def test_the_delta_form_is_a_sympy_expression_in_delta_and_out(two_input: sb.Derivation) -> None:
    delta, out = sympy.Symbol("δ_o1", real=True), sympy.Symbol("out_h1", real=True)
    assert two_input.gradient("w_5").delta_form == delta * out


def test_the_closed_form_is_sympy_s_own_derivative_of_the_loss(two_input: sb.Derivation) -> None:
    closed = two_input.gradient("w_5").closed_form
    given = {str(symbol): symbol for symbol in closed.free_symbols}
    x1, x2, t1, t2 = 0.05, 0.10, 0.01, 0.99
    numbers = {"x_1": x1, "x_2": x2, "t_1": t1, "t_2": t2, "b_1": 0.35, "b_2": 0.35, "b_3": 0.6, "b_4": 0.6}
    numbers |= {f"w_{number}": value for number, value in enumerate([0.15, 0.2, 0.25, 0.3, 0.4, 0.45, 0.5, 0.55], 1)}
    assert set(given) <= set(numbers)
    value = float(closed.subs({symbol: numbers[name] for name, symbol in given.items()}))
    assert value == pytest.approx(0.082167041, abs=NINTH_DIGIT)


def test_the_paths_to_an_inner_weight_go_through_every_output(two_input: sb.Derivation) -> None:
    assert len(two_input.gradient("w_1").paths.paths) == 2


def test_a_gradient_by_an_input_and_by_a_net_are_there_too(two_input: sb.Derivation) -> None:
    assert two_input.gradient("net_o1").value == pytest.approx(0.138498562, abs=NINTH_DIGIT)
    assert two_input.gradient("x_1").neutral == "dE/dx[0]"
    assert two_input.gradient("t_1").value == pytest.approx(-0.74136507, abs=NINTH_DIGIT)  # -dE/dout of his


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"parameters": {"w_1": "0,5"}}, "w_1: '0,5' is not a number: has a decimal comma; write a decimal point: 0.5"),
        ({"parameters": {"w_1": "1/0"}}, "w_1: '1/0' is not a number: divides by zero"),
        ({"parameters": {"w_1": "abc"}}, "w_1: 'abc' is not a number"),
        ({"inputs": [[1, 2], 3]}, "inputs: rows and single numbers are mixed"),
        ({"inputs": []}, "inputs: expected a row of numbers, or a list of such rows, one per observation; got []"),
    ],
)
def test_numbers_that_cannot_be_taken_are_refused(two_input: sb.Derivation, given: dict[str, Any], told: str) -> None:
    with pytest.raises(sb.InputError, match=f"^{re.escape(told)}$"):
        two_input.evaluate(**given)


def test_targets_that_a_shorter_delta_does_not_hold_for_are_refused() -> None:
    derivation = sb.derive(sb.Network.read(EXAMPLES / "softmax-classifier.toml"))
    right = derivation.evaluate(inputs=[[0.5, 1]], targets=[[0.25, 0.75, 0]])
    assert right["delta[2][0]"] == pytest.approx(right["out[2][0]"] - 0.25, rel=1e-12)
    with pytest.raises(sb.InputError, match=r"^targets\[1\]: the targets of each observation sum to 1 is what "):
        derivation.evaluate(inputs=[[0.5, 1], [1, 2]], targets=[[0, 1, 0], [1, 1, 0]])


def test_of_many_numbers_without_a_value_twelve_are_named() -> None:
    """3 inputs, 2 targets, 12 and 8 weights, 4 and 2 biases: 31."""
    with pytest.raises(
        sb.MissingValue, match=r"^no value for t_1, t_2, x_1, x_2, x_3, w_1, .*, w_7 and 19 more: give "
    ):
        _ = sb.derive(sized(3, 4, 2)).evaluate()["loss"]


def test_a_gradient_of_a_whole_array_has_rows(two_input: sb.Derivation) -> None:
    assert two_input.gradient("w[2]").value[0][0] == pytest.approx(0.082167041, abs=NINTH_DIGIT)
    with pytest.raises(sb.InputError, match="one entry is wanted"):
        _ = two_input.gradient("w[2]").chain


@pytest.mark.parametrize("name", ["loss", "lr", "new:w[1][0][0]", "penalty"])
def test_what_has_no_gradient_is_refused(two_input: sb.Derivation, name: str) -> None:
    told = "unknown name 'penalty'" if name == "penalty" else f"{name}: there is no gradient by it; "
    with pytest.raises(sb.InputError, match="^" + re.escape(told)):
        two_input.gradient(name)


def test_an_unknown_name_is_refused_with_the_nearest(two_input: sb.Derivation) -> None:
    with pytest.raises(sb.UnknownName, match="did you mean 'net_h2'"):
        two_input.gradient("net_h3")


def test_training_goes_on_from_a_saved_network(two_input: sb.Derivation) -> None:
    first = two_input.train(1)
    again = sb.derive(two_input.network_at(first)).train(1)
    assert two_input.train(2).losses == (first.losses[0], *again.losses)


def test_training_starts_from_the_values_that_are_handed_over(two_input: sb.Derivation) -> None:
    values = two_input.evaluate(parameters={"lr": 0})
    losses = two_input.train(3, values=values).losses
    assert losses == (losses[0],) * 4


def test_a_tied_parameter_is_saved_once(tmp_path: Path) -> None:
    layer = {"units": 1, "activation": "identity", "weights": [["w", "w"]]}
    update = {"rule": "gradient_descent", "learning_rate": "1/8"}
    network = sb.Network(
        inputs=[1, 2], targets=[5], layers=[layer], loss="squared_error", update=update, parameters={"w": 2}
    )
    derivation = sb.derive(network)
    # By hand: f = (3w - 5)^2/2 at 2 has the slope 3; a step of 1/8.
    saved = derivation.network_at(derivation.train(1))
    assert saved.layers[0].weights == (("w", "w"),)
    value = saved.parameters["w"].value
    assert value is not None
    assert float(value.value) == 2 - 3 / 8


def test_derivations_and_gradients_say_what_they_are(two_input: sb.Derivation) -> None:
    assert "2-2-2" in repr(two_input)
    assert repr(two_input.gradient("w_5")) == "<Gradient dE/dw_5>"


def test_a_workbook_without_a_path_is_bytes_and_with_one_a_file(two_input: sb.Derivation, tmp_path: Path) -> None:
    book = two_input.to_workbook()
    two_input.to_workbook(tmp_path / "book.xlsx")
    assert (tmp_path / "book.xlsx").read_bytes() == book
    assert book.startswith(b"PK")


def test_the_json_of_a_large_network_lists_laws_and_no_gradients(
    two_input: sb.Derivation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("symbackprop.structure.MOST_GRADIENTS", 11)  # 8 weights and 4 biases are more
    table = json.loads(two_input.rendered("json"))
    assert table["gradients"] == []
    assert len(table["laws"]) > 10
    monkeypatch.setattr("symbackprop.structure.MOST_GRADIENTS", 12)
    assert len(json.loads(two_input.rendered("json"))["gradients"]) == 12


def test_numbers_are_left_out_where_a_value_is_missing(two_input: sb.Derivation) -> None:
    symbolic = sb.derive(sb.Network.read(EXAMPLES / "happydustbunny.toml"))
    assert '"value"' not in symbolic.rendered("json")
    assert '"value"' in two_input.rendered("json")
    assert '"value"' not in two_input.rendered("json", numbers=False)
    with pytest.raises(sb.MissingValue, match=r"^no value for w_00\^\(1\), w_01\^\(1\), "):
        symbolic.rendered("json", numbers=True)


def test_sigmoid_far_out_is_finite_in_everything_that_is_evaluated() -> None:
    layer: dict[str, Any] = {"units": 1, "activation": "sigmoid", "weights": [[300]]}
    network = sb.Network(inputs=[1], targets=[0], layers=[layer], loss="binary_cross_entropy")
    values = sb.derive(network).evaluate()
    assert values["loss"] == 300.0
    assert values["dE/dw_1"] == 1.0
    # 1/(1 - out) = 1 + exp(300), although out itself is 1 in float64.
    assert values["dE/dout_o1"] == pytest.approx(math.exp(300), rel=1e-14)


def test_a_derivation_proves_itself(two_input: sb.Derivation) -> None:
    proof = two_input.prove()
    assert proof
    assert not proof.failed


def test_the_matrix_form_is_of_the_whole_array(two_input: sb.Derivation) -> None:
    form = two_input.gradient("w_5").matrix
    assert form.array == two_input.gradient("w[2]").quantity


def test_the_steps_lead_to_the_delta_form(two_input: sb.Derivation) -> None:
    assert len(two_input.steps("w_1")) > 1


@pytest.mark.parametrize("target", ["python", "numpy"])
def test_a_compiled_function_gives_a_published_gradient(target: str) -> None:
    derivation = sb.derive(sb.Network.read(EXAMPLES / "two-input.toml"))
    values = derivation.evaluate()
    parameters = {f"{letter}{layer}": values[f"{letter.lower()}[{layer}]"] for letter in "Wb" for layer in (1, 2)}
    found = derivation.compile(target)(parameters, values["x"][0], values["t"][0])
    # M. Mazur's figure for his w5.
    assert float(found["W2"][0][0]) == pytest.approx(0.082167041, abs=5e-10)
    assert "def " in derivation.source(target)


@pytest.mark.parametrize("precision", [0, -3, 10_001, 10**7])
def test_a_precision_out_of_range_is_refused(precision: int) -> None:
    derivation = sb.derive(sb.Network.read(EXAMPLES / "two-input.toml"))
    with pytest.raises(sb.InputError, match="from 1 to 10,000"):
        derivation.evaluate(precision=precision)
