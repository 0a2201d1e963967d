"""torch modules as descriptions, and torch's automatic derivatives checked. Skipped where torch is not installed."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.adapters.torch_entries import ACTIVATIONS, LOSSES
from symbackprop.errors import InputError

torch = pytest.importorskip("torch")
nn = torch.nn

SETTINGS: dict[str, list[dict[str, Any]]] = {
    "LeakyReLU": [{}, {"negative_slope": 0.2}],
    "ELU": [{}, {"alpha": 0.7}],
    "CELU": [{"alpha": 0.5}],
    "Softplus": [{}, {"beta": 2.0}, {"beta": 2.0, "threshold": 0.5}],
    "GELU": [{}, {"approximate": "tanh"}],
    "Softmax": [{"dim": -1}, {"dim": 1}],
    "HuberLoss": [{"delta": 0.5}],
    "SmoothL1Loss": [{}, {"beta": 0.3}],
}


@pytest.fixture(autouse=True)
def seeded() -> Iterator[None]:
    """The same weights in every run, wherever a test stands."""
    with torch.random.fork_rng():
        torch.manual_seed(7)
        yield


def of_table(table: Any) -> list[Any]:
    """Every entry of a table, with each of its settings."""
    cases = [(kind, settings) for kind, _ in table for settings in SETTINGS.get(kind, [{}])]
    return [pytest.param(kind, settings, id=f"{kind}-{settings}") for kind, settings in cases]


def small(*activation: Any) -> Any:
    """Two layers, with something in between."""
    return nn.Sequential(nn.Linear(3, 4), *activation, nn.Linear(4, 2))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("kind", "settings"), of_table(ACTIVATIONS))
def test_each_activation_s_derivative_agrees(kind: str, settings: dict[str, Any], dtype: str) -> None:
    module, loss = small(getattr(nn, kind)(**settings)), nn.MSELoss()
    network = sb.Network.from_torch(module, loss=loss, inputs=torch.randn(5, 3), targets=torch.rand(5, 2))
    report = sb.check_gradients(sb.torch_gradients(module, loss), network, dtype=dtype)
    assert report, report
    assert len(report.places) == 4


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize(("kind", "settings"), of_table(LOSSES))
def test_each_loss_has_torch_s_value_and_derivatives(kind: str, settings: dict[str, Any], reduction: str) -> None:
    ends = {"BCELoss": [nn.Sigmoid()], "NLLLoss": [nn.LogSoftmax(dim=-1)]}
    module = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2), *ends.get(kind, [])).double()
    loss = getattr(nn, kind)(reduction=reduction, **settings)
    inputs = torch.randn(5, 3, dtype=torch.float64)
    targets: Any = torch.rand(5, 2, dtype=torch.float64)
    if kind in ("NLLLoss", "CrossEntropyLoss"):
        targets = torch.tensor([0, 1, 1, 0, 1])
    network = sb.Network.from_torch(module, loss=loss, inputs=inputs, targets=targets)
    value = loss(module(inputs), targets).item()
    assert sb.derive(network).evaluate()["loss"] == pytest.approx(value, rel=1e-14)
    if kind != "NLLLoss":
        report = sb.check_gradients(sb.torch_gradients(module, loss), network)
        assert report, report


def test_a_float32_weight_is_its_binary_value_also_in_the_file() -> None:
    module = small(nn.Tanh())
    network = sb.Network.from_torch(module, loss="squared_error")
    for read in (network, sb.Network.parse(network.to_toml())):
        written = [[entry.value for entry in row] for row in read.layers[0].weights or ()]  # type: ignore[union-attr]
        assert written == [[Fraction(each) for each in row] for row in module[0].weight.tolist()]


def test_single_observations_work() -> None:
    for loss in (nn.MSELoss(), nn.CrossEntropyLoss()):
        module = small(nn.ReLU())
        network = sb.Network.from_torch(module, loss=loss, inputs=torch.randn(3), targets=torch.tensor([0.25, 0.75]))
        report = sb.check_gradients(sb.torch_gradients(module, loss), network)
        assert report, report


class Written(nn.Module):  # type: ignore[name-defined,misc]
    """A module whose forward is code, with a part of its own and functions."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(3, 4, bias=False)
        self.inner = nn.Sequential(nn.Sequential(nn.Linear(4, 4), nn.ELU()), nn.Dropout(0.5))
        self.last = nn.Linear(4, 2)

    def forward(self, rows: Any) -> Any:
        found = nn.functional.leaky_relu(self.first(torch.flatten(rows, 1)), 0.1)
        return self.last(self.inner(found)).tanh()


