"""Each published example, reproduced: every kind of step that it shows stands in ours, in its notation and order.

The checklists were made by hand from the notes. A line is what the note shows at that place; where the note is wrong,
ours is right, and the line says so.
"""

from __future__ import annotations

import runpy
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent

CHECKLISTS: dict[str, tuple[str, ...]] = {
    "kadakia": (
        "I_1 = 0, I_2 = 1",
        "w_1 = 0, w_2 = 1, w_3 = 2, w_4 = 3, w_5 = 1, w_6 = 2",
        "relu(x) = max(0, x)",  # the note's A, by cases
        "relu'(x) = {0 if x ≤ 0; 1 if x > 0}",  # A'
        "in_H_1 = I_1 × w_1 + I_2 × w_2 = 0 × 0 + 1 × 1 = 1",
        "in_H_2 = I_1 × w_3 + I_2 × w_4 = 0 × 2 + 1 × 3 = 3",
        "out_H_1 = relu(in_H_1) = relu(1) = 1",
        "in_O = out_H_1 × w_5 + out_H_2 × w_6 = 1 × 1 + 3 × 2 = 7",
        "out_O = relu(in_O) = relu(7) = 7",
        "= [w_1 w_2; w_3 w_4] [I_1; I_2]",  # "more concisely"
        "E = (out_O - a)^2 = (7 - 4)^2 = 9",
        "Output layer",
        "dE/dw_5 = dE/dout_O × dout_O/din_O × din_O/dw_5 = 2 × (out_O - a) × relu'(in_O) × out_H_1 ",
        "= 2 × (7 - 4) × relu'(7) × 1 = 6",
        "dE/dw_6 = dE/dout_O × dout_O/din_O × din_O/dw_6 = 2 × (out_O - a) × relu'(in_O) × out_H_2 ",
        "= 18",
        "Hidden layer",
        "dE/dw_1 = dE/dout_H_1 × dout_H_1/din_H_1 × din_H_1/dw_1",
        "= dE/dout_O × dout_O/din_O × din_O/dout_H_1 × dout_H_1/din_H_1 × din_H_1/dw_1",
        "= 2 × (out_O - a) × relu'(in_O) × w_5 × relu'(in_H_1) × I_1",
        "= 2 × (7 - 4) × relu'(7) × 1 × relu'(1) × 0 = 0",
        "= 2 × (7 - 4) × relu'(7) × 1 × relu'(1) × 1 = 6",
        "= 2 × (7 - 4) × relu'(7) × 2 × relu'(3) × 0 = 0",
        "= 2 × (7 - 4) × relu'(7) × 2 × relu'(3) × 1 = 12",
        "w⃗ = [w_1 w_2 w_3 w_4 w_5 w_6] = [0 1 2 3 1 2]",
        "∇E = [dE/dw_1 dE/dw_2 dE/dw_3 dE/dw_4 dE/dw_5 dE/dw_6] = [0 6 0 12 6 18]",
        "w⃗^+ = w⃗ - γ × ∇E",
        "= [0 1 2 3 1 2] - 0.01 × [0 6 0 12 6 18] = [0 0.94 2 2.88 0.94 1.82]",
        "out_O^+ = relu(in_O^+) = relu(6.1252) = 6.1252",
        "(6.1252 - 4)^2 ≈ 4.5165",
        "The loss fell from 9 to 4.5165",
    ),
    "happydustbunny": (
        "sigmoid(x) = 1 / (1 + exp(-x))",  # the note has 1 - e^-x once
        "z_0^(1) = w_00^(1) * a_0^(0) + w_01^(1) * a_1^(0) + w_02^(1)",
        "a_0^(1) = sigmoid(z_0^(1))",
        "C_0 = 1/2 * (a_0^(2) - T_0)^2",
        "C = C_0 + C_1",
        "C_0 is a composite function f(g(h(w_00^(2)))) of w_00^(2)",
        "f C_0 = 1/2 * (a_0^(2) - T_0)^2 dC/da_0^(2) = a_0^(2) - T_0",
        "g a_0^(2) = sigmoid(z_0^(2)) da_0^(2)/dz_0^(2) = a_0^(2) * (1 - a_0^(2))",
        "h z_0^(2) = w_00^(2) * a_0^(1) + w_01^(2) * a_1^(1) + w_02^(2) dz_0^(2)/dw_00^(2) = a_0^(1)",
        "dC/dw_00^(2) = dC/da_0^(2) * da_0^(2)/dz_0^(2) * dz_0^(2)/dw_00^(2)",
        "= (a_0^(2) - T_0) * a_0^(2) * (1 - a_0^(2)) * a_0^(1)",
        "f(g(h(k(m(w_00^(1))))))",
        "dz_0^(2)/da_0^(1) = w_00^(2)",  # the note has a_0^(1) here, the derivative by w
        "k a_0^(1) = sigmoid(z_0^(1)) da_0^(1)/dz_0^(1) = a_0^(1) * (1 - a_0^(1))",
        "m z_0^(1) = w_00^(1) * a_0^(0) + w_01^(1) * a_1^(0) + w_02^(1) dz_0^(1)/dw_00^(1) = a_0^(0)",
        "w_00^(1) occurs in both terms of the loss",
        "+ (a_1^(2) - T_1) * a_1^(2) * (1 - a_1^(2)) * w_10^(2) * a_0^(1) * (1 - a_0^(1)) * a_0^(0)",
        "δ_0^(2) = dC/da_0^(2) * da_0^(2)/dz_0^(2) = (a_0^(2) - T_0) * a_0^(2) * (1 - a_0^(2))",
        "dC/dw_11^(1) = ",
        "= (a_0^(2) - T_0) * a_0^(2) * (1 - a_0^(2)) * w_01^(2) * a_1^(1) * (1 - a_1^(1)) * a_1^(0)",  # wrong there
        "z⃗^(1) = [W^(1) b⃗^(1)] [a⃗^(0); 1]",
        "[w_00^(1) w_01^(1) w_02^(1); w_10^(1) w_11^(1) w_12^(1)] [a_0^(0); a_1^(0); 1]",
        "D^(1) = diag(a⃗^(1) ⊙ (1 - a⃗^(1)))",
        "[a_0^(1) * (1 - a_0^(1)), 0; 0, a_1^(1) * (1 - a_1^(1))]",  # the note repeats a_0
        "δ^(1) = D^(1) W^(2)ᵀ δ^(2)",  # without the transpose in the note
        "[dC/dw_00^(1) dC/dw_01^(1) dC/dw_02^(1); dC/dw_10^(1) dC/dw_11^(1) dC/dw_12^(1)]",
        "[δ_0^(1); δ_1^(1)] [a_0^(0) a_1^(0) 1]",
        "[δ_0^(1) * a_0^(0), δ_0^(1) * a_1^(0), δ_0^(1); δ_1^(1) * a_0^(0), δ_1^(1) * a_1^(0), δ_1^(1)]",
        "δ^(1) = (W^(2)ᵀ δ^(2)) ⊙ a⃗^(1) ⊙ (1 - a⃗^(1))",
        "δ^(2) = D^(2) (a⃗^(2) - T⃗)",
        "δ^(2) = (a⃗^(2) - T⃗) ⊙ a⃗^(2) ⊙ (1 - a⃗^(2))",
        "= δ_0^(2) * w_00^(2) * a_0^(1) * (1 - a_0^(1)) * a_0^(0) + δ_1^(2) * w_10^(2) * a_0^(1) * (1 - a_0^(1))",
        "dC/dw_00^(1) = δ_0^(1) * a_0^(0)",
        "w'_00^(2) = w_00^(2) - γ * dC/dw_00^(2)",
    ),
    "math-note": (
        "x_1 = 0.05, x_2 = 0.10",
        "w_1 = 0.15, w_2 = 0.20, w_3 = 0.25, w_4 = 0.30, w_5 = 0.40, w_6 = 0.45, w_7 = 0.50, w_8 = 0.55",
        "b_1 = 0.40, b_2 = 0.35, b_3 = 0.25, b_4 = 0.60",
        "z_1 = x_1 * w_1 + x_2 * w_3 + b_1 = 0.05 * 0.15 + 0.10 * 0.25 + 0.40 = 0.4325",
        "a_z1 = sigmoid(z_1) = 1 / (1 + exp(-z_1)) = 1 / (1 + exp(-0.4325)) ≈ 0.606470487",
        "ŷ_1 = sigmoid(z_3)",
        "≈ 0.687987956",
        "E_total = E_1 + E_2",
        "0.254325323",  # 0.254325322 in the note, from cut operands
        "For w_5:",
        "dE_total/dw_5 = dE_total/dŷ_1 * dŷ_1/dz_3 * dz_3/dw_5",
        "= d/dŷ_1 [1/2 * (y_1 - ŷ_1)^2] * d/dz_3 [1 / (1 + exp(-z_3))] * d/dw_5 [a_z1 * w_5 + a_z2 * w_7 + b_3]",
        "= (ŷ_1 - y_1) * ŷ_1 * (1 - ŷ_1) * a_z1",
        "≈ (0.687987956 - 0.01) * 0.687987956 * (1 - 0.687987956) * 0.606470487 ≈ 0.088264048",
        "w_5(new) = w_5 - η * dE_total/dw_5 ≈ 0.40 - 0.01 * 0.088264048 ≈ 0.399117359",
        "For w_6:",
        "≈ -0.023866696",
        "For w_7:",
        "≈ 0.086781345",  # the note: 0.186047383
        "For w_8:",
        "For b_3:",
        "= (ŷ_1 - y_1) * ŷ_1 * (1 - ŷ_1) ≈",
        "For b_4:",
        "Hidden layer",
        "For w_1:",
        "dE_total/dw_1 = dE_total/da_z1 * da_z1/dz_1 * dz_1/dw_1",
        # The note leaves out the path through the second output.
        "= dE_total/dŷ_1 * dŷ_1/dz_3 * dz_3/da_z1 * da_z1/dz_1 * dz_1/dw_1 + dE_total/dŷ_2 * dŷ_2/dz_4",
        "* d/dz_1 [1 / (1 + exp(-z_1))] * d/dw_1 [x_1 * w_1 + x_2 * w_3 + b_1]",
        "= (ŷ_1 - y_1) * ŷ_1 * (1 - ŷ_1) * w_5 * a_z1 * (1 - a_z1) * x_1 + (ŷ_2 - y_2)",
        "For w_2:",
        "For w_3:",
        "For w_4:",
        "For b_1:",
        "For b_2:",
        "Parameter Old value Gradient New value",
        "w_1 0.15 4.833645475·10^-4 0.149995166",
        "b_4 0.60 -0.039353434 0.600393534",
        "z'_1 = x_1 * w_1(new) + x_2 * w_3(new) + b_1(new)",
        "a'_z1 = sigmoid(z'_1)",
        "ŷ'_1 = sigmoid(z'_3)",
        "E'_total = E'_1 + E'_2",
        "The loss fell from 0.254325323 to",
    ),
    "esuli": (
        "relu(x) = max(0, x) (1)",
        "h_pre = W_hid x + b_hid = [0.2 -1.2 0.9; -0.5 -1.2 0.3] [0.9; 0.2; 0.5] + [-0.1; 0.2] = [0.29; -0.34] (",
        "h = relu(h_pre) = relu([0.29; -0.34]) = [0.29; 0] (",
        "o_pre = W_out h + b_out = [0.7 -1.1] [0.29; 0] + (-0.1) = 0.103 (",
        "h_pre,0 = w_000 · x_0 + w_001 · x_1 + w_002 · x_2 + b_00",
        "= 0.29 (",
        "h_1 = relu(h_pre,1) = max(0, h_pre,1) = max(0, -0.34) = 0 (",
        "o = sigmoid(o_pre) = 1 / (1 + exp(-o_pre)) = 1 / (1 + exp(-0.103)) ≈ 0.526 (",
        "≈ 0.526 (",
        "The output o is greater than 0.5, so the predicted class is 1.",
        "E = 1/2 · (y - o)^2 ≈ 1/2 · (0 - 0.526)^2 ≈ 0.138 (",
        "dE/dw_100 = dE/do · do/do_pre · do_pre/dw_100 (",
        "dE/do = o - y ≈ 0.526 - 0 ≈ 0.526 (",
        "do/do_pre = o · (1 - o) ≈ 0.526 · (1 - 0.526) ≈ 0.249 (",
        "do_pre/dw_100 = h_0 = 0.29 (",
        "dE/dw_100 ≈ 0.526 · 0.249 · 0.29 ≈ 0.038 (",
        "w_100^* = w_100 - μ · dE/dw_100 ≈ 0.7 - 0.1 · 0.038 ≈ 0.696 (",
        "dE/dw_101 = dE/do · do/do_pre · do_pre/dw_101 ≈ 0.526 · 0.249 · 0 = 0 (",
        "w_101^* = w_101 - μ · dE/dw_101 = -1.1 - 0.1 · 0 = -1.1 (",
        "dE/db_10 = dE/do · do/do_pre · do_pre/db_10 ≈ 0.526 · 0.249 · 1 ≈ 0.131 (",
        "dE/dw_000 = dE/dh_0 · dh_0/dh_pre,0 · dh_pre,0/dw_000 (",
        "dE/dh_0 = dE/do · do/do_pre · do_pre/dh_0 ≈ 0.526 · 0.249 · 0.7 ≈ 0.092 (",
        "dh_0/dh_pre,0 = relu'(h_pre,0) = relu'(0.29) = 1 (",
        "dh_pre,0/dw_000 = x_0 = 0.9 (",
        "dE/dw_000 ≈ 0.092 · 1 · 0.9 ≈ 0.083 (",  # 0.082 in the note, from 0.092 cut
        "w_000^* = w_000 - μ · dE/dw_000",
        "dE/dw_001 = dE/dh_0 · dh_0/dh_pre,0 · dh_pre,0/dw_001 ≈ 0.092 · 1 · 0.2 ≈ 0.018 (",
        "dE/dh_1 = dE/do · do/do_pre · do_pre/dh_1 ≈ 0.526 · 0.249 · (-1.1) ≈ -0.144 (",
        "dE/dw_010 ≈ (-0.144) · 0 · 0.9 = 0 (",
        "dE/db_01 = dE/dh_1 · dh_1/dh_pre,1 · dh_pre,1/db_01 ≈ (-0.144) · 0 · 1 = 0 (",
        "w_000 0.2 0.083 0.192",
        "h_0^* = relu(h_pre,0^*)",
        "o^* = sigmoid(o_pre^*)",
        "E^* = 1/2 · (y - o^*)^2",
        "≈ 0.135 (",  # 0.134 in the note
        "The loss fell from 0.1382 to 0.1346, by 0.0036.",
    ),
    "russo": (
        "i_1 = 0.05, i_2 = 0.1, i_3 = 0.15",
        "target_o1 = 0.1, target_o2 = 0.5, target_o3 = 0.9",
        "b_1 = 0.3, b_2 = 0.6",
        "net_h1 = w_1 * i_1 + w_2 * i_2 + w_3 * i_3 + b_1",
        "= 0.38 ",
        "out_h1 = sigmoid(net_h1) = 1 / (1 + exp(-net_h1)) = 1 / (1 + exp(-0.38)) ≈ 0.59387",
        "In the same way:",
        "out_h2 ≈ 0.60468, out_h3 ≈ 0.61538",
        "net_o1 = w_10 * out_h1 + w_11 * out_h2 + w_12 * out_h3 + b_2",
        "out_o1 = sigmoid(net_o1) = 1 / (1 + exp(-net_o1)) ≈ 1 / (1 + exp(-1.87083)) ≈ 0.86655",
        "out_o2 ≈ 0.89501, out_o3 ≈ 0.72411",
        "E_total = 1/2 (target - out^(2))ᵀ (target - out^(2))",
        "≈ 0.38729",  # cut to 0.38728 in the note
        "E_o1 = 1/2 * (target_o1 - out_o1)^2",
        "E_o2 ≈ 0.07801, E_o3 ≈ 0.01547",
        "E_total = E_o1 + E_o2 + E_o3",
        "Output layer",
        "dE_total/dw_10 = dE_total/dout_o1 * dout_o1/dnet_o1 * dnet_o1/dw_10",
        "dE_total/dout_o1 = out_o1 - target_o1",
        "≈ 0.76655",
        "dout_o1/dnet_o1 = out_o1 * (1 - out_o1)",
        "≈ 0.11564",
        "dnet_o1/dw_10 = out_h1 ≈ 0.59387",
        "dE_total/dw_10 ≈ 0.76655 * 0.11564 * 0.59387 ≈ 0.05264",  # 0.05304 in the note
        "w_10^n = w_10 - η * dE_total/dw_10 ≈ 0.65 - 0.5 * 0.05264 ≈ 0.62368",
        "w_11^n ≈ 0.6732, w_12^n ≈ 0.72273, w_13^n ≈ 0.78898",
        "Hidden layer",
        "dE_total/dw_1 = dE_total/dout_h1 * dout_h1/dnet_h1 * dnet_h1/dw_1",
        "dE_o1/dout_h1 = dE_o1/dout_o1 * dout_o1/dnet_o1 * dnet_o1/dout_h1 = dE_o1/dout_o1 * dout_o1/dnet_o1 * w_10",
        "≈ 0.05762",
        "dE_o2/dout_h1 =",
        "≈ 0.0297 ",
        "dE_o3/dout_h1 =",
        "≈ -0.00351",
        "dE_total/dout_h1 = dE_o1/dout_h1 + dE_o2/dout_h1 + dE_o3/dout_h1",
        "dout_h1/dnet_h1 = out_h1 * (1 - out_h1)",
        "≈ 0.24119",
        "dnet_h1/dw_1 = i_1 = 0.05",
        "≈ 0.00101",
        "w_1^n = w_1 - η * dE_total/dw_1",
        "w_2^n ≈ 0.24899, w_3^n ≈ 0.29848",
        "out_h2^n ≈ 0.60459, out_h3^n ≈ 0.6153",
        "The loss fell from 0.38729 to 0.38147, by 0.00582.",  # 0.38208 and 0.0052 in the note
    ),
}


