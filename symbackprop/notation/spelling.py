r"""One spelling for the ways to type a name: ``w_{10}``, ``\delta_0^{(2)}``, ``ŷ_1``, ``a^{(1)}_0``, ``w.1.0.2``.

The spelling is the one of `ascii_name`. Nothing here knows which names there are.
"""

from __future__ import annotations

import re
import unicodedata

from symbackprop.notation.lettering import ACCENTS, GREEK, spelt

_WRAPPER = re.compile(r"\\(?:text|mathrm|mathit|mathbf|boldsymbol|mathcal|operatorname)\s*\{([^{}]*)\}")
_ACCENT = re.compile(r"\\(" + "|".join(ACCENTS) + r")\s*(?:\{([^{}]*)\}|([A-Za-z]))")
_SPOKEN_ACCENT = re.compile(
    r"\b(" + "|".join(ACCENTS) + r") ([A-Za-z])\b|\b(" + "|".join(ACCENTS) + r") ([A-Za-z])(?=[_'^])"
)
_GREEK = re.compile(r"\\(" + "|".join(sorted(GREEK, key=len, reverse=True)) + r")(?![A-Za-z])\s*")
_OBSERVATION = re.compile(r"\\langle\s*(\w+)\s*\\rangle")
_SHARE = re.compile(r"\\left\((.*)\\right\)(?:\^\{\})?", re.DOTALL)
_DOTTED = re.compile(r"\.(\d+)")
_FRACTION = re.compile(r"\\[dt]?frac\s*\{")
_ACCENT_OF = {mark: word for word, mark in ACCENTS.items()}
_DIGITS = str.maketrans("₀₁₂₃₄₅₆₇₈₉′’−", "0123456789''-")
SIMPLE = re.compile(r"[A-Za-z]+(?:\[\d+\])*(?:_[A-Za-z0-9,]+)?(?:\^\(\d+\))?")
LOOSE = str.maketrans("", "", "_^,(){}")


def spelling(text: str) -> str:
    r"""The one spelling of a name; of a text that is no name, something that is no name either.

    >>> [spelling(text) for text in (r"\hat{y}'_{1}", r"w_{00}^{\prime(1)}", "a^{(1)}_0", "z_1'", "w.1.0.2")]
    ["yhat'_1", "w'_00^(1)", 'a_0^(1)', "z'_1", 'w[1][0][2]']
    """
    if SIMPLE.fullmatch(text):
        return text
    text = undotted(_without_commands(text))
    return _arranged("".join(text.split()))


def undotted(text: str) -> str:
    """The command line's way to write indices as brackets: ``dE.0/dout.1.0`` as ``dE[0]/dout[1][0]``."""
    return _DOTTED.sub(r"[\1]", text)


def loosened(spelt_name: str) -> str:
    """The spelling without the signs that people leave out: ``b10`` for ``b_{10}``."""
    return spelt_name.translate(LOOSE)


def as_quotient(text: str) -> str:
    r"""A TeX fraction written with a stroke: ``\frac{\partial E}{\partial w}`` as ``\partial E/\partial w``."""
    text = text.strip()
    share = _SHARE.fullmatch(text)
    text = share[1] if share else text
    found = _FRACTION.match(text)
    if not found:
        return text
    end = _closing(text, found.end() - 1)
    if end < 0 or text[end + 1 : end + 2] != "{":
        return text
    last = _closing(text, end + 1)
    if last < 0:
        return text
    return f"{text[found.end() : end]}/{text[end + 2 : last]}{text[last + 1 :]}"


def _closing(text: str, start: int) -> int:
    depth = 0
    for place in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[place], 0)
        if depth == 0:
            return place
    return -1


def _without_commands(text: str) -> str:
    text = unicodedata.normalize("NFD", text).translate(_DIGITS)
    text = "".join(_ACCENT_OF.get(each, each) for each in text)
    text = _SPOKEN_ACCENT.sub(lambda found: (found[2] or found[4]) + (found[1] or found[3]), text)
    for _ in range(3):
        text = _WRAPPER.sub(r"\1", text)
        text = _ACCENT.sub(lambda found: (found[2] or found[3]) + found[1], text)
    text = text.replace("\\left", "").replace("\\right", "").replace("\\,", "").replace("\\prime", "'")
    return _GREEK.sub(r"\1", spelt(text))


def _arranged(text: str) -> str:
    """Base, prime, subscript, superscript, in this order, braces left out."""
    parts = {"": "", "_": "", "^": ""}
    current, depth, round_depth = "", 0, 0
    for sign in text:
        depth += {"{": 1, "}": -1}.get(sign, 0)
        round_depth += {"(": 1, ")": -1}.get(sign, 0)
        outside = depth == 0 and round_depth == 0
        if sign in "{}":
            continue
        if sign == "^" and outside:
            current = "^"
        elif sign == "_" and outside and current != "_":
            current = "_"
        elif sign == "'" and outside:
            parts[""] += sign
        else:
            parts[current] += sign
    superscript = parts["^"]
    if superscript.startswith("'"):
        parts[""] += "'"
        superscript = superscript[1:]
    return parts[""] + (f"_{parts['_']}" if parts["_"] else "") + (f"^{superscript}" if superscript else "")


def observation_of(text: str) -> tuple[str, str]:
    r"""A name without the observation that it says, and the observation (empty if there is none).

    >>> observation_of("net_h1@3"), observation_of(r"\mathit{net}_{h1}^{(1)\langle 3\rangle}")
    (('net_h1', '3'), ('\\mathit{net}_{h1}^{(1)}', '3'))
    """
    name, at, observation = text.rpartition("@")
    if at:
        return name, observation.strip()
    said = set(_OBSERVATION.findall(text))
    return (_OBSERVATION.sub("", text), said.pop()) if len(said) == 1 else (text, "")
