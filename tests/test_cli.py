"""The command line: what it prints, what it refuses, and its exit status."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import symbackprop
from symbackprop.cli import COMMANDS
from symbackprop.commands.listing import LISTS
from symbackprop.network import Network
from tests.running import quick, run, spawn

WRONG_USAGE, UNUSABLE_INPUT, OUTSIDE_FAILED = 2, 3, 4
EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
TWO_INPUT = EXAMPLES / "two-input.toml"
RUSSO = EXAMPLES / "russo.toml"


def test_help_names_every_command() -> None:
    ran = run("--help")
    assert ran.status == 0
    assert all(f"    {name} " in ran.out or f"    {name}\n" in ran.out for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name: str) -> None:
    ran = run(name, "--help")
    assert ran.status == 0
    assert ran.out.startswith(f"usage: symbackprop {name}")
    assert ran.out.isascii()


def test_the_version_is_the_package_s() -> None:
    assert run("--version").out == f"symbackprop {symbackprop.__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nosuch"],
        ["evaluate"],
        ["evaluate", TWO_INPUT, "--nosuch"],
        ["evaluate", TWO_INPUT, "--exact", "--precision", "5"],
        ["evaluate", TWO_INPUT, "--precision", "0"],
        ["evaluate", TWO_INPUT, "--precision", "many"],
        ["evaluate", TWO_INPUT, "--set", "x_1"],
        ["evaluate", TWO_INPUT, "--set", "=3"],
        ["evaluate", TWO_INPUT, "--of"],
        ["evaluate", "--of", "loss", TWO_INPUT],
        ["train", TWO_INPUT],
        ["train", TWO_INPUT, "--steps", "-1"],
        ["train", TWO_INPUT, "--steps", "1.5"],
        ["train", TWO_INPUT, "--steps", "1", "--save", TWO_INPUT],
        ["derive", TWO_INPUT, "-o", "note.doc"],
        ["derive", TWO_INPUT, "--form", "short"],
        ["derive", TWO_INPUT, "--to", "html"],
        ["derive", TWO_INPUT, "--digits", "0"],
        ["derive", TWO_INPUT, "--fragment"],
        ["workbook", TWO_INPUT],
        ["workbook", TWO_INPUT, "-o", "book.xls"],
        ["list"],
        ["list", "everything"],
        ["new"],
        ["new", "net.toml", "--sizes", "2"],
        ["new", "net.toml", "--sizes", "0-1"],
        ["new", "net.toml", "--sizes", f"{'9' * 5_000}-1"],
        ["new", "net.toml", "--seed", "x"],
        ["new", "net.toml", "--activation", "sigmod"],
        ["new", "net.toml", "--loss", "nosuch"],
        ["new", "net.toml", "--example", "nosuch"],
        ["new", "net.toml", "--example", "xor", "--sizes", "2-2"],
    ],
    ids=lambda arguments: " ".join(getattr(each, "name", each) for each in arguments) or "nothing",
)
def test_wrong_usage_has_status_2_and_a_message(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = run(*arguments)
    assert ran.status == WRONG_USAGE
    assert "error: " in ran.err
    assert not ran.out
    assert not list(tmp_path.iterdir())


def test_a_name_that_swallowed_the_description_is_told_so() -> None:
    ran = run("evaluate", "--of", "loss", TWO_INPUT)
    assert f"write it first: evaluate {TWO_INPUT} --of" in ran.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "layers: missing"),
        ("inputs.count = 1\n[[layers]]\nunits = 2\nactivation = 'sigmod'\n[loss]\nname = 'huber'\n", "did you mean"),
        ("inputs = [[1,", "a bracket or a quote is not closed"),
        ("[[layers]]\nunits = 0\nactivation = 'relu'\n[loss]\nname = 'squared_error'\n", "layers[0].units"),
    ],
)
def test_a_description_that_cannot_be_used_has_status_3_with_file_and_place(
    tmp_path: Path, text: str, said: str
) -> None:
    path = tmp_path / "net.toml"
    path.write_text(text)
    ran = run("evaluate", path)
    assert ran.status == UNUSABLE_INPUT
    assert ran.err.startswith(f"symbackprop: error: {path}: ")
    assert said in ran.err
    assert not ran.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["evaluate", "nosuch.toml"], "nosuch.toml: no such file"),
        (["evaluate", TWO_INPUT, "--of", "net_h3"], "did you mean"),
        (["evaluate", TWO_INPUT, "--of", "dE/dnothing"], "nothing"),
        (["evaluate", TWO_INPUT, "--set", "x_9=1"], "did you mean"),
        (["evaluate", TWO_INPUT, "--set", "x_1=nan"], "x_1"),
        (["evaluate", TWO_INPUT, "--set", "x_1=0,5"], "x_1"),
        (["evaluate", TWO_INPUT, "--set", "x_1=1e999999999"], "x_1"),
        (["evaluate", TWO_INPUT, "--set", "net_h1=1"], "computed"),
        (["evaluate", TWO_INPUT, "--set", "document.digit=3"], "did you mean digits"),
        (["evaluate", TWO_INPUT, "--set", "layers[7].activation=tanh"], "layers[7]"),
        (["evaluate", TWO_INPUT, "--set", "notation=russoo"], "russo"),
        (["evaluate", EXAMPLES / "happydustbunny.toml"], "no value for"),
        (["train", EXAMPLES / "program-xyz.toml", "--steps", "1"], "[update]"),
    ],
    ids=lambda value: " ".join(getattr(each, "name", each) for each in value[1:]) if isinstance(value, list) else "",
)
def test_an_input_that_cannot_be_used_has_status_3_and_says_which(
    arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = run(*arguments)
    assert ran.status == UNUSABLE_INPUT
    assert ran.err.startswith("symbackprop: error: ")
    assert said in ran.err
    assert not ran.out


@pytest.mark.parametrize("bad", [b"\xff\xfeh\0i\0", b"\x80\x81binary", b"PK\x03\x04", b"\0" * 100, b"x" * 10_000_000])
def test_binary_junk_has_status_3_within_two_seconds_and_no_traceback(tmp_path: Path, bad: bytes) -> None:
    path = tmp_path / "net.toml"
    path.write_bytes(bad)
    with quick(2):
        ran = run("evaluate", path)
    assert ran.status == UNUSABLE_INPUT
    assert "Traceback" not in ran.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["derive", TWO_INPUT, "--to", "json", "-o", "nowhere/note.txt"],
        ["derive", TWO_INPUT, "--to", "json", "-o", "."],
        ["workbook", TWO_INPUT, "-o", "nowhere/book.xlsx"],
        ["train", TWO_INPUT, "--steps", "1", "--save", "nowhere/new.toml"],
        ["new", "nowhere/net.toml"],
    ],
    ids=lambda arguments: " ".join(getattr(each, "name", each) for each in arguments),
)
def test_an_unwritable_output_has_status_4_with_the_fix(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = run(*arguments)
    assert ran.status == OUTSIDE_FAILED
    assert "is a folder" in ran.err or "there is no folder nowhere; make it first" in ran.err
    assert not list(tmp_path.iterdir())


def test_evaluate_prints_names_and_numbers_in_columns() -> None:
    lines = run("evaluate", TWO_INPUT).out.splitlines()
    rows = dict(line.split() for line in lines if line.startswith("  "))
    # M. Mazur, "A Step by Step Backpropagation Example" (2015), to his nine digits.
    assert float(rows["E"]) == pytest.approx(0.298371109, abs=1e-9)
    assert float(rows["dE/dw_5"]) == pytest.approx(0.082167041, abs=1e-9)
    assert float(rows["w_5^+"]) == pytest.approx(0.35891648, abs=1e-9)
    assert len({line.rindex("  ") for line in lines if line.startswith(("  x_", "  net_"))}) == 1


def test_evaluate_of_prints_just_these_in_the_order_asked_for() -> None:
    out = run("evaluate", TWO_INPUT, "--of", "w_5", "w.1.0.1", "--of", "x_1").out
    assert [line.split() for line in out.splitlines()] == [["w_5", "0.4"], ["w_2", "0.2"], ["x_1", "0.05"]]


def test_set_gives_a_quantity_another_value_by_either_name() -> None:
    # 0.15 * 1 + 0.20 * 2 + 0.35
    for first, second in (("x_1=1", "x_2=2"), ("x[0]=1", "x[1]=4/2")):
        ran = run("evaluate", TWO_INPUT, "--set", first, "--set", second, "--exact", "--of", "net_h1")
        assert ran.out.split() == ["net_h1", "9/10"]


def test_set_gives_a_setting_another_value_by_its_place() -> None:
    ran = run("evaluate", TWO_INPUT, "--set", "layers[0].activation=identity", "--of", "out_h1")
    assert ran.out.split() == ["out_h1", "0.3775"]
    assert run("evaluate", TWO_INPUT, "--set", "update.learning_rate=0.25", "--of", "lr").out.split()[1] == "0.25"


def test_set_gives_a_network_without_values_its_values(tmp_path: Path) -> None:
    path = tmp_path / "net.toml"
    path.write_text(
        '[inputs]\nnames = ["x"]\n[[layers]]\nunits = 1\nactivation = "identity"\n[loss]\nname = "squared_error"\n'
    )
    assert run("evaluate", path, "--set", "x=2", "--set", "w_1=3", "--of", "net[1][0]").out.split()[1] == "6.0"


def test_train_prints_the_losses_and_saves_the_network_whole(tmp_path: Path) -> None:
    saved = tmp_path / "trained.toml"
    ran = run("train", TWO_INPUT, "--steps", "1", "--save", saved)
    assert ran.status == 0
    assert ran.out.splitlines()[1].split()[1].startswith("0.2983711")
    assert str(saved) in ran.err
    network = Network.read(saved)
    assert network.layers[0].bias == Network.read(TWO_INPUT).layers[0].bias
    # Mazur's new w5; training goes on where it ended.
    assert run("evaluate", saved, "--of", "w_5").out.split()[1].startswith("0.35891647")
    two = run("train", TWO_INPUT, "--steps", "2", "--json").out
    assert run("evaluate", saved, "--of", "after:loss").out.split()[1] in two


def test_new_writes_a_description_that_can_be_used_and_never_replaces_one(tmp_path: Path) -> None:
    path = tmp_path / "net.toml"
    assert run("new", path, "--sizes", "3-2-1", "--seed", "7").out == f"{path}\n"
    assert run("evaluate", path).status == 0
    before = path.read_bytes()
    again = run("new", path)
    assert again.status == OUTSIDE_FAILED
    assert "is there already" in again.err
    assert path.read_bytes() == before
    assert run("new", path, "--example", "russo", "--force").status == 0
    assert path.read_bytes() == RUSSO.read_bytes()


@pytest.mark.parametrize("what", LISTS)
def test_list_prints_a_name_and_a_sentence_a_line(what: str) -> None:
    ran = run("list", what)
    assert ran.status == 0
    rows = [line.split(None, 1) for line in ran.out.splitlines()]
    assert rows
    assert all(len(row) == 2 for row in rows)


def test_every_example_is_listed_and_can_be_evaluated_or_says_what_is_missing() -> None:
    listed = [line.split()[0] for line in run("list", "examples").out.splitlines()]
    assert listed == sorted(path.stem for path in EXAMPLES.glob("*.toml"))
    assert {run("evaluate", EXAMPLES / f"{name}.toml").status for name in listed} <= {0, UNUSABLE_INPUT}


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8", "latin-1"])
def test_what_a_terminal_lacks_is_printed_by_its_ascii_name(encoding: str) -> None:
    ran = spawn("evaluate", RUSSO, PYTHONIOENCODING=encoding)
    assert ran.returncode == 0
    assert not ran.stderr
    names = {line.split()[0] for line in ran.stdout.decode(encoding).splitlines() if line.startswith("  ")}
    assert ("η" in names) == (encoding == "utf-8")
    assert ("eta" in names) == (encoding != "utf-8")


def test_a_reader_that_leaves_early_is_no_error() -> None:
    command = [sys.executable, "-m", "symbackprop", "evaluate", str(RUSSO)]
    program = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=EXAMPLES.parent)
    assert program.stdout is not None
    assert program.stderr is not None
    program.stdout.close()
    assert program.stderr.read() == b""
    program.stderr.close()
    assert program.wait(timeout=60) == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_a_full_disk_behind_stdout_has_status_4_and_no_traceback() -> None:
    with open("/dev/full", "wb") as full:
        command = [sys.executable, "-m", "symbackprop", "evaluate", str(RUSSO)]
        ran = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, cwd=EXAMPLES.parent, check=False)
    assert ran.returncode == OUTSIDE_FAILED
    assert b"Traceback" not in ran.stderr
    assert b"cannot be written" in ran.stderr


HEAVY = {"sympy", "numpy", "openpyxl", "lxml", "pydantic", "mpmath"}


def loaded(*arguments: object) -> set[str]:
    """The large libraries that a run of the command line has loaded."""
    program = (
        "import sys; from symbackprop.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    command = [sys.executable, "-c", program, *map(str, arguments)]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=EXAMPLES.parent, check=True)
    return HEAVY & set(ran.stderr.split())


def test_help_loads_no_large_library() -> None:
    assert loaded("--help") == set()


@pytest.mark.parametrize("name", ["kadakia", "math-note", "esuli", "russo"])
def test_evaluating_an_example_loads_neither_sympy_nor_numpy_nor_openpyxl(name: str) -> None:
    assert not loaded("evaluate", EXAMPLES / f"{name}.toml") & {"sympy", "numpy", "openpyxl", "lxml"}


TIED = """
[inputs]
values = [[1, 2]]
[targets]
values = [[1]]
[[layers]]
units = 1
activation = "sigmoid"
weights = [["w_a", "w_a"]]
[loss]
name = "squared_error"
[parameters]
w_a = 0.25
"""


def test_a_tied_parameter_stands_once_in_the_table(tmp_path: Path) -> None:
    path = tmp_path / "tied.toml"
    path.write_text(TIED)
    names = [line.split()[0] for line in run("evaluate", path).out.splitlines() if line.startswith("  ")]
    assert [name for name in names if "w_a" in name] == ["w_a", "dE/dw_a"]


def test_exact_numbers_in_closed_expressions_are_ratios_too(tmp_path: Path) -> None:
    path = tmp_path / "tied.toml"
    path.write_text(TIED)
    assert run("evaluate", path, "--exact", "--of", "out[1][0]").out.split("  ")[1] == "1 / (1 + exp(-3/4))\n"


def test_two_quantities_with_one_name_are_refused_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "clash.toml"
    path.write_text(
        '[notation]\nweight = "w_{foo}"\n' + TIED.replace('"w_a", "w_a"', "1, 2").partition("[parameters]")[0]
    )
    ran = run("evaluate", path)
    assert ran.status == UNUSABLE_INPUT
    assert f"{path}: notation: w[1][0][0] and w[1][0][1] would both be written w_foo; change notation.weight" in ran.err
    assert "to, from, number" in ran.err
