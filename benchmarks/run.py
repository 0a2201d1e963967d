"""The benchmarks against the peers: ratios measured in one run, written to RESULTS.md beside this file.

python benchmarks/run.py            all of them
python benchmarks/run.py deriving   one group: deriving, starting
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from benchmarks import deriving, starting  # noqa: E402 - found through the line above
from benchmarks.measure import RUNS, Ratio, machine  # noqa: E402

GROUPS: dict[str, Callable[[], Iterator[Ratio]]] = {"deriving": deriving.ratios, "starting": starting.ratios}


def main(chosen: list[str]) -> int:
    found = []
    for name in chosen or GROUPS:
        for ratio in GROUPS[name]():
            print(line(ratio), flush=True)
            found.append(ratio)
    if not chosen:
        (HERE / "RESULTS.md").write_text(document(found), encoding="utf-8")
    return 0


def document(found: list[Ratio]) -> str:
    notes = [f"- {ratio.what}: {ratio.note}." for ratio in found if ratio.note]
    return "\n".join(
        [
            "# Benchmarks",
            "",
            f"`make bench`. Medians of {RUNS} runs, ours and the peer's in turn; in brackets the middle half of them.",
            "Times are the processor's. A ratio is ours over the peer's; read ratios, not times.",
            "",
            f"Machine: {machine()}.",
            "",
            "| what | ours | peer | its time | ratio | limit | holds |",
            "| --- | --- | --- | --- | --- | --- | --- |",
            *(line(ratio) for ratio in found),
            "",
            *notes,
            "",
        ]
    )


def line(ratio: Ratio) -> str:
    holds = {True: "yes", False: "no", None: ""}[ratio.holds]
    limit = "" if ratio.limit is None else f"{ratio.limit:g}"
    times = [f"{_shown(each.median)} ({each.spread})" for each in (ratio.ours, ratio.theirs)]
    return f"| {ratio.what} | {times[0]} | {ratio.peer} | {times[1]} | {ratio.value:.3g} | {limit} | {holds} |"


def _shown(seconds: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
