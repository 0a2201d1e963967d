"""The scripts in examples/ run, and so do the README's and the guides' code blocks, with the results that they show."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from symbackprop.cli import main

ROOT = Path(__file__).parents[1]
PROGRAMS = {"scaling"}  # pages whose blocks are whole programs: tests/test_scaling.py runs them as such
PAGES = [ROOT / "README.md", *(page for page in sorted((ROOT / "docs").glob("*.md")) if page.stem not in PROGRAMS)]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EXIT_STATUS = re.compile(r"# exit status (\d)")
NOT_HERE = ("make ", "python -m pip ", "git ", "cd ")  # what sets a machine up; .ci/run and the Makefile do it


@pytest.mark.parametrize("script", sorted((ROOT / "examples").glob("*.py")), ids=lambda path: path.stem)
def test_an_example_script_runs(script: Path, tmp_path: Path) -> None:
    found = subprocess.run([sys.executable, str(script)], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert (found.returncode, found.stderr) == (0, "")
    assert found.stdout


def _printed(line: str) -> str:
    """What a command line of ours prints, run in this process."""
    words = shlex.split(line.removeprefix("$ ").removeprefix("python -m "), comments=True)
    assert words[0] == "symbackprop", f"the test cannot run {line!r}"
    status = EXIT_STATUS.search(line)
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        assert main(words[1:]) == (int(status[1]) if status else 0), line
    return out.getvalue()


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_the_code_blocks_of_a_page_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {}
    printed = ""
    for kind, text in BLOCK.findall(page.read_text(encoding="utf-8")):
        if kind == "python":
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                exec(compile(text, str(page), "exec"), namespace)  # noqa: S102  our own page
            printed = out.getvalue()
        elif kind == "sh":
            lines = [line for line in text.splitlines() if line and not line.startswith(NOT_HERE)]
            printed = "".join(_printed(line) for line in lines if not line.startswith("#"))
        elif kind == "text":
            assert " ".join(text.split()) in " ".join(printed.split())
        elif kind == "toml":
            (tmp_path / "example.toml").write_text(text, encoding="utf-8")
