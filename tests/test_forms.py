from __future__ import annotations

import math
from itertools import pairwise

import pytest
import sympy
from sympy import Rational, exp

import symbackprop as sb
from symbackprop.algebra import Symbols, to_sympy
from symbackprop.derivation import Derivation, derive
from symbackprop.errors import InputError, TooLarge
from symbackprop.forms.chain import chain
from symbackprop.forms.closed import closed_form, closed_size
from symbackprop.forms.delta import delta_form
from symbackprop.forms.paths import path_count, path_sum
from symbackprop.network import Dense, Network
from symbackprop.quantities import Quantity
from symbackprop.values import evaluate
from tests.small import program, quantity, text, two_two_two


def linked(derivation: Derivation, name: str) -> list[list[str]]:
    found = chain(derivation, quantity(derivation, name))
    return [[derivation.notation.plain(link.quantity) for link in links] for links in found.products]


def sums(derivation: Derivation, name: str) -> dict[str, list[list[str]]]:
    """The expansions of a chain's first link."""
    found = chain(derivation, quantity(derivation, name))
    return {
        each.over: [[derivation.notation.plain(link.quantity) for link in links] for links in each.products]
        for each in found.expansions(found.products[0][0])
    }


def deep(*widths: int, activation: str = "sigmoid") -> Derivation:
    layers = [
        Dense(width, activation, weights=[[0.1] * before] * width, bias=[0.1] * width)
        for before, width in pairwise(widths)
    ]
    return derive(Network(inputs=[0.1] * widths[0], targets=[0.5] * widths[-1], loss="squared_error", layers=layers))


def test_the_chain_of_an_output_weight_has_three_links_from_the_loss_inward() -> None:
    assert linked(two_two_two(), "dE/dw[2][0][1]") == [["dE/dout_o1", "dout_o1/dnet_o1", "dnet_o1/dw_6"]]


def test_each_link_has_its_own_equation_and_value() -> None:
    derivation = two_two_two()
    ((first, second, third),) = chain(derivation, quantity(derivation, "dE/dw[2][0][0]")).products
    values = evaluate(derivation)
    assert [text(derivation, link.expression) for link in (first, second, third)] == [
        "out_o1 - t_1",
        "out_o1 * (1 - out_o1)",
        "out_h1",
    ]
    # Mazur's figures: 0.74136507, 0.186815602, 0.593269992.
    assert [round(values.of(link.quantity), 6) for link in (first, second, third)] == [0.741365, 0.186816, 0.593270]


def test_a_hidden_units_link_is_a_sum_over_the_next_layer_and_over_the_parts_of_the_loss() -> None:
    derivation = two_two_two()
    assert linked(derivation, "dE/dw[1][0][0]") == [["dE/dout_h1", "dout_h1/dnet_h1", "dnet_h1/dw_1"]]
    assert sums(derivation, "dE/dw[1][0][0]") == {
        "units of the next layer": [["dE/dnet_o1", "dnet_o1/dout_h1"], ["dE/dnet_o2", "dnet_o2/dout_h1"]],
        "parts of the loss by output": [["dE_1/dout_h1"], ["dE_2/dout_h1"]],
    }


def test_several_observations_and_a_penalty_are_products_of_their_own() -> None:
    derivation = two_two_two(inputs=[[1, 2], [3, 4]], targets=[[0, 1], [1, 0]], penalty={"kind": "l2", "strength": 0.1})
    found = chain(derivation, quantity(derivation, "dE/dw[2][0][0]"))
    assert found.over == "observations and the penalty"
    assert linked(derivation, "dE/dw[2][0][0]") == [
        ["dE/dout_o1@0", "dout_o1/dnet_o1@0", "dnet_o1/dw_5@0"],
        ["dE/dout_o1@1", "dout_o1/dnet_o1@1", "dnet_o1/dw_5@1"],
        ["dR/dw_5"],
    ]


