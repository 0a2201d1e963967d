r"""Labels of equations in a LaTeX source: the neutral name of what stands on the left. Never numbers an equation.

A label depends on the equation alone, so that a ``\ref`` in somebody's paper lives as long as the equation: written
again, with other values or in another notation, it has the same label.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields, is_dataclass

from symbackprop.errors import InputError
from symbackprop.expressions import Call, Expression, Reference
from symbackprop.notation.neutral import neutral, neutral_array
from symbackprop.quantities import Array, Cell, Quantity

PREFIX = "bp:"
LONGEST_PREFIX = 40
_GOOD_PREFIX = re.compile(r"[A-Za-z0-9:./+-]*")
_STRANGE = re.compile(r"[^A-Za-z0-9:./@+-]+")
_INDEX = re.compile(r"\[([^\[\]]*)\]")


@dataclass
class Labels:
    """Gives each equation a label of its own: a second one of a quantity ends in ``-2``."""

    prefix: str = PREFIX
    given: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not _GOOD_PREFIX.fullmatch(self.prefix) or len(self.prefix) > LONGEST_PREFIX:
            raise InputError(
                f"the prefix of labels {self.prefix[:LONGEST_PREFIX]!r} cannot be used; "
                f"allowed: at most {LONGEST_PREFIX} ASCII letters, digits and : . / + -"
            )

    def of(self, left: object) -> str:
        r"""The label of an equation with this left side, as ``\label{...}``."""
        name = slug(left)
        count = self.given[name] = self.given.get(name, 0) + 1
        return rf"\label{{{self.prefix}{name}{f'-{count}' if count > 1 else ''}}}"


def slug(left: object) -> str:
    """What an equation is called: the neutral name with points for brackets.

    >>> from symbackprop.quantities import Role
    >>> slug(Reference(Quantity(Array(Role.BIAS, (), 2))))
    'b.2.0'
    """
    match left:
        case Reference(Quantity() as quantity):
            return _written(neutral(quantity))
        case Reference(Cell(array)):
            return f"law:{_written(neutral_array(array))}"
        case Call(function):
            return f"function:{_written(function.name)}"
        case Expression():
            return "line"
    found = _first_array(left)
    return "matrix" if found is None else f"matrix:{_written(neutral_array(found))}"


def _first_array(node: object) -> Array | None:
    """The array that a matrix is, or is made of."""
    if isinstance(node, Quantity):
        return node.array
    if isinstance(node, Array):
        return node
    if isinstance(node, tuple):
        parts: list[object] = list(node)
    else:
        parts = [getattr(node, each.name) for each in fields(node)] if is_dataclass(node) else []
    return next((found for found in map(_first_array, parts) if found is not None), None)


def _written(name: str) -> str:
    return _STRANGE.sub("-", _INDEX.sub(r".\1", name)).strip("-")
