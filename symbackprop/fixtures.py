"""The pytest plugin: a fixture ``assert_gradients``. Imports nothing of ours until it is used."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture
def assert_gradients() -> Callable[..., Any]:
    """`symbackprop.testing.assert_gradients`."""
    from symbackprop import testing

    return testing.assert_gradients