def test_the_chain_goes_through_the_jacobian_even_where_it_was_rewritten() -> None:
    derivation = two_two_two("sigmoid", "softmax", loss="cross_entropy", targets=[1, 0])
    assert linked(derivation, "dE/dw[2][0][0]") == [["dE/dnet_o1", "dnet_o1/dw_5"]]
    assert sums(derivation, "dE/dw[2][0][0]")["paths"] == [
        ["dE/dout_o1", "dout_o1/dnet_o1"],
        ["dE/dout_o2", "dout_o2/dnet_o1"],
    ]


def test_each_use_of_a_tied_parameter_has_its_product() -> None:
    network = Network(
        inputs=[1, 2],
        targets=[1],
        loss="squared_error",
        layers=[Dense(1, "tanh", weights=[["a", "b"]]), Dense(1, "tanh", weights=[["a"]])],
        parameters={"a": 0.5, "b": 0.25},
    )
    derivation = derive(network)
    found = chain(derivation, quantity(derivation, "dE/da"))
    assert found.over == "uses of the parameter"
    assert [len(links) for links in found.products] == [3, 3]


def test_the_chain_of_a_program_goes_by_its_variables() -> None:
    derivation = program(("q", "x + y"), ("f", "q*z + x"), x=1, y=2, z=3)
    assert linked(derivation, "df/dx") == [["df/dq", "dq/dx"], ["∂f/∂x"]]


def test_the_delta_form_is_delta_times_the_input_with_slopes_in_outputs() -> None:
    derivation = two_two_two()
    form = delta_form(derivation, quantity(derivation, "dE/dw[1][0][1]"))
    assert text(derivation, form.expression) == "δ_h1 * x_2"
    definitions = {derivation.notation.plain(each): text(derivation, own) for each, own in form.definitions.items()}
    assert definitions == {
        "δ_h1": "(δ_o1 * w_5 + δ_o2 * w_7) * out_h1 * (1 - out_h1)",
        "δ_o1": "(out_o1 - t_1) * out_o1 * (1 - out_o1)",
        "δ_o2": "(out_o2 - t_2) * out_o2 * (1 - out_o2)",
    }


def test_the_delta_form_is_a_canonical_sympy_expression() -> None:
    derivation = two_two_two()
    delta, out = sympy.symbols("δ_o1 out_h2", real=True)
    assert delta_form(derivation, quantity(derivation, "dE/dw[2][0][1]")).sympy() == delta * out


def test_a_delta_form_needs_a_number_of_observations() -> None:
    network = Network(
        inputs=None,
        observations="n",
        loss="squared_error",
        layers=[Dense(2, "tanh"), Dense(1, "tanh")],
        input_names=["x", "y"],
    )
    derivation = derive(network)
    with pytest.raises(TooLarge, match="the number of observations is the symbol n"):
        delta_form(derivation, Quantity(derivation.gradient_array(derivation.arrays.weights[0]), (0, 0)))


def test_a_program_has_no_delta_form() -> None:
    derivation = program(("f", "x*x"), x=1)
    with pytest.raises(InputError, match="a program of equations has none"):
        delta_form(derivation, quantity(derivation, "df/dx"))


def test_the_closed_form_is_what_sympy_finds_for_the_closed_loss() -> None:
    derivation = derive(
        Network(
            inputs=[2], targets=[1], loss="squared_error", layers=[Dense(1, "sigmoid", weights=[[0.5]], bias=[0.1])]
        )
    )
    w, b, x, t = sympy.symbols("w_1 b_1 x_1 t", real=True)
    out = 1 / (1 + exp(-(w * x + b)))
    loss = Rational(1, 2) * (out - t) ** 2
    assert closed_form(derivation, quantity(derivation, "loss")) == loss
    assert closed_form(derivation, quantity(derivation, "dE/dw[1][0][0]")) == sympy.diff(loss, w)


