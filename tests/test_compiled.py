"""Compiled functions: what they take and give back, what their sources need, and what they refuse."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.compiled import TARGETS, building, compiled, source
from symbackprop.errors import InputError, KinkError, MissingValue, OutsideError
from tests.compiling import core

WEIGHTS = [[0.15, 0.20], [0.25, 0.30]]
targets = pytest.mark.parametrize(
    "target", [pytest.param(each, marks=pytest.mark.engine) if each == "c" else each for each in TARGETS]
)
# Mazur, "A step by step backpropagation example": the loss and two gradients, to the digits that he prints.
MAZUR_LOSS, MAZUR_W5, MAZUR_W1 = 0.298371109, 0.082167041, 0.000438568


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("SYMBACKPROP_CACHE", str(tmp_path_factory.getbasetemp() / "compiled"))
    yield
    building.compiler.cache_clear()


def _mazur() -> sb.Network:
    return sb.Network(
        inputs=[0.05, 0.1],
        targets=[0.01, 0.99],
        loss="squared_error",
        layers=[
            {"units": 2, "activation": "sigmoid", "weights": WEIGHTS, "bias": 0.35},
            {"units": 2, "activation": "sigmoid", "weights": [[0.4, 0.45], [0.5, 0.55]], "bias": 0.6},
        ],
    )


def _parameters() -> dict[str, np.ndarray]:
    return {
        "W1": np.array(WEIGHTS),
        "b1": np.array(0.35),
        "W2": np.array([[0.4, 0.45], [0.5, 0.55]]),
        "b2": np.array(0.6),
    }


X, T = np.array([0.05, 0.1]), np.array([0.01, 0.99])


@targets
def test_gradients_have_the_keys_and_shapes_of_the_parameters(target: str) -> None:
    found = compiled(core(_mazur()), target)(_parameters(), X, T)
    assert {key: np.shape(value) for key, value in found.items()} == {"W1": (2, 2), "b1": (), "W2": (2, 2), "b2": ()}


@targets
def test_a_published_example_has_its_loss_and_gradients(target: str) -> None:
    loss, found = compiled(core(_mazur()), target).loss_and_gradients(_parameters(), X, T)
    assert float(loss) == pytest.approx(MAZUR_LOSS, abs=1e-9)
    assert np.array(found["W2"])[0, 0] == pytest.approx(MAZUR_W5, abs=1e-9)
    assert np.array(found["W1"])[0, 0] == pytest.approx(MAZUR_W1, abs=1e-9)


@targets
@pytest.mark.parametrize("count", [1, 2, 129, 300])
def test_rows_are_observations_and_the_loss_is_their_mean(target: str, count: int) -> None:
    function = compiled(core(_mazur()), target)
    random = np.random.default_rng(count)
    inputs, wanted = random.random((count, 2)), random.random((count, 2))
    loss, found = function.loss_and_gradients(_parameters(), inputs, wanted)
    each = [function.loss_and_gradients(_parameters(), *row) for row in zip(inputs, wanted, strict=True)]
    assert float(loss) == pytest.approx(np.mean([one for one, _ in each]), rel=1e-13)
    for key, value in found.items():
        mean = np.mean([np.array(gradients[key]) for _, gradients in each], axis=0)
        np.testing.assert_allclose(np.array(value), mean, rtol=1e-12, atol=1e-16)


@targets
def test_a_bound_function_follows_its_buffers(target: str) -> None:
    function = compiled(core(_mazur()), target)
    parameters, inputs = _parameters(), X.copy()
    bound = function.bound(parameters, inputs, T.copy())
    assert np.array(bound()["W2"])[0, 0] == pytest.approx(MAZUR_W5, abs=1e-9)
    assert float(bound.loss) == pytest.approx(MAZUR_LOSS, abs=1e-9)
    parameters["W1"][0, 0] = 1.5
    inputs[1] = -2.0
    expected = function(parameters, inputs, T)
    for key, value in bound().items():
        np.testing.assert_array_equal(np.array(value), np.array(expected[key]))


@targets
def test_results_of_two_calls_do_not_share_memory(target: str) -> None:
    function = compiled(core(_mazur()), target)
    first = function(_parameters(), X, T)
    before = np.array(first["W1"]).copy()
    function(_parameters(), X * 3, T)
    np.testing.assert_array_equal(np.array(first["W1"]), before)


@targets
def test_lists_and_other_types_of_numbers_are_taken(target: str) -> None:
    function = compiled(core(_mazur()), target)
    lists = {key: value.tolist() for key, value in _parameters().items()}
    columns = {key: np.array(value, order="F") for key, value in _parameters().items()}
    for parameters in (lists, columns):
        found = function(parameters, X.tolist() if parameters is lists else X, T.tolist() if parameters is lists else T)
        assert np.array(found["W2"])[0, 0] == pytest.approx(MAZUR_W5, abs=1e-9)


@targets
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"W1": np.zeros((3, 2))}, r"parameters\['W1'\]: has the shape \(3, 2\); expected \(2, 2\)"),
        ({"W1": None}, "parameters: W1 is missing; expected W1, b1, W2, b2"),
        ({"inputs": np.zeros(3)}, r"inputs: has the shape \(3,\); expected 2 numbers"),
        ({"targets": np.zeros((4, 2))}, "inputs are 1 observations and targets 4"),
    ],
)
def test_arguments_that_do_not_fit_are_refused_by_name(target: str, change: dict[str, object], said: str) -> None:
    parameters = {**_parameters(), **{key: value for key, value in change.items() if key[0] == "W"}}
    parameters = {key: value for key, value in parameters.items() if value is not None}
    function = compiled(core(_mazur()), target)
    with pytest.raises((InputError, MissingValue), match=said):
        function.bound(parameters, change.get("inputs", X), change.get("targets", T))


@targets
def test_a_tied_parameter_shows_its_total_everywhere(target: str) -> None:
    network = sb.Network(
        inputs=[0.5, -1], targets=[1], loss="squared_error", parameters={"w": 0.3},
        layers=[{"units": 2, "activation": "tanh", "weights": [["w", 0.1], [0.2, "w"]]},
                {"units": 1, "activation": "identity", "weights": [[0.7, "w"]]}],
    )  # fmt: skip
    derivation = core(network)
    parameters = {"W1": [[0.3, 0.1], [0.2, 0.3]], "W2": [[0.7, 0.3]]}
    found = compiled(derivation, target)(parameters, [0.5, -1.0], [1.0])
    total = sb.derive(network).evaluate()["dE/dw"]
    tied = [np.array(found["W1"])[0, 0], np.array(found["W1"])[1, 1], np.array(found["W2"])[0, 1]]
    assert tied == pytest.approx([total] * 3, rel=1e-14)


@targets
@pytest.mark.parametrize(("rule", "slope"), [(0, 0.0), ("1/2", 0.5), (1, 1.0)])
def test_a_kink_has_the_stated_slope(target: str, rule: object, slope: float) -> None:
    network = sb.Network(
        inputs=[1], targets=[2], loss="squared_error",
        layers=[{"units": 1, "activation": {"name": "relu", "at_kink": rule}, "weights": [[0]]}],
    )  # fmt: skip
    assert np.array(compiled(core(network), target)({"W1": [[0.0]]}, [1.0], [2.0])["W1"])[0, 0] == -2 * slope


@targets
def test_a_kink_without_a_slope_is_an_error(target: str) -> None:
    network = sb.Network(
        inputs=[1], targets=[2], loss="squared_error",
        layers=[{"units": 1, "activation": {"name": "relu", "at_kink": "error"}, "weights": [[0]]}],
    )  # fmt: skip
    function = compiled(core(network), target)
    assert np.array(function({"W1": [[1.0]]}, [1.0], [2.0])["W1"]).tolist() == [[-1.0]]
    with pytest.raises(KinkError, match="at_kink"):
        function({"W1": [[0.0]]}, [1.0], [2.0])


@targets
def test_a_program_takes_and_gives_its_own_names(target: str) -> None:
    network = sb.Network(
        equations=[("q", "a*x + b"), ("f", "q^2*y")],
        loss="f",
        inputs={"x": [2], "y": [3]},
        parameters={"a": 0.5, "b": 1},
    )
    function = compiled(core(network), target)
    loss, found = function.loss_and_gradients({"a": 0.5, "b": 1.0}, {"x": 2.0, "y": 3.0})
    assert float(loss) == 12
    assert {key: float(np.array(value).item()) for key, value in found.items()} == {"a": 24, "b": 12}
    both, _ = function.loss_and_gradients({"a": 0.5, "b": 1.0}, {"x": [2.0, 0.0], "y": [3.0, 1.0]})
    assert float(both) == (12 + 1) / 2


@targets
@pytest.mark.parametrize("reduction", ["sum", "mean"])
def test_sums_of_constants_over_observations_are_as_many(target: str, reduction: str) -> None:
    network = sb.Network(  # df/da = 3 and df/db = 2b + 1/2 at each observation
        equations=[("f", "3*a + x + sqrt(1 + b*b)^2 + b/2")], loss="f", inputs={"x": [0, 0]},
        parameters={"a": 1, "b": 2}, over_observations=reduction,
    )  # fmt: skip
    function = compiled(core(network), target)
    for inputs, count in (({"x": 1.0}, 1), ({"x": [1.0, 2.0, 6.0]}, 3 if reduction == "sum" else 1)):
        _, found = function.loss_and_gradients({"a": 1.0, "b": 2.0}, inputs)
        assert {key: float(np.array(each).item()) for key, each in found.items()} == pytest.approx(
            {"a": 3 * count, "b": 4.5 * count}, rel=1e-15
        )


@targets
def test_columns_of_a_program_that_differ_in_length_are_refused(target: str) -> None:
    network = sb.Network(equations=[("f", "a*x*y")], loss="f", inputs={"x": [2], "y": [3]}, parameters={"a": 0.5})
    function = compiled(core(network), target)
    with pytest.raises(InputError, match="x has 4, y has 3; expected as many of each"):
        function({"a": 0.5}, {"x": [1.0] * 4, "y": [1.0] * 3})


@pytest.mark.engine
def test_c_changes_no_array_of_the_caller_where_a_program_is_handed_targets() -> None:
    network = sb.Network(equations=[("f", "a*x + b")], loss="f", inputs={"x": [2]}, parameters={"a": 0.5, "b": 1})
    function = compiled(core(network), "c")
    parameters = {"a": np.array(0.5), "b": np.array(0.25)}
    with pytest.raises(InputError, match="a program has none"):
        function.bound(parameters, {"x": np.array([2.0])}, np.full(3, 7.0))
    assert (float(parameters["a"]), float(parameters["b"])) == (0.5, 0.25)


def test_python_source_needs_nothing_but_the_standard_library() -> None:
    tree = ast.parse(source(core(_mazur()), "python"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported == {"math"}


def test_python_source_runs_by_itself(tmp_path: Path) -> None:
    path = tmp_path / "gradients.py"
    parameters = {key: value.tolist() for key, value in _parameters().items()}
    call = f"print(loss_and_gradients({parameters}, [0.05, 0.1], [0.01, 0.99])[0])"
    path.write_text(source(core(_mazur()), "python") + "\n" + call, encoding="utf-8")
    done = subprocess.run([sys.executable, "-I", "-S", path], capture_output=True, text=True, check=True)
    assert float(done.stdout) == pytest.approx(MAZUR_LOSS, abs=1e-9)


def test_sources_speak_the_derivation_s_names() -> None:
    text = source(core(_mazur()), "c")
    assert "out_h1" in text
    assert "/* dE/dw_jk^(2) = sum_n delta_oj@n * out_hk@n */" in text


def test_the_title_cannot_leave_its_comment() -> None:
    network = _mazur().with_values({"title": '"""*/ int x; \\ é'})
    for target in TARGETS:
        text = source(core(network), target)
        assert "*/ int x" not in text
        assert text.isascii()
        if target != "c":
            compile(text, target, "exec")


