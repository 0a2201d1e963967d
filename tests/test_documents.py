"""Documents of the examples: the arithmetic on them is right, and nobody's text does more than be shown."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import reduce
from pathlib import Path
from typing import Any
from unicodedata import combining

import pytest

import symbackprop as sb
from symbackprop.documents.text import WIDTH, render
from symbackprop.errors import InputError, SymbackpropError
from symbackprop.expressions import Call, Expression, Negative, Number, Power, Product, Quotient, Sum
from symbackprop.formulas import parse
from symbackprop.values import settled
from tests.examples import EXAMPLES, HOSTILE, derived, repr_toml
from tests.intervals import Interval, product

NETWORKS = ("esuli", "happydustbunny", "kadakia", "math-note", "russo")
FORMATS = {"text": "txt", "markdown": "md", "latex": "tex"}
STYLES: dict[str, dict[str, Any]] = {
    "as the example says": {},
    "6 digits": {"digits": 6, "decimals": None},
    "3 decimals, cut": {"decimals": 3, "digits": None, "rounding": "cut"},
    "2 digits, zeros dropped": {"digits": 2, "decimals": None, "trailing_zeros": False},
    "4 digits, carried on": {"digits": 4, "decimals": None, "carry": "printed"},
}
# The functions of the examples rise everywhere, so that the ends of an interval go to the ends of its image.
RISING = ("sigmoid", "tanh", "relu", "exp", "log", "sqrt")
SLACK = Fraction(1, 10**12)  # of functions computed in doubles


@pytest.mark.parametrize(
    ("name", "to"),
    [
        *((name, "text") for name in (*NETWORKS, "program-xyz", "softmax-classifier")),
        *((name, to) for name in ("esuli", "happydustbunny") for to in ("markdown", "latex")),
    ],
)
def test_a_document_is_the_golden_one(name: str, to: str, golden: Path, update_golden: object) -> None:
    text = derived(name).rendered(to)
    path = golden / "documents" / f"{name}.{FORMATS[to]}"
    text = re.sub(r"^% symbackprop [^;]*;", "% symbackprop VERSION;", text)
    if update_golden:
        path.write_text(text, encoding="utf-8", newline="\n")
    assert text == path.read_text(encoding="utf-8")


def settings(style: dict[str, Any]) -> dict[str, Any]:
    return {f"document.{key}": value for key, value in style.items()}


@pytest.mark.parametrize("name", [name for name in EXAMPLES if name != "happydustbunny"])  # which has no values
@pytest.mark.parametrize("style", STYLES)
def test_the_printed_numbers_lead_to_the_printed_results(name: str, style: str) -> None:
    """Each result lies where its printed operands can lead, half a last digit (cut: a whole one) on each side."""
    derivation = sb.derive(derived(name).network.with_values(settings(STYLES[style]) | {"document.exponent": "e"}))
    text = render(derivation.core, values=settled(derivation.evaluate()), width=10**6)
    table = dict(derivation.network.document) | STYLES[style]
    # Of a number without its trailing zeros the last digit that was rounded is not known: take the last one shown.
    loose = Fraction(1) if table.get("rounding") == "cut" else Fraction(1, 2)
    checked = 0
    for statement in statements(text):
        checked += check(statement if table.get("trailing_zeros", True) else with_zeros(statement), loose)
    assert checked >= min(10, text.count("≈") // 4)


def statements(text: str) -> list[list[tuple[str, str]]]:
    """The sides of each line with the relation before them; a row that begins with one belongs to the line above."""
    found: list[list[tuple[str, str]]] = []
    for row in text.splitlines():
        if not row.startswith("  "):
            continue
        parts = re.split(r"(?:^|(?<= ))([=≈]) ", row.strip())
        sides = list(zip(parts[1::2], [each.strip() for each in parts[2::2]], strict=True))
        if parts[0].strip() or not found:
            found.append(sides)
        else:
            found[-1] += sides
    return found


def with_zeros(sides: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Whole numbers among rounded ones with the zero that they may have lost: -1.007 to two digits is -1."""
    digit = re.compile(r"(?<![\w.+-])(-?\d)(?![\w.])|(?<=\()(-\d)(?=\))")
    return [(relation, digit.sub(r"\g<0>.0", text) if relation == "≈" else text) for relation, text in sides]


def check(sides: list[tuple[str, str]], loose: Fraction) -> int:
    """Checks a line that ends with numbers and a result; how many such there were."""
    if len(sides) < 2:
        return 0
    (operands_relation, operands), (relation, result) = sides[-2:]
    numeric = [readable(each) for each in (operands, result)]
    if None in numeric or isinstance(numeric[0], Number):
        return 0
    width = Fraction(0) if operands_relation == "=" else loose
    low, high = spanned(numeric[0], width)  # type: ignore[arg-type]
    shown_low, shown_high = spanned(numeric[1], Fraction(0) if relation == "=" else loose)  # type: ignore[arg-type]
    slack = SLACK * max(abs(low), abs(high), 1)
    assert shown_low <= high + slack, (sides, float(low), float(high))
    assert shown_high >= low - slack, (sides, float(low), float(high))
    return 1


