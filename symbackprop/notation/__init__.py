"""Printed and neutral names of quantities, and lookups from names. Never parses a printed name into indices."""

from symbackprop.notation.choosing import notation_for
from symbackprop.notation.lettering import AnyName, DerivativeName, Name, ascii_name, plain, tex
from symbackprop.notation.naming import Notation
from symbackprop.notation.neutral import neutral

__all__ = ["AnyName", "DerivativeName", "Name", "Notation", "ascii_name", "neutral", "notation_for", "plain", "tex"]
