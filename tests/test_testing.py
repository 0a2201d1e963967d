"""The help for tests: `assert_gradients`, by itself and as pytest's fixture, which costs nothing until it is used."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from symbackprop.testing import assert_gradients
from tests.planted import textbook
from tests.running import loaded_after

EXAMPLE = Path("examples/two-input.toml").resolve()
ROOT = Path(__file__).resolve().parent.parent
A_TEST = """
import numpy as np
import symbackprop as sb

NETWORK = {network!r}

def gradients(p, x, t):
    hidden = 1 / (1 + np.exp(-(p["W1"] @ x + p["b1"])))
    out = 1 / (1 + np.exp(-(p["W2"] @ hidden + p["b2"])))
    delta = (out - t) * out * (1 - out)
    before = (p["W2"].T @ delta) * hidden * (1 - hidden)
    return {{"W1": np.outer(before, x), "b1": before, "W2": np.outer(delta, hidden), "b2": delta}}

def test_right(assert_gradients):
    assert_gradients(gradients, NETWORK)

def test_wrong(assert_gradients):
    assert_gradients(lambda *each: (found := gradients(*each)) | {{"W2": found["W2"].T}}, NETWORK, seed=4)
"""
COUNTED = "import sys, symbackprop.testing, symbackprop.fixtures; assert 'symbackprop.network' not in sys.modules"


def test_it_returns_the_report_or_raises_it() -> None:
    from symbackprop.network import Network

    network = Network.read(EXAMPLE)
    assert assert_gradients(textbook(network), str(EXAMPLE)).agrees
    with pytest.raises(AssertionError, match=r"(?s)W1: the sign of one gradient is turned.*compared at: .*of seed 2"):
        assert_gradients(lambda *each: (found := textbook(network)(*each)) | {"W1": -found["W1"]}, network, seed=2)


def test_the_fixture_works_in_any_test_file_and_its_failure_is_the_report(tmp_path: Path) -> None:
    (tmp_path / "test_mine.py").write_text(A_TEST.format(network=str(EXAMPLE)))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "symbackprop.fixtures", "-p", "no:cacheprovider",
               "--rootdir", str(tmp_path), "test_mine.py"]  # fmt: skip
    alone = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(command, cwd=tmp_path, env=alone, capture_output=True, text=True, timeout=120, check=False)
    assert "1 failed, 1 passed" in ran.stdout, ran.stdout + ran.stderr
    assert "W2: the gradient of the weights is transposed" in ran.stdout
    assert "everything else is right" in ran.stdout


def test_it_imports_nothing_until_it_is_used() -> None:
    assert loaded_after(COUNTED) == set()
