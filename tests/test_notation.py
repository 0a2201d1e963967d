"""Patterns, presets and conventions: which name each quantity has, for networks of any shape."""

import random
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import symbackprop as sb
from symbackprop.errors import DescriptionError
from symbackprop.network import Network
from symbackprop.notation import Notation, ascii_name, notation_for, plain, tex
from symbackprop.notation.lettering import ACCENTS, GREEK
from symbackprop.notation.outline import Outline, arrays_of
from symbackprop.notation.patterns import FIELDS
from symbackprop.notation.presets import MARKS, OPTIONAL_PATTERNS, PATTERNS, PRESETS, SETTINGS
from symbackprop.notation.spelling import spelling
from symbackprop.notation.styles import style_of
from symbackprop.quantities import Array, Axis, Cell, Phase, Quantity, Role, every_index

SHAPES = [(1, 1), (2, 2, 1), (3, 3, 3), (1, 1, 1, 1), (12, 11, 2), (2, 3, 3, 2), (2, 2, 2, 2, 2, 2)]


def notation(preset: str, widths: tuple[int, ...], bias: str = "unit", **overrides: object) -> Notation:
    return Notation(style_of({"preset": preset, **overrides}), Outline(widths, (bias,) * (len(widths) - 1)))


def quantity(role: Role, layer: int | None, *indices: int, phase: Phase = Phase.NOW) -> Quantity:
    axes = tuple(Axis("unit", 99, layer or 0) for _ in indices)
    return Quantity(Array(role, axes, layer, phase=phase), indices)


def network(notation_table: str, top: str = "", layer: str = "units = 2", end: str = "") -> Network:
    return Network.parse(
        f"""{top}
[inputs]
values = [[0.05, 0.10]]
[[layers]]
{layer}
activation = "sigmoid"
[loss]
name = "squared_error"
{end}
[notation]
{notation_table}
"""
    )


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("widths", SHAPES)
@pytest.mark.parametrize("bias", ["none", "unit", "shared", "first", "last"])
def test_every_preset_tells_all_quantities_of_any_network_apart(
    preset: str, widths: tuple[int, ...], bias: str
) -> None:
    named = notation(preset, widths, bias)
    every = [Quantity(array, places) for array in arrays_of(named.outline) for places in every_index(array)]
    for write in (plain, ascii_name, tex):
        assert len({write(named.name(each)) for each in every}) == len(every)


@pytest.mark.parametrize("preset", PRESETS)
def test_all_three_spellings_of_a_name_are_one(preset: str) -> None:
    drawn = random.Random(0)
    for _ in range(20):
        widths = tuple(drawn.choice((1, 2, 3, 11)) for _ in range(drawn.randint(2, 4)))
        named = notation(preset, widths, drawn.choice(("unit", "shared", "last", "first")))
        for array in arrays_of(named.outline):
            for phase in (Phase.NOW, Phase.NEW, Phase.AFTER):
                places = next(iter(every_index(array)))
                name = named.name(Quantity(Array(array.role, array.axes, array.layer, phase=phase), places))
                assert spelling(plain(name)) == spelling(tex(name)) == ascii_name(name)


def test_the_contracts_own_names_are_those_of_the_default() -> None:
    named = notation("indexed", (2, 2, 2))
    weights = [plain(named.name(quantity(Role.WEIGHT, layer, to, source))) for layer, to, source in _places()]
    assert weights == [f"w_{number}" for number in range(1, 9)]
    assert plain(named.name(quantity(Role.INPUT, 0, 0))) == "x_1"


def test_weights_are_numbered_by_sending_unit_if_so_set() -> None:
    named = notation("indexed", (2, 2, 2), weight_order="from_to")
    weights = [plain(named.name(quantity(Role.WEIGHT, layer, to, source))) for layer, to, source in _places()]
    assert weights == ["w_1", "w_3", "w_2", "w_4", "w_5", "w_7", "w_6", "w_8"]


