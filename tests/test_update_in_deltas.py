"""Authors who step by delta: ``w + η δ x`` in documents, workbooks and audits, where a gradient is a product."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

import symbackprop as sb
from symbackprop.checking.audit import audit
from symbackprop.checking.claims import Claim, Claims
from symbackprop.quantities import Phase, Role
from symbackprop.system import Map, SumOfProducts
from tests.networks import drawn
from tests.running import run
from tests.textbooks import HAN_KAMBER, NEGNEVITSKY

IN_DELTAS = 'delta_sign = "-"\nupdate = "delta"'


def in_deltas(description: str, more: str = "") -> sb.Network:
    return sb.Network.parse(description.replace('delta_sign = "-"', f"{IN_DELTAS}\n{more}"))


def test_a_step_is_written_with_delta_and_input_as_in_the_books_table() -> None:
    """Han and Kamber, table 9.3: -0.3 + (0.9)(0.1311)(0.332) = -0.261, and 0.1 + (0.9)(0.1311) = 0.218."""
    text = sb.derive(in_deltas(HAN_KAMBER)).to_text()
    assert "w_46^+ = w_46 + l * Err_6 * O_4\n         ≈ -0.3 + 0.9 * 0.1312 * 0.3318 ≈ -0.2608" in text
    assert "θ_6^+  = θ_6 + l * Err_6 ≈ 0.1 + 0.9 * 0.1312 ≈ 0.2181" in text
    assert "all deltas are those at the old parameters" in text


def test_the_input_comes_first_where_the_author_has_it_so() -> None:
    """Negnevitsky, section 6.4: the correction of w_35 is alpha times y_3 times delta_5."""
    text = sb.derive(in_deltas(NEGNEVITSKY, "delta_first = false")).to_text()
    assert "w_35^+ = w_35 + α * y_3 * δ_5" in text
    assert "θ_5^+  = θ_5 - α * δ_5" in text


def test_with_numbers_as_printed_the_step_is_worked_out_from_the_printed_delta() -> None:
    """Err_6, 0.1 to more digits, is (1 - 0.5) * 0.5 * (1 - 0.5) ≈ 0.2 of what is printed before."""
    network = in_deltas(HAN_KAMBER + "[document]\ndecimals = 1\ncarry = 'printed'\n")
    text = sb.derive(network).to_text()
    assert "w_46^+ = w_46 + l * Err_6 * O_4 ≈ -0.3 + 0.9 * 0.2 * 0.3 ≈ -0.2" in text


def test_the_new_values_are_those_of_the_steps_by_gradients() -> None:
    """To 40 digits, over random networks with penalties, tied and frozen parameters and every rule."""
    written = 0
    for number in range(60):
        network = sb.Network.parse(drawn(number).to_toml())
        if len(network.inputs or ()) != 1:
            continue
        by_gradient, by_delta = (
            sb.derive(network.with_values({"notation.update": form})) for form in ("gradient", "delta")
        )
        values, others = by_gradient.evaluate(precision=40), by_delta.evaluate(precision=40)
        for equation in by_delta.system.equations:
            array = equation.target.array
            if array.phase is not Phase.NOW:
                pairs = zip(values.array(array), others.array(array), strict=True)
                assert all(abs(one - other) <= 1e-36 * max(abs(one), 1) for one, other in pairs)
                written += any(each.role is Role.DELTA for each in equation.reads)
    assert written > 20


def test_a_sum_over_observations_keeps_the_gradients_name() -> None:
    network = in_deltas(HAN_KAMBER.replace("[[1, 0, 1]]", "[[1, 0, 1], [0, 1, 1]]").replace("[[1]]", "[[1], [0]]"))
    assert kinds_of_steps(network) == {Map}
    assert kinds_of_steps(in_deltas(HAN_KAMBER)) == {SumOfProducts}


def kinds_of_steps(network: sb.Network) -> set[type]:
    return {type(each) for each in sb.derive(network).system.equations if each.target.array.phase is Phase.NEW}


def sigmoid(net: float) -> float:
    return 1 / (1 + math.exp(-net))


@pytest.mark.parametrize(
    ("rate", "mistake"),
    [(-0.9, "the step goes along the gradient, not against it"), (1, "without the learning rate")],
)
def test_a_mistake_in_the_step_is_named(rate: float, mistake: str) -> None:
    first, second = sigmoid(0.2 - 0.5 - 0.4), sigmoid(-0.3 + 0.2 + 0.2)
    out = sigmoid(-0.3 * first - 0.2 * second + 0.1)
    printed = f"{-0.3 + rate * (1 - out) * out * (1 - out) * first:.6f}"
    (finding,) = audit(Claims((Claim("new:w_46", printed),)), in_deltas(HAN_KAMBER))
    assert finding.verdict == "wrong"
    assert mistake in (finding.diagnosis or "")


@pytest.mark.engine
def test_the_workbook_steps_by_deltas_too(tmp_path: Path) -> None:
    book = tmp_path / "book.xlsx"
    sb.derive(in_deltas(HAN_KAMBER)).to_workbook(book, steps=3)
    assert run("verify", book).status == 0