def test_the_closed_form_keeps_the_rule_at_a_kink() -> None:
    derivation = derive(
        Network(
            inputs=[2],
            targets=[1],
            loss="squared_error",
            layers=[Dense(1, {"name": "relu", "at_kink": 1}, weights=[[0.5]])],
        )
    )
    found = closed_form(derivation, quantity(derivation, "dout[1][0]/dnet[1][0]"))
    w, x = sympy.symbols("w_1 x_1", real=True)
    assert found == sympy.Piecewise((0, w * x < 0), (1, True))


def test_a_closed_form_is_counted_and_refused_before_it_is_built() -> None:
    derivation = deep(8, 8, 8, 8)
    wanted = quantity(derivation, "dE/dw[1][0][0]")
    assert closed_size(derivation, wanted) > 100_000
    with pytest.raises(
        TooLarge, match=rf"{closed_size(derivation, wanted):,} operations; the limit is 50,000: use the delta"
    ):
        closed_form(derivation, wanted)


def test_the_counted_size_is_that_of_the_form_written_out() -> None:
    derivation = derive(
        Network(inputs=[2], targets=[1], loss="squared_error", layers=[Dense(1, "identity", weights=[[0.5]])])
    )
    # 1/2 * (w * x - t)^2: two products, a difference and its sign, a power.
    assert closed_size(derivation, quantity(derivation, "loss")) == 5


def test_paths_are_all_ways_from_the_loss_to_the_weight() -> None:
    derivation = two_two_two()
    found = path_sum(derivation, quantity(derivation, "dE/dw[1][0][0]"))
    assert [[derivation.notation.plain(link.quantity) for link in path] for path in found.paths] == [
        ["dE/dout_o1", "dout_o1/dnet_o1", "dnet_o1/dout_h1", "dout_h1/dnet_h1", "dnet_h1/dw_1"],
        ["dE/dout_o2", "dout_o2/dnet_o2", "dnet_o2/dout_h1", "dout_h1/dnet_h1", "dnet_h1/dw_1"],
    ]


def test_paths_are_counted_and_refused_before_they_are_listed() -> None:
    derivation = deep(3, 20, 20, 20)
    wanted = quantity(derivation, "dE/dw[1][0][0]")
    assert path_count(derivation, wanted) == 400
    with pytest.raises(TooLarge, match="400 paths; the limit is 100"):
        path_sum(derivation, wanted, limit=100)


def test_the_forms_of_one_gradient_are_one_expression() -> None:
    derivation = two_two_two("tanh")
    symbols = Symbols(derivation.notation)
    wanted = quantity(derivation, "dE/dw[1][1][0]")
    form = delta_form(derivation, wanted)
    definitions = {symbols(delta): to_sympy(own, symbols) for delta, own in form.definitions.items()}
    written = form.sympy(symbols)
    for _ in definitions:
        written = written.xreplace(definitions)
    assert sympy.expand(written - path_sum(derivation, wanted).sympy(symbols)) == 0


TIED_OVER_OBSERVATIONS = """
[inputs]
values = [[0.5, 0.1], [0.2, -0.3]]
[targets]
values = [[1.0], [0.0]]
[[layers]]
units = 1
activation = "sigmoid"
weights = [["p", "p"]]
[loss]
name = "squared_error"
[parameters]
p = 0.3
"""


@pytest.mark.parametrize("form", ["chain", "delta", "closed", "paths"])
def test_one_observation_s_share_of_a_tied_parameter_s_gradient_has_every_form(form: str) -> None:
    derivation = sb.derive(sb.Network.parse(TIED_OVER_OBSERVATIONS))
    # by hand: (out - target)/2 * out * (1 - out) * (x_1 + x_2), out = sigmoid(0.18)
    out = 1 / (1 + math.exp(-0.18))
    assert derivation.evaluate()["dE/dp@0"] == pytest.approx((out - 1) / 2 * out * (1 - out) * 0.6, rel=1e-14)
    assert derivation.to_text(of=["dE/dp@0"], form=form).rstrip().endswith("-0.03386")
