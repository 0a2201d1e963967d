"""Checking a right gradient, against torch's ``gradcheck`` of the same network; and naming what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import symbackprop as sb
from benchmarks.by_hand import numpy_lines
from benchmarks.data import Case
from benchmarks.measure import STARTS, Ratio, Skipped, Timing, alone, in_turn, missing
from symbackprop.checking.gradients import check_gradients

SIZES = (64, 64, 64, 10)
FASTER = 50
SECONDS = 2.0
EXAMPLES = ("russo", "two-input", "softmax-classifier")


def ratios() -> Iterator[Ratio | Skipped]:
    what = "check_gradients of 64-64-64-10, right"
    why = missing("torch")
    yield Skipped(what, why) if why else against_gradcheck(what)
    for name in EXAMPLES:
        for kind, wrong in (("a known mistake", sign_turned), ("no known mistake", off_by_a_part)):
            yield diagnosis(name, kind, wrong)


def against_gradcheck(what: str) -> Ratio:
    """The same function of the same network: gradcheck differentiates it numerically by each of its 8,970 numbers."""
    import torch

    torch.set_num_threads(1)
    case = Case(SIZES, 1)
    tensors = [torch.tensor(value, requires_grad=True) for value in case.parameters.values()]
    x, t = torch.tensor(case.inputs), torch.tensor(case.targets)

    def loss(*each: Any) -> Any:
        out = x
        for weight, bias in zip(each[::2], each[1::2], strict=True):
            out = torch.sigmoid(weight @ out + bias)
        return 0.5 * ((out - t) ** 2).sum()

    def theirs() -> None:
        assert torch.autograd.gradcheck(loss, tensors)

    def ours() -> None:
        assert check_gradients(lambda *each: numpy_lines(*each)[1], case.network)

    note = "ours compares with exact gradients; gradcheck with central differences, right to about 1e-6"
    return Ratio(what, "torch.autograd.gradcheck", *in_turn(ours, theirs, runs=STARTS), 1 / FASTER, note)


def diagnosis(name: str, kind: str, wrong: Callable[[dict[str, Any]], dict[str, Any]]) -> Ratio:
    """How long it takes to say what is wrong with a wrong gradient of an example."""
    described = sb.Network.read(f"examples/{name}.toml")
    right = sb.derive(described).compile("numpy")

    def run() -> None:
        assert not check_gradients(lambda *each: wrong(right(*each)), described)

    limit = Timing((SECONDS,) * 2)
    return Ratio(f"diagnose {name}.toml, {kind}", f"{SECONDS:g} s", alone(run), limit, 1)


def sign_turned(gradients: dict[str, Any]) -> dict[str, Any]:
    """One gradient with its sign turned."""
    return gradients | {"W1": -gradients["W1"]}


def off_by_a_part(gradients: dict[str, Any]) -> dict[str, Any]:
    """Two gradients that no mistake explains: all pairs of mistakes are tried."""
    return gradients | {key: gradients[key] + 0.1 + np.cos(gradients[key]) for key in ("W1", "b2")}
