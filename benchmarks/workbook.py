"""Writing workbooks, against openpyxl writing the same cells barely: formulas and styles, without values."""

from __future__ import annotations

import itertools
import re
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from io import BytesIO
from pathlib import Path
from random import Random

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

import symbackprop as sb
from benchmarks.measure import Ratio, in_turns
from symbackprop.derivation import derive
from symbackprop.values import evaluate
from symbackprop.workbook import workbook_bytes
from symbackprop.workbook.building import planned
from symbackprop.workbook.contents import Book, Formula, Sheet, Text, Typed
from symbackprop.workbook.styles import named_styles

LARGE, SMALL = (784, 128, 10), (2, 2, 2)
STEPS = 1_000
RUNS = 3
LIMIT = 2.0
MOST_MEGABYTES = 300
COMPUTED = "Training"


def ratios() -> Iterator[Ratio]:
    yield written(LARGE, 0, "the workbook of {sizes}, one step, all gradients")
    yield written(SMALL, STEPS, f"the workbook of {{sizes}}, {STEPS:,} steps of training")


def written(sizes: tuple[int, ...], steps: int, what: str) -> Ratio:
    ways = {"ours": lambda: book(sizes, steps), "bare": bare(plan(sizes, steps))}
    ours, theirs = in_turns(ways, runs=RUNS).values()
    name = "-".join(map(str, sizes))
    count, megabytes = formulas(plan(sizes, steps)), peak(sizes, steps)
    whole = f"ours is the whole way from the description, values included, in {megabytes} MB"
    note = f"{count:,} formulas; {whole} of {MOST_MEGABYTES} allowed"
    return Ratio(what.format(sizes=name), "openpyxl, the same formulas and styles", ours, theirs, LIMIT, note)


def book(sizes: tuple[int, ...], steps: int) -> bytes:
    """The workbook from the description: derived, computed, planned and written."""
    derivation = derive(network(sizes))
    return workbook_bytes(derivation, evaluate(derivation), steps=steps)


@cache
def network(sizes: tuple[int, ...]) -> sb.Network:
    """Sigmoid layers with a bias per unit, one observation, seeded numbers of two decimals."""
    random = Random("workbook")

    def numbers(count: int) -> list[float]:
        return [random.randint(-100, 100) / 100 for _ in range(count)]

    layers = [
        sb.Dense(units, "sigmoid", weights=[numbers(before) for _ in range(units)], bias=numbers(units))
        for before, units in itertools.pairwise(sizes)
    ]
    update = {"rule": "gradient_descent", "learning_rate": 0.5}
    return sb.Network(
        inputs=numbers(sizes[0]), targets=numbers(sizes[-1]), layers=layers, loss="squared_error", update=update
    )


def plan(sizes: tuple[int, ...], steps: int) -> Book:
    derivation = derive(network(sizes))
    return planned(derivation, evaluate(derivation), steps=steps)


def formulas(book: Book) -> int:
    return sum(sheet.formulas for sheet in book.sheets)


def bare(book: Book) -> Callable[[], object]:
    """openpyxl's fastest way to the same texts, formulas and styles, all of them known before."""
    cells = [(sheet.name, list(_known(sheet))) for sheet in book.sheets]

    def run() -> bytes:
        workbook = Workbook(write_only=True)
        styles = named_styles()
        for style in styles.values():
            workbook.add_named_style(style)
        dressed: dict[str, object] = {}
        for name, rows in cells:
            sheet = workbook.create_sheet(name)
            for row in rows:
                written = []
                for content in row:
                    if content is None:
                        written.append(None)
                        continue
                    value, style = content
                    cell = WriteOnlyCell(sheet, value=value)
                    if style not in dressed:
                        cell.style = styles[style].name
                        dressed[style] = cell._style
                    cell._style = dressed[style]
                    written.append(cell)
                sheet.append(written)
        saved = BytesIO()
        workbook.save(saved)
        return saved.getvalue()

    return run


def _known(sheet: Sheet) -> Iterator[list[tuple[object, str] | None]]:
    for row in sheet.rows():
        found: list[tuple[object, str] | None] = []
        for content in row:
            match content:
                case Formula(text):
                    found.append((f"={text}", content.style))
                case Typed(value):
                    found.append((value, content.style))
                case Text(text):
                    found.append(
                        (text if isinstance(text, str) else "".join(piece for piece, _ in text), content.style)
                    )
                case None:
                    found.append(None)
        yield found


def peak(sizes: tuple[int, ...], steps: int) -> int:
    """The most memory that a process takes which writes the workbook and does nothing else, in megabytes."""
    program = f"from benchmarks.workbook import book, most; book({sizes}, {steps}); print(most())"
    return int(subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout)


def most() -> int:
    """The most memory that this process has taken, in megabytes.

    On Linux ru_maxrss also counts what the process had before exec, its parent's: /proc tells only its own.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        return round(int(re.findall(r"VmHWM:\s*(\d+) kB", status.read_text(encoding="utf-8"))[0]) / 2**10)
    taken = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(taken / (2**20 if sys.platform == "darwin" else 2**10))
