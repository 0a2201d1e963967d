from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.derivation import Derivation, derive
from symbackprop.errors import InputError
from symbackprop.forms.matrix import matrix_form
from symbackprop.forms.matrix_values import matrix_value
from symbackprop.network import Dense, Network
from symbackprop.notation.names import Names
from symbackprop.printing.matrix import PlainMatrices, TexMatrices
from symbackprop.printing.plain import Plain
from symbackprop.quantities import Array, Quantity
from symbackprop.values import evaluate
from tests.small import program, two_two_two

TWO = {"inputs": [[1, 2], [3, 4]], "targets": [[0, 1], [1, 0]]}


def array(derivation: Derivation, name: str) -> Array:
    found = Names(derivation).resolve(name)
    return found.array if isinstance(found, Quantity) else found


def plain(derivation: Derivation, name: str, **options: bool) -> str:
    return PlainMatrices(derivation.notation).equation(matrix_form(derivation, array(derivation, name), **options))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("net[1]", "net^(1) = W^(1) x + b^(1)"),
        ("out[1]", "out^(1) = sigmoid(net^(1))"),
        ("loss", "E = onesᵀ E"),
        ("delta[2]", "δ^(2) = (out^(2) - t) ⊙ out^(2) ⊙ (1 - out^(2))"),
        ("delta[1]", "δ^(1) = (W^(2)ᵀ δ^(2)) ⊙ out^(1) ⊙ (1 - out^(1))"),
        ("dE/dw[2]", "dE/dW^(2) = δ^(2) out^(1)ᵀ"),
        ("dE/db[2]", "dE/db^(2) = δ^(2)"),
        ("dE/dx", "dE/dx = W^(1)ᵀ δ^(1)"),
        ("dE/dout[1]", "dE/dout^(1) = W^(2)ᵀ δ^(2)"),
    ],
)
def test_one_observation_is_a_column(name: str, expected: str) -> None:
    derivation = two_two_two()
    assert plain(derivation, name) == expected
    assert matrix_form(derivation, array(derivation, name)).observations == "one observation: vectors are columns"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("net[1]", "net^(1) = x W^(1)ᵀ + b^(1)"),
        ("delta[1]", "δ^(1) = (δ^(2) W^(2)) ⊙ out^(1) ⊙ (1 - out^(1))"),
        ("dE/dw[2]", "dE/dW^(2) = δ^(2)ᵀ out^(1)"),
        ("dE/db[2]", "dE/db^(2) = δ^(2)"),
        ("dE/dx", "dE/dx = δ^(1) W^(1)"),
    ],
)
def test_one_observation_is_a_row_where_the_notation_says_so(name: str, expected: str) -> None:
    derivation = two_two_two(notation={"preset": "indexed", "vectors": "rows"})
    assert plain(derivation, name) == expected
    assert matrix_form(derivation, array(derivation, name)).observations == "one observation: vectors are rows"


@pytest.mark.parametrize(
    ("vectors", "name", "expected"),
    [
        ("rows", "net[1]", "net^(1) = x W^(1) + b^(1)"),
        ("rows", "delta[1]", "δ^(1) = (δ^(2) W^(2)ᵀ) ⊙ out^(1) ⊙ (1 - out^(1))"),
        ("rows", "dE/dw[2]", "dE/dW^(2) = out^(1)ᵀ δ^(2)"),
        ("columns", "net[1]", "net^(1) = W^(1)ᵀ x + b^(1)"),
        ("columns", "delta[1]", "δ^(1) = (W^(2) δ^(2)) ⊙ out^(1) ⊙ (1 - out^(1))"),
        ("columns", "dE/dw[2]", "dE/dW^(2) = out^(1) δ^(2)ᵀ"),
    ],
)
def test_a_weight_matrix_has_the_rows_that_were_written(vectors: str, name: str, expected: str) -> None:
    for table in ({"weights_order": "from_to"}, {}):
        order = {} if table else {"matrix_order": "from_to"}
        derivation = two_two_two(notation={"preset": "indexed", "vectors": vectors, **order}, **table)
        assert plain(derivation, name) == expected


