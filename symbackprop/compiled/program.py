"""A derivation as a short list of array statements: what every back end writes down. Knows no language and no layer.

The statements are the System's own equations, those that loss and gradients need, in four kinds: `Elementwise` lines over
one space of indices, `Total` (sums of products), `Largest` (the maximum along an index) and `Gathered` (entries of other
arrays, added up). Reductions inside a formula are taken out of it, lines over the same space stand together, and what
they share is computed once. The number of observations stays open.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from symbackprop.compiled.forms import GROWING, Line, Temporary, not_positive, ready, shared
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
    leaves,
    product_of,
    substituted,
)
from symbackprop.given import given_entries
from symbackprop.quantities import Array, Axis, Cell, Role
from symbackprop.sweep import canonical_letters
from symbackprop.system import (
    Equation,
    Indicator,
    Kronecker,
    Map,
    Reindex,
    Scatter,
    SumOfProducts,
    Term,
    axis_of,
    letters_of,
)

Letters = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Elementwise:
    """Lines over the same index letters; a target is a cell with just these letters, or a `Temporary`."""

    letters: Letters
    axes: tuple[Axis, ...]
    lines: tuple[Line, ...]

    @property
    def targets(self) -> tuple[Array, ...]:
        return tuple(target.array for target, _ in self.lines if isinstance(target, Cell))


@dataclass(frozen=True, slots=True)
class ProductSum:
    """``number / n^means · Σ`` over the ``summed`` letters of the product of the factors; n is the number of observations."""

    number: Fraction
    means: int
    factors: tuple[Expression, ...]
    summed: tuple[tuple[str, Axis], ...]


@dataclass(frozen=True, slots=True)
class Total:
    """The target is the sum of the products."""

    target: Cell
    products: tuple[ProductSum, ...]


@dataclass(frozen=True, slots=True)
class Largest:
    """The target is the maximum of the cell along an index letter."""

    target: Cell
    index: str
    of: Cell


@dataclass(frozen=True, slots=True)
class Gathered:
    """Each entry of the target, observations aside, is the sum of the entries ``table`` lists: (source number, place)."""

    target: Cell
    sources: tuple[Array, ...]
    table: tuple[tuple[tuple[int, tuple[int, ...]], ...], ...]


Statement = Elementwise | Total | Largest | Gathered


@dataclass(frozen=True)
class Program:
    """What a compiled function takes, computes and gives back.

    ``parameters`` are given arrays by the contract's keys (``W1``, ``b1``, or a program's own names), ``gradients`` the
    arrays of derivatives by them. ``tables`` are constant arrays. ``undefined`` are reasons why a slope may not exist.
    """

    derivation: Derivation
    inputs: tuple[Array, ...]
    targets: Array | None
    parameters: Mapping[str, Array]
    loss: Array
    gradients: Mapping[str, Array]
    statements: tuple[Statement, ...]
    observations: int = 1  # that the description has; 1 where their number is a symbol
    tables: Mapping[Array, tuple[int, ...]] = field(default_factory=dict)
    bounded: bool = False  # no exponential has a positive argument
    undefined: tuple[str, ...] = ()

    @property
    def named_inputs(self) -> bool:
        """Whether inputs come by name, a number for each observation: those of ``[[equations]]``."""
        return self.targets is None

    @property
    def operations(self) -> int:
        """About how many operations one observation takes."""
        return sum(_cost(statement) for statement in self.statements)


def count_of(axes: Iterable[Axis]) -> int:
    """How many entries there are, observations aside."""
    count = 1
    for axis in axes:
        count *= 1 if axis.kind == "observation" else (axis.size or 1)
    return count


def axes_of(expressions: Iterable[Expression]) -> dict[str, Axis]:
    """The axis of every letter of the cells in the expressions."""
    cells = (leaf for each in expressions for leaf in leaves(each) if isinstance(leaf, Cell))
    return {letter: axis for cell in cells for letter, axis in axis_of(cell).items()}


def letters_in(expression: Expression) -> Letters:
    """The letters of an expression's leaves, in order of appearance; those that `Along` binds left out."""
    found: dict[str, None] = {}
    _collect_letters(expression, found, frozenset())
    return tuple(found)