def readable(text: str) -> Expression | None:
    """A side that has numbers and functions only."""
    try:
        return parse(" * ".join(re.split(" [·×] ", text)), variables=())
    except SymbackpropError:
        return None


def spanned(expression: Expression, loose: Fraction) -> Interval:
    """The interval of what the expression is worth if each of its decimals is off by ``loose`` of its last digit."""
    match expression:
        case Number(value, text):
            mantissa, _, power = text.partition("e")
            if "." not in mantissa:
                return value, value
            last = loose * Fraction(10) ** (int(power or 0) - len(mantissa.partition(".")[2]))
            return value - last, value + last
        case Negative(operand):
            low, high = spanned(operand, loose)
            return -high, -low
        case Sum(terms):
            parts = [spanned(each, loose) for each in terms]
            return sum(low for low, _ in parts), sum(high for _, high in parts)
        case Product(factors):
            return reduce(product, (spanned(each, loose) for each in factors))
        case Quotient(above, below):
            low, high = spanned(below, loose)
            if low <= 0 <= high:
                return Fraction(-(10**9)), Fraction(10**9)
            return product(spanned(above, loose), (1 / high, 1 / low))
        case Power(base, exponent):
            low, high = spanned(base, loose)
            power = spanned(exponent, Fraction(0))[0]
            if power.denominator != 1:
                raise AssertionError(expression)
            ends = [low ** int(power), high ** int(power)]
            return min([*ends, *([Fraction(0)] if low <= 0 <= high else [])]), max(ends)
        case Call(function, (argument,)) if function.name in RISING:
            low, high = spanned(argument, loose)
            return called(function, low), called(function, high)
        case Call(function, (argument,)) if function.name == "abs":
            low, high = spanned(argument, loose)
            return (Fraction(0) if low <= 0 <= high else min(abs(low), abs(high))), max(abs(low), abs(high))
        case Call(function, arguments) if function.name == "max":
            parts = [spanned(each, loose) for each in arguments]
            return max(low for low, _ in parts), max(high for _, high in parts)
    raise AssertionError(expression)


def called(function: Any, value: Fraction) -> Fraction:
    import math

    x = float(value)
    match function.name:
        case "sigmoid":
            return Fraction(1 / (1 + math.exp(-x)))
        case "relu":
            return max(value, Fraction(0))
        case "log" | "sqrt":
            return Fraction(getattr(math, function.name)(max(x, 5e-324)))
    return Fraction(getattr(math, function.name)(x))


@pytest.mark.parametrize("title", HOSTILE)
def test_a_title_is_only_ever_text(title: str) -> None:
    try:
        network = derived("kadakia").network.with_values({"title": repr_toml(title)})
    except SymbackpropError:
        return  # refused with a reason
    derivation = sb.derive(network)
    latex = derivation.to_latex()
    head = latex.split(r"\title{")[1].split("\n")[0]
    assert latex.isascii()
    assert not re.search(r"\\(input|write|catcode|def|csname)", head)
    assert head.count("$") % 2 == 0
    assert derivation.to_latex().split(r"\author")[1] == derived("kadakia").to_latex().split(r"\author")[1]
    markdown = derivation.to_markdown().split("\n")
    assert "<" not in markdown[0]
    assert not re.search(r"(?<!\\)[$`\[\]*]", markdown[0])
    assert markdown[1:] == derived("kadakia").to_markdown().split("\n")[1:]
    text = derivation.to_text().split("\n")
    assert text[0].isprintable()
    assert text[2:] == derived("kadakia").to_text().split("\n")[2:]


def test_only_the_asked_quantities_are_shown() -> None:
    text = derived("russo").rendered("text", of=["w_10"], form="delta")
    assert text.splitlines() == [
        "  δ_o1           = (out_o1 - target_o1) * out_o1 * (1 - out_o1)",
        "                 ≈ (0.86655 - 0.1) * 0.86655 * (1 - 0.86655) ≈ 0.08864",
        "  dE_total/dw_10 = δ_o1 * out_h1 ≈ 0.08864 * 0.59387 ≈ 0.05264",
    ]
    assert derived("russo").rendered("text", of=["w[1]"], form="matrix") == "  dE_total/dW^(1) = δ^(1) iᵀ\n"
    assert (
        derived("russo")
        .rendered("text", of=["net_h1"])
        .startswith("  net_h1 = w_1 * i_1 + w_2 * i_2 + w_3 * i_3 + b_1\n")
    )


