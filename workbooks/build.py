"""Builds a workbook for each example that has numbers, into this folder: ``python workbooks/build.py [FOLDER]``."""

from __future__ import annotations

import sys
from pathlib import Path

from symbackprop.derivation import derive
from symbackprop.diagram import shapes
from symbackprop.errors import MissingValue
from symbackprop.files import write_whole
from symbackprop.network import Network
from symbackprop.values import evaluate
from symbackprop.workbook import workbook_bytes

HERE = Path(__file__).resolve().parent
EXAMPLES = HERE.parent / "examples"


def build(folder: Path) -> list[Path]:
    """Writes a workbook for each example into a folder; the paths written. Examples without numbers have none."""
    written = []
    for path in sorted(EXAMPLES.glob("*.toml")):
        derivation = derive(Network.read(path))
        try:
            content = workbook_bytes(derivation, evaluate(derivation), picture=shapes)
        except MissingValue as missing:
            print(f"{path.name}: no workbook: {missing}", file=sys.stderr)
            continue
        target = folder / path.with_suffix(".xlsx").name
        write_whole(target, content)
        written.append(target)
    return written


if __name__ == "__main__":
    for place in build(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE):
        print(place)
