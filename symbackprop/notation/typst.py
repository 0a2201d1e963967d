"""Printed names in Typst's mathematics, each letter as a quoted text so that none is taken for a command."""

from __future__ import annotations

import re
from collections.abc import Sequence

from symbackprop.notation.lettering import GRADIENT, GREEK, AnyName, DerivativeName, Name

ACCENTS = {"hat": "hat", "bar": "macron", "tilde": "tilde", "vec": "arrow", "dot": "dot"}
FACES = {"upright": "upright", "bold": "bold", "calligraphic": "cal"}
WORD = 3  # letters in a script that make an upright word
_PARTS = re.compile(r"[A-Za-z]+|[0-9.]+|.", re.DOTALL)


def typst(name: AnyName) -> str:
    """The name as it stands between dollar signs.

    >>> print(typst(Name("w", "10")), typst(Name("net", "h1")), typst(Name("E", "total")))
    w_("10") italic("net")_(h"1") E_("total")
    """
    if isinstance(name, DerivativeName):
        return _derivative(name)
    below, above = script(name.subscript), [script(name.superscript)]
    match name.mark:
        case "":
            pass
        case "'":
            above.insert(0, "prime")
        case mark if mark.startswith("("):
            below += script(mark)
        case mark:
            above.append(script(mark))
    if name.observation:
        above.append(script(f"⟨{name.observation}⟩"))
    if name.argument is not None:
        below += ("" if not below else quoted(",")) + typst(name.argument)
    raised = _beside(above)
    return _base(name) + (f"_({below})" if below else "") + (f"^({raised})" if raised else "")


def script(text: str) -> str:
    """A script: indices in italics, digits and words upright, a further subscript lowered."""
    outer, _, inner = text.partition("_")
    return _letters(outer) + (f"_({script(inner)})" if inner else "")


def quoted(text: str) -> str:
    """A text as it is.

    >>> print(quoted('a "word" \\\\'))
    "a \\"word\\" \\\\"
    """
    signs = {'"': '\\"', "\\": "\\\\", "\n": " ", "\r": " "}
    return '"' + "".join(signs.get(sign, sign) for sign in text) + '"'


def _base(name: Name) -> str:
    base = GREEK.get(name.base, name.base)
    text = base if len(base) == 1 and base.isalpha() else f"italic({quoted(base)})"
    if name.face:
        text = f"{FACES[name.face]}({quoted(base) if len(base) > 1 else base})"
    return f"{ACCENTS[name.accent]}({text})" if name.accent else text


def _letters(text: str) -> str:
    parts = []
    for part in _PARTS.findall(text):
        word = GREEK.get(part, part)
        if not word[0].isalpha() or len(word) >= WORD:
            parts.append(quoted(word))
        elif len(word) == 1:
            parts.append(word)
        else:
            parts.append(f"italic({quoted(word)})")
    return _beside(parts)


def _beside(parts: Sequence[str]) -> str:
    """Parts of a script without a gap; a blank stands only where two words would become one."""
    joined = ""
    for part in parts:
        joined += (" " if joined[-1:].isalpha() and part[:1].isalpha() else "") + part
    return joined


def _derivative(name: DerivativeName) -> str:
    if name.letter == GRADIENT:
        return f"nabla {typst(name.of)}"
    sign = "partial" if name.letter == "∂" else "upright(d)"
    use = f"^({quoted(f'[{name.use}]')})" if name.use else ""
    fraction = f"frac({sign} {typst(name.of)}, {sign} ({typst(name.wrt)}){use})" if use else ""
    fraction = fraction or f"frac({sign} {typst(name.of)}, {sign} {typst(name.wrt)})"
    if not name.observation:
        return fraction
    return f"lr(({fraction}))^({script(f'⟨{name.observation}⟩')})"
