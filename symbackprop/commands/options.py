"""The options that several commands share, and the derivation that they ask for. Prints nothing."""

from __future__ import annotations

import os
import re
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from symbackprop.commands.entry import WrongUsage
from symbackprop.errors import OutsideError

if TYPE_CHECKING:
    from symbackprop.public import Derivation

# What --set names by a description's keys: places in tables, and keys at the top. All else is a quantity's name.
TABLES = frozenset({"inputs", "targets", "layers", "loss", "penalty", "update", "parameters", "equations", "initial"})
ALONE = frozenset({"format", "title", "notation", "document", "weights_order", "observations", "over_observations"})
_HEAD = re.compile(r"[A-Za-z_]+")


def add_network(parser: ArgumentParser) -> None:
    """The description, which comes first."""
    parser.add_argument("network", metavar="NET.toml", nargs="?", help="the network's description")


def add_of(parser: ArgumentParser, what: str) -> None:
    """``--of NAME ...``, as often as one likes."""
    parser.add_argument("--of", metavar="NAME", nargs="+", action="extend", default=[], help=what)


def add_set(parser: ArgumentParser) -> None:
    """``--set NAME=VALUE``, as often as one likes."""
    parser.add_argument(
        "--set",
        metavar="NAME=VALUE",
        dest="settings",
        action="append",
        default=[],
        type=assignment,
        help="another value for a given quantity or a setting: x_1=0.3, document.decimals=5; repeatable",
    )


def assignment(text: str) -> tuple[str, str]:
    """A name and a value from ``NAME=VALUE``."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip() or not value.strip():
        raise ArgumentTypeError(f"{text!r} is not NAME=VALUE, such as x_1=0.3 or document.decimals=5")
    return name.strip(), value.strip()


def refuse_same(path: str | None, other: str, option: str) -> None:
    """Refuses to write a file over the one that is read."""
    if path is not None and os.path.exists(path) and os.path.exists(other) and os.path.samefile(path, other):
        raise WrongUsage(f"{option} {path} would replace what is read; choose another name")


def refuse_present(path: str, *, force: bool) -> None:
    """Refuses to write over a file, unless ``--force`` says so."""
    if os.path.lexists(path) and not os.path.isdir(path) and not force:
        raise OutsideError(f"{path} is there already; choose another name, or say --force to replace it")


def whole_number(least: int, most: int) -> Callable[[str], int]:
    """A reader of whole numbers within bounds."""

    def read(text: str) -> int:
        digits = text.strip()
        number = int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 20 else -1
        if not least <= number <= most:
            raise ArgumentTypeError(f"{text!r} is not a whole number from {least} to {most:,}")
        return number

    return read


def network_path(arguments: Namespace) -> str:
    """The description's path; refused if it is missing, which it is too where ``--of`` has swallowed it."""
    if arguments.network is not None:
        return str(arguments.network)
    swallowed = [name for name in getattr(arguments, "of", []) if name.endswith(".toml")]
    hint = f"; write it first: {arguments.command} {swallowed[0]} --of ..." if swallowed else ""
    raise WrongUsage(f"the description NET.toml is missing{hint}")


def derived(arguments: Namespace, more: Mapping[str, Any] | None = None) -> tuple[Derivation, dict[str, str]]:
    """The derivation with the settings of ``--set``, and the values that ``--set`` gives to quantities, by name.

    ``more`` has settings that other options say, by dotted path; ``--set`` goes before them.
    """
    from symbackprop.network import Network
    from symbackprop.public import derive

    network = Network.read(network_path(arguments))
    written, quantities = separated(arguments.settings)
    settings = {**(more or {}), **written}
    if settings:
        network = network.with_values(settings)
    return derive(network), quantities


def separated(assignments: list[tuple[str, str]]) -> tuple[dict[str, str], dict[str, str]]:
    """What ``--set`` says of the description's settings, by dotted path, and of quantities, by name."""
    settings: dict[str, str] = {}
    quantities: dict[str, str] = {}
    for name, value in assignments:
        (settings if is_setting(name) else quantities)[name] = value
    return settings, quantities


def is_setting(name: str) -> bool:
    """Whether a name is a place in a description: a table's name and what is in it."""
    found = _HEAD.match(name)
    if found is None:
        return False
    rest = name[found.end() :]
    if found[0] in ALONE:
        return not rest or rest[0] == "."
    return found[0] in TABLES and rest[:1] in (".", "[") and not (found[0] == "loss" and rest[0] == "[")


def format_of(path: str | None, chosen: str | None, endings: Mapping[str, str], default: str) -> str:
    """The format that ``--to`` says, or else the ending of ``-o``; refused if neither says one."""
    if chosen is not None:
        return chosen
    if path is None:
        return default
    lowered = path.lower()
    for ending, name in endings.items():
        if lowered.endswith(ending):
            return name
    formats = "|".join(dict.fromkeys(endings.values()))
    raise WrongUsage(f"-o {path}: its ending says no format; known: {', '.join(endings)}; or say --to {formats}")
