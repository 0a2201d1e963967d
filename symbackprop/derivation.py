"""`derive`: from a network to its System: forward pass, loss, adjoints, gradients, update, forward again.

States no backward formula of its own: adjoints come from the sweep. Computes no number and prints nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property, partial

from symbackprop.catalogue.updates import UPDATES
from symbackprop.errors import DescriptionError
from symbackprop.forward import (
    Arrays,
    Pass,
    Ties,
    layer_arrays,
    layer_pass,
    orders_of,
    program_arrays,
    program_pass,
    ties_of,
)
from symbackprop.network import Network
from symbackprop.notation import Notation, notation_for
from symbackprop.notation.styles import Conventions
from symbackprop.ordering import in_order
from symbackprop.quantities import Array, Axis, Cell, Phase, Role, derivative_of
from symbackprop.rewriting import Rewrite, fused, rewritten
from symbackprop.shares import share_of, shared, summed_in
from symbackprop.sweep import Naming, Slopes, canonical_letters, leading_to, reverse_sweep, uses_in
from symbackprop.system import Equation, SumOfProducts, System
from symbackprop.terms import Kronecker, Term
from symbackprop.updating import in_deltas, state_array, updates

NOT_DIFFERENTIATED = frozenset({Role.TARGET, Role.RATE, Role.SETTING})
CARRIED = frozenset({Role.LOSS, Role.PART, Role.PENALTY})


class _Forward:
    """A forward pass, with what the sweep of a single derivative asks of it: a local one must not cost the whole."""

    def __init__(self, equations: tuple[Equation, ...]) -> None:
        self.equations, self.uses = equations, uses_in(equations)
        self.places = {equation.target.array: place for place, equation in enumerate(equations)}

    def between(self, sources: Set[Array], of: Array) -> list[Equation]:
        """The equations through which ``of`` depends on one of the sources, in order."""
        first = min(self.places.get(each, -1) for each in sources)
        waiting, reached = [of], set[int]()
        while waiting:
            place = self.places.get(waiting.pop(), -1)
            if place > first and place not in reached:
                reached.add(place)
                waiting += self.equations[place].reads
        depends = set(sources)
        found = []
        for equation in (self.equations[place] for place in sorted(reached)):
            if not depends.isdisjoint(equation.reads):
                depends.add(equation.target.array)
                found.append(equation)
        return found


@dataclass(frozen=True)
class Derivation:
    """What was derived from a network: the System and the arrays in it.

    ``system`` holds the equations that a derivation shows, in order. Other derivatives, shares of single
    observations and the like are defined when they are asked for (`derivative`, `share`, `weighted_sum`).
    """

    network: Network
    notation: Notation
    arrays: Arrays
    ties: Ties
    now: Pass
    after: Pass | None
    system: System
    rewrites: tuple[Rewrite, ...]
    _slopes: Slopes
    _further: dict[Array, Equation] = field(default_factory=dict)

    @property
    def conventions(self) -> Conventions:
        return self.notation.conventions

    @property
    def loss(self) -> Array:
        return self.now.loss

    @cached_property
    def rate(self) -> Array:
        return Array(Role.RATE)

    def definition(self, array: Array) -> Equation | None:
        """The equation that defines an array, shown or asked for; None for a given one."""
        return self.system.definitions.get(array) or self._further.get(array)

    def gradient_array(self, parameter: Array) -> Array:
        """The array of ∂E/∂ each entry of a weight, bias, parameter, net, out or input array."""
        return self.derivative(self.loss, None, parameter)

    def derivative(self, of: Array, of_unit: int | None, wrt: Array) -> Array:
        """The array of derivatives of ``of`` (at one unit, summed over observations) by each entry of ``wrt``.

        Defined by a sweep of its own the first time it is asked for; zero where nothing leads from one to the other.
        """
        array = derivative_of(of, of_unit, wrt)
        if self.definition(array) is None:
            if of == self.loss and wrt.role is Role.NET:
                self._define(self._signed_delta(array, wrt))
            else:
                self._sweep_from(of, of_unit, wrt)
        if self.definition(array) is None:
            self._define(self._total(array, of, of_unit, wrt) or self._same_or_zero(array, of, of_unit, wrt))
        return array

    def use(self, derivative: Array) -> Array:
        """What each position of tied parameters adds to their derivative; 0 where nothing comes through it."""
        array = replace(derivative, phase=Phase.USE)
        if self.definition(array) is None:
            self._define(SumOfProducts(Cell(array, canonical_letters(array)), ()))
        return array

    def slope(self, of: Array, wrt: Array) -> Array:
        """The local derivative of a map's target by its argument: dout/dnet of one layer."""
        return next(
            slope for (target, cell), slope in self._slopes.arrays.items() if target == of and cell.array == wrt
        )

    def share(self, array: Array) -> Array:
        """Each observation's share of a sum over observations: the same array with an observation axis in front."""
        observations = self.observations
        wanted = shared(array, observations)
        if wanted != array:
            sums = partial(self._sums_behind, observations=observations)
            for each in in_order(wanted, sums, self._further):
                self._define(share_of(self._shared_by(each), observations))
        return wanted

    def _shared_by(self, share: Array) -> Equation:
        """The equation of what an array holds the shares of."""
        array = replace(share, axes=share.axes[1:])
        definition = self.definition(array)
        assert definition is not None, f"{array} is given and has no shares"
        return definition

    def _sums_behind(self, share: Array, observations: Axis) -> list[Array]:
        return [shared(each, observations) for each in summed_in(self._shared_by(share))]

    def weighted_sum(self, net: Array) -> Array:
        """A layer's net without its bias."""
        array = replace(net, role=Role.WEIGHTED_SUM)
        if self.definition(array) is None:
            definition = self.definition(net)
            assert isinstance(definition, SumOfProducts)
            bias = (Role.BIAS,)
            terms = [term for term in definition.terms if not any(_role(factor) in bias for factor in term.factors)]
            self._define(SumOfProducts(Cell(array, definition.target.indices), tuple(terms)))
        return array

    def output_part(self, phase: Phase = Phase.NOW) -> Array:
        """The loss by output, summed over observations: reductions and factor included, penalty not."""
        passed = self.now if phase is Phase.NOW else self.after
        assert passed is not None, "there is no second pass without an update"
        assert passed.part is not None, "a program's loss has no parts by output"
        array = replace(passed.part, axes=passed.part.axes[1:])
        if self.definition(array) is None:
            cell = Cell(passed.part, ("n", "j"))
            self._define(SumOfProducts(Cell(array, ("j",)), (Term(factors=(cell,)),)))
        return array

    @property
    def observations(self) -> Axis:
        """The axis of the observations."""
        return next(axis for array in self.arrays.inputs for axis in array.axes if axis.kind == "observation")

    def _define(self, equation: Equation) -> None:
        self._further[equation.target.array] = equation

    def _signed_delta(self, array: Array, net: Array) -> Equation:
        letters = canonical_letters(net)
        delta = Cell(_delta_array(net), letters)
        own = self.definition(delta.array)
        if self.notation.is_plain_derivative(delta.array) and own is not None:
            return replace(own, target=Cell(array, own.target.indices))  # under one name it cannot stand for itself
        return SumOfProducts(Cell(array, letters), (Term(Fraction(self.conventions.delta_sign), (delta,)),))

    def _total(self, array: Array, of: Array, of_unit: int | None, wrt: Array) -> Equation | None:
        """At tied positions, the derivatives by the parameters that stand there, though nothing comes from these."""
        tied = self.ties.reindexed.get(wrt)
        if tied is None:
            return None
        sources = tuple(self.derivative(of, of_unit, each) for each in tied.sources)
        return replace(tied, target=Cell(array, tied.target.indices), sources=sources)

    def _same_or_zero(self, array: Array, of: Array, of_unit: int | None, wrt: Array) -> Equation:
        letters = canonical_letters(wrt)
        if of != wrt:
            return SumOfProducts(Cell(array, letters), ())
        unit = () if of_unit is None else (Kronecker(letters[-1], of_unit),)
        return SumOfProducts(Cell(array, letters), (Term(factors=unit),))

    def _sweep_from(self, of: Array, of_unit: int | None, wrt: Array) -> None:
        letters = canonical_letters(of)
        seed = Term(factors=() if of_unit is None else (Kronecker(letters[-1], of_unit),))

        def adjoint(array: Array) -> tuple[int, Array] | None:
            if array == of or array.role in CARRIED:
                return None
            named = derivative_of(of, of_unit, array)
            return 1, replace(named, phase=Phase.USE) if array in self.ties.reindexed else named

        forward = self._forward_after if of.phase is Phase.AFTER and self.after else self._forward_now
        tied = self.ties.reindexed.get(wrt)  # the total at a tied position is that of the parameters behind it
        sources = {wrt, *(tied.sources if tied else ())}
        between = forward.between(sources, of)
        wanted = {*sources, *(each.target.array for each in between)}
        naming = Naming(adjoint, wanted.__contains__)
        sweep = reverse_sweep(between, {of: seed}, naming=naming, slopes=self._slopes, uses=forward.uses)
        for equation in sweep:
            if self.definition(equation.target.array) is None:
                self._define(equation)

    @cached_property
    def steps(self) -> Mapping[Array, Equation]:
        """The update's equations by what they define, as its rule says them: by the gradients' names."""
        return {each.target.array: each for each in updates(self.network, self.arrays, self.ties, self.loss)}

    @cached_property
    def _forward_now(self) -> _Forward:
        return _Forward((*self.ties.reindexed.values(), *self.now.equations))

    @cached_property
    def _forward_after(self) -> _Forward:
        assert self.after is not None
        return _Forward((*self.ties.reindexed.values(), *self.after.equations))


