"""The activations: each with its value, its slope as textbooks print it, and its slope as it is computed.

An activation is a function of the function table (``functions.py`` holds its definition, stable value and stable
slope), or softmax, which runs along the units of a layer. Never refers to a layer or a network.

The stable forms are accurate to a few units in the last place in float64 arithmetic, except: near the zero of a slope
(silu at -1.278, gelu at -0.752), where the slope's own terms cancel; in the lower tail of gelu and gelu_tanh, where the
rounding of the argument of erfc or exp grows with its size (the figures: ``tests/contract/test_activations.py``); and
for softmax, where rounding the difference d of two nets costs up to |d|/2 units. `symbackprop.arithmetic` computes the
same forms without any of this.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from symbackprop import functions
from symbackprop.calculus import differentiated
from symbackprop.catalogue.entries import Chosen, chosen, kink_rule, numbers_of, table
from symbackprop.expressions import (
    ONE,
    ZERO,
    Along,
    BySign,
    Call,
    Expression,
    Function,
    Number,
    Reference,
    leaves,
    substituted,
)
from symbackprop.formulas import parse
from symbackprop.functions import EXP
from symbackprop.quantities import Cell
from symbackprop.system import Map, Partial
from symbackprop.terms import Kronecker, Term

VARIABLE = "x"  # of an activation given as a formula

PrintedSlope = Callable[[Expression, Expression, Mapping[str, Fraction], Expression], Expression]
"""The slope from net, out, the settings and the slope at a kink."""


@dataclass(frozen=True, slots=True)
class Activation:
    """An elementwise activation. ``function`` takes the settings; None is the identity.

    ``kinked`` entries accept ``at_kink``, the slope where there is none.
    """

    name: str
    sentence: str
    function: Callable[[Mapping[str, Fraction]], Function] | None
    printed_slope: PrintedSlope
    settings: Mapping[str, Fraction] = field(default_factory=dict)
    kinked: bool = False

    def value(self, net: Expression, settings: Mapping[str, Fraction] | None = None) -> Expression:
        """The head, as it is printed: the function of net, or net itself."""
        return net if self.function is None else self.function(settings or self.settings)(net)

    def definition(self, net: Expression, settings: Mapping[str, Fraction] | None = None) -> Expression:
        """The textbook definition, in simpler functions."""
        head = self.value(net, settings)
        if isinstance(head, Call) and head.function.definition is not None:
            return head.function.definition(net)
        return head

    def stable(self, net: Expression, settings: Mapping[str, Fraction] | None = None) -> Expression:
        """The value as it is computed."""
        head = self.value(net, settings)
        if isinstance(head, Call) and head.function.stable is not None:
            return head.function.stable(net)
        return self.definition(net, settings)

    def stable_slope(
        self, net: Expression, settings: Mapping[str, Fraction] | None = None, at_kink: Expression = ZERO
    ) -> Expression:
        """The slope as it is computed, of net alone."""
        if self.function is None:
            return ONE
        (partial,) = self.function(settings or self.settings).partials
        return partial(net, at_kink=at_kink)

    def map(self, choice: Chosen, out: Cell, net: Cell, *, place: str = "") -> Map:
        """``out`` as a map of ``net``, with its partial."""
        settings = numbers_of(choice, self.settings, kinked=self.kinked, what=self.name, place=place)
        at_kink = kink_rule(choice, place=place) if self.kinked else ZERO
        x, y = Reference(net), Reference(out)
        printed = self.printed_slope(x, y, settings, at_kink)
        stable = self.stable_slope(x, settings, at_kink)
        partial = Partial(net, printed, None if stable == printed else stable)
        head, computed = self.value(x, settings), self.stable(x, settings)
        return Map(out, head, None if computed == head else computed, partials=(partial,), at_kink=at_kink)


@dataclass(frozen=True, slots=True)
class AlongUnits:
    """An activation that runs along the units of a layer; its partial is a Jacobian.

    Of a target ``out[n,j]`` the partial is by ``net[n,k]``: the target's letters, then one of the argument's own.
    As terms it is ``out[n,j]·[j=k] - out[n,j]·out[n,k]``, which textbooks write ``out_j([j=k] - out_k)``.
    """

    name: str
    sentence: str
    settings: Mapping[str, Fraction] = field(default_factory=dict)
    kinked: bool = False

    def map(self, choice: Chosen, out: Cell, net: Cell, *, place: str = "") -> Map:
        """``out`` as a map along the last index of ``net``, with its Jacobian."""
        numbers_of(choice, self.settings, kinked=self.kinked, what=self.name, place=place)
        unit = out.indices[-1]
        argument, bound = (letter for letter in spare_letters(out.indices)[:2])
        body = EXP(Reference(net)) / Along("sum", bound, EXP(Reference(at(net, bound))))
        stable = shifted(net) / Along("sum", bound, shifted(at(net, bound)))
        other = at(out, argument)
        terms = (Term(factors=(out, Kronecker(unit, argument))), Term(Fraction(-1), (out, other)))
        # s_j([j=k] - s_k) = s_j Σ_i s_i([j=k] - [i=k]): where out is near 1 nothing cancels.
        same, here = Reference(Kronecker(unit, argument)), Reference(Kronecker(bound, argument))
        rest = Along("sum", bound, shifted(at(net, bound)) * (same - here))
        whole = Along("sum", bound, shifted(at(net, bound)))
        partial = Partial(at(net, argument), stable=shifted(net) / whole * (rest / whole), terms=terms)
        return Map(out, body, stable, partials=(partial,))


def spare_letters(taken: tuple[str, ...]) -> tuple[str, ...]:
    """Index letters that are not taken: first one for an argument, then one for a sum."""
    return tuple(letter for letter in ("k", "i", "l", "m", "j") if letter not in taken)


def at(cell: Cell, letter: str) -> Cell:
    """The cell with another letter for its unit."""
    return Cell(cell.array, (*cell.indices[:-1], letter))


def shifted(net: Cell) -> Expression:
    """exp(net - the largest net of the same observation): softmax up to its sum, without overflow."""
    bound = next(letter for letter in ("h", "g", "f") if letter not in net.indices)
    return EXP(Reference(net) - Along("max", bound, Reference(at(net, bound))))


def activation_map(choice: Chosen, out: Cell, net: Cell, *, place: str = "") -> Map:
    """``out`` as a map of ``net`` by the chosen activation, with its stated partial; a formula's is derived."""
    if not choice.formula:
        return chosen(ACTIVATIONS, choice.name, what="activation", place=place).map(choice, out, net, place=place)
    numbers_of(choice, {}, kinked=True, what="formula", place=place)
    at_kink = kink_rule(choice, place=place)
    formula = parse(choice.formula, variables=(VARIABLE,), place=place)
    body = substituted(formula, lambda _: Reference(net))
    partials = () if net in leaves(body) else (Partial(net, ZERO),)
    return Map(out, body, partials=partials or (Partial(net, differentiated(body, net, at_kink)),), at_kink=at_kink)


