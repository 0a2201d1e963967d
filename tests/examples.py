"""The example descriptions, each derived once, and titles that nobody should have to escape."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import symbackprop as sb

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = sorted(path.stem for path in (ROOT / "examples").glob("*.toml"))
FORMS = ("chain", "delta", "closed", "paths", "matrix")
HOSTILE = (
    r"\input{/etc/passwd} \write18{rm -rf} $x$ 50% #1 a_b ^^41 ~ & {",
    "<script>alert(1)</script> [a](javascript:b) ![i](x) `c` **d** | e ]]>",
    "tab\tbell\x07 escape\x1b[31m line\nnew \u2028 \u202e right",
    "Ünïcödé ŷ δ — “quotes” 日本 😀",
    "=HYPERLINK(1) ' \" -- --- ?` !` << >>",
)


@cache
def derived(name: str) -> Any:
    return sb.derive(sb.Network.read(str(ROOT / "examples" / f"{name}.toml")))


def repr_toml(text: str) -> str:
    """A TOML basic string."""
    return '"' + "".join(f"\\U{ord(each):08X}" if not each.isalnum() else each for each in text) + '"'