def _role(factor: object) -> Role | None:
    return factor.array.role if isinstance(factor, Cell) else None


def _delta_array(net: Array) -> Array:
    return Array(Role.DELTA, net.axes, net.layer, phase=net.phase)


def derive(network: Network, *, rewrites: bool = True) -> Derivation:
    """The derivation of a network or program.

    ``rewrites=False`` leaves out the step from the full Jacobian to ``out - target``. Derives no number: cost does
    not grow with the layers' widths. Raises DescriptionError where the notation gives two quantities one name.
    """
    try:
        notation = notation_for(network)
    except DescriptionError as error:
        raise DescriptionError(f"{network.source}: {error}" if network.source else str(error)) from None
    conventions = notation.conventions
    arrays, ties = _givens(network)
    notation = notation.with_vectors(ties.sources)
    now = _forward(network, arrays, ties, Phase.NOW, notation)
    slopes = Slopes()
    backward = _backward(arrays, ties, now, conventions, slopes)
    applied = fused(network, now, backward, orders_of(conventions)) if rewrites else ()
    now, backward = rewritten(now, backward, applied)
    update = updates(network, arrays, ties, now.loss)
    if conventions.update == "delta":
        update = in_deltas(update, backward)
    after = _forward(network, arrays, ties, Phase.AFTER, notation) if update else None
    if after is not None:
        after, _ = rewritten(after, (), applied)
    equations = (*ties.reindexed.values(), *now.equations, *backward, *update, *(after.equations if after else ()))
    system = System(_system_givens(network, arrays), equations)
    return Derivation(network, notation, arrays, ties, now, after, system, applied, slopes)


