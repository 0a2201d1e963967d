"""The matrix form of every layer: equations, both versions of the slopes, shapes, numbers. Writes no formula text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import replace

from symbackprop.derivation import Derivation
from symbackprop.documents.content import Equality, Item, Matrices, Paragraph, Piece, Section
from symbackprop.documents.context import Context, sentence
from symbackprop.errors import InputError
from symbackprop.expressions import has_cases
from symbackprop.forms.delta import is_slope
from symbackprop.forms.matrix import MatrixForm, matrix_form
from symbackprop.forms.trees import Elementwise, Leaf, Node, parts_of, size
from symbackprop.quantities import Array, Role

MOST_ROWS, MOST_COLUMNS = 6, 6  # of a matrix that is written out
DIAGONAL = "The same with the slopes on the diagonal of a matrix:"
ELEMENTWISE = "The same without the zeros of the diagonal matrix, entry by entry:"


def matrix_sections(
    context: Context, *, required: bool, only: str = "", heading: str = "Matrix form"
) -> Iterable[Section]:
    """The matrix form of every layer; ``required``: why there is none is an error, or said.

    ``only``: the equations of the "forward" or of the "backward" pass alone.
    """
    if context.derivation.network.program:
        if required:
            matrix_form(context.derivation, context.derivation.loss)  # refused, with the reason
        return
    said: set[Array] = set()
    forms: dict[int | None, list[MatrixForm]] = {}
    reasons: dict[str, None] = {}
    forward = {*context.derivation.now.nets, *context.derivation.now.outs}
    for array in _matrix_arrays(context, with_loss=required):
        if only and (array in forward) != (only == "forward"):
            continue
        try:
            form = matrix_form(context.derivation, array)
        except InputError as error:
            reasons[str(error)] = None
            continue
        layer_forms = forms.setdefault(context.layer_of(array), [])
        if (form.target, form.expression) not in [(each.target, each.expression) for each in layer_forms]:
            layer_forms.append(form)
    if forms:
        statement = next(iter(forms.values()))[0].observations
        yield Section(heading, (Paragraph((f"{sentence(statement)}.",)), *_explained(context, forms)))
    for layer, found in forms.items():
        if not context.is_repeated(layer):
            items = (*context.remark(layer), *_layer(context, found, said))
            yield Section("Loss" if layer is None else context.heading(layer), items, 2)
    if reasons and required:
        yield Section("Without a matrix form", tuple(Paragraph((f"{sentence(each)}.",)) for each in reasons), 2)


def _explained(context: Context, forms: Mapping[int | None, Sequence[MatrixForm]]) -> Iterable[Item]:
    """What the vectors of deltas are, where the document has not said it."""
    arrays = [form.array for found in forms.values() for form in found]
    plain = context.derivation.notation.is_plain_derivative
    delta = next((each for each in reversed(arrays) if each.role is Role.DELTA and not plain(each)), None)
    if delta is None or context.said_delta:
        return
    context.said_delta = True
    net = next(each for each in context.derivation.now.nets if each.layer == delta.layer)
    what = "outputs" if net in context.derivation.now.outs else "net inputs"
    middle = f", holds {context.delta_sign}the derivatives of the loss by the {what} "
    yield Paragraph(("The delta of a layer, such as ", delta, middle, net, "."))


def _layer(context: Context, forms: Sequence[MatrixForm], said: set[Array]) -> Iterable[Item]:
    yield equations(context, forms)
    other = _otherwise(context.derivation, forms)
    if other:
        yield Paragraph((ELEMENTWISE if context.derivation.conventions.diagonal else DIAGONAL,))
        yield equations(context, other)
    shapes = list(_shapes(context, forms, said))
    if shapes:
        yield Paragraph(("Shapes, rows × columns: ", *shapes[1:], "."))


def equations(context: Context, forms: Sequence[MatrixForm]) -> Matrices:
    """Matrix forms with what is to be shown of them: names, and where they are small enough entries and numbers."""
    written = context.settings.matrices if context.whole or context.has_batch else "names"
    made = []
    for form in forms:
        small = written != "names" and all(_is_small(each) for each in _nodes(form))
        numbers = _countable(form, carried=context.settings.carry_printed) if small else None
        made.append(Equality(form.target, form.expression, numbers))
    return Matrices(tuple(made), written == "entries")


def _nodes(form: MatrixForm) -> list[Node]:
    return [form.target, *parts_of(form.expression)]


def _is_small(node: Node) -> bool:
    rows, columns = size(node.rows), size(node.columns)
    if rows is None or columns is None:
        return False
    return rows <= MOST_ROWS and columns <= MOST_COLUMNS


def _countable(form: MatrixForm, *, carried: bool) -> Node | None:
    """The expression to put numbers into: what chooses by signs is shown by the slopes that it chooses.

    Where printed numbers are ``carried`` on, it is the System's own equation, of numbers that are printed; None of a
    loss, whose parts are rounded in between.
    """
    if carried and form.array == form.derivation.loss:
        return None
    named = [] if carried else [form, matrix_form(form.derivation, form.array, slopes=False)]
    for each in (*named, matrix_form(form.derivation, form.array, written_out=False)):
        if not any(_chooses(node) for node in _nodes(each)):
            return each.expression
    return form.target


def _chooses(node: Node) -> bool:
    return isinstance(node, Elementwise) and has_cases(node.expression)


def _otherwise(derivation: Derivation, forms: Sequence[MatrixForm]) -> list[MatrixForm]:
    """The deltas of a layer in the other version: diagonal in place of entry by entry, or the other way round."""
    if derivation.observations.size != 1:
        return []
    deltas = [each.array for each in forms if each.array.role is Role.DELTA and each.array.axes[-1].size != 1]
    other = _with_diagonals(derivation, diagonal=not derivation.conventions.diagonal)
    found = []
    for array in deltas:
        if other.conventions.diagonal:
            slopes = [each for each in derivation.system.definitions if is_slope(each) and each.layer == array.layer]
            found += [matrix_form(other, each) for each in slopes if len(each.axes) == 2]
        found.append(matrix_form(other, array))
    said = [(each.target, each.expression) for each in forms]
    return [each for each in found if (each.target, each.expression) not in said]


def _with_diagonals(derivation: Derivation, *, diagonal: bool) -> Derivation:
    notation = copy(derivation.notation)
    notation.conventions = replace(notation.conventions, diagonal=diagonal)
    return replace(derivation, notation=notation)


def _shapes(context: Context, forms: Sequence[MatrixForm], said: set[Array]) -> Iterable[Piece]:
    """The shape of each array that occurs for the first time, rows by columns."""
    found = [each for form in forms for each in _nodes(form) if isinstance(each, Leaf) and not is_slope(each.array)]
    many = context.derivation.network.observations
    for leaf in found:
        if leaf.is_scalar or leaf.array in said:
            continue
        rows, columns = (many if size(side) is None else size(side) for side in (leaf.rows, leaf.columns))
        yield ", "
        yield leaf.array
        yield f" {rows}×{columns}"
        said.add(leaf.array)


def _matrix_arrays(context: Context, *, with_loss: bool) -> list[Array]:
    derived = context.derivation
    arrays = list(dict.fromkeys(each for pair in zip(derived.now.nets, derived.now.outs, strict=True) for each in pair))
    if derived.conventions.loss_vector and with_loss:
        arrays.append(derived.loss)
    for equation in derived.system.equations:
        array = equation.target.array
        diagonal = derived.conventions.diagonal and is_slope(array)
        if array.role is Role.DELTA or context.is_gradient(array) or diagonal:
            arrays.append(array)
    return arrays
