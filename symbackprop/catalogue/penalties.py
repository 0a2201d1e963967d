"""The penalties on parameters: ``factor · strength · Σ of the term``. Never says which parameters are counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from symbackprop.catalogue.entries import table
from symbackprop.expressions import ONE, BySign, Expression, Negative
from symbackprop.functions import ABS


@dataclass(frozen=True, slots=True)
class PenaltyEntry:
    """``term`` of one parameter, its ``slope`` (also of the slope at a kink), and the default ``factor``."""

    name: str
    sentence: str
    factor: Fraction
    term: Callable[[Expression], Expression]
    slope: Callable[[Expression, Expression], Expression]
    kinked: bool = False


PENALTIES: Mapping[str, PenaltyEntry] = table(
    PenaltyEntry(
        "l2",
        "factor times strength times the sum of the squares of the parameters",
        Fraction(1, 2),
        term=lambda w: w**2,
        slope=lambda w, at_kink: 2 * w,
    ),
    PenaltyEntry(
        "l1",
        "factor times strength times the sum of the absolute values of the parameters",
        Fraction(1),
        term=lambda w: ABS(w),
        slope=lambda w, at_kink: BySign(w, Negative(ONE), at_kink, ONE, kink=True),
        kinked=True,
    ),
)
