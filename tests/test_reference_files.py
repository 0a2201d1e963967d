"""`export-reference`: every number for programs in other languages, and a test file that needs nothing of ours."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.checking.reference import reference_files
from symbackprop.errors import InputError, MissingValue
from tests.compiling import flat
from tests.planted import generic_network
from tests.running import run

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
TIED = sb.Network(
    inputs=[[0.3, 0.4], [0.1, -0.2]],
    targets=[[0.1, 0.9], [0.4, 0.3]],
    layers=[
        {"units": 2, "activation": "tanh", "weights": [["a", "b"], ["a", 0.3]], "bias": 0.1},
        {"units": 2, "activation": "sigmoid", "weights": [[0.1, 0.2], [0.3, "a"]]},
    ],
    loss="squared_error",
    parameters={"a": 0.5, "b": -0.7},
    title="Tied */ int main(void) { return 1; } /* and\\",
)
NETWORKS = {
    "one observation": sb.Network.read(EXAMPLES / "two-input.toml"),
    "several, a shared bias, a penalty": generic_network(1),
    "tied, no bias": TIED,
    "a program": sb.Network.read(EXAMPLES / "recurrent.toml"),
    "softmax and adam": sb.Network.read(EXAMPLES / "softmax-classifier.toml"),
}
HAS_NO_OURS = "import sys; sys.modules['symbackprop'] = None; import pytest; sys.exit(pytest.main(sys.argv[1:]))"
COMPARE = """
#include <stdio.h>
#include "reference.h"
int main(void)
{
%s
    return 0;
}
"""


def files(network: sb.Network) -> dict[str, Any]:
    """All files of a network's reference."""
    return reference_files(sb.derive(network).core, ("json", "npz", "c", "pytest"))


def written(network: sb.Network, folder: Path) -> dict[str, Any]:
    """All files of a network's reference, put into a folder; the JSON's table."""
    for name, content in files(network).items():
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return dict(json.loads((folder / "reference.json").read_text()))


@pytest.mark.parametrize("name", NETWORKS)
def test_numbers_are_those_at_50_digits_of_the_rounded_given_ones(name: str) -> None:
    network = NETWORKS[name]
    table = json.loads(files(network)["reference.json"])
    derivation = sb.derive(network)
    is_program = bool(network.program)
    handed = {key.lower() if is_program else key: value for key, value in table["parameters"].items()}
    handed |= {each: value for each, value in table["arrays"].items() if each == "lr" or each.startswith("setting:")}
    values = derivation.evaluate(
        inputs={key: [value] for key, value in table["inputs"].items()} if is_program else table["inputs"],
        targets=table["targets"],
        parameters=handed,
        precision=50,
    )
    loss = network.result if is_program else "loss"
    assert table["loss"] == float(values[loss])
    for key in table["gradients"]:
        neutral = f"dE/d{key}" if is_program else f"dE/d{key[0].lower()}[{key[1:]}]"
        assert flat(table["gradients"][key]) == [float(each) for each in _flat(values[neutral])], key


def _flat(value: Any) -> list[Any]:
    return [each for row in value for each in _flat(row)] if isinstance(value, list) else [value]


@pytest.mark.parametrize(
    ("name", "shapes"),
    [
        ("one observation", {"x": (2,), "w[1]": (2, 2), "b[1]": (2,), "net[2]": (2,), "dE/dx": (2,), "loss": ()}),
        ("tied, no bias", {"x": (2, 2), "net[1]": (2, 2), "b[1]": (), "dE/db[1]": (), "dE/dw[2]": (2, 2)}),
        ("a program", {"h_2": (), "w": (), "dE/dw": ()}),
    ],
)
def test_arrays_have_the_shapes_that_functions_are_handed(name: str, shapes: dict[str, tuple[int, ...]]) -> None:
    table = json.loads(files(NETWORKS[name])["reference.json"])
    assert {each: np.shape(table["arrays"][each]) for each in shapes} == shapes
    assert {key: np.shape(each) for key, each in table["bounds"].items()} == {
        key: np.shape(each) for key, each in table["gradients"].items()
    }


def test_every_kind_of_intermediate_is_there() -> None:
    arrays = json.loads(files(NETWORKS["softmax and adam"])["reference.json"])["arrays"]
    for name in ("x", "t", "net[1]", "out[2]", "loss", "delta[1]", "dE/dw[2]", "dE/dout[1]", "new:w[1]", "after:loss",
                 "new:state:mean:w[1]", "lr", "loss_parts"):  # fmt: skip
        assert name in arrays, name


@pytest.mark.parametrize("name", NETWORKS)
def test_npz_and_json_have_the_same_doubles(name: str, tmp_path: Path) -> None:
    table = written(NETWORKS[name], tmp_path)
    with np.load(tmp_path / "reference.npz") as arrays:
        assert list(arrays.files) == list(table["arrays"])
        for key, numbers in table["arrays"].items():
            assert arrays[key].dtype == np.float64
            assert np.array_equal(arrays[key], np.array(numbers)), key
    with zipfile.ZipFile(tmp_path / "reference.npz") as book:
        assert {each.date_time[0] for each in book.infolist()} == {1980}


