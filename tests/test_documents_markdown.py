"""Markdown: each reader's flavour, mathematics that KaTeX takes in its strict mode, and the way to Word."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

import symbackprop as sb
from symbackprop.cli import main
from symbackprop.commands.derive import FLAVOURS as OFFERED
from symbackprop.documents.markdown import FLAVOURS, SCREEN
from symbackprop.documents.typeset import grouped, widest
from symbackprop.errors import InputError
from tests.conftest import FULL
from tests.engines import missing
from tests.examples import EXAMPLES, FORMS, ROOT, derived, repr_toml
from tests.networks import drawn

KATEX = Path(os.environ.get("SYMBACKPROP_KATEX") or ROOT / "build" / "katex" / "node_modules" / "katex")
INSTALL_KATEX = "npm install --prefix build/katex katex"
# Reads a list of {tex, display} and writes the messages of those that KaTeX refuses.
SCRIPT = """
const katex = require(process.argv[1]);
const wrong = [];
for (const { tex, display } of JSON.parse(require("fs").readFileSync(0))) {
  try { katex.renderToString(tex, { displayMode: display, strict: "error", throwOnError: true }); }
  catch (error) { wrong.push([error.message, tex]); }
}
console.log(JSON.stringify(wrong));
"""
GITHUB = re.compile(r"^```math\n(.*?)\n```$|\$`(.*?)`\$", re.DOTALL | re.MULTILINE)
DOLLARS = re.compile(r"^\$\$\n(.*?)\n\$\$$|(?<![\\$])\$((?:[^$\\]|\\.)+)\$", re.DOTALL | re.MULTILINE)


def formulas(markdown: str, flavour: str = "github") -> set[tuple[str, bool]]:
    """Every formula, and whether it is a display."""
    pattern = GITHUB if flavour == "github" else DOLLARS
    return {(found[1] or found[2], found[1] is not None) for found in pattern.finditer(markdown)}


def refused_by_katex(found: set[tuple[str, bool]]) -> list[list[str]]:
    node = shutil.which("node")
    if node is None or not KATEX.is_dir():
        missing("node with katex", INSTALL_KATEX)
    given = json.dumps([{"tex": tex, "display": display} for tex, display in sorted(found)])
    run = subprocess.run(
        [str(node), "-e", SCRIPT, str(KATEX)], input=given.encode(), capture_output=True, check=True, timeout=120
    )
    wrong: list[list[str]] = json.loads(run.stdout)
    return wrong


@pytest.mark.engine
def test_katex_takes_the_mathematics_of_every_example() -> None:
    found: set[tuple[str, bool]] = set()
    for name in EXAMPLES:
        forms = [None, *FORMS] if name in ("russo", "happydustbunny") else [None]
        for form in forms:
            found |= formulas(derived(name).to_markdown(form=form))
    assert len(found) > 400
    assert refused_by_katex(found) == []


@pytest.mark.engine
@pytest.mark.full
def test_katex_takes_the_mathematics_of_random_networks() -> None:
    found: set[tuple[str, bool]] = set()
    for number in range(60 if FULL else 3):
        found |= formulas(sb.derive(sb.Network.parse(drawn(number).to_toml())).to_markdown())
    assert len(found) > 50
    assert refused_by_katex(found) == []


@pytest.mark.engine
def test_katex_refuses_what_is_not_its_tex() -> None:
    assert len(refused_by_katex({(r"\frac{1}", True), (r"\begin{align}", True), (r"é", False), ("x", False)})) == 3


@pytest.mark.parametrize("flavour", [each for each, its in FLAVOURS.items() if its.aligned])
def test_every_reader_of_tex_gets_the_same_formulas(flavour: str) -> None:
    usual = derived("russo").to_markdown()
    own = derived("russo").to_markdown(flavour=flavour)
    assert formulas(own, flavour) == formulas(usual)
    assert ("```" in own) == (flavour == "github")


def sides(markdown: str, flavour: str) -> set[tuple[str, str]]:
    """Every side of the equations without matrices, with the left side of its equation."""
    found: set[tuple[str, str]] = set()
    displays = [tex for tex, display in formulas(markdown, flavour) if display and "matrix" not in tex]
    for tex in displays:
        rows = re.sub(r"\\(begin|end)\{(aligned|array)\}(\{l\})?", "", tex).replace("∗", r"\ast").strip()
        joined = re.sub(r" \\\\(\[4pt\])?\n&?\s*(?=\\quad|=|\\approx)(\\quad (?:\{\} )?)?", " ", rows).replace("&", "")
        for equation in re.split(r" \\\\(?:\[4pt\])?\n", joined):
            left, *others = re.split(r" (?:=|\\approx) ", equation)
            found |= {(left, other) for other in others}
    return {each for each in found if not re.search(r"\\(mathbf|boldsymbol)", "".join(each))}


@pytest.mark.parametrize("name", ["russo", "math-note", "recurrent"])
def test_a_word_processor_gets_every_side_of_an_equation_by_itself(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """LibreOffice shows a mark of error for a row that begins with a relation, as those of an aligned display do."""
    usual, own = derived(name).to_markdown(), derived(name).to_markdown(flavour="pandoc")
    assert r"\begin{aligned}" not in own
    assert not re.search(r"^\s*(\\quad\s*)?(=|\\approx)", own, re.MULTILINE)
    assert len(sides(usual, "github")) > 30
    # In as wide a window as others have, for a product that is broken for want of room is written with other signs.
    monkeypatch.setitem(FLAVOURS, "pandoc", replace(FLAVOURS["pandoc"], room=SCREEN))
    assert sides(derived(name).to_markdown(flavour="pandoc"), "pandoc") == sides(usual, "github")


@pytest.mark.parametrize("name", EXAMPLES)
def test_no_row_is_wider_than_a_window(name: str) -> None:
    displays = [tex for tex, display in formulas(derived(name).to_markdown()) if display]
    assert displays
    for tex in displays:
        rows = [re.sub(r" \\\\(\[4pt\])?$", "", row) for row in tex.splitlines()[1:-1]]
        assert max(widest(grouped(rows))) <= SCREEN, tex


def test_the_numbers_of_equations_stand_in_a_column_of_their_own() -> None:
    network = derived("kadakia").network.with_values({"document.numbered": True})
    text = sb.derive(network).to_markdown()
    numbers = [int(each) for each in re.findall(r" && \((\d+)\)(?: \\\\(?:\[4pt\])?)?$", text, re.MULTILINE)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) > 30


def test_a_factor_stands_in_one_display_with_the_gradient_behind_it() -> None:
    displays = [tex for tex, display in formulas(derived("russo").to_markdown()) if display and r"\delta_{" in tex]
    assert len(displays) > 4
    for tex in displays:
        last = tex.splitlines()[-2]
        assert not last.startswith(r"\frac{\partial \mathit{net}"), tex


def test_a_row_that_begins_with_a_sign_has_its_spaces() -> None:
    """MathJax takes a sign at the start of a row for one in front of a number."""
    rows = [row for tex, _ in formulas(derived("batchnorm").to_markdown()) for row in tex.splitlines()]
    continued = [row for row in rows if row.startswith(r"&\quad")]
    assert continued
    assert all(row.startswith((r"&\quad {} + ", r"&\quad {} - ", r"&\quad {} \cdot ")) for row in continued)


def test_on_github_no_formula_is_read_as_markdown() -> None:
    """GitHub takes ``\\,`` and pairs of underscores between dollar signs for its own; code it leaves alone."""
    text = re.sub(r"^```mermaid\n.*?\n```$", "", derived("math-note").to_markdown(), flags=re.DOTALL | re.MULTILINE)
    text = GITHUB.sub("", text)
    assert "\\" not in text
    assert "$" not in text
    assert "_" not in text


def test_pandoc_gets_the_title_as_metadata() -> None:
    title = 'A "title": 50% of $x_1 # and <b>'
    network = derived("kadakia").network.with_values({"title": repr_toml(title)})
    first, second, third = sb.derive(network).to_markdown(flavour="pandoc").split("\n")[:3]
    assert (first, third) == ("---", "---")
    assert json.loads(second.removeprefix("title: ")) == r'A "title": 50% of \$x\_1 \# and &lt;b&gt;'


@pytest.mark.engine
@pytest.mark.parametrize("name", ["russo", "math-note", "softmax-classifier"])
def test_pandoc_makes_a_word_document_of_it(name: str, tmp_path: Path) -> None:
    program = shutil.which("pandoc")
    if program is None:
        missing("pandoc", "apt-get install pandoc")
    source, target = tmp_path / "note.md", tmp_path / "note.docx"
    derived(name).to_markdown(source, flavour="pandoc")
    run = subprocess.run([str(program), str(source), "-o", str(target)], capture_output=True, check=True, timeout=60)
    complaints = [each for each in run.stderr.decode().splitlines() if each.startswith("[WARNING]")]
    # It names each formula that it cannot convert, and where rsvg-convert is missing the picture.
    assert [each for each in complaints if not re.search(r"\.svg: .*rsvg-convert", each)] == []
    document = zipfile.ZipFile(target).read("word/document.xml").decode()
    displays = source.read_text(encoding="utf-8").count("\n$$\n") // 2
    assert document.count("<m:oMathPara>") == displays
    assert "<m:t>*</m:t>" not in document  # LibreOffice takes fractions on both sides of it for one
    assert "\\frac" not in document


def test_an_unknown_flavour_is_refused() -> None:
    with pytest.raises(InputError, match="unknown flavour 'git' of Markdown"):
        derived("russo").to_markdown(flavour="git")
    with pytest.raises(InputError, match="flavour goes with markdown, not with latex"):
        derived("russo").to_latex(flavour="github")


def test_the_command_writes_every_flavour(capsys: pytest.CaptureFixture[str]) -> None:
    assert tuple(FLAVOURS) == OFFERED
    network = str(ROOT / "examples" / "kadakia.toml")
    assert main(["derive", network, "--to", "markdown", "--flavour", "pandoc"]) == 0
    assert capsys.readouterr().out == derived("kadakia").to_markdown(flavour="pandoc")
    assert main(["derive", network, "--to", "text", "--flavour", "pandoc"]) == 2
