"""A derivative of the loss carried forward: from one given quantity through every forward equation, as polynomials.

Each value of a map and each of its slopes is a symbol of its own; whatever else is computed is a polynomial in these,
and is carried along with its derivative (dual numbers). Never uses the sweep.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace

from symbackprop.derivation import Derivation
from symbackprop.expressions import ONE, Expression, Negative, Product, Quotient, Reference, Sum, leaves
from symbackprop.identities import Verdict
from symbackprop.ordering import in_order, operands
from symbackprop.polynomials import NOTHING, UNIT, Polynomial, Ring, TooManyTerms, number
from symbackprop.proof.claims import DERIVATIVES, Claims, body_at
from symbackprop.quantities import Quantity
from symbackprop.system import Map, scalar

Dual = tuple[Polynomial, Polynomial]  # a value and its derivative


def path_verdict(derivation: Derivation, quantity: Quantity, expression: Expression) -> Verdict:
    """Whether a derivative of the loss is an expression of values and slopes."""
    claims = Claims(derivation)
    wrt = claims.given(quantity)
    carried = _Carried(claims, wrt)
    sign = number(claims.sign(quantity.array))
    try:
        loss = carried.dual(Quantity(claims.loss))[1]
        same = carried.stated(expression) == sign * loss
    except TooManyTerms:
        return Verdict(False, False, "too many terms to be expanded")
    if same:
        return Verdict(True, True, "the loss differentiated forward through the network, as a polynomial, expanded")
    return Verdict(False, True, "another polynomial than the loss's derivative, carried forward through the network")


@dataclass
class _Carried:
    """Values of forward quantities as polynomials, each with its derivative by ``wrt``."""

    claims: Claims
    wrt: Quantity
    ring: Ring = field(default_factory=Ring)
    known: dict[Quantity, Dual] = field(default_factory=dict)

    def dual(self, quantity: Quantity) -> Dual:
        """A forward quantity's value and derivative. Without recursion: programs may be long."""
        for here in in_order(quantity, self._needed, self.known):
            self.known[here] = self._dual(here)
        return self.known[quantity]

    def _needed(self, quantity: Quantity) -> list[Quantity]:
        equation = self.claims.defined.get(quantity.array)
        if equation is None or quantity.array == self.wrt.array:
            return []
        return operands(scalar(equation, quantity.indices))

    def _dual(self, quantity: Quantity) -> Dual:
        equation = self.claims.defined.get(quantity.array)
        if equation is None or quantity.array == self.wrt.array:
            return self.ring.symbol(quantity), UNIT if quantity == self.wrt else NOTHING
        if not isinstance(equation, Map):
            return self._of(scalar(equation, quantity.indices))
        scale, scale_slope = self._of(scalar(replace(equation, body=ONE), quantity.indices))
        value = self.ring.symbol(quantity)
        slope = scale_slope * value
        body = body_at(equation, quantity.indices)
        for argument in operands(body):
            slope = slope + scale * self.ring.symbol((quantity, argument)) * self.known[argument][1]
        return scale * value, slope

    def _of(self, expression: Expression) -> Dual:
        """A sum of products with its derivative."""
        match expression:
            case Reference(Quantity() as of):
                return self.known[of]
            case Negative(operand):
                value, slope = self._of(operand)
                return -value, -slope
            case Sum(operands):
                pairs = [self._of(each) for each in operands]
                return _total([value for value, _ in pairs]), _total([slope for _, slope in pairs])
            case Product(operands):
                return self._product([self._of(each) for each in operands])
            case Quotient(above, below):
                assert all(not isinstance(each, Quantity) for each in leaves(below)), "a map divides, a sum does not"
                return self._product([self._of(above), self._of_constant(Quotient(ONE, below))])
        return self._of_constant(expression)

    def _product(self, factors: Sequence[Dual]) -> Dual:
        value, slope = UNIT, NOTHING
        for own, own_slope in factors:
            value, slope = value * own, slope * own + value * own_slope
        return value, slope

    def _of_constant(self, expression: Expression) -> Dual:
        return self.ring.polynomial(expression, self.ring.symbol), NOTHING

    def stated(self, expression: Expression) -> Polynomial:
        """An expression of values, slopes and derivatives of the loss, as a polynomial."""
        return self.ring.polynomial(expression, self._stated_leaf)

    def _stated_leaf(self, leaf: Hashable) -> Polynomial:
        if not isinstance(leaf, Quantity):
            return self.ring.symbol(leaf)
        array = leaf.array
        if array.role not in DERIVATIVES:
            return self.dual(leaf)[0]
        if self.claims.is_adjoint(array):
            inner = _Carried(self.claims, self.claims.given(leaf), self.ring)
            return number(self.claims.sign(array)) * inner.dual(Quantity(self.claims.loss))[1]
        found = self.claims.partial_at(array, leaf.indices)
        if found is None:
            return self.ring.symbol(leaf)
        origin, of, wrt = found
        equation = self.claims.system.definitions.get(array)
        scaled, indices = (equation, leaf.indices) if isinstance(equation, Map) else (origin, of.indices)
        scale = scalar(replace(scaled, body=ONE), indices)
        return self.stated(scale) * self.ring.symbol((of, wrt))


def _total(terms: Sequence[Polynomial]) -> Polynomial:
    whole = NOTHING
    for each in terms:
        whole = whole + each
    return whole
