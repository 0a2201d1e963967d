"""The numbers of a derivation as tables and as JSON: ``evaluate``, ``train``. Computes and prints nothing."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from symbackprop import __version__
from symbackprop.derivation import Derivation
from symbackprop.errors import MissingValue, TooLarge
from symbackprop.expressions import Expression, Undefined
from symbackprop.notation.lettering import ascii_name, plain
from symbackprop.notation.neutral import neutral, neutral_array
from symbackprop.quantities import Array, Phase, Quantity, Role
from symbackprop.system import every_index
from symbackprop.training import Training
from symbackprop.values import Values, nested

EVALUATE_FORMAT = "symbackprop.evaluate/1"
# Derivatives by every pair of neighbours are listed where a network has at most so many weights, biases and inputs.
MOST_FOR_PAIRS = 400

Table = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Section:
    """Some arrays under a heading."""

    title: str
    arrays: tuple[Array, ...]


@dataclass
class Writer:
    """Writes numbers for JSON or for reading, and notes what could not be written.

    Floats stay floats (in text their shortest form), fractions become ``p/q``, closed expressions text, numbers of
    many digits strings of ``digits`` digits. What is not finite, or has no value, becomes null.
    """

    digits: int | None = None
    notes: list[str] = field(default_factory=list)

    def number(self, value: Any, name: str) -> float | str | None:
        """A number for JSON."""
        if isinstance(value, float):
            if math.isfinite(value):
                return value
            self._note(f"{name} is {'not a number' if math.isnan(value) else 'infinite'}")
            return None
        if isinstance(value, Fraction | int):
            return self._exact(value, name)
        if isinstance(value, Expression):
            return self._closed(value, name)
        return self._precise(value, name)

    def text(self, value: Any, name: str) -> str:
        """A number for reading."""
        written = self.number(value, name)
        if written is None:
            return self.notes[-1].removeprefix(name).strip() if self.notes else "no value"
        return repr(written) if isinstance(written, float) else written

    def missing(self, error: MissingValue) -> None:
        """Notes that some numbers need an absent one."""
        self._note(str(error))

    def _precise(self, value: Any, name: str) -> str | None:
        import mpmath

        if not mpmath.isfinite(value):
            self._note(f"{name} is {'not a number' if mpmath.isnan(value) else 'infinite'}")
            return None
        digits = self.digits or 15
        return str(mpmath.nstr(value, digits, strip_zeros=False, min_fixed=-5, max_fixed=digits))

    def _exact(self, value: Fraction | int, name: str) -> str:
        try:
            return str(value)
        except ValueError as error:  # Python writes no integer of more digits
            raise self._too_long(name) from error

    def _too_long(self, name: str) -> TooLarge:
        most = sys.get_int_max_str_digits()
        return TooLarge(f"{name} has a fraction of more than {most:,} digits; use --precision N")

    def _closed(self, value: Expression, name: str) -> str | None:
        from symbackprop.printing.dialect import Label
        from symbackprop.printing.plain import Plain

        if isinstance(value, Undefined):
            self._note(f"{name} is undefined: {value.reason}")
            return None
        try:
            return Plain(ascii=True).text(value, lambda leaf: Label(str(leaf)))
        except ValueError as error:
            raise self._too_long(name) from error

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)


# ------------------------------------------------------------------------------------------------- what is listed


def sections(derivation: Derivation) -> list[Section]:
    """The arrays of a derivation that a reader looks for, in the order of the computation."""
    arrays = derivation.arrays
    parameters = _parameters(derivation)
    found = [
        Section("given", (*arrays.inputs, *_there(arrays.targets), *parameters, *_settings(derivation))),
        Section("forward pass", tuple(_forward(derivation, Phase.NOW))),
        Section("loss", tuple(_losses(derivation, Phase.NOW))),
        Section("gradients", tuple(_gradients(derivation))),
    ]
    if derivation.after is not None:
        found.append(Section("after one update", tuple(replace(each, phase=Phase.NEW) for each in parameters)))
        again = (*_forward(derivation, Phase.AFTER), *_losses(derivation, Phase.AFTER))
        found.append(Section("forward pass with the new parameters", again))
    return found


def further_arrays(derivation: Derivation) -> Iterator[Array]:
    """Arrays that have neutral names too, and that only the JSON lists."""
    arrays, now, after = derivation.arrays, derivation.now, derivation.after
    gradient = derivation.gradient_array
    for net in now.nets:
        yield derivation.weighted_sum(net)
        yield gradient(net)
    if now.nets:
        yield from (gradient(each) for each in arrays.inputs)
    for net in after.nets if after is not None else ():
        yield derivation.weighted_sum(net)
    for array in derivation.system.definitions:
        if array.phase is Phase.USE:
            yield array
    yield from _states(derivation)
    if _count(derivation) <= MOST_FOR_PAIRS and isinstance(derivation.network.observations, int):
        yield from _pairs(derivation)
        yield from _shares(derivation)


def _there(array: Array | None) -> tuple[Array, ...]:
    return () if array is None else (array,)


def _parameters(derivation: Derivation) -> tuple[Array, ...]:
    """Weights and biases by layer, or a program's parameters; never the vectors that tied ones are taken from."""
    arrays = derivation.arrays
    if derivation.network.program:
        return arrays.parameters
    return tuple(each for pair in zip(arrays.weights, arrays.biases, strict=True) for each in pair if each is not None)


