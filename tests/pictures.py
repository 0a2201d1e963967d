"""Networks to draw, the examples and more, each derived once, and their pictures."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from symbackprop.derivation import Derivation, derive
from symbackprop.diagram import picture_of
from symbackprop.diagram.marks import Picture
from symbackprop.network import Network
from symbackprop.values import evaluate
from tests.examples import EXAMPLES, ROOT

SIZES = ((1, 1), (2, 2, 2), (3, 2, 4, 1), (4, 4), (5, 5, 5), (6, 6), (2, 6, 3), (6, 1, 6))
LARGE = "784-128-10"
NAMESPACE = "{http://www.w3.org/2000/svg}"
MORE = ("tied", LARGE, "20 layers", "n observations")

TIED = """
[inputs]
values = [[1, 2]]
[targets]
values = [[1, 0]]
[[layers]]
units = 2
activation = "sigmoid"
weights = [["w_shared", "0.25"], ["1/3", "w_shared"]]
bias = ["c", 0.1]
[loss]
name = "squared_error"
[parameters]
w_shared = 0.1
c = { value = 0.3, trainable = false }
"""


def sized(*sizes: int, activation: str = "tanh", bias: str = "unit", observations: str = "") -> Network:
    """A network of these widths, without numbers."""
    layers = [f'[[layers]]\nunits = {size}\nactivation = "{activation}"\nbias = "{bias}"\n' for size in sizes[1:]]
    count = f"observations = {observations!r}\n" if observations else ""
    return Network.parse(f'{count}[inputs]\ncount = {sizes[0]}\n[loss]\nname = "squared_error"\n' + "".join(layers))


@cache
def derived(what: str | tuple[int, ...]) -> Derivation:
    if isinstance(what, tuple):
        return derive(sized(*what))
    named = {
        "tied": lambda: Network.parse(TIED),
        LARGE: lambda: sized(784, 128, 10),
        "20 layers": lambda: sized(*[3] * 21),
        "n observations": lambda: sized(2, 2, 1, observations="n"),
    }
    return derive(named[what]() if what in named else Network.read(ROOT / "examples" / f"{what}.toml"))


def pictures(*kinds: str | tuple[int, ...]) -> Iterator[Picture]:
    """The pictures without numbers, and with them where there are some."""
    for kind in kinds:
        yield picture_of(derived(kind))
        if isinstance(kind, str) and kind in (*EXAMPLES, "tied"):
            yield picture_of(derived(kind), evaluate(derived(kind)))
