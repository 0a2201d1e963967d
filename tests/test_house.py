"""The tests keep their own promises: what raises its counts is found by `make test-all`."""

from __future__ import annotations

import re
from pathlib import Path

READS_FULL = re.compile(r"\bFULL\b|\bfull\b: bool")


def test_every_test_file_that_raises_its_counts_is_marked_full(root: Path) -> None:
    files = {path: path.read_text(encoding="utf-8") for path in (root / "tests").rglob("test_*.py")}
    raising = [path for path, text in files.items() if path != Path(__file__) and READS_FULL.search(text)]
    assert len(raising) > 5
    assert [path for path in raising if "pytest.mark.full" not in files[path]] == []
