"""`symbackprop check`: functions and files, the JSON of the contract, exit statuses, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symbackprop as sb
from tests.running import run

NET = "examples/two-input.toml"
RIGHT = """
import numpy as np

def sigmoid(z):
    return 1 / (1 + np.exp(-z))

def gradients(p, x, t):
    print("a word on the way")
    hidden = sigmoid(p["W1"] @ x + p["b1"])
    out = sigmoid(p["W2"] @ hidden + p["b2"])
    delta = (out - t) * out * (1 - out)
    before = (p["W2"].T @ delta) * hidden * (1 - hidden)
    return {"W1": np.outer(before, x), "b1": before, "W2": np.outer(delta, hidden), "b2": delta}

def without_slope(p, x, t):
    hidden = sigmoid(p["W1"] @ x + p["b1"])
    out = sigmoid(p["W2"] @ hidden + p["b2"])
    delta = (out - t) * out * (1 - out)
    before = p["W2"].T @ delta
    return {"W1": np.outer(before, x), "b1": before, "W2": np.outer(delta, hidden), "b2": delta}

def failing(p, x, t):
    return p["W7"]
"""


@pytest.fixture
def module(tmp_path: Path) -> Path:
    path = tmp_path / "grads.py"
    path.write_text(RIGHT)
    return path


def exact() -> dict[str, Any]:
    """The right gradients by key, as floats."""
    values = sb.derive(sb.Network.read(NET)).evaluate()
    return {f"{kind}{layer}": values[f"dE/d{kind.lower()}[{layer}]"] for kind in "Wb" for layer in (1, 2)}


def test_a_right_function_has_status_0_and_its_prints_are_no_part_of_the_report(module: Path) -> None:
    ran = run("check", f"{module}:gradients", NET)
    assert ran.status == 0
    assert ran.out.startswith("every gradient agrees: W1, b1, W2, b2")
    assert "a word on the way" in ran.err
    assert "a word" not in ran.out


def test_a_wrong_function_has_status_1_and_both_equations(module: Path) -> None:
    ran = run("check", f"{module}:without_slope", NET, "--seed", "3")
    assert ran.status == 1
    assert "W1, b1: " in ran.out
    assert "everything else is right" in ran.out
    assert "right: W2, b2" in ran.out
    for line in ("right:  δ_h", "it has: δ_h", "random point 1 of seed 3"):
        assert line in ran.out


def test_the_json_is_the_contract_s(module: Path) -> None:
    ran = run("check", f"{module}:without_slope", NET, "--json")
    table = json.loads(ran.out)
    assert ran.status == 1
    assert table["agrees"] is False
    assert list(table["parameters"]) == ["W1", "b1", "W2", "b2"]
    assert table["parameters"]["W1"]["agrees"] is False
    assert table["parameters"]["W1"]["largest_relative_error"] > 0.1
    assert table["parameters"]["b2"]["agrees"] is True
    best = table["mistakes"][0]
    assert best["parameters"] == ["W1", "b1"]
    assert best["name"] in run("list", "mistakes").out
    assert best["sentence"]
    assert best["instead_of"] is None
    right = json.loads(run("check", f"{module}:gradients", NET, "--json").out)
    assert (right["agrees"], right["mistakes"]) == (True, [])


def test_a_dotted_module_is_found_from_here(module: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    net = Path(NET).resolve()
    monkeypatch.chdir(module.parent)
    monkeypatch.syspath_prepend(str(module.parent))
    assert run("check", "grads:gradients", net).status == 0


@pytest.mark.parametrize(
    ("what", "status", "said"),
    [
        ("{module}:failing", 4, "grads.py:23: the function to check raised KeyError: 'W7'"),
        ("{module}:gradient", 3, "has no 'gradient'; did you mean 'gradients'"),
        ("{module}", 2, "is not MODULE.py:FUNCTION"),
        ("{folder}/none.py:f", 3, "none.py: there is no such file"),
        ("no.such.module:f", 3, "there is no module no.such.module"),
        ("{folder}/none.json", 3, "none.json"),
        ("{folder}/none.npz", 3, "none.npz"),
        ("{folder}/bad.json", 3, "bad.json: is not JSON"),
        ("{folder}/list.json", 3, "expected an object with the keys W1, b1"),
        ("{folder}/bad.npz", 3, "bad.npz: is not an npz file"),
        ("{folder}/empty.npz", 3, "empty.npz: is not an npz file that can be read"),
        ("{folder}/array.npz", 3, "array.npz: is not an npz file that can be read"),
        ("{folder}/deep.json", 3, "deep.json: is not JSON"),
        ("{folder}/pickled.npz", 3, "pickled.npz: is not an npz file that can be read"),
        ("{folder}/others.json", 3, "none of the names in the file is a gradient; expected W1, b1, W2, b2"),
        ("{folder}/partly.json", 3, "the file lacks "),
        ("{folder}/text.json", 3, "dE/dw[1][0][0]: 'x' is not a number"),
        ("{folder}/broken.py:f", 4, "broken.py:2: loading"),
    ],
)
def test_what_cannot_be_checked_is_said(module: Path, what: str, status: int, said: str) -> None:
    folder = module.parent
    (folder / "bad.json").write_text("{")
    (folder / "list.json").write_text("[1]")
    (folder / "bad.npz").write_text("no zip")
    (folder / "empty.npz").write_bytes(b"")
    with (folder / "array.npz").open("wb") as file:
        np.save(file, np.zeros(3))
    (folder / "deep.json").write_text("[" * 200_000)
    np.savez(folder / "pickled.npz", W1=np.array([{}], dtype=object))
    (folder / "others.json").write_text('{"loss": 1}')
    (folder / "partly.json").write_text('{"dE/dw[1][0][1]": 1}')
    (folder / "text.json").write_text('{"dE/dw[1][0][0]": "x"}')
    (folder / "broken.py").write_text("\nraise RuntimeError('no')\n")
    ran = run("check", what.format(module=module, folder=folder), NET)
    assert ran.status == status
    assert said in ran.err, ran.err
    assert "Traceback" not in ran.err


def test_files_of_values_are_read_in_every_form(tmp_path: Path) -> None:
    right = exact()
    turned = {key: np.transpose(value).tolist() for key, value in right.items()}
    everything = json.loads(run("evaluate", NET, "--json").out)
    forms: dict[str, Any] = {
        "keys": right,
        "with d": {f"d{key}": value for key, value in right.items()},
        "names": {f"dE/d{key[0].lower()}[{key[1]}]": value for key, value in right.items()},
        "under gradients": {"loss": 1, "gradients": right},
        "all of evaluate": everything,
        "single entries": {name: value for name, value in everything["quantities"].items() if name.startswith("dE/d")},
    }
    for number, (form, table) in enumerate(forms.items()):
        path = tmp_path / f"{number}.json"
        path.write_text(json.dumps(table))
        ran = run("check", path, NET)
        assert ran.status == 0, (form, ran.out, ran.err)
    path = tmp_path / "turned.json"
    path.write_text(json.dumps(turned))
    assert run("check", path, NET, "--layout", "from_to").status == 0
    assert run("check", path, NET).status == 1
    path.write_text(json.dumps({name: value for name, value in everything["neutral"].items() if name[:4] == "dE/d"}))
    assert run("check", path, NET, "--layout", "from_to").status == 0


def test_an_npz_is_read_and_a_wrong_one_is_diagnosed(tmp_path: Path) -> None:
    right = exact()
    np.savez(tmp_path / "values.npz", **right)
    assert run("check", tmp_path / "values.npz", NET).status == 0
    np.savez(tmp_path / "wrong.npz", **{**right, "W2": np.transpose(right["W2"])})
    ran = run("check", tmp_path / "wrong.npz", NET, "--json")
    table = json.loads(ran.out)
    assert ran.status == 1
    assert [key for key, each in table["parameters"].items() if not each["agrees"]] == ["W2"]
    assert "exchanged" in table["mistakes"][0]["sentence"] or "transpose" in table["mistakes"][0]["sentence"]


def test_numbers_as_printed_by_a_float_agree_and_by_six_digits_do_not(tmp_path: Path) -> None:
    path = tmp_path / "short.json"
    path.write_text(json.dumps({key: np.round(value, 6).tolist() for key, value in exact().items()}))
    ran = run("check", path, NET)
    assert ran.status == 1
    assert "none of the known mistakes" in ran.out
