"""The public names of symbackprop, loaded when they are first used. Never computes anything.

import symbackprop as sb

network = sb.Network.read("example.toml")
derivation = sb.derive(network)
derivation.gradient("w_5").chain
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from symbackprop.adapters.torch_gradients import torch_gradients
    from symbackprop.checking.gradients import check_gradients
    from symbackprop.checking.updates import check_update
    from symbackprop.errors import (
        DescriptionError,
        FormulaError,
        InputError,
        KinkError,
        MissingValue,
        OutsideError,
        SymbackpropError,
        TooLarge,
        UnknownName,
    )
    from symbackprop.excerpts import Gradient
    from symbackprop.network import Dense, Network
    from symbackprop.public import Derivation, derive

__version__ = "0.1.0"

HOMES = {
    "Dense": "network",
    "Derivation": "public",
    "DescriptionError": "errors",
    "FormulaError": "errors",
    "Gradient": "excerpts",
    "InputError": "errors",
    "KinkError": "errors",
    "MissingValue": "errors",
    "Network": "network",
    "OutsideError": "errors",
    "SymbackpropError": "errors",
    "TooLarge": "errors",
    "UnknownName": "errors",
    "check_gradients": "checking.gradients",
    "check_update": "checking.updates",
    "derive": "public",
    "torch_gradients": "adapters.torch_gradients",
}

__all__ = [
    "Dense",
    "Derivation",
    "DescriptionError",
    "FormulaError",
    "Gradient",
    "InputError",
    "KinkError",
    "MissingValue",
    "Network",
    "OutsideError",
    "SymbackpropError",
    "TooLarge",
    "UnknownName",
    "__version__",
    "check_gradients",
    "check_update",
    "derive",
    "torch_gradients",
]


def __getattr__(name: str) -> object:
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(import_module(f"{__name__}.{HOMES[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *HOMES})
