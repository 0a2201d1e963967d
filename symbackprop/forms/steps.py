"""The way from the closed form to the delta form in named steps, each proven.

Never simplifies: a step says what it does.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from symbackprop.derivation import Derivation
from symbackprop.errors import InputError
from symbackprop.expressions import Expression, Reference, substituted
from symbackprop.forms.adjoints import root_of, scalar_of, wrt_quantity
from symbackprop.forms.closed import closed_size, quantities_in, refuse_above, refuse_deeper
from symbackprop.forms.delta import delta_form, flattened, inlined, is_slope
from symbackprop.forms.paths import path_count
from symbackprop.forms.spoken import equation_text
from symbackprop.forms.tails import Tails, raw_slope_formula, written_by_definition
from symbackprop.identities import Verdict, decide, same_polynomial
from symbackprop.ordering import in_order, operands
from symbackprop.polynomials import differ_in_order_only
from symbackprop.proof.carried import path_verdict
from symbackprop.proof.formulas import rewrite_verdict
from symbackprop.quantities import Array, Quantity, Role
from symbackprop.rewriting import Rewrite
from symbackprop.system import scalar

if TYPE_CHECKING:
    from symbackprop.algebra import Expr, Symbols

CLOSED_LIMIT = 4_000  # operations of the closed form
PATHS_LIMIT = 100
FORWARD = frozenset({Role.NET, Role.OUT, Role.VARIABLE})
SAME = Verdict(True, True, "substituted back, the same expression")


@dataclass(frozen=True)
class Step:
    """One step: what is done, why, what the derivative is after it, the names it brings in, and its proof."""

    title: str
    reason: str
    quantity: Quantity
    before: Expression | None
    expression: Expression
    definitions: Mapping[Quantity, Expression]
    proof: Verdict
    derivation: Derivation = field(repr=False, compare=False)

    def __str__(self) -> str:
        lines = [equation_text(self.derivation, self.quantity, self.expression)]
        lines += [equation_text(self.derivation, *each) for each in self.definitions.items()]
        return "\n".join([f"{self.title}: {self.reason}", *(f"  {line}" for line in lines)])

    def sympy(self, symbols: Symbols | None = None) -> Expr:
        """The derivative after the step, as a canonical SymPy expression."""
        from symbackprop.algebra import Symbols, to_sympy

        return to_sympy(self.expression, symbols or Symbols(self.derivation.notation))


def steps(derivation: Derivation, quantity: Quantity) -> tuple[Step, ...]:
    """The steps of one derivative, from its closed form to its delta form.

    Of a program, to the derivatives of what it is made from, since it has no deltas. A step that would change nothing
    is left out. Raises TooLarge where the closed form or the number of paths is above a stated limit.
    """
    root = root_of(derivation, quantity.array)
    if root != (derivation.loss, None) or len(quantity.indices) > len(wrt_quantity(quantity).indices):
        raise InputError("steps are given for derivatives of the whole loss; other derivatives have their forms")
    size, paths = closed_size(derivation, quantity), path_count(derivation, quantity)
    refuse_above(CLOSED_LIMIT, size, "closed", "operations", "use the delta form, which needs no steps")
    refuse_above(PATHS_LIMIT, paths, "paths", "paths", "use the delta form, which needs no steps")
    return tuple(_Walk(derivation, quantity).all())


@dataclass
class _Walk:
    derivation: Derivation
    quantity: Quantity
    found: list[Step] = field(default_factory=list)

    def all(self) -> list[Step]:
        tails = Tails(self.derivation)
        self._closed(tails)
        self._slopes(tails)
        stops = tails.stops(self.quantity)
        for count, _ in enumerate(stops, 1):
            self._collected(tails, stops[:count])
        if self.derivation.network.program:
            self._adjoints()
        return self.found

    def _add(
        self,
        title: str,
        reason: str,
        expression: Expression,
        proof: Verdict,
        definitions: Mapping[Quantity, Expression],
    ) -> None:
        before = self.found[-1].expression if self.found else None
        if expression != before:
            self.found.append(
                Step(title, reason, self.quantity, before, expression, definitions, proof, self.derivation)
            )

    @property
    def last(self) -> Expression:
        return self.found[-1].expression

    def _closed(self, tails: Tails) -> None:
        """The closed form, and the same with nets and outs by their names."""
        named = tails.sum(self.quantity, tails.raw)
        definitions = self._forward(named)
        closed = flattened(_written_out(named, definitions))
        self._add(
            "closed form",
            "the derivative of the loss, written out in inputs, targets and parameters: the sum over all paths",
            closed,
            path_verdict(self.derivation, self.quantity, tails.sum(self.quantity, tails.named)),
            {},
        )
        names = "the variables" if self.derivation.network.program else "nets and outs"
        self._add(
            "name the shared subexpressions",
            f"{names} occur in it again and again: each is computed once and called by its name",
            named,
            SAME if flattened(_written_out(named, definitions)) == closed else same_polynomial(named, closed),
            definitions,
        )

    def _forward(self, expression: Expression) -> dict[Quantity, Expression]:
        """The nets, outs and variables that an expression is made of, each behind what it needs, by definition."""
        found: dict[Quantity, Expression] = {}
        equations: dict[Quantity, Expression] = {}

        def named(inside: Expression) -> list[Quantity]:
            return [each for each in operands(inside) if each.array.role in FORWARD and self._is_defined(each)]

        def needs(each: Quantity) -> list[Quantity]:
            if each not in equations:
                equations[each] = written_by_definition(scalar_of(self.derivation, each))
            return named(equations[each])[::-1]  # the first is defined first

        for leaf in named(expression):
            for each in in_order(leaf, needs, found):
                found[each] = equations[each]
        return found

    def _is_defined(self, quantity: Quantity) -> bool:
        return self.derivation.definition(quantity.array) is not None

    def _slopes(self, tails: Tails) -> None:
        """Each slope by its form in the output."""
        printed = tails.sum(self.quantity, tails.printed)
        verdicts = [self._slope_verdict(each) for each in self._slope_quantities(tails)]
        self._add(
            "write the slopes in terms of the outputs",
            "each activation's slope is known from its value alone",
            printed,
            weakest(verdicts),
            {},
        )

    def _slope_quantities(self, tails: Tails) -> list[Quantity]:
        named = tails.sum(self.quantity, tails.named)
        return [each for each in dict.fromkeys(quantities_in(named)) if is_slope(each.array)]

    def _slope_verdict(self, slope: Quantity) -> Verdict:
        raw, printed = raw_slope_formula(self.derivation, slope), scalar_of(self.derivation, slope)
        if raw is None:
            return SAME
        return decide(raw, _written_out(printed, self._forward_values(printed, slope)))

    def _forward_values(self, expression: Expression, slope: Quantity) -> dict[Quantity, Expression]:
        of = slope.array.of
        found = [each for each in quantities_in(expression) if each.array == of]
        return {each: written_by_definition(scalar_of(self.derivation, each)) for each in found}

    def _collected(self, tails: Tails, stops: Sequence[Array]) -> None:
        """What the paths share up to one layer: taken out of the sum, rewritten where there is a rewrite, and named."""
        stop = stops[-1]
        named = tails.sum(self.quantity, tails.printed, stops)
        deltas = [each for each in dict.fromkeys(quantities_in(named)) if each.array == stop]
        rewrite = self._rewrite(stop)
        collected = flattened(_written_out(named, {each: self._unfused(each, rewrite) for each in deltas}))
        if not differ_in_order_only(collected, self.last):
            self._add(
                f"collect what the paths share up to layer {stop.layer}",
                "paths through the same net share everything from there to the loss: it is taken out of the sum",
                collected,
                same_polynomial(self.last, collected),
                {},
            )
        definitions = {each: delta_form(self.derivation, each).expression for each in deltas}
        if rewrite is not None:
            condition = f", as {rewrite.pair.condition}" if rewrite.pair.condition else ""
            self._add(
                f"rewrite {rewrite.pair.activation} with {rewrite.pair.loss}",
                rewrite.pair.sentence + condition,
                flattened(_written_out(named, definitions)),
                weakest([rewrite_verdict(self.derivation, each) for each in deltas]),
                {},
            )
        back = flattened(_written_out(named, definitions))
        self._add(
            f"name the deltas of layer {stop.layer}",
            "what was collected is the derivative of the loss by the net"
            + (", with the sign that the notation gives it" if self.derivation.conventions.delta_sign < 0 else ""),
            named,
            SAME if back == self.last else same_polynomial(back, self.last),
            definitions,
        )

    def _unfused(self, delta: Quantity, rewrite: Rewrite | None) -> Expression:
        """A delta before any rewrite, in the deltas of the layer behind it."""
        if rewrite is None:
            return delta_form(self.derivation, delta).expression
        return inlined(self.derivation, scalar(rewrite.before, delta.indices), {})

    def _rewrite(self, stop: Array) -> Rewrite | None:
        return next((each for each in self.derivation.rewrites if each.after.target.array == stop), None)

    def _adjoints(self) -> None:
        """A program's last step: what the paths share is the derivative by a variable."""
        expression = self._with_adjoints(self.quantity)
        adjoints = [each for each in quantities_in(expression) if each.array.role is Role.DERIVATIVE]
        self._add(
            "collect what the paths share",
            "paths through the same variable have its derivative in common: it is taken out and called by its name",
            expression,
            same_polynomial(self.last, inlined(self.derivation, expression, {})),
            {each: self._with_adjoints(each) for each in dict.fromkeys(adjoints)},
        )

    def _with_adjoints(self, quantity: Quantity) -> Expression:
        """A derivative's own equation, with the slopes of single lines of the program written out."""

        def written(of: Hashable) -> Expression:
            assert isinstance(of, Quantity)
            inner = of.array.role is Role.DERIVATIVE and (of.array.label or of.array.of != self.derivation.loss)
            return scalar_of(self.derivation, of) if inner else Reference(of)

        return flattened(substituted(scalar_of(self.derivation, quantity), written))


def _written_out(expression: Expression, definitions: Mapping[Quantity, Expression]) -> Expression:
    """The expression with names replaced by what they stand for: each is defined behind those that it is made of."""
    known: dict[Quantity, Expression] = {}

    def written(of: Hashable) -> Expression:
        return known[of] if isinstance(of, Quantity) and of in known else Reference(of)

    for each, own in definitions.items():
        known[each] = flattened(substituted(own, written))
        refuse_deeper(known[each], "steps", "use the delta or chain form")
    return substituted(expression, written)


def weakest(verdicts: Sequence[Verdict]) -> Verdict:
    """The verdict on all of several: the first that fails, else the first that is not exact."""
    wrong = [each for each in verdicts if not each.holds]
    inexact = [each for each in verdicts if not each.exact]
    if wrong or inexact:
        return (wrong or inexact)[0]
    return max(verdicts, key=lambda each: each.how != "the same formula", default=SAME)
