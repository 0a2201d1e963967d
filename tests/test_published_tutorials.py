"""Worked examples of books, courses and tutorials, each as its author writes it, with the numbers printed there.

Where an author has formulas and no numbers, the formulas are looked for in the derivation, or audited.
"""

from __future__ import annotations

import pytest

import symbackprop as sb
from symbackprop.checking.audit import audit
from symbackprop.checking.claims import Claim, Claims
from symbackprop.errors import DescriptionError

# M. Hagan, H. Demuth, M. Beale, Neural Network Design, chapter 11: 1-2-1 learns 1 + sin(pi/4 p); sensitivities s.
HAGAN = r"""
[notation]
input = "p"
target = "t"
weight = "w_{{to},{from}}^{layer}"
bias = "b_{unit}^{layer}"
net = "n_{unit}^{layer}"
out = "a_{unit}^{layer}"
delta = "s_{unit}^{layer}"
loss = '\hat{F}'
rate = '\alpha'
difference = "target - out"
slope_difference = "target - out"
[inputs]
values = [[1]]
[targets]
values = [[1.7071067811865475]]
[[layers]]
units = 2
activation = "sigmoid"
weights = [[-0.27], [-0.41]]
bias = [-0.48, -0.13]
[[layers]]
units = 1
activation = "identity"
weights = [[0.09, -0.17]]
bias = [0.48]
[loss]
name = "squared_error"
factor = 1
[update]
rule = "gradient_descent"
learning_rate = 0.1
"""
HAGAN_PRINTS = """
a_1^1 0.321, a_2^1 0.368, a_1^2 0.446, t-a_1^2 1.261, s_1^2 -2.522, s_1^1 -0.0495, s_2^1 0.0997, new:w[2][0][0] 0.171,
new:w[2][0][1] -0.0772, new:b_1^2 0.732, new:w[1][0][0] -0.265, new:w[1][1][0] -0.420, new:b_1^1 -0.475,
new:b_2^1 -0.140
"""
# The same book, chapter 10: the LMS rule on the apple, where net and output are one number a.
LMS = r"""
[notation]
input = "p_{unit}"
weight = "w_{{to},{from}}"
net = "a"
out = "a"
target = "t"
rate = '\alpha'
[inputs]
values = [[1, -1, -1]]
[targets]
values = [[-1]]
[[layers]]
units = 1
activation = "identity"
weights = [[0, 0, 0]]
[loss]
name = "squared_error"
factor = 1
[update]
rule = "gradient_descent"
learning_rate = 0.2
"""
LMS_PRINTS = "a 0, t-a -1, new:w[1][0][0] -0.4, new:w[1][0][1] 0.4, new:w[1][0][2] 0.4"
# A. Karpathy, micrograd: the expression of its README, its counters renamed since a name stands for one value.
MICROGRAD_LINES = {
    "c0": "a + b",
    "d0": "a*b + b**3",
    "c1": "c0 + c0 + 1",
    "c": "c1 + 1 + c1 + (-a)",
    "d1": "d0 + d0*2 + relu(b + a)",
    "d": "d1 + 3*d1 + relu(b - a)",
    "e": "c - d",
    "f": "e**2",
    "g": "f/2.0 + 10.0/f",
}
MICROGRAD = 'loss = "g"\n[inputs]\na = [-4]\nb = [2]\n' + "".join(
    f'[[equations]]\nname = "{name}"\nformula = "{formula}"\n' for name, formula in MICROGRAD_LINES.items()
)
MICROGRAD_PRINTS = "g 24.7041, dg/da 138.8338, dg/db 645.5773"
# H. Kinsley, D. Kukiela, Neural Networks from Scratch, chapter 9: one relu neuron that is to give less.
ONE_NEURON = """
[notation]
out = "y"
weight = "w_{from}"
bias = "b"
[inputs]
values = [[1, -2, 3]]
[targets]
values = [[0]]
[[layers]]
units = 1
activation = "relu"
weights = [[-3, -1, 2]]
bias = [1]
[loss]
formula = "out"
[update]
rule = "gradient_descent"
learning_rate = 0.001
"""
ONE_NEURON_PRINTS = """
y 6, dE/dw_1 1, dE/dw_2 -2, dE/dw_3 3, dE/db 1, new:w_1 -3.001, new:w_2 -0.998, new:w_3 1.997, new:b 0.999,
after:y 5.985
"""
# M. Nielsen, Neural Networks and Deep Learning, chapter 3: a neuron that is to turn 1 into 0, before its 300 epochs.
NIELSEN = """
[notation]
input = "x"
weight = "w"
bias = "b"
net = "z"
out = "a"
target = "y"
loss = "C"
[inputs]
values = [[1]]
[targets]
values = [[0]]
[[layers]]
units = 1
activation = "sigmoid"
weights = [[0.6]]
bias = [0.9]
[loss]
name = "squared_error"
[update]
rule = "gradient_descent"
learning_rate = 0.15
"""
EXAMPLES = {
    "Hagan, backpropagation": (HAGAN, HAGAN_PRINTS),
    "Hagan, LMS": (LMS, LMS_PRINTS),
    "micrograd": (MICROGRAD, MICROGRAD_PRINTS),
    "a neuron from scratch": (ONE_NEURON, ONE_NEURON_PRINTS),
    "Nielsen": (NIELSEN, "a 0.82"),
}

