"""Beyond one machine: data larger than a Dask worker's memory, observations sharded over JAX devices, and the page."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symbackprop as sb

pytestmark = pytest.mark.engine

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "scaling.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```\n\n```text\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.M | re.S)
FOUR_DEVICES = {"XLA_FLAGS": "--xla_force_host_platform_device_count=4"}
SIZES = (32, 6, 3)
# Sums of the same numbers in another order: relative to the sum of absolute values, for some 10^6 observations.
ROUNDING = 1e-12


def _function() -> Any:
    random = np.random.default_rng(0)
    layers = [
        {"units": to, "activation": activation, "weights": random.standard_normal((to, by)).round(3).tolist(),
         "bias": random.standard_normal(to).round(3).tolist()}
        for by, to, activation in zip(SIZES, SIZES[1:], ("tanh", "sigmoid"), strict=False)
    ]  # fmt: skip
    network = sb.Network(
        inputs=[[0.5] * SIZES[0]], targets=[[0.5] * SIZES[-1]], layers=layers, loss="squared_error",
    )  # fmt: skip
    derivation = sb.derive(network)
    values = derivation.evaluate()
    parameters = {f"{kind.upper() if kind == 'w' else kind}{layer}": np.array(values[f"{kind}[{layer}]"])
                  for layer in (1, 2) for kind in ("w", "b")}  # fmt: skip
    return derivation.compile("numpy"), parameters


def test_data_larger_than_a_worker_s_memory_have_the_loss_and_gradients_of_their_parts() -> None:
    pytest.importorskip("distributed")
    import dask
    import dask.array as da
    from dask.distributed import Client, LocalCluster

    limit, rows, chunk = 320 * 2**20, 1_600_000, 40_000
    function, parameters = _function()
    inputs = da.random.default_rng(1).random((rows, SIZES[0]), chunks=(chunk, -1))
    targets = da.random.default_rng(2).random((rows, SIZES[-1]), chunks=(chunk, -1))
    assert inputs.nbytes > limit
    settings = {"distributed.worker.memory.spill": False, "distributed.worker.memory.target": False}
    with (
        dask.config.set(settings),
        LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, memory_limit=limit, dashboard_address=None
        ) as cluster,
        Client(cluster) as client,
    ):
        workers = client.scheduler_info()["workers"].values()
        assert [worker["memory_limit"] for worker in workers] == [limit, limit]
        assert len({worker["nanny"] for worker in workers}) == 2
        lazily = function.loss_and_gradients(parameters, inputs, targets)
        loss, gradients = dask.compute(lazily)[0]
    # The second way: chunk after chunk in this process; all have the same size, so that means are means of means.
    shares = [
        function.loss_and_gradients(parameters, inputs.blocks[part].compute(scheduler="sync"),
                                    targets.blocks[part].compute(scheduler="sync"))
        for part in range(rows // chunk)
    ]  # fmt: skip
    assert float(loss) == pytest.approx(np.mean([share for share, _ in shares]), rel=ROUNDING)
    for key, value in gradients.items():
        parts = np.array([share[key] for _, share in shares])
        assert np.all(np.abs(value - parts.mean(axis=0)) <= ROUNDING * np.abs(parts).sum(axis=0)), key


SHARDED = """
import jax, numpy, sys
from jax.sharding import Mesh, NamedSharding, PartitionSpec
jax.config.update("jax_enable_x64", True)
sys.path.insert(0, "ROOT")
from tests.test_scaling import ROUNDING, SIZES, _function
function, parameters = _function()
random = numpy.random.default_rng(3)
rows, wanted = random.random((4_096, SIZES[0])), random.random((4_096, SIZES[-1]))
expected_loss, expected = function.loss_and_gradients(parameters, rows, wanted)
sharding = NamedSharding(Mesh(numpy.array(jax.devices()), ("observations",)), PartitionSpec("observations"))
inputs, targets = jax.device_put(rows, sharding), jax.device_put(wanted, sharding)
assert len(inputs.addressable_shards) == 4 and inputs.addressable_shards[3].data.shape == (1_024, SIZES[0])
compiled = jax.jit(function.loss_and_gradients).lower(parameters, inputs, targets).compile()
assert "all-reduce" in compiled.as_text(), "nothing is added up over devices"
loss, gradients = compiled(parameters, inputs, targets)
assert abs(loss - expected_loss) <= ROUNDING * expected_loss
for key, value in expected.items():
    assert gradients[key].dtype == "float64"
    assert numpy.max(numpy.abs(gradients[key] - value)) <= ROUNDING, key
print("agree")
"""


def test_observations_sharded_over_four_devices_have_the_gradients_of_one() -> None:
    pytest.importorskip("jax")
    assert _printed(SHARDED.replace("ROOT", str(ROOT))) == "agree\n"


@pytest.mark.parametrize(("code", "shown"), BLOCKS, ids=["dask", "jax"])
def test_the_page_s_programs_print_what_it_shows(code: str, shown: str, tmp_path: Path) -> None:
    for module in ("dask", "distributed") if "dask" in code else ("jax",):
        pytest.importorskip(module)
    path = tmp_path / "program.py"
    path.write_text(code, encoding="utf-8")
    assert _printed(str(path)) == shown


def _printed(program: str) -> str:
    """What a file or a text of Python prints in a process of its own, with four devices."""
    arguments = [program] if program.endswith(".py") else ["-c", program]
    done = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=300,
        env={**os.environ, **FOUR_DEVICES},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout
