"""Every displayed line is read back and its arithmetic redone: for the examples, random networks and every setting."""

from __future__ import annotations

import re
from collections import Counter
from random import Random
from typing import Any

import pytest

import symbackprop as sb
from symbackprop.documents.text import render
from symbackprop.notation.presets import SETTINGS
from symbackprop.values import settled
from tests.conftest import FULL
from tests.displayed import tex_lines, text_lines
from tests.examples import EXAMPLES, derived
from tests.networks import drawn
from tests.rereading import Findings, Reader, Style, reread
from tests.rereading_matrices import reread_matrices

# Settings of [document], and what they mean to a reader.
STYLES: dict[str, tuple[dict[str, Any], Style]] = {
    "the defaults": ({}, Style()),
    "6 digits": ({"digits": 6}, Style(digits=6)),
    "3 decimals": ({"decimals": 3}, Style(decimals=3)),
    "5 decimals, cut": ({"decimals": 5, "rounding": "cut"}, Style(decimals=5, rounding="cut")),
    "2 digits, zeros dropped": ({"digits": 2, "trailing_zeros": False}, Style(digits=2)),
    "3 digits, cut": ({"digits": 3, "rounding": "cut"}, Style(digits=3, rounding="cut")),
    "exponents with e": ({"exponent": "e"}, Style()),
    "no exponents": ({"exponent": "never", "digits": 3}, Style(digits=3)),
    "a decimal comma": ({"decimal_mark": ",", "exponent": "e"}, Style(decimal_mark=",")),
    "4 digits carried on": ({"carry": "printed"}, Style(carried=True)),
    "4 decimals carried on": ({"carry": "printed", "decimals": 4}, Style(decimals=4, carried=True)),
    "3 digits cut and carried on": (
        {"carry": "printed", "digits": 3, "rounding": "cut"},
        Style(digits=3, rounding="cut", carried=True),
    ),
    "powers below a hundredth": ({"decimals": 4, "least_power": -2}, Style(decimals=4, behind_powers=4)),
}
PLAIN = {
    "digits": 4, "decimals": None, "rounding": "round", "trailing_zeros": True, "exponent": "power",
    "decimal_mark": ".", "carry": "full",
}  # fmt: skip
RANDOM = range(100) if FULL else range(3, 100, 16)
LEAST_ENTRIES = 20_000  # of matrices of random networks that are redone
LAYOUTS = ("matrix_order", "vectors", "observations", "bias_form", "diagonal", "factor_order", "delta_first")
NO_MATRICES = {"batchnorm", "convolution", "program-xyz", "recurrent"}
LEAST = 40_000 if FULL else 500  # lines of random networks that are redone
WITH_VALUES = [name for name in EXAMPLES if name != "happydustbunny"]
NOT_SCALAR = re.compile(r"\.\.\.|[\[⊙]")  # terms left out, matrices: these lines are not read
ENVIRONMENTS = {"latex": "align", "markdown": "aligned"}


def styled(network: sb.Network, style: str, *, whole: bool) -> sb.Derivation:
    wanted = PLAIN | STYLES[style][0]
    del wanted["digits" if wanted["decimals"] is not None else "decimals"]
    settings = {f"document.{key}": value for key, value in wanted.items()}
    return sb.derive(network.with_values(settings | ({"document.depth": "all"} if whole else {})))


def reread_text(derivation: sb.Derivation, style: str) -> Findings:
    text = render(derivation.core, values=settled(derivation.evaluate()), width=10**6)
    assert not re.search(r"[-+*/·×] -[\d(]", text), "negative numbers stand in brackets"
    return reread(text_lines(text), Reader(STYLES[style][1]))


def assert_right(found: Findings) -> None:
    assert found.wrong == []
    assert [line for line in found.unread if not NOT_SCALAR.search(line)] == []


@pytest.mark.full
@pytest.mark.parametrize("style", STYLES)
def test_the_lines_of_the_examples_are_right(style: str) -> None:
    redone = 0
    for name in WITH_VALUES if FULL else WITH_VALUES[list(STYLES).index(style) % 4 :: 4]:
        found = reread_text(styled(derived(name).network, style, whole=False), style)
        assert_right(found)
        redone += found.redone
    assert redone > (400 if FULL else 50)


