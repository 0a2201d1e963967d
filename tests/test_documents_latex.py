"""LaTeX documents compile, fit their page, and their widths are estimated well enough for that."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

import symbackprop as sb
from symbackprop.documents.latex import escaped
from symbackprop.documents.markdown import escaped as escaped_markdown
from symbackprop.documents.widths import broken, width
from tests.conftest import FULL
from tests.examples import EXAMPLES, FORMS, HOSTILE, derived
from tests.networks import drawn

MOST_OVERFULL = 1.0  # points


def compiled(sources: list[str], folder: Path) -> list[str]:
    """The log of each source, which must compile."""
    program = shutil.which("pdflatex")
    if program is None:
        pytest.skip("pdflatex is not installed")
    logs = []
    for number, source in enumerate(sources):
        path = folder / f"document{number}.tex"
        path.write_text(source, encoding="ascii", newline="\n")
        run = subprocess.run(
            [program, "-interaction=nonstopmode", "-halt-on-error", path.name],
            cwd=folder,
            capture_output=True,
            timeout=120,
        )
        log = run.stdout.decode(errors="replace")
        assert run.returncode == 0, log[-1500:]
        logs.append(log)
    return logs


@pytest.mark.engine
@pytest.mark.parametrize("name", EXAMPLES)
def test_documents_compile_without_overfull_boxes(name: str, tmp_path: Path) -> None:
    derivation = derived(name)
    forms = [None, *FORMS] if name in ("russo", "happydustbunny") else [None, "closed"]
    sources = [derivation.rendered("latex", form=form) for form in forms]
    sources.append(derivation.rendered("latex", numbers=False))
    fragment = derivation.rendered("latex", fragment=True)
    head = "\\documentclass{article}\n\\usepackage{amsmath}\n\\begin{document}\n"
    sources.append(f"{head}{fragment}\\end{{document}}\n")
    for log in compiled(sources, tmp_path):
        widths = [float(found) for found in re.findall(r"Overfull \\hbox \(([\d.]+)pt", log)]
        assert all(each <= MOST_OVERFULL for each in widths), widths


@pytest.mark.engine
@pytest.mark.full
@pytest.mark.parametrize("start", range(0, 24 if FULL else 2, 2))
def test_documents_of_random_networks_compile_without_overfull_boxes(start: int, tmp_path: Path) -> None:
    networks = [sb.Network.parse(drawn(number).to_toml()) for number in (start, start + 1)]
    for log in compiled([sb.derive(network).to_latex() for network in networks], tmp_path):
        widths = [float(found) for found in re.findall(r"Overfull \\hbox \(([\d.]+)pt", log)]
        assert all(each <= MOST_OVERFULL for each in widths), widths


@pytest.mark.engine
def test_hostile_titles_compile(tmp_path: Path) -> None:
    body = "\n\n".join(escaped(each) for each in HOSTILE)
    compiled([f"\\documentclass{{article}}\n\\begin{{document}}\n{body}\n\\end{{document}}\n"], tmp_path)


def test_escaped_text_has_no_commands_of_its_own() -> None:
    assert escaped(r"\input{a}") == r"\textbackslash{}input\{a\}"
    assert escaped("50% of $x_1 & #2") == r"50\% of \$x\_1 \& \#2"
    assert escaped("é ß 😀") == r"\'{e} \ss{} \texttt{U+1F600}"
    assert escaped_markdown("# <b> *x* [a](b) $y$ a_b") == r"\# &lt;b&gt; \*x\* \[a\](b) \$y\$ a\_b"


def test_a_formula_is_broken_before_its_outermost_signs() -> None:
    long = " + ".join(rf"w_{{{number}}} \, (x_{{{number}}} - t_{{{number}}})" for number in range(12))
    rows = broken(long, 200)
    assert len(rows) > 1
    assert all(width(row) <= 200 for row in rows)
    assert all(row.startswith("+ ") for row in rows[1:])
    assert " ".join(rows) == long


def test_a_long_product_is_broken_between_factors() -> None:
    product = r" \, ".join(rf"(1 - w_{{{number}}})" for number in range(12))
    rows = broken(product, 150)
    assert len(rows) > 1
    assert all(width(row) <= 150 for row in rows)
    assert all(row.startswith(r"\cdot ") for row in rows[1:])


@pytest.mark.engine
def test_estimated_widths_are_near_the_real_ones(tmp_path: Path) -> None:
    formulas = []
    for name in ("math-note", "russo", "esuli", "kadakia", "softmax-classifier"):
        source = derived(name).rendered("latex")
        blocks = re.findall(r"\\begin\{align\}\n(.*?)\n\\end\{align\}", source, re.S)
        rows = [re.sub(r" (\\notag|\\label\{[^}]*\})$", "", row) for block in blocks for row in block.split(" \\\\\n")]
        formulas += [row.partition("&")[2].removeprefix(r"\quad ").strip() for row in rows]
    formulas = [each for each in dict.fromkeys(formulas) if each.count("{") == each.count("}") and each]
    boxes = "\n".join(rf"\sbox0{{$\displaystyle{{}}{each}$}}\typeout{{W:\the\wd0}}" for each in formulas)
    head = "\\documentclass{article}\n\\usepackage{amsmath}\n\\begin{document}\n"
    (log,) = compiled([f"{head}{boxes}\nx\\end{{document}}\n"], tmp_path)
    real = [float(each) for each in re.findall(r"W:([\d.]+)pt", log)]
    assert len(real) == len(formulas) > 400
    for formula, points in zip(formulas, real, strict=True):
        if points > 60:
            assert 0.94 <= width(formula) / points <= 1.2, (formula, points)
