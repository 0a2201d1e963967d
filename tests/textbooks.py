"""Descriptions of worked examples in textbooks, as their authors write them. Prints no number of theirs."""

# J. Han, M. Kamber, Data Mining: Concepts and Techniques, example 9.1: units numbered through, weights from-to.
HAN_KAMBER = r"""
[notation]
weight = "w_{{from_node}{to_node}}"
bias = '\theta_{node}'
net = "I_{node}"
out = "O_{node}"
delta = "Err_{node}"
delta_sign = "-"
rate = "l"
[inputs]
values = [[1, 0, 1]]
[targets]
values = [[1]]
[[layers]]
units = 2
activation = "sigmoid"
weights = [[0.2, 0.4, -0.5], [-0.3, 0.1, 0.2]]
bias = [-0.4, 0.2]
[[layers]]
units = 1
activation = "sigmoid"
weights = [[-0.3, -0.2]]
bias = [0.1]
[loss]
name = "squared_error"
[update]
rule = "gradient_descent"
learning_rate = 0.9
"""

# M. Negnevitsky, Artificial Intelligence, section 6.4: exclusive or, thresholds taken off, corrections of weights.
NEGNEVITSKY = r"""
[notation]
weight = "w_{{from_node}{to_node}}"
bias = '\theta_{node}'
net = "X_{node}"
out = "y_{node}"
delta = '\delta_{node}'
delta_sign = "-"
target = "y_{d,{node}}"
rate = '\alpha'
[inputs]
values = [[1, 1]]
[targets]
values = [[0]]
[[layers]]
units = 2
activation = "sigmoid"
weights = [[0.5, 0.4], [0.9, 1.0]]
bias = [0.8, -0.1]
bias_input = -1
[[layers]]
units = 1
activation = "sigmoid"
weights = [[-1.2, 1.1]]
bias = [0.3]
bias_input = -1
[loss]
name = "squared_error"
[update]
rule = "gradient_descent"
learning_rate = 0.1
"""