@pytest.mark.engine
@pytest.mark.parametrize("name", NETWORKS)
def test_the_header_compiles_without_a_warning_and_has_the_same_doubles(name: str, tmp_path: Path) -> None:
    gcc = shutil.which("gcc") or shutil.which("cc")
    if gcc is None:
        pytest.skip("there is no C compiler")
    table = written(NETWORKS[name], tmp_path)
    loss = "reference_loss" if "loss" in table["arrays"] else f"reference_{NETWORKS[name].result}"
    lines = [f'    printf("%a\\n", {loss});']
    wanted = [table["loss"]]
    for each in table["gradients"]:
        neutral = f"dE_d{each}" if NETWORKS[name].program else f"dE_d{each[0].lower()}_{each[1:]}"
        for kind, numbers in (("", table["gradients"][each]), ("_bound", table["bounds"][each])):
            place = f"(const double *)&reference_{neutral}{kind}"
            entries = flat(numbers) if np.ndim(numbers) else [numbers]
            lines += [f'    printf("%a\\n", ({place})[{number}]);' for number in range(len(entries))]
            wanted += entries
    (tmp_path / "main.c").write_text(COMPARE % "\n".join(lines))
    command = [gcc, "-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror", "-o", "main", "main.c"]
    subprocess.run(command, cwd=tmp_path, check=True, timeout=60)
    out = subprocess.run([tmp_path / "main"], capture_output=True, text=True, check=True, timeout=60).stdout
    assert [float.fromhex(each) for each in out.split()] == wanted


RIGHT = """
import json
from pathlib import Path

def gradients(parameters, inputs, targets):
    table = json.loads(Path({path!r}).read_text())
    found = {{"d" + key: value for key, value in table["gradients"].items()}}
    {change}
    return table["loss"], found
"""


def outcome(folder: Path, change: str) -> subprocess.CompletedProcess[str]:
    """The test file's run over a function that returns the right gradients, changed so."""
    (folder / "gradients.py").write_text(RIGHT.format(path=str(folder / "reference.json"), change=change))
    command = [sys.executable, "-c", HAS_NO_OURS, "-q", "-p", "no:cacheprovider", "--rootdir", str(folder),
               str(folder / "test_reference.py")]  # fmt: skip
    alone = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(command, cwd=folder, env=alone, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize(("name", "key"), [("several, a shared bias, a penalty", "W1"), ("a program", "w")])
def test_the_test_file_tells_right_from_wrong_without_us(name: str, key: str, tmp_path: Path) -> None:
    written(NETWORKS[name], tmp_path)
    right = outcome(tmp_path, "pass")
    assert right.returncode == 0, right.stdout
    nudged = "found['dW1'][1][0] *= 1 + 1e-9" if key == "W1" else "found['dw'] *= 1 + 1e-9"
    wrong = outcome(tmp_path, nudged)
    assert wrong.returncode == 1, wrong.stdout
    assert f"test_the_gradient_is_right[{key}]" in wrong.stdout
    assert wrong.stdout.count("FAILED") == 1
    missing = outcome(tmp_path, f"del found['d{key}']")
    assert f"{key} is missing" in missing.stdout


def test_the_test_file_takes_gradients_of_a_program_in_any_language(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = written(NETWORKS["one observation"], tmp_path)
    (tmp_path / "mine.json").write_text(json.dumps(table["gradients"]))
    monkeypatch.setenv("GRADIENTS", "mine.json")
    assert outcome(tmp_path, "pass").returncode == 0
    (tmp_path / "mine.json").write_text(json.dumps(table["gradients"] | {"b2": [0.1, 0.2]}))
    assert "b2[0] is 0.1; right is 0.138" in outcome(tmp_path, "pass").stdout


def test_a_reference_agrees_with_its_description(tmp_path: Path) -> None:
    for name in ("one observation", "softmax and adam", "a program"):
        written(NETWORKS[name], tmp_path)
        description = tmp_path / "net.toml"
        description.write_text(NETWORKS[name].to_toml())
        for file in ("reference.json", "reference.npz"):
            ran = run("check", tmp_path / file, description)
            assert ran.status == 0, ran.out


def test_the_command_says_where_it_wrote_and_takes_kinds(tmp_path: Path) -> None:
    ran = run("export-reference", EXAMPLES / "xor.toml", "-o", tmp_path / "out", "--to", "c,npz", "--set", "x_1@2=0.25")
    assert ran.status == 0
    assert ran.out.split() == [str(tmp_path / "out" / "reference.h"), str(tmp_path / "out" / "reference.npz")]


def test_what_cannot_be_exported_is_said(tmp_path: Path) -> None:
    ran = run("export-reference", EXAMPLES / "xor.toml", "-o", tmp_path / "out", "--to", "json,rust")
    assert ran.status == 2
    assert "unknown: rust; known: json, npz, c, pytest" in ran.err
    symbolic = sb.Network.parse(
        "inputs.count = 2\n[[layers]]\nunits = 1\nactivation = 'relu'\n[loss]\nname = 'squared_error'\n"
    )
    with pytest.raises(MissingValue, match="no value for"):
        files(symbolic)
    with pytest.raises(InputError, match="observations: 'n' is a symbol"):
        files(TIED.with_observations("n"))
