"""PDFs: both engines make them, the same input gives the same bytes, nothing leaves its page, no text is code."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest

import symbackprop as sb
from symbackprop.cli import main
from symbackprop.documents import pdf
from symbackprop.documents.typst import GLYPHS, shown
from symbackprop.documents.typst_lines import aligned, pieces
from symbackprop.documents.writing import Row
from symbackprop.errors import InputError, OutsideError
from symbackprop.notation.typst import quoted
from tests import pictures
from tests.conftest import FULL
from tests.engines import missing
from tests.examples import EXAMPLES, FORMS, HOSTILE, ROOT, derived, repr_toml
from tests.networks import drawn

A4 = (595.28, 841.89)
MARGIN = 68.0  # points: less than both engines' margins
NUMBERED = 490.0  # from where on equations have their numbers
NUMBER = 30.0  # where a page's number stands, below the text


def words(document: bytes, folder: Path) -> list[tuple[float, float, float, float, str]]:
    """Every word with its box in points, as poppler finds it in the file."""
    program = shutil.which("pdftotext")
    if program is None:
        missing("pdftotext", "apt-get install poppler-utils")
    path = folder / "note.pdf"
    path.write_bytes(document)
    run = subprocess.run([str(program), "-bbox", str(path), "-"], capture_output=True, check=True, timeout=60)
    found = re.findall(
        r'<word xMin="([-\d.]+)" yMin="([-\d.]+)" xMax="([-\d.]+)" yMax="([-\d.]+)">(.*?)</word>', run.stdout.decode()
    )
    return [(float(a), float(b), float(c), float(d), text) for a, b, c, d, text in found]


def assert_fits(found: list[tuple[float, float, float, float, str]]) -> None:
    """Every word stands within the margins of an A4 page; below them only the page's number."""
    assert found
    for left, top, right, bottom, text in found:
        assert left >= MARGIN, text
        assert right <= A4[0] - MARGIN, text
        assert top >= MARGIN - 5, text
        assert bottom <= A4[1] - NUMBER, text


@pytest.mark.engine
@pytest.mark.parametrize("name", EXAMPLES)
def test_nothing_stands_outside_its_page(name: str, tmp_path: Path) -> None:
    derivation = derived(name)
    forms = [None, *FORMS] if name == "russo" else [None]
    for form in forms:
        assert_fits(words(derivation.to_pdf(form=form), tmp_path))


@pytest.mark.parametrize("form", [*FORMS, None])
def test_a_pdf_is_made_in_every_form(form: str | None) -> None:
    for name in ("happydustbunny", "program-xyz") if form not in ("delta", "matrix") else ("happydustbunny",):
        assert derived(name).to_pdf(form=form, numbers=False).startswith(b"%PDF-")


def test_equal_input_gives_equal_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = derived("kadakia").to_pdf()
    monkeypatch.chdir(tmp_path)
    assert first == derived("kadakia").to_pdf()
    script = "import sys, symbackprop as sb; d = sb.derive(sb.Network.read(sys.argv[1])); d.to_pdf(sys.argv[2])"
    network, place = str(ROOT / "examples" / "kadakia.toml"), tmp_path / "note.pdf"
    subprocess.run([sys.executable, "-c", script, network, str(place)], check=True, timeout=120)
    assert place.read_bytes() == first


@pytest.mark.engine
def test_pdflatex_makes_equal_bytes_too() -> None:
    if shutil.which("pdflatex") is None:
        missing("pdflatex", "apt-get install texlive-latex-recommended texlive-pictures")
    first, second = (derived("kadakia").to_pdf(engine="pdflatex") for _ in range(2))
    assert first.startswith(b"%PDF-")
    assert first == second


