"""The notation that a network asks for, refused where two quantities would have one name. Never names a quantity."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING

from symbackprop.errors import DescriptionError
from symbackprop.notation.lettering import ascii_name, plain
from symbackprop.notation.naming import ROLE_KEYS, Notation
from symbackprop.notation.neutral import neutral_entry
from symbackprop.notation.outline import OF_LAYERS, Indices, Outline, arrays_of, outline_of
from symbackprop.notation.patterns import FIELDS
from symbackprop.notation.styles import Style, style_of
from symbackprop.quantities import Array, Role

if TYPE_CHECKING:
    from symbackprop.network import Network

CHECKED_WHOLE = 2_000  # quantities up to which a clash is looked for among all of them
SHRUNK = 3  # units that a wide layer is checked as, else


def notation_for(network: Network) -> Notation:
    """The notation that a network asks for. Refuses a table that cannot be read, and two quantities with one name."""
    style = _style(_as_written(network))
    outline = outline_of(network)
    return _refuse_clashes(Notation(style, outline)) if outline.own else _checked(style, outline)


def _as_written(network: Network) -> Mapping[str, object]:
    """The table ``[notation]``; weight matrices are those that the description has, unless it says otherwise."""
    order = network.table.get("weights_order")
    return network.notation if order is None else {"matrix_order": order, **network.notation}


def _style(table: Mapping[str, object]) -> Style:
    bare = {key: getattr(value, "value", value) for key, value in table.items()}
    if not all(isinstance(value, str | int | bool) for value in bare.values()):
        return style_of(table)
    return _cached_style(tuple((key, type(value).__name__, value) for key, value in bare.items()))


@lru_cache(maxsize=64)
def _cached_style(items: tuple[tuple[str, str, object], ...]) -> Style:
    return style_of({key: value for key, _, value in items})


@lru_cache(maxsize=64)
def _checked(style: Style, outline: Outline) -> Notation:
    return _refuse_clashes(Notation(style, outline))


def _refuse_clashes(notation: Notation) -> Notation:
    outline = notation.outline
    seen: dict[str, tuple[Array, Indices, str]] = {}
    for array, rest in _quantities(notation.outline):
        name = notation.entry(array, "", rest)
        key = ascii_name(name)
        if array.role is Role.OUT and array.layer in notation.merged:
            continue
        own = outline.own.get((array.role, array.layer, rest), ("", 0))[0]
        if key in seen and not (own and own == seen[key][2]):
            raise _clash(notation, plain(name), seen[key], (array, rest))
        seen[key] = (array, rest, own)
    return Notation(notation.style, outline)


def _clash(
    notation: Notation, text: str, first: tuple[Array, Indices, str], second: tuple[Array, Indices]
) -> DescriptionError:
    words = [neutral_entry(first[0], first[1]), neutral_entry(*second)]
    keys = list(dict.fromkeys(_key(notation, array) for array in (first[0], second[0])))
    changed = " or ".join(f"notation.{key}" for key in keys)
    if Role.LOSS in (first[0].role, second[0].role) and notation.outline.program:
        return DescriptionError(
            f"the sum over all observations is called {text}; call the program's own result otherwise"
        )
    hint = f"; fields that tell quantities apart: {', '.join(FIELDS)}" if len(keys) == 1 else ""
    if (first[0].layer, {first[0].role, second[0].role}) == (second[0].layer, {Role.NET, Role.OUT}):
        hint = "; one name stands for both only where the activation is identity"
    return DescriptionError(f"notation: {words[0]} and {words[1]} would both be written {text}; change {changed}{hint}")


def _key(notation: Notation, array: Array) -> str:
    """The key of the pattern that an array's names come from."""
    key = ROLE_KEYS.get(array.role, array.label)
    own = "output" if key == "out" else f"output_{key}"
    last = array.layer == notation.outline.last and array.role in OF_LAYERS
    return own if last and own in notation.style.patterns else key


def _quantities(outline: Outline) -> Iterator[tuple[Array, Indices]]:
    """Every quantity of one observation and before the update.

    A large network without names of the user's is looked at as if no layer were wider than `SHRUNK`: its names differ
    in their indices, which are kept apart.
    """
    whole = outline.size <= CHECKED_WHOLE or outline.own or outline.inputs
    for array in arrays_of(outline):
        sizes = [axis.size or 0 for axis in array.axes]
        yield from ((array, rest) for rest in product(*(range(each if whole else min(each, SHRUNK)) for each in sizes)))
