"""The table ``[document]`` of a description: how numbers are displayed, what is shown and in which order.

Displays nothing. What each key means to a reader is said in docs/document.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from symbackprop.description.display import BLOCKS, CHOICES, EXPONENTS, SWITCHES, problems_of
from symbackprop.errors import InputError
from symbackprop.printing.numbers import NumberStyle

MOST_EQUATIONS = 160


@dataclass(frozen=True, slots=True)
class Settings:
    """How a document is written. ``most_equations``: with more, only laws and one worked unit each are shown.

    ``worked`` is "all", "first" (of each array; of the others the results only), or names of quantities that are
    worked out. ``gradient`` has the sides of a gradient's equation; numbers are put into the last of them.
    """

    style: NumberStyle = field(default_factory=NumberStyle)
    carry_printed: bool = False
    depth: str = ""
    most_equations: int = MOST_EQUATIONS
    chose_depth: bool = False  # whether a largest number of equations was asked for
    second_pass: bool = True
    form: str | None = None
    blocks: tuple[str, ...] = BLOCKS
    order: str = "layers"
    gradient: tuple[str, ...] = ("chain", "delta")
    factors: str = "lines"
    worked: str | tuple[str, ...] = "all"
    contributions: bool = False
    prediction: bool = False
    numbered: bool | None = None  # None: as is the custom of the format
    matrices: str = "numbers"
    functions: str = "names"
    show: str = "both"


def settings_of(table: Mapping[str, Any], *, form: str | None = None) -> Settings:
    """The settings that a description's table asks for; ``form`` goes before the table's.

    >>> settings_of({"decimals": 5, "rounding": "cut"}).style.decimals
    5
    """
    values = {key: getattr(value, "value", value) for key, value in table.items()}
    chosen = form or values.get("form") or None
    problem = next(iter(problems_of(values | ({"form": chosen} if chosen else {}))), None)
    if problem is not None:
        raise InputError(f"document.{problem[0]}: {problem[1]}")
    depth = values.get("depth", "")
    limit = isinstance(depth, int)
    worked = values.get("worked", "all")
    chosen_words: dict[str, Any] = {key: values.get(key, choices[0]) for key, choices in CHOICES.items()}
    switches: dict[str, Any] = {key: bool(values.get(key, key == "second_pass")) for key in SWITCHES}
    if "numbered" not in values:
        switches["numbered"] = None
    return Settings(
        style=_style(values),
        carry_printed=values.get("carry", "full") == "printed",
        depth="" if limit else depth,
        most_equations=int(depth) if limit else MOST_EQUATIONS,
        chose_depth=limit,
        form=chosen,
        blocks=tuple(values.get("blocks") or _default_blocks(chosen)),
        gradient=tuple(values.get("gradient") or ("chain", "delta")),
        worked=worked if isinstance(worked, str) else tuple(str(each) for each in worked),
        **chosen_words,
        **switches,
    )


def _default_blocks(form: str | None) -> tuple[str, ...]:
    """In one form, what goes with it: matrices alone, or the gradients without what compares forms."""
    if form == "matrix":
        return ("network", "matrix")
    return BLOCKS if form is None else tuple(each for each in BLOCKS if each not in ("matrix", "steps"))


def _style(values: Mapping[str, Any]) -> NumberStyle:
    decimals = values.get("decimals")
    return NumberStyle(
        digits=int(values.get("digits", NumberStyle().digits)),
        decimals=None if decimals is None else int(decimals),
        rounding=str(values.get("rounding", "round")),
        trailing_zeros=bool(values.get("trailing_zeros", True)),
        decimal_mark=str(values.get("decimal_mark", ".")),
        exponent=EXPONENTS[values.get("exponent", "")],
        least_power=values.get("least_power"),
    )
