"""A form as a line of plain text in the derivation's notation, for `print`. Documents set forms in their own way."""

from __future__ import annotations

from collections.abc import Hashable

from symbackprop.derivation import Derivation
from symbackprop.expressions import Expression
from symbackprop.quantities import Quantity


def equation_text(derivation: Derivation, quantity: Quantity, *sides: Expression) -> str:
    """``dE/dw_5 = first side = second side``; equal sides stand once."""
    from symbackprop.printing.dialect import Label
    from symbackprop.printing.plain import Plain

    def label(of: Hashable) -> Label:
        return Label(derivation.notation.plain(of) if isinstance(of, Quantity) else str(of))

    plain = Plain()
    texts = dict.fromkeys(plain.text(side, label) for side in sides)
    return " = ".join([derivation.notation.plain(quantity), *texts])
