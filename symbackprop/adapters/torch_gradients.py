"""torch's automatic derivatives as a function that `check_gradients` can check. Never says what is right."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from symbackprop.adapters.torch_chain import chain_of
from symbackprop.adapters.torch_entries import loss_of
from symbackprop.errors import InputError


def torch_gradients(module: Any, loss: Any) -> Callable[[dict[str, Any], Any, Any], tuple[float, dict[str, Any]]]:
    """A function of ``(parameters, inputs, targets)`` that returns the loss and torch's gradients, as numpy arrays.

    ``loss`` is torch's, called as ``loss(outputs, targets)``. The module itself is not changed.
    """
    if not callable(loss):
        raise InputError("loss: torch_gradients calls it as loss(outputs, targets): a loss module or function of torch")
    names = {}
    for number, link in enumerate(chain_of(module), 1):
        prefix = f"{link.name}." if link.name else ""
        names[f"W{number}"] = f"{prefix}weight"
        if link.linear.bias is not None:
            names[f"b{number}"] = f"{prefix}bias"
    if type(loss).__name__ == "NLLLoss" or getattr(loss, "__name__", "") == "nll_loss":
        raise InputError("loss: NLLLoss takes classes, and is checked at shares: check CrossEntropyLoss on the logits")
    loss_of(loss)  # says what has no equal
    return _Gradients(module, loss, names)


class _Gradients:
    def __init__(self, module: Any, loss: Any, names: dict[str, str]) -> None:
        self.module, self.loss, self.names = module, loss, names

    def __call__(self, parameters: dict[str, Any], inputs: Any, targets: Any) -> tuple[float, dict[str, Any]]:
        torch = import_module("torch")
        owners = dict(self.module.named_parameters(remove_duplicate=False))
        tensors = {key: torch.tensor(array, requires_grad=True) for key, array in parameters.items()}
        own: dict[int, Any] = {}
        for key, name in self.names.items():  # a tensor at several places is one leaf
            own.setdefault(id(owners[name]), tensors[key])
        replaced = {name: own.get(id(owner), owner) for name, owner in owners.items()}
        rows, wanted = (torch.atleast_2d(torch.tensor(each)) for each in (inputs, targets))
        outputs = torch.func.functional_call(self.module, replaced, (rows,), tie_weights=False)
        value = self.loss(outputs, wanted)
        leaves = {key: own[id(owners[name])] for key, name in self.names.items()}
        found = torch.autograd.grad(value, list(leaves.values()), allow_unused=True, materialize_grads=True)
        return value.item(), {key: each.numpy() for key, each in zip(leaves, found, strict=True)}