@cache
def reproductions() -> dict[str, Any]:
    found: dict[str, Any] = runpy.run_path(str(ROOT / "examples" / "reproductions.py"))["reproductions"]()
    return found


def test_every_published_example_has_a_checklist() -> None:
    assert sorted(reproductions()) == sorted(CHECKLISTS)


@pytest.mark.parametrize("name", CHECKLISTS)
def test_every_step_of_the_note_is_in_ours_in_its_order(name: str) -> None:
    text = " ".join(reproductions()[name].rendered("text").split()) + " "
    place = 0
    for step in CHECKLISTS[name]:
        found = text.find(" ".join(step.split()) + (" " if step.endswith(" ") else ""), place)
        assert found >= 0, (step, text[place : place + 600])
        place = found


@pytest.mark.parametrize("name", CHECKLISTS)
@pytest.mark.parametrize("to", ["markdown", "latex"])
def test_every_format_says_what_the_text_says(name: str, to: str) -> None:
    """As many headings, and every number of the table of new values."""
    derivation = reproductions()[name]
    written, text = derivation.rendered(to), derivation.rendered("text")
    mark = r"\subsection*" if to == "latex" else "\n### "
    small = [row for row in text.split("\n\n") if "\n" not in row and row.startswith(("Hidden layer", "Output layer"))]
    assert written.count(mark) >= len(small) > 0
    if name == "kadakia":
        assert r"\nabla E" in written
        assert r"\begin{bmatrix} 0 & 6 & 0 & 12 & 6 & 18 \end{bmatrix}" in written
    if name == "math-note":
        assert r"\frac{\partial}{\partial \hat{y}_{1}} \left[" in written
