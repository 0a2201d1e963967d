"""The catalogue of mistakes: what people get wrong in a derivation, each as a transformation of the System.

A mistake has a name, a plain sentence, and the changes that it makes wherever it can be made: it asks the System what
there is and never a network what it is called. The gradient check, the audit of printed numbers and teaching material
use this one catalogue.
"""

from symbackprop.catalogue.mistakes.entries import Change, Mistake, Subject, Variant, is_slope, variants_of
from symbackprop.catalogue.mistakes.table import MISTAKES

__all__ = ["MISTAKES", "Change", "Mistake", "Subject", "Variant", "is_slope", "variants_of"]