def _collect_letters(expression: Expression, found: dict[str, None], bound: frozenset[str]) -> None:
    if isinstance(expression, Reference):
        found.update((letter, None) for letter in _leaf_letters(expression.of) if letter not in bound)
    if isinstance(expression, Along):
        bound |= {expression.index}
    for child in expression.children:
        _collect_letters(child, found, bound)


def _leaf_letters(leaf: Hashable) -> Letters:
    match leaf:
        case Cell(_, indices):
            return indices
        case Kronecker(left, right):
            return (left, right) if isinstance(right, str) else (left,)
    return ()


def _cost(statement: Statement) -> int:
    match statement:
        case Elementwise(_, axes, lines):
            return count_of(axes) * len(lines)
        case Total(target, products):
            return sum(count_of(target.array.axes) * count_of(axis for _, axis in each.summed) for each in products)
        case Largest(target, index, of):
            return count_of(of.array.axes)
        case Gathered(_, _, table):
            return sum(len(each) for each in table)
    raise AssertionError(statement)


def program_of(derivation: Derivation) -> Program:
    """The program of a derivation, for any number of observations. Settings are taken at the description's values."""
    network = derivation.network
    open_network = network.with_observations("n")
    return _Builder(derivation, derive(open_network, rewrites=bool(derivation.rewrites))).program()