def _places() -> list[tuple[int, int, int]]:
    return [(layer, to, source) for layer in (1, 2) for to in (0, 1) for source in (0, 1)]


def test_indices_of_two_digits_are_kept_apart() -> None:
    named = notation("esuli", (12, 12, 1))
    assert plain(named.name(quantity(Role.WEIGHT, 1, 1, 11))) == "w_0,1,11"
    assert plain(named.name(quantity(Role.WEIGHT, 1, 11, 1))) == "w_0,11,1"


def test_several_hidden_layers_are_told_apart_and_one_needs_no_number() -> None:
    assert plain(notation("russo", (2, 2, 2)).name(quantity(Role.NET, 1, 0))) == "net_h1"
    assert plain(notation("russo", (2, 2, 2, 2)).name(quantity(Role.NET, 2, 0))) == "net_h1^(2)"
    assert plain(notation("russo", (2, 2, 2, 2)).name(quantity(Role.NET, 3, 0))) == "net_o1"


def test_a_bias_column_written_first_has_index_zero_and_weights_follow() -> None:
    named = notation("happydustbunny", (2, 2), "first")
    assert plain(named.name(quantity(Role.BIAS, 1, 0))) == "w_00^(1)"
    assert plain(named.name(quantity(Role.WEIGHT, 1, 0, 0))) == "w_01^(1)"


@pytest.mark.parametrize(
    ("preset", "role", "letters", "name"),
    [
        ("indexed", Role.WEIGHT, ("j", "k"), "w_{jk}^{(1)}"),
        ("happydustbunny", Role.WEIGHT, ("j", "k"), "w_{jk}^{(1)}"),
        ("esuli", Role.WEIGHT, ("j", "k"), "w_{0jk}"),
        ("russo", Role.NET, ("j",), r"\mathit{net}_{hj}"),
        ("math-note", Role.NET, ("j",), "z_{j}^{(1)}"),
        ("math-note", Role.OUT, ("j",), "a_{zj}^{(1)}"),
        ("kadakia", Role.OUT, ("j",), r"\mathrm{out}_{H_{j}}"),
    ],
)
def test_an_index_law_has_letters_and_says_the_layer(
    preset: str, role: Role, letters: tuple[str, ...], name: str
) -> None:
    cell = Cell(Array(role, tuple(Axis("unit", 2, 1) for _ in letters), 1), letters)
    assert tex(notation(preset, (2, 2, 2)).cell_name(cell)) == name


@pytest.mark.parametrize(
    ("preset", "name"),
    [
        ("indexed", r"\mathbf{W}^{(1)}"),
        ("happydustbunny", "W^{(1)}"),
        ("esuli", r"W_{\mathrm{hid}}"),
        ("nielsen", "w^{2}"),  # Nielsen, chapter 2: the inputs are layer 1
    ],
)
def test_whole_arrays_have_names_for_matrix_forms(preset: str, name: str) -> None:
    array = Array(Role.WEIGHT, (Axis("unit", 2, 1), Axis("unit", 2, 0)), 1)
    assert tex(notation(preset, (2, 2, 1)).array_name(array)) == name


@pytest.mark.parametrize(
    ("preset", "role", "phase", "name"),
    [
        ("kadakia", Role.WEIGHT, Phase.NEW, "w_{1}^{+}"),
        ("math-note", Role.WEIGHT, Phase.NEW, r"w_{1(\mathrm{new})}"),
        ("math-note", Role.NET, Phase.AFTER, "z'_{1}"),
        ("esuli", Role.NET, Phase.AFTER, r"h_{\mathrm{pre},0}^{*}"),
        ("russo", Role.OUT, Phase.AFTER, r"\mathit{out}_{h1}^{n}"),
        ("happydustbunny", Role.WEIGHT, Phase.NEW, r"w_{00}^{\prime(1)}"),
    ],
)
def test_new_values_have_the_authors_mark(preset: str, role: Role, phase: Phase, name: str) -> None:
    places = (0, 0) if role is Role.WEIGHT else (0,)
    assert tex(notation(preset, (2, 2, 2)).name(quantity(role, 1, *places, phase=phase))) == name


