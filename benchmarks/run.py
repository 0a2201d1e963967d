"""The benchmarks against the peers: ratios measured in one run, written to RESULTS.md beside this file.

    python benchmarks/run.py                     all of them (make bench)
    python benchmarks/run.py deriving starting   these groups; their sections of RESULTS.md are replaced
    python benchmarks/run.py --dry compiled      RESULTS.md stays as it is

A group is a module in this folder. Its ``ratios()`` yields what it measured, a `Ratio` or a `Skipped` each; its
``curves()``, if it has them, yields growth plots, a `Curves` each.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

# One thread for every library, said before any of them is imported: the threads of a pool wait by running, and their
# waiting would count as the time of what is measured next.
ONE_THREAD = {
    **dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"),
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
}
os.environ.update(ONE_THREAD)
# Programs that are started find their bytecode, as those of an installed package do: SymPy's is there in any case.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

from benchmarks.measure import Curves, Ratio, Skipped  # noqa: E402 - found through the line above
from benchmarks.results import drawn, line, with_section  # noqa: E402

# What is shown and in which order: the group's module, and the heading of its section.
GROUPS = {
    "deriving": "Deriving",
    "compiled": "Compiled functions",
    "training": "Training",
    "starting": "Start-up",
    "checking": "Checking",
    "documents": "Documents",
    "workbook": "Workbooks",
}


def main(arguments: list[str]) -> int:
    chosen = [each for each in arguments if each != "--dry"] or list(GROUPS)
    unknown = [name for name in chosen if name not in GROUPS]
    if unknown:
        print(f"there is no group {unknown[0]!r}; known: {', '.join(GROUPS)}", file=sys.stderr)
        return 2
    results = HERE / "RESULTS.md"
    for name in chosen:
        print(f"## {GROUPS[name]}", flush=True)
        found = list(_measured(name))
        curves = list(_curves(name))
        if "--dry" not in arguments:
            pictures = [drawn(each, HERE / "pictures") for each in curves]
            text = results.read_text(encoding="utf-8") if results.exists() else ""
            results.write_text(with_section(text, GROUPS, name, found, pictures), encoding="utf-8")
    return 0


def _measured(name: str) -> Iterator[Ratio | Skipped]:
    for each in import_module(f"benchmarks.{name}").ratios():
        print(line(each), flush=True)
        yield each


def _curves(name: str) -> Iterator[Curves]:
    curves = getattr(import_module(f"benchmarks.{name}"), "curves", None)
    if curves is not None:
        yield from curves()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
