"""The proof of a derivation: its backward equations against derivatives of its forward ones, never by the sweep."""

from symbackprop.proof.checks import Check, Proof
from symbackprop.proof.proving import prove

__all__ = ["Check", "Proof", "prove"]