# C. M. Bishop, Pattern Recognition and Machine Learning, section 5.3.2.
BISHOP = r"""
[notation]
weight = "w_{{to}{from}}^({layer})"
net = "a_{unit}"
out = "z_{unit}"
output = "y_{unit}"
output_net = "y_{unit}"
target = "t_{unit}"
delta = '\delta_{unit}^({layer})'
[inputs]
count = 2
[[layers]]
units = 2
activation = "tanh"
[[layers]]
units = 2
activation = "identity"
[loss]
name = "squared_error"
"""
BISHOP_SAYS = {
    r"\delta_1^{(2)}": "y_1 - t_1",
    r"\delta_1^{(1)}": r"(1 - z_1^2) (w_{11}^{(2)} \delta_1^{(2)} + w_{21}^{(2)} \delta_2^{(2)})",
    r"\frac{\partial E}{\partial w_{12}^{(1)}}": r"\delta_1^{(1)} x_2",
    r"\frac{\partial E}{\partial w_{12}^{(2)}}": r"\delta_1^{(2)} z_2",
}
# A. Zhang and others, Dive into Deep Learning, section 5.3: o = W h has no other name, and the weights are penalised.
DIVE = r"""
[notation]
weight = "W_{{to}{from}}^({layer})"
net = "z_{unit}"
out = "h_{unit}"
output = "o_{unit}"
output_net = "o_{unit}"
target = "y_{unit}"
loss = "J"
part = "L_{unit}"
penalty = "s"
[inputs]
count = 3
[[layers]]
units = 2
activation = "relu"
[[layers]]
units = 2
activation = "identity"
[loss]
name = "squared_error"
[penalty]
kind = "l2"
strength = "λ"
"""
DIVE_SAYS = {"dJ/dW[2]": "dJ/do @ h.T + λ * W^(2)", "dJ/dW[1]": "dJ/dz @ x.T + λ * W^(1)", "dJ/dh": "W^(2).T @ dJ/do"}
# Stanford CS224n, notes on gradients: the output layer has letters of its own, U and θ.
CS224N = r"""
[notation]
weight = "W_{{to}{from}}"
output_weight = "U_{{to}{from}}"
net = "z_{unit}"
out = "h_{unit}"
output_net = '\theta_{unit}'
output = '\hat{y}_{unit}'
target = "y_{unit}"
loss = "J"
[inputs]
count = 3
[[layers]]
units = 2
activation = "relu"
[[layers]]
units = 3
activation = "softmax"
[loss]
name = "cross_entropy"
"""
CS224N_SHOWS = (
    "z     = W x",
    "h     = relu(z)",
    "θ     = U h",
    "δ^(2) = ŷ - y",
    "dJ/dU = δ^(2) hᵀ",
    "dJ/dW = δ^(1) xᵀ",
)


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_number_that_the_author_prints_comes_out(name: str) -> None:
    description, prints = EXAMPLES[name]
    claims = Claims(tuple(Claim(*each.split()) for each in prints.split(",")))
    findings = audit(claims, sb.Network.parse(description))
    assert {finding.claim.quantity: finding.verdict for finding in findings if finding.verdict != "ok"} == {}


@pytest.mark.parametrize(("description", "says"), [(BISHOP, BISHOP_SAYS), (DIVE, DIVE_SAYS)], ids=["Bishop", "Dive"])
def test_every_formula_of_the_author_is_proven(description: str, says: dict[str, str]) -> None:
    claims = Claims(tuple(Claim(quantity, formula=formula) for quantity, formula in says.items()))
    findings = audit(claims, sb.Network.parse(description))
    assert [(each.claim.quantity, each.verdict, each.reason) for each in findings] == [
        (name, "ok", "") for name in says
    ]


def test_layers_may_have_letters_of_their_own() -> None:
    lines = [line.strip() for line in sb.derive(sb.Network.parse(CS224N)).to_text().splitlines()]
    assert [each for each in CS224N_SHOWS if each not in lines] == []


