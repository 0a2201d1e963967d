"""Pairs of activation and loss whose delta is known from net at once: rewrites of derived equations, with a condition.

A pair's printed delta is ``out - target``. Its stable forms take the numbers straight from net, so that a saturated out
loses nothing; they hold for any targets, whether the condition of the printed delta does or not. Everything is before
the loss's factor and reductions. Never changes a System itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from symbackprop.catalogue.activations import at, shifted
from symbackprop.catalogue.entries import Chosen, table
from symbackprop.catalogue.losses import Orders
from symbackprop.expressions import Along, BySign, Expression, Reference
from symbackprop.functions import EXP, LOG, LOG1P, SIGMOID, SOFTPLUS
from symbackprop.quantities import Cell
from symbackprop.terms import Kronecker

Form = Callable[[Cell, Cell], Expression]
Difference = Callable[[Cell, Cell, Orders], Expression]


@dataclass(frozen=True, slots=True)
class Pair:
    """An activation and a loss.

    ``delta`` takes the cells of out and target, and the author's orders; the stable forms those of net and target.
    ``stable_part`` is one output's loss, ``stable_out_slope`` its slope by its own out, ``stable_delta`` the slope
    of the sum of all outputs' losses by one net. ``condition`` is the sentence under which ``delta`` holds, empty if
    it always does.
    """

    activation: str
    loss: str
    sentence: str
    condition: str
    row_holds: Callable[[Sequence[Fraction]], bool]
    delta: Difference
    stable_part: Form
    stable_out_slope: Form
    stable_delta: Form

    @property
    def name(self) -> str:
        """Both names: ``softmax+cross_entropy``."""
        return f"{self.activation}+{self.loss}"

    def holds(self, targets: Sequence[Sequence[object]] | None) -> bool:
        """Whether the condition holds for each row of targets; assumed, as it is stated, for targets without values."""
        rows = [[getattr(entry, "value", None) for entry in row] for row in targets or ()]
        return all(self.row_holds([each for each in row if each is not None]) for row in rows if None not in row)


def pair_of(activation: Chosen, loss: Chosen) -> Pair | None:
    """The fused entry for this activation and loss, if there is one."""
    return PAIRS.get(f"{activation.name}+{loss.name}")


def _bound(cell: Cell) -> str:
    return next(letter for letter in ("i", "l", "m") if letter not in cell.indices)


def _shifted_sum(net: Cell) -> Expression:
    bound = _bound(net)
    return Along("sum", bound, shifted(at(net, bound)))


def _softmax_part(net: Cell, target: Cell) -> Expression:
    """-t·log(softmax): log1p of the others where this net is the largest, else with the distance to the largest."""
    bound = _bound(net)
    other, largest = at(net, bound), Along("max", bound, Reference(at(net, bound)))
    others = Along("sum", bound, (1 - Reference(Kronecker(bound, net.indices[-1]))) * shifted(other))
    behind = largest - Reference(net)
    further = behind + LOG(_shifted_sum(net))
    return Reference(target) * BySign(behind, further, LOG1P(others), further)


def _softmax_out_slope(net: Cell, target: Cell) -> Expression:
    """-t/softmax = -t·Σ exp(net_i - net)."""
    bound = _bound(net)
    return -(Reference(target) * Along("sum", bound, EXP(Reference(at(net, bound)) - Reference(net))))


def _softmax_delta(net: Cell, target: Cell) -> Expression:
    """softmax·Σt - t = Σ_i (e·t_i - e_i·t)/Σe: for a one-hot row of targets nothing cancels."""
    bound = _bound(net)
    other, other_target = at(net, bound), at(target, bound)
    gap = shifted(net) * Reference(other_target) - shifted(other) * Reference(target)
    return Along("sum", bound, gap) / _shifted_sum(net)


def _stable(function: Callable[[Expression], Expression] | None, x: Expression) -> Expression:
    assert function is not None
    return function(x)


def _sigmoid_part(net: Cell, target: Cell) -> Expression:
    """-t·log(sigmoid) - (1-t)·log(1 - sigmoid) = t·softplus(-net) + (1-t)·softplus(net)."""
    x, t = Reference(net), Reference(target)
    return t * _stable(SOFTPLUS.stable, -x) + (1 - t) * _stable(SOFTPLUS.stable, x)


def _sigmoid_out_slope(net: Cell, target: Cell) -> Expression:
    """-t/sigmoid + (1-t)/(1 - sigmoid) = (1-t)(1 + exp(net)) - t(1 + exp(-net))."""
    x, t = Reference(net), Reference(target)
    return (1 - t) * (1 + EXP(x)) - t * (1 + EXP(-x))


def _sigmoid_delta(net: Cell, target: Cell) -> Expression:
    """sigmoid - t = (1-t)·sigmoid(net) - t·sigmoid(-net): for targets 0 and 1 nothing cancels."""
    x, t = Reference(net), Reference(target)
    return (1 - t) * _stable(SIGMOID.stable, x) - t * _stable(SIGMOID.stable, -x)


def _out_minus_target(out: Cell, target: Cell, orders: Orders) -> Expression:
    return orders.difference(Reference(out), Reference(target))


PAIRS: Mapping[str, Pair] = table(
    Pair(
        "softmax",
        "cross_entropy",
        "the Jacobian of softmax and the slopes of the cross-entropies together leave the difference of output and "
        "target",
        "the targets of each observation sum to 1",
        row_holds=lambda row: sum(row) == 1,
        delta=_out_minus_target,
        stable_part=_softmax_part,
        stable_out_slope=_softmax_out_slope,
        stable_delta=_softmax_delta,
    ),
    Pair(
        "sigmoid",
        "binary_cross_entropy",
        "the slope of sigmoid cancels the denominators of the cross-entropy's slope and leaves the difference of "
        "output and target",
        "",
        row_holds=lambda row: True,
        delta=_out_minus_target,
        stable_part=_sigmoid_part,
        stable_out_slope=_sigmoid_out_slope,
        stable_delta=_sigmoid_delta,
    ),
)
