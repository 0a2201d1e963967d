"""Names of the five published examples, and looking quantities up by any spelling of them."""

import csv
import random
from functools import cache
from pathlib import Path

import pytest

from symbackprop.derivation import derive
from symbackprop.errors import UnknownName
from symbackprop.network import Network
from symbackprop.notation import ascii_name, neutral, plain, tex
from symbackprop.notation.names import Names
from symbackprop.notation.presets import PRESETS
from symbackprop.quantities import Array, Phase, Quantity, Role, every_index
from symbackprop.values import evaluate
from tests.running import quick

ROOT = Path(__file__).parents[1]
GOLDEN = ROOT / "tests" / "golden" / "names"
PUBLISHED = ("kadakia", "happydustbunny", "math-note", "esuli", "russo")
EXAMPLES = sorted(path.stem for path in (ROOT / "examples").glob("*.toml"))
LOOKUP_LIMIT = 1.0  # seconds for 101,770 weights, on one slow core in the tests of a shared machine: three times that

TIED = """
[inputs]
values = [[1, 2], [3, 4]]
[targets]
values = [[1], [0]]
[[layers]]
units = 2
activation = "sigmoid"
weights = [["w_a", 0.2], [0.3, "w_a"]]
bias = ["c", 0.1]
[[layers]]
units = 1
activation = "tanh"
weights = [["w_a", 0.7]]
bias = 0.5
[loss]
name = "squared_error"
[update]
rule = "momentum"
learning_rate = 0.5
[parameters]
w_a = 0.1
c = { value = 0.3, trainable = false }
"""
SIZES = """
[penalty]
kind = "l1"
strength = 0.1
"""


@cache
def names_of(example: str) -> Names:
    return Names(derive(Network.read(ROOT / "examples" / f"{example}.toml")))


@cache
def tied() -> Names:
    return Names(derive(Network.parse(TIED)))


def golden(example: str) -> list[dict[str, str]]:
    with (GOLDEN / f"{example}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def found(names: Names, text: str) -> str:
    quantity = names.resolve(text)
    assert isinstance(quantity, Quantity)
    return neutral(quantity)


def quantities(names: Names) -> list[Quantity]:
    system = names.derivation.system
    return [Quantity(array, places) for array in (*system.givens, *system.definitions) for places in every_index(array)]


@pytest.mark.parametrize("example", PUBLISHED)
def test_every_published_quantity_has_the_name_that_the_note_prints(example: str) -> None:
    names = names_of(example)
    rows = golden(example)
    resolved = {row["neutral"]: names.resolve(row["neutral"]) for row in rows}
    printed = {text: names.notation.name(each) for text, each in resolved.items() if isinstance(each, Quantity)}
    assert {text: plain(name) for text, name in printed.items()} == {row["neutral"]: row["plain"] for row in rows}
    assert {text: tex(name) for text, name in printed.items()} == {row["neutral"]: row["tex"] for row in rows}


@pytest.mark.parametrize("example", PUBLISHED)
@pytest.mark.parametrize("column", ["neutral", "plain", "tex", "written"])
def test_every_published_spelling_finds_its_quantity(example: str, column: str) -> None:
    names = names_of(example)
    rows = [row for row in golden(example) if row[column]]
    assert len(rows) >= (5 if column == "written" else 31)
    assert [found(names, row[column]) for row in rows] == [found(names, row["neutral"]) for row in rows]


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_name_of_every_quantity_leads_back_to_it(example: str) -> None:
    names = names_of(example)
    wrong = []
    for quantity in quantities(names):
        name = names.notation.name(quantity)
        for text in (neutral(quantity), plain(name), ascii_name(name), tex(name)):
            if names.resolve(text) != quantity:
                wrong.append(text)
    assert wrong == []


@pytest.mark.parametrize("example", EXAMPLES)
def test_no_two_quantities_of_an_example_have_one_name(example: str) -> None:
    names = names_of(example)
    every = quantities(names)
    for write in (lambda each: plain(names.notation.name(each)), lambda each: tex(names.notation.name(each)), neutral):
        assert len({write(each) for each in every}) == len(every)


@pytest.mark.parametrize(
    ("text", "quantity"),
    [
        ("w.1.0.2", "w[1][0][2]"),
        ("dE/dw.2.0.0", "dE/dw[2][0][0]"),
        ("w_{10}", "w[2][0][0]"),
        ("w10", "w[2][0][0]"),
        ("w₁₀", "w[2][0][0]"),
        ("dE/dw_10", "dE/dw[2][0][0]"),
        ("∂E/∂w_10", "dE/dw[2][0][0]"),
        (r"\frac{\partial E_{\text{total}}}{\partial w_{10}}", "dE/dw[2][0][0]"),
        ("d E_total / d w_10", "dE/dw[2][0][0]"),
        ("dE_total/d(out_{h1})", "dE/dout[1][0]"),
        ("δ_h1", "delta[1][0]"),
        ("delta_h1", "delta[1][0]"),
        (r"\delta_{h1}", "delta[1][0]"),
        ("dE_o1/dout_h1", "dE[0]/dout[1][0]"),
        ("dE[0]/dout_h1", "dE[0]/dout[1][0]"),
        ("dnet_o2/dout_h1", "dnet[2][1]/dout[1][0]"),
        ("dnet[2][1]/dw_1", "dnet[2][1]/dw[1][0][0]"),
        ("dE/dx[0]", "dE/dx[0]"),
        ("dE/di_1", "dE/dx[0]"),
        ("dE/dnet[2][1]", "dE/dnet[2][1]"),
        ("loss", "loss"),
        ("E_total", "loss"),
        ("loss[1]", "loss[1]"),
        ("E_o2", "loss[1]"),
        ("lr", "lr"),
        (r"\eta", "lr"),
        ("eta", "lr"),
        ("new:w_10", "new:w[2][0][0]"),
        ("w_{10}^n", "new:w[2][0][0]"),
        ("after:out_h1", "after:out[1][0]"),
        ("out_h1^n", "after:out[1][0]"),
        ("after:E_total", "after:loss"),
        ("after:loss[2]", "after:loss[2]"),
        ("wsum[1][0]", "wsum[1][0]"),
        ("after:wsum[1][0]", "after:wsum[1][0]"),
        ("b[2][2]", "b[2][0]"),
        ("dE/db[2][1]", "dE/db[2][0]"),
        ("use:dE/dw_1", "dE/dw[1][0][0]"),
        ("w[1][0][0]@0", None),
        ("net[1][0]@0", "net[1][0]"),
    ],
)
def test_usual_spellings_are_understood(text: str, quantity: str | None) -> None:
    names = names_of("russo")
    if quantity is None:
        with pytest.raises(UnknownName, match="leave out @"):
            names.resolve(text)
    else:
        assert found(names, text) == quantity


def test_an_output_may_be_called_by_its_running_number_too() -> None:
    assert found(names_of("math-note"), "a_{z3}") == "out[2][0]"
    assert found(names_of("math-note"), "a'_{z4}") == "after:out[2][1]"
    assert found(names_of("math-note"), "dE_total/da_z1") == "dE/dout[1][0]"


@pytest.mark.parametrize(
    ("text", "array"),
    [
        ("w[1]", (Role.WEIGHT, 1)),
        ("out[2]", (Role.OUT, 2)),
        ("delta[1]", (Role.DELTA, 1)),
        ("dE/dw[1]", (Role.DERIVATIVE, 1)),
    ],
)
def test_whole_arrays_have_names(text: str, array: tuple[Role, int]) -> None:
    whole = names_of("russo").resolve(text)
    assert isinstance(whole, Array)
    assert (whole.role, whole.layer) == array


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("w_99", "unknown name 'w_99'; did you mean 'w_9'"),
        ("dE/dw_77", "unknown name 'w_77' in 'dE/dw_77'; did you mean 'w_7'"),
        ("w[1][0][3]", r"unknown name 'w\[1\]\[0\]\[3\]'; did you mean"),
        ("dw_1/dx[0]", "w_1 cannot be differentiated"),
        ("out[1][0]@1", "no such observation; they are @0 to @0"),
        ("w[1]@0", "not behind a whole array"),
        ("use:w_1", "use: stands before a derivative"),
        ("new:out[1][0]", "unknown name"),
        ("state:velocity:w_1", "unknown name"),
        ("", "unknown name"),
        ("/", "unknown name"),
        ("d/d", "unknown name"),
        ("@", "unknown name"),
        ("w" * 10_000, "no name is longer"),
        ("{" * 200, "unknown name"),
        ("\\frac{" * 40, "unknown name"),
        ("__import__('os')", "unknown name"),
    ],
)
def test_what_is_no_name_is_refused(text: str, message: str) -> None:
    with pytest.raises(UnknownName, match=message):
        names_of("russo").resolve(text)


def test_one_of_several_observations_must_be_said() -> None:
    names = tied()
    with pytest.raises(UnknownName, match=r"there are 2 observations; say which, from net\[1\]\[0\]@0"):
        names.resolve("net[1][0]")
    with pytest.raises(UnknownName, match="say which"):
        names.resolve("dE/dout[1][0]")
    spoken = ["net[1][0]@1", "dE/dout[1][0]@0", "dE/dx[1]@1", "loss@0", "loss[0]", "loss[0]@1", "dnet/dw[2][0][1]@1"]
    assert [found(names, text) for text in spoken] == spoken


def test_a_share_of_a_gradient_has_an_observation() -> None:
    assert found(tied(), "dE/dw[2][0][1]@1") == "dE/dw[2][0][1]@1"
    assert found(tied(), "dE[0]/dw[2][0][1]") == "dE[0]/dw[2][0][1]"


