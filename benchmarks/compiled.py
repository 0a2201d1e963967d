"""Compiled functions: gradients at one observation and at many, and compiling, against peers and code by hand."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from benchmarks.data import Case, Sizes
from benchmarks.measure import Curves, Ratio, Skipped, Timing, in_turns, missing
from benchmarks.peers import (
    C_BY_HAND,
    CASADI_C,
    JAX,
    MICROGRAD,
    NUMPY,
    PEERS,
    PYTHON_BY_HAND,
    TORCH,
    found_by,
    jax_arguments,
    jax_loss,
)
from symbackprop.compiled import building

OURS_C, OURS_CALLED, OURS_PYTHON, OURS_NUMPY = "C, bound", "C, called", "Python, bound", "numpy, bound"
DEFAULT = "the default, bound"
SIZES: tuple[Sizes, ...] = ((2, 2, 2), (8, 8, 8, 8), (64, 64, 64, 10), (784, 128, 10))
SMALL, WIDE = SIZES[0], SIZES[2:]
ABOVE_BOUND = 2e-6  # seconds that a call through the contract's signature may take above a bound one
C_SECONDS = 0.5
MOST_PYTHON = 1_000  # weights, up to which Python is worth a look

# What is promised: ours, the peer, and the highest ratio; by sizes and number of observations.
LIMITS: dict[tuple[Sizes, int], tuple[tuple[str, str, float], ...]] = {
    ((2, 2, 2), 1): (
        (OURS_C, C_BY_HAND, 1.2), (OURS_C, TORCH, 1 / 1000), (OURS_C, JAX, 1 / 200), (OURS_C, CASADI_C, 1 / 1.5),
        (OURS_CALLED, TORCH, 1 / 50), (OURS_CALLED, JAX, 1 / 8),
        (OURS_PYTHON, TORCH, 1 / 100), (OURS_PYTHON, JAX, 1 / 15),
    ),
    ((64, 64, 64, 10), 1): ((OURS_C, C_BY_HAND, 1.2),),
    ((784, 128, 10), 1): ((OURS_C, NUMPY, 1), (OURS_C, JAX, 1), (OURS_C, TORCH, 1)),
    ((2, 2, 2), 10_000): ((OURS_C, NUMPY, 1 / 5), (OURS_C, JAX, 1 / 5), (OURS_C, TORCH, 1 / 5)),
    ((3, 3, 3), 10_000): ((OURS_C, NUMPY, 1 / 5), (OURS_C, JAX, 1 / 5), (OURS_C, TORCH, 1 / 5)),
    ((8, 8, 8, 8), 10_000): ((OURS_C, NUMPY, 1 / 2), (OURS_C, JAX, 1 / 2), (OURS_C, TORCH, 1 / 2)),
    ((64, 64, 64, 10), 10_000): ((DEFAULT, NUMPY, 1.25), (DEFAULT, JAX, 1.25), (DEFAULT, TORCH, 1.25)),
    ((784, 128, 10), 10_000): (
        (DEFAULT, NUMPY, 1.25), (DEFAULT, JAX, 1.25), (DEFAULT, TORCH, 1.25), (OURS_C, NUMPY, 1.25),
    ),
}  # fmt: skip


# What stands in the way where a limit is not reached, by ours and the peer.
LIMITED_BY = {
    (OURS_C, C_BY_HAND): (
        "the same four exponentials of the C library and the same call from Python in both: they differ by less than a "
        "busy machine's spread"
    ),
    (OURS_C, JAX): (
        "a 200th of a call of JAX is what C by hand takes, Python's loop and call included: which side it falls on "
        "differs from run to run"
    ),
    (OURS_PYTHON, JAX): (
        "nearly all of it is CPython's own time for four exponentials, the arithmetic and a dict of new lists, which "
        "lines by hand take as well"
    ),
    (DEFAULT, NUMPY): (
        "the products of matrices are numpy's in both; ours takes a sigmoid and its slope in forms that neither "
        "overflow nor lose digits, with more passes over the arrays"
    ),
    (OURS_PYTHON, TORCH): "as for JAX: nearly all of it is CPython's own time",
}
NAMED_ONE_BY_ONE = "a line for each number, each with a name of its own; JAX does not print what it traces"


def ratios() -> Iterator[Ratio | Skipped]:
    for sizes in SIZES:
        yield from evaluating(Case(sizes, 1))
    for sizes in (*SIZES[:1], (3, 3, 3), *SIZES[1:]):
        yield from evaluating(Case(sizes, 10_000))
    yield from evaluating(Case(SMALL, 1_000))
    yield from against_micrograd()
    for sizes in SIZES:
        yield from compiling(Case(sizes, 1))


def ours(case: Case) -> dict[str, Callable[[], Any]]:
    """Our functions by name, on the case's arrays."""
    arguments = case.parameters, case.inputs, case.targets
    in_c, in_numpy = case.derivation.compile("c"), case.derivation.compile("numpy")
    found: dict[str, Callable[[], Any]] = {
        OURS_C: in_c.bound(*arguments),
        OURS_CALLED: lambda: in_c(*arguments),
        OURS_NUMPY: in_numpy.bound(*arguments),
    }
    if case.count == 1 and case.weights <= MOST_PYTHON:
        lists = {key: value.tolist() for key, value in case.parameters.items()}
        found[OURS_PYTHON] = case.derivation.compile("python").bound(lists, case.inputs.tolist(), case.targets.tolist())
    return found


