"""From a derivation to its program: the System's equations that loss and gradients need, as array statements.

Settings, constants and copies are put in place, and reductions inside a formula become statements of their own. The
number of observations stays open. Derives nothing and knows no language.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from symbackprop.compiled.forms import GROWING, folded, not_positive, ready
from symbackprop.compiled.grouping import grouped
from symbackprop.compiled.growing import tamed
from symbackprop.compiled.statements import (
    OBSERVATIONS,
    Elementwise,
    Gathered,
    Largest,
    Letters,
    ProductSum,
    Program,
    Statement,
    Total,
    axes_in,
    laws,
    letters_in,
)
from symbackprop.compiled.tasks import Task, gradients_of
from symbackprop.contraction import needed
from symbackprop.derivation import Derivation, derive
from symbackprop.errors import MissingValue
from symbackprop.expressions import (
    Along,
    Call,
    Expression,
    Negative,
    Number,
    Product,
    Reference,
    Sum,
    Undefined,
    as_expression,
    constant,
    parts,
    product_of,
    substituted,
)
from symbackprop.given import given_entries
from symbackprop.quantities import Array, Axis, Cell, Role
from symbackprop.sweep import canonical_letters
from symbackprop.system import Equation, Map, Reindex, Scatter, SumOfProducts
from symbackprop.terms import Indicator, Term, axes_of, axis_of, relettered


def program_of(derivation: Derivation, task_of: Callable[[Derivation], Task] = gradients_of) -> Program:
    """The program of a derivation, for any number of observations. Settings are taken at the description's values."""
    network = derivation.network
    described = network.with_observations("n", updated=task_of is not gradients_of)
    open_network = derive(described, rewrites=bool(derivation.rewrites))
    return _Builder(derivation, open_network, task_of(open_network)).program()


