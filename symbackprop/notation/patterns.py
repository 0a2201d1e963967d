r"""Patterns: how a notation writes the name of a role, such as ``w_{to}{from}^({layer})``. Never knows a network.

A pattern is a base, then at most one subscript behind ``_`` and one superscript behind ``^``, in either order.

- The base is a letter, a word (``net``), or a Greek letter (``\delta`` or ``δ``), perhaps inside an accent
  (``\hat{}``), ``\text{}`` or ``\mathrm{}`` (upright), ``\mathbf{}`` (bold), ``\mathcal{}``.
- A script is made of letters, digits, Greek letters, the signs ``, ( ) [ ] * + - ' .``, a further ``_`` and fields.
- A field in braces stands for what its name says (`FIELDS`). ``{unit?}`` is left out where there is just one to tell
  apart: with it goes the comma, underscore or pair of brackets that stands around it.
- Other braces only group: ``E_{total}``, ``in_{H_{unit}}``.

Patterns come from strangers: nothing else of TeX or HTML passes.

>>> parse_pattern(r"\hat{y}_{unit}")
Pattern(base='y', subscript=(Field(name='unit', optional=False),), superscript=(), accent='hat', face='')
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache

from symbackprop.errors import DescriptionError
from symbackprop.notation.lettering import ACCENTS, GREEK, LETTER_OF, Name

FIELDS = {
    "layer": "the layer's number, the first hidden layer being 1",
    "layer0": "the layer's number, the first hidden layer being 0",
    "layer2": "the layer's number, the inputs being 1 and the first hidden layer 2",
    "layerL": "the layer as counted from the last one: L, L-1, L-2",
    "before": "the number of the layer before",
    "hidden": "a hidden layer's number; {hidden?} is left out where there is only one, and in the output layer",
    "letter": "h in a hidden layer, o in the output layer, i for inputs",
    "Letter": "H, O or I, likewise",
    "unit": "the unit's index in its layer; {unit?} is left out in a layer of one unit",
    "to": "the index of the unit that a weight leads to",
    "from": "the index of the unit that a weight comes from; for a bias, the index of its column",
    "number": "a number that runs on through all layers",
    "node": "a unit's number in the whole network, the inputs counted first",
    "to_node": "the node that a weight leads to",
    "from_node": "the node that a weight comes from; 0 for a bias",
}
FACES = {
    "text": "upright",
    "mathrm": "upright",
    "mathit": "",
    "mathbf": "bold",
    "boldsymbol": "bold",
    "mathcal": "calligraphic",
}
SIGNS = ",()[]*+-'."
LAYERS = frozenset({"layer", "layer0", "layer2", "layerL", "before", "hidden"})
INDICES = frozenset({"unit", "to", "from", "number", "node", "to_node", "from_node"})
LONGEST = 80
ALLOWED = (
    "allowed: letters, digits, one _ and one ^, fields such as {unit}, and the commands "
    r"\hat \bar \tilde \vec \dot \text \mathrm \mathit \mathbf \boldsymbol \mathcal and Greek letters"
)


@dataclass(frozen=True, slots=True)
class Field:
    """A place that is filled in; an optional one may be empty."""

    name: str
    optional: bool = False


Piece = str | Field


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern, read. Scripts are texts and fields in order; texts are plain, Greek letters as themselves."""

    base: str
    subscript: tuple[Piece, ...] = ()
    superscript: tuple[Piece, ...] = ()
    accent: str = ""
    face: str = ""

    @property
    def fields(self) -> frozenset[str]:
        """The names of the fields that occur."""
        return frozenset(piece.name for piece in self.subscript + self.superscript if isinstance(piece, Field))


_HIDDEN: tuple[Piece, ...] = ("(", Field("hidden", optional=True), ")")
_LAYER: tuple[Piece, ...] = ("(", Field("layer"), ")")
_EMPTY = re.compile(r"[(\[][,_]*[)\]]|^[,_]+|[,_]+$")


class _RefusedError(Exception):
    """What is wrong with a pattern; becomes a `DescriptionError` that names the place."""


