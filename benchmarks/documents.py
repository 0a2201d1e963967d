"""Documents of the five notes against importing SymPy, each as the command that a reader types, and how they grow."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import STARTS, Curves, Ratio, Skipped, in_turn, missing, python
from benchmarks.starting import EXAMPLES, FIVE, symbackprop
from symbackprop.network import Network
from symbackprop.public import Derivation, derive

# The ending of each format, and what share of the import it may take.
FORMATS = {"txt": 1 / 3, "md": 1 / 3, "tex": 1 / 3, "pdf": 1.0}
SIZES = (*((2, units, 2) for units in (2, 4, 8, 16, 32)), (2, 48, 2))
RUNS = 3
GROWING = ("text", "markdown", "latex", "typst", "pdf")


def ratios() -> Iterator[Ratio | Skipped]:
    why = missing("typst")
    with tempfile.TemporaryDirectory() as folder:
        for ending, limit in FORMATS.items():
            if ending == "pdf" and why:
                yield Skipped("PDF of the five notes", why)
                continue
            for name in FIVE:
                place = str(Path(folder, f"note.{ending}"))
                written = symbackprop("derive", str(EXAMPLES / f"{name}.toml"), "-o", place)
                ours, theirs = in_turn(written, python("-c", "import sympy"), runs=STARTS)
                yield Ratio(f"symbackprop derive {name}.toml -o note.{ending}", "import sympy", ours, theirs, limit)


def curves() -> Iterator[Curves]:
    """All of a growing network's equations, with numbers, against how many are displayed."""
    names = [name for name in GROWING if name != "pdf" or not missing("typst")]
    lines: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    for sizes in SIZES:
        derivation = derive(described(*sizes))
        count = equations(derivation)
        for name, points in lines.items():
            points.append((count, seconds(derivation, name)))
    yield Curves(
        "documents-by-equations", "Documents of 2-n-2, every equation with its numbers", lines, "displayed equations"
    )


def described(*sizes: int) -> Network:
    """A network of these widths with numbers, of which every equation is displayed."""
    inputs, targets = [0.5] * sizes[0], [0.25] * sizes[-1]
    layers = "".join(f"[[layers]]\nunits = {units}\nactivation = 'sigmoid'\nbias = 'unit'\n" for units in sizes[1:])
    return Network.parse(
        f"[document]\ndepth = 'all'\n[inputs]\nvalues = [{inputs}]\n[targets]\nvalues = [{targets}]\n{layers}"
        "[loss]\nname = 'squared_error'\n[update]\nrule = 'gradient_descent'\nlearning_rate = 0.5\n"
        "[initial]\nseed = 1\nscheme = 'uniform'\n"
    )


def equations(derivation: Derivation) -> int:
    """How many equations the document displays: its lines with a left side."""
    text = derivation.to_latex(fragment=True)
    return text.count(r"\label{")


def seconds(derivation: Derivation, name: str) -> float:
    """The least processor time of a few runs."""
    found = []
    for _ in range(RUNS):
        start = time.process_time()
        if name == "pdf":
            derivation.to_pdf()
        else:
            derivation.rendered(name)
        found.append(time.process_time() - start)
    return min(found)
