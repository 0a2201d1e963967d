"""`Network.from_torch`: the description of a torch module, with its numbers exactly. Never computes with them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from symbackprop.adapters.torch_chain import Link, chain_of
from symbackprop.adapters.torch_entries import loss_of
from symbackprop.errors import InputError


def description_of(module: Any, *, loss: Any, inputs: Any, targets: Any) -> dict[str, Any]:
    """What ``Network(...)`` takes: layers, loss, inputs and targets. Every float is its exact binary value."""
    links = chain_of(module)
    translated = loss_of(loss)
    last = links[-1]
    if translated.applies and last.activation != "identity":
        raise InputError(
            f"{type(loss).__name__} applies its own {translated.applies}, and the module ends in {last.activation}: "
            "that is the activation twice"
        )
    if translated.log is not last.log:
        end = "the module ends in log_softmax" if last.log else "the module does not end in log_softmax"
        raise InputError(f"loss: {type(loss).__name__ if translated.log else 'it takes shares, and'} {end}")
    names = _tied(links)
    layers = [_layer(link, names) for link in links]
    if translated.applies:
        layers[-1]["activation"] = translated.applies
    found: dict[str, Any] = {"layers": layers, "loss": translated.table}
    found["inputs"] = {"count": links[0].linear.in_features} if inputs is None else exact(inputs)
    parameters = {name: value for table, _ in names.values() for name, value in table.items()}
    if parameters:
        found["parameters"] = parameters
    return found | _targets(targets, translated.applies == "softmax" or translated.log)


def exact(value: Any) -> Any:
    """A tensor or an array as nested lists of decimals that are exactly its numbers; all else as it is."""
    if hasattr(value, "detach"):
        value = value.detach().cpu().double()
    return _decimals(value.tolist()) if hasattr(value, "tolist") else value


def _decimals(value: Any) -> Any:
    return [_decimals(each) for each in value] if isinstance(value, list) else Decimal(value)


def _targets(targets: Any, classes: bool) -> dict[str, Any]:  # noqa: FBT001 - says what targets may be
    if targets is None:
        return {}
    kind = str(getattr(targets, "dtype", ""))
    if classes and "int" in kind and getattr(targets, "ndim", 0) <= 1:
        found = targets.tolist()
        return {"classes": found if isinstance(found, list) else [found]}
    return {"targets": exact(targets)}


Names = Mapping[int, tuple[dict[str, Any], Any]]


def _tied(links: list[Link]) -> Names:
    """Names for the entries of tensors that stand at several places: by tensor, its values by name and its names."""
    count: dict[int, int] = {}
    tensors: dict[int, Any] = {}
    for link in links:
        for tensor in (link.linear.weight, link.linear.bias):
            if tensor is not None:
                count[id(tensor)] = count.get(id(tensor), 0) + 1
                tensors[id(tensor)] = tensor
    shared = [tensors[each] for each, uses in count.items() if uses > 1]
    return {id(tensor): _named(tensor, f"s{number}") for number, tensor in enumerate(shared, 1)}


def _named(tensor: Any, start: str) -> tuple[dict[str, Any], Any]:
    table: dict[str, Any] = {}

    def names(values: Any, name: str) -> Any:
        if isinstance(values, list):
            return [names(each, f"{name}_{place}") for place, each in enumerate(values)]
        table[name] = {"value": values, "trainable": bool(tensor.requires_grad)}
        return name

    return table, names(exact(tensor), start)


def _layer(link: Link, names: Names) -> dict[str, Any]:
    linear = link.linear
    layer: dict[str, Any] = {"units": linear.out_features, "activation": link.activation}
    trainable: dict[str, bool] = {}
    for key, tensor in (("weights", linear.weight), ("bias", linear.bias)):
        if tensor is None:
            continue
        known = names.get(id(tensor))
        layer[key] = exact(tensor) if known is None else known[1]
        if known is None and not tensor.requires_grad:
            trainable[key] = False
    return layer | ({"trainable": trainable} if trainable else {})
