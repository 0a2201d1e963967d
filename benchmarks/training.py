"""10,000 steps of gradient descent on 2-2-2, against a loop in JAX, torch and numpy. Every loss at the end agrees."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from benchmarks.by_hand import numpy_lines
from benchmarks.data import Case
from benchmarks.measure import Ratio, Skipped, in_turns, missing
from benchmarks.peers import jax_arguments, jax_loss
from symbackprop.values import Values

STEPS, RATE = 10_000, 0.5
CASE = Case((2, 2, 2), 1)
REACHED = 1e-9  # relative: how far the losses after all steps may be apart
CHECKED = 3  # steps whose parameters are compared with 50 digits

Losses = Callable[[int], float]  # the loss after so many steps


def ratios() -> Iterator[Ratio | Skipped]:
    exact = _exact()
    trained: dict[str, Losses] = {"C": ours("c"), "Python": ours("python"), "numpy": ours("numpy")}
    makers = {"torch": by_torch, "JAX fori_loop": by_jax, "numpy by hand": by_numpy}
    modules = {"torch": "torch", "JAX fori_loop": "jax", "numpy by hand": "numpy"}
    for name, maker in makers.items():
        why = missing(modules[name])
        if why:
            yield Skipped(f"{STEPS:,} steps: {name}", why)
        else:
            trained[name] = maker()
    for name, losses in trained.items():
        assert abs(losses(CHECKED) - exact) <= 1e-14, name
    reached = {name: losses(STEPS) for name, losses in trained.items()}
    assert max(reached.values()) - min(reached.values()) <= REACHED * max(reached.values()), reached
    calls = {name: _call(losses) for name, losses in trained.items()}
    timings = in_turns(calls, runs=5, least=0.005)
    for peer, limit in (("JAX fori_loop", 1.0), ("torch", 1 / 3000), ("numpy by hand", None)):
        if peer in timings:
            yield Ratio(f"{STEPS:,} steps of 2-2-2: the loop in C", peer, timings["C"], timings[peer], limit)
    for name in ("Python", "numpy"):
        if "torch" in timings:
            yield Ratio(f"{STEPS:,} steps of 2-2-2: {name}", "torch", timings[name], timings["torch"], None)


def _call(losses: Losses) -> Callable[[], object]:
    return lambda: losses(STEPS)


def ours(target: str) -> Losses:
    """Our loop; as for the peers, what is compiled once is not counted, and each time it starts anew."""
    run = CASE.derivation.training(STEPS, values=_start(), target=target)
    loop = run.loop
    start = {key: list(loop.entries(key)) for key in run.program.parameters}

    def losses(steps: int) -> float:
        for key, entries in start.items():
            _put(loop, key, entries)
        loop.advance(steps)
        assert run.done == steps
        return loop.loss()

    return losses


def _put(loop: Any, key: str, entries: list[float]) -> None:
    """Back to the start: the counter of steps too."""
    if hasattr(loop, "buffers"):
        loop.buffers[loop.program.parameters[key]][:] = array("d", entries)
        loop.counter.value = 0
    else:
        loop.put({key: entries}, 0.0)
        loop.state = 0, loop.state[1]


def _start() -> Values:
    found = CASE.derivation.evaluate(
        inputs=[CASE.inputs.tolist()], targets=[CASE.targets.tolist()], parameters=CASE.parameters
    )
    assert isinstance(found, Values)
    return found


def _exact() -> float:
    """The loss after the first steps, to 50 digits, rounded."""
    derivation = CASE.derivation
    parameters: dict[str, Any] = CASE.parameters
    for _ in range(CHECKED):
        values = derivation.evaluate(
            inputs=[CASE.inputs.tolist()], targets=[CASE.targets.tolist()], parameters=parameters, precision=50
        )
        parameters = {
            key: np.array(values[f"new:{'w' if key[0] == 'W' else 'b'}[{key[1:]}]"], dtype=float)
            for key in CASE.parameters
        }
    values = derivation.evaluate(
        inputs=[CASE.inputs.tolist()], targets=[CASE.targets.tolist()], parameters=parameters, precision=50
    )
    return float(values["loss"])


def by_numpy() -> Losses:
    def losses(steps: int) -> float:
        parameters = {key: value.copy() for key, value in CASE.parameters.items()}
        for _ in range(steps):
            _, found = numpy_lines(parameters, CASE.inputs, CASE.targets)
            parameters = {key: value - RATE * found[key] for key, value in parameters.items()}
        return float(numpy_lines(parameters, CASE.inputs, CASE.targets)[0])

    return losses


def by_torch() -> Losses:
    import torch

    torch.set_num_threads(1)
    x, t = torch.tensor(CASE.inputs), torch.tensor(CASE.targets)

    def loss_at(tensors: dict[str, Any]) -> Any:
        out = x
        for layer in (1, 2):
            out = torch.sigmoid(tensors[f"W{layer}"] @ out + tensors[f"b{layer}"])
        return 0.5 * ((out - t) ** 2).sum()

    def losses(steps: int) -> float:
        tensors = {key: torch.tensor(value, requires_grad=True) for key, value in CASE.parameters.items()}
        optimizer = torch.optim.SGD(tensors.values(), lr=RATE)
        for _ in range(steps):
            optimizer.zero_grad()
            loss_at(tensors).backward()
            optimizer.step()
        return float(loss_at(tensors).detach())

    return losses


def by_jax() -> Losses:
    import jax

    arrays, x, t = jax_arguments(CASE)
    loss = jax_loss()
    gradient = jax.grad(loss)

    def step(_: int, parameters: Any) -> Any:
        found = gradient(parameters, x, t)
        return {key: value - RATE * found[key] for key, value in parameters.items()}

    trained = jax.jit(lambda parameters, steps: jax.lax.fori_loop(0, steps, step, parameters))
    return lambda steps: float(loss(trained(arrays, steps), x, t))
