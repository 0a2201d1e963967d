"""A reference as a test file that needs pytest and numpy, and nothing of ours. Computes nothing."""

from __future__ import annotations

from symbackprop import __version__
from symbackprop.checking.reference.listed import Reference

TEMPLATE = '''\
"""Gradients of your own against exact ones. Written by symbackprop @VERSION@; needs pytest, and reference.json here.

GRADIENTS says what is tested: FILE.py:FUNCTION, called as function(parameters, inputs, targets) with numpy arrays and
returning a dict with the keys @KEYS@; or a JSON file with such a dict, written by a program in any language. Set it
here or in the environment.
"""

import json
import math
import os
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
GRADIENTS = os.environ.get("GRADIENTS", "gradients.py:gradients")
LAYOUT = "to_from"  # "from_to" if your weights are W[from][to], for x @ W
MARGIN = 64  # times what rounding may do: more than that is wrong

REFERENCE = json.loads((HERE / "reference.json").read_text(encoding="utf-8"))
KEYS = list(REFERENCE["gradients"])


def turned(key, value):
    """A matrix of a layer's weights in your layout; all else as it is."""
    is_matrix = isinstance(value, list) and value and isinstance(value[0], list)
    return [list(row) for row in zip(*value)] if LAYOUT == "from_to" and is_matrix else value


@pytest.fixture(scope="module")
def found():
    """Your gradients, without a d before a key."""
    path, colon, name = GRADIENTS.rpartition(":")
    if GRADIENTS.endswith(".json"):
        table = json.loads((HERE / GRADIENTS).read_text(encoding="utf-8"))
        table = table.get("gradients", table)
    else:
        assert colon, f"GRADIENTS is {GRADIENTS!r}; expected FILE.py:FUNCTION or a JSON file"
        assert (HERE / path).is_file(), f"there is no {HERE / path}; set GRADIENTS to your file and function"
        spec = spec_from_file_location("gradients_to_test", HERE / path)
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
        table = getattr(module, name)(*arguments())
    if isinstance(table, (tuple, list)):  # (loss, gradients)
        table = next(each for each in table if isinstance(each, dict))
    return {key if key in KEYS else key[1:] if key[1:] in KEYS and key[0] == "d" else key: as_lists(value)
            for key, value in table.items()}


def arguments():
    """What your function is called with."""
    import numpy as np

    parameters = {key: np.array(turned(key, value)) for key, value in REFERENCE["parameters"].items()}
    inputs = REFERENCE["inputs"]
    inputs = {key: np.array(value) for key, value in inputs.items()} if isinstance(inputs, dict) else np.array(inputs)
    targets = REFERENCE["targets"]
    return parameters, inputs, None if targets is None else np.array(targets)


def as_lists(value):
    """Nested lists of floats, from an array of any library."""
    value = value.detach() if hasattr(value, "detach") else value
    value = value.tolist() if hasattr(value, "tolist") else value
    return [as_lists(each) for each in value] if isinstance(value, (list, tuple)) else float(value)


def entries(value, place=""):
    """Every number with its place."""
    if isinstance(value, list):
        for index, each in enumerate(value):
            yield from entries(each, f"{place}[{index}]")
    else:
        yield place, value


def differences(key, value, right):
    """What is further from the right number than 64 times its bound, in words; a bound of null sees nothing."""
    own, wanted = dict(entries(value)), dict(entries(turned(key, right)))
    if own.keys() != wanted.keys():
        return [f"{key} has {len(own)} numbers up to {key}{max(own)}; expected {len(wanted)} up to {key}{max(wanted)}"]
    bounds = dict(entries(turned(key, REFERENCE["bounds"][key])))
    return [
        f"{key}{place} is {own[place]!r}; right is {wanted[place]!r}"
        for place, bound in bounds.items()
        if bound is not None and not abs(own[place] - wanted[place]) <= MARGIN * bound
    ]


@pytest.mark.parametrize("key", KEYS)
def test_the_gradient_is_right(found, key):
    if key in REFERENCE["frozen"] and key not in found:
        pytest.skip(f"{key} is not trained")
    assert key in found, f"{key} is missing; there are {', '.join(found)}"
    assert all(math.isfinite(each) for _, each in entries(found[key])), f"{key} has numbers that are not finite"
    wrong = differences(key, found[key], REFERENCE["gradients"][key])
    if key in REFERENCE["uses"]:  # a tied parameter: the total, or the share of its own place
        wrong = wrong and differences(key, found[key], REFERENCE["uses"][key])
    assert not wrong, "; ".join(wrong[:8]) + (f"; and {len(wrong) - 8} more" if len(wrong) > 8 else "")


def test_there_are_no_other_keys(found):
    assert set(found) <= set(KEYS)
'''


def pytest_file(reference: Reference) -> str:
    """The test file. Only its keys depend on the network: the numbers stand in the JSON beside it."""
    keys = ", ".join(key for key in reference.gradients if key.isidentifier() and key.isascii()) or "of the JSON"
    shown = keys if len(keys) <= 40 else ", ".join(keys.split(", ")[:4]) + ", ..."
    return TEMPLATE.replace("@VERSION@", __version__).replace("@KEYS@", shown)
