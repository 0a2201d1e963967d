"""Timing: two ways to do a thing in turn, medians of `RUNS`, and what machine it was. Times nothing by itself.

Times are the processor's, of this process or of the program that it starts: others on the machine disturb them least.
"""

from __future__ import annotations

import gc
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

RUNS = 15
STARTS = 5  # runs of a program that is started anew
LEAST = 0.02  # seconds that one run takes at least: short things are repeated


@dataclass(frozen=True)
class Timing:
    """Processor seconds of each run."""

    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    @property
    def spread(self) -> str:
        """The middle half of the runs, relative to the median."""
        low, _, high = statistics.quantiles(self.seconds, n=4)
        return f"-{1 - low / self.median:.0%} +{high / self.median - 1:.0%}"


@dataclass(frozen=True)
class Ratio:
    """One line of the results: what ours may take, as a multiple of the peer's time."""

    what: str
    peer: str
    ours: Timing
    theirs: Timing
    limit: float | None  # None: nothing is promised
    note: str = ""

    @property
    def value(self) -> float:
        return self.ours.median / self.theirs.median

    @property
    def holds(self) -> bool | None:
        return None if self.limit is None else self.value <= self.limit


@dataclass(frozen=True)
class Skipped:
    """What could not be measured here, and why: shown, so that no one takes it for measured."""

    what: str
    why: str


@dataclass(frozen=True)
class Curves:
    """A growth plot: for each line (a way to do the thing) its points of (size, seconds)."""

    name: str
    title: str
    lines: Mapping[str, Sequence[tuple[float, float]]]
    across: str = "weights and biases"
    up: str = "processor seconds"


def missing(module: str) -> str:
    """Why a peer cannot be measured; empty if it is installed."""
    return "" if find_spec(module) is not None else f"{module} is not installed"


def in_turn(ours: Callable[[], object], theirs: Callable[[], object], *, runs: int = RUNS) -> tuple[Timing, Timing]:
    """Both, one after the other, so many times; each is called once before."""
    found = in_turns({"ours": ours, "theirs": theirs}, runs=runs)
    return found["ours"], found["theirs"]


def in_turns(calls: Mapping[str, Callable[[], object]], *, runs: int = RUNS, least: float = LEAST) -> dict[str, Timing]:
    """All of them, one after the other, so many times; each is called once before. A busy machine is busy for all."""
    counts = {name: _repetitions(call, least) for name, call in calls.items()}
    found: dict[str, list[float]] = {name: [] for name in calls}
    gc.collect()
    gc.freeze()  # the peers' own objects are no work for the collector while something is timed
    for _ in range(runs):
        gc.collect()
        for name, call in calls.items():
            found[name].append(_timed(call, counts[name]))
    return {name: Timing(tuple(seconds)) for name, seconds in found.items()}


def alone(function: Callable[[], object], *, runs: int = RUNS) -> Timing:
    """One thing by itself, so many times."""
    count = _repetitions(function)
    return Timing(tuple(_timed(function, count) for _ in range(runs)))


def command(*arguments: str) -> Callable[[], object]:
    """A program started anew, its output thrown away."""

    def run() -> object:
        return subprocess.run(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)

    return run


def _repetitions(function: Callable[[], object], least: float = LEAST) -> int:
    function()
    count = 1
    while (took := count * _timed(function, count)) < least / 4:  # warm, and longer than the clock is coarse
        count *= 4
    return max(1, round(count * least / took))


def _timed(function: Callable[[], object], count: int) -> float:
    for _ in range(count // 10):  # what ran before has left its own data in the caches
        function()
    start = _processor_seconds()
    repeat = range(count)
    for _ in repeat:
        function()
    return (_processor_seconds() - start) / count


def _processor_seconds() -> float:
    """Of this process and of those that it started and that have ended."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def machine() -> str:
    """Cores, how many programs want them, Python and versions; no names of hosts, users or folders."""
    packages = ("sympy", "numpy", "casadi", "symengine", "jax", "torch", "autograd", "dask", "openpyxl", "xlsxwriter")
    versions = ", ".join(f"{name} {found}" for name in packages if (found := _version(name)))
    load = f", load {os.getloadavg()[2]:.0f}" if hasattr(os, "getloadavg") else ""
    return (
        f"{os.cpu_count()} cores{load}, {_processor() or platform.machine()}, {platform.system()}, "
        f"{platform.python_implementation()} {platform.python_version()}; {versions}"
    )


def _processor() -> str:
    """The processor's kind, as the system has it."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.is_file() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def python(*arguments: str) -> Callable[[], object]:
    """This Python with these arguments, started anew."""
    return command(sys.executable, *arguments)
