"""Markdown: each reader's flavour, mathematics that KaTeX takes in its strict mode, and the way to Word."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

import symbackprop as sb
from symbackprop.cli import main
from symbackprop.commands.derive import FLAVOURS as OFFERED
from symbackprop.documents.markdown import FLAVOURS
from symbackprop.errors import InputError
from tests.conftest import FULL
from tests.engines import missing
from tests.networks import drawn
from tests.test_documents import EXAMPLES, FORMS, ROOT, derived, repr_toml

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


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_every_flavour_has_the_same_formulas(flavour: str) -> None:
    usual = derived("russo").to_markdown()
    own = derived("russo").to_markdown(flavour=flavour)
    assert formulas(own, flavour) == formulas(usual)
    assert ("```" in own) == (flavour == "github")


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
    displays = sum(display for _, display in formulas(derived(name).to_markdown()))
    assert document.count("<m:oMathPara>") == displays
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
