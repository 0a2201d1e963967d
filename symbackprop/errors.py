"""Every error that symbackprop raises on purpose, as one tree. Never raises or prints anything itself.

::

    SymbackpropError
    ├── InputError            the description, a name or a value cannot be used     exit status 3
    │   ├── DescriptionError  a network description: says file, place, what, allowed
    │   ├── FormulaError      a formula: says what and at which character
    │   ├── UnknownName       a quantity's, parameter's or entry's name; suggests the nearest
    │   ├── MissingValue      numbers were asked for and some are absent
    │   ├── KinkError         a slope was needed at a kink whose rule is "error"
    │   └── TooLarge          a closed or path form, or a sheet, above a stated size
    └── OutsideError          something outside the description failed               exit status 4
"""

from collections.abc import Iterable
from difflib import get_close_matches


class SymbackpropError(Exception):
    """The root of the tree."""


class InputError(SymbackpropError):
    """Something that the user gave cannot be used."""


class DescriptionError(InputError):
    """A network description that cannot be used; ``str`` is ``place: what; what is allowed``."""


class FormulaError(InputError):
    """A formula that cannot be read; the message says what and at which character."""


class UnknownName(InputError):
    """A name that stands for nothing here; the message suggests the nearest good one."""


class MissingValue(InputError):
    """Numbers were asked for although some values are absent; the message names them."""


class KinkError(InputError):
    """A slope was needed at a kink where the description says ``at_kink = "error"``."""


class TooLarge(InputError):
    """A form or file above its stated limit; the message has the count and the way out."""


class OutsideError(SymbackpropError):
    """An engine, extra, file system or the user's own function failed; the message has the fix."""


def suggestion(word: str, known: Iterable[str], *, most: int = 12) -> str:
    """``did you mean 'sigmoid'? known: identity, relu, ...`` for a word that is not among the known ones.

    >>> suggestion("sigmod", ["relu", "sigmoid"])
    "did you mean 'sigmoid'? known: relu, sigmoid"
    """
    names = list(known)
    near = get_close_matches(word, names, n=1)
    listed = ", ".join(names[:most]) + (", ..." if len(names) > most else "")
    return (f"did you mean '{near[0]}'? " if near else "") + f"known: {listed}"
