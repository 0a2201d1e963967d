"""The comparison of small networks: `sympy.diff` of the closed loss, each map an undefined function, as polynomials.

The loss is written out from the forward equations, every map's value as an undefined function of its arguments whose
derivatives are undefined functions too. What `sympy.diff` makes of it becomes a polynomial when each value and each
slope is replaced by a symbol of its own; the System's equation has to be that polynomial. Never uses the sweep.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field, replace
from math import prod

import sympy
from sympy.core.function import UndefinedFunction

from symbackprop.algebra import Expr, SymbolOf, to_sympy
from symbackprop.expressions import ONE, leaves
from symbackprop.identities import Verdict
from symbackprop.ordering import operands
from symbackprop.proof.checks import Check, check
from symbackprop.proof.claims import DERIVATIVES, Claims, body_at
from symbackprop.quantities import Array, Quantity, every_index, extents
from symbackprop.system import Equation, Map, scalar

LARGEST = 20_000  # operations of the closed loss, times the derivatives taken of it


def expanded_size(claims: Claims) -> int:
    """How many operations all derivatives of the closed loss are taken of."""
    sizes: dict[Hashable, int] = {}
    for equation in claims.forward:
        for indices in every_index(equation.target.array):
            found = [sizes.get(leaf, 1) for leaf in leaves(scalar(equation, indices))]
            sizes[Quantity(equation.target.array, indices)] = sum(found) + len(found)
            if sizes[Quantity(equation.target.array, indices)] > LARGEST:
                return LARGEST + 1
    count = sum(prod(extents(each.target.array)) for each in claims.backward)
    return count * sizes[Quantity(claims.loss)]


def expanded_checks(claims: Claims) -> Iterator[Check]:
    """Each backward equation, entry by entry."""
    second = _Second(claims)
    for equation in claims.backward:
        array = equation.target.array
        if claims.is_adjoint(array):
            yield check("derivative", array, [_compared(second, equation, each) for each in every_index(array)])


def _compared(second: _Second, equation: Equation, indices: tuple[int, ...]) -> Verdict:
    quantity = Quantity(equation.target.array, indices)
    difference = second.stated(equation, indices) - second.derivative(quantity)
    if sympy.expand(difference) == 0:
        return Verdict(True, True, "polynomials in independent values and slopes, expanded")
    place = "" if not indices else f" at {list(indices)}"
    return Verdict(False, True, f"another polynomial than the derivative of the loss{place}")


@dataclass
class _Second:
    """The second side: derivatives of the closed loss, as polynomials in values and slopes."""

    claims: Claims
    symbols: dict[Quantity, Expr] = field(default_factory=dict)
    slopes: dict[tuple[Quantity, Quantity], Expr] = field(default_factory=dict)
    functions: dict[Quantity, tuple[Expr, list[Quantity]]] = field(default_factory=dict)
    losses: dict[Array, tuple[Expr, dict[Expr, Expr]]] = field(default_factory=dict)
    known: dict[Quantity, Expr] = field(default_factory=dict)
    flat_values: dict[Quantity, Expr] = field(default_factory=dict)

    def symbol(self, quantity: Quantity) -> Expr:
        """A given quantity, or the value of a map's body, as a symbol of its own."""
        if quantity not in self.symbols:
            self.symbols[quantity] = sympy.Symbol(f"v{len(self.symbols)}", real=True)
        return self.symbols[quantity]

    def slope(self, of: Quantity, wrt: Quantity) -> Expr:
        """The partial of a map's body by one argument, as a symbol of its own."""
        key = (of, wrt)
        if key not in self.slopes:
            self.slopes[key] = sympy.Symbol(f"s{len(self.slopes)}", real=True)
        return self.slopes[key]

    def derivative(self, quantity: Quantity) -> Expr:
        """The second side of an adjoint's entry, with the sign that its array has."""
        if quantity not in self.known:
            wrt = self.claims.given(quantity)
            loss, independent = self.loss(wrt.array)
            slope = sympy.diff(loss, self.symbol(wrt)).xreplace(independent)
            self.known[quantity] = self.claims.sign(quantity.array) * slope
        return self.known[quantity]

    def loss(self, cut: Array) -> tuple[Expr, dict[Expr, Expr]]:
        """The closed loss as a function of the entries of ``cut``, and what makes its derivatives polynomials."""
        if cut not in self.losses:
            values: dict[Quantity, Expr] = {}
            independent: dict[Expr, Expr] = {}

            def value_of(leaf: Hashable) -> Expr:
                assert isinstance(leaf, Quantity)
                return values[leaf] if leaf in values else self.symbol(leaf)

            for equation in self.claims.forward:
                if equation.target.array == cut:
                    continue
                for indices in every_index(equation.target.array):
                    quantity = Quantity(equation.target.array, indices)
                    if isinstance(equation, Map):
                        values[quantity] = self._applied(equation, quantity, value_of, independent)
                    else:
                        values[quantity] = to_sympy(scalar(equation, indices), value_of)
            self.losses[cut] = value_of(Quantity(self.claims.loss)), independent
        return self.losses[cut]

    def _applied(self, equation: Map, quantity: Quantity, value_of: SymbolOf, independent: dict[Expr, Expr]) -> Expr:
        """A map's value: its scale times the undefined function of its arguments."""
        function, arguments = self._function(equation, quantity)
        at = [value_of(each) for each in arguments]
        applied = function(*at)
        independent[applied] = self.symbol(quantity)
        for place, argument in enumerate(arguments):
            independent[function.slopes[place](*at)] = self.slope(quantity, argument)
        return self._scale(equation, quantity.indices) * applied

    def _function(self, equation: Map, quantity: Quantity) -> tuple[Expr, list[Quantity]]:
        if quantity not in self.functions:
            body = body_at(equation, quantity.indices)
            arguments = operands(body)
            self.functions[quantity] = (_undefined(f"f{len(self.functions)}", len(arguments)), arguments)
        return self.functions[quantity]

    def _scale(self, equation: Map, indices: tuple[int, ...]) -> Expr:
        return to_sympy(scalar(replace(equation, body=ONE), indices), self.value_of)

    def stated(self, equation: Equation, indices: tuple[int, ...]) -> Expr:
        """The System's side: an entry's equation, upstream derivatives being what they should be."""
        array = equation.target.array
        rewrite = self.claims.rewrite(array)
        if isinstance(equation, Map) and rewrite is not None:
            return to_sympy(scalar(rewrite.before, indices), self.value_of)
        if isinstance(equation, Map):
            found = self.claims.partial_at(array, indices)
            if found is None:
                return sympy.nan
            return self._scale(equation, indices) * self.slope(found[1], found[2])
        return to_sympy(scalar(equation, indices), self.value_of)

    def value(self, quantity: Quantity) -> Expr:
        """A quantity in a backward equation, as a polynomial."""
        array = quantity.array
        equation = self.claims.system.definitions.get(array)
        if equation is None and array.role not in DERIVATIVES:
            return self.symbol(quantity)
        if array.role in DERIVATIVES:
            if self.claims.is_adjoint(array):
                return self.derivative(quantity)
            found = self.claims.partial_at(array, quantity.indices)
            if found is None:
                return sympy.nan
            scale = equation if isinstance(equation, Map) else found[0]
            return self._scale(scale, found[1].indices) * self.slope(found[1], found[2])
        if isinstance(equation, Map):
            return self._scale(equation, quantity.indices) * self.symbol(quantity)
        if quantity not in self.flat_values:
            assert equation is not None
            self.flat_values[quantity] = to_sympy(scalar(equation, quantity.indices), self.value_of)
        return self.flat_values[quantity]

    def value_of(self, leaf: Hashable) -> Expr:
        """`value`, of a leaf of an expression."""
        assert isinstance(leaf, Quantity)
        return self.value(leaf)


def _undefined(name: str, arity: int) -> Expr:
    """An undefined function, whose derivative by each argument is another undefined function."""
    slopes = tuple(sympy.Function(f"{name}_{place}") for place in range(arity))

    def fdiff(applied: Expr, argindex: int = 1) -> Expr:
        return slopes[argindex - 1](*applied.args)

    return UndefinedFunction(name, __dict__={"fdiff": fdiff, "slopes": slopes})
