"""What a document says of a derivation, in the order that a reader needs. Never writes a formula as text.

A small network is shown whole; of a large one, and for a symbolic number of observations, the laws of each layer and one
worked unit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from symbackprop.derivation import Derivation
from symbackprop.documents.content import (
    Amount,
    Document,
    Givens,
    Item,
    Line,
    Matrices,
    Paragraph,
    Piece,
    Section,
    Table,
)
from symbackprop.documents.derivatives import array_items, chain_side, derivative_items, last_link, sums
from symbackprop.documents.figures import Figures
from symbackprop.documents.laws import Lines, has_law
from symbackprop.documents.settings import Settings
from symbackprop.errors import InputError, TooLarge
from symbackprop.expressions import Call, Reference, leaves, size
from symbackprop.quantities import Array, Cell, Phase, Quantity, Role
from symbackprop.system import Equation, Map, Reindex, Scatter, SumOfProducts, every_index

MOST_GIVENS = 60  # of one kind
LONGEST_STEP = 350  # operations and names of a formula that a step shows
STEPS_UP_TO = 40  # parameters of a network whose steps are shown
WORDS = {
    Role.INPUT: "Inputs",
    Role.TARGET: "Targets",
    Role.WEIGHT: "Weights",
    Role.BIAS: "Biases",
    Role.PARAMETER: "Parameters",
    Role.RATE: "Learning rate",
    Role.SETTING: "Settings",
    Role.STATE: "States of the update rule before the step",
}
BACKWARD = frozenset({Role.DERIVATIVE, Role.DELTA})
LOSS_ROLES = frozenset({Role.PART, Role.LOSS, Role.PENALTY})


def outlined(derivation: Derivation, figures: Figures | None, settings: Settings) -> Document:
    """The whole derivation, or in one form the gradients alone with what leads to them."""
    return Document(derivation.network.title, tuple(_Outline(derivation, figures, settings).sections()), {})


def excerpt(derivation: Derivation, wanted: Sequence[Quantity | Array], settings: Settings) -> Document:
    """The quantities asked for, each under its name."""
    items: list[Item] = []
    for each in wanted:
        if isinstance(each, Quantity):
            items += derivative_items(derivation, each, settings.form)
        else:
            items += array_items(derivation, each, settings.form)
    return Document(derivation.network.title, (Section("", tuple(dict.fromkeys(items))),), {})


def equation_count(derivation: Derivation) -> float:
    """How many single equations the system has; infinite for a symbolic number of observations."""
    total = 0.0
    for array in derivation.system.definitions:
        count = 1.0
        for axis in array.axes:
            count *= float("inf") if axis.size is None else axis.size
        total += count
    return total


@dataclass
class _Outline:
    derivation: Derivation
    figures: Figures | None
    settings: Settings
    lines: Lines = field(init=False)
    whole: bool = field(init=False)

    def __post_init__(self) -> None:
        count = equation_count(self.derivation)
        self.whole = self.settings.depth == "all" or (
            self.settings.depth == "" and count <= self.settings.most_equations
        )
        if count == float("inf"):
            self.whole = False
        self.lines = Lines(self.derivation, abridged=not self.whole)

    @property
    def counted(self) -> bool:
        """Whether there are single equations: the number of observations is no symbol."""
        return all(axis.size is not None for array in self.derivation.arrays.inputs for axis in array.axes)

    def sections(self) -> Iterable[Section]:
        form = self.settings.form
        if form == "matrix":
            yield self._network()
            yield from self._matrices(required=True)
            return
        yield self._network()
        yield from self._forward(Phase.NOW, "Forward pass")
        yield self._loss(Phase.NOW, "Loss")
        yield from self._backward()
        if form is None:
            yield from self._matrices(required=False)
        if self.derivation.network.update is not None:
            yield self._update()
            if self.settings.second_pass and self.derivation.after is not None:
                yield from self._second_pass()
        if form is None:
            yield from self._steps()

    def _network(self) -> Section:
        items: list[Item] = [Paragraph(tuple(self._described()))]
        for role, arrays in groupby(self._givens(), key=lambda array: array.role):
            quantities = [Quantity(array, indices) for array in arrays for indices in self._places(array)]
            shown = quantities[:MOST_GIVENS]
            if shown:
                items.append(Givens(WORDS[role], tuple(shown), len(quantities) - len(shown)))
        items += self._functions()
        return Section("Network and given values", tuple(items))

    def _givens(self) -> list[Array]:
        order = list(WORDS)
        arrays = [each for each in self.derivation.system.givens if not self._is_zero_state(each)]
        return sorted(arrays, key=lambda array: order.index(array.role))

    def _is_zero_state(self, array: Array) -> bool:
        return array.role is Role.STATE and not self.whole

    def _places(self, array: Array) -> list[tuple[int, ...]]:
        return [] if any(axis.size is None for axis in array.axes) else list(every_index(array))

    def _described(self) -> Iterable[Piece]:
        network = self.derivation.network
        if network.program:
            count = len(network.program)
            yield f"A program of {_counted(count, 'equation')} for "
            yield Reference(network.result)
            yield "."
        else:
            layers = len(network.layers)
            hidden = [_counted(each.units, "unit") for each in network.layers[:-1]]
            yield f"A network of {_counted(network.inputs_count, 'input')}, "
            if hidden:
                yield f"{_counted(len(hidden), 'hidden layer')} ({', '.join(hidden)}) and "
            yield f"{_counted(network.outputs_count, 'output')}. "
            named = [each.activation.name or "a formula" for each in network.layers]
            same = len(set(named)) == 1
            yield (
                f"The activation is {named[0]}."
                if same
                else f"The activations are {', '.join(named[: layers - 1])} and {named[-1]}, from the first layer on."
            )
            assert network.loss is not None
            loss = " ".join((network.loss.choice.name or "a formula").split("_"))
            yield f" The loss is {loss}."
        if network.observations != 1:
            yield f" There are {network.observations} observations."
        if network.update is not None:
            yield f" The update rule is {' '.join(network.update.rule.split('_'))}."

    def _functions(self) -> list[Item]:
        """The definition of each function that the equations call, of a letter x."""
        found: dict[str, Line] = {}
        x = Reference("x")
        for equation in self.derivation.now.equations:
            for call in _calls(equation.body) if isinstance(equation, Map) else ():
                function = call.function
                if function.definition is not None and function.arity == 1 and function.name not in found:
                    found[function.name] = Line(function(x), (function.definition(x),))
        return [Paragraph(("Functions:",)), *found.values()] if found else []

    def _forward(self, phase: Phase, heading: str) -> Iterable[Section]:
        passed = self.derivation.now if phase is Phase.NOW else self.derivation.after
        assert passed is not None
        wanted = [each for each in passed.equations if each.target.array.role not in LOSS_ROLES]
        if phase is Phase.NOW:
            tied = [each for each in self.derivation.ties.reindexed.values() if self._says_something(each)]
            wanted = [*tied, *wanted]
        if self.derivation.network.program:
            wanted = [each for each in wanted if each.target.array != passed.loss]
            yield Section(heading, tuple(self._shown(wanted)))
            return
        yield Section(heading, ())
        for layer, equations in groupby(wanted, key=lambda each: each.target.array.layer):
            yield Section(self._layer(layer), tuple(self._shown(list(equations))), 2)

    def _says_something(self, equation: Equation) -> bool:
        """Whether a re-indexing is more than an entry under its own name."""
        if not self.whole or not isinstance(equation, Reindex):
            return False
        return any(
            self.derivation.notation.plain(Quantity(equation.target.array, indices))
            != self.derivation.notation.plain(
                next(iter(leaves(self.lines.own(Quantity(equation.target.array, indices)))))
            )
            for indices in every_index(equation.target.array)
        )

    def _layer(self, layer: int | None) -> str:
        count = len(self.derivation.network.layers)
        if layer is None:
            return "Shared by the layers"
        if layer == count:
            return "Output layer"
        return "Hidden layer" if count == 2 else f"Hidden layer {layer}"

    def _shown(self, equations: Sequence[Equation]) -> list[Item]:
        """The entries of equations, or their laws with one worked entry each."""
        items: list[Item] = []
        for equation in equations:
            array = equation.target.array
            if self.whole:
                items += [self.lines.entry(Quantity(array, indices)) for indices in every_index(array)]
                continue
            if has_law(equation):
                assert isinstance(equation, SumOfProducts | Map)
                items.append(self.lines.law_of(equation))
            if self.counted and array.axes:
                items.append(self.lines.entry(_first(array)))
        return items

    def _loss(self, phase: Phase, heading: str, level: int = 1) -> Section:
        passed = self.derivation.now if phase is Phase.NOW else self.derivation.after
        assert passed is not None
        wanted = [
            each
            for each in passed.equations
            if each.target.array.role in LOSS_ROLES or each.target.array == passed.loss
        ]
        part = passed.part
        if part is not None and passed.penalty is None and all(axis.size == 1 for axis in part.axes):
            # One output of one observation: its part is the loss.
            own = self.lines.own(_first(part))
            return Section(
                heading, (Line(Reference(Quantity(passed.loss)), (own,), own, Quantity(passed.loss)),), level
            )
        items = self._shown(wanted)
        if not self.whole and self.figures is not None and self.counted:
            items.append(Line(Reference(Quantity(passed.loss)), (), None, Quantity(passed.loss)))
        return Section(heading, tuple(items), level)

    def _backward(self) -> Iterable[Section]:
        form = self.settings.form
        yield Section("Backward pass", tuple(self._introduction()))
        equations = [
            each
            for each in self.derivation.system.equations
            if each.target.array.role in BACKWARD and self._is_wanted(each.target.array, form)
        ]
        if self.derivation.network.program:
            yield Section("Derivatives", tuple(self._derivatives(equations)), 2)
            return
        for layer, group in groupby(equations, key=lambda each: self._layer_of(each.target.array)):
            yield Section(self._layer(layer), tuple(self._derivatives(list(group))), 2)

    def _introduction(self) -> list[Item]:
        items: list[Item] = []
        nets = self.derivation.now.nets
        if nets and self.settings.form in (None, "delta"):
            delta = Array(Role.DELTA, nets[-1].axes, nets[-1].layer)
            cell = self.lines.lettered(Cell(delta, ("n", "j")))
            net = self.lines.lettered(Cell(nets[-1], ("n", "j")))
            sign = "minus " if self.derivation.conventions.delta_sign < 0 else ""
            items.append(
                Paragraph(
                    (
                        "The delta of a unit, such as ",
                        cell,
                        f", is {sign}the derivative of the loss by its net input ",
                        net,
                        ".",
                    )
                )
            )
        for rewrite in self.derivation.rewrites:
            condition = f" This holds since {rewrite.pair.condition}." if rewrite.pair.condition else ""
            items.append(Paragraph((f"{_sentence(rewrite.pair.sentence)}{condition}",)))
            before, after = rewrite.before, rewrite.after
            if isinstance(before, SumOfProducts | Map) and isinstance(after, SumOfProducts | Map):
                items.append(self.lines.law_of(before, after.law()))
        return items

    def _is_wanted(self, array: Array, form: str | None) -> bool:
        """Whether a derivative is shown in the form: only parameters' gradients in one that stands by itself."""
        if array.wrt is not None and array.wrt.role is Role.INPUT and array.of == self.derivation.loss:
            return self.derivation.network.program != () and form is None
        if form in ("closed", "paths"):
            return array.wrt is not None and self._is_parameter(array)
        return True

    def _is_parameter(self, array: Array) -> bool:
        parameters = {*self.derivation.arrays.parameters, *self.derivation.ties.reindexed}
        return array.role is Role.DERIVATIVE and array.of == self.derivation.loss and array.wrt in parameters

    def _layer_of(self, array: Array) -> int | None:
        if array.role is Role.DELTA or array.wrt is None:
            return array.layer
        return array.wrt.layer

    def _derivatives(self, equations: Sequence[Equation]) -> list[Item]:
        items: list[Item] = []
        for equation in equations:
            array = equation.target.array
            if not self.whole:
                items += self._derivative_laws(equation)
                continue
            for indices in every_index(array):
                items += self._derivative(Quantity(array, indices))
        return items

    def _derivative_laws(self, equation: Equation) -> list[Item]:
        items: list[Item] = []
        array = equation.target.array
        if isinstance(equation, SumOfProducts | Map):
            items.append(self.lines.law_of(equation))
        if self.counted and (array.role is Role.DELTA or self._is_parameter(array)):
            quantity = _first(array)
            more = [self.lines.shortened(chain_side(self.derivation, quantity))] if self._is_parameter(array) else []
            items.append(self.lines.entry(quantity, *more))
        return items

    def _derivative(self, quantity: Quantity) -> list[Item]:
        """One derivative on the way back: in the form asked for, or its equation with the chain before it."""
        form = self.settings.form
        array = quantity.array
        gradient = self._is_parameter(array) and array.phase is Phase.NOW
        if gradient and form is not None:
            return (
                derivative_items(self.derivation, quantity, form)[-1:] if form != "closed" else self._closed(quantity)
            )
        if gradient and not isinstance(self.derivation.definition(array), Scatter):
            first = self._last_link(quantity) if not any(quantity.indices) else []
            return [*first, self.lines.entry(quantity, chain_side(self.derivation, quantity))]
        if form is None and array.of == self.derivation.loss and array.wrt is not None and array.wrt.role is Role.OUT:
            return [self.lines.entry(quantity, *sums(self.derivation, quantity))]
        if array.role is Role.DELTA and form is None:
            from symbackprop.forms.delta import delta_form

            line = self.lines.entry(quantity)
            written = delta_form(self.derivation, quantity).expression
            return [Line(line.left, (*line.sides, written), line.numbers, line.result)]
        return [self.lines.entry(quantity)]

    def _last_link(self, quantity: Quantity) -> list[Item]:
        """The link from a parameter to the net that it stands in, shown for the first of its array."""
        link = last_link(self.derivation, quantity)
        return (
            [] if link is None else [Line(Reference(link.quantity), (link.expression,), link.expression, link.quantity)]
        )

    def _closed(self, quantity: Quantity) -> list[Item]:
        try:
            return derivative_items(self.derivation, quantity, "closed")
        except TooLarge as error:
            return [Paragraph((f"{_sentence(str(error))}.",))]

    def _matrices(self, *, required: bool) -> Iterable[Section]:
        from symbackprop.forms.matrix import MatrixForm, matrix_form

        if self.derivation.network.program:
            if required:
                matrix_form(self.derivation, self.derivation.loss)  # refused, with the reason
            return
        forms: dict[int | None, list[MatrixForm]] = {}
        reasons: dict[str, None] = {}
        for array in self._matrix_arrays():
            try:
                form = matrix_form(self.derivation, array)
            except InputError as error:
                reasons[str(error)] = None
                continue
            layer = self._layer_of(array)
            said = forms.setdefault(layer, [])
            if (form.target, form.expression) not in [(each.target, each.expression) for each in said]:
                said.append(form)
        if not forms:
            return
        statement = next(iter(forms.values()))[0].observations
        yield Section("Matrix form", (Paragraph((f"{_sentence(statement)}.",)),))
        for layer, found in forms.items():
            yield Section(self._layer(layer) if layer is not None else "Loss", (Matrices(tuple(found)),), 2)
        if reasons and required:
            yield Section("Without a matrix form", tuple(Paragraph((f"{_sentence(each)}.",)) for each in reasons), 2)

    def _matrix_arrays(self) -> list[Array]:
        derived = self.derivation
        arrays: list[Array] = []
        for net, out in zip(derived.now.nets, derived.now.outs, strict=True):
            arrays += [net, out]
        if derived.conventions.loss_vector:
            arrays.append(derived.loss)
        backward = [each.target.array for each in derived.system.equations if each.target.array.role in BACKWARD]
        for array in backward:
            if array.role is Role.DELTA or self._is_parameter(array) or self._is_diagonal(array):
                arrays.append(array)
        return arrays

    def _is_diagonal(self, array: Array) -> bool:
        from symbackprop.forms.delta import is_slope

        return self.derivation.conventions.diagonal and is_slope(array)

    def _update(self) -> Section:
        new = [
            each
            for each in self.derivation.system.equations
            if each.target.array.phase is Phase.NEW and not self._keeps(each)
        ]
        items = self._shown([each for each in new if self.whole or has_law(each)])
        kept = [each.target.array for each in self.derivation.system.equations if self._keeps(each)]
        if kept:
            names: list[Piece] = []
            for array in kept:
                names += [", " if names else "", self._now(array)]
            verb = "keeps its value: it is" if len(kept) == 1 and not kept[0].axes else "keep their values: they are"
            items.append(Paragraph((*names, f" {verb} not trained.")))
        table = self._table()
        if table is not None:
            items.append(table)
        return Section("Update", tuple(items))

    def _keeps(self, equation: Equation) -> bool:
        """Whether a new value is the old one: the parameter is frozen."""
        array = equation.target.array
        return array.phase is Phase.NEW and self._now(array) in self.derivation.arrays.frozen

    def _now(self, array: Array) -> Array:
        from dataclasses import replace

        return replace(array, phase=Phase.NOW)

    def _table(self) -> Table | None:
        from dataclasses import replace

        if self.figures is None or not self.whole or not self.counted:
            return None
        rows: list[tuple[Quantity, ...]] = []
        for array in self.derivation.arrays.parameters:
            if array in self.derivation.arrays.frozen:
                continue
            gradient, new = self.derivation.gradient_array(array), replace(array, phase=Phase.NEW)
            rows += [
                (Quantity(array, indices), Quantity(gradient, indices), Quantity(new, indices))
                for indices in every_index(array)
            ]
        return Table(("Parameter", "Old value", "Gradient", "New value"), tuple(rows)) if rows else None

    def _second_pass(self) -> Iterable[Section]:
        first, *others = self._forward(Phase.AFTER, "Second forward pass")
        yield first
        if self.whole or self.figures is None or not self.counted:
            yield from others
        loss = self._loss(Phase.AFTER, "Loss after the update", 2)
        yield Section(loss.heading, (*loss.items, *self._fall()), 2)

    def _fall(self) -> list[Item]:
        """How far the loss fell, in a sentence."""
        if self.figures is None or not self.counted or self.derivation.after is None:
            return []
        before, after = Quantity(self.derivation.loss), Quantity(self.derivation.after.loss)
        values = [self.figures.value(each) for each in (before, after)]
        difference = values[0] - values[1]
        if difference == 0:
            return [Paragraph(("The loss stayed at ", Amount(values[0]), "."))]
        verb = "fell" if difference > 0 else "rose"
        return [
            Paragraph(
                (
                    f"The loss {verb} from ",
                    Amount(values[0]),
                    " to ",
                    Amount(values[1]),
                    ", by ",
                    Amount(abs(difference)),
                    ".",
                )
            )
        ]

    def _steps(self) -> Iterable[Section]:
        """The way from the closed form to the delta form, for one weight."""
        if not self.whole or not self.counted:
            return
        quantity = self._worked_weight()
        if quantity is None:
            return
        from symbackprop.forms.steps import steps

        try:
            found = steps(self.derivation, quantity)
        except (InputError, TooLarge):
            return
        yield Section("From the closed form to the delta form", (Paragraph(("For one parameter: ", quantity, ".")),))
        for number, step in enumerate(found, 1):
            items: list[Item] = [Paragraph((f"{_sentence(step.reason)}.",))]
            if size(step.expression) > LONGEST_STEP:
                items.append(
                    Paragraph((f"It has {size(step.expression):,} operations and names; the form closed shows it.",))
                )
            else:
                items.append(Line(Reference(step.quantity), (step.expression,)))
            items += [Line(Reference(name), (meaning,)) for name, meaning in step.definitions.items()]
            items.append(Paragraph((f"Proven: {step.proof.how}.",)))
            yield Section(f"Step {number}: {step.title}", tuple(items), 2)

    def _worked_weight(self) -> Quantity | None:
        parameters = [each for each in self.derivation.arrays.parameters if each not in self.derivation.arrays.frozen]
        count = 0
        for array in parameters:
            count += len(list(every_index(array)))
        if not parameters or count > STEPS_UP_TO:
            return None
        return _first(self.derivation.gradient_array(parameters[0]))


def _first(array: Array) -> Quantity:
    return Quantity(array, (0,) * len(array.axes))


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _calls(expression: object) -> Iterable[Call]:
    if isinstance(expression, Call):
        yield expression
    for child in getattr(expression, "children", ()):
        yield from _calls(child)
