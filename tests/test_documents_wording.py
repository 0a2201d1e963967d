"""As a teacher would write it: zeros, cases, squares, the last sentence, headings, columns; Markdown's diagram."""

from __future__ import annotations

import re
import sys
from base64 import b64decode
from itertools import pairwise

import pytest

import symbackprop as sb
from symbackprop.cli import main
from symbackprop.documents.lengths import columns
from tests.examples import ROOT, derived
from tests.running import run, spawn

PENALISED = """
title = "Huber's loss with a penalty"
[inputs]
values = [[0.5, 0, -1.5]]
[targets]
values = [[1, 0]]
[[layers]]
units = 2
activation = "relu"
weights = [[0.1, 0.2, 0.3], [-0.4, 0.5, -0.6]]
bias = [0, 0.1]
[[layers]]
units = 2
activation = { name = "leaky_relu", slope = "1/100" }
weights = [[0.7, -0.8], [0, 0.25]]
[loss]
name = "huber"
delta = 0.5
[penalty]
kind = "KIND"
strength = 0.01
[update]
rule = "gradient_descent"
learning_rate = 0.1
"""


def penalised(kind: str) -> str:
    return sb.derive(sb.Network.parse(PENALISED.replace("KIND", kind))).to_text()


def test_a_product_with_a_factor_0_is_exactly_0_and_has_no_sign() -> None:
    text = derived("softmax-classifier").to_text()
    assert "E_1@0 = -t_1@0 * log(out_o1@0) / 3 ≈ 0 * log(0.2499) / 3 = 0" in text
    assert "-0 " not in text


def test_of_cases_the_numbers_are_put_into_the_one_that_holds() -> None:
    text = " ".join(penalised("l1").split())
    # |-0.0064 - 1| is more than delta, 0.2 is not.
    assert "if abs(out_o1 - t_1) > 1/2} = 1/2 * (abs(-0.006400 - 1) - 1/4) = 0.3782" in text
    assert "if abs(out_o2 - t_2) > 1/2} = (0.2000 - 0)^2 / 2 = 0.02000" in text
    assert "= 1/2 * sign(-0.006400 - 1) = -0.5000" in text


def test_the_first_paragraph_speaks_of_the_penalty() -> None:
    assert "The loss is huber. A penalty (l1) on the weights is added to it." in " ".join(penalised("l1").split())


def test_a_penalty_is_a_sum_of_squares() -> None:
    text = penalised("l2")
    assert "R   = 1/2 * λ * w_1^2 + 1/2 * λ * w_2^2" in text
    assert "1/2 * 0.01 * (-0.4)^2" in text


@pytest.mark.parametrize("kind", ["l1", "l2"])
def test_the_backward_pass_goes_through_each_layer_once(kind: str) -> None:
    backward = penalised(kind).split("Backward pass\n")[1].split("Matrix form\n")[0]
    assert re.findall(r"^(\w+ layer)$", backward, re.M) == ["Output layer", "Hidden layer"]


@pytest.mark.parametrize("decimals", range(2, 7))
def test_the_printed_losses_differ_by_the_printed_difference(decimals: int) -> None:
    for name in ("esuli", "russo", "math-note", "kadakia"):
        derivation = sb.derive(derived(name).network.with_values({"document.decimals": decimals}))
        sentence = re.search(r"The loss fell from (\S+) to (\S+), by (\S+)\.", derivation.to_text())
        assert sentence is not None
        before, after, fall = (float(each.replace("·10^", "e")) for each in sentence.groups())
        last = 10.0 ** -max(len(each.partition(".")[2]) for each in sentence.groups())
        assert before > after
        assert abs(before - after - fall) < 0.51 * last


def test_of_laws_each_number_that_is_used_was_worked_out_before() -> None:
    text = derived("softmax-classifier").to_text().split("Hidden layer\n")[2]
    assert "dE/dout_h1@0      = δ_o1@0 * w_7" in text
    assert "≈ -0.07729\n" in text.split("(-0.07729) * 0.9901")[0]


def test_the_delta_of_matrices_is_explained_where_no_other_is() -> None:
    network = derived("kadakia").network.with_values({"document.blocks": ["forward_matrix", "backward_matrix"]})
    text = sb.derive(network).to_text()
    assert "holds the derivatives of the loss by the net inputs" in text
    assert "holds" not in derived("kadakia").to_text()
    forward, backward = text.split("Backward pass")
    assert "relu(invec_H)" in forward
    assert "dE/dW" not in forward
    assert "dE/dW" in backward


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_columns_are_aligned_as_the_terminal_shows_them(encoding: str) -> None:
    shown = spawn("derive", ROOT / "examples" / "kadakia.toml", PYTHONIOENCODING=encoding).stdout.decode(encoding)
    assert ("delta_O" in shown) == (encoding == "ascii")
    blocks = [block.splitlines() for block in shown.split("\n\n") if block.startswith("  ")]
    aligned = 0
    for block in blocks:
        heads = [row for row in block if re.match(r"  \S.* = ", row) and not row.startswith("   ")]
        for one, other in pairwise(heads):
            aligned += 1
            assert columns(one[: one.index(" = ")]) == columns(other[: other.index(" = ")])
    assert aligned > 20


