"""Numbers as reports write them, and notes on those that cannot be written. Never rounds a float."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from symbackprop.errors import MissingValue, TooLarge
from symbackprop.expressions import Expression, Undefined


@dataclass
class Writer:
    """Writes numbers for JSON or for reading, and notes what could not be written.

    Floats stay floats (in text their shortest form), fractions become ``p/q``, closed expressions text, numbers of
    many digits strings of ``digits`` digits. What is not finite, or has no value, becomes null.
    """

    digits: int | None = None
    notes: list[str] = field(default_factory=list)

    def number(self, value: Any, name: str) -> float | str | None:
        """A number for JSON."""
        if isinstance(value, float):
            if math.isfinite(value):
                return value
            self._note(f"{name} is {'not a number' if math.isnan(value) else 'infinite'}")
            return None
        if isinstance(value, Fraction | int):
            return self._exact(value, name)
        if isinstance(value, Expression):
            return self._closed(value, name)
        return self._precise(value, name)

    def text(self, value: Any, name: str) -> str:
        """A number for reading."""
        written = self.number(value, name)
        if written is None:
            return self.notes[-1].removeprefix(name).strip() if self.notes else "no value"
        return repr(written) if isinstance(written, float) else written

    def missing(self, error: MissingValue) -> None:
        """Notes that some numbers need an absent one."""
        self._note(str(error))

    def _precise(self, value: Any, name: str) -> str | None:
        import mpmath

        if not mpmath.isfinite(value):
            self._note(f"{name} is {'not a number' if mpmath.isnan(value) else 'infinite'}")
            return None
        digits = self.digits or 15
        return str(mpmath.nstr(value, digits, strip_zeros=False, min_fixed=-5, max_fixed=digits))

    def _exact(self, value: Fraction | int, name: str) -> str:
        try:
            return str(value)
        except ValueError as error:  # Python writes no integer of more digits
            raise self._too_long(name) from error

    def _too_long(self, name: str) -> TooLarge:
        most = sys.get_int_max_str_digits()
        return TooLarge(f"{name} has a fraction of more than {most:,} digits; use --precision N")

    def _closed(self, value: Expression, name: str) -> str | None:
        from symbackprop.printing.dialect import Label
        from symbackprop.printing.plain import RATIOS

        if isinstance(value, Undefined):
            self._note(f"{name} is undefined: {value.reason}")
            return None
        try:
            return RATIOS.text(value, lambda leaf: Label(str(leaf)))
        except ValueError as error:
            raise self._too_long(name) from error

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)


def stopped_text(done: int, planned: int) -> str:
    """What is said of a training that Ctrl-C ended."""
    return f"interrupted after {done:,} of {planned:,} steps; what follows is what was reached"


def diverged_text(step: int) -> str:
    """What to say of a training that left the range of floats."""
    return f"step {step} leads beyond the range of floating-point numbers; the parameters are those before it"