def test_a_module_whose_forward_is_code_is_traced() -> None:
    module = Written().eval()
    inputs, targets = torch.randn(5, 3), torch.rand(5, 2)
    network = sb.Network.from_torch(module, loss=nn.functional.mse_loss, inputs=inputs, targets=targets)
    assert [layer.activation.name for layer in network.layers] == ["leaky_relu", "elu", "tanh"]
    assert [layer.bias_form for layer in network.layers] == ["none", "unit", "unit"]
    value = nn.functional.mse_loss(module.double()(inputs.double()), targets.double()).item()
    assert sb.derive(network).evaluate()["loss"] == pytest.approx(value, rel=1e-14)
    assert sb.check_gradients(sb.torch_gradients(module, nn.functional.mse_loss), network)


def test_a_layer_at_two_places_is_tied_and_a_frozen_one_is_not_trained() -> None:
    twice = nn.Linear(3, 3)
    module = nn.Sequential(twice, nn.Tanh(), twice, nn.Tanh(), nn.Linear(3, 1))
    module[4].bias.requires_grad_(False)
    network = sb.Network.from_torch(module, loss=nn.MSELoss(), inputs=torch.randn(5, 3), targets=torch.rand(5, 1))
    assert len(network.parameters) == 12
    assert network.layers[0].weights == network.layers[1].weights
    assert (network.layers[2].trainable_weights, network.layers[2].trainable_bias) == (True, False)
    report = sb.check_gradients(sb.torch_gradients(module, nn.MSELoss()), network)
    assert report, report


def test_the_module_is_not_changed() -> None:
    module, loss = small(nn.Tanh()), nn.MSELoss()
    before = {name: each.clone() for name, each in module.named_parameters()}
    sb.check_gradients(sb.torch_gradients(module, loss), sb.Network.from_torch(module, loss=loss, observations=5))
    for name, each in module.named_parameters():
        assert torch.equal(each, before[name])
        assert each.grad is None


def test_a_sum_where_the_network_has_a_mean_is_named() -> None:
    module = small(nn.Tanh())
    rows = {"inputs": torch.randn(5, 3), "targets": torch.rand(5, 2)}
    network = sb.Network.from_torch(module, loss={"name": "squared_error", "factor": 1}, **rows)
    report = sb.check_gradients(sb.torch_gradients(module, nn.MSELoss(reduction="sum")), network)
    assert "mean" in report.mistakes[0].name, report


class Slopeless(torch.autograd.Function):  # type: ignore[name-defined,misc]
    """tanh whose author forgot its slope."""

    @staticmethod
    def forward(context: Any, rows: Any) -> Any:
        return torch.tanh(rows)

    @staticmethod
    def backward(context: Any, gradient: Any) -> Any:
        return gradient


def test_functions_of_tensors_are_handed_tensors_and_a_wrong_derivative_is_named() -> None:
    network = sb.Network.read("examples/two-input.toml").with_values({"layers[0].activation": "tanh"})

    def gradients(parameters: Any, inputs: Any, targets: Any, slope: Any = torch.tanh) -> Any:
        hidden = slope(parameters["W1"] @ inputs + parameters["b1"])
        out = torch.sigmoid(parameters["W2"] @ hidden + parameters["b2"])
        (0.5 * ((out - targets) ** 2).sum()).backward()
        return {key: each.grad for key, each in parameters.items()}

    assert sb.check_gradients(gradients, network, arrays="torch")
    assert sb.check_gradients(gradients, network, arrays="torch", dtype="float32")
    report = sb.check_gradients(lambda *each: gradients(*each, slope=Slopeless.apply), network, arrays="torch")
    assert "slope" in report.mistakes[0].name, report
    assert set(report.mistakes[0].parameters) == {"W1", "b1"}


