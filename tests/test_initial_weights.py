"""Drawn weights: by the documented rule, the same everywhere, where none are written."""

from fractions import Fraction
from hashlib import sha256

import pytest

from symbackprop.description.initial import drawn
from symbackprop.network import Dense, Network
from tests.descriptions import values_of


def test_drawn_weights_follow_the_documented_rule():
    # The rule of `initial.py`, worked by hand for one weight.
    bits = int.from_bytes(sha256(b"symbackprop/7/2/1/0").digest()[:7], "big") >> 3
    last = 1_414_213  # sqrt(6/3) to six places, cut
    count = bits * (2 * last + 1) // 2**53 - last
    weights = drawn(seed=7, scheme="glorot_uniform", layer=2, units=2, before=1)
    assert weights[1][0].value == Fraction(count, 10**6)


def test_drawn_weights_are_the_same_everywhere():
    weights = drawn(seed=1, scheme="glorot_uniform", layer=1, units=2, before=2)
    assert [[entry.text for entry in row] for row in weights] == [["0.244722", "1.035256"], ["0.694194", "-0.313944"]]


@pytest.mark.parametrize("scheme", ["glorot_uniform", "xavier_uniform", "he_uniform", "lecun_uniform", "uniform"])
def test_drawn_weights_stay_within_the_limit_and_fill_it(scheme):
    limit = {"he_uniform": 6 / 50, "lecun_uniform": 3 / 50, "uniform": 1 / 4}.get(scheme, 6 / 90) ** 0.5
    drawn_values = [float(e.value) for row in drawn(seed=3, scheme=scheme, layer=1, units=40, before=50) for e in row]
    assert max(map(abs, drawn_values)) <= limit
    assert min(drawn_values) < -0.99 * limit
    assert max(drawn_values) > 0.99 * limit
    assert abs(sum(drawn_values) / len(drawn_values)) < 0.05 * limit  # 2,000 draws: standard error 0.013 of the limit


def test_initial_draws_what_is_not_written_and_biases_begin_at_zero():
    arguments = {
        "inputs": [1, 2],
        "loss": "squared_error",
        "initial": {"seed": 1, "scheme": "he_uniform", "decimals": 2},
    }
    network = Network(layers=[Dense(2, "tanh", [[1, 2], [3, 4]], "unit"), Dense(1, "tanh", bias="last")], **arguments)
    assert values_of(network.layers[0].weights) == [[1, 2], [3, 4]]
    assert all(len(entry.text.split(".")[1]) == 2 for entry in network.layers[1].weights[0])
    assert values_of([network.layers[1].bias]) == [[0]]
