"""Options, environment switches and Hypothesis profiles that all tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

FULL = os.environ.get("SYMBACKPROP_FULL") == "1"
ENGINES_REQUIRED = os.environ.get("SYMBACKPROP_REQUIRE_ENGINES") == "1"

_SLOW = (HealthCheck.too_slow,)  # an example may compile a document; the machine is shared
settings.register_profile("sample", max_examples=25, deadline=None, derandomize=True, suppress_health_check=_SLOW)
settings.register_profile("full", max_examples=1_000, deadline=None, derandomize=True, suppress_health_check=_SLOW)
settings.load_profile("full" if FULL else "sample")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the golden files anew instead of comparing")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):  # type: ignore[no-untyped-def]
    """A skipped engine is a failure where engines are required."""
    report = yield
    if ENGINES_REQUIRED and report.skipped and item.get_closest_marker("engine") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid}: skipped although SYMBACKPROP_REQUIRE_ENGINES=1: {report.longrepr}"
    return report


@pytest.fixture(scope="session")
def full() -> bool:
    """Whether the full counts are asked for (SYMBACKPROP_FULL=1)."""
    return FULL


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are written anew."""
    return bool(request.config.getoption("--update-golden"))


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def examples(root: Path) -> Path:
    """The folder of example descriptions."""
    return root / "examples"


@pytest.fixture(scope="session")
def golden(root: Path) -> Path:
    """The folder of golden files."""
    return root / "tests" / "golden"
