"""The audit of worked examples done by hand: right ones have nothing wrong, and a planted slip is found and named.

`worked` does each example in plain Python, rounding or cutting as people do; it shares no code with the package.
"""

from __future__ import annotations

import pytest

import symbackprop as sb
from symbackprop.checking.audit import audit
from symbackprop.checking.claims import Claim, Claims
from symbackprop.checking.findings import Finding
from tests.worked import Dense, Hand

TWO_TWO_TWO = Dense(
    inputs=[[0.05, 0.10]], targets=[[0.01, 0.99]],
    weights=[[[0.15, 0.20], [0.25, 0.30]], [[0.40, 0.45], [0.50, 0.55]]], biases=[[0.35, 0.35], [0.60, 0.60]],
    activations=["sigmoid", "sigmoid"], rate=0.5,
)  # fmt: skip
CLASSIFIER = Dense(
    inputs=[[1, 0, 1]], targets=[[1]],
    weights=[[[0.2, 0.4, -0.5], [-0.3, 0.1, 0.2]], [[-0.3, -0.2]]], biases=[[-0.4, 0.2], [0.1]],
    activations=["sigmoid", "sigmoid"], rate=0.9,
)  # fmt: skip
LINEAR = Dense(
    inputs=[[2, 3]], targets=[[1]], weights=[[[0.11, 0.21], [0.12, 0.08]], [[0.14, 0.15]]], biases=[None, None],
    activations=["identity", "identity"], rate=0.05,
)  # fmt: skip
REGRESSION = Dense(
    inputs=[[0.5, -1.2, 0.8]], targets=[[0.35]],
    weights=[
        [[0.1, -0.2, 0.3], [0.4, 0.25, -0.15], [-0.35, 0.2, 0.45], [0.05, -0.1, 0.6]],
        [[0.7, -0.4, 0.2, 0.5]],
    ],
    biases=[[0.1, -0.2, 0.05, 0.15], [0.3]], activations=["tanh", "identity"], rate=0.1,
)  # fmt: skip
SOFTMAX = Dense(
    inputs=[[1.0, 0.5]], targets=[[0, 1, 0]],
    weights=[[[0.3, 0.2], [-0.4, 0.6]], [[0.5, -0.3], [0.2, 0.8], [-0.6, 0.1]]],
    biases=[[0.1, 0.4], [0.05, 0.1, -0.2]], activations=["relu", "softmax"], rate=0.2, loss="cross_entropy",
)  # fmt: skip
CHAIN = Dense(
    inputs=[[1.5]], targets=[[0.5]], weights=[[[0.8]], [[-1.3]], [[0.6]]], biases=[[0.1], [0.2], [-0.3]],
    activations=["sigmoid"] * 3, rate=0.25,
)  # fmt: skip
EXCLUSIVE_OR = Dense(
    inputs=[[1, 1]], targets=[[0]], weights=[[[0.5, 0.4], [0.9, 1.0]], [[-1.2, 1.1]]], biases=[[-0.8, 0.1], [-0.3]],
    activations=["sigmoid", "sigmoid"], rate=0.1,
)  # fmt: skip
BATCH = Dense(
    inputs=[[0.2, 0.9], [0.7, -0.3], [-0.5, 0.4]], targets=[[1.0], [0.0], [0.5]],
    weights=[[[0.3, -0.6], [0.8, 0.25]], [[0.55, -0.45]]], biases=[[0.1, -0.2], [0.05]],
    activations=["tanh", "sigmoid"], rate=0.3,
)  # fmt: skip
EXAMPLES = {
    "2-2-2": TWO_TWO_TWO, "3-2-1": CLASSIFIER, "linear": LINEAR, "regression": REGRESSION, "softmax": SOFTMAX,
    "chain": CHAIN, "xor": EXCLUSIVE_OR, "batch": BATCH,
}  # fmt: skip
MANNERS = {
    "nine decimals": {"decimals": 9},
    "four decimals": {"decimals": 4},
    "three digits": {"decimals": 3, "significant": True},
    "cut": {"decimals": 5, "cuts": True},
    "unrounded": {"decimals": 6, "goes_on_with": "unrounded"},
}


def findings_on(example: Dense, hand: Hand) -> list[Finding]:
    example.by(hand)
    claims = tuple(Claim(name, text) for name, text in hand.printed.items())
    return audit(Claims(claims), sb.Network(**example.description()))


@pytest.mark.parametrize("manner", MANNERS)
@pytest.mark.parametrize("name", EXAMPLES)
def test_numbers_rounded_or_cut_on_the_way_are_not_wrong(name: str, manner: str) -> None:
    findings = findings_on(EXAMPLES[name], Hand(**MANNERS[manner]))
    assert len(findings) > 25
    assert [each.claim for each in findings if each.verdict in ("wrong", "not judged")] == []
