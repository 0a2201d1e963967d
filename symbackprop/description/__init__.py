"""Description files and Python arguments to a checked table, to a `Network`'s fields, and back. Never derives."""

from symbackprop.description.fields import fields_of

__all__ = ["fields_of"]