class Branching(nn.Module):  # type: ignore[name-defined,misc]
    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(3, 3), nn.Linear(3, 2)

    def forward(self, rows: Any) -> Any:
        return self.last(rows + torch.tanh(self.first(rows)))


class Deciding(Branching):
    def forward(self, rows: Any) -> Any:
        return self.last(rows) if rows.sum() > 0 else self.first(rows)


class TwoInputs(Branching):
    def forward(self, rows: Any, others: Any) -> Any:
        return self.last(rows) + others


@pytest.mark.parametrize(
    ("make", "loss", "said"),
    [
        (lambda: small(nn.Sequential(nn.Conv1d(1, 1, 1))), "MSELoss", r"module 1\.0: Conv1d has no equal"),
        (lambda: small(nn.BatchNorm1d(4)), "MSELoss", "module 1: BatchNorm1d has no equal in a description; known"),
        (lambda: small(nn.Dropout(0.5)), "MSELoss", r"module 1: a Dropout in training .* module\.eval"),
        (lambda: small(nn.Softmax(dim=0)), "MSELoss", "module 1: dim=0: only the softmax over a layer's units"),
        (lambda: small(nn.Tanh(), nn.ReLU()), "MSELoss", "module 2: a second activation behind module 0"),
        (
            lambda: nn.Sequential(nn.Tanh(), nn.Linear(3, 2)),
            "MSELoss",
            "module 0: an activation before the first Linear",
        ),
        (lambda: small(nn.Tanh(), nn.Linear(4, 4), nn.Softmax(-1)), "NLLLoss", "NLLLoss the module does not end in"),
        (lambda: nn.Sequential(nn.Linear(3, 2), nn.Softmax(-1)), "CrossEntropyLoss", "applies its own softmax, and"),
        (lambda: nn.Sequential(nn.Linear(3, 2), nn.LogSoftmax(-1)), "MSELoss", "the module ends in log_softmax"),
        (lambda: nn.Sequential(nn.Flatten()), "MSELoss", "the module has no Linear layer"),
        (lambda: small(nn.Tanh()), "CTCLoss", "CTCLoss has no equal; "),
        (Branching, "MSELoss", "takes .* not just .* only a chain of layers"),
        (Deciding, "MSELoss", "the module cannot be traced"),
        (TwoInputs, "MSELoss", "others: a second input has no equal"),
        (lambda: "no module", "MSELoss", r"a torch\.nn\.Module is expected, not a str"),
    ],
)
def test_what_has_no_equal_is_refused_by_name_and_place(make: Any, loss: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        sb.Network.from_torch(make(), loss=getattr(nn, loss)())


@pytest.mark.parametrize(
    ("loss", "said"),
    [
        (nn.CrossEntropyLoss(label_smoothing=0.1), "label_smoothing has no equal"),
        (nn.CrossEntropyLoss(weight=torch.ones(2)), "weight has no equal"),
        (nn.MSELoss(reduction="none"), "reduction='none' has no one loss"),
    ],
)
def test_settings_of_a_loss_that_have_no_equal_are_refused(loss: Any, said: str) -> None:
    with pytest.raises(InputError, match=f"{type(loss).__name__}: {said}"):
        sb.Network.from_torch(small(nn.Tanh()), loss=loss)


def test_a_module_by_itself_has_no_gradients() -> None:
    module = small(nn.Tanh())
    with pytest.raises(InputError, match=r"check torch_gradients\(module, loss\)"):
        sb.check_gradients(module, sb.Network.from_torch(module, loss=nn.MSELoss()))
    with pytest.raises(InputError, match="NLLLoss takes classes"):
        sb.torch_gradients(nn.Sequential(nn.Linear(2, 2), nn.LogSoftmax(-1)), nn.NLLLoss())


def test_numbers_are_not_rounded_on_their_way() -> None:
    module = nn.Linear(1, 1).double()
    holder = nn.Sequential(module)
    with torch.no_grad():
        module.weight.fill_(5e-324)
        module.bias.fill_(np.pi)
    network = sb.Network.from_torch(holder, loss="squared_error")
    assert network.layers[0].weights[0][0].value == Fraction(5e-324)  # type: ignore[index,union-attr]
    assert network.layers[0].bias[0].value == Fraction(np.pi)  # type: ignore[index,union-attr]


OPTIMISERS: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "SGD": ("gradient_descent", {}, {}),
    "SGD with momentum": ("momentum", {"momentum": 0.9}, {"momentum": 0.9}),
    "RMSprop": ("rmsprop", {"alpha": 0.95, "eps": 1e-3}, {"decay": 0.95, "epsilon": 1e-3}),
    "Adam": ("adam", {"betas": (0.9, 0.99), "eps": 1e-3}, {"beta2": 0.99, "epsilon": 1e-3}),
}


