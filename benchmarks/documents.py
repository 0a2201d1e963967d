"""Documents of the five notes against importing SymPy: in a running process, and as commands; how they grow."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.measure import STARTS, Curves, Ratio, Skipped, Timing, alone, in_turn, missing, python
from benchmarks.starting import EXAMPLES, FIVE, symbackprop
from symbackprop.network import Network
from symbackprop.public import Derivation, derive

# What each format of a document is called, the ending of its file, and what share of the import it may take.
FORMATS = {"text": ("txt", 1 / 3), "markdown": ("md", 1 / 3), "latex": ("tex", 1 / 3), "pdf": ("pdf", 1.0)}
SIZES = (*((2, units, 2) for units in (2, 4, 8, 16, 32)), (2, 48, 2))
RUNS = 2
GROWING = ("text", "markdown", "latex", "typst", "pdf")
IMPORT = "import sympy, in a fresh process"
WHOLE = "the whole command, Python's start and our own imports included; nothing is promised of it"


def ratios() -> Iterator[Ratio | Skipped]:
    why = missing("typst")
    formats = {name: found for name, found in FORMATS.items() if name != "pdf" or not why}
    if why:
        yield Skipped("PDF of the five notes", why)
    bare = alone(python("-c", "")).median
    for to, (_, limit) in formats.items():
        for name in FIVE:
            ours, theirs = in_turn(document(name, to), python("-c", "import sympy"), runs=STARTS)
            alone_theirs = Timing(tuple(each - bare for each in theirs.seconds))
            yield Ratio(f"{to} of {name}, from its file", IMPORT, ours, alone_theirs, limit)
    with tempfile.TemporaryDirectory() as folder:
        for ending, _ in formats.values():
            for name in FIVE:
                place = str(Path(folder, f"note.{ending}"))
                written = symbackprop("derive", str(EXAMPLES / f"{name}.toml"), "-o", place)
                ours, theirs = in_turn(written, python("-c", "import sympy"), runs=STARTS)
                yield Ratio(
                    f"symbackprop derive {name}.toml -o note.{ending}",
                    "python -c 'import sympy'",
                    ours,
                    theirs,
                    None,
                    WHOLE,
                )


def document(name: str, to: str) -> Callable[[], object]:
    """Reads, derives and writes one of the notes, in this process."""
    path = EXAMPLES / f"{name}.toml"

    def written() -> object:
        derivation = derive(Network.read(str(path)))
        return derivation.to_pdf() if to == "pdf" else derivation.rendered(to)

    return written


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
