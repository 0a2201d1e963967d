"""The audit of worked examples done by hand: right ones have nothing wrong, and a planted slip is found and named.

`worked` does each example in plain Python, rounding or cutting as people do; it shares no code with the package.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import pytest

import symbackprop as sb
from symbackprop.checking.audit import audit
from symbackprop.checking.claims import Claim, Claims
from symbackprop.checking.findings import Finding
from tests.conftest import FULL
from tests.worked import Dense, Hand
from tests.worked_slips import slips_of

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


@dataclass
class Outcome:
    """What became of a planted slip: the claim that it is in, the roots that were found, and the diagnosis there."""

    first: str
    roots: list[str]
    diagnosis: str
    unexplained: list[str]


def outcome(example: Dense, hand: Hand) -> Outcome | None:
    """None where the digits do not show the slip."""
    right = example.by(replace(hand, slips={}, misprints={}, printed={}, numbers={})).printed
    findings = findings_on(example, hand)
    off = [name for name, text in hand.printed.items() if text != right[name]]
    verdicts = {each.claim.quantity: each for each in findings}
    if not off or verdicts[off[0]].verdict != "wrong":
        return None
    roots = [each.claim.quantity for each in findings if each.is_root]
    wrong = [each for each in findings if each.verdict == "wrong" and each.because_of]
    unexplained = [each.claim.quantity for each in wrong if not _leads_back(findings, each, off[0])]
    return Outcome(off[0], roots, verdicts[off[0]].diagnosis or "", unexplained)


def _leads_back(findings: list[Finding], finding: Finding, name: str) -> bool:
    """Whether a consequence comes from the claim of that name, over however many others."""
    causes = [findings[number] for number in finding.because_of]
    return any(each.claim.quantity == name or _leads_back(findings, each, name) for each in causes)


NINE, SIX = {"decimals": 9}, {"decimals": 6, "goes_on_with": "unrounded"}
CUT = {"decimals": 6, "cuts": True}
SIX_DIGITS = {"decimals": 6, "significant": True}
PLANTED = [
    ("2-2-2", "slope forgotten", NINE), ("2-2-2", "updated weights", NINE), ("2-2-2", "path missing", CUT),
    ("3-2-1", "not updated", SIX_DIGITS), ("3-2-1", "half of the slope", SIX), ("linear", "another input", CUT),
    ("regression", "sign", SIX), ("softmax", "another delta", NINE), ("chain", "rate forgotten", SIX_DIGITS),
    ("xor", "step added", SIX), ("batch", "input forgotten", NINE), ("batch", "bias forgotten", SIX),
]  # fmt: skip


@pytest.mark.parametrize(("name", "kind", "manner"), PLANTED)
def test_a_slip_is_the_only_root_and_is_named(name: str, kind: str, manner: dict[str, Any]) -> None:
    planted = next(each for each in slips_of(EXAMPLES[name]) if each.kind == kind)
    found = outcome(EXAMPLES[name], Hand(**manner, slips={planted.name: planted.slip}))
    assert found is not None
    assert found.roots == [planted.name] == [found.first]
    assert re.search(planted.told, found.diagnosis), found.diagnosis
    assert found.unexplained == []


@pytest.mark.parametrize("goes_on_with", ["printed", "right"])
def test_exchanged_digits_are_named_whether_gone_on_with_or_not(goes_on_with: str) -> None:
    def exchanged(text: str) -> str:
        return text[:3] + text[4] + text[3] + text[5:]

    hand = Hand(decimals=9, misprints={"out[1][0]": exchanged})
    found = outcome(TWO_TWO_TWO, hand if goes_on_with == "printed" else replace(hand, goes_on_with="unrounded"))
    assert found is not None
    assert found.roots == ["out[1][0]"]
    assert "are exchanged" in found.diagnosis


@pytest.mark.full
def test_slips_of_every_kind_are_roots_and_are_named() -> None:
    random = Random("slips")
    manners = [NINE, SIX, CUT, SIX_DIGITS, {"decimals": 8, "significant": True}]
    roots = named = count = 0
    for name, example in EXAMPLES.items():
        planted = list(slips_of(example))
        kinds = list(dict.fromkeys(each.kind for each in planted))
        for kind in kinds if FULL else random.sample(kinds, 1):
            one = random.choice([each for each in planted if each.kind == kind])
            hand = Hand(**random.choice(manners), slips={one.name: one.slip})
            found = outcome(example, hand)
            if found is None:
                continue
            count += 1
            roots += found.roots == [found.first]
            named += bool(re.search(one.told, found.diagnosis))
            assert found.unexplained == [], (name, one.kind, one.name)
    assert count > (90 if FULL else 5)
    assert roots >= 0.97 * count
    assert named >= (0.92 if FULL else 0.8) * count