class _Builder:
    def __init__(self, described: Derivation, derivation: Derivation, task: Task) -> None:
        self.derivation, self.task = derivation, task
        arrays = derivation.arrays
        self.given = {*arrays.inputs, *task.parameters.values()} | ({arrays.targets} if arrays.targets else set())
        self.settings = {array: value for array, value in _settings(described).items() if array not in self.given}
        count = described.network.observations
        self.observations = count if isinstance(count, int) else 1
        self.kept = {derivation.loss, *task.results.values()}
        self.constants: dict[Array, Fraction] = {}
        self.aliases: dict[Array, Array] = {}
        self.hoisted: dict[Expression, Array] = {}
        self.tables: dict[Array, tuple[int, ...]] = {}
        self.found: list[Statement] = []

    def program(self) -> Program:
        for equation in self._equations():
            self._add(equation)
        every = [part for statement in self.found for law in laws(statement) for part in parts(law)]
        calls = [part for part in every if isinstance(part, Call)]
        bounded = all(self._bounded(part.arguments[0]) for part in calls if part.function.name in GROWING)
        reasons = dict.fromkeys(part.reason for part in every if isinstance(part, Undefined))
        statements = grouped(self.found, self.kept)
        arrays = self.derivation.arrays
        return Program(
            self.derivation,
            arrays.inputs,
            arrays.targets,
            self.task,
            self.derivation.loss,
            tuple(statements),
            self.observations,
            self.tables,
            frozenset(part.function.name for part in calls),
            bounded,
            tuple(reasons),
        )

    def _bounded(self, argument: Expression) -> bool:
        """Whether an argument is never positive: by its form, or as a difference from the largest."""
        match argument:
            case Sum((Reference(Cell(array, _)), Negative(Reference(Cell(largest, _))))):
                by = (each for each in self.found if isinstance(each, Largest) and each.target.array == largest)
                return any(each.of.array == array for each in by)
        return not_positive(argument)

    def _definition(self, array: Array) -> Equation | None:
        if array in self.given or array in self.settings:
            return None
        sources = self.derivation.ties.sources.get(array)
        if sources is not None:
            arrays = tuple(dict.fromkeys(source for source, _ in sources))
            table = tuple((arrays.index(source), place) for source, place in sources)
            return Reindex(Cell(array, ("p",)), arrays, table)
        equation = self.derivation.definition(array)
        assert equation is not None, f"{array} has neither a value nor an equation"
        return equation

    def _equations(self) -> list[Equation]:
        """The equations that the results need, each behind what it reads."""
        found: dict[Array, Equation] = {}
        waiting: list[tuple[Array, bool]] = [(array, False) for array in reversed([self.derivation.loss, *self.kept])]
        done: set[Array] = set()
        while waiting:
            array, read = waiting.pop()
            if array in done:
                continue
            equation = self._definition(array)
            if equation is None or read:
                done.add(array)
                if equation is not None:
                    found[array] = equation
                continue
            waiting.append((array, True))
            waiting += [(each, False) for each in reversed(needed(equation)) if each not in done]
        place = {array: number for number, array in enumerate(self.derivation.system.definitions)}
        first = {array for array in found if array in self.derivation.ties.sources}
        order = sorted(found, key=lambda array: -1 if array in first else place.get(array, len(place)))
        return [found[array] for array in order]

    def _add(self, equation: Equation) -> None:
        match equation:
            case Map():
                self._add_law(equation.target, tamed(ready(folded(self._known(equation.computed_law())))))
            case SumOfProducts(target, terms):
                self._add_sum(target, terms)
            case Reindex(target, sources, table):
                self.found.append(Gathered(target, self._sources(sources), tuple(((each),) for each in table)))
            case Scatter(target, sources, table, extra):
                if not extra:
                    self.found.append(Gathered(target, self._sources(sources), table))
                    return
                added = replace(target.array, label=f"{target.array.label}uses")
                self.found.append(Gathered(Cell(added, target.indices), self._sources(sources), table))
                self._add_sum(target, (Term(factors=(Cell(added, target.indices),)), *extra))

    def _sources(self, arrays: Sequence[Array]) -> tuple[Array, ...]:
        return tuple(self.aliases.get(array, array) for array in arrays)

    def _known(self, law: Expression) -> Expression:
        """The law with settings, constants and copies put in place."""

        def replacement(leaf: Hashable) -> Expression:
            match leaf:
                case Cell(array, indices):
                    if array in self.settings:
                        return as_expression(self._setting(array))
                    if array in self.constants:
                        return as_expression(self.constants[array])
                    if array in self.aliases:
                        return Reference(Cell(self.aliases[array], indices))
                case Axis(_, size) if size is not None:
                    return Number(Fraction(size))
                case Indicator():
                    return Reference(self._table(leaf))
            return Reference(leaf)

        return substituted(law, replacement)

    def _setting(self, array: Array) -> Fraction:
        value = self.settings[array]
        if value is None:
            name = array.label or "learning rate"
            raise MissingValue(
                f"no value for the {name}: a compiled function has it built in; give it in the description"
            )
        return value

    def _table(self, indicator: Indicator) -> Cell:
        """An indicator as a constant array of ones and zeros; only parameter vectors have one."""
        (letter,) = indicator.indices
        vector = next(
            array
            for array in self.derivation.ties.sources
            if array.axes[0].kind == "parameter"
            and any(place[0] < (array.axes[0].size or 0) for place in indicator.places)
            and self.derivation.ties.weights_places.get(array) == indicator.places
        )
        size = vector.axes[0].size or 0
        array = Array(Role.SETTING, vector.axes, label=f"counted {vector.label}")
        self.tables[array] = tuple(int((place,) in indicator.places) for place in range(size))
        return Cell(array, (letter,))

    def _add_sum(self, target: Cell, terms: Sequence[Term]) -> None:
        products = [self._product(target, term) for term in terms]
        if all(not each.summed for each in products):
            laws = [_law_of(each) for each in products if each.number]
            whole = laws[0] if len(laws) == 1 else sum(laws[1:], laws[0]) if laws else Number(Fraction(0))
            self._add_law(target, ready(whole))
            return
        self.found.append(Total(target, tuple(each for each in products if each.number)))

    def _product(self, target: Cell, term: Term) -> ProductSum:
        number = term.number
        means = 0
        for axis in term.over:
            if axis.size is None:
                means += 1
            else:
                number /= axis.size
        factors: list[Expression] = []
        for factor in term.factors:
            known = self._known(Reference(factor))
            value = constant(known)
            if value is None:
                factors.append(known)
            else:
                number *= value
        free = term.summed(target)
        axes = axes_of(term.cells) if free else {}
        if len(factors) < len(term.factors):
            left = {letter for each in factors for letter in letters_in(each)}
            for size in (axes[each].size for each in free if each not in left):
                if size is not None:
                    number *= size
                elif means:
                    means -= 1
                else:
                    factors.append(Reference(OBSERVATIONS))
            free = tuple([letter for letter in free if letter in left])
        return ProductSum(number, means, tuple(factors), tuple([(letter, axes[letter]) for letter in free]))

    def _add_law(self, target: Cell, law: Expression) -> None:
        array = target.array
        value = constant(law)
        if array not in self.kept:
            if value is not None:
                self.constants[array] = value
                return
            if isinstance(law, Reference) and isinstance(law.of, Cell) and law.of.indices == target.indices:
                self.aliases[array] = law.of.array
                return
        law = self._with_hoisted(self._reduced(law, target))
        self.found.append(Elementwise(target.indices, array.axes, ((target, law),)))

    def _reduced(self, law: Expression, of: Cell) -> Expression:
        """The law with each `Along` as a cell of an array of its own."""
        if not any(isinstance(part, Along) for part in parts(law)):
            return law
        whole = law.mapped(lambda child: self._reduced(child, of))
        if not isinstance(whole, Along):
            return whole
        body = self._with_hoisted(whole.body)
        axes = axis_of(of) | axes_in([body])
        free = [letter for letter in letters_in(body) if letter != whole.index]
        if whole.reduction == "max":
            return Reference(self._hoist(Along("max", whole.index, self._as_cell(body, of)), free, axes, of))
        factors = body.operands if isinstance(body, Product) else (body,)
        factors = tuple(self._as_cell(each, of) if _has_call(each) else each for each in factors)
        return Reference(self._hoist(Along("sum", whole.index, product_of(list(factors))), free, axes, of))

    def _as_cell(self, body: Expression, of: Cell) -> Expression:
        if isinstance(body, Reference):
            return body
        return Reference(self._hoist(body, list(letters_in(body)), axis_of(of) | axes_in([body]), of))

    def _hoist(self, expression: Expression, free: Sequence[str], axes: Mapping[str, Axis], of: Cell) -> Cell:
        """The cell of an array that holds the expression, made the first time."""
        ordered = tuple(sorted(free, key=lambda letter: axes[letter].kind != "observation"))
        key = _renamed(expression, ordered)
        if key not in self.hoisted:
            array = Array(
                Role.VARIABLE,
                tuple(axes[letter] for letter in ordered),
                of.array.layer,
                f"shared_{len(self.hoisted) + 1}",
            )
            self.hoisted[key] = array
            letters = canonical_letters(array)
            self._define(Cell(array, letters), relettered(expression, dict(zip(ordered, letters, strict=True))), axes)
        return Cell(self.hoisted[key], ordered)

    def _define(self, target: Cell, law: Expression, axes: Mapping[str, Axis]) -> None:
        match law:
            case Along("max", index, Reference(cell)):
                assert isinstance(cell, Cell)
                self.found.append(Largest(target, index, cell))
            case Along("sum", index, body):
                factors = body.operands if isinstance(body, Product) else (body,)
                summed = ((index, axes_in([body])[index]),)
                self.found.append(Total(target, (ProductSum(Fraction(1), 0, factors, summed),)))
            case _:
                self.found.append(Elementwise(target.indices, target.array.axes, ((target, law),)))

    def _with_hoisted(self, law: Expression) -> Expression:
        """The law with every part that has an array of its own as that array's cell."""
        if not self.hoisted:
            return law
        if _has_call(law) and not isinstance(law, Along):
            letters = letters_in(law)
            axes = axes_in([law])
            ordered = tuple(
                sorted(letters, key=lambda letter: axes[letter].kind != "observation" if letter in axes else 1)
            )
            array = self.hoisted.get(_renamed(law, ordered))
            if array is not None:
                return Reference(Cell(array, ordered))
        return law.mapped(self._with_hoisted)


def _settings(derivation: Derivation) -> dict[Array, Fraction | None]:
    return {array: entries[0] for array, entries in given_entries(derivation, (Role.SETTING, Role.RATE)).items()}


def _law_of(product: ProductSum) -> Expression:
    law = product_of([as_expression(product.number), *product.factors])
    for _ in range(product.means):
        law = law / Reference(OBSERVATIONS)
    return law


def _has_call(expression: Expression) -> bool:
    return any(isinstance(part, Call) for part in parts(expression))


def _renamed(expression: Expression, ordered: Letters) -> Expression:
    """The expression in letters that say only where they stand, so that equal ones are equal whatever their letters."""
    names = {letter: f"#{number}" for number, letter in enumerate(ordered)}
    bound = expression.index if isinstance(expression, Along) else None
    if bound is not None:
        names[bound] = "#bound"
    return relettered(expression, names)