def test_markdown_has_the_diagram_as_its_reader_shows_it() -> None:
    derivation = derived("russo")
    (mermaid,) = re.findall(r"```mermaid\n(.*?)\n```", derivation.to_markdown(), re.S)
    assert len(re.findall(r"^  n\d+ -", mermaid, re.M)) == 9 + 9 + 6 + 3  # weights, shared biases, targets
    assert '---|"w_18 = 0.3"|' in mermaid
    assert "<br>b_2 = 0.6" in mermaid
    for flavour in ("vscode", "jupyter", "pandoc"):
        (image,) = re.findall(
            r"^!\[The network\]\(data:image/svg\+xml;base64,(\S+)\)$", derivation.to_markdown(flavour=flavour), re.M
        )
        assert b64decode(image).startswith(b"<svg ")
    assert "mermaid" not in derivation.to_markdown(fragment=True)


def test_a_wide_network_has_a_box_for_each_layer() -> None:
    network = sb.Network.parse(
        "observations = 'n'\n[inputs]\nnames = [" + ", ".join(f"'x_{number}'" for number in range(20)) + "]\n"
        "[[layers]]\nunits = 9\nactivation = 'relu'\n[[layers]]\nunits = 2\nactivation = 'softmax'\n"
        "[loss]\nname = 'cross_entropy'\n"
    )
    (mermaid,) = re.findall(r"```mermaid\n(.*?)\n```", sb.derive(network).to_markdown(), re.S)
    assert mermaid.count("\n") == 3
    assert "9 × 20" in mermaid
    assert "9 units<br>relu" in mermaid


def test_the_depth_has_options_of_its_own() -> None:
    path = ROOT / "examples" / "russo.toml"

    def out(*options: str) -> str:
        ran = run("derive", path, *options)
        assert ran.status == 0, ran.err
        return ran.out

    assert "= 0.380\n" in out("--decimals", "3", "--blocks", "forward")
    assert "In the same way" in out("--worked", "first")
    worked = out("--worked", "w_10", "w_1", "--blocks", "update")
    assert "w_10^n = w_10 - η" in worked
    assert "w_11^n = w_11 - η" not in worked
    assert "Σ_k" in out("--depth", "laws")
    assert "Σ_k" in out("--depth", "50")
    assert "Second forward pass" not in out("--no-second-pass")
    assert "Matrix form" not in out("--equations", "scalar")
    assert "Backward pass" not in out("--equations", "matrix")
    assert run("derive", path, "--decimals", "3", "--digits", "3").status == 2
    assert run("derive", path, "--blocks", "loss", "--equations", "scalar").status == 2
    wrong = run("derive", path, "--blocks", "losses")
    assert wrong.status == 3
    assert "did you mean 'loss'" in wrong.err


def test_the_first_paragraph_says_what_the_mark_of_an_observation_is() -> None:
    paragraph = " ".join(derived("softmax-classifier").to_text().split("Inputs:")[0].split())
    assert "There are 3 observations, counted from 0: x_1@0 is of the first." in paragraph
    assert "counted from" not in derived("russo").to_text()