class _Builder:
    def __init__(self, described: Derivation, derivation: Derivation) -> None:
        self.derivation = derivation
        arrays = derivation.arrays
        if derivation.network.program:
            self.parameters = {array.label: array for array in arrays.parameters}
        else:
            self.parameters = {}
            for number, (weight, bias) in enumerate(zip(arrays.weights, arrays.biases, strict=True), 1):
                self.parameters[f"W{number}"] = weight
                if bias is not None:
                    self.parameters[f"b{number}"] = bias
        self.given = {*arrays.inputs, *self.parameters.values()} | ({arrays.targets} if arrays.targets else set())
        self.settings = _settings(described)
        count = described.network.observations
        self.observations = count if isinstance(count, int) else 1
        self.gradients = {key: derivation.gradient_array(array) for key, array in self.parameters.items()}
        self.kept = {derivation.loss, *self.gradients.values()}
        self.constants: dict[Array, Fraction] = {}
        self.aliases: dict[Array, Array] = {}
        self.hoisted: dict[Expression, Array] = {}
        self.tables: dict[Array, tuple[int, ...]] = {}
        self.found: list[Statement] = []

    def program(self) -> Program:
        for equation in self._equations():
            self._add(equation)
        bounded = all(
            self._bounded(part.arguments[0])
            for each in self.found
            for law in _laws(each)
            for part in _nodes(law)
            if isinstance(part, Call) and part.function.name in GROWING
        )
        statements = _grouped(self.found, self.kept)
        reasons = dict.fromkeys(
            part.reason
            for each in statements
            for law in _laws(each)
            for part in _nodes(law)
            if isinstance(part, Undefined)
        )
        arrays = self.derivation.arrays
        return Program(
            self.derivation,
            arrays.inputs,
            arrays.targets,
            self.parameters,
            self.derivation.loss,
            self.gradients,
            tuple(statements),
            self.observations,
            self.tables,
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
                self._add_law(equation.target, ready(self._known(equation.computed_law())))
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
                    return Reference(Cell(self.aliases.get(array, array), indices))
                case Axis(_, size) if size is not None:
                    return Number(Fraction(size))
                case Indicator():
                    return Reference(self._table(leaf))
            return Reference(leaf)

        return substituted(law, replacement)

    def _setting(self, array: Array) -> Fraction:
        value = self.settings[array]
        if value is None:
            raise MissingValue(
                f"no value for the {array.label or 'learning rate'}: a compiled function has it built in"
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
        axes = {
            letter: axis for each in term.factors if isinstance(each, Cell) for letter, axis in axis_of(each).items()
        }
        free = [letter for letter in letters_of(term) if letter not in target.indices]
        left = {letter for each in factors for letter in letters_in(each)}
        for letter in (each for each in free if each not in left):
            assert axes[letter].size is not None, "a sum of a constant over observations has no factor left"
            number *= axes[letter].size or 1
        return ProductSum(
            number, means, tuple(factors), tuple((letter, axes[letter]) for letter in free if letter in left)
        )

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
        children = tuple(self._reduced(child, of) for child in law.children)
        whole = law.rebuilt(children) if children else law
        if not isinstance(whole, Along):
            return whole
        body = self._with_hoisted(whole.body)
        axes = axis_of(of) | axes_of([body])
        free = [letter for letter in letters_in(body) if letter != whole.index]
        if whole.reduction == "max":
            return Reference(self._hoist(Along("max", whole.index, self._as_cell(body, of)), free, axes, of))
        factors = body.operands if isinstance(body, Product) else (body,)
        factors = tuple(self._as_cell(each, of) if _has_call(each) else each for each in factors)
        return Reference(self._hoist(Along("sum", whole.index, product_of(list(factors))), free, axes, of))

    def _as_cell(self, body: Expression, of: Cell) -> Expression:
        if isinstance(body, Reference):
            return body
        return Reference(self._hoist(body, list(letters_in(body)), axis_of(of) | axes_of([body]), of))

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
            self._define(Cell(array, letters), _relettered(expression, dict(zip(ordered, letters, strict=True))), axes)
        return Cell(self.hoisted[key], ordered)

    def _define(self, target: Cell, law: Expression, axes: Mapping[str, Axis]) -> None:
        match law:
            case Along("max", index, Reference(cell)):
                assert isinstance(cell, Cell)
                self.found.append(Largest(target, index, cell))
            case Along("sum", index, body):
                factors = body.operands if isinstance(body, Product) else (body,)
                summed = ((index, axes_of([body])[index]),)
                self.found.append(Total(target, (ProductSum(Fraction(1), 0, factors, summed),)))
            case _:
                self.found.append(Elementwise(target.indices, target.array.axes, ((target, law),)))

    def _with_hoisted(self, law: Expression) -> Expression:
        """The law with every part that has an array of its own as that array's cell."""
        if _has_call(law) and not isinstance(law, Along):
            letters = letters_in(law)
            axes = axes_of([law])
            ordered = tuple(
                sorted(letters, key=lambda letter: axes[letter].kind != "observation" if letter in axes else 1)
            )
            array = self.hoisted.get(_renamed(law, ordered))
            if array is not None:
                return Reference(Cell(array, ordered))
        children = tuple(self._with_hoisted(child) for child in law.children)
        return law.rebuilt(children) if children else law


def _settings(derivation: Derivation) -> dict[Array, Fraction | None]:
    return {
        array: entries[0]
        for array, entries in given_entries(derivation).items()
        if array.role in (Role.SETTING, Role.RATE)
    }


def _law_of(product: ProductSum) -> Expression:
    law = product_of([as_expression(product.number), *product.factors])
    for _ in range(product.means):
        law = law / Reference(OBSERVATIONS)
    return law


OBSERVATIONS = Axis("observation", None)


def _has_call(expression: Expression) -> bool:
    return isinstance(expression, Call) or any(_has_call(child) for child in expression.children)


def _renamed(expression: Expression, ordered: Letters) -> Expression:
    """The expression in letters that say only where they stand, so that equal ones are equal whatever their letters."""
    names = {letter: f"#{number}" for number, letter in enumerate(ordered)}
    bound = expression.index if isinstance(expression, Along) else None
    if bound is not None:
        names[bound] = "#bound"
    return _relettered(expression, names)


def _relettered(expression: Expression, names: Mapping[str, str]) -> Expression:
    taken = set(names.values())
    if isinstance(expression, Along):
        index = expression.index
        if index not in names:
            free = index if index not in taken else next(each for each in "ilmqrsuv" if each not in taken)
            names = {**names, index: free}
        return Along(expression.reduction, names[index], _relettered(expression.body, names))
    match expression:
        case Reference(Cell(array, indices)):
            return Reference(Cell(array, tuple(names.get(letter, letter) for letter in indices)))
        case Reference(Kronecker(left, right)):
            other = names.get(right, right) if isinstance(right, str) else right
            return Reference(Kronecker(names.get(left, left), other))
    children = expression.children
    return expression.rebuilt(tuple(_relettered(child, names) for child in children)) if children else expression


def _laws(statement: Statement) -> Iterator[Expression]:
    match statement:
        case Elementwise(_, _, lines):
            yield from (law for _, law in lines)
        case Total(_, products):
            yield from (factor for each in products for factor in each.factors)


def _nodes(expression: Expression) -> Iterator[Expression]:
    yield expression
    for child in expression.children:
        yield from _nodes(child)


def reads(statement: Statement) -> Iterator[Cell]:
    """The cells that a statement reads; a gathering's sources without letters."""
    match statement:
        case Largest(_, _, of):
            yield of
        case Gathered(_, sources, _):
            yield from (Cell(array) for array in sources)
        case _:
            for law in _laws(statement):
                yield from (leaf for leaf in leaves(law) if isinstance(leaf, Cell))


def targets(statement: Statement) -> tuple[Array, ...]:
    """The arrays that a statement defines."""
    return statement.targets if isinstance(statement, Elementwise) else (statement.target.array,)


def _grouped(statements: Sequence[Statement], kept: set[Array]) -> list[Statement]:
    """Elementwise lines over one space put together as early as what they read is there, and their parts shared."""
    placed: list[Statement] = []
    position: dict[Array, int] = {}
    for statement in statements:
        if isinstance(statement, Elementwise):
            latest = max([position[cell.array] for cell in reads(statement) if cell.array in position], default=-1)
            place = _group_for(statement, placed, latest)
            if place is not None:
                group = placed[place]
                assert isinstance(group, Elementwise)
                placed[place] = replace(group, lines=group.lines + statement.lines)
                position |= dict.fromkeys(statement.targets, place)
                continue
        position |= dict.fromkeys(targets(statement), len(placed))
        placed.append(statement)
    found: list[Statement] = []
    count = 0
    for statement in placed:
        if isinstance(statement, Elementwise):
            lines = shared(statement.lines, count)
            count += sum(isinstance(target, Temporary) for target, _ in lines)
            statement = replace(statement, lines=tuple(lines))
        found.append(statement)
    return _with_locals(found, kept)


def _group_for(statement: Elementwise, placed: Sequence[Statement], latest: int) -> int | None:
    for place in range(max(latest, 0), len(placed)):
        group = placed[place]
        if not isinstance(group, Elementwise) or (group.letters, group.axes) != (statement.letters, statement.axes):
            continue
        own = set(group.targets)
        if all(cell.indices == statement.letters for cell in reads(statement) if cell.array in own):
            return place
    return None


def _with_locals(statements: Sequence[Statement], kept: set[Array]) -> list[Statement]:
    """Arrays that only their own group reads become temporaries of it."""
    readers: dict[Array, set[int]] = {}
    for number, statement in enumerate(statements):
        for cell in reads(statement):
            readers.setdefault(cell.array, set()).add(number)
    count = sum(
        isinstance(target, Temporary)
        for each in statements
        if isinstance(each, Elementwise)
        for target, _ in each.lines
    )
    found: list[Statement] = []
    for number, statement in enumerate(statements):
        if isinstance(statement, Elementwise):
            names: dict[Hashable, Temporary] = {}
            for array in statement.targets:
                if array not in kept and readers.get(array, set()) <= {number}:
                    names[Cell(array, statement.letters)] = Temporary(count)
                    count += 1
            statement = replace(
                statement,
                lines=tuple(
                    (
                        names.get(target, target),
                        substituted(law, lambda leaf, names=names: Reference(names.get(leaf, leaf))),  # type: ignore[misc]
                    )
                    for target, law in statement.lines
                ),
            )
        found.append(statement)
    return found
