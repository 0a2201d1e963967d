"""``symbackprop list``: what there is to choose from."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Any

from symbackprop.commands.entry import Command
from symbackprop.terminal import say

Rows = Iterable[tuple[str, str]]


def arguments(parser: ArgumentParser) -> None:
    """What to list."""
    parser.add_argument("what", choices=list(LISTS), help="what to list")


def run(options: Namespace) -> int:
    """Prints a name and a sentence a line."""
    rows = list(LISTS[options.what]())
    width = max(len(name) for name, _ in rows)
    say("\n".join(f"{name:<{width}}  {sentence}".rstrip() for name, sentence in rows))
    return 0


def activations() -> Rows:
    """The activations with their settings."""
    from symbackprop.catalogue.activations import ACTIVATIONS

    yield from _entries(ACTIVATIONS)
    yield 'formula = "..."', "any formula in x"


def losses() -> Rows:
    """The losses with their settings."""
    from symbackprop.catalogue.losses import LOSSES

    yield from _entries(LOSSES)
    yield 'formula = "..."', "any formula in out and target, for each output"


def updates() -> Rows:
    """The update rules with their settings."""
    from symbackprop.catalogue.updates import UPDATES

    yield from _entries(UPDATES)


def notations() -> Rows:
    """The notations, each with the names that it gives the first weight, a net, an out, a delta and the loss."""
    from symbackprop.notation.presets import PRESETS

    for name in PRESETS:
        yield name, _sample(name)


def mistakes() -> Rows:
    """The mistakes that checks and audits know."""
    from symbackprop.catalogue.mistakes import MISTAKES

    for name, mistake in MISTAKES.items():
        yield name, mistake.sentence


def examples() -> Rows:
    """The examples with their titles."""
    from symbackprop.description.template import example, example_names
    from symbackprop.network import Network

    for name in example_names():
        yield name, Network.parse(example(name), source=name).title


def _entries(entries: Mapping[str, Any]) -> Rows:
    for name, entry in entries.items():
        settings = ", ".join(f"{key} = {_number(value)}" for key, value in entry.settings.items())
        yield name, entry.sentence + (f" ({settings})" if settings else "")


def _number(value: Fraction) -> str:
    from symbackprop.printing.plain import exact_text

    return exact_text(value)


def _sample(preset: str) -> str:
    from symbackprop.network import Network
    from symbackprop.notation.lettering import ascii_name
    from symbackprop.public import derive
    from symbackprop.quantities import Array, Quantity, Role

    layer = {"units": 2, "activation": "sigmoid", "bias": "unit"}
    derived = derive(
        Network(
            layers=[layer, layer],
            input_names=None,
            inputs={"count": 2},
            loss="squared_error",
            update={"rule": "gradient_descent", "learning_rate": "rate"},
            notation=preset,
        )
    ).core
    hidden = derived.now.nets[0], derived.now.outs[0], Array(Role.DELTA, derived.now.nets[0].axes, 1)
    shown = [Quantity(derived.arrays.weights[0], (0, 0)), *(Quantity(each, (0, 0)) for each in hidden)]
    names = [*(derived.notation.name(each) for each in shown), derived.notation.name(Quantity(derived.loss))]
    return ", ".join(ascii_name(name) for name in names)


LISTS: Mapping[str, Callable[[], Rows]] = {
    "activations": activations,
    "losses": losses,
    "updates": updates,
    "notations": notations,
    "mistakes": mistakes,
    "examples": examples,
}

COMMAND = Command("list", "print what there is to choose from", arguments, run)