def test_a_sensitivity_is_written_with_the_target_first() -> None:
    text = sb.derive(sb.Network.parse(HAGAN)).to_text()
    assert "dF̂/da_1^2       = -2 * (t - a_1^2)" in text
    assert "\n  s^2     = -2 (t - a^2) " in text


def test_300_epochs_of_a_neuron_that_learns_slowly() -> None:
    """The book's figure ends at w = -1.28, b = -0.98 and an output of 0.09."""
    trained = sb.derive(sb.Network.parse(NIELSEN)).train(300)
    assert [f"{trained.values[name]:.2f}" for name in ("w", "b", "a")] == ["-1.28", "-0.98", "0.09"]


def test_weights_have_the_names_that_the_description_gives_them_without_values_too() -> None:
    named = BISHOP.replace('activation = "identity"', 'activation = "identity"\nweights = [["u", "v"], ["r", "s"]]')
    assert "\n  y_1 = u * z_1 + v * z_2\n" in sb.derive(sb.Network.parse(named)).to_text()


def test_a_program_cannot_call_its_result_as_their_sum_is_called() -> None:
    text = 'loss = "loss"\n[inputs]\nx = [1, 2]\n[[equations]]\nname = "loss"\nformula = "x^2"\n'
    with pytest.raises(
        DescriptionError, match="sum over all observations is called loss; call the program's own result"
    ):
        sb.derive(sb.Network.parse(text))


# Stanford CS231n, notes on linear classifiers: the softmax classifier's example. Slides of it had 0.452 for the loss.
CS231N = """
[inputs]
values = [[-15, 22, -44, 56]]
[targets]
classes = [2]
[[layers]]
units = 3
activation = "softmax"
weights = [[0.01, -0.05, 0.1, 0.05], [0.7, 0.2, 0.05, 0.16], [0.0, -0.45, -0.2, 0.03]]
bias = [0.0, 0.2, -0.3]
[loss]
name = "cross_entropy"
"""


def test_a_logarithm_to_base_10_is_named() -> None:
    prints = {"net_o1": "-2.85", "net_o2": "0.86", "net_o3": "0.28", "out_o2": "0.631", "out_o3": "0.353", "E": "0.452"}
    findings = audit(Claims(tuple(Claim(*each) for each in prints.items())), sb.Network.parse(CS231N))
    assert [each.verdict for each in findings] == ["ok"] * 5 + ["wrong"]
    assert findings[-1].diagnosis == "the loss has logarithms to another base than e: in E (base 10)"


# J. Brownlee, How to Code a Neural Network with Backpropagation in Python: a bias is the last weight. The outputs that
# its listing starts backpropagation from leave the hidden unit's output out; the deltas follow from them.
BROWNLEE = """
[notation]
delta_sign = "-"
[inputs]
values = [[1, 0]]
[targets]
classes = [1]
[[layers]]
units = 1
activation = "sigmoid"
weights = [[0.13436424411240122, 0.8474337369372327, 0.763774618976614]]
bias = "last"
[[layers]]
units = 2
activation = "sigmoid"
weights = [[0.2550690257394217, 0.49543508709194095], [0.4494910647887381, 0.651592972722763]]
bias = "last"
[loss]
name = "squared_error"
"""
BROWNLEE_PROPAGATES = {"out_h1": "0.7105668883115941", "out_o1": "0.6629970129852887", "out_o2": "0.7253160725279748"}
BROWNLEE_LISTS = {
    "out_h1": "0.7105668883115941",
    "out_o1": "0.6213859615555266",
    "out_o2": "0.6573693455986976",
    "delta_o1": "-0.14619064683582808",
    "delta_o2": "0.0771723774346327",
    "delta_h1": "-0.0005348048046610517",
}


def test_outputs_that_do_not_come_from_the_hidden_unit_are_the_only_mistake_of_a_listing() -> None:
    network = sb.Network.parse(BROWNLEE)
    right = audit(Claims(tuple(Claim(*each) for each in BROWNLEE_PROPAGATES.items())), network)
    assert {each.verdict for each in right} <= {"ok", "rounding"}
    findings = audit(Claims(tuple(Claim(*each) for each in BROWNLEE_LISTS.items())), network)
    assert [each.claim.quantity for each in findings if each.is_root] == ["out_o1", "out_o2"]
    assert {each.diagnosis for each in findings if each.is_root} == {"0 (t_1) stands where out_h1 belongs"}
    assert [each.verdict for each in findings[3:]] == ["wrong"] * 3
    assert all(each.because_of for each in findings[3:])
