"""Kinks in cells, hit on purpose: a spreadsheet decides by its own numbers, and all behind has to follow from that."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import openpyxl
import pytest

from symbackprop.derivation import derive
from symbackprop.errors import KinkError
from symbackprop.network import Network
from symbackprop.quantities import Quantity
from symbackprop.values import evaluate
from symbackprop.workbook import workbook_bytes
from symbackprop.workbook.building import planned
from symbackprop.workbook.contents import Formula
from symbackprop.workbook.engines import Cells
from symbackprop.workbook.kinks import as_sided
from symbackprop.workbook.verifying import differing
from symbackprop.workbook.writer import book_bytes
from tests.conftest import FULL
from tests.engines import by_ironcalc, by_libreoffice
from tests.kinked import KINKED_ACTIVATIONS, KINKED_LOSSES, KINKED_PENALTIES, RULES
from tests.running import run

# Where the kink is hit: exactly but not in floats (0.1*3 - 0.3), by numbers that are 0, or not quite.
NETS = {"by rounding": (3, -0.3), "as it is": (0, 0), "not quite": (3, '"-0.29999999999999999999"')}
# What stands in the description, and the derivative that has a kink with its slopes below and above.
KINKS = {
    "relu": ('activation = {{ name = "relu", at_kink = {} }}', "", "dout/dnet[1][0]", (0, 1)),
    "leaky_relu": ('activation = {{ name = "leaky_relu", at_kink = {} }}', "", "dout/dnet[1][0]", (0.01, 1)),
    "elu": ('activation = {{ name = "elu", alpha = 0.5, at_kink = {} }}', "", "dout/dnet[1][0]", (0.5, 1)),
    "abs": ('activation = {{ formula = "abs(x)", at_kink = {} }}', "", "dout/dnet[1][0]", (-1, 1)),
    "max": ('activation = {{ formula = "max(x, 0)", at_kink = {} }}', "", "dout/dnet[1][0]", (0, 1)),
    "absolute error": ("", 'name = "absolute_error"\nat_kink = {}', "dE/dout[1][0]", (-1, 1)),
    "l1": ("", 'name = "squared_error"\n[penalty]\nkind = "l1"\nstrength = 1\nat_kink = {}', "dE/dw[1][0][0]", (-1, 1)),
}
ALL = [each for each in product(KINKS, RULES, NETS) if each[0] != "l1" or each[2] == "as it is"]
CASES = ALL if FULL else ALL[::4]


def test_every_kinked_entry_of_the_catalogue_is_among_the_cases() -> None:
    texts = [activation + loss for activation, loss, *_ in KINKS.values()]
    for name in (*KINKED_ACTIVATIONS, *KINKED_LOSSES, *KINKED_PENALTIES):
        assert any(f'"{name}"' in text for text in texts), name


def description(kink: str, rule: str, net: str) -> str:
    activation, loss, *_ = KINKS[kink]
    weight, bias = NETS[net]
    return f"""
        [inputs]
        values = [[0.1]]
        [targets]
        values = [[0]]
        [[layers]]
        units = 1
        weights = [[{weight}]]
        bias = [{bias}]
        {activation.format(rule) or 'activation = "identity"'}
        [loss]
        {loss.format(rule) or 'formula = "3*out"'}
        [update]
        rule = "gradient_descent"
        learning_rate = 0.5
        """


class Case:
    """One network at a kink: its plan, its numbers, and the slope's cell."""

    def __init__(self, kink: str, rule: str, net: str) -> None:
        self.net, self.rule = net, RULES[rule]
        self.slopes = KINKS[kink][3]
        self.values = evaluate(derive(Network.parse(description(kink, rule, net))))
        self.book = planned(self.values.derivation, self.values, steps=0)
        self.slope = self.values.names.resolve(KINKS[kink][2])
        assert isinstance(self.slope, Quantity)

    def problems(self, found: Cells) -> list[str]:
        """What an engine's cells have against the rule, or against the side that they are on themselves."""
        (place,) = [
            (sheet, row, column)
            for sheet, row, column, content in self.book.cells()
            if isinstance(content, Formula) and content.of == self.slope and not content.where
        ]
        penalty = self.values["dE/dnet[1][0]"] * 0.1 if self.slope.array.wrt.role.value == "w" else 0.0  # type: ignore
        slope = found[place] - penalty  # type: ignore[operator]
        allowed = [self.rule] if self.net == "as it is" else [self.rule, self.slopes[1]]
        wrong = [] if any(slope == pytest.approx(each, rel=1e-14) for each in allowed) else [f"the slope is {slope}"]
        sided = as_sided(self.book, self.values, found)
        book = self.book if sided is self.values else planned(self.values.derivation, sided, steps=0)
        return wrong + [f"{where} {what}" for where, _, what in differing(book, sided, found)]


