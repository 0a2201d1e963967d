"""The proof of a derivation: its backward equations against derivatives of its forward ones, never by the sweep."""

from symbackprop.proof.proving import Check, Proof, prove

__all__ = ["Check", "Proof", "prove"]