@pytest.mark.parametrize(("rows", "observations"), [(1, "rows"), (2, "rows"), (2, "columns")])
@pytest.mark.parametrize("bias_form", ["letter", "column"])
@pytest.mark.parametrize("vectors", ["columns", "rows"])
@pytest.mark.parametrize("order", ["to_from", "from_to"])
def test_turned_weight_matrices_and_thresholds_have_the_same_numbers(
    order: str, vectors: str, bias_form: str, rows: int, observations: str
) -> None:
    written = {"vectors": vectors, "bias_form": bias_form, "matrix_order": order, "observations": observations}
    weights = [[[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]], [[0.7, 0.8]]]
    layers = [Dense(len(each), "tanh", weights=each, bias=[0.5] * len(each), bias_input=-1) for each in weights]
    points = {"inputs": [[1, 2, 3], [0, -1, 2]][:rows], "targets": [[0], [1]][:rows]}
    network = Network(**points, layers=layers, loss="squared_error", notation={"preset": "indexed", **written})
    derivation = sb.derive(network)
    values = derivation.evaluate()
    for name in (
        "net[1]",
        "out[1]",
        "net[2]",
        "delta[1]",
        "delta[2]",
        "dE/dout[1]",
        "dE/dw[1]",
        "dE/dw[2]",
        "dE/db[1]",
    ):
        form = matrix_form(derivation.core, array(derivation.core, name))
        left, right = (matrix_value(each, values).astype(float) for each in (form.target, form.expression))
        assert left.shape == right.shape
        assert np.allclose(left, right, rtol=1e-11, atol=0)  # 1 - out² loses 3 digits


def test_the_slopes_of_rows_are_a_diagonal_matrix_with_its_name() -> None:
    derivation = two_two_two(notation={"preset": "indexed", "vectors": "rows", "diagonal": True})
    assert plain(derivation, "delta[1]") == "δ^(1) = δ^(2) W^(2) D^(1)"
    assert plain(derivation, "dout/dnet[1]") == "D^(1) = diag(out^(1) ⊙ (1 - out^(1)))"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("net[1]", "net^(1) = x W^(1)ᵀ + ones b^(1)ᵀ"),
        ("loss", "E = onesᵀ E ones"),
        ("delta[1]", "δ^(1) = (δ^(2) W^(2)) ⊙ out^(1) ⊙ (1 - out^(1))"),
        ("dE/dw[2]", "dE/dW^(2) = δ^(2)ᵀ out^(1)"),
        ("dE/db[2]", "dE/db^(2) = δ^(2)ᵀ ones"),
        ("dE/dx", "dE/dx = δ^(1) W^(1)"),
    ],
)
@pytest.mark.parametrize("vectors", ["columns", "rows"])
def test_several_observations_are_rows(name: str, expected: str, vectors: str) -> None:
    derivation = two_two_two(**TWO, notation={"preset": "indexed", "vectors": vectors})
    found = plain(derivation, name)
    assert found == (
        expected
        if vectors == "columns"
        else expected.replace("b^(1)ᵀ", "b^(1)").replace("dE/db^(2) = δ^(2)ᵀ ones", "dE/db^(2) = onesᵀ δ^(2)")
    )
    assert "each row" in matrix_form(derivation, array(derivation, name)).observations


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("net[1]", "Z^[1] = W^[1] X + b^[1] onesᵀ"),
        ("out[1]", "A^[1] = tanh(Z^[1])"),
        ("delta[2]", "dZ^[2] = 1/2 (A^[2] - Y)"),
        ("delta[1]", "dZ^[1] = (W^[2]ᵀ dZ^[2]) ⊙ (1 - A^[1] ⊙ A^[1])"),
        ("dE/dw[2]", "dJ/dW^[2] = dZ^[2] A^[1]ᵀ"),
        ("dE/db[2]", "dJ/db^[2] = dZ^[2] ones"),
    ],
)
def test_several_observations_are_columns_where_the_notation_says_so(name: str, expected: str) -> None:
    """As A. Ng's course on deep learning writes a layer for all examples at once."""
    names = {"net_vector": "Z", "out_vector": "A", "delta_vector": "dZ", "weight_matrix": "W", "bias_vector": "b"}
    arrays = {key: f"{name}^[{{layer}}]" for key, name in names.items()}
    network = Network(
        **TWO,
        layers=[Dense(3, "tanh", bias="unit"), Dense(2, "sigmoid", bias="unit")],
        loss="binary_cross_entropy",
        notation={"observations": "columns", "loss": "J", "input_vector": "X", "target_vector": "Y", **arrays},
    )
    derivation = derive(network)
    assert plain(derivation, name) == expected
    assert "each column" in matrix_form(derivation, array(derivation, name)).observations


@pytest.mark.parametrize("name", ["out[1]", "delta[1]", "dE/dw[1]"])
def test_a_softmax_over_columns_has_the_same_numbers(name: str) -> None:
    network = Network(
        inputs=[[1, 2], [0, -1], [0.5, 3]],
        classes=[0, 2, 1],
        layers=[Dense(3, "softmax", weights=[[0.1, 0.2], [0.3, -0.4], [0.5, 0.6]], bias=[0, 0.1, 0.2])],
        loss="squared_error",
        notation={"observations": "columns"},
    )
    derivation = sb.derive(network)
    form = matrix_form(derivation.core, array(derivation.core, name))
    left, right = (matrix_value(each, derivation.evaluate()).astype(float) for each in (form.target, form.expression))
    assert left.shape == right.shape == {"dE/dw[1]": (3, 2)}.get(name, (3, 3))
    assert np.allclose(left, right, rtol=1e-11, atol=0)


