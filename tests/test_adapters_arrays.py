"""Functions of other libraries' arrays: autograd's, and JAX's where it is installed."""

from __future__ import annotations

from typing import Any

import autograd
import autograd.numpy as anp
import numpy as np
import pytest

import symbackprop as sb
from symbackprop.errors import InputError
from tests.planted import generic_network
from tests.running import run

NETWORK = sb.Network.read("examples/two-input.toml")


def loss_in(space: Any, slope: Any = None) -> Any:
    """The loss of the two-input example in the functions of a library."""

    def loss(parameters: Any, inputs: Any, targets: Any) -> Any:
        hidden = 1 / (1 + space.exp(-(space.dot(parameters["W1"], inputs) + parameters["b1"])))
        out = 1 / (1 + space.exp(-(space.dot(parameters["W2"], hidden if slope is None else slope(hidden)) +
                                   parameters["b2"])))  # fmt: skip
        return 0.5 * space.sum((out - targets) ** 2)

    return loss


def test_autograd_s_gradients_agree() -> None:
    assert sb.check_gradients(autograd.grad(loss_in(anp)), NETWORK)
    assert sb.check_gradients(autograd.value_and_grad(loss_in(anp)), NETWORK)


def test_a_wrong_loss_under_autograd_is_named() -> None:
    report = sb.check_gradients(autograd.grad(lambda *each: 2 * loss_in(anp)(*each)), NETWORK)
    assert report.mistakes[0].name == "factor 2", report


def test_an_unknown_library_is_refused() -> None:
    with pytest.raises(InputError, match="arrays: 'cupy' cannot be used; allowed: numpy, torch, jax"):
        sb.check_gradients(autograd.grad(loss_in(anp)), NETWORK, arrays="cupy")


def test_numbers_of_a_coarser_kind_are_compared_as_such_and_it_is_said() -> None:
    from tests.planted import textbook

    network = generic_network(3)
    right = textbook(network, dtype="float32")

    def in_float32(parameters: Any, inputs: Any, targets: Any) -> Any:
        coarse = {key: each.astype("float32") for key, each in parameters.items()}
        return right(coarse, inputs.astype("float32"), targets.astype("float32"))

    report = sb.check_gradients(in_float32, network)
    assert report, report
    assert "returns float32 numbers where it is handed float64" in report.to_text()
    doubled = sb.check_gradients(lambda *each: {key: 2 * array for key, array in in_float32(*each).items()}, network)
    assert doubled.mistakes[0].name == "factor 2"


def test_the_command_hands_over_another_library_s_arrays(tmp_path: Any) -> None:
    pytest.importorskip("jax")
    path = tmp_path / "mine.py"
    path.write_text(
        "import jax, jax.numpy as jnp\n"
        "def loss(p, x, t):\n"
        "    h = jax.nn.sigmoid(p['W1'] @ x + p['b1'])\n"
        "    return 0.5 * jnp.sum((jax.nn.sigmoid(p['W2'] @ h + p['b2']) - t) ** 2)\n"
        "gradients = jax.jit(jax.grad(loss))\n"
    )
    ran = run("check", f"{path}:gradients", "examples/two-input.toml", "--arrays", "jax")
    assert ran.status == 0, ran.err
    assert "compared in float32" in ran.out


@pytest.mark.parametrize("arrays", ["numpy", "jax"])
def test_jax_s_gradients_agree_in_float32_and_in_float64(arrays: str) -> None:
    jax = pytest.importorskip("jax")
    loss = loss_in(jax.numpy)
    for function in (jax.grad(loss), jax.jit(jax.value_and_grad(loss))):
        report = sb.check_gradients(function, NETWORK, arrays=arrays)
        assert report, report
        assert any("compared in float32" in each for each in report.notes)
        jax.config.update("jax_enable_x64", True)
        try:
            report = sb.check_gradients(function, NETWORK, arrays=arrays)
        finally:
            jax.config.update("jax_enable_x64", False)
        assert report, report
        assert report.notes == ()


def test_a_wrong_rule_of_jax_is_named() -> None:
    jax = pytest.importorskip("jax")

    @jax.custom_jvp
    def passing(hidden: Any) -> Any:
        return hidden

    passing.defjvp(lambda primals, tangents: (primals[0], -tangents[0]))
    report = sb.check_gradients(jax.grad(loss_in(jax.numpy, passing)), NETWORK)
    assert set(report.mistakes[0].parameters) == {"W1", "b1"}, report
    assert "sign" in report.mistakes[0].sentence
    assert np.isfinite(report.parameters["W1"].largest_relative_error)