def test_units_may_be_numbered_through_the_network_inputs_first() -> None:
    # Han and Kamber, Data Mining, example 9.1: inputs 1 to 3, hidden units 4 and 5, output 6
    table = {"weight": "w_{{from_node}{to_node}}", "bias": r"\theta_{node}", "net": "I_{node}", "delta": "Err_{node}"}
    named = Notation(style_of(table), Outline((3, 2, 1), ("unit", "unit")))
    weights = [plain(named.name(quantity(Role.WEIGHT, 1, to, source))) for source in range(3) for to in range(2)]
    assert weights == ["w_14", "w_15", "w_24", "w_25", "w_34", "w_35"]
    assert plain(named.name(quantity(Role.WEIGHT, 2, 0, 1))) == "w_56"
    assert plain(named.name(quantity(Role.BIAS, 2, 0))) == "θ_6"
    assert tex(named.name(quantity(Role.DELTA, 1, 1))) == r"\mathit{Err}_{5}"
    cell = Cell(Array(Role.DELTA, (Axis("unit", 2, 1),), 1), ("j",))
    assert plain(named.cell_name(cell)) == "Err_j^(1)"


def test_the_states_of_a_rule_have_the_authors_letters() -> None:
    # Kingma and Ba, Adam: moments m and v, step t
    update = '[update]\nrule = "adam"\nlearning_rate = 0.1'
    named = notation_for(network('mean_square = "v"\nmean = "m_0"', layer="units = 2", end=update))
    weights = Array(Role.WEIGHT, (Axis("unit", 2, 1), Axis("unit", 2, 0)), 1)
    state = {label: Array(Role.STATE, weights.axes, 1, label, wrt=weights) for label in ("mean", "mean_square")}
    assert tex(named.name(Quantity(state["mean_square"], (0, 1)))) == "v_{w_{2}}"
    assert tex(named.name(Quantity(state["mean"], (0, 0)))) == "m_{0,w_{1}}"
    with pytest.raises(DescriptionError, match="mean_square: is written as"):
        style_of({"mean_square": "m"})


def test_nodes_of_two_digits_are_kept_apart() -> None:
    named = notation("indexed", (6, 4, 2), weight="w_{{from_node}{to_node}}")
    assert plain(named.name(quantity(Role.WEIGHT, 1, 3, 0))) == "w_1,10"


@pytest.mark.parametrize(
    ("key", "pattern", "role", "name"),
    [
        ("delta", "Err_{node}", Role.DELTA, r"\mathbf{Err}^{(1)}"),
        ("weight", r"\theta_{{to}{from}}^({layer2})", Role.WEIGHT, r"\boldsymbol{\Theta}^{(2)}"),
        ("weight", "v_{{to},{from}}", Role.WEIGHT, r"\mathbf{V}^{(1)}"),
        ("net", "z_{unit}^[{layer}]", Role.NET, r"\mathbf{z}^{[1]}"),
        ("net", "h_{in,{unit}}", Role.NET, r"\mathbf{h}_{in}^{(1)}"),
        ("out", r"\hat{s}_({unit})^[{layer}]", Role.OUT, r"\hat{\mathbf{s}}^{[1]}"),
        ("net", "sum_{letter}{unit}", Role.NET, r"\mathbf{sum}_{h}"),
    ],
)
def test_arrays_are_called_as_their_entries_are(key: str, pattern: str, role: Role, name: str) -> None:
    axes = (Axis("unit", 2, 1), Axis("unit", 2, 0)) if role is Role.WEIGHT else (Axis("unit", 2, 1),)
    assert tex(notation("indexed", (2, 2, 1), **{key: pattern}).array_name(Array(role, axes, 1))) == name


