"""Programs of thousands of equations: nothing that reads them goes as deep into the stack as they are long."""

from __future__ import annotations

from functools import cache
from unittest.mock import patch

import pytest

import symbackprop as sb
from symbackprop.errors import TooLarge
from symbackprop.forms import chain
from symbackprop.ordering import in_order
from tests.conftest import FULL

LENGTH = 3_000 if FULL else 1_200  # lines: a derivation has more links than Python has stack frames


@cache
def chained(formula: str, length: int, result: str = "@*@") -> sb.Derivation:
    """A program of that many lines, each of the line before it (``@``), the first of the parameter w."""
    lines = ['loss = "E"', "[inputs]", 'x = ["0.5"]', "[parameters]", 'w = "0.3"']
    before = "w"
    for place in range(length):
        lines += ["[[equations]]", f'name = "v_{place}"', f'formula = "{formula.replace("@", before)}"']
        before = f"v_{place}"
    lines += ["[[equations]]", 'name = "E"', f'formula = "{result.replace("@", before)}"']
    return sb.derive(sb.Network.parse("\n".join(lines)))


@pytest.mark.full
@pytest.mark.parametrize(("formula", "output"), [("sin(@)", "text"), ("@ + x", "latex")])
def test_a_document_has_every_line_of_a_long_program(formula: str, output: str) -> None:
    shown = chained(formula, LENGTH).rendered(output)
    last = {"text": f"dv_{LENGTH - 1}/dv_{LENGTH - 2}", "latex": f"v_{{{LENGTH - 1}}}"}[output]
    assert last in shown


def recurrent(length: int, form: str | None) -> sb.Derivation:
    """A cell carried on so often: w, u and b stand on every line."""
    states = [(f"h_{n}", f"tanh(w*h_{n - 1} + u*x + b)" if n else "tanh(u*x + b)") for n in range(length)]
    network = sb.Network(
        equations=[*states, ("E", f"1/2*(h_{length - 1} - t)^2")], loss="E", inputs={"x": [0.5], "t": [0.3]},
        parameters={"w": 0.5, "u": 0.4, "b": 0.1},
    )  # fmt: skip
    return sb.derive(network.with_values({"document.form": form}) if form else network)


@pytest.mark.parametrize("form", [None, "chain"])
def test_a_document_with_a_parameter_on_every_line_is_as_long_as_its_program(form: str | None) -> None:
    """Its chain has a product for each line, as long as the lines behind it: only those that are shown are made."""
    short, long = (recurrent(length, form) for length in (60, 120))
    with patch.object(chain, "links_of", side_effect=chain.links_of) as made:
        assert len(long.to_text()) < 2.3 * len(short.to_text())
    assert made.call_count <= 2 * 3 * 4  # documents, gradients, terms that are shown


def test_the_chain_of_a_long_program_has_a_link_for_each_line() -> None:
    (links,) = chained("sin(@)", LENGTH).gradient("w").chain.products
    assert len(links) == LENGTH + 1


def test_a_local_derivative_sweeps_through_its_own_line_alone() -> None:
    derivation = chained("sin(@)", 200).core
    arrays = {array.label: array for array in derivation.system.definitions if array.label}
    before = set(derivation._further)
    derivation.derivative(arrays["v_100"], None, arrays["v_99"])
    assert len(set(derivation._further) - before) == 1


def test_the_steps_of_a_long_sum_end_in_the_names_of_its_lines() -> None:
    derivation = chained("@ + x", 450)
    found = derivation.steps("w")
    assert found[0].proof.holds
    assert str(derivation.gradient("w").closed_form) == "2*w + 900*x"


@pytest.mark.parametrize("formula", ["sin(@)", "1/(1 + @)"])
def test_what_would_be_nested_too_deep_is_refused(formula: str) -> None:
    derivation = chained(formula, 450, "x*@").gradient("x")
    with pytest.raises(TooLarge, match="closed form would be nested"):
        _ = derivation.closed_form
    with pytest.raises(TooLarge, match="nested more than 150 deep"):
        derivation.to_text(form="closed")
    with pytest.raises(TooLarge, match="nested more than 150 deep"):
        derivation.derivation.steps("x")


def test_what_is_needed_stands_first() -> None:
    needs = {"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": []}
    known: dict[str, int] = {}
    for each in in_order("a", needs.__getitem__, known):
        known[each] = len(known)
    assert sorted(known, key=known.__getitem__) == ["d", "c", "b", "a"]