@pytest.mark.engine
@pytest.mark.parametrize("optimisation", ["-O0", "-O2", "-O3"])
@pytest.mark.parametrize("sizes", [(2, 2, 2), (32, 17, 5)])
def test_c_source_stands_alone_without_a_warning(tmp_path: Path, optimisation: str, sizes: tuple[int, ...]) -> None:
    command = building.compiler()
    if command is None:
        pytest.skip("there is no C compiler")
    random = np.random.default_rng(0)
    layers = [
        {
            "units": to,
            "activation": activation,
            "weights": random.random((to, by)).round(3).tolist(),
            "bias": [0.1] * to,
        }
        for by, to, activation in zip(sizes, sizes[1:], ("tanh", "softmax"), strict=False)
    ]
    network = sb.Network(
        inputs=[[0.5] * sizes[0]], targets=[[1, *[0] * (sizes[-1] - 1)]], layers=layers, loss="cross_entropy"
    )
    derivation = core(network)
    values = sb.derive(network).evaluate()
    numbers = [values[f"{kind}[{layer}]"] for layer in (1, 2) for kind in ("w", "b")]
    arrays = [[0.5] * sizes[0], [1.0, *[0.0] * (sizes[-1] - 1)], *(np.ravel(each).tolist() for each in numbers)]
    text = [f"static double a{number}[] = {{{', '.join(map(repr, each))}}};" for number, each in enumerate(arrays)]
    text += [f"static double g{number}[{len(each)}];" for number, each in enumerate(arrays)]
    given = ", ".join(f"a{number}" for number in range(len(arrays)))
    written = ", ".join(f"g{number}" for number in range(2, len(arrays)))
    main = "\n".join(
        ["#include <stdio.h>", *text, "int main(void) {", "double loss;",
         f"if (loss_and_gradients(1, {given}, &loss, {written})) return 1;", 'printf("%.17g %.17g\\n", loss, g2[0]);',
         "return g0[0] != 0.0 || g1[0] != 0.0; }"]
    )  # fmt: skip
    file = tmp_path / "alone.c"
    file.write_text(source(derivation, "c") + main, encoding="utf-8")
    flags = [optimisation, "-Wall", "-Wextra", "-Werror", "-o", str(tmp_path / "alone"), str(file), "-lm"]
    subprocess.run([*command, *flags], check=True, capture_output=True)
    loss, first = map(float, subprocess.run([tmp_path / "alone"], capture_output=True, check=True).stdout.split())
    assert loss == pytest.approx(values["loss"], rel=1e-13)
    assert first == pytest.approx(values["dE/dw[1][0][0]"], rel=1e-11)


