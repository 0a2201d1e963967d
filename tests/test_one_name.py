"""A layer whose activation is the identity, and whose net and out have one name: ``ŷ = w x + b`` is one equation.

The same networks with two names are the second method: what has a number there has the same number here.
"""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path

import pytest

import symbackprop as sb
from symbackprop.errors import DescriptionError
from symbackprop.report.structures import evaluation
from symbackprop.workbook.verifying import verified
from tests.engines import need_ironcalc
from tests.models import Pick
from tests.networks import drawn

LINE = r"""
[notation]
input = "x"
weight = "w"
bias = "b"
output = '\hat{y}'
output_net = '\hat{y}'
target = "y"
loss = "L"
[inputs]
values = [[1], [2], [3]]
[targets]
values = [[2], [4], [5]]
[[layers]]
units = 1
activation = "identity"
weights = [[0.5]]
bias = [0.1]
[loss]
name = "squared_error"
factor = 1
[update]
rule = "gradient_descent"
learning_rate = 0.1
"""
ONE_NAME = '[notation]\nnet = "h_{unit}^({layer})"\nout = "h_{unit}^({layer})"\n'
SAMPLE = range(24)
ROUNDING = 1e-12  # one link fewer is one rounding fewer
IDENTITY = Pick("identity", {})


def same(one: float | None, other: float | None) -> bool:
    """Whether both are one number, or both too large for one."""
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=ROUNDING, abs_tol=ROUNDING)


def test_the_forward_equation_has_one_name_and_the_chain_no_link_of_1() -> None:
    derivation = sb.derive(sb.Network.parse(LINE))
    text = derivation.to_text()
    assert "\n  ŷ@n = w * x@n + b\n" in text
    assert "\n  dL/dŷ@n = 2 * (ŷ@n - y@n) / 3\n" in text  # an author with no letter for deltas has a derivative
    assert "δ" not in text
    assert str(derivation.gradient("b").chain).startswith("dL/db = dL/dŷ@0 * dŷ/db@0 + dL/dŷ@1 * dŷ/db@1")
    assert "dŷ/dŷ" not in text
    assert "\n  ŷ         = x W^(1)ᵀ + ones b^(1)ᵀ\n" in text  # the array of the outputs has their name too


def test_a_first_link_says_what_it_is_equal_to_and_not_a_deltas_name() -> None:
    shown = sb.derive(sb.Network.parse(LINE)).rendered("text", of=["w"], form="chain")
    assert "\n  dL/dŷ@0 = 2 * (ŷ@0 - y@0) / 3 = 2 * (0.6000 - 2) / 3 ≈ -0.9333\n" in shown


def test_the_numbers_of_a_line_through_three_points() -> None:
    """By hand: outs 0.6, 1.1, 1.6; differences -1.4, -2.9, -3.4; their squares add up to 21.93."""
    values = sb.derive(sb.Network.parse(LINE)).evaluate(exact=True)
    assert [str(values[name]) for name in ("L", "dL/dw", "dL/db", "dE/dout[1][0]@1")] == [
        "731/100",
        "-58/5",
        "-77/15",
        "-29/15",
    ]
    assert str(values["dout/dnet[1][0]@1"]) == "1"


@pytest.mark.parametrize("number", SAMPLE)
def test_every_quantity_has_the_number_that_it_has_under_two_names(number: int) -> None:
    model = drawn(number)
    layers = [replace(each, activation=IDENTITY) for each in model.layers[:-1]]
    free = model.loss.pick.name not in ("cross_entropy", "binary_cross_entropy")
    last = replace(model.layers[-1], activation=IDENTITY) if free else model.layers[-1]
    plain = replace(model, layers=(*layers, last)).to_toml()
    own = "" if free else 'output = "o_{unit}"\noutput_net = "z_{unit}"\n'
    two, one = sb.derive(sb.Network.parse(plain)), sb.derive(sb.Network.parse(f"{plain}\n{ONE_NAME}{own}"))
    before, after = two.evaluate(), one.evaluate()
    fewer = len(before.derivation.now.equations) - len(after.derivation.now.equations)
    assert fewer == len(layers) + free
    there, here = evaluation(before)["neutral"], evaluation(after)["neutral"]
    slopes = {name for name in there if name.startswith("dout/dnet")}
    assert [name for name in there.keys() - slopes if not same(here[name], there[name])] == []


@pytest.mark.engine
@pytest.mark.parametrize("layout", ["sheets", "rows"])
def test_every_cell_of_the_workbook_is_right_in_another_engine(layout: str, tmp_path: Path) -> None:
    need_ironcalc()
    book = tmp_path / "book.xlsx"
    sb.derive(sb.Network.parse(LINE)).to_workbook(book, steps=2, layout=layout)
    found = verified(str(book), "ironcalc")
    assert found, found.text()


def test_an_author_with_a_letter_for_deltas_keeps_it() -> None:
    text = sb.derive(sb.Network.parse(LINE.replace('target = "y"', 'target = "y"\ndelta = "d"'))).to_text()
    assert "such as d@n, is the derivative of the loss by its output ŷ@n." in text
    assert re.search(r"^  d@n +=( .* =)? 2 \* \(ŷ@n - y@n\) / 3$", text, re.MULTILINE)


def test_a_derivative_that_is_a_delta_too_is_told_by_its_own_equation() -> None:
    shown = sb.derive(sb.Network.parse(LINE)).rendered("text", of=["dL/dŷ@1"])
    assert shown.strip() == "dL/dŷ@1 = 2 * (ŷ@1 - y@1) / 3 = 2 * (1.100 - 4) / 3 ≈ -1.933"


def test_one_name_for_a_net_and_its_sigmoid_is_refused() -> None:
    message = "change notation.output_net or notation.output; one name stands for both only where .* identity"
    with pytest.raises(DescriptionError, match=message):
        sb.derive(sb.Network.parse(LINE.replace("identity", "sigmoid")))


def test_parts_of_a_loss_have_its_letter() -> None:
    text = sb.derive(sb.Network.parse(LINE)).to_text()
    assert "\n  L_1@n = (ŷ@n - y@n)^2 / 3\n" in text


def test_what_there_is_one_of_is_named_by_its_index_and_not_summed_over() -> None:
    text = sb.derive(sb.Network.parse(LINE)).to_text()
    assert "\n  L     = Σ_n L_1@n\n" in text
    assert text.count("w^+ = w - η * dL/dw") == 1