def test_arrays_whose_entries_differ_by_their_numbers_only_keep_names_of_their_own() -> None:
    named = notation("indexed", (2, 2, 2), net="n_{unit}^({layer})", out="n_{unit}^[{layer}]", delta="n_{number}")
    names = [tex(named.array_name(Array(role, (Axis("unit", 2, 1),), 1))) for role in (Role.NET, Role.OUT, Role.DELTA)]
    assert names == [r"\mathbf{net}^{(1)}", r"\mathbf{n}^{[1]}", r"\boldsymbol{\delta}^{(1)}"]


def test_the_authors_conventions_are_read() -> None:
    assert notation("kadakia", (2, 2)).conventions.weight_first is False
    assert notation("math-note", (2, 2)).conventions.target_first is True
    assert notation("happydustbunny", (2, 2)).conventions.derivative == "d"
    assert notation("indexed", (2, 2), delta_sign="-").conventions.delta_sign == -1
    assert notation("indexed", (2, 2), delta_sign=-1).conventions.delta_sign == -1


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"preset": "rusos"}, "notation.preset: unknown notation 'rusos'; did you mean 'russo'"),
        ({"wieght": "w_{number}"}, "notation.wieght: unknown key; did you mean 'weight'"),
        ({"weight": "w_{numbr}"}, r"notation.weight: .*unknown field \{numbr\}; did you mean \{number\}"),
        ({"weight": 3}, "a pattern is a text"),
        ({"weight": ""}, "the pattern is empty"),
        ({"weight": "w_1_{to}^{from}^2"}, "a second"),
        ({"weight": r"\input{/etc/passwd}"}, r"command \\input is not allowed"),
        ({"weight": r"w_{\write18{ls}}"}, r"command \\write is not allowed"),
        ({"weight": "<script>"}, "a letter is missing"),
        ({"weight": "w_<b>"}, "unexpected '<'"),
        ({"weight": "w_$x$"}, r"unexpected '\$'"),
        ({"weight": "w_%"}, "unexpected '%'"),
        ({"weight": "w_" + "{" * 70}, "is missing"),
        ({"weight": "w" * 10_000}, "too many"),
        ({"weight": r"\detla_{unit}"}, r"did you mean \\delta"),
        ({"first_index": 2}, "notation.first_index: '2' is not allowed; allowed: 1, 0"),
        ({"first_index": True}, "not allowed"),
        ({"vectors": "colums"}, 'allowed: "columns", "rows"'),
        ({"new_value": "{name}^<b>"}, "no mark of a new value"),
        ({"new_value": ["x"]}, "no mark of a new value"),
    ],
)
def test_a_bad_notation_is_refused_with_what_is_allowed(table: Mapping[str, object], message: str) -> None:
    with pytest.raises(DescriptionError, match=message):
        style_of(table)


def test_two_quantities_with_one_name_are_refused_naming_both() -> None:
    message = r"x\[0\] and net\[1\]\[0\] would both be written x_1; change notation.input or notation.net"
    with pytest.raises(DescriptionError, match=message):
        notation_for(network('net = "x_{unit}"'))


def test_a_users_name_that_the_notation_gives_too_is_refused() -> None:
    layer = 'units = 2\nweights = [["w_4", 1], [1, 1]]'
    with pytest.raises(DescriptionError, match=r"w\[1\]\[0\]\[0\] and w\[1\]\[1\]\[1\] would both be written w_4"):
        notation_for(network('preset = "indexed"', layer=layer, end="[parameters]\nw_4 = 1"))


def test_a_users_name_deep_inside_a_wide_network_is_checked_too() -> None:
    layer = "units = 2000\nbias = [" + '"w_3999", ' + "1, " * 1998 + "1]"
    with pytest.raises(DescriptionError, match=r"w\[1\]\[1999\]\[0\] and b\[1\]\[0\] would both be written w_3999"):
        notation_for(network('preset = "indexed"', layer=layer, end="[parameters]\nw_3999 = 1"))


