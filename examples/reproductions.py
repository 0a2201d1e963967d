"""The five published examples as documents of ours, in their notation, order and layouts, into build/reproductions/.

    python examples/reproductions.py

Each file of examples/reproductions/ is the table ``[document]`` that goes with the network of the same name. A PDF is
written where the extra ``pdf`` is installed.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import symbackprop as sb
from symbackprop.errors import OutsideError

HERE = Path(__file__).resolve().parent
ENDINGS = {"text": "txt", "markdown": "md", "latex": "tex"}


def reproductions() -> dict[str, sb.Derivation]:
    """Each example's derivation, with the document's settings that its author's layout asks for."""
    found = {}
    for path in sorted((HERE / "reproductions").glob("*.toml")):
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
        network = sb.Network.read(str(HERE / path.name))
        found[path.stem] = sb.derive(network.with_values({f"document.{key}": value for key, value in settings.items()}))
    return found


def main(folder: Path) -> None:
    """Writes every example in every format, and prints where."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, derivation in reproductions().items():
        for to, ending in ENDINGS.items():
            path = folder / f"{name}.{ending}"
            path.write_text(derivation.rendered(to), encoding="utf-8", newline="\n")
            print(path)
        path = folder / f"{name}.pdf"
        try:
            derivation.to_pdf(str(path))
            print(path)
        except OutsideError as error:
            print(f"no {path.name}: {error}", file=sys.stderr)


if __name__ == "__main__":
    main(Path("build", "reproductions"))
