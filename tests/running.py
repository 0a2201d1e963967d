"""Runs the command line in this process or by itself, code in a fresh interpreter, and code within a time."""

from __future__ import annotations

import contextlib
import gc
import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from symbackprop.cli import main

ROOT = Path(__file__).resolve().parent.parent
HEAVY = {"sympy", "numpy", "openpyxl"}


@dataclass(frozen=True)
class Ran:
    """What a run left behind."""

    status: int
    out: str
    err: str


def run(*arguments: object) -> Ran:
    """One run of the command line in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            status = main([str(each) for each in arguments])
        except SystemExit as leaving:
            status = int(leaving.code or 0)
    return Ran(status, out.getvalue(), err.getvalue())


def spawn(*arguments: object, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """One run of ``python -m symbackprop``, with the checkout's package."""
    settings = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    command = [sys.executable, "-m", "symbackprop", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd or ROOT, env=settings, capture_output=True, timeout=60, check=False)


def loaded_after(code: str) -> set[str]:
    """The heavy packages that a fresh interpreter has loaded after running the code."""
    program = f"{code}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True, timeout=120
    )
    modules = {name.partition(".")[0] for name in json.loads(run.stdout.splitlines()[-1])}
    return modules & HEAVY


@contextmanager
def quick(seconds: float) -> Iterator[None]:
    """Fails if what is inside takes more processor time; collecting the garbage of the whole run is left out."""
    gc.disable()
    start = time.process_time()
    try:
        yield
        assert time.process_time() - start < seconds
    finally:
        gc.enable()
