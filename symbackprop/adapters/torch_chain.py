"""A torch module as a chain of linear layers with their activations, found by tracing it. Reads no number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from symbackprop.adapters.torch_entries import (
    CLASSES,
    DROPPING,
    FUNCTIONS,
    LOG_SOFTMAX,
    PASSING,
    Translation,
)
from symbackprop.errors import InputError, SymbackpropError, suggestion


@dataclass
class Link:
    """A Linear module, by its name in the whole, with the activation behind it as a description says it."""

    name: str
    linear: Any
    activation: Any = "identity"
    log: bool = False  # log_softmax: the outputs are logarithms
    place: str = field(default="")


def chain_of(module: Any) -> list[Link]:
    """The layers of a module. Raises InputError that names what has no equal in a description, and where it stands."""
    if not hasattr(module, "named_parameters"):
        raise InputError(f"a torch.nn.Module is expected, not a {type(module).__name__}")
    links: list[Link] = []
    modules = dict(module.named_modules())
    for node in _in_line(_traced(module)):
        _add(links, node, modules)
    if not links:
        raise InputError("the module has no Linear layer")
    logs = [link for link in links[:-1] if link.log]
    if logs:
        raise InputError(f"{logs[0].place}: log_softmax has an equal only at the end, before NLLLoss")
    return links


def _traced(module: Any) -> Any:
    try:
        return import_module("torch.fx").symbolic_trace(module).graph
    except Exception as error:
        raise InputError(f"the module cannot be traced (torch.fx: {error}); build it of a Sequential") from error


def _in_line(graph: Any) -> Iterator[Any]:
    """The graph's steps, each of which takes what the one before it gives."""
    before = None
    for node in graph.nodes:
        if node.op == "placeholder":
            if before is not None:
                if not node.users:
                    continue
                raise InputError(f"{node.target}: a second input has no equal in a description")
            before = node
            continue
        taken = list(node.all_input_nodes)
        if taken != [before]:
            what = ", ".join(str(each) for each in taken) or "nothing"
            raise InputError(f"{_place(node)}: takes {what}, not just {before}: only a chain of layers has an equal")
        if node.op == "output":
            if node.args != (before,):
                raise InputError("the module returns something other than one array of outputs")
            return
        yield node
        before = node


def _place(node: Any) -> str:
    name = getattr(node.target, "__name__", node.target)
    return f"module {node.target}" if node.op == "call_module" else f"{node.name}, {name}(...)"


def _add(links: list[Link], node: Any, modules: dict[str, Any]) -> None:
    place = _place(node)
    module = modules.get(node.target) if node.op == "call_module" else None
    kind = type(module).__name__ if module is not None else str(getattr(node.target, "__name__", node.target))
    if module is not None and kind == "Linear":
        links.append(Link(str(node.target), module, place=place))
        return
    if kind in PASSING or (kind in DROPPING and module is not None and (not module.training or module.p == 0)):
        return
    if kind in DROPPING:
        raise InputError(f"{place}: a {kind} in training draws numbers; call module.eval() first")
    if kind in ("LogSoftmax", "log_softmax"):
        _activate(links, _described(links, place, LOG_SOFTMAX, node, module), place)
        links[-1].log = True
        return
    translation = (CLASSES if module is not None else FUNCTIONS).get(kind)
    if translation is None:
        known = ["Linear", *CLASSES] if module is not None else list(FUNCTIONS)
        raise InputError(f"{place}: {kind} has no equal in a description; {suggestion(kind, known)}")
    _activate(links, _described(links, place, translation, node, module), place)


def _described(links: list[Link], place: str, translation: Translation, node: Any, module: Any) -> Any:
    roundoff = import_module("torch").finfo(links[-1].linear.weight.dtype).eps / 2 if links else 0.0
    try:
        if module is not None:
            return translation.from_module(module, roundoff)
        return translation.from_call(node.args[1:], node.kwargs, roundoff)
    except SymbackpropError as error:
        raise InputError(f"{place}: {error}") from error


def _activate(links: list[Link], activation: Any, place: str) -> None:
    if activation == "identity":
        return
    if not links:
        raise InputError(f"{place}: an activation before the first Linear has no equal in a description")
    if links[-1].activation != "identity":
        raise InputError(f"{place}: a second activation behind {links[-1].place} has no equal in a description")
    links[-1].activation = activation