@pytest.mark.parametrize(
    "title",
    [
        *HOSTILE,
        '#import "@preview/cetz:0.2.2" @label <a> // /* = + #panic("x")',
        "]]; $ )(",
        "x\u0301\u0489 שלום \u0604 \U000e0101",
    ],
)
def test_a_title_is_only_ever_text(title: str) -> None:
    try:
        network = derived("kadakia").network.with_values({"title": repr_toml(title)})
    except sb.SymbackpropError:
        return  # refused with a reason
    derivation = sb.derive(network)
    own, usual = (each.rendered("typst").splitlines() for each in (derivation, derived("kadakia")))
    differing = [place for place, (one, other) in enumerate(zip(own, usual, strict=True)) if one != other]
    assert len(differing) == 2
    assert derivation.to_pdf().startswith(b"%PDF-")


def test_a_row_of_factors_begins_with_a_sign() -> None:
    factors = " thin ".join(f'italic("a rather long name")_({number})' for number in range(12))
    source = aligned([("x", [Row("=", factors)], lambda: [Row("=", factors)])], numbered=False)
    assert source.count("(1, $dot italic") == 11
    assert aligned([("x", [Row("=", factors)], None)], numbered=False).count("$thin italic") == 11  # of matrices


@pytest.mark.engine
def test_every_sign_that_is_kept_has_a_glyph() -> None:
    """PDF/A-2u is refused where a sign has no glyph, as Typst itself finds."""
    typst = pytest.importorskip("typst")
    signs = [chr(code) for glyphs in GLYPHS for code in sorted(glyphs)]
    kept = [sign for sign in signs if shown(f"a{sign}b") == f"a{sign}b"]
    assert len(kept) > 400

    def compiled(text: str) -> bytes:
        source = f'#set text(font: "New Computer Modern")\n#set document(title: "x")\n#{quoted(text)};'
        made: bytes = typst.compile(
            source.encode(), format="pdf", pdf_standards="a-2u", ignore_system_fonts=True, timestamp=0
        )
        return made

    assert compiled(" ".join(kept)).startswith(b"%PDF-")
    with pytest.raises(typst.TypstError):
        compiled("日")


@pytest.mark.engine
def test_a_compiler_that_breaks_off_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    typst = pytest.importorskip("typst")

    class PanicException(BaseException):
        pass

    class Broken:
        def __init__(self, **options: object) -> None:
            pass

        def compile(self, source: bytes, **options: object) -> bytes:
            raise PanicException("index out of bounds")

    monkeypatch.setattr(typst, "Compiler", Broken)
    with pytest.raises(OutsideError, match="typst broke off: index out of bounds"):
        derived("kadakia").to_pdf()


def test_a_formula_is_cut_only_outside_of_typsts_own_brackets() -> None:
    text = r'frac(a + b, c) + "x + y" dot \(d - e\) - w_(i + j)'
    found = pieces(text)
    assert " ".join(piece for _, piece in found) == text
    assert found == [
        (0, "frac(a + b, c)"),
        (0, '+ "x + y"'),
        (1, r"dot \(d"),
        (2, r"- e\)"),
        (0, "- w_(i + j)"),
    ]


def test_a_missing_wheel_is_told_with_the_way_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(OutsideError, match=r"pip install 'symbackprop\[pdf\]'"):
        derived("kadakia").to_pdf()


def test_a_missing_pdflatex_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(OutsideError, match="pdflatex was not found"):
        derived("kadakia").to_pdf(engine="pdflatex")


def test_an_unknown_engine_is_refused() -> None:
    with pytest.raises(InputError, match="unknown engine 'latex'; did you mean 'pdflatex'"):
        derived("kadakia").to_pdf(engine="latex")


def test_the_command_writes_a_pdf(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "note.pdf"
    assert main(["derive", str(ROOT / "examples" / "kadakia.toml"), "-o", str(place)]) == 0
    assert capsys.readouterr().out == f"{place}\n"
    assert place.read_bytes() == derived("kadakia").to_pdf()


def test_a_missing_wheel_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "typst", None)
    place = tmp_path / "note.pdf"
    place.write_bytes(b"old")
    assert main(["derive", str(ROOT / "examples" / "kadakia.toml"), "-o", str(place)]) == 4
    assert place.read_bytes() == b"old"


def test_a_pdf_never_goes_to_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(isatty=lambda: True, encoding="utf-8"))
    assert main(["derive", str(ROOT / "examples" / "kadakia.toml"), "--to", "pdf"]) == 2
    assert "-o note.pdf" in capsys.readouterr().err