@lru_cache(maxsize=512)
def parse_pattern(text: str, place: str = "pattern") -> Pattern:
    """The pattern that a text says; refused with the place, what is wrong and what is allowed."""
    try:
        return _Reader(text).pattern()
    except _RefusedError as refused:
        raise DescriptionError(f"{place}: {text[:LONGEST]!r}: {refused}; {ALLOWED}") from None


def own_name(text: str, place: str = "name") -> Name:
    r"""The name that a user gave: ``w_a``, ``alpha_1``, ``\beta``. The word stays as it is written.

    >>> own_name("w_a"), own_name("rate").base
    (Name(base='w', subscript='a', superscript='', accent='', mark='', face='', observation='', argument=None), 'rate')
    """
    bare = text.rstrip("'")
    if bare.isascii() and bare.isidentifier():
        base, _, subscript = bare.lstrip("_").partition("_")
        if base and not base[0].isdigit() and len(text) - len(bare) <= 1:
            return Name(base, subscript.strip("_"), mark=text[len(bare) :])
    pattern = parse_pattern(text, place)
    if pattern.fields:
        raise DescriptionError(f"{place}: {text!r}: a name has no fields in braces")
    return filled(pattern, {})


def filled(
    pattern: Pattern, values: Mapping[str, str], *, separator: str = "", mark: str = "", observation: str = ""
) -> Name:
    """The pattern's name with its fields' values; ``separator`` stands between adjacent fields of digits.

    An optional field takes the value at ``unit?`` where there is one, else that at ``unit``.
    """
    return Name(
        pattern.base,
        script_text(pattern.subscript, values, separator),
        script_text(pattern.superscript, values, separator),
        pattern.accent,
        mark,
        pattern.face,
        observation,
    )


def script_text(pieces: tuple[Piece, ...], values: Mapping[str, str], separator: str = "") -> str:
    """A script with its fields filled in; what stands round an empty one goes with it."""
    text, after_field = "", False
    skip = ""
    for piece in pieces:
        if isinstance(piece, Field):
            value = values.get(piece.name, "")
            if piece.optional:
                value = values.get(piece.name + "?", value)
            if value:
                if separator and after_field and value[0].isdigit() and text[-1:].isdigit():
                    text += separator
                text += value
            elif text[-1:] in ("(", "["):
                skip = {"(": ")", "[": "]"}[text[-1]]
                text = text[:-1]
            elif text[-1:] in (",", "_"):
                text = text[:-1]
            after_field = bool(value)
        else:
            text += piece[1:] if skip and piece.startswith(skip) else piece
            skip, after_field = "", False
    return text


def array_pattern(entry: Pattern, like: Pattern, *, layered: bool, hidden: bool = False) -> Pattern:
    """The name of a whole array from that of its entries: without their indices, in the face of ``like``.

    ``layered``: each layer has one, and the name says the layer; where the entries' names do not, as ``like`` does.
    ``hidden``: it is a hidden layer's alone, and where there is one of these there is nothing to say.
    """
    subscript, superscript = _without_indices(entry.subscript), _without_indices(entry.superscript)
    said = {piece.name for piece in subscript + superscript if isinstance(piece, Field)}
    if layered and not said & LAYERS:
        superscript += _HIDDEN if hidden or said & {"letter", "Letter"} else like.superscript or _LAYER
    larger = entry.base.upper() if like.base.isupper() and len(entry.base) == 1 else entry.base
    base = larger if larger.isascii() or larger in LETTER_OF else entry.base
    face = like.face if like.face not in ("", "upright") else entry.face
    return Pattern(base, subscript, superscript, entry.accent or like.accent, face)


