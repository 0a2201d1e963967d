"""Starting the command line, against bare Python and against importing SymPy."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.measure import STARTS, Ratio, command, in_turn, python

FIVE = ("kadakia", "happydustbunny", "math-note", "esuli", "russo")
EXAMPLES = Path(__file__).resolve().parent.parent / "examples"


def ratios() -> Iterator[Ratio]:
    ours, theirs = in_turn(symbackprop("--help"), python("-c", ""))
    yield Ratio("symbackprop --help", "python -c ''", ours, theirs, 8)
    for name in FIVE:
        ours, theirs = in_turn(
            symbackprop("derive", str(EXAMPLES / f"{name}.toml")), python("-c", "import sympy"), runs=STARTS
        )
        yield Ratio(f"symbackprop derive {name}.toml", "python -c 'import sympy'", ours, theirs, 3)


def symbackprop(*arguments: str) -> Callable[[], object]:
    """The installed command if there is one beside this Python, else the module."""
    script = Path(sys.executable).parent / "symbackprop"
    return command(str(script), *arguments) if script.exists() else python("-m", "symbackprop", *arguments)
