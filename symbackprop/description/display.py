"""What a description's table ``[document]`` may say: the words of each key. Reads no file and displays nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from symbackprop.errors import suggestion

FORMS = ("chain", "delta", "closed", "paths", "matrix")
# "" is "all" for a network whose equations are few, else "laws".
DEPTHS = ("", "all", "laws")
EXPONENTS: Mapping[object, str] = {
    "": "power", "power": "power", "a·10^-3": "power", "·10^": "power", True: "power", "e": "e", "e-3": "e", "E": "e",
    False: "never", "never": "never",
}  # fmt: skip
# The sections that a document can have; the default is what stands before the bar, in this order.
BLOCKS = ("network", "forward", "loss", "backward", "matrix", "update", "second_pass", "steps")
MORE_BLOCKS = ("forward_matrix", "backward_matrix", "composites", "proof")
# The ways in which the right side of a gradient's equation is written, each an equation's side.
SIDES = ("chain", "paths", "operators", "written", "delta")
CHOICES: Mapping[str, tuple[str, ...]] = {
    "order": ("layers", "parameters"),  # of the backward pass
    "factors": ("lines", "braces", "none"),  # how the factors of a chain are worked out
    "matrices": ("numbers", "entries", "names"),  # how far matrix equations are written out
    "functions": ("names", "formulas"),  # of an activation: its name alone, or what it stands for as well
    "show": ("both", "symbols", "numbers"),  # of an equation with numbers
}
SWITCHES = ("second_pass", "contributions", "prediction", "numbered")
WORKED = ("all", "first")


def problems_of(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What cannot be used in a table: keys, each with what is wrong and what is allowed."""
    found: list[tuple[str, str]] = []
    form, depth = values.get("form", ""), values.get("depth", "")
    if form and form not in FORMS:
        found.append(("form", f"unknown form {form!r}; {suggestion(str(form), FORMS)}"))
    if isinstance(depth, bool) or (depth < 0 if isinstance(depth, int) else depth not in DEPTHS):
        allowed = "allowed: all, laws, or the largest number of equations of which all are shown"
        found.append(("depth", f"unknown depth {depth!r}; {allowed}"))
    if values.get("exponent", "") not in EXPONENTS:
        allowed = "allowed: power (a·10^-3), e (ae-3), never"
        found.append(("exponent", f"{values['exponent']!r} cannot be used; {allowed}"))
    for key, choices in CHOICES.items():
        if values.get(key, choices[0]) not in choices:
            found.append((key, f"{values[key]!r} cannot be used; {suggestion(str(values[key]), choices)}"))
    for key, known in (("blocks", (*BLOCKS, *MORE_BLOCKS)), ("gradient", SIDES)):
        found += _unknown_entries(key, values.get(key, []), known)
    worked = values.get("worked", "all")
    if isinstance(worked, str) and worked not in WORKED:
        found.append(("worked", f"{worked!r} cannot be used; allowed: all, first, or a list of names"))
    return found


def _unknown_entries(key: str, entries: Any, known: tuple[str, ...]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for number, entry in enumerate(entries):
        if entry not in known:
            found.append((f"{key}[{number}]", f"unknown entry {entry!r}; {suggestion(str(entry), known)}"))
        elif entry in entries[:number]:
            found.append((f"{key}[{number}]", f"{entry!r} stands in the list twice"))
    return found
