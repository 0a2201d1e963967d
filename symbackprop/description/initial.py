"""The weights that ``[initial]`` draws: the same on every machine, and exact decimals. Knows no network.

A weight (of a layer from 1, into and from units from 0) is drawn by itself::

    r = the first 53 bits of SHA-256 of the ASCII text "symbackprop/SEED/LAYER/TO/FROM"
    L = the scheme's limit, cut to `decimals` places and counted in units of the last one
    weight = (floor(r * (2 L + 1) / 2^53) - L) / 10^decimals

so it is one of the decimals between -limit and limit, each as likely as the next, whatever the other weights are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from hashlib import sha256
from math import isqrt
from types import MappingProxyType

from symbackprop.network import ExactNumber, Matrix

MOST_DRAWN = 1_000_000  # weights of one layer

# The square of each scheme's limit, from the number of units before and of units in the layer.
SCHEMES: Mapping[str, Callable[[int, int], Fraction]] = MappingProxyType(
    {
        "glorot_uniform": lambda before, units: Fraction(6, before + units),  # Glorot and Bengio 2010, eq. 16
        "xavier_uniform": lambda before, units: Fraction(6, before + units),  # the same by the author's first name
        "he_uniform": lambda before, units: Fraction(6, before),  # He et al. 2015, variance 2/before
        "lecun_uniform": lambda before, units: Fraction(3, before),  # LeCun et al. 1998, variance 1/before
        "uniform": lambda before, units: Fraction(1, 4),  # from -1/2 to 1/2, unless `limit` says otherwise
    }
)


def drawn(
    *, seed: int, scheme: str, layer: int, units: int, before: int, limit: Fraction | None = None, decimals: int = 6
) -> Matrix:
    """The weights ``[to][from]`` of a layer; ``limit`` replaces the scheme's own."""
    square = SCHEMES[scheme](before, units) if limit is None else limit * limit
    scale = 10**decimals
    last = isqrt(square.numerator * scale * scale // square.denominator)
    steps = 2 * last + 1
    start = f"symbackprop/{seed}/{layer}/"
    return tuple(
        tuple(_decimal(((_bits(f"{start}{to}/{source}") * steps) >> 53) - last, decimals) for source in range(before))
        for to in range(units)
    )


def _bits(text: str) -> int:
    return int.from_bytes(sha256(text.encode("ascii")).digest()[:7], "big") >> 3


def _decimal(count: int, decimals: int) -> ExactNumber:
    whole, places = divmod(abs(count), 10**decimals)
    return ExactNumber(Fraction(count, 10**decimals), f"{'-' if count < 0 else ''}{whole}.{places:0{decimals}d}")
