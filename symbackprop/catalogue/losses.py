"""The losses of one output: each with its value, its slope by out as textbooks print it, and stable forms of both.

Never says how outputs and observations are added up, nor which factor stands in front: that is the network's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from symbackprop.calculus import differentiated
from symbackprop.catalogue.entries import Chosen, chosen, kink_rule, numbers_of, table
from symbackprop.errors import DescriptionError
from symbackprop.expressions import (
    ONE,
    ZERO,
    BySign,
    Expression,
    Reference,
    substituted,
)
from symbackprop.formulas import parse
from symbackprop.functions import ABS, LOG, LOG1P, SIGN
from symbackprop.quantities import Cell
from symbackprop.system import Map, Partial
from symbackprop.terms import Term

OUT, TARGET = "out", "target"  # the variables of a loss given as a formula


@dataclass(frozen=True, slots=True)
class Orders:
    """In which order an author writes the difference of out and target: in the loss, and in its slopes."""

    target_first: bool = False
    target_first_in_slopes: bool = False

    def difference(self, out: Expression, target: Expression) -> Expression:
        """out - target, as it is written in slopes."""
        return -(target - out) if self.target_first_in_slopes else out - target


@dataclass(frozen=True, slots=True)
class LossEntry:
    """A loss of one output.

    ``value`` takes out, target, their difference as the author writes it, and the settings; ``slope`` takes out,
    target, out - target as the author writes it there, the settings and the slope at a kink. ``stable`` and
    ``stable_slope`` are equal to them and are what is computed (None: the same).
    ``factor`` is the default factor in front; ``over_outputs`` are the reductions that the loss allows.
    """

    name: str
    sentence: str
    value: Callable[[Expression, Expression, Expression, Mapping[str, Fraction]], Expression]
    slope: Callable[[Expression, Expression, Expression, Mapping[str, Fraction], Expression], Expression]
    stable: Callable[[Expression, Expression], Expression] | None = None
    stable_slope: Callable[[Expression, Expression], Expression] | None = None
    settings: Mapping[str, Fraction] = field(default_factory=dict)
    factor: Fraction = Fraction(1)
    kinked: bool = False
    over_outputs: tuple[str, ...] = ("sum", "mean")
    positive: tuple[str, ...] = ()  # settings that must be above 0

    def map(
        self, choice: Chosen, part: Cell, out: Cell, target: Cell, scale: Term, *, orders: Orders, place: str
    ) -> Map:
        """``part`` as a map of ``out`` and ``target``, with its partial by ``out``."""
        settings = numbers_of(choice, self.settings, kinked=self.kinked, what=self.name, place=place)
        for name in self.positive:
            if settings[name] <= 0:
                raise DescriptionError(f"{place}: " * bool(place) + f"{self.name}: {name}: must be above 0")
        at_kink = kink_rule(choice, place=place) if self.kinked else ZERO
        y, t = Reference(out), Reference(target)
        gap = t - y if orders.target_first else y - t
        stable = self.stable(y, t) if self.stable else None
        stable_slope = self.stable_slope(y, t) if self.stable_slope else None
        partial = Partial(out, self.slope(y, t, orders.difference(y, t), settings, at_kink), stable_slope)
        return Map(part, self.value(y, t, gap, settings), stable, scale, (partial,), at_kink)


def loss_map(
    choice: Chosen, part: Cell, out: Cell, target: Cell, scale: Term, *, orders: Orders = Orders(), place: str = ""
) -> Map:
    """``part`` as scale times the chosen loss of ``out`` and ``target``; a formula's partial is derived."""
    if not choice.formula:
        entry = chosen(LOSSES, choice.name, what="loss", place=place)
        return entry.map(choice, part, out, target, scale, orders=orders, place=place)
    numbers_of(choice, {}, kinked=True, what="formula", place=place)
    at_kink = kink_rule(choice, place=place)
    cells = {OUT: Reference(out), TARGET: Reference(target)}
    formula = parse(choice.formula, variables=tuple(cells), place=place)
    body = substituted(formula, lambda name: cells[str(name)])
    return Map(part, body, None, scale, (Partial(out, differentiated(body, out, at_kink)),), at_kink)


def _huber(gap: Expression, delta: Fraction) -> Expression:
    near, far = gap**2 / 2, delta * (ABS(gap) - delta / 2)
    return BySign(ABS(gap) - delta, near, near, far)


def _huber_slope(gap: Expression, delta: Fraction) -> Expression:
    return BySign(ABS(gap) - delta, gap, gap, delta * SIGN(gap))


def _unless_zero(share: Expression, product: Expression) -> Expression:
    """The product, but 0 where the share is 0: what 0·log(0) counts in a cross-entropy."""
    return BySign(share, product, ZERO, product)


LOSSES: Mapping[str, LossEntry] = table(
    LossEntry(
        "squared_error",
        "the square of the difference, with a factor 1/2 in front unless another is given",
        value=lambda out, target, gap, settings: gap**2,
        slope=lambda out, target, gap, settings, at_kink: 2 * gap,
        factor=Fraction(1, 2),
    ),
    LossEntry(
        "absolute_error",
        "the absolute value of the difference",
        value=lambda out, target, gap, settings: ABS(gap),
        slope=lambda out, target, gap, settings, at_kink: BySign(out - target, -ONE, at_kink, ONE, kink=True),
        kinked=True,
    ),
    # Huber 1964; the delta of PyTorch's HuberLoss and Keras's Huber.
    LossEntry(
        "huber",
        "half the square of the difference up to delta, beyond it delta times (its size - delta/2)",
        value=lambda out, target, gap, settings: _huber(gap, settings["delta"]),
        slope=lambda out, target, gap, settings, at_kink: _huber_slope(out - target, settings["delta"]),
        settings={"delta": Fraction(1)},
        positive=("delta",),
    ),
    LossEntry(
        "binary_cross_entropy",
        "-(target log(out) + (1 - target) log(1 - out))",
        value=lambda out, target, gap, settings: -(target * LOG(out) + (1 - target) * LOG(1 - out)),
        slope=lambda out, target, gap, settings, at_kink: -(target / out) + (1 - target) / (1 - out),
        stable=lambda out, target: (
            -_unless_zero(target, target * LOG(out)) - _unless_zero(1 - target, (1 - target) * LOG1P(-out))
        ),
        stable_slope=lambda out, target: (
            _unless_zero(1 - target, (1 - target) / (1 - out)) - _unless_zero(target, target / out)
        ),
    ),
    LossEntry(
        "cross_entropy",
        "-target log(out), summed over the outputs",
        value=lambda out, target, gap, settings: -(target * LOG(out)),
        slope=lambda out, target, gap, settings, at_kink: -(target / out),
        stable=lambda out, target: -_unless_zero(target, target * LOG(out)),
        stable_slope=lambda out, target: -_unless_zero(target, target / out),
        over_outputs=("sum",),
    ),
)
