"""For tests: `assert_gradients`, whose failure says what is wrong. Imports nothing until it is used."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from symbackprop.checking.report import Report
    from symbackprop.network import Network


def assert_gradients(function: Callable[..., Any], network: Network | str, **options: Any) -> Report:
    """Checks a function's gradients and returns the report; where they are wrong it raises, and the report is why.

    ``network`` is a network or the path of a description; the options are those of `check_gradients`.
    """
    __tracebackhide__ = True  # pytest then shows the line of the test
    from symbackprop.checking.gradients import check_gradients
    from symbackprop.network import Network

    found = network if isinstance(network, Network) else Network.read(network)
    report = check_gradients(function, found, **options)
    report.raise_if_wrong()
    return report