class Optimised:
    """An optimiser of torch as a step that keeps its states."""

    def __init__(self, kind: str, settings: dict[str, Any]) -> None:
        self.kind, self.settings = kind, settings
        self.tensors: dict[str, Any] = {}

    def __call__(self, parameters: Any, gradients: Any) -> Any:
        if not self.tensors:
            self.tensors = {key: torch.tensor(each, requires_grad=True) for key, each in parameters.items()}
            self.optimiser = getattr(torch.optim, self.kind)(self.tensors.values(), lr=0.05, **self.settings)
        for key, tensor in self.tensors.items():
            tensor.data.copy_(torch.tensor(parameters[key]))
            tensor.grad = torch.tensor(gradients[key])
        self.optimiser.step()
        return {key: tensor.detach().clone() for key, tensor in self.tensors.items()}


@pytest.mark.parametrize("name", OPTIMISERS)
def test_torch_s_optimisers_agree_and_a_wrong_setting_does_not(name: str) -> None:
    rule, theirs, ours = OPTIMISERS[name]
    network = sb.Network.read("examples/two-input.toml")
    network = network.with_values(
        {"layers[0].trainable": None, "layers[1].trainable": None}
        | {f"update.{key}": value for key, value in {"rule": rule, "learning_rate": 0.05, **ours}.items()}
    )
    kind = name.split()[0]
    report = sb.check_update(Optimised(kind, theirs), network)
    assert report, report
    assert not sb.check_update(Optimised(kind, {**theirs, "weight_decay": 0.1}), network)


def test_the_guide_s_lines_run() -> None:
    guide = Path("docs/checks.md").read_text(encoding="utf-8")
    (lines,) = re.findall(r"^```py\n(.*?)^```$", guide, re.MULTILINE | re.DOTALL)
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(lines, "docs/checks.md", "exec"), {})  # noqa: S102  our own page
    assert "softmax" in out.getvalue()


@pytest.mark.parametrize("settings", [{}, {"threshold": 3.0}, {"beta": 2.0, "threshold": 50.0}])
def test_softplus_is_torch_s_own_beyond_its_threshold(settings: dict[str, Any]) -> None:
    """There torch's slope is 1; the exact function's is 2e-9 less at the default threshold, which a check sees."""
    module, loss = nn.Sequential(nn.Linear(1, 3), nn.Softplus(**settings), nn.Linear(3, 1)).double(), nn.MSELoss()
    with torch.no_grad():
        module[0].weight.copy_(torch.tensor([[19.9], [20.5], [2.0]]))
        module[0].bias.zero_()
    inputs, targets = torch.ones(1, 1, dtype=torch.float64), torch.zeros(1, 1, dtype=torch.float64)
    network = sb.Network.from_torch(module, loss=loss, inputs=inputs, targets=targets)
    report = sb.check_gradients(sb.torch_gradients(module, loss), network)
    assert report, report
    assert sb.derive(network).evaluate()["out[2][0]"] == pytest.approx(module(inputs).item(), rel=1e-14)


def test_a_float32_softplus_is_the_plain_function() -> None:
    network = sb.Network.from_torch(small(nn.Softplus()), loss=nn.MSELoss())
    assert network.layers[0].activation.name == "softplus"
