"""How far a random network can be trained: a large learning rate soon leads out of the range of floats."""

from __future__ import annotations

from symbackprop.derivation import Derivation
from symbackprop.public import Derivation as Public


def finite_steps(derivation: Derivation, most: int) -> int:
    """How many steps, up to so many, training takes without leaving the range of floats."""
    if derivation.after is None:
        return most
    diverged = Public(derivation).train(most).diverged
    return most if diverged is None else diverged - 1