@pytest.mark.parametrize(
    "command",
    [
        ["derive", "examples/softmax-classifier.toml", "--blocks", "network", "forward"],
        ["audit", "examples/claims/russo.toml"],
    ],
)
def test_rows_on_a_screen_end_between_words(
    command: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A terminal cuts a row that is longer than itself in the middle of a word."""
    monkeypatch.chdir(ROOT)
    main(command)
    usual = capsys.readouterr().out
    assert max(map(len, usual.splitlines())) > 72
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "72")
    main(command)
    shown = capsys.readouterr().out
    assert max(map(len, shown.splitlines())) <= 72
    assert shown.split() == usual.split()


def test_edges_with_labels_are_straight_where_mermaid_draws_them() -> None:
    """It keeps places free for labels that only straight edges pass through; along curves labels cover each other."""
    straight = '```mermaid\n%%{init: {"flowchart": {"curve": "linear"}}}%%\nflowchart LR\n'
    assert straight in derived("xor").to_markdown()
    assert "```mermaid\nflowchart LR\n" in derived("recurrent").to_markdown()


def test_a_program_with_both_signs_of_a_derivative_says_what_tells_them_apart() -> None:
    """In the recurrent cell h_3 depends on w directly and through h_2; of x, y and z each depends in one way only."""
    said = "With ∂ stands the slope of one equation by itself"
    for name, both in (("recurrent", True), ("program-xyz", False), ("russo", False)):
        text = derived(name).to_text()
        assert (said in " ".join(text.split())) == both
        assert ("∂h_3/∂w" in text) == (name == "recurrent")
    assert r"$\partial$" in derived("recurrent").to_latex()


def test_the_loss_of_several_observations_is_added_up_with_its_numbers() -> None:
    text = derived("xor").to_text()
    loss = " ".join(text.split("\nLoss\n")[1].split("Backward")[0].split())
    symbols, numbers, result = re.search(r" E = (E[^=≈]*) ≈ ([^=≈]*) ≈ (\S+)", loss).groups()  # type: ignore[union-attr]
    assert symbols.count("E_1@") == numbers.count("+") + 1 == 4
    assert sum(map(float, numbers.split("+"))) == pytest.approx(float(result), rel=1e-3)


def test_laws_say_what_their_letters_stand_for() -> None:
    said = "Here i, j and k stand for any unit or input, n for any observation; a sum runs over all of them."
    assert said in " ".join(derived("softmax-classifier").to_text().split())
    assert "[j=k] is 1 where j = k, and 0 elsewhere." in derived("softmax-classifier").to_text()
    assert "stand for any" not in derived("russo").to_text()


@pytest.mark.parametrize(
    ("biases", "does"),
    [
        (("bias = 0", "bias = 0"), "its weighted inputs and its bias, and applies"),
        (("", ""), "its weighted inputs and applies"),
        (("bias = 0", ""), "its weighted inputs and its bias, if it has one, and applies"),
        (("bias = 1\nbias_input = -1",) * 2, "its weighted inputs, takes its threshold off and applies"),
    ],
)
def test_the_forward_pass_says_what_a_unit_of_this_network_does(biases: tuple[str, str], does: str) -> None:
    layers = "".join(f'[[layers]]\nunits = 1\nactivation = "tanh"\nweights = [[1]]\n{each}\n' for each in biases)
    network = f'[inputs]\nvalues = [[1]]\n[targets]\nvalues = [[0]]\n{layers}[loss]\nname = "squared_error"\n'
    text = " ".join(sb.derive(sb.Network.parse(network)).to_text().split())
    assert f"Each unit adds up {does} its activation." in text


def test_where_a_slope_goes_by_cases_the_matrices_before_it_have_their_numbers() -> None:
    text = " ".join(derived("kadakia").to_text().split())
    assert "⊙ relu'(invec_H) = ([1; 2] [6]) ⊙ [1; 1] = [6; 12]" in text


def test_a_slopes_name_has_a_prime_and_no_apostrophe() -> None:
    derivation = derived("kadakia")
    assert r"\operatorname{relu}'(\mathrm{in}_{O})" in derivation.to_latex()
    assert r"\mathrm{relu}'(\mathrm{in}_{O})" in derivation.to_markdown()
    assert 'op("relu")\'(upright("in")_(O))' in derivation.rendered("typst")


def test_in_a_pdf_the_letter_of_an_observation_is_set_as_the_letter_of_its_sum() -> None:
    source = derived("softmax-classifier").rendered("typst")
    assert '$= sum_(n) sum_(j) E_(j)^("⟨"n"⟩")$' in source


def test_where_many_paths_lead_to_the_first_weight_the_steps_are_those_of_a_later_layer() -> None:
    layers = "".join(f'[[layers]]\nunits = 3\nactivation = "{each}"\n' for each in ("relu", "tanh", "softmax"))
    network = sb.Network.parse(f'[inputs]\ncount = 3\n{layers}[loss]\nname = "cross_entropy"\n')
    steps = sb.derive(network).to_text().split("\nFrom the sum over paths to the delta form")[1]
    assert "For one parameter, the derivative dE/dw_10." in steps  # 9 paths; to w_1 there are 27
    assert "dE/dw_10 = δ_h1^(2) * out_h1^(1)" in steps


def test_a_delta_of_the_other_sign_is_minus_what_the_weights_share() -> None:
    network = derived("russo").network
    other = sb.derive(network.with_values({"notation.delta_sign": "-"})).to_text()
    assert "so minus their product has a name" in " ".join(other.split())
    assert "so their product has a name" in " ".join(derived("russo").to_text().split())


@pytest.mark.parametrize(
    ("carry", "sides"),
    [
        ("full", "= CHAIN = (out_o1 - target_o1) * out_o1 * (1 - out_o1) ≈ (0.86655 - 0.1) * 0.86655 * (1 - 0.86655)"),
        ("printed", "= (out_o1 - target_o1) * out_o1 * (1 - out_o1) = CHAIN ≈ 0.76655 * 0.11564"),
    ],
)
def test_the_numbers_of_a_delta_are_those_of_its_last_side(carry: str, sides: str) -> None:
    network = derived("russo").network.with_values({"document.carry": carry})
    shown = " ".join(sb.derive(network).to_text().split())
    assert f"δ_o1 {sides.replace('CHAIN', 'dE_total/dout_o1 * dout_o1/dnet_o1')}" in shown


def test_of_many_names_without_values_only_the_first_are_shown() -> None:
    layers = '[[layers]]\nunits = 30\nactivation = "tanh"\n[[layers]]\nunits = 2\nactivation = "tanh"\n'
    network = sb.Network.parse(f'[inputs]\ncount = 30\n{layers}[loss]\nname = "squared_error"\n')
    assert "w_1, w_2, w_3, w_4, ... and 956 more" in sb.derive(network).to_text()
