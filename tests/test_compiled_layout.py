"""How generated sources look: no line too wide, and the same code as without cuts."""

from __future__ import annotations

import ast

import pytest

import symbackprop as sb
from symbackprop.compiled import TARGETS, source
from symbackprop.compiled.arrays import array_source
from symbackprop.compiled.layout import fitted
from symbackprop.compiled.program import program_of
from symbackprop.compiled.python import python_source
from symbackprop.compiled.statements import Program
from tests.compiling import core

WIDEST = 120  # columns: what this project's own lines have at most
CUT = """
    const double E_1 = (t_1 * (larger(-net_output_1, 0.0) + log1p(exp(-fabs(-net_output_1)))) + u2_0 * larger(net_1, 0.0)) / 2.0;
    W1 = [[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0], [10.0, 11.0, 12.0, 13.0, 14.0, 15.0, 16.0, 17.0], [18.0, 19.0, 20.0]]
"""  # noqa: E501
AS_CUT = """
    const double E_1 = (t_1 * (larger(-net_output_1, 0.0) + log1p(exp(-fabs(-net_output_1))))
        + u2_0 * larger(net_1, 0.0)) / 2.0;
    W1 = [[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0], [10.0, 11.0, 12.0, 13.0, 14.0, 15.0, 16.0, 17.0],
        [18.0, 19.0, 20.0]]
"""


def _network(units: int) -> sb.Network:
    """A classifier with a penalty, a tied weight, and rows of many numbers: long sums, long rows, long choices."""
    return sb.Network(
        inputs=[[0.5] * 5], targets=[[1, 0, 0]], loss="cross_entropy",
        layers=[
            {"units": units, "activation": "gelu", "bias": [0.1] * units,
             "weights": [["w_shared", *[0.25 * each for each in range(4)]] for _ in range(units)]},
            {"units": 3, "activation": "softmax", "weights": [[0.125] * units] * 3},
        ],
        parameters={"w_shared": 0.3}, penalty={"kind": "l2", "strength": 0.1},
    )  # fmt: skip


def _programs() -> list[Program]:
    return [program_of(core(_network(units))) for units in (5, 30)]  # straight lines, and loops


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("units", [5, 30])
def test_no_line_of_a_source_is_too_wide_or_ends_in_blanks(target: str, units: int) -> None:
    lines = source(core(_network(units)), target).split("\n")
    assert [line for line in lines if len(line) > WIDEST or line != line.rstrip()] == []


@pytest.mark.parametrize("target", TARGETS)
def test_many_parameters_fit_into_lines_too(target: str) -> None:
    names = [f"p_{number}" for number in range(60)]
    program = (
        'loss = "L"\n[inputs]\nx = [1]\n[parameters]\n' + "\n".join(f"{name} = 1" for name in names)
        + f'\n[[equations]]\nname = "L"\nformula = "{" + ".join(f"{name} * x" for name in names)}"\n'
    )  # fmt: skip
    assert [line for line in source(core(sb.Network.parse(program)), target).split("\n") if len(line) > WIDEST] == []


@pytest.mark.parametrize("write", [python_source, array_source])
def test_cut_lines_and_comments_are_the_code_that_runs(write: object) -> None:
    assert callable(write)
    for program in _programs():
        shown, run = (ast.dump(ast.parse(write(program, commented=each))) for each in (True, False))
        assert shown == run


def test_a_line_is_cut_before_its_loosest_operator_and_behind_commas() -> None:
    assert fitted(CUT, brackets=False) == AS_CUT


def test_cutting_changes_blanks_alone() -> None:
    text = source(core(_network(5)), "c")
    assert "".join(fitted(text.replace("\n        ", " "), brackets=False).split()) == "".join(text.split())


def test_equal_branches_are_written_once() -> None:
    """Of a classifier's loss, the log of a unit's share is the same formula above the largest net as below it."""
    lines = python_source(_programs()[0], commented=False).split("\n")
    assert {line.count("+ log(") for line in lines} == {0, 1}


def test_parts_with_arrays_of_their_own_say_what_they_are() -> None:
    for target, mark in (("python", "# "), ("numpy", "# "), ("c", "/* ")):
        text = source(core(_network(5)), target)
        assert f"{mark}shared_1@n = max_i net_oi@n" in text
        assert f"{mark}shared_2_j@n = exp(net_oj@n - shared_1@n)" in text