@pytest.mark.full
@pytest.mark.parametrize(("kink", "rule", "net"), CASES)
def test_ironcalc_takes_the_rule_at_a_kink(kink: str, rule: str, net: str) -> None:
    case = Case(kink, rule, net)
    assert case.problems(by_ironcalc(book_bytes(case.book))) == []


@pytest.mark.full
@pytest.mark.engine
def test_libreoffice_takes_the_rule_at_a_kink() -> None:
    cases = {each: Case(*each) for each in CASES}
    found = by_libreoffice(*(book_bytes(case.book) for case in cases.values()))
    wrong = {each: case.problems(cells) for (each, case), cells in zip(cases.items(), found, strict=True)}
    assert {each: what for each, what in wrong.items() if what} == {}


def test_a_net_that_is_not_quite_0_is_0_to_ironcalc_and_all_behind_follows() -> None:
    case = Case("relu", "0", "not quite")
    found = by_ironcalc(book_bytes(case.book))
    sided = as_sided(case.book, case.values, found)
    assert isinstance(case.slope, Quantity)
    assert (case.values.of(case.slope), sided.of(case.slope)) == (1, 0)
    assert sided["new:w[1][0][0]"] != case.values["new:w[1][0][0]"]


def test_a_wrong_slope_at_a_kink_is_not_taken_for_a_side() -> None:
    case = Case("relu", '"1/2"', "not quite")
    found = dict(by_ironcalc(book_bytes(case.book)))
    (place,) = [
        (sheet, row, column)
        for sheet, row, column, content in case.book.cells()
        if isinstance(content, Formula) and content.of == case.slope and not content.where
    ]
    found[place] = 0.25
    assert [where for where, *_ in differing(case.book, as_sided(case.book, case.values, found), found)][:1] == [place]


@pytest.mark.parametrize("kink", [kink for kink in KINKS if kink != "l1"])
def test_a_book_at_a_kink_without_a_slope_is_refused(kink: str) -> None:
    derivation = derive(Network.parse(description(kink, '"error"', "as it is")))
    with pytest.raises(KinkError, match="kink"):
        workbook_bytes(derivation, evaluate(derivation))


def test_a_book_edited_to_a_kink_without_a_slope_shows_na_and_is_not_verified(tmp_path: Path) -> None:
    derivation = derive(Network.parse(description("relu", '"error"', "as it is").replace("bias = [0]", "bias = [1]")))
    values = evaluate(derivation)
    path = tmp_path / "book.xlsx"
    path.write_bytes(workbook_bytes(derivation, values))
    assert run("verify", path).status == 0
    book = openpyxl.load_workbook(path)
    (bias,) = [row[1] for row in book["Network"].iter_rows() if row[1].value == 1]
    bias.value = 0
    book.save(path)
    found = by_ironcalc(path.read_bytes())
    places = {
        content.of: (sheet, row, column)
        for sheet, row, column, content in planned(derivation, values).cells()
        if isinstance(content, Formula) and not content.where
    }
    names = values.names
    shown = {name: found[places[names.resolve(name)]] for name in ("out[1][0]", "dout/dnet[1][0]", "dE/dw[1][0][0]")}  # type: ignore[index]
    assert shown == {"out[1][0]": 0.0, "dout/dnet[1][0]": "#N/A", "dE/dw[1][0][0]": "#N/A"}
    ran = run("verify", path)
    assert (ran.status, "kink" in ran.err) == (3, True)
