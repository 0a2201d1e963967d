"""The commented description that `symbackprop new` writes, and the example descriptions. Never derives anything."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

from symbackprop.description.initial import drawn
from symbackprop.errors import DescriptionError, UnknownName, suggestion
from symbackprop.network import Matrix

MOST_WRITTEN = 200  # weights; a larger network has them drawn from [initial]

_LAST_OF = {"binary_cross_entropy": "sigmoid", "cross_entropy": "softmax"}  # what the outputs of a loss must be
_SIZES = re.compile(r"[0-9]{1,5}(?:-[0-9]{1,5})+")


def sizes_of(text: str) -> tuple[int, ...]:
    """The sizes that a text such as ``2-3-1`` writes: inputs, hidden layers, outputs."""
    if _SIZES.fullmatch(text) is None or any(not 1 <= int(size) <= 10_000 for size in text.split("-")):
        raise DescriptionError(
            f"sizes {text[:40]!r} cannot be used; allowed: inputs, hidden units, outputs: 2-3-1, each at most 10000"
        )
    return tuple(int(size) for size in text.split("-"))


def template(
    *,
    sizes: str | Sequence[int] = (2, 2, 2),
    activation: str = "sigmoid",
    loss: str = "squared_error",
    seed: int | None = None,
) -> str:
    """A commented description of a network of those sizes, with one observation; it can be read as it stands.

    Small networks have their weights written, large ones an ``[initial]`` that draws them; both from the seed, 1 if
    none is given. The last layer's activation suits the loss.
    """
    from symbackprop.catalogue.activations import ACTIVATIONS
    from symbackprop.catalogue.losses import LOSSES

    for word, known, what in ((activation, ACTIVATIONS, "activation"), (loss, LOSSES, "loss")):
        if word not in known:
            raise UnknownName(f"unknown {what} {word!r}; {suggestion(word, known, most=30)}")
    numbers = sizes_of(sizes if isinstance(sizes, str) else "-".join(map(str, sizes)))
    if seed is not None and not 0 <= seed < 2**64:
        raise DescriptionError(f"seed {seed}: allowed: a whole number from 0, below 2**64")
    inputs, outputs = numbers[0], numbers[-1]
    written = sum(before * units for before, units in pairwise(numbers)) <= MOST_WRITTEN
    blocks = [_TOP.format(sizes="-".join(map(str, numbers))), _INPUTS.format(values=_input_values(inputs))]
    blocks.append(_targets(loss, outputs))
    for layer, (before, units) in enumerate(pairwise(numbers), 1):
        last = layer == len(numbers) - 1
        blocks.append(
            _layer(
                layer,
                units,
                _LAST_OF.get(loss, activation) if last else activation,
                drawn(
                    seed=1 if seed is None else seed,
                    scheme="uniform",
                    layer=layer,
                    units=units,
                    before=before,
                    limit=Fraction(1),
                    decimals=2,
                )
                if written
                else None,
                last=last,
            )
        )
    if not written:
        blocks.append(_INITIAL.format(seed=1 if seed is None else seed))
    blocks.append(_LOSS.format(loss=loss, half="1/2" if loss == "squared_error" else "1"))
    return "\n".join([*blocks, _REST])


def example_names() -> tuple[str, ...]:
    """The names of the example descriptions that came with the package."""
    return tuple(
        sorted(path.name.removesuffix(".toml") for path in _examples().iterdir() if path.name.endswith(".toml"))
    )


def example(name: str) -> str:
    """The text of an example description."""
    names = example_names()
    if name not in names:
        raise UnknownName(f"unknown example {name!r}; {suggestion(name, names, most=30)}")
    return example_path(name).read_text(encoding="utf-8")


def example_path(name: str) -> Path:
    """Where an example description lies."""
    return _examples() / f"{name}.toml"


def _examples() -> Path:
    """The folder in the wheel, or the checkout's where the package is not built."""
    installed = Path(str(files("symbackprop") / "examples"))
    return installed if installed.is_dir() else Path(__file__).parents[2] / "examples"


def _input_values(count: int) -> str:
    values = [f"{(5 + 5 * index) % 100 / 100:.2f}" if count <= 20 else f"0.{index % 10}" for index in range(count)]
    return ", ".join(values)


def _targets(loss: str, outputs: int) -> str:
    if loss == "cross_entropy" and outputs > 1:
        return _CLASSES
    if loss in _LAST_OF:
        values = ["1"] + ["0"] * (outputs - 1)
    else:
        values = ["0.01" if output % 2 == 0 else "0.99" for output in range(outputs)]
    return _TARGETS.format(values=", ".join(values))


def _layer(layer: int, units: int, activation: str, weights: Matrix | None, *, last: bool) -> str:
    lines = [f"[[layers]]{'':20}# {'the output layer' if last else f'hidden layer {layer}'}", f"units = {units}"]
    lines.append(f'activation = "{activation}"' + ("    # symbackprop list activations" if layer == 1 else ""))
    if weights is None:
        lines.append('bias = "unit"' + ("           # one for each unit, 0 at first" if layer == 1 else ""))
    else:
        texts = ["[" + ", ".join(_text(entry) for entry in row) + "]" for row in weights]
        one_line = f"weights = [{', '.join(texts)}]"
        note = "    # weights[j][k]: into unit j, from unit k of the layer before" if layer == 1 else ""
        if len(one_line) <= 60:
            lines.append(one_line + note)
        else:
            lines += [f"weights = [{note}", *(f"    {text}," for text in texts), "]"]
        bias = f"bias = [{', '.join(['0.1'] * units)}]"
        lines.append(
            bias + ('    # or one number for all units; or left out; or "last": the last column' if layer == 1 else "")
        )
    return "\n".join(lines) + "\n"


def _text(entry: object) -> str:
    return str(getattr(entry, "text", entry))


_TOP = """\
# A network for symbackprop. Lines that begin with # are comments: take the # away to use what they say.
# Numbers are exact; fractions stand in quotes: "1/3". Another text in the place of a number is a parameter's name.
format = 1
title = "Network {sizes}"
notation = "indexed"          # symbackprop list notations
"""
_INPUTS = """\
[inputs]
# names = ["height", "width"]
values = [[{values}]]    # one row for each observation
"""
_TARGETS = """\
[targets]
values = [[{values}]]    # one row for each observation
"""
_CLASSES = """\
[targets]
classes = [0]                 # one for each observation: the output that is 1; or values = [[1, 0, 0]]
"""
_INITIAL = """\
[initial]                     # draws the weights that are not written above
seed = {seed}
scheme = "glorot_uniform"     # or he_uniform, lecun_uniform, uniform
"""
_LOSS = """\
[loss]
name = "{loss}"    # symbackprop list losses; or formula = "(out - target)^2"
# factor = "{half}"
# over_outputs = "sum"        # or "mean"
# over_observations = "mean"  # or "sum"

# [penalty]
# kind = "l2"                 # or "l1"
# strength = 0.01
"""
_REST = """\
[update]
rule = "gradient_descent"     # symbackprop list updates
learning_rate = 0.5

# [parameters]                # values of parameters that are given by name above
# w_a = 0.3
# b = { value = 0.1, trainable = false }

# [document]
# decimals = 5                # or digits = 6, the significant ones
# rounding = "round"          # or "cut"
"""