def test_an_engine_goes_with_a_pdf_only(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["derive", str(ROOT / "examples" / "kadakia.toml"), "--engine", "pdflatex"]) == 2
    assert "--engine goes with pdf" in capsys.readouterr().err


def test_the_engines_of_the_command_are_those_that_there_are() -> None:
    from symbackprop.commands.derive import ENGINES

    assert ENGINES == pdf.ENGINES == tuple(pdf.SOURCES)


@pytest.mark.engine
@pytest.mark.full
@pytest.mark.parametrize("start", range(0, 20 if FULL else 2, 2))
def test_documents_of_random_networks_fit_their_pages(start: int, tmp_path: Path) -> None:
    for number in (start, start + 1):
        derivation = sb.derive(sb.Network.parse(drawn(number).to_toml()))
        for form in (None, "paths") if FULL else (None,):
            assert_fits(words(derivation.to_pdf(form=form), tmp_path))


def test_a_large_network_has_a_short_pdf(tmp_path: Path) -> None:
    """The laws and one worked unit of each layer, not a thousand pages."""
    for kind, most in ((pictures.LARGE, 8), ("20 layers", 25)):
        document = sb.Derivation(pictures.derived(kind)).to_pdf()
        assert 1 <= len(re.findall(rb"/Type ?/Page\b", document)) <= most


@pytest.mark.engine
def test_an_equation_over_two_pages_has_its_number_once_and_ends_its_page_between_two_sides(tmp_path: Path) -> None:
    settings = tomllib.loads((ROOT / "examples" / "reproductions" / "math-note.toml").read_text(encoding="utf-8"))
    network = derived("math-note").network.with_values({f"document.{key}": each for key, each in settings.items()})
    derivation = sb.derive(network)
    found = words(derivation.to_pdf(), tmp_path)
    numbers = [text for left, *_, text in found if left > NUMBERED and re.fullmatch(r"\(\d+\)", text)]
    assert numbers == [f"({place})" for place in range(1, len(numbers) + 1)]
    tops = [float(top) for _, top, *_ in found]
    first = [place for place in range(1, len(found)) if tops[place] < tops[place - 1] - A4[1] / 2]
    assert first
    assert all(not found[place][4].startswith(("⋅", "·", "+")) for place in first)


@pytest.mark.engine
def test_a_term_of_a_sum_begins_a_row_where_the_one_before_is_broken(tmp_path: Path) -> None:
    """Its numbers have nine decimals, so that no product of the sum over paths fits into one row."""
    blocks = derived("math-note").network.with_values(
        {"document.gradient": ["chain", "written"], "document.order": "parameters", "document.decimals": 9}
    )
    found = words(sb.derive(blocks).to_pdf(), tmp_path)
    rows: dict[tuple[int, float], list[tuple[float, str]]] = {}
    page = 0
    for place, (left, top, _, _, text) in enumerate(found):
        page += place > 0 and top < found[place - 1][1] - 400
        rows.setdefault((page, round(top)), []).append((left, text))
    lines = [" ".join(text for _, text in sorted(row)) for row in rows.values()]
    continued = [re.sub(r"\([^()]*\)", "()", line) for line in lines if line.startswith(("·", "⋅"))]
    assert len(continued) > 4
    assert [line for line in continued if " + " in line] == []


def test_a_sentence_that_ends_a_section_stands_with_the_equations_before_it() -> None:
    source = derived("kadakia").rendered("typst")
    kept = source[source.rindex("#together[") :].split("\n]\n")[0]
    assert kept.index("#numbered(") < kept.index("The loss fell from")
    assert kept.count("\n\n") == 1


@pytest.mark.engine
def test_equations_longer_than_a_page_are_broken_though_a_sentence_ends_their_section(tmp_path: Path) -> None:
    """Of a form over every path, a few equations fill pages: they cannot stand on that of the sentence after them."""
    derivation = sb.derive(sb.Network.parse(drawn(12).to_toml()))
    assert_fits(words(derivation.to_pdf(form="paths"), tmp_path))