def test_names_of_the_user_stand_in_place_of_the_notations() -> None:
    layer = 'units = 2\nweights = [["alpha", "w_a"], [1, 1]]'
    named = notation_for(network('preset = "russo"', layer=layer, end="[parameters]\nalpha = 1\nw_a = 2"))
    assert plain(named.name(quantity(Role.WEIGHT, 1, 0, 0))) == "alpha"
    assert tex(named.name(quantity(Role.WEIGHT, 1, 0, 0))) == r"\alpha"
    assert tex(named.name(quantity(Role.WEIGHT, 1, 0, 1, phase=Phase.NEW))) == "w_{a}^{n}"
    assert plain(named.name(quantity(Role.WEIGHT, 1, 1, 0))) == "w_3"


@pytest.mark.parametrize("key", PATTERNS)
def test_every_role_can_have_a_pattern_of_its_own(key: str) -> None:
    assert style_of({key: r"\psi_{unit}"}).patterns[key].base == "ψ"


def test_the_check_for_clashes_of_a_wide_network_costs_no_more_than_of_a_small_one() -> None:
    text = "preset = 'happydustbunny'"
    wide = network(text, layer="units = 20000")
    assert plain(notation_for(wide).name(quantity(Role.WEIGHT, 1, 19_999, 1))) == "w_19999,1^(1)"


def test_the_page_on_notations_names_every_field_pattern_and_convention() -> None:
    page = Path("docs/notation.md").read_text(encoding="utf-8")
    said = set(re.findall(r"`([A-Za-z_0-9]+)`", page)) | {f"output_{each}" for each in re.findall(r"`(\w+)`", page)}
    assert said >= {*FIELDS, *SETTINGS, *PATTERNS, *OPTIONAL_PATTERNS, *MARKS}
    for allowed in SETTINGS.values():
        assert all(f"`{_as_toml(value)}`" in page for value in allowed)


def _as_toml(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value).lower()


SAFE_COMMANDS = {
    f"\\{word}" for word in (*GREEK, *ACCENTS, "mathrm", "mathit", "mathbf", "boldsymbol", "mathcal", "prime")
}
PIECES = ("{unit}", "{to}{from}", "\\delta", "\\hat{", "\\text{")
ODD = st.sampled_from([*"abwxn019_^{}()[],'*+-.\\$%#&~<>\"\n é∂δ", *PIECES])


@settings(max_examples=300, deadline=None)
@given(st.lists(ODD, max_size=12).map("".join))
def test_no_pattern_brings_more_than_names_into_a_document(text: str) -> None:
    try:
        style = style_of({"net": text})
    except DescriptionError:
        return
    named = Notation(style, Outline((2, 2), ("none",)))
    printed = tex(named.name(quantity(Role.NET, 1, 0)))
    assert printed.isascii()
    assert not set('$%#&~<>"\n') & set(printed)
    assert set(re.findall(r"\\[A-Za-z]+|\\.", printed)) <= SAFE_COMMANDS
    assert printed.count("{") == printed.count("}")


SHOWN = """
[inputs]
values = [[0.1, 0.2], [0.3, 0.4]]
[targets]
values = [[1, 0], [0, 1]]
[[layers]]
units = 2
activation = "sigmoid"
weights = [[0.2, 0.4], [-0.3, 0.1]]
bias = [-0.4, 0.2]
[[layers]]
units = 2
activation = "sigmoid"
weights = [[-0.3, -0.2], [0.5, 0.6]]
bias = [0.1, 0.3]
[loss]
name = "squared_error"
[update]
rule = "gradient_descent"
learning_rate = 0.9
"""
ONE = {"inputs.values": [[0.1, 0.2]], "targets.values": [[1, 0]]}


@pytest.mark.parametrize("key", SETTINGS)
def test_each_convention_changes_what_is_printed(key: str) -> None:
    networks = [sb.Network.parse(SHOWN), sb.Network.parse(SHOWN).with_values(ONE)]
    documents = [
        "".join(
            sb.derive(network.with_values({f"notation.{key}": value})).to_latex(form=form)
            for network in networks
            for form in (None, "matrix")
        )
        for value in SETTINGS[key]
    ]
    assert len(set(documents)) == len(documents)
