"""``symbackprop check``: are these gradients right, and if not, which mistake is it?"""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, Namespace
from contextlib import redirect_stdout
from typing import Any

from symbackprop.commands.entry import Command, WrongUsage
from symbackprop.terminal import say, say_words

DIFFERENCE = 1
LAYOUTS = ("to_from", "from_to")
DTYPES = ("float64", "float32")
LIBRARIES = ("numpy", "torch", "jax")


def arguments(parser: ArgumentParser) -> None:
    """The options of ``check``."""
    parser.add_argument(
        "what", metavar="MODULE.py:FUNCTION", help="the function, as in grads.py:gradients; or VALUES.json, VALUES.npz"
    )
    parser.add_argument("network", metavar="NET.toml", help="the network's description")
    parser.add_argument("--layout", choices=LAYOUTS, default="to_from", help="the weights' order: W @ x, or x @ W")
    parser.add_argument("--batched", action="store_true", help="hand one observation over as a row of a matrix")
    parser.add_argument("--dtype", choices=DTYPES, default="float64", help="the numbers that the function gets")
    parser.add_argument("--arrays", choices=LIBRARIES, default="numpy", help="the library whose arrays it gets")
    parser.add_argument("--seed", metavar="N", type=int, default=0, help="of the random points")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: Namespace) -> int:
    """Prints the report; 1 where something is wrong."""
    from symbackprop.network import Network
    from symbackprop.report import as_json

    network = Network.read(options.network)
    if options.what.lower().endswith((".json", ".npz")):
        from symbackprop.checking.elsewhere import read_gradients
        from symbackprop.checking.gradients import check_values

        report = check_values(
            read_gradients(options.what, network, layout=options.layout), network, layout=options.layout
        )
    else:
        from symbackprop.checking.gradients import check_gradients

        with redirect_stdout(sys.stderr):  # the function's own prints are no part of the report
            report = check_gradients(
                function_named(options.what),
                network,
                layout=options.layout,
                batched=options.batched,
                dtype=options.dtype,
                seed=options.seed,
                arrays=options.arrays,
            )
    if options.json:
        say(as_json(report.to_json()))
    else:
        say_words(report.to_text())
    return 0 if report.agrees else DIFFERENCE


def function_named(text: str) -> Any:
    """The function of ``MODULE.py:FUNCTION`` or of ``package.module:FUNCTION``, loaded from there."""
    import importlib
    import importlib.util

    from symbackprop.checking.calling import called_safely
    from symbackprop.errors import InputError, OutsideError

    place, colon, name = text.rpartition(":")
    if not colon or not place or not name.isidentifier():
        raise WrongUsage(f"{text!r} is not MODULE.py:FUNCTION, such as grads.py:gradients")
    if place.endswith(".py"):
        if not os.path.isfile(place):
            raise InputError(f"{place}: there is no such file")
        spec = importlib.util.spec_from_file_location(os.path.splitext(os.path.basename(place))[0], place)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.path.insert(0, os.path.dirname(os.path.abspath(place)))
        called_safely(spec.loader.exec_module, (module,), what=f"loading {place}")
    else:
        sys.path.insert(0, os.getcwd())
        try:
            module = called_safely(importlib.import_module, (place,), what=f"loading {place}")
        except OutsideError as error:
            missing = error.__cause__.name if isinstance(error.__cause__, ModuleNotFoundError) else None
            if missing and f"{place}.".startswith(f"{missing}."):
                raise InputError(f"there is no module {place}, and no file {place}.py is meant") from error
            raise
    if not hasattr(module, name):
        from symbackprop.errors import suggestion

        raise InputError(f"{place} has no {name!r}; {suggestion(name, [e for e in vars(module) if e[0] != '_'])}")
    return getattr(module, name)


COMMAND = Command("check", "check gradients: which are wrong, by how much, and which mistake it is", arguments, run)
