"""LaTeX to be put into somebody's paper: it fits a narrow column, and its labels live as long as its equations."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

import symbackprop as sb
from symbackprop.documents.lengths import points
from symbackprop.errors import InputError, TooLarge
from tests.conftest import FULL
from tests.examples import EXAMPLES, FORMS, ROOT, derived
from tests.networks import drawn
from tests.running import run

COLUMN = "8.5cm"  # of a page of two
MOST_OVERFULL = 1.0  # points
RANDOM = range(0, 100, 2) if FULL else range(0, 100, 20)
HEAD = (
    "\\documentclass{article}\n\\usepackage{amsmath}\n"
    f"\\setlength{{\\textwidth}}{{{COLUMN}}}\n\\begin{{document}}\n"
)


def assert_fits(fragments: list[str], folder: Path) -> None:
    program = shutil.which("pdflatex")
    if program is None:
        pytest.skip("pdflatex is not installed")
    (folder / "column.tex").write_text(HEAD + "\n".join(fragments) + "\\end{document}\n", encoding="ascii")
    command = [program, "-interaction=nonstopmode", "-halt-on-error", "column.tex"]
    ran = subprocess.run(command, cwd=folder, capture_output=True, timeout=300)
    log = ran.stdout.decode(errors="replace")
    assert ran.returncode == 0, log[-1500:]
    assert "multiply defined" not in log
    widths = [float(found) for found in re.findall(r"Overfull \\hbox \(([\d.]+)pt", log)]
    assert all(each <= MOST_OVERFULL for each in widths), widths


def fragments(derivation: sb.Derivation, forms: list[str | None]) -> list[str]:
    made = []
    for form in forms:
        try:
            made.append(derivation.to_latex(form=form, fragment=True, width=COLUMN, label_prefix=f"{form}:"))
        except (TooLarge, InputError):
            continue  # this form of this network is refused
    return made


@pytest.mark.engine
def test_fragments_of_the_examples_fit_a_narrow_column(tmp_path: Path) -> None:
    for name in EXAMPLES:
        made = fragments(derived(name), [None, *FORMS] if FULL or name in ("russo", "math-note") else [None])
        assert made
        assert_fits([each.replace("{None:", f"{{{name}:") for each in made], tmp_path)


@pytest.mark.full
@pytest.mark.engine
def test_fragments_of_random_networks_fit_a_narrow_column(tmp_path: Path) -> None:
    for number in RANDOM:
        derivation = sb.derive(sb.Network.parse(drawn(number).to_toml()))
        made = fragments(derivation, [None])
        assert len(made) == 1
        assert_fits(made, tmp_path)


def labels(source: str) -> list[str]:
    return re.findall(r"\\label\{([^}]*)\}", source)


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_numbered_equation_has_one_label_and_no_two_the_same(name: str) -> None:
    source = derived(name).to_latex(fragment=True)
    found = labels(source)
    assert len(found) == len(set(found)) > 5
    rows = [
        row
        for block in re.findall(r"\\begin\{align\}\n(.*?)\n\\end\{align\}", source, re.S)
        for row in block.split("\n")
    ]
    assert all((r"\notag" in row) != (r"\label" in row) for row in rows)
    assert all(re.fullmatch(r"bp:[A-Za-z0-9:./@+-]+", each) for each in found)


def test_a_label_depends_on_the_equation_and_not_on_values_or_notation() -> None:
    derivation = derived("russo")
    other = sb.derive(derivation.network.with_values({"notation": "mazur", "update.learning_rate": "0.01"}))
    one, another = (set(labels(each.to_latex())) for each in (derivation, other))
    for label in ("bp:net.1.0", "bp:dE/dw.1.0.0", "bp:delta.2.1", "bp:after:loss", "bp:new:w.2.0.1", "bp:matrix:net.1"):
        assert label in one & another
    assert derivation.to_latex() == derivation.to_latex()


def test_the_prefix_of_labels_can_be_chosen_and_cannot_be_a_command() -> None:
    found = labels(derived("russo").to_latex(label_prefix="eq:russo-"))
    assert len(found) > 5
    assert all(each.startswith("eq:russo-") for each in found)
    for wrong in ("}\\input{a}", "a_b", "50%", "é", "x" * 41):
        with pytest.raises(InputError, match="prefix"):
            derived("russo").to_latex(label_prefix=wrong)


def test_widths_are_lengths_of_a_column() -> None:
    assert [round(points(each), 1) for each in ("8.5cm", "85mm", "3in", "240pt", 240, "240")] == [
        241.8, 241.8, 216.8, 240, 240, 240,
    ]  # fmt: skip
    for wrong in ("8.5", "cm", "-3in", "1e3pt", "nan", "inf", "300 furlongs", "99999cm", "", True):
        with pytest.raises(InputError, match="width"):
            points(wrong)
    with pytest.raises(InputError, match="goes with latex"):
        derived("russo").to_text(width="8cm")


def test_the_command_line_takes_a_width_and_a_prefix() -> None:
    path = ROOT / "examples" / "kadakia.toml"
    ran = run("derive", path, "--to", "latex", "--fragment", "--width", COLUMN, "--label-prefix", "eq:")
    assert ran.status == 0
    assert ran.out.splitlines()[0].endswith("needs amsmath; for a column of 241.848pt")
    assert r"\label{eq:dE/dw.1.0.0}" in ran.out
    assert "\\usepackage" not in ran.out
    assert run("derive", path, "--to", "latex", "--width", "wide").status == 3
    assert run("derive", path, "--to", "text", "--width", COLUMN).status == 2


def test_one_gradient_one_equation_and_one_law_are_latex_of_their_own() -> None:
    derivation = derived("russo")
    gradient = derivation.gradient("w_10").to_latex(form="delta", numbers=False)
    assert gradient.count(r"\begin{align}") == 1
    assert r"\frac{\partial E_{\mathrm{total}}}{\partial w_{10}} &= \delta_{o1} \ast \mathit{out}_{h1}" in gradient
    law = derivation.equation("net[1]").to_latex(numbers=False)
    assert r"\sum_{k}" in law
    assert r"\label{bp:law:net.1}" in law
    one = derivation.equation("net[1][0]").to_latex(numbers=False)
    assert labels(one) == ["bp:net.1.0"]
    with pytest.raises(InputError, match="it has no equation"):
        derivation.equation("w_1")