def test_a_symbolic_number_of_observations_has_the_same_forms() -> None:
    derivation = derive(
        Network(observations="n", loss="squared_error", input_names=["x", "y"], layers=[Dense(1, "tanh")])
    )
    assert plain(derivation, "dE/dw[1]") == "dE/dW^(1) = δ^(1)ᵀ x"
    assert plain(derivation, "delta[1]") == "δ^(1) = 1/n ((out^(1) - t) ⊙ (1 - out^(1) ⊙ out^(1)))"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("net[1]", "z⃗^(1) = [W^(1) b⃗^(1)] [a⃗^(0); 1]"),
        ("dout/dnet[1]", "D^(1) = diag(a⃗^(1) ⊙ (1 - a⃗^(1)))"),
        ("delta[2]", "δ^(2) = D^(2) (a⃗^(2) - T⃗)"),
        ("delta[1]", "δ^(1) = D^(1) W^(2)ᵀ δ^(2)"),
        ("dE/dw[2]", "[dC/dW^(2) dC/db⃗^(2)] = δ^(2) [a⃗^(1)ᵀ 1]"),
    ],
)
def test_biases_may_be_a_column_and_slopes_a_diagonal_matrix(name: str, expected: str) -> None:
    assert plain(two_two_two(notation="happydustbunny"), name) == expected


def test_a_threshold_is_taken_off_or_the_weight_of_a_node_that_is_minus_1() -> None:
    layers = [Dense(2, "sigmoid", weights=[[0.15, 0.2], [0.25, 0.3]], bias=[0.35, 0.35], bias_input=-1)]
    assert plain(two_two_two(layers=layers), "net[1]") == "net^(1) = W^(1) x - b^(1)"
    assert plain(two_two_two(layers=layers), "dE/db[1]") == "dE/db^(1) = -δ^(1)"
    column = two_two_two(layers=layers, notation={"preset": "indexed", "bias_form": "column"})
    assert plain(column, "net[1]") == "net^(1) = [W^(1) b^(1)] [x; -1]"


@pytest.mark.parametrize(
    ("more", "expected", "wanted"),
    [
        ({"notation": {"preset": "indexed", "diagonal": True}}, "D^(2) = 2 I", [[2, 0], [0, 2]]),
        (TWO, "dout^(2)/dnet^(2) = 2 ones", [[2, 2], [2, 2]]),
    ],
)
def test_a_constant_slope_is_as_large_as_its_layer(
    more: dict[str, Any], expected: str, wanted: list[list[int]]
) -> None:
    derivation = two_two_two(output={"formula": "2*x"}, **more)
    assert plain(derivation, "dout/dnet[2]") == expected
    form, values = matrix_form(derivation, array(derivation, "dout/dnet[2]")), evaluate(derivation)
    assert matrix_value(form.expression, values).tolist() == matrix_value(form.target, values).tolist() == wanted


def test_the_systems_own_equation_is_there_too() -> None:
    assert plain(two_two_two(), "delta[1]", written_out=False) == "δ^(1) = dE/dout^(1) ⊙ dout^(1)/dnet^(1)"


def test_a_jacobian_is_a_diagonal_matrix_minus_an_outer_product() -> None:
    derivation = two_two_two("sigmoid", "softmax")
    assert plain(derivation, "dout/dnet[2]") == "dout^(2)/dnet^(2) = diag(out^(2)) - out^(2) out^(2)ᵀ"


def test_the_loss_may_be_the_product_of_a_row_and_a_column() -> None:
    assert plain(two_two_two(notation="russo"), "loss") == "E_total = 1/2 (target - out^(2))ᵀ (target - out^(2))"


def test_matrices_are_printed_in_tex_and_in_ascii() -> None:
    derivation = two_two_two()
    form = matrix_form(derivation, array(derivation, "delta[1]"))
    assert TexMatrices(derivation.notation).equation(form) == (
        r"\boldsymbol{\delta}^{(1)} = ({\mathbf{W}^{(2)}{}}^{\top} \, \boldsymbol{\delta}^{(2)}) "
        r"\odot \mathbf{out}^{(1)} \odot (1 - \mathbf{out}^{(1)})"
    )
    assert PlainMatrices(derivation.notation, Plain(ascii=True)).equation(form).isascii()


def test_a_program_and_a_tied_parameter_are_refused_with_a_reason() -> None:
    chained = program(("f", "x*x"), x=1)
    with pytest.raises(InputError, match="a program of equations has none"):
        matrix_form(chained, array(chained, "df/dx"))
    tied = derive(
        Network(
            inputs=[1, 2],
            targets=[1],
            loss="squared_error",
            layers=[Dense(1, weights=[["a", "a"]])],
            parameters={"a": 1},
        )
    )
    with pytest.raises(InputError, match="picked one by one"):
        matrix_form(tied, array(tied, "dE/dw[1]"))
