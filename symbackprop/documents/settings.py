"""The table ``[document]`` of a description: how numbers are displayed, and how much is shown. Displays nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from symbackprop.errors import InputError, suggestion
from symbackprop.printing.numbers import NumberStyle

FORMS = ("chain", "delta", "closed", "paths", "matrix")
# "" is "all" for a network whose equations are few, else "laws".
DEPTHS = ("", "all", "laws")
EXPONENTS: Mapping[object, str] = {
    "": "power", "power": "power", "a·10^-3": "power", "·10^": "power", True: "power", "e": "e", "e-3": "e", "E": "e",
    False: "never", "never": "never",
}  # fmt: skip
MOST_EQUATIONS = 160


@dataclass(frozen=True, slots=True)
class Settings:
    """How a document is written. ``most_equations``: with more, only laws and one worked unit each are shown."""

    style: NumberStyle = field(default_factory=NumberStyle)
    carry_printed: bool = False
    depth: str = ""
    most_equations: int = MOST_EQUATIONS
    second_pass: bool = True
    form: str | None = None


def settings_of(table: Mapping[str, Any], *, form: str | None = None) -> Settings:
    """The settings that a description's table asks for; ``form`` goes before the table's.

    >>> settings_of({"decimals": 5, "rounding": "cut"}).style.decimals
    5
    """
    values = {key: getattr(value, "value", value) for key, value in table.items()}
    chosen = form or values.get("form") or None
    if chosen is not None and chosen not in FORMS:
        raise InputError(f"unknown form {chosen!r}; {suggestion(str(chosen), FORMS)}")
    depth = values.get("depth", "")
    if not isinstance(depth, int) and depth not in DEPTHS:
        raise InputError(
            f"document.depth: unknown depth {depth!r}; allowed: all, laws, or the largest number of equations "
            "of which all are shown"
        )
    return Settings(
        style=_style(values),
        carry_printed=values.get("carry", "full") == "printed",
        depth="" if isinstance(depth, int) else depth,
        most_equations=int(depth) if isinstance(depth, int) else MOST_EQUATIONS,
        second_pass=bool(values.get("second_pass", True)),
        form=chosen,
    )


def _style(values: Mapping[str, Any]) -> NumberStyle:
    exponent = values.get("exponent", "")
    if exponent not in EXPONENTS:
        raise InputError(f"document.exponent: {exponent!r} cannot be used; allowed: power (a·10^-3), e (ae-3), never")
    decimals = values.get("decimals")
    return NumberStyle(
        digits=int(values.get("digits", NumberStyle().digits)),
        decimals=None if decimals is None else int(decimals),
        rounding=str(values.get("rounding", "round")),
        trailing_zeros=bool(values.get("trailing_zeros", True)),
        decimal_mark=str(values.get("decimal_mark", ".")),
        exponent=EXPONENTS[exponent],
    )