def _settings(derivation: Derivation) -> Iterator[Array]:
    yield from (each for each in derivation.system.givens if each.role in (Role.RATE, Role.SETTING))


def _forward(derivation: Derivation, phase: Phase) -> Iterator[Array]:
    passed = derivation.now if phase is Phase.NOW else derivation.after
    assert passed is not None
    if derivation.network.program:
        yield from (each.target.array for each in passed.equations if each.target.array != passed.loss)
    for net, out in zip(passed.nets, passed.outs, strict=True):
        yield from (net, out)


def _losses(derivation: Derivation, phase: Phase) -> Iterator[Array]:
    passed = derivation.now if phase is Phase.NOW else derivation.after
    assert passed is not None
    if passed.part is not None:
        yield derivation.output_part(phase)
    yield from _there(passed.penalty)
    yield passed.loss


def _gradients(derivation: Derivation) -> Iterator[Array]:
    """Backwards as they are derived, then those by the parameters."""
    now, gradient = derivation.now, derivation.gradient_array
    if derivation.network.program:
        loss = derivation.loss
        variables = [each.target.array for each in now.equations if each.target.array != loss]
        yield from (gradient(each) for each in (*reversed(variables), *derivation.arrays.inputs))
    for net, out in zip(reversed(now.nets), reversed(now.outs), strict=True):
        yield gradient(out)
        yield replace(net, role=Role.DELTA)
    yield from (gradient(each) for each in _parameters(derivation))


def _states(derivation: Derivation) -> Iterator[Array]:
    for array in (*derivation.system.givens, *derivation.system.definitions):
        if array.role is Role.STATE:
            yield array


def _count(derivation: Derivation) -> int:
    """How many given entries there are, over one observation."""
    return sum(
        math.prod(axis.size or 1 for axis in array.axes if axis.kind != "observation")
        for array in (*derivation.arrays.inputs, *_parameters(derivation))
    )


def _pairs(derivation: Derivation) -> Iterator[Array]:
    """Links of the chain: ∂out/∂net, ∂net/∂w, ∂net/∂out of the layer before, and each output's part by each out."""
    now, arrays, derivative = derivation.now, derivation.arrays, derivation.derivative
    for number, (net, out) in enumerate(zip(now.nets, now.outs, strict=True)):
        yield derivation.slope(out, net)
        before = now.outs[number - 1] if number else arrays.inputs[0]
        for unit in range(net.axes[-1].size or 0):
            yield derivative(net, unit, before)
            yield derivative(net, unit, arrays.weights[number])
    if now.part is not None:
        for unit in range(now.part.axes[-1].size or 0):
            for out in now.outs:
                yield derivative(now.part, unit, out)


def _shares(derivation: Derivation) -> Iterator[Array]:
    """What each of several observations contributes."""
    if derivation.network.observations == 1 or derivation.network.program:
        return
    yield from _there(derivation.now.part)
    yield derivation.share(derivation.loss)
    for parameter in _parameters(derivation):
        yield derivation.share(derivation.gradient_array(parameter))


# ---------------------------------------------------------------------------------------------------------- JSON