def _without_indices(pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
    """A script without the fields that tell a layer's entries apart, and the signs that stood round these alone."""
    kept = _joined([each for each in pieces if isinstance(each, str) or each.name not in INDICES])
    clean = [_EMPTY.sub("", each) if isinstance(each, str) else each for each in kept]
    return tuple(each for each in clean if each)


class _Reader:
    def __init__(self, text: str) -> None:
        self.text, self.place = text, 0
        if len(text) > LONGEST:
            raise _RefusedError(f"{len(text)} characters are too many (at most {LONGEST})")

    def pattern(self) -> Pattern:
        accent, face, base = self._base()
        scripts: dict[str, tuple[Piece, ...]] = {}
        while (sign := self._next()) is not None:
            if sign not in "_^":
                raise _RefusedError(f"unexpected {sign!r} at character {self.place + 1}")
            if sign in scripts:
                raise _RefusedError(f"a second {sign!r} at character {self.place + 1}")
            self.place += 1
            scripts[sign] = _joined(self._script(sign))
            if not scripts[sign]:
                raise _RefusedError(f"nothing behind {sign!r}")
        return Pattern(base, scripts.get("_", ()), scripts.get("^", ()), accent, face)

    def _next(self) -> str | None:
        return self.text[self.place] if self.place < len(self.text) else None

    def _base(self) -> tuple[str, str, str]:
        """Accent, face and base."""
        sign = self._next()
        if sign is None:
            raise _RefusedError("the pattern is empty")
        if sign != "\\":
            return "", "", self._word()
        command = self._command()
        if command in GREEK:
            return "", "", GREEK[command]
        if command not in ACCENTS and command not in FACES:
            raise _RefusedError(_unknown(command))
        self._expect("{")
        accent, face, base = self._base()
        self._expect("}")
        if command in ACCENTS:
            if accent:
                raise _RefusedError("one accent is enough")
            return command, face, base
        return accent, FACES[command], base

    def _word(self) -> str:
        start = self.place
        while (sign := self._next()) is not None and ((sign.isascii() and sign.isalpha()) or sign in LETTER_OF):
            self.place += 1
        word = self.text[start : self.place]
        if not word:
            raise _RefusedError(f"a letter is missing at character {start + 1}")
        return word

    def _command(self) -> str:
        self._expect("\\")
        start = self.place
        while (sign := self._next()) is not None and sign.isascii() and sign.isalpha():
            self.place += 1
        return self.text[start : self.place]

    def _expect(self, sign: str) -> None:
        if self._next() != sign:
            raise _RefusedError(f"{sign!r} is missing at character {self.place + 1}")
        self.place += 1

    def _script(self, kind: str, *, grouped: bool = False) -> list[Piece]:
        pieces: list[Piece] = []
        while (sign := self._next()) is not None:
            if sign == "}" and grouped:
                break
            if sign == "{":
                pieces += self._braces(kind)
            elif sign == "\\":
                pieces += self._script_command(kind)
            elif sign == "_" and kind == "_" and pieces:
                pieces.append(sign)
                self.place += 1
            elif sign in "_^" and not grouped:
                break
            elif (sign.isascii() and sign.isalnum()) or sign in SIGNS or sign in LETTER_OF:
                pieces.append(sign)
                self.place += 1
            else:
                raise _RefusedError(f"unexpected {sign!r} at character {self.place + 1}")
        return pieces

    def _braces(self, kind: str) -> list[Piece]:
        end = self.text.find("}", self.place)
        word = self.text[self.place + 1 : end] if end > 0 else ""
        name = word.removesuffix("?")
        if name in FIELDS:
            self.place = end + 1
            return [Field(name, optional=name != word)]
        near = get_close_matches(name, FIELDS, n=1, cutoff=0.75) if name.isalpha() else []
        if near:
            raise _RefusedError(f"unknown field {{{word}}}; did you mean {{{near[0]}}}? fields: {', '.join(FIELDS)}")
        self._expect("{")
        pieces = self._script(kind, grouped=True)
        self._expect("}")
        return pieces

    def _script_command(self, kind: str) -> list[Piece]:
        command = self._command()
        if command in GREEK:
            return [GREEK[command]]
        if command == "prime":
            return ["'"]
        if command in ("text", "mathrm", "mathit"):
            return self._braces(kind)
        raise _RefusedError(_unknown(command))


def _joined(pieces: list[Piece]) -> tuple[Piece, ...]:
    joined: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, str) and joined and isinstance(joined[-1], str):
            joined[-1] += piece
        else:
            joined.append(piece)
    return tuple(joined)


def _unknown(command: str) -> str:
    near = get_close_matches(command, [*GREEK, *ACCENTS, *FACES], n=1)
    return f"the command \\{command} is not allowed here" + (f"; did you mean \\{near[0]}?" if near else "")
