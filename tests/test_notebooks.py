"""In a notebook everything displays itself: pictures, formulas, and text where neither can be shown."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

import symbackprop as sb
from symbackprop.notation.neutral import neutral
from symbackprop.quantities import Quantity
from tests.examples import EXAMPLES, HOSTILE, ROOT, derived, repr_toml

NOTEBOOK = ROOT / "examples" / "derivation.ipynb"
MOST_SHOWN = 30_000  # characters of a large network's derivation


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], str]:
    """The example's notebook with its outputs, and the page made of it."""
    found = {each: find_spec(each) for each in ("nbclient", "nbconvert", "ipykernel")}
    if None in found.values():
        pytest.skip("nbclient, nbconvert or ipykernel is not installed")
    folder = tmp_path_factory.mktemp("notebook")
    outputs = [folder / "executed.ipynb", folder / "page.html"]
    program = [sys.executable, str(ROOT / "tests" / "notebooks.py"), str(NOTEBOOK), *map(str, outputs)]
    homes = {"HOME": str(folder), "IPYTHONDIR": str(folder), "JUPYTER_RUNTIME_DIR": str(folder)}
    data = Path(str(found["nbconvert"].origin)).parents[4] / "share" / "jupyter"  # type: ignore[union-attr]
    environment = {**os.environ, **homes, "PYTHONPATH": str(ROOT), "JUPYTER_PATH": str(data)}
    run = subprocess.run(program, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stderr[-3000:]
    return json.loads(outputs[0].read_text(encoding="utf-8")), outputs[1].read_text(encoding="utf-8")


def shown(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    """What each cell of code displayed."""
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert not any(output["output_type"] == "error" for cell in cells for output in cell["outputs"])
    return [output.get("data", {}) for cell in cells for output in cell["outputs"]]


@pytest.mark.engine
def test_the_example_notebook_runs_and_everything_in_it_displays_itself(executed: tuple[dict[str, Any], str]) -> None:
    network, gradient, law, entry, whole, _ = shown(executed[0])
    assert "".join(network["image/svg+xml"]).startswith("<svg")
    for each in (gradient, law, entry, whole):
        assert r"\begin{aligned}" in "".join(each["text/markdown"])
        assert "".join(each["text/plain"]).strip()
    for each in (gradient, law, entry):
        assert "".join(each["text/latex"]).startswith("$$")


@pytest.mark.engine
def test_the_notebook_becomes_a_page_with_its_formulas_and_its_picture(executed: tuple[dict[str, Any], str]) -> None:
    page = executed[1]
    assert "data:image/svg+xml;base64," in page or "<svg" in page
    assert page.count(r"\begin{aligned}") > 10
    assert "Traceback" not in page


def test_the_example_notebook_is_kept_without_outputs() -> None:
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    assert all(cell.get("outputs", []) == [] and cell.get("execution_count") is None for cell in cells)


def dollars_are_paired(markdown: str) -> bool:
    without = re.sub(r"\\[\\$]", "", markdown)
    return without.count("$$") % 2 == 0 and without.replace("$$", "").count("$") % 2 == 0


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_displays_itself_with_formulas_that_mathjax_reads(name: str) -> None:
    derivation = derived(name)
    bundle = derivation._repr_mimebundle_()
    assert bundle["text/plain"] == repr(derivation)
    assert dollars_are_paired(bundle["text/markdown"])
    assert derivation.network._repr_svg_().startswith("<svg")
    array = [*derivation.core.arrays.parameters, *derivation.core.arrays.inputs][0]
    first = Quantity(array, (0,) * len(array.axes))
    gradient = derivation.gradient(neutral(first))._repr_mimebundle_()
    for markdown in (bundle["text/markdown"], gradient["text/markdown"], gradient.get("text/latex", "")):
        for block in re.findall(r"\$\$(.*?)\$\$", markdown, re.S):
            assert block.count(r"\begin{") == block.count(r"\end{")
            assert not re.search(r"align\*|\\(label|notag|intertext|tag|operatorname)\b", block)
            assert block.count("{") - block.count(r"\{") == block.count("}") - block.count(r"\}")


def test_a_large_network_displays_itself_in_laws() -> None:
    layers = "".join(
        f'[[layers]]\nunits = {units}\nactivation = "{name}"\n' for units, name in ((128, "relu"), (10, "softmax"))
    )
    text = (
        f'[inputs]\ncount = 784\n{layers}[loss]\nname = "cross_entropy"\n[initial]\nseed = 1\nscheme = "he_uniform"\n'
    )
    derivation = sb.derive(sb.Network.parse(text))
    assert len(derivation._repr_mimebundle_()["text/markdown"]) < MOST_SHOWN
    assert len(derivation.network._repr_svg_()) < MOST_SHOWN
    law = derivation.equation("net[1]")._repr_mimebundle_()
    assert len(law["text/markdown"]) < 1_000
    assert "100,352" in derivation.gradient("w[1]")._repr_mimebundle_()["text/plain"]


@pytest.mark.parametrize("title", HOSTILE)
def test_a_strangers_title_does_nothing_in_a_notebook(title: str) -> None:
    try:
        network = derived("kadakia").network.with_values({"title": repr_toml(title)})
    except sb.SymbackpropError:
        return  # refused with a reason
    bundle = sb.derive(network)._repr_mimebundle_()
    assert "<script" not in bundle["text/markdown"]
    assert dollars_are_paired(bundle["text/markdown"])
    assert "<script" not in network._repr_svg_()