def evaluation(values: Values, *, digits: int | None = None) -> Table:
    """The structure that ``evaluate --json`` prints. Raises MissingValue where the loss itself has no number."""
    derivation, writer = values.derivation, Writer(digits)
    loss = values.array(derivation.loss)[0]
    after = None if derivation.after is None else _lone(values, derivation.after.loss, writer)
    layers = [_layer(values, number, writer) for number in range(len(derivation.now.nets))]
    by_neutral, by_notation = _by_name(values, writer)
    return {
        "format": EVALUATE_FORMAT,
        "version": __version__,
        "loss": writer.number(loss, "loss"),
        "loss_after_update": after,
        "layers": layers,
        "neutral": by_neutral,
        "quantities": by_notation,
        "notes": writer.notes,
    }


def selection(values: Values, names: Sequence[str], *, digits: int | None = None) -> Table:
    """The structure that ``evaluate --of NAME ... --json`` prints: just these, by each of their names."""
    writer = Writer(digits)
    asked: Table = {}
    by_neutral: Table = {}
    by_notation: Table = {}
    for name in names:
        wanted = values.names.resolve(name)
        if isinstance(wanted, Quantity):
            asked[name] = writer.number(values.of(wanted), name)
        else:
            asked[name] = _nested(values, wanted, writer)
        for quantity in entries_of(wanted):
            written = writer.number(values.of(quantity), neutral(quantity))
            by_neutral[neutral(quantity)] = written
            by_notation[shown_name(values.derivation, quantity)] = written
    return {
        "format": EVALUATE_FORMAT,
        "version": __version__,
        "of": asked,
        "neutral": by_neutral,
        "quantities": by_notation,
        "notes": writer.notes,
    }


def training(result: Training) -> Table:
    """The structure that ``train --json`` prints: the losses, and the layers after the last step."""
    writer = Writer()
    values = result.values
    known = len(result.losses) if result.diverged is None else result.diverged
    losses = [writer.number(loss, f"the loss after step {step}") for step, loss in enumerate(result.losses[:known])]
    losses += [None] * (len(result.losses) - known)
    table: Table = {"losses": losses}
    if values.derivation.network.program:
        table["parameters"] = {
            array.label: _lone(values, array, writer) for array in values.derivation.arrays.parameters
        }
    table["layers"] = [_layer(values, number, writer) for number in range(len(values.derivation.now.nets))]
    if result.diverged is not None:
        writer.notes[:] = [diverged_text(result.diverged), *writer.notes]
    return table | {"notes": writer.notes}


def diverged_text(step: int) -> str:
    """What to say of a training that left the range of floats."""
    return f"step {step} leads beyond the range of floating-point numbers; the parameters are those before it"


def as_json(table: Mapping[str, Any]) -> str:
    """The table as JSON in ASCII, a line for each key and each row; never NaN or Infinity."""
    return _laid_out(table, "") + "\n"


def _laid_out(value: Any, indent: str) -> str:
    """Tables and lists of tables over several lines, lists of numbers on one."""
    if isinstance(value, Mapping) and value:
        inner = indent + "  "
        rows = [f"{inner}{json.dumps(str(key))}: {_laid_out(each, inner)}" for key, each in value.items()]
        return "{\n" + ",\n".join(rows) + f"\n{indent}}}"
    if isinstance(value, list) and any(isinstance(each, Mapping) for each in value):
        inner = indent + "  "
        return "[\n" + ",\n".join(f"{inner}{_laid_out(each, inner)}" for each in value) + f"\n{indent}]"
    return json.dumps(value, allow_nan=False)


def shown_name(derivation: Derivation, quantity: Quantity) -> str:
    """The quantity's name in the description's notation, in ASCII: it can be typed, and `--of` takes it."""
    return ascii_name(derivation.notation.name(quantity))


def entries_of(wanted: Quantity | Array) -> Iterator[Quantity]:
    """The quantity itself, or all of an array's, in row-major order."""
    if isinstance(wanted, Quantity):
        yield wanted
    else:
        yield from (Quantity(wanted, indices) for indices in every_index(wanted))


def _layer(values: Values, number: int, writer: Writer) -> Table:
    derivation = values.derivation
    arrays, now = derivation.arrays, derivation.now
    weight, bias = arrays.weights[number], arrays.biases[number]
    updated = derivation.after is not None

    def written(array: Array | None) -> Any:
        return None if array is None else _nested(values, array, writer)

    def new(array: Array | None) -> Array | None:
        return None if array is None or not updated else replace(array, phase=Phase.NEW)

    return {
        "net": written(now.nets[number]),
        "out": written(now.outs[number]),
        "delta": written(derivation.gradient_array(now.nets[number])),
        "weights": written(weight),
        "bias": written(bias),
        "weights_gradient": written(derivation.gradient_array(weight)),
        "bias_gradient": None if bias is None else written(derivation.gradient_array(bias)),
        "weights_updated": written(new(weight)),
        "bias_updated": written(new(bias)),
    }