def _givens(network: Network) -> tuple[Arrays, Ties]:
    if network.program:
        return program_arrays(network), Ties({}, (), {}, {}, {})
    arrays = layer_arrays(network)
    ties = ties_of(network, arrays)
    if ties.reindexed:
        kept = tuple(each for each in arrays.parameters if each not in ties.reindexed)
        frozen = {each for each in ties.vectors if each.label == "frozen"} | (arrays.frozen & set(kept))
        arrays = replace(
            arrays, parameters=ties.vectors + kept, frozen=frozenset(frozen), vectors=ties.vectors, names=ties.names
        )
    return arrays, ties


def _forward(network: Network, arrays: Arrays, ties: Ties, phase: Phase, notation: Notation) -> Pass:
    if network.program:
        return program_pass(network, arrays, phase)
    return layer_pass(network, arrays, ties, phase, notation)


def _system_givens(network: Network, arrays: Arrays) -> tuple[Array, ...]:
    targets = () if arrays.targets is None else (arrays.targets,)
    return (*arrays.inputs, *targets, *arrays.parameters, *_settings(network, arrays))


def _settings(network: Network, arrays: Arrays) -> tuple[Array, ...]:
    found = []
    if network.loss is not None and isinstance(network.loss.factor, str):
        found.append(Array(Role.SETTING, label="factor"))
    if network.penalty is not None:
        found.append(Array(Role.SETTING, label="strength"))
        if isinstance(network.penalty.factor, str):
            found.append(Array(Role.SETTING, label="penalty factor"))
    if network.update is not None:
        rule = UPDATES[network.update.rule]
        found.append(Array(Role.RATE))
        found += [Array(Role.SETTING, label=label) for label in rule.numbers]
        for parameter in arrays.parameters:
            if parameter not in arrays.frozen:
                found += [state_array(state, parameter) for state in rule.states]
    return tuple(found)


def _backward(arrays: Arrays, ties: Ties, now: Pass, conventions: Conventions, slopes: Slopes) -> tuple[Equation, ...]:
    def adjoint(array: Array) -> tuple[int, Array] | None:
        if array.role in CARRIED or array == now.loss:
            return None
        if array.role is Role.NET:
            return conventions.delta_sign, _delta_array(array)
        named = derivative_of(now.loss, None, array)
        return 1, replace(named, phase=Phase.USE) if array in ties.reindexed else named

    naming = Naming(adjoint, lambda array: array.role not in NOT_DIFFERENTIATED)
    forward = leading_to(now.loss, (*ties.reindexed.values(), *now.equations))
    found = reverse_sweep(forward, {now.loss: Term()}, naming=naming, slopes=slopes)
    known = {equation.target.array for equation in found}
    gradients = (derivative_of(now.loss, None, each) for each in arrays.parameters)
    unused = [each for each in gradients if each not in known]  # by the loss, of a program
    found += [SumOfProducts(Cell(each, canonical_letters(each)), ()) for each in unused]
    return tuple(found if conventions.delta_first else map(_delta_last, found))


def _delta_last(equation: Equation) -> Equation:
    """The equation of a weight's gradient with the input before the delta; any other as it is."""
    wrt = equation.target.array.wrt
    if not isinstance(equation, SumOfProducts) or wrt is None or wrt.role is not Role.WEIGHT:
        return equation
    return replace(equation, terms=tuple(_with_delta_last(each) for each in equation.terms))


def _with_delta_last(term: Term) -> Term:
    return replace(term, factors=tuple(sorted(term.factors, key=lambda factor: _role(factor) is Role.DELTA)))