def evaluating(case: Case) -> Iterator[Ratio | Skipped]:
    """All evaluators of one case in turn; first those ratios that have limits, then the others."""
    calls, skipped = ours(case), []
    names = list(calls)
    for peer in PEERS:
        if case.weights > peer.most or (case.count > 1 and not peer.many):
            continue
        why = missing(peer.module)
        if why:
            skipped.append(Skipped(f"{case}: {peer.name}", why))
            continue
        calls[peer.name] = peer.made(case)
    faults = _faults(case, calls)
    skipped += [Skipped(f"{case}: {name}", fault) for name, fault in faults.items()]
    calls = {name: call for name, call in calls.items() if name not in faults}
    slow = case.count * case.weights > 10**6
    timings = in_turns(calls, runs=3 if slow else 9, least=0.01)
    if case.count > 1:
        timings[DEFAULT] = timings[{"c": OURS_C, "numpy": OURS_NUMPY}[case.picked]]
    yield from _limited(case, timings)
    fastest = min((name for name in names if name in timings), key=lambda name: timings[name].median)
    stated = {peer for _, peer, _ in LIMITS.get((case.sizes, case.count), ())} | {PYTHON_BY_HAND}
    for name in timings:
        if name not in names and name not in stated and name != DEFAULT:
            yield Ratio(f"{case}: {fastest}", name, timings[fastest], timings[name], None)
    yield from skipped


def _faults(case: Case, calls: dict[str, Callable[[], Any]]) -> dict[str, str]:
    """What is wrong with those evaluators that are not right to 50 digits: their time does not count."""
    return {name: fault for name, call in calls.items() if (fault := case.fault(found_by(call)))}


def _limited(case: Case, timings: dict[str, Timing]) -> Iterator[Ratio]:
    for name, peer, limit in LIMITS.get((case.sizes, case.count), ()):
        if name in timings and peer in timings:
            yield _noted(
                Ratio(f"{case}: {name}", peer, timings[name], timings[peer], limit), LIMITED_BY.get((name, peer))
            )
    if PYTHON_BY_HAND in timings:
        yield Ratio(f"{case}: {OURS_PYTHON}", PYTHON_BY_HAND, timings[OURS_PYTHON], timings[PYTHON_BY_HAND], None)
    if (case.sizes, case.count) == (SMALL, 1):
        pairs = zip(timings[OURS_CALLED].seconds, timings[OURS_C].seconds, strict=True)
        above = Timing(tuple(called - bound for called, bound in pairs))
        stated = Timing((ABOVE_BOUND,) * len(above.seconds))
        yield Ratio(f"{case}: C, called, above C, bound", "2 µs", above, stated, 1)


def _noted(ratio: Ratio, reason: str | None) -> Ratio:
    """The ratio with the reason why it misses its limit, if it does."""
    return replace(ratio, note=reason) if reason and ratio.holds is False else ratio


def against_micrograd() -> Iterator[Ratio | Skipped]:
    """A network of relus, for micrograd has no exponential."""
    why = missing(MICROGRAD.module)
    case = Case(SMALL, 1, "relu")
    if why:
        yield Skipped(f"{case}: micrograd", why)
        return
    calls = {OURS_PYTHON: ours(case)[OURS_PYTHON], MICROGRAD.name: MICROGRAD.made(case)}
    for name, call in calls.items():
        assert not case.fault(found_by(call)), name
    timings = in_turns(calls)
    yield Ratio(f"{case}, relu: {OURS_PYTHON}", MICROGRAD.name, timings[OURS_PYTHON], timings[MICROGRAD.name], None)


def compiling(case: Case) -> Iterator[Ratio | Skipped]:
    """From a derivation to a function: Python and numpy against JAX's tracing, C against half a second."""
    calls: dict[str, Callable[[], Any]] = {
        "numpy": lambda: case.derivation.compile("numpy"),
        "python": lambda: case.derivation.compile("python"),
    }
    why = missing("jax")
    if why:
        yield Skipped(f"compile {case}: JAX", why)
    else:
        import jax

        arguments = jax_arguments(case)
        calls["JAX, traced"] = lambda: jax.jit(jax.value_and_grad(jax_loss())).trace(*arguments)
    timings = in_turns(calls, runs=11)
    if not why:
        for name in ("python", "numpy"):
            what = f"compile {'-'.join(map(str, case.sizes))} to {name}"
            yield _noted(Ratio(what, "JAX, traced", timings[name], timings["JAX, traced"], 1), NAMED_ONE_BY_ONE)
    in_c = in_turns({"C": lambda: _compiled_anew(case)}, runs=7)["C"]
    stated = Timing((C_SECONDS,) * len(in_c.seconds))
    yield Ratio(f"compile {'-'.join(map(str, case.sizes))} to C, nothing kept", "0.5 s", in_c, stated, 1)


def _compiled_anew(case: Case) -> None:
    building.glue()  # made once on a machine, not once for a network
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SYMBACKPROP_CACHE"] = folder
        try:
            case.derivation.compile("c")
        finally:
            del os.environ["SYMBACKPROP_CACHE"]


GROWTH: tuple[Sizes, ...] = ((2, 2, 2), (4, 4, 4), (8, 8, 8), (16, 16, 16), (32, 32, 32), (64, 64, 64), (128, 128, 128))


def curves() -> Iterator[Curves]:
    """Time of one evaluation against the number of weights and biases."""
    lines: dict[str, list[tuple[float, float]]] = {}
    for sizes in GROWTH:
        case = Case(sizes, 1)
        calls = ours(case)
        calls |= {
            peer.name: peer.made(case) for peer in PEERS if case.weights <= peer.most and not missing(peer.module)
        }
        for name in _faults(case, calls):
            del calls[name]
        for name, timing in in_turns(calls, runs=5, least=0.005).items():
            lines.setdefault(name, []).append((case.weights, timing.median))
    yield Curves("evaluating", "Loss and all gradients at one observation, k-k-k sigmoids", lines)
