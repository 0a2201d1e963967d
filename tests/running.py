"""Runs the command line: in this process, or as a program of its own."""

from __future__ import annotations

import contextlib
import gc
import io
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from symbackprop.cli import main


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
    root = Path(__file__).resolve().parent.parent
    settings = {**os.environ, "PYTHONPATH": str(root), **environment}
    command = [sys.executable, "-m", "symbackprop", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd or root, env=settings, capture_output=True, timeout=60, check=False)


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
