from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random
from unittest.mock import patch

import pytest
import sympy

from symbackprop.derivation import Derivation, derive
from symbackprop.network import Dense, Network
from symbackprop.proof import modular, prove
from symbackprop.proof.claims import Claims
from symbackprop.proof.expanded import expanded_checks
from symbackprop.proof.modular import modular_checks
from tests.mistakes import MISTAKES
from tests.running import quick
from tests.small import program, two_two_two

AT_RANDOM_POINTS = {"batchnorm", "softmax-classifier"}  # the examples whose closed loss is too long for `sympy.diff`


def deep(*widths: int) -> Derivation:
    layers = [
        Dense(width, "sigmoid", weights=[[0.1] * before] * width, bias=[0.1] * width)
        for before, width in zip(widths, widths[1:], strict=False)  # noqa: RUF007
    ]
    return derive(Network(inputs=[0.1] * widths[0], targets=[0.5] * widths[-1], loss="squared_error", layers=layers))


def test_a_small_network_is_proven_by_expanding_polynomials_and_says_so() -> None:
    proof = prove(two_two_two())
    assert proof
    assert proof.exact
    assert proof.method == "expanded"
    assert (
        str(proof)
        == "proven: 16 checks; derivatives compared as polynomials, expanded, in independent values and slopes"
    )
    assert "dE/dW^(1): the equation is the derivative of the loss" in "\n".join(proof.sentences())


def test_a_large_network_is_proven_at_random_points_and_says_so() -> None:
    proof = prove(deep(16, 16, 16, 10))
    assert proof
    assert proof.method == "random points"
    assert not proof.exact
    assert "at random points modulo 2^61 - 1" in str(proof)


def test_a_small_network_is_proven_quickly() -> None:
    prove(two_two_two())  # the first one loads SymPy
    with quick(1):
        assert prove(two_two_two("tanh"))


@pytest.mark.parametrize(
    "example", sorted(path.name for path in (Path(__file__).parent.parent / "examples").glob("*.toml"))
)
def test_every_example_is_proven(example: str, examples: Path) -> None:
    proof = prove(derive(Network.read(examples / example)))
    assert proof, str(proof)
    assert proof.method == ("random points" if Path(example).stem in AT_RANDOM_POINTS else "expanded")


def test_a_symbolic_number_of_observations_is_proven() -> None:
    layers = [Dense(2, "tanh"), Dense(1, "tanh")]
    derivation = derive(Network(observations="n", loss="squared_error", input_names=["x", "y"], layers=layers))
    proof = prove(derivation)
    assert proof
    assert {check.array for check in proof.checks} <= {each.target.array for each in derivation.system.equations}


def test_programs_are_proven() -> None:
    assert prove(program(("q", "x + y"), ("f", "q*z*q + exp(x)"), x=1, y=2, z=3))


def test_a_proof_leaves_out_readers_that_the_loss_does_not_use() -> None:
    equations = [("u", "w^2"), ("aside", "sin(u)"), ("h", "u^3"), ("f", "x*h")]
    assert prove(derive(Network(equations=equations, loss="f", inputs={"x": [1, 2]}, parameters={"w": 3})))


def test_the_rewrite_needs_its_condition() -> None:
    derivation = two_two_two("tanh", "softmax", loss="cross_entropy", targets=[0, 1])
    assert prove(derivation)
    pair = replace(derivation.rewrites[0].pair, condition="")
    wrong = replace(derivation, rewrites=(replace(derivation.rewrites[0], pair=pair),))
    proof = prove(wrong)
    assert [check.kind for check in proof.failed] == ["rewrite"]


def test_simplify_is_never_called() -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("simplify was called")

    with patch.object(sympy, "simplify", refuse), patch("sympy.simplify.simplify.simplify", refuse):
        assert prove(two_two_two("gelu"))


def test_both_ways_say_the_same() -> None:
    derivation = two_two_two("tanh", "softmax", penalty={"kind": "l1", "strength": 0.1})
    for changed in (derivation, *(mistake(derivation, Random(name)) for name, mistake in MISTAKES.items())):
        if changed is not None:
            expanded = {check.array: check.holds for check in expanded_checks(Claims(changed))}
            modular = {check.array: check.holds for check in modular_checks(Claims(changed))}
            assert {array for array, holds in expanded.items() if not holds} <= {
                array for array, holds in modular.items() if not holds
            }
            assert all(expanded.values()) == all(modular.values())


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_found_where_it_is(name: str) -> None:
    for number in range(5):
        derivation = two_two_two(
            "tanh", "softmax", loss="cross_entropy", targets=[0, 1], penalty={"kind": "l1", "strength": 0.1}
        )
        wrong = MISTAKES[name](derivation, Random(number))
        assert wrong is not None
        pairs = zip(derivation.system.equations, wrong.system.equations, strict=True)
        (changed,) = [new.target.array for old, new in pairs if old != new]
        proof = prove(wrong)
        assert not proof
        assert changed in [check.array for check in proof.failed]
        assert "NOT PROVEN" in str(proof)


def test_a_matrix_the_wrong_way_round_is_found_even_where_its_shape_does_not_fit() -> None:
    wrong = MISTAKES["transposed_matrix"](deep(2, 3, 4), Random(0))
    assert wrong is not None
    proof = prove(wrong)
    assert proof.failed[0].kind == "indices"


@pytest.mark.parametrize("lines", [40, 80])
def test_the_proof_of_a_long_program_follows_each_equation_a_few_times_only(lines: int) -> None:
    """Each derivative is followed to those that are proven, not to the loss: it was as many steps as lines, squared."""
    states = [(f"h_{n}", f"tanh(w*h_{n - 1} + u*x + b)" if n else "tanh(u*x + b)") for n in range(lines)]
    made = derive(
        Network(
            equations=[*states, ("E", f"1/2*(h_{lines - 1} - t)^2")], loss="E", inputs={"x": [0.5], "t": [0.3]},
            parameters={"w": 0.5, "u": 0.4, "b": 0.1},
        )
    )  # fmt: skip
    with patch.object(modular._Point, "_tangent", autospec=True, side_effect=modular._Point._tangent) as followed:
        checks = list(modular_checks(Claims(made)))
    assert len(checks) > lines
    assert all(each.holds for each in checks)
    reads_of_states_and_parameters = 4 * lines
    assert followed.call_count <= modular.DIRECTIONS * (reads_of_states_and_parameters + lines)
