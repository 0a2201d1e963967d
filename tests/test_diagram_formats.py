"""A diagram in each of its formats: it compiles, fits its room, and takes whatever a stranger writes."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path

import pytest

from symbackprop.derivation import derive
from symbackprop.diagram import picture_of, shapes, svg, tikz, typst
from symbackprop.diagram.marks import Edge, Picture
from symbackprop.diagram.svg import written as as_svg
from symbackprop.diagram.tikz import written as as_tikz
from symbackprop.diagram.typst import piece_text
from symbackprop.diagram.typst import written as as_typst
from symbackprop.errors import DescriptionError
from symbackprop.network import Network
from symbackprop.values import evaluate
from tests.engines import missing
from tests.examples import EXAMPLES, ROOT
from tests.pictures import MORE, NAMESPACE, derived, pictures

WIDER_FONT = 1.12  # by how much a font's letters may be wider than we take them to be: less than the labels' margins
COLUMN = 345.0  # TeX points: the text of article at 10 pt
HOSTILE = '\\input{secret} $x$ </title><script>alert(1)</script> "quoted" & # % _ ^ ~ ]] 😀 #eval("1")'


@pytest.mark.parametrize("kind", [*EXAMPLES, *MORE], ids=str)
def test_svg_is_xml_without_anything_that_acts(kind: str) -> None:
    text = svg(derived(kind))
    root = ElementTree.fromstring(text)
    tags = {each.tag.removeprefix(NAMESPACE) for each in root.iter()}
    assert tags <= {"svg", "title", "desc", "style", "rect", "g", "path", "circle", "text", "tspan"}
    assert not {name for each in root.iter() for name in each.attrib if name.startswith("on") or "href" in name}
    assert "prefers-color-scheme:dark" in text
    assert len(text) < 14_000


def test_the_same_network_gives_the_same_bytes_whatever_the_hash_seed() -> None:
    code = (
        "import sys; from symbackprop.network import Network; from symbackprop.derivation import derive; "
        "from symbackprop.diagram import svg, tikz, typst; "
        "[sys.stdout.write(draw(derive(Network.read(path)))) for path in sys.argv[1:] for draw in (svg, tikz, typst)]"
    )
    paths = [str(ROOT / "examples" / f"{name}.toml") for name in ("russo", "batchnorm")]
    outputs = {
        subprocess.run(
            [sys.executable, "-X", "utf8", "-c", code, *paths],
            cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True, timeout=120,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(outputs) == 1
    assert all(outputs)


# What strangers write


def hostile() -> Picture:
    """A picture whose every word is hostile, as none that comes from a description can be."""
    picture = picture_of(derived("xor"))
    labels = tuple(replace(label, pieces=(HOSTILE,)) for label in picture.texts)
    edges = tuple(_with_hostile_label(edge) for edge in picture.edges)
    return replace(picture, texts=labels, edges=edges, title=HOSTILE, description=HOSTILE)


def _with_hostile_label(edge: Edge) -> Edge:
    return edge if edge.label is None else replace(edge, label=replace(edge.label, pieces=(HOSTILE,)))


def test_a_hostile_title_appears_as_written_in_svg_and_nowhere_else() -> None:
    network = replace_title(HOSTILE)
    root = ElementTree.fromstring(svg(derive(network)))
    assert root.findtext(f"{NAMESPACE}title") == HOSTILE
    assert "script" not in tikz(derive(network)) + typst(derive(network))


def replace_title(title: str) -> Network:
    return Network(
        inputs=[1], targets=[1], loss="squared_error", title=title, layers=[{"units": 1, "activation": "tanh"}]
    )


def test_hostile_words_do_no_harm_in_any_format() -> None:
    root = ElementTree.fromstring(as_svg(hostile()))
    assert {each.tag for each in root.iter() if "script" in each.tag} == set()
    assert HOSTILE in {"".join(text.itertext()) for text in root.iter(f"{NAMESPACE}text")}
    source = as_tikz(hostile())
    assert source.isascii()
    assert r"\input" not in source
    assert r"\textbackslash{}input\{secret\}" in source
    assert r"#\"" not in as_typst(hostile())


@pytest.mark.parametrize("name", [r"\input{x}", "<script>", "a$b", 'a"b', "w😀", "a]]b", "a#b", "a%b"])
def test_hostile_names_are_refused_by_the_description(name: str) -> None:
    layers = [{"units": 1, "activation": "tanh"}]
    with pytest.raises(DescriptionError, match=r"^inputs\.names\[0\]: " + re.escape(repr(name))):
        Network(inputs=[1], targets=[1], loss="squared_error", input_names=[name], layers=layers)


# Engines


def tikz_document(*parts: str) -> str:
    body = "\n\n".join(rf"\noindent {part}" for part in parts)
    return (
        "\\documentclass{article}\n\\usepackage{amsmath,tikz}\n\\parindent0pt\n"
        f"\\begin{{document}}\n{body}\n\\end{{document}}\n"
    )


@pytest.mark.engine
def test_tikz_compiles_and_fits_the_column(tmp_path: Path) -> None:
    if shutil.which("pdflatex") is None:
        missing("pdflatex", "install TeX Live")
    parts = []
    for kind in (*EXAMPLES, *MORE, (5, 5, 5)):
        derivation = derived(kind)
        parts.append(tikz(derivation, width=COLUMN))
        if kind in ("russo", "xor", "recurrent"):
            parts.append(tikz(derivation, evaluate(derivation), width=COLUMN))
    parts.append(as_tikz(hostile(), width=COLUMN))
    assert all(part.isascii() for part in parts)
    (tmp_path / "d.tex").write_text(tikz_document(*parts), encoding="ascii")
    run = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "d.tex"],
        cwd=tmp_path, capture_output=True, text=True, timeout=180, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout[-2000:]
    assert "Overfull" not in run.stdout


@pytest.mark.engine
def test_typst_compiles_without_packages() -> None:
    compiler = typst_compiler()
    parts = [typst(derived(kind), width=400) for kind in (*EXAMPLES, *MORE)]
    parts += [typst(derived(name), evaluate(derived(name)), width=400) for name in EXAMPLES]
    parts.append(as_typst(hostile()))
    source = "\n\n".join(parts)
    assert "@preview" not in source
    assert "import" not in source
    pdf = compiler.compile(source.encode())  # type: ignore[attr-defined]
    assert pdf.startswith(b"%PDF")


@pytest.mark.engine
def test_labels_are_measured_about_as_wide_as_a_font_sets_them() -> None:
    compiler = typst_compiler()
    measured: dict[str, float] = {}
    for picture in pictures(*EXAMPLES, "tied"):
        for label in picture.labels:
            body = "".join(piece_text(piece) for piece in label.pieces)
            measured[body] = label.width / label.size
    lines = ["#let width(body) = context [#metadata(measure(text(size: 100pt, body)).width.pt()) <width>]"]
    lines += [f"#width[{body}]" for body in measured]
    found = json.loads(compiler.query("\n".join(lines).encode(), "<width>", field="value"))  # type: ignore[attr-defined]
    wide = {
        body: real / 100 / estimate
        for (body, estimate), real in zip(measured.items(), found, strict=True)
        if real / 100 > WIDER_FONT * estimate
    }
    assert wide == {}


def typst_compiler() -> object:
    try:
        import typst as compiler
    except ImportError:
        missing("typst", "pip install typst")
    return compiler


@pytest.mark.parametrize("kind", [*EXAMPLES, *MORE])
def test_a_spreadsheets_shapes_fit_into_the_room_and_hold_every_label(kind: str) -> None:
    derivation = derived(kind)
    group, width, height = shapes(derivation, width=440.0, height=400.0)
    assert 0 < width <= 440.0
    assert 0 < height <= 400.0
    spaces = " ".join(f'xmlns:{name}="http://example.org/{name}"' for name in ("xdr", "a"))
    tree = ElementTree.fromstring(f"<root {spaces}>{group}</root>")
    numbers = [each.get("id") for each in tree.iter("{http://example.org/xdr}cNvPr")]
    assert len(set(numbers)) == len(numbers)
    texts = ["".join(each.itertext()) for each in tree.iter("{http://example.org/xdr}txBody")]
    picture = picture_of(derivation)
    assert len([each for each in texts if each]) == len(list(picture.labels))
    for offset in tree.iter("{http://example.org/a}off"):
        assert 0 <= int(offset.get("x", "-1")) <= width * 12_700
        assert 0 <= int(offset.get("y", "-1")) <= height * 12_700