def test_without_a_compiler_c_says_what_to_install_and_the_default_is_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setenv("PATH", "")
    building.compiler.cache_clear()
    with pytest.raises(OutsideError, match="there is no C compiler: install one"):
        compiled(core(_mazur()), "c")
    picked = compiled(core(_mazur()))
    assert (picked.target, "no C compiler" in picked.reason) == ("python", True)


@pytest.mark.engine
def test_a_compiler_that_fails_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CC", "false")
    monkeypatch.setenv("SYMBACKPROP_CACHE", str(tmp_path))
    building.compiler.cache_clear()
    with pytest.raises(OutsideError, match=r"the C compiler .*false failed"):
        compiled(core(_mazur()), "c")


@pytest.mark.engine
def test_the_same_source_is_compiled_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SYMBACKPROP_CACHE", str(tmp_path))
    first = building._built("int one(void) { return 1; }", ".so", ())
    stamp = first.stat().st_mtime_ns
    assert building._built("int one(void) { return 1; }", ".so", ()) == first
    assert first.stat().st_mtime_ns == stamp
    assert building._built("int one(void) { return 2; }", ".so", ()) != first


@pytest.mark.engine
def test_a_cache_into_which_others_may_write_is_not_loaded_from(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    monkeypatch.setenv("SYMBACKPROP_CACHE", str(tmp_path / "open"))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(building.tempfile, "tempdir", None)
    kept = building._built("int three(void) { return 3; }", ".so", ())
    assert kept.parent.parent == tmp_path
    assert kept.parent.name.startswith("symbackprop-")


def test_the_default_says_what_it_picked_and_why() -> None:
    picked = compiled(core(_mazur()))
    assert picked.target in ("c", "python")
    assert repr(picked).startswith(f"<Gradient of W1, b1, W2, b2 in {picked.target}: about ")


def test_an_unknown_target_is_refused_with_the_nearest() -> None:
    with pytest.raises(InputError, match="unknown target 'nunpy'; did you mean 'numpy'"):
        compiled(core(_mazur()), "nunpy")


@pytest.mark.parametrize(
    "library", [pytest.param("jax", marks=pytest.mark.engine), "torch", pytest.param("dask", marks=pytest.mark.engine)]
)
def test_array_code_runs_on_other_libraries(library: str) -> None:
    module = pytest.importorskip({"jax": "jax", "torch": "torch", "dask": "dask.array"}[library])
    function = compiled(core(_mazur()), "numpy")
    rows, wanted = np.array([X, X * 2, X - 1, X]), np.array([T, T, T / 2, T])
    expected = function.loss_and_gradients(_parameters(), rows, wanted)
    parameters = _parameters()
    if library == "jax":
        as_it_comes = module.config.jax_enable_x64
        module.config.update("jax_enable_x64", True)
        try:
            found = module.jit(function.loss_and_gradients)(
                parameters, module.numpy.asarray(rows), module.numpy.asarray(wanted)
            )
        finally:
            module.config.update("jax_enable_x64", as_it_comes)
    elif library == "torch":
        tensors = {key: module.tensor(value) for key, value in parameters.items()}
        found = function.loss_and_gradients(tensors, module.tensor(rows), module.tensor(wanted))
    else:
        chunks = (module.from_array(rows, chunks=(2, 2)), module.from_array(wanted, chunks=(2, 2)))
        found = function.loss_and_gradients(parameters, *chunks)
    assert float(found[0]) == pytest.approx(float(expected[0]), rel=1e-14)
    for key, value in expected[1].items():
        np.testing.assert_allclose(np.asarray(found[1][key]), value, rtol=1e-13)


def test_a_bound_python_function_follows_numbers_that_are_replaced() -> None:
    network = sb.Network(
        equations=[("q", "a*x + b"), ("f", "q^2*y")],
        loss="f",
        inputs={"x": [2], "y": [3]},
        parameters={"a": 0.5, "b": 1},
    )
    parameters, inputs = {"a": 0.5, "b": 1.0}, {"x": 2.0, "y": 3.0}
    bound = compiled(core(network), "python").bound(parameters, inputs)
    assert (bound(), bound.loss) == ({"a": 24.0, "b": 12.0}, 12.0)
    parameters["a"], inputs["y"] = 1.0, 1.0
    assert (bound(), bound.loss) == ({"a": 12.0, "b": 6.0}, 9.0)
    assert bound.gradients == {"a": 12.0, "b": 6.0}


UNREAD_INPUT = """
loss = "E"
[inputs]
x = ["1", "2"]
[parameters]
w = "0.5"
[[equations]]
name = "E"
formula = "w^2"
"""


@pytest.mark.parametrize("target", ["python", "numpy", "c"])
def test_a_loss_that_reads_no_input_has_its_gradient(target: str) -> None:
    function = sb.derive(sb.Network.parse(UNREAD_INPUT)).compile(target)
    found = function({"w": 0.5}, {"x": [1.0, 2.0]})
    assert float(found["w"]) == 1.0


def test_the_source_is_the_same_in_every_process() -> None:
    """It is kept compiled by its content: in another order of lines it would be compiled anew."""
    lines = [
        "import symbackprop as sb",
        f"network = sb.Network.parse({_mazur().to_toml()!r})",
        "from symbackprop.compiled import c",
        "c.STRAIGHT = 0",
        "print(sb.derive(network).source('c'))",
    ]
    texts = {
        subprocess.run(
            [sys.executable, "-c", "\n".join(lines)], capture_output=True, check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2", "3")
    }  # fmt: skip
    assert len(texts) == 1
