"""Neutral names: ``w[1][0][2]``, ``dE/dnet[1][0]``, ``after:out[2][0]``, the same in every notation. Never parses one.

Layers count from 1; units, inputs, targets and observations from 0. A program's quantities have the names that the
program gives them.
"""

from __future__ import annotations

from symbackprop.quantities import Array, Phase, Quantity, Role

BY_UNIT = frozenset({Role.WEIGHT, Role.BIAS, Role.NET, Role.OUT, Role.WEIGHTED_SUM, Role.DELTA})
NAMED = frozenset({Role.VARIABLE, Role.PARAMETER, Role.SETTING})


def neutral(quantity: Quantity) -> str:
    """The neutral name of a quantity, with ``@n`` where there are several observations.

    >>> neutral(Quantity(Array(Role.BIAS, (), 2, phase=Phase.NEW)))
    'new:b[2][0]'
    """
    array, indices = quantity
    observation, rest = split(array, indices)
    return neutral_entry(array, rest) + (f"@{observation}" if observation else "")


def split(array: Array, indices: tuple[int | str, ...]) -> tuple[str, tuple[int | str, ...]]:
    """The observation, as text (empty where there is only one), and the other indices."""
    if not array.axes or array.axes[0].kind != "observation":
        return "", indices
    return "" if array.axes[0].size == 1 else str(indices[0]), indices[1:]


def neutral_entry(array: Array, rest: tuple[int | str, ...]) -> str:
    """The neutral name without an observation; ``rest`` are the other indices."""
    if array.role is Role.DERIVATIVE:
        return _derivative(array, rest)
    text = neutral_array(array)
    if array.role in BY_UNIT and not rest:
        return text + "[0]"
    return text + "".join([f"[{index}]" for index in rest])


def neutral_array(array: Array) -> str:
    """The neutral name of a whole array: ``w[1]``, ``dE/dw[1]``, ``x``."""
    phase = f"{array.phase.value}:" if array.phase is not Phase.NOW else ""
    match array.role:
        case Role.DERIVATIVE:
            return _derivative(array, None)
        case Role.STATE:
            assert array.wrt is not None
            return f"{phase}state:{array.label}:{neutral_array(array.wrt)}"
        case Role.PART:
            return phase + "loss"
        case Role.PENALTY if array.wrt is not None:
            return f"{phase}{array.label}:{neutral_array(array.wrt)}"
        case Role.SETTING:
            return f"{phase}setting:{'_'.join(array.label.split())}"
        case role if role in NAMED or array.label:
            return phase + array.label
        case role if role in BY_UNIT:
            return f"{phase}{role.value}[{array.layer}]"
        case role:
            return phase + ("loss" if role is Role.LOSS else role.value)


def pairs(array: Array, rest: tuple[int | str, ...]) -> tuple[tuple[int | str, ...], tuple[int | str, ...]]:
    """A derivative's indices, without observations, as those of what is differentiated and those of by what."""
    assert array.of is not None
    assert array.wrt is not None
    above = sum(axis.kind != "observation" for axis in array.of.axes)
    below = sum(axis.kind != "observation" for axis in array.wrt.axes)
    if array.of_unit is not None:
        return (array.of_unit,), rest
    if above and len(rest) == above + below:
        return rest[:above], rest[above:]
    return (rest[:above] if above else ()), (rest if below else ())


def is_local(of: Array, wrt: Array) -> bool:
    """Whether both belong to one layer's computation from net to out: the same unit may be meant on both sides."""
    same = of.layer == wrt.layer and of.phase in (wrt.phase, Phase.AFTER)
    return same and (of.role, wrt.role) in {
        (Role.OUT, Role.NET),
        (Role.NET, Role.WEIGHT),
        (Role.NET, Role.BIAS),
        (Role.OUT, Role.WEIGHT),
        (Role.OUT, Role.BIAS),
    }


def _derivative(array: Array, rest: tuple[int | str, ...] | None) -> str:
    of, wrt = array.of, array.wrt
    assert of is not None
    assert wrt is not None
    use = "use:" if array.phase is Phase.USE else "direct:" if array.label and of.role is Role.VARIABLE else ""
    if rest is None:
        unit = f"[{array.of_unit}]" if array.of_unit is not None else ""
        return f"{use}d{_above(of, wrt) + unit if not is_local(of, wrt) else of.role.value}/d{neutral_array(wrt)}"
    above, below = pairs(array, rest)
    if is_local(of, wrt) and above[:1] == (below[:1] or above[:1]):
        return f"{use}d{of.role.value}/d{neutral_array(wrt)}{''.join([f'[{each}]' for each in below or above])}"
    entry = neutral_entry(wrt, below)
    return f"{use}d{_above(of, wrt)}{''.join([f'[{each}]' for each in above])}/d{entry}"


def _above(of: Array, wrt: Array) -> str:
    if of.role in (Role.LOSS, Role.PART) and not (wrt.label and wrt.layer is None):
        return "after:E" if of.phase is Phase.AFTER else "E"
    return neutral_array(of)
