"""What the settings of a document do: how much is shown, in which order, and how far things are written out."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import symbackprop as sb
from symbackprop.errors import SymbackpropError

ROOT = Path(__file__).resolve().parent.parent
ROUNDING = 1e-12  # some thousand roundings of 1e-16: the matrices have a few dozen entries each
DEEP = """
[inputs]
values = [[1, 2]]
[targets]
values = [[1]]
{hidden}
[[layers]]
units = 1
activation = "sigmoid"
bias = "unit"
[loss]
name = "squared_error"
[initial]
seed = 1
scheme = "glorot_uniform"
[update]
rule = "gradient_descent"
learning_rate = 0.1
"""
HIDDEN = '[[layers]]\nunits = 5\nactivation = "tanh"\nbias = "unit"\n'


@cache
def network(name: str) -> Any:
    return sb.Network.read(str(ROOT / "examples" / f"{name}.toml"))


def text(name: str, **settings: Any) -> str:
    changed = network(name).with_values({f"document.{key}": value for key, value in settings.items()})
    return sb.derive(changed).rendered("text")


def words(name: str, **settings: Any) -> str:
    return " ".join(text(name, **settings).split())


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("order", "weights", "document.order: 'weights' cannot be used; known: layers, parameters"),
        ("blocks", ["forward", "los"], "document.blocks[1]: unknown entry 'los'; did you mean 'loss'?"),
        ("blocks", ["loss", "loss"], "document.blocks[1]: 'loss' stands in the list twice"),
        ("gradient", ["chains"], "document.gradient[0]: unknown entry 'chains'; did you mean 'chain'?"),
        ("factors", "brace", "did you mean 'braces'?"),
        ("worked", "some", "document.worked: 'some' cannot be used; allowed: all, first, or a list of names"),
        ("matrices", "all", "document.matrices: 'all' cannot be used"),
        ("depth", -1, "document.depth: unknown depth -1"),
        ("numbered", 1, "document.numbered: is the number 1; allowed: true or false"),
    ],
)
def test_a_wrong_setting_is_refused_when_the_description_is_read(key: str, value: Any, message: str) -> None:
    with pytest.raises(SymbackpropError, match=re.escape(message)):
        network("russo").with_values({f"document.{key}": value})


def test_a_name_that_is_worked_out_has_to_be_one() -> None:
    with pytest.raises(SymbackpropError, match="w_99"):
        text("russo", worked=["w_99"])


def test_blocks_stand_in_their_order() -> None:
    found = re.findall(r"^(.+)\n-+$", text("russo", blocks=["loss", "update", "forward"]), re.MULTILINE)
    assert found == ["Loss", "Update", "Forward pass"]


def test_only_what_is_named_is_worked_out() -> None:
    shown = text("russo", worked=["w_12", "net_o2"])
    assert re.search(r"^  dE_total/dw_12 += dE_total/dout_o1 ", shown, re.MULTILINE)
    assert not re.search(r"^  dE_total/dw_11 +=", shown, re.MULTILINE)
    assert "  net_o2 = " in shown
    assert "  net_o1 = " not in shown
    assert "dE_total/dw_10 ≈ 0.05264, dE_total/dw_11 ≈ 0.05360" in shown


def test_numbers_or_symbols_alone() -> None:
    assert "net_h1 = 0.2 * 0.05 + 0.25 * 0.1 + 0.3 * 0.15 + 0.3 = 0.38000" in words("russo", show="numbers")
    symbols = words("russo", show="symbols")
    assert "net_h1 = w_1 * i_1 + w_2 * i_2 + w_3 * i_3 + b_1 net_h2" in symbols


def test_a_class_is_predicted() -> None:
    assert "The largest output is out_o2, so the predicted class is 2." in words("russo", prediction=True)
    shown = words("xor", prediction=True)
    assert shown.count("so the predicted class is") == 4  # one for each observation


def test_parts_of_one_output_have_no_terms_of_the_others() -> None:
    shown = sb.derive(network("russo")).rendered("text", of=["dE[0]/dout[1][0]"])
    assert "0 *" not in shown
    assert "net_o2" not in shown


def test_a_frozen_parameter_keeps_its_name_in_the_second_pass() -> None:
    shown = words("russo")
    assert "net_h1^n = w_1^n * i_1 + w_2^n * i_2 + w_3^n * i_3 + b_1 ≈" in shown
    assert "b_1^n" not in shown


def test_every_link_to_a_parameter_is_stated_once() -> None:
    assert "dnet_h1/dw_2 = dnet_h2/dw_5 = dnet_h3/dw_8 = i_2 = 0.1" in words("russo")


def test_weights_stand_in_the_order_of_their_numbers() -> None:
    shown = words("math-note")
    assert "w_1 = 0.15, w_2 = 0.20, w_3 = 0.25, w_4 = 0.30" in shown
    assert [shown.index(f"w_{number}(new) = ") for number in range(1, 9)] == sorted(
        shown.index(f"w_{number}(new) = ") for number in range(1, 9)
    )


def test_braces_name_the_factors() -> None:
    changed = network("two-input").with_values({"document.factors": "braces", "document.gradient": ["chain"]})
    latex = sb.derive(changed).rendered("latex")
    brace = r"\underbrace{out_{o1} (1 - out_{o1})}_{\frac{\partial out_{o1}}{\partial net_{o1}}}"
    assert brace in re.sub(r"\\mathit\{(\w+)\}", r"\1", latex)


def test_matrices_have_shapes_and_both_versions() -> None:
    shown = words("two-input")
    assert "net^(1) 2×1, W^(1) 2×2, x 2×1" in shown
    assert "δ^(1) = (W^(2)ᵀ δ^(2)) ⊙ out^(1) ⊙ (1 - out^(1))" in shown
    assert "D^(1) = diag(out^(1) ⊙ (1 - out^(1)))" in shown
    assert "δ^(1) = D^(1) W^(2)ᵀ δ^(2)" in shown


def test_a_slope_by_cases_has_a_name() -> None:
    shown = words("esuli")
    assert "relu'(x) = {0 if x ≤ 0; 1 if x > 0}" in shown
    assert shown.count("{0 if") == 1
    assert "δ_h = (W_outᵀ δ_o) ⊙ relu'(h_pre)" in shown


def test_a_deep_network_is_short_since_layers_that_are_alike_are_said_once() -> None:
    derivation = sb.derive(sb.Network.parse(DEEP.format(hidden=HIDDEN * 19)))
    shown = derivation.rendered("text")
    assert len(shown.splitlines()) < 300
    assert "19 hidden layers of 5 units each" in shown
    assert "Layers 3 to 18 have the same equations, with the layer's own number in place of 2." in shown
    deeper = sb.derive(sb.Network.parse(DEEP.format(hidden=HIDDEN * 39))).rendered("text")
    assert abs(len(deeper.splitlines()) - len(shown.splitlines())) < 10


TIED = """
[inputs]
values = [[0, 1], [1, 0], [1, 1]]
[targets]
values = [[1], [1], [0]]
[[layers]]
units = 2
activation = "relu"
weights = [[1, 1], [1, 1]]
[[layers]]
units = 1
activation = "identity"
weights = [["v", "v"]]
[loss]
name = "squared_error"
[update]
rule = "gradient_descent"
learning_rate = 0.1
[parameters]
v = 0.5
"""


@pytest.mark.parametrize("depth", ["all", "laws"])
def test_a_tied_parameter_is_told_once(depth: str) -> None:
    tied = sb.Network.parse(TIED).with_values({"document.depth": depth})
    shown = sb.derive(tied).rendered("text")
    assert len(re.findall(r"^  dE/dv += dE/dv\[1\] \+ dE/dv\[2\] ", shown, re.MULTILINE)) == 1
    assert len(re.findall(r"^  v\^\+ += v - ", shown, re.MULTILINE)) == 1
    assert not re.search(r"^  v\^\+ += v\^\+", shown, re.MULTILINE)
    assert "δ_ok@n * w_kj" not in shown.replace("Σ_k δ_ok@n * w_kj", "")


def test_parameter_by_parameter_every_delta_is_stated_before_it_is_used() -> None:
    shown = words("two-input", order="parameters")
    for delta in ("δ_o1", "δ_o2", "δ_h1", "δ_h2"):
        assert shown.index(f"{delta} = dE/d") < shown.index(f"= {delta} * ")


@pytest.mark.parametrize("name", ["kadakia", "russo", "esuli", "math-note", "spreadsheet", "softmax-classifier", "xor"])
def test_the_sides_of_matrix_equations_are_equal(name: str) -> None:
    """Every matrix equation that is shown with numbers, multiplied out by numpy."""
    import numpy as np

    from symbackprop.documents.content import Matrices
    from symbackprop.documents.figures import Figures
    from symbackprop.documents.outline import document_of
    from symbackprop.documents.settings import settings_of
    from symbackprop.forms.matrix_values import matrix_value

    derivation = sb.derive(network(name))
    values, settings = derivation.evaluate(), settings_of(network(name).document)
    document = document_of(derivation.core, Figures(derivation.core, values, settings), (), settings)
    items = [item for section in document.sections for item in section.items if isinstance(item, Matrices)]
    checked = 0
    for equality in (each for item in items for each in item.equalities):
        if equality.numbers is not None:
            left, right = (matrix_value(each, values).astype(float) for each in (equality.target, equality.numbers))
            np.testing.assert_allclose(*np.broadcast_arrays(left, right), rtol=ROUNDING, atol=ROUNDING / 1_000)
            checked += 1
    assert checked >= 8


def test_the_document_needs_no_sympy() -> None:
    import subprocess
    import sys

    code = (
        "import sys, symbackprop as sb\n"
        "d = sb.derive(sb.Network.read('examples/happydustbunny.toml'))\n"
        "d.rendered('text'), d.rendered('latex'), d.rendered('markdown')\n"
        "print('sympy' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert found.stdout.strip() == "False", found.stderr


def test_where_printed_numbers_give_none_more_digits_are_carried_on() -> None:
    network = sb.Network.parse(
        '[inputs]\nvalues = [[1]]\n[targets]\nvalues = [[0]]\n[[layers]]\nunits = 1\nactivation = "sigmoid"\n'
        'weights = [[12]]\n[loss]\nformula = "-ln(1 - out)"\n[document]\ncarry = "printed"\n'
    )
    text = sb.derive(network).to_text()
    assert "≈ -log(1 - 1.000) ≈ 12.00" in text  # -ln(1 - sigmoid(12)) = 12.000006


BEYOND_DOUBLES = """
loss = "E"
[inputs]
x = ["1e400"]
[parameters]
w = "-1e400"
[[equations]]
name = "v"
formula = "w + 0.5"
[[equations]]
name = "E"
formula = "v^2 + x"
[document]
carry = "CARRY"
"""


@pytest.mark.parametrize("carry", ["full", "printed"])
@pytest.mark.parametrize("output", ["text", "latex", "markdown", "typst"])
def test_a_given_number_beyond_doubles_is_shown_as_it_was_written(output: str, carry: str) -> None:
    derivation = sb.derive(sb.Network.parse(BEYOND_DOUBLES.replace("CARRY", carry)))
    assert {"text": "-1e400 + 0.5"}.get(output, "400") in derivation.rendered(output)
