"""PDF files of documents: by the typst wheel in this process, or by pdflatex beside it. Never writes a document.

The same source gives the same bytes: no date and no place of this machine gets into a file. Neither program may read
or start anything: Typst runs in an empty folder without the system's fonts, pdflatex without a shell.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from symbackprop.errors import OutsideError

ENGINES = ("typst", "pdflatex")
# What an engine makes a PDF of, as `render` of that name's document writes it.
SOURCES = {"typst": "typst", "pdflatex": "latex"}
INSTALL_TYPST = (
    "a PDF needs the typst wheel, which is not installed: pip install 'symbackprop[pdf]', or use --engine pdflatex"
)
INSTALL_PDFLATEX = (
    "pdflatex was not found on the PATH: install TeX Live (Debian: apt-get install texlive-latex-base "
    "texlive-latex-recommended texlive-pictures), or use --engine typst"
)
SECONDS = 300
MOST_PASSES = 3


def pdf_bytes(source: str, engine: str) -> bytes:
    """The PDF of a Typst or LaTeX source. Raises OutsideError where the engine is missing or fails."""
    return by_typst(source) if engine == "typst" else by_pdflatex(source)


def by_typst(source: str) -> bytes:
    """The PDF as the typst wheel makes it."""
    try:
        import typst
    except ImportError as error:
        raise OutsideError(INSTALL_TYPST) from error
    with tempfile.TemporaryDirectory(prefix="symbackprop-") as folder:
        compiler = typst.Compiler(root=folder, ignore_system_fonts=True)
        try:
            made = compiler.compile(source.encode(), format="pdf", timestamp=0, pdf_tags=False)
        except typst.TypstError as error:
            raise OutsideError(f"typst cannot set the document: {error.message}") from error
        except BaseException as error:
            if type(error).__name__ != "PanicException":  # what a failed assertion of the compiler's own comes as
                raise
            raise OutsideError(f"typst broke off: {error}; try --engine pdflatex") from error
    assert isinstance(made, bytes)
    return made


def by_pdflatex(source: str) -> bytes:
    """The PDF as pdflatex makes it, in a folder of its own."""
    program = shutil.which("pdflatex")
    if program is None:
        raise OutsideError(INSTALL_PDFLATEX)
    with tempfile.TemporaryDirectory(prefix="symbackprop-", ignore_cleanup_errors=True) as folder:
        Path(folder, "note.tex").write_text(source, encoding="ascii", newline="\n")
        known = None
        for _ in range(MOST_PASSES):
            _run(program, folder)
            references = Path(folder, "note.aux").read_bytes()
            if references == known:
                break
            known = references
        return Path(folder, "note.pdf").read_bytes()


def _run(program: str, folder: str) -> None:
    # An epoch in place of the clock; files of this folder and of TeX's own trees only.
    settings = {"SOURCE_DATE_EPOCH": "0", "FORCE_SOURCE_DATE": "1", "openin_any": "p", "openout_any": "p"}
    options = ["-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error", "note.tex"]
    try:
        run = subprocess.run(
            [program, *options],
            cwd=folder,
            env={**os.environ, **settings},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise OutsideError(f"pdflatex took more than {SECONDS} seconds and was stopped") from error
    except OSError as error:
        raise OutsideError(f"pdflatex ({program}) cannot be run: {error.strerror or error}") from error
    if run.returncode:
        said = re.findall(rb"^! .*", run.stdout, re.MULTILINE)
        told = said[0].decode("utf-8", "replace").strip() if said else "without a word"
        raise OutsideError(f"pdflatex cannot set the document: {told}; with --engine typst it needs no TeX")
