"""Numbers that a program printed: what floating-point arithmetic leaves in their last digits. Judges no others."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from symbackprop.checking.audit.document import Document
from symbackprop.checking.points import own_point
from symbackprop.checking.printed import Printed
from symbackprop.checking.scalars import evaluated
from symbackprop.expressions import Expression
from symbackprop.ordering import operands
from symbackprop.quantities import Quantity

ROOM = 2.0  # a bound is of first order, and the number that is compared with it was rounded once more


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of floating-point number: from how many digits on a printed one shows its rounding.

    ``most`` is the relative error from which on a number is not the right one's any more, whatever a bound allows.
    """

    dtype: str
    digits: int
    most: float

    def has(self, claimed: Printed) -> bool:
        """Whether a printed number shows all digits of one of this kind."""
        if not claimed.unit or len(claimed.digits) < self.digits:
            return False
        nearest = Fraction(float(np.dtype(self.dtype).type(float(claimed.value))))
        return claimed.rounded_from(nearest)


KINDS = (Kind("float64", 15, 1e-6), Kind("float32", 9, 1e-3))


def is_in_floats(document: Document, claimed: Printed, expression: Expression, value: Fraction) -> bool:
    """Whether a printed number is the right one but for what a program's arithmetic rounds on the way to it."""
    apart = abs(float(claimed.value - value))
    near = [each for each in KINDS if apart <= each.most * abs(float(value)) and each.has(claimed)]
    return any(apart <= ROOM * _bound(document, expression, each) for each in near)


def _bound(document: Document, expression: Expression, kind: Kind) -> float:
    """How far a float may be from an expression's number: what its quantities' bounds change it by, and a rounding."""
    point = own_point(document.derivation, kind.dtype, rounded=True)
    if point is None:
        return 0.0
    known = document.known.of
    value = float(evaluated(expression, known))
    total = float(np.finfo(kind.dtype).eps) * abs(value)
    for quantity in dict.fromkeys(operands(expression)):
        error = float(point.numbers.bound(quantity.array)[quantity.indices])
        total += max(abs(_moved(document, expression, quantity, sign * error) - value) for sign in (-1, 1))
    return total


def _moved(document: Document, expression: Expression, quantity: Quantity, by: float) -> float:
    known = document.known.of
    return float(evaluated(expression, lambda leaf: known(leaf) + by if leaf == quantity else known(leaf)))