def test_a_form_that_is_too_long_says_so_and_the_way_out() -> None:
    layers = '[[layers]]\nunits = 4\nactivation = "sigmoid"\n' * 4
    derivation = sb.derive(sb.Network.parse(f'[inputs]\nnames = ["p", "q"]\n{layers}[loss]\nname = "squared_error"\n'))
    text = " ".join(derivation.rendered("text", form="closed").split())
    assert "would have more than 1,500 operations" in text
    assert "use the delta or chain form" in text
    with pytest.raises(InputError, match="use the delta or chain form"):
        derivation.rendered("text", of=["w[1][0][0]"], form="closed")


def test_exact_numbers_stand_behind_an_equals_sign() -> None:
    text = derived("kadakia").rendered("text")
    assert "  E = (out_O - a)^2 = (7 - 4)^2 = 9\n" in text
    assert "E^+ = (out_O^+ - a)^2 ≈ (6.125 - 4)^2 ≈ 4.516" in text
    assert "The loss fell from 9 to 4.516, by 4.484." in text


def test_a_zero_that_a_zero_factor_makes_is_exact() -> None:
    text = " ".join(derived("esuli").rendered("text").split())
    assert "dE/dw_010 = dE/dh_1 · dh_1/dh_pre,1 · dh_pre,1/dw_010 = δ_h,1 · x_0 = 0 · 0.9 = 0 " in text


def test_given_numbers_are_shown_as_they_were_written() -> None:
    text = derived("math-note").rendered("text")
    assert "x_2 = 0.10" in text


def test_without_values_a_document_has_symbols_only() -> None:
    text = derived("russo").rendered("text", numbers=False)
    assert "≈" not in text
    assert "w_1, w_2, w_3" in text
    assert "0.59" not in text


def symbolic(observations: int | str) -> Any:
    return sb.derive(
        sb.Network.parse(
            f'observations = {observations!r}\n[inputs]\nnames = ["p", "q"]\n'
            '[[layers]]\nunits = 2\nactivation = "tanh"\nbias = ["c_1", "c_2"]\n'
            '[[layers]]\nunits = 1\nactivation = "identity"\n[loss]\nname = "squared_error"\n'
            '[update]\nrule = "gradient_descent"\nlearning_rate = "alpha"\n'
        )
    )


def test_for_a_symbolic_number_of_observations_there_are_laws() -> None:
    text = symbolic("n").rendered("text")
    assert re.search(r"^  E += Σ_m E_1@m$", text, re.MULTILINE)
    assert re.search(r"^  dE/dw_jk\^\(1\) += Σ_m δ_hj@m \* x_k@m$", text, re.MULTILINE)
    assert "Σ_n" not in text
    assert "δ" in text


def test_a_wide_network_is_short_and_shows_its_laws() -> None:
    network = sb.Network.parse(
        "[inputs]\nvalues = [[" + ", ".join(["0.5"] * 200) + "]]\n[targets]\nvalues = [[1, 0]]\n"
        '[[layers]]\nunits = 50\nactivation = "sigmoid"\n[[layers]]\nunits = 2\nactivation = "sigmoid"\n'
        '[loss]\nname = "squared_error"\n[initial]\nseed = 1\nscheme = "uniform"\n'
    )
    text = sb.derive(network).rendered("text")
    assert len(text.splitlines()) < 200
    assert "net_hj = Σ_k w_jk^(1) * x_k" in text
    assert "w_1 * x_1 + w_2 * x_2 + w_3 * x_3 + ... + w_200 * x_200" in text


@pytest.mark.parametrize("name", EXAMPLES)
def test_text_fits_a_terminal(name: str) -> None:
    lines = derived(name).rendered("text").splitlines()
    assert [line for line in lines if sum(not combining(each) for each in line) > WIDTH] == []


def test_the_settings_of_a_document_are_checked() -> None:
    network = derived("russo").network
    for key, value, message in (
        ("depth", "deep", "document.depth: unknown depth 'deep'"),
        ("exponent", "x", "document.exponent: 'x' cannot be used"),
    ):
        with pytest.raises(SymbackpropError, match=re.escape(message)):
            sb.derive(network.with_values({f"document.{key}": value})).rendered("text")


def test_depth_decides_how_much_is_shown() -> None:
    network = derived("russo").network
    laws = sb.derive(network.with_values({"document.depth": "laws"})).rendered("text")
    whole = sb.derive(network.with_values({"document.depth": "all"})).rendered("text")
    assert "net_hj = Σ_k w_jk^(1) * i_k + b_1" in laws
    assert "  net_h2 = " not in laws
    assert "net_h2 = w_4 * i_1" in whole
    assert sb.derive(network.with_values({"document.second_pass": "false"})).rendered("text").count("Second") == 0


def test_a_decimal_comma_is_everywhere() -> None:
    network = derived("russo").network.with_values({"document.decimal_mark": ","})
    text = sb.derive(network).rendered("text")
    assert not re.search(r"\d\.\d", text)
    assert "0{,}59387" in sb.derive(network).rendered("latex")
