"""The audit of worked examples done by hand: right ones have nothing wrong, and a planted slip is found and named.

`worked` does each example in plain Python, rounding or cutting as people do; it shares no code with the package.
"""

from __future__ import annotations

import math
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


def test_a_step_that_is_printed_as_a_difference_is_carried_on() -> None:
    """As in textbooks that print the step, or a threshold, which is a bias with the other sign."""
    printed = {
        "-dE/dnet[2][0]": "-0.1274",
        "new:w[2][0][1] - w[2][0][1]": "0.0112",  # it is -0.0112
        "new:w[2][0][1]": "1.1112",
        "new:b[1][0] - b[1][0]": "0.0083",  # it is 0.0038
        "-new:b[1][0]": "0.7917",
        "after:net[1][0]": "0.1160",
    }
    claims = Claims(tuple(Claim(name, text) for name, text in printed.items()))
    findings = audit(claims, sb.Network(**EXCLUSIVE_OR.description()))
    assert [(each.verdict, each.because_of) for each in findings] == [
        ("ok", ()), ("wrong", ()), ("wrong", (1,)), ("wrong", ()), ("wrong", (3,)), ("wrong", (3,)),
    ]  # fmt: skip
    assert findings[1].diagnosis == "the sign is turned: a minus is lost"
    assert "the digits 3 and 8 are exchanged" in findings[3].remark


def recurrence(x: list[float], w: float, u: float, b: float) -> list[float]:
    """The states of a cell of one unit, from the first on."""
    states = [0.0]
    for value in x:
        states.append(math.tanh(w * states[-1] + u * value + b))
    return states[1:]


def test_a_step_of_time_that_is_not_carried_back_is_named() -> None:
    w, u, b, v, x, target = 0.8, 0.5, 0.1, 1.2, [0.5, -1.0, 0.25], 0.5
    h = recurrence(x, w, u, b)
    error = v * (v * h[2] - target)
    last, before = error * (1 - h[2] ** 2), error * (1 - h[2] ** 2) * w * (1 - h[1] ** 2)
    right, slip = last * h[1] + before * h[0], last * h[1]
    network = sb.Network.read("examples/recurrent.toml")
    claims = [Claim(f"h_{step}", f"{state:.6f}") for step, state in enumerate(h, 1)]
    assert [each.verdict for each in audit(Claims((*claims, Claim("dE/dw", f"{right:.6f}"))), network)] == ["ok"] * 4
    *_, finding = audit(Claims((*claims, Claim("dE/dw", f"{slip:.6f}"))), network)
    assert "left out" in (finding.diagnosis or "")


def test_a_missing_bias_correction_of_adam_is_named() -> None:
    rate, first, second, epsilon, weight = 0.1, 0.9, 0.999, 1e-8, 0.5
    gradient = (weight * 1.0 - 0.3 * 2.0 + 0.1 - 1.3) * 1.0  # of half the square of net - 1.3
    mean, square = (1 - first) * gradient, (1 - second) * gradient**2
    right = weight - rate * gradient / (abs(gradient) + epsilon)
    slip = weight - rate * mean / (math.sqrt(square) + epsilon)
    layer = {"units": 1, "activation": "identity", "weights": [[weight, -0.3]], "bias": [0.1]}
    update = {"rule": "adam", "learning_rate": rate}
    network = sb.Network(inputs=[1.0, 2.0], targets=[1.3], layers=[layer], loss="squared_error", update=update)
    for number, verdict, told in ((right, "ok", ""), (slip, "wrong", "not corrected for their start")):
        _, finding = audit(
            Claims((Claim("dE/dw[1][0][0]", f"{gradient:.7f}"), Claim("new:w[1][0][0]", f"{number:.7f}"))), network
        )
        assert finding.verdict == verdict
        assert told in (finding.diagnosis or "")


@pytest.mark.parametrize("kind", ["slope forgotten", "updated weights"])
def test_a_slip_in_a_number_that_is_not_printed_is_told_of_all_that_follow_from_it(kind: str) -> None:
    name = {"slope forgotten": "dE/dnet[1][1]", "updated weights": "dE/dout[1][1]"}[kind]
    planted = next(each for each in slips_of(TWO_TWO_TWO) if (each.kind, each.name) == (kind, name))
    hand = Hand(decimals=6, slips={name: planted.slip}, unprinted=("dE/dnet", "dE/dout"))
    roots = [each for each in findings_on(TWO_TWO_TWO, hand) if each.is_root]
    assert {each.claim.quantity for each in roots} == {"dE/dw[1][1][0]", "dE/dw[1][1][1]", "dE/db[1][1]"}
    assert len({each.diagnosis for each in roots}) == 1
    assert re.search(planted.told, str(roots[0].diagnosis))