def is_identity(choice: Chosen) -> bool:
    """Whether out is net itself."""
    entry = ACTIVATIONS.get(choice.name)
    return choice.formula == VARIABLE or (isinstance(entry, Activation) and entry.function is None)


ACTIVATIONS: Mapping[str, Activation | AlongUnits] = table(
    Activation("identity", "out is net", None, lambda net, out, settings, at_kink: ONE),
    Activation(
        "sigmoid",
        "1/(1 + exp(-net)), between 0 and 1",
        lambda settings: functions.SIGMOID,
        lambda net, out, settings, at_kink: out * (1 - out),
    ),
    Activation(
        "tanh",
        "the hyperbolic tangent, between -1 and 1",
        lambda settings: functions.TANH,
        lambda net, out, settings, at_kink: 1 - out**2,
    ),
    Activation(
        "relu",
        "net where it is positive, else 0",
        lambda settings: functions.RELU,
        lambda net, out, settings, at_kink: BySign(net, ZERO, at_kink, ONE, kink=True),
        kinked=True,
    ),
    Activation(
        "leaky_relu",
        "net where it is positive, else slope times net",
        lambda settings: functions.leaky_relu(settings["slope"]),
        lambda net, out, settings, at_kink: BySign(net, Number(settings["slope"]), at_kink, ONE, kink=True),
        settings={"slope": Fraction(1, 100)},
        kinked=True,
    ),
    # With alpha = 1 the two branches have one slope at 0, and at_kink is not needed.
    Activation(
        "elu",
        "net where it is positive, else alpha times (exp(net) - 1)",
        lambda settings: functions.elu(settings["alpha"]),
        lambda net, out, settings, at_kink: BySign(
            net,
            out + settings["alpha"],
            ONE if settings["alpha"] == 1 else at_kink,
            ONE,
            kink=settings["alpha"] != 1,
        ),
        settings={"alpha": Fraction(1)},
        kinked=True,
    ),
    Activation(
        "softplus",
        "log(1 + exp(net)), a smooth relu",
        lambda settings: functions.SOFTPLUS,
        lambda net, out, settings, at_kink: 1 - EXP(-out),
    ),
    Activation(
        "silu",
        "net times its sigmoid, also called swish",
        lambda settings: functions.SILU,
        lambda net, out, settings, at_kink: functions.SIGMOID(net) + out * (1 - functions.SIGMOID(net)),
    ),
    Activation(
        "gelu",
        "net times the share of the standard normal distribution below it",
        lambda settings: functions.GELU,
        lambda net, out, settings, at_kink: functions.NORMAL_SHARE(net) + net * functions.NORMAL_DENSITY(net),
    ),
    # Hendrycks and Gimpel 2016, section 2: the approximation by tanh.
    Activation(
        "gelu_tanh",
        "gelu with tanh in place of the normal distribution",
        lambda settings: functions.GELU_TANH,
        functions.gelu_tanh_printed_slope,
    ),
    AlongUnits("softmax", "exp(net) over the sum of exp(net) of the layer's units"),
)
