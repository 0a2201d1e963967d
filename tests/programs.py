"""A layered model written out as a program: a scalar equation for each net, out and part. Never imports the package."""

from __future__ import annotations

from fractions import Fraction

from tests.models import Key, Model
from tests.reference import activation, loss


def spelled(number: Fraction) -> str:
    """An exact number inside a formula."""
    return str(number.numerator) if number.denominator == 1 else f"({number.numerator}/{number.denominator})"


def parameter_names(model: Model) -> dict[Key, str]:
    """What the program calls each parameter."""
    return {key: f"w{number}" for number, key in enumerate(model.keys())}


def written(text: str, **arguments: str) -> str:
    """A formula with its one-letter arguments put in, in brackets; function names are longer than a letter."""
    found, word = "", ""
    for letter in [*text, " "]:
        if letter.isalnum() or letter == "_":
            word += letter
            continue
        found += f"({arguments[word]})" if word in arguments else word
        word = ""
        found += letter
    return found.strip()


def program_of(model: Model) -> str:
    """The description of a program that computes the model's loss; its result is ``E``, of each observation's share."""
    names = parameter_names(model)
    used = {place: names[key] for key, _, place in model.uses()}
    equations: list[tuple[str, str]] = []
    before = [f"x_{k}" for k in range(len(model.inputs[0]))]
    for number, layer in enumerate(model.layers, 1):
        nets = []
        for j, row in enumerate(layer.weights):
            terms = [f"{used[f'w[{number}][{j}][{k}]']}*{before[k]}" for k in range(len(row))]
            if layer.bias:
                terms.append(used[f"b[{number}][{j if len(layer.bias) > 1 else 0}]"])
            nets.append(f"net_{number}_{j}")
            equations.append((nets[-1], " + ".join(terms)))
        before = [f"out_{number}_{j}" for j in range(len(nets))]
        if layer.activation.name == "softmax":
            total = " + ".join(f"exp({net})" for net in nets)
            equations += [(out, f"exp({net})/({total})") for out, net in zip(before, nets, strict=True)]
        else:
            statement, settings = activation(layer.activation)
            equations += [
                (out, written(statement.text(settings), x=net)) for out, net in zip(before, nets, strict=True)
            ]
    equations.append(("E", _share(model, before, list(dict.fromkeys(names.values())))))
    return _description(model, equations, names)


def _share(model: Model, outs: list[str], parameters: list[str]) -> str:
    """An observation's share of the loss, such that the sum or mean over observations is the whole."""
    statement, settings = loss(model.loss.pick)
    parts = [written(statement.text(settings), o=out, t=f"t_{j}") for j, out in enumerate(outs)]
    scale = model.loss.scale / (len(outs) if model.loss.over_outputs == "mean" else 1)
    whole = f"{spelled(scale)}*(" + " + ".join(f"({part})" for part in parts) + ")"
    if model.penalty is None:
        return whole
    count = len(model.inputs)
    factor = model.penalty.scale / (count if model.penalty.over_observations == "mean" else 1)
    if model.loss.over_observations == "sum":
        factor /= count
    counted = _penalised(model)
    sizes = {"l2": "{}^2", "l1": "abs({})"}
    terms = [sizes[model.penalty.kind].format(parameter) for parameter in parameters if parameter in counted]
    return f"{whole} + {spelled(factor)}*({' + '.join(terms)})"


def _penalised(model: Model) -> set[str]:
    names = parameter_names(model)
    everything = model.penalty is not None and model.penalty.biases
    return {names[key] for key, _, place in model.uses() if everything or place[0] == "w"}


def _description(model: Model, equations: list[tuple[str, str]], names: dict[Key, str]) -> str:
    lines = ['loss = "E"', f'over_observations = "{model.loss.over_observations}"', "[inputs]"]
    for letter, rows in (("x", model.inputs), ("t", model.targets)):
        for place in range(len(rows[0])):
            column = ", ".join(f'"{row[place].numerator}/{row[place].denominator}"' for row in rows)
            lines.append(f"{letter}_{place} = [{column}]")
    for name, formula in equations:
        lines += ["[[equations]]", f'name = "{name}"', f'formula = "{formula}"']
    lines.append("[parameters]")
    for key, value in model.keys().items():
        lines.append(f'{names[key]} = "{value.numerator}/{value.denominator}"')
    return "\n".join(lines) + "\n"