def _nested(values: Values, array: Array, writer: Writer) -> Any:
    """An array's numbers as lists in its shape; null as a whole where they need an absent number."""
    try:
        entries = values.array(array)
    except MissingValue as error:
        writer.missing(error)
        return None
    return nested(_written(array, entries, writer), array.shape)


def _lone(values: Values, array: Array, writer: Writer) -> Any:
    return _nested(values, array, writer)


def _written(array: Array, entries: Sequence[Any], writer: Writer) -> list[Any]:
    return [
        writer.number(entry, neutral(Quantity(array, indices)))
        for indices, entry in zip(every_index(array), entries, strict=True)
    ]


def _by_name(values: Values, writer: Writer) -> tuple[Table, Table]:
    """Every listed quantity by its neutral name, and by its name in the notation; the first of equal names counts."""
    derivation = values.derivation
    by_neutral: Table = {}
    by_notation: Table = {}
    listed = (array for section in sections(derivation) for array in section.arrays)
    for array in (*listed, *further_arrays(derivation)):
        try:
            entries = values.array(array)
        except MissingValue as error:
            writer.missing(error)
            entries = [None] * math.prod(extent or 0 for extent in array.shape)
        for indices, entry in zip(every_index(array), entries, strict=True):
            quantity = Quantity(array, indices)
            name = neutral(quantity)
            written = None if entry is None else writer.number(entry, name)
            by_neutral.setdefault(name, written)
            by_notation.setdefault(shown_name(derivation, quantity), written)
            for alias in _aliases(derivation, array):
                by_neutral.setdefault(alias, written)
    return by_neutral, by_notation


def _aliases(derivation: Derivation, array: Array) -> Iterator[str]:
    """The neutral names that the units of a layer share with their one bias."""
    bias = array.wrt if array.role is Role.DERIVATIVE else array
    if bias is None or bias.role is not Role.BIAS or array.axes or bias.layer is None:
        return
    whole = neutral_array(array)
    for unit in range(1, derivation.network.layers[bias.layer - 1].units):
        yield f"{whole}[{unit}]"


# ---------------------------------------------------------------------------------------------------------- text


def numbers_text(values: Values, *, digits: int | None = None) -> str:
    """Every quantity that a reader looks for with its number, under headings."""
    writer = Writer(digits)
    blocks = []
    assert values.array(values.derivation.loss) is not None
    for section in sections(values.derivation):
        rows = [row for array in section.arrays for row in _rows(values, entries_of(array), writer)]
        blocks.append((section.title, rows))
    width = max(len(name) for _, rows in blocks for name, _ in rows)
    lines: list[str] = []
    for title, rows in blocks:
        lines += ["", title] if lines else [title]
        lines += [f"  {name:<{width}}  {number}" for name, number in rows]
    return "\n".join(lines)


def selection_text(values: Values, names: Sequence[str], *, digits: int | None = None) -> str:
    """The quantities asked for, a line each with its number."""
    writer = Writer(digits)
    rows = [row for name in names for row in _strict_rows(values, entries_of(values.names.resolve(name)), writer)]
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:<{width}}  {number}" for name, number in rows)


def _rows(values: Values, quantities: Iterator[Quantity], writer: Writer) -> list[tuple[str, str]]:
    rows = []
    for quantity in quantities:
        name = plain(values.derivation.notation.name(quantity))
        try:
            rows.append((name, writer.text(values.of(quantity), name)))
        except MissingValue:
            rows.append((name, "no value"))
    return rows


def _strict_rows(values: Values, quantities: Iterator[Quantity], writer: Writer) -> list[tuple[str, str]]:
    derivation = values.derivation
    return [
        (name, writer.text(values.of(quantity), name))
        for quantity in quantities
        for name in (plain(derivation.notation.name(quantity)),)
    ]


def parameters_text(values: Values) -> str:
    """The parameters with their numbers, a line each."""
    writer = Writer()
    rows = [row for array in _parameters(values.derivation) for row in _rows(values, entries_of(array), writer)]
    width = max((len(name) for name, _ in rows), default=0)
    return "\n".join(f"{name:<{width}}  {number}" for name, number in rows)