@pytest.mark.full
def test_the_lines_of_random_networks_are_right_in_every_setting() -> None:
    redone: Counter[str] = Counter()
    for place, number in enumerate(RANDOM):
        update = SETTINGS["update"][place // 2 % 2]
        network = sb.Network.parse(drawn(number).to_toml()).with_values({"notation.update": update})
        styles = (
            list(STYLES)[place % 2 :: 2] if FULL else [list(STYLES)[place % len(STYLES)], list(STYLES)[-1 - place % 3]]
        )
        for style in styles:
            found = reread_text(styled(network, style, whole=True), style)
            assert_right(found)
            redone[style] += found.redone
    assert sum(redone.values()) >= LEAST
    assert not FULL or min(redone.values()) >= LEAST // len(STYLES) // 2


def laid_out(network: sb.Network, number: int) -> sb.Network:
    """The network with matrices as one author or another writes them."""
    random = Random(number)
    return network.with_values({f"notation.{key}": random.choice(SETTINGS[key]) for key in LAYOUTS})


@pytest.mark.full
def test_the_matrices_of_random_networks_are_right_when_they_are_multiplied_out() -> None:
    redone: Counter[str] = Counter()
    for place, number in enumerate(range(100) if FULL else range(1, 100, 9)):
        network = laid_out(sb.Network.parse(drawn(number).to_toml()), number)
        for style in list(STYLES)[place % 3 :: 3] if FULL else [list(STYLES)[place % len(STYLES)]]:
            derivation = styled(network, style, whole=True)
            text = render(derivation.core, values=settled(derivation.evaluate()), width=10**6)
            found = reread_matrices(text_lines(text), Reader(STYLES[style][1]))
            assert (found.wrong, found.unread) == ([], [])
            redone[style] += found.redone
    assert sum(redone.values()) >= (LEAST_ENTRIES if FULL else 500)
    assert not FULL or min(redone.values()) >= LEAST_ENTRIES // len(STYLES) // 2


@pytest.mark.parametrize("name", [name for name in WITH_VALUES if name not in NO_MATRICES])
def test_the_matrices_of_the_examples_are_right_when_they_are_multiplied_out(name: str) -> None:
    redone = 0
    for style in STYLES if FULL else list(STYLES)[:: len(STYLES) // 2]:
        derivation = styled(derived(name).network, style, whole=False)
        text = render(derivation.core, values=settled(derivation.evaluate()), width=10**6)
        found = reread_matrices(text_lines(text), Reader(STYLES[style][1]))
        assert (found.wrong, found.unread) == ([], [])
        redone += found.redone
    assert redone > 30


def test_a_wrong_entry_of_a_matrix_is_found() -> None:
    derivation = styled(derived("russo").network, "the defaults", whole=False)
    lines = text_lines(render(derivation.core, values=settled(derivation.evaluate()), width=10**6))
    changed = found = 0
    for place, line in enumerate(lines):
        entry = re.search(r"(.*≈ \[.*?-?0\.0*)([1-9])(\d{2,3}.*\])$", line)
        if entry and "[" in line[: line.index("≈ [")] + line.split("≈ ", 1)[1].partition("≈")[2]:
            changed += 1
            mended = f"{entry[1]}{int(entry[2]) % 9 + 1}{entry[3]}"
            found += len(reread_matrices([*lines[:place], mended], Reader(Style())).wrong) > 0
    assert changed >= 8
    assert found >= 0.9 * changed


@pytest.mark.parametrize("to", ENVIRONMENTS)
@pytest.mark.parametrize("style", ["the defaults", "5 decimals, cut", "a decimal comma", "4 digits carried on"])
def test_the_lines_are_the_same_in_latex_and_markdown(to: str, style: str) -> None:
    networks = [derived(name).network for name in ("russo", "math-note", "esuli")]
    networks += [sb.Network.parse(drawn(number).to_toml()) for number in ((1, 8, 36) if FULL else (8,))]
    for network in networks:
        derivation = styled(network, style, whole=False)
        reader = Reader(STYLES[style][1], juxtaposed=True)
        found = reread(tex_lines(derivation.rendered(to), ENVIRONMENTS[to]), reader)
        assert_right(found)
        assert found.redone == reread_text(derivation, style).redone > 20


def test_a_number_that_is_not_0_is_never_shown_as_0() -> None:
    for name in ("russo", "math-note"):
        network = derived(name).network.with_values({"document.digits": None, "document.decimals": 1})
        derivation = sb.derive(network.with_values({"update.learning_rate": "0.001"}))
        values = derivation.evaluate()
        table = derivation.to_text().split("New value\n")[1].split("\n\n")[0].splitlines()[1:]
        shown = {row.split()[0]: float(row.split()[2].replace("·10^", "e")) for row in table}
        small = [name for name in shown if 0 < abs(values[name_of(derivation, name)]) < 0.05]
        assert len(small) > 3
        assert all(shown[name] != 0 for name in small)


def name_of(derivation: sb.Derivation, parameter: str) -> str:
    """The name of the gradient by a parameter."""
    return derivation.gradient(parameter).neutral


def test_a_digit_that_is_wrong_is_found() -> None:
    derivation = styled(derived("russo").network, "the defaults", whole=False)
    lines = text_lines(render(derivation.core, values=settled(derivation.evaluate()), width=10**6))
    good = reread(lines, Reader(Style()))
    changed = found = 0
    for place, line in list(enumerate(lines))[::4]:
        mended = re.sub(
            r"(?<=≈ )(-?0\.0*\d)(\d)(\d\d)$", lambda each: f"{each[1]}{(int(each[2]) + 3) % 10}{each[3]}", line
        )
        if mended != line:
            changed += 1
            wrong = reread([*lines[:place], mended, *lines[place + 1 :]], Reader(Style())).wrong
            found += len(wrong) > 0
    assert good.wrong == []
    assert changed > 10
    assert found >= 0.95 * changed
