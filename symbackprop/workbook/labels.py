"""The words of a workbook: names with real sub- and superscripts, equations as text, headings. Never places a cell."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace

from symbackprop.derivation import Derivation
from symbackprop.expressions import Expression
from symbackprop.notation.lettering import ACCENTS, WHOLE_ACCENTS, AnyName, DerivativeName, Name, ascii_name, plain
from symbackprop.printing.dialect import Label
from symbackprop.quantities import Array, Axis, Cell, Phase, Quantity, Role
from symbackprop.system import Equation, Map, SumOfProducts, scalar
from symbackprop.terms import Kronecker
from symbackprop.workbook.contents import Run
from symbackprop.workbook.scripts import SCRIPTED, marked, taken_apart, unmarked

LONGEST_EQUATION = 400  # characters of an equation's text in a cell; longer ones are given as a law


def runs(name: AnyName, *, observation: bool = True) -> tuple[Run, ...]:
    """A name as pieces of text, each on the line, below it or above it.

    >>> runs(Name("w", "10", mark="+"))
    (('w', ''), ('10', 'sub'), ('+', 'sup'))
    """
    if isinstance(name, DerivativeName):
        return _derivative_runs(name, observation=observation)
    base = WHOLE_ACCENTS.get((name.accent, name.base)) or name.base + (ACCENTS[name.accent] if name.accent else "")
    subscript, superscript = name.subscript, name.superscript
    if name.mark == "'":
        base += "'"
    elif name.mark.startswith("("):
        subscript += name.mark
    elif name.mark:
        superscript += name.mark
    pieces = [(base, ""), (subscript, "sub"), (superscript, "sup")]
    if name.argument is not None:
        pieces += [("(", ""), *runs(name.argument), (")", "")]
    if name.observation and observation:
        pieces.append((f"@{name.observation}", ""))
    return tuple((text, script) for text, script in pieces if text)


def _derivative_runs(name: DerivativeName, *, observation: bool) -> tuple[Run, ...]:
    shown = name.observation or name.wrt.observation or name.of.observation
    above, below = (runs(replace(each, observation="")) for each in (name.of, name.wrt))
    pieces = [(name.letter, ""), *above, ("/", ""), (name.letter, ""), *below]
    if name.use:
        pieces.append((f"[{name.use}]", ""))
    if shown and observation:
        pieces.append((f"@{shown}", ""))
    return tuple(_merged(pieces))


def _merged(pieces: Sequence[Run]) -> list[Run]:
    merged: list[Run] = []
    for text, script in pieces:
        if merged and merged[-1][1] == script:
            merged[-1] = (merged[-1][0] + text, script)
        else:
            merged.append((text, script))
    return merged


class Labels:
    """The names and headings of one derivation."""

    def __init__(self, derivation: Derivation):
        self.derivation = derivation
        self.notation = derivation.notation

    def entry(self, array: Array, indices: Sequence[int]) -> tuple[Run, ...]:
        """An entry's name, the observation left out."""
        return runs(self._bare(Quantity(array, tuple(indices))))

    def full(self, quantity: Quantity) -> tuple[Run, ...]:
        """A quantity's name, its observation included."""
        return runs(self.notation.name(quantity))

    def plain(self, quantity: Quantity) -> str:
        """A quantity's name as plain text, its observation included."""
        return plain(self.notation.name(quantity))

    def array(self, array: Array) -> tuple[Run, ...]:
        """A whole array's name."""
        return runs(self.notation.array_name(array))

    def defined(self, quantity: Quantity) -> str:
        """The text from which a quantity's defined name is made."""
        array = quantity.array
        name = self._bare(quantity)
        suffix = {Phase.NEW: "_new", Phase.AFTER: "_after", Phase.USE: "_use", Phase.NOW: ""}[array.phase]
        if isinstance(name, Name):
            return ascii_name(replace(name, mark="")) + suffix
        unmarked = replace(name, of=replace(name.of, mark=""), wrt=replace(name.wrt, mark=""))
        return ascii_name(unmarked) + suffix

    def defined_array(self, array: Array) -> str:
        """The text from which a whole array's defined name is made."""
        name = self.notation.array_name(array)
        suffix = {Phase.NEW: "_new", Phase.AFTER: "_after", Phase.USE: "_use", Phase.NOW: ""}[array.phase]
        if isinstance(name, Name):
            return ascii_name(replace(name, mark="")) + suffix
        return ascii_name(name) + suffix

    def equation(self, equation: Equation, indices: tuple[int, ...]) -> tuple[Run, ...]:
        """An equals sign and the right side of a quantity's equation; its law where that is too long."""
        return self._right_side(equation, indices, several=not equation.target.array.has_observations)

    def whole_equation(self, equation: Equation, indices: tuple[int, ...]) -> tuple[Run, ...]:
        """The same with all observations said."""
        return self._right_side(equation, indices, several=True)

    def law(self, equation: Equation) -> tuple[Run, ...]:
        """An equals sign and the right side of an array's equation in index letters."""
        return taken_apart(f"= {self._law(equation)}")

    def _right_side(self, equation: Equation, indices: tuple[int, ...], *, several: bool) -> tuple[Run, ...]:
        try:
            text = self._expression(scalar(equation, indices), several=several)
        except RecursionError:  # a maximum over hundreds of units is hundreds of calls deep
            text = ""
        length = len(unmarked(text))
        if not 0 < length <= LONGEST_EQUATION:
            if isinstance(equation, SumOfProducts | Map):
                text = self._law(equation)
            else:
                text = f"{unmarked(text)[: LONGEST_EQUATION - 3]}..."
        return taken_apart(f"= {text}")

    def _law(self, equation: Equation) -> str:
        if not isinstance(equation, SumOfProducts | Map):
            return "the entries it is put together from" if equation.reads else ""
        return SCRIPTED.text(equation.law(), self._letter)

    def _expression(self, expression: Expression, *, several: bool) -> str:
        """An expression over quantities; with ``several``, names say which observation they are of."""

        def label(quantity: Hashable) -> Label:
            assert isinstance(quantity, Quantity)
            return Label(marked(runs(self.notation.name(quantity) if several else self._bare(quantity))))

        return SCRIPTED.text(expression, label)

    def _letter(self, leaf: Hashable) -> Label:
        match leaf:
            case Cell():
                return Label(marked(runs(self.notation.cell_name(leaf))))
            case Kronecker(left, right):
                return Label(f"[{left}={right}]")
            case Axis():
                return Label("n")
        assert isinstance(leaf, Hashable)
        return Label("[is a weight]")

    def _bare(self, quantity: Quantity) -> AnyName:
        array, indices = quantity
        rest = indices[1:] if array.axes and array.axes[0].kind == "observation" else indices
        return self.notation.entry(array, "", rest)

    # Headings

    def heading(self, array: Array) -> str:
        """What a group of like arrays is, in words."""
        layer = self.layer(array.layer)
        match array.role:
            case Role.INPUT:
                return "Inputs"
            case Role.TARGET:
                return "Targets"
            case Role.WEIGHT:
                return f"Weights into {layer}"
            case Role.BIAS:
                return f"Bias of {layer}"
            case Role.PARAMETER if array.axes:
                return {
                    "trained": "Parameters that are tied or named",
                    "frozen": "Parameters that no step changes",
                }.get(array.label, "Parameters")
            case Role.PARAMETER:
                return "Parameters"
            case Role.RATE | Role.SETTING:
                return "Settings"
            case Role.STATE:
                return f"State of the update rule: {array.label.replace('_', ' ')}"
            case Role.NET:
                return f"{self.nets(array.layer).capitalize()} of {layer}"
            case Role.OUT:
                return f"Outputs of {layer}"
            case Role.PART:
                return "Loss by output"
            case Role.PENALTY:
                return "Penalty" if not array.axes else "Sizes of the penalised parameters"
            case Role.LOSS:
                return "Loss"
            case Role.VARIABLE:
                return "Equations of the program"
            case Role.DELTA:
                sign = "" if self.derivation.conventions.delta_sign > 0 else "minus "
                return f"Deltas of {layer}: {sign}the loss by the {self.nets(array.layer)}"
            case Role.DERIVATIVE:
                return self._derivative_heading(array)
        return str(array.role)

    def _derivative_heading(self, array: Array) -> str:
        of, wrt = array.of, array.wrt
        assert of is not None
        assert wrt is not None
        layer = self.layer(wrt.layer)
        if of.role is Role.OUT and wrt.role is Role.NET:
            return f"Slopes of {layer}: outputs by net inputs"
        if of.role not in (Role.LOSS, Role.PART) and of != self.derivation.loss:
            return "Slopes"
        match wrt.role:
            case Role.OUT:
                return f"The loss by the outputs of {layer}"
            case Role.WEIGHT:
                return f"Gradients of the weights into {layer}" + (" (each use)" if array.phase is Phase.USE else "")
            case Role.BIAS:
                return f"Gradients of the bias of {layer}" + (" (each use)" if array.phase is Phase.USE else "")
            case Role.PARAMETER:
                return "Gradients of the parameters"
            case Role.INPUT:
                return "The loss by the inputs"
            case Role.VARIABLE:
                return "Adjoints: the result by each quantity"
        return "Derivatives"

    def nets(self, number: int | None) -> str:
        """What the nets of a layer are called: outputs where they have one name with these."""
        return "outputs" if number in self.derivation.notation.merged else "net inputs"

    def layer(self, number: int | None) -> str:
        """A layer in words."""
        count = len(self.derivation.network.layers)
        if not number:
            return "the inputs"
        return f"layer {number} (output)" if number == count else f"layer {number}" + (" (hidden)" if count else "")

    def meaning(self, quantity: Quantity) -> str:
        """What a given quantity is, in words; units count from 1."""
        array, indices = quantity
        rest = [index + 1 for index in (indices[1:] if array.has_observations else indices)]
        match array.role:
            case Role.INPUT:
                return f"input {rest[0]}" if rest else "input"
            case Role.TARGET:
                return f"target of output {rest[0]}"
            case Role.WEIGHT:
                before = "input" if array.layer == 1 else "unit"
                return f"weight into unit {rest[0]} of layer {array.layer} from {before} {rest[1]}"
            case Role.BIAS:
                return (
                    f"bias of unit {rest[0]} of layer {array.layer}" if rest else f"bias of layer {array.layer}, shared"
                )
            case Role.RATE:
                return "learning rate"
            case Role.SETTING:
                return array.label.replace("_", " ")
            case Role.STATE:
                assert array.wrt is not None
                return f"{array.label.replace('_', ' ')} at the start"
            case Role.PARAMETER if array.axes:
                source, place = self.derivation.ties.sources[array][indices[0]]
                uses = self._uses(quantity)
                return self.meaning(Quantity(source, place)) + (f", used {uses} times" if uses > 1 else "")
        return "parameter"

    def _uses(self, quantity: Quantity) -> int:
        return sum(
            (equation.sources[number], place) == (quantity.array, quantity.indices)
            for equation in self.derivation.ties.reindexed.values()
            for number, place in equation.table
        )
