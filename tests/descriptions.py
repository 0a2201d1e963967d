"""Descriptions for tests to bend, how long refusing one may take, and the numbers of what was read."""

from collections.abc import Iterable, Sequence

from symbackprop.network import ExactNumber

SECONDS = 2  # the promise to the user; measured as processor time, so that a busy machine does not matter

GOOD = """
title = "good"
[inputs]
values = [[0.05, 0.10]]
[targets]
values = [[0.01, 0.99]]
[[layers]]
units = 3
activation = "sigmoid"
weights = [[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]]
bias = [0.1, 0.2, 0.3]
[[layers]]
units = 2
activation = "sigmoid"
weights = [[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]]
bias = 0.5
[loss]
name = "squared_error"
[update]
rule = "gradient_descent"
learning_rate = 0.5
"""

PROGRAM = """
loss = "f"
[inputs]
x = [1, 2]
y = [3, 4]
[[equations]]
name = "q"
formula = "x + y"
[[equations]]
name = "f"
formula = "q * w"
[parameters]
w = 0.5
"""


def values_of(rows: Iterable[Sequence[object]]) -> list[list[object]]:
    """Exact values, and parameters by their names."""
    return [[entry.value if isinstance(entry, ExactNumber) else entry for entry in row] for row in rows]
