"""The notation of a derivation: which printed name each quantity, array and index cell has. Never parses a name."""

from __future__ import annotations

from symbackprop.lettering import AnyName, DerivativeName, Name, ascii_name, plain, tex

__all__ = ["AnyName", "DerivativeName", "Name", "ascii_name", "plain", "tex"]