def test_a_tied_parameter_has_the_users_name_and_its_uses_are_counted() -> None:
    names = tied()
    places = ["w[1][0][0]", "w[1][1][1]", "w[2][0][0]"]
    assert {str(names.notation.name(names.resolve(place))) for place in places} == {"w_a"}  # type: ignore[arg-type]
    assert found(names, "dE/dw_a") == "dE/dw[1][0][0]"
    assert [found(names, f"dE/dw_a[{number}]") for number in (1, 2, 3)] == [f"use:dE/d{place}" for place in places]
    assert found(names, "state:velocity:w[1][1][1]") == found(names, "state:velocity:w_a")


def test_what_is_printed_of_parameters_beside_tied_ones_is_found_again() -> None:
    names = tied()
    uses = [each for each in quantities(names) if each.array.phase is Phase.USE]
    assert [names.resolve(names.notation.plain(each)) for each in uses] == uses


def test_the_slope_of_a_parameters_size_is_found_by_all_its_indices() -> None:
    names = Names(
        derive(Network.parse(TIED.replace('"w_a"', "0.5").replace('"c"', "0.2").split("[parameters]")[0] + SIZES))
    )
    slopes = [each for each in quantities(names) if each.array.of is not None and each.array.of.role is Role.PENALTY]
    assert len(slopes) == 6
    assert [names.resolve(neutral(each)) for each in slopes] == slopes
    assert [names.resolve(names.notation.plain(each)) for each in slopes] == slopes
    gathered = Names(derive(Network.parse(TIED + SIZES)))
    sizes = [each for each in quantities(gathered) if each.array.of is not None and each.array.of.role is Role.PENALTY]
    spoken = [gathered.resolve(gathered.notation.plain(each)) for each in sizes]
    numbers = evaluate(gathered.derivation)
    assert [numbers.of(each) for each in spoken if isinstance(each, Quantity)] == [numbers.of(each) for each in sizes]
    with pytest.raises(UnknownName, match="differentiated by the parameter that it is the size of"):
        names.resolve("dsize:w[1][0][1]/dw[1][0][0]")


def drawn_network(seed: int, preset: str) -> Network:
    """A network of one to three layers with drawn widths, biases, observations and update rule."""
    drawn = random.Random(seed)
    widths = [drawn.choice((1, 2, 3, 11)) for _ in range(drawn.randint(2, 4))]
    count = drawn.choice((1, 1, 3))
    layers = [
        {
            "units": units,
            "activation": drawn.choice(("sigmoid", "relu", "tanh", "identity")),
            **drawn.choice(({}, {"bias": 0.5}, {"bias": [0.5] * units})),
        }
        for units in widths[1:]
    ]
    if drawn.random() < 1 / 4:
        layers[-1]["activation"] = "softmax"
    update = drawn.choice(
        ({"rule": "gradient_descent"}, {"rule": "momentum", "momentum": 0.9}, {"rule": "adam"}, {"rule": "rmsprop"})
    )
    table = {
        "notation": preset,
        "inputs": {"values": [[1] * widths[0]] * count},
        "targets": {"values": [[1] * widths[-1]] * count},
        "layers": layers,
        "loss": {"name": "squared_error"},
        "penalty": {"kind": "l2", "strength": 0.1},
        "update": {"learning_rate": 0.5, **update},
    }
    return Network(**table)


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("seed", range(4))
def test_every_name_leads_back_in_drawn_networks(preset: str, seed: int) -> None:
    names = Names(derive(drawn_network(seed, preset)))
    every = quantities(names)
    spelt = [
        {write(each): each for each in every}
        for write in (
            neutral,
            lambda each: plain(names.notation.name(each)),
            lambda each: ascii_name(names.notation.name(each)),
            lambda each: tex(names.notation.name(each)),
        )
    ]
    assert [len(texts) for texts in spelt] == [len(every)] * 4
    for texts in spelt:
        sample = random.Random(seed).sample(sorted(texts), min(150, len(texts)))
        assert [text for text in sample if names.resolve(text) != texts[text]] == []


def test_names_of_a_wide_network_are_made_only_when_asked_for_and_fast() -> None:
    weights = "784 inputs, 128 hidden units and 10 outputs"
    text = f"""
title = "{weights}"
[inputs]
values = [[{", ".join(["0.5"] * 784)}]]
[[layers]]
units = 128
activation = "sigmoid"
[[layers]]
units = 10
activation = "sigmoid"
[loss]
name = "squared_error"
"""
    names = Names(derive(Network.parse(text)))
    assert names.dictionary.made == 0
    with quick(3 * LOOKUP_LIMIT):
        assert found(names, "dE/dw_101632") == "dE/dw[2][9][127]"
