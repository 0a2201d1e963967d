"""A program as array lines, matmul and elementwise, in whatever namespace its arguments belong to.

Any number of observations; NumPy, ``jax.numpy`` under ``jit``, torch, cupy and ``dask.array`` run the same source.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Sequence

from symbackprop import __version__
from symbackprop.compiled.forms import Temporary
from symbackprop.compiled.layout import fitted, listed, returned
from symbackprop.compiled.naming import Identifiers, title_of
from symbackprop.compiled.statements import (
    Elementwise,
    Gathered,
    Largest,
    ProductSum,
    Program,
    Statement,
    Total,
    letters_in,
    targets,
)
from symbackprop.expressions import Expression, Sum, leaves
from symbackprop.printing.dialect import Label, Precedence
from symbackprop.printing.numpy import CONSTANTS, NUMPY
from symbackprop.quantities import Array, Axis, Cell
from symbackprop.terms import Kronecker

INDENT = "    "

NAMESPACE = '''
def namespace(array):
    """The functions for arrays of this kind: its array-API namespace, or the module of its type."""
    if hasattr(array, "__array_namespace__"):
        return array.__array_namespace__()
    name = type(array).__module__.split(".")[0]
    return import_module({"dask": "dask.array", "builtins": "numpy"}.get(name, name))


def rows_of(xp, values):
    """Values as rows, an observation each."""
    array = values if hasattr(values, "ndim") else xp.asarray(values, dtype=xp.float64)
    return array if array.ndim == 2 else array.reshape(1, -1)
'''
COUNT = '''
def count_of(xp, rows):
    """How many rows there are: a number, or, where dask does not know the sizes of its chunks, what will be one."""
    count = rows.shape[0]
    return count if count == count else xp.sum(xp.ones_like(rows if rows.ndim == 1 else rows[:, 0]))
'''
LARGEST = '''
def largest(xp, array, axis):
    """The largest entries along an axis; the name for it is not the same in all namespaces."""
    return (xp.amax if hasattr(xp, "amax") else xp.max)(array, axis=axis)
'''
NAMES_OF_MATH = re.compile(rf"(?<![.\w])(?:{'|'.join(sorted(('nan', *CONSTANTS)))})\b")


def array_source(program: Program, *, commented: bool = True) -> str:
    """The source: a function ``(parameters, inputs, targets)``."""
    return _Writer(program, commented=commented).source()


class _Writer:
    def __init__(self, program: Program, *, commented: bool) -> None:
        self.program = program
        self.names = Identifiers(program, arrays=True, commented=commented)
        self.letters: tuple[str, ...] = ()
        self.axes: dict[str, Axis] = {}
        self.spanned: dict[Temporary, set[str]] = {}

    def source(self) -> str:
        lines = [*self._givens(), *self._tables()]
        for statement in self.program.statements:
            lines += [f"# {line}" for line in self.names.comments(targets(statement))]
            lines += self._lines(statement)
        lines += returned((f'"{key}": {self.names.array(array)}' for key, array in self.program.results.items()))
        text = "\n".join(INDENT + line for line in lines)
        names = listed([*self.program.results])
        head = title_of(self.program)
        imports = ["from importlib import import_module"]
        code = "\n".join(line for line in lines if not line.startswith("#"))
        used = sorted(set(NAMES_OF_MATH.findall(code)))
        if used:
            imports.append(f"from math import {', '.join(used)}")
        helpers = [NAMESPACE]
        helpers += [helper for call, helper in HELPERS.items() if re.search(call, code)]
        top = "\n".join(
            [
                f'"""{head[0].upper()}{head[1:]}, for arrays of any library.',
                "",
                f"Written by symbackprop {__version__}. Elementwise functions and matmul of the arrays' own namespace.",
                '"""',
                "",
                *imports,
            ]
        )
        function = "\n".join(
            [
                f"def {self.program.task.function}(parameters, inputs, targets=None):",
                f'    """{self.program.task.sentence} {names}."""',
                text,
            ]
        )
        whole = "\n\n\n".join([top, *(helper.strip() for helper in helpers), function]) + "\n"
        return fitted(whole, brackets=True) if self.names.commented else whole

    def _givens(self) -> Iterator[str]:
        inputs = self.program.inputs
        if self.program.named_inputs:
            first = inputs[0].label if inputs else ""
            yield f'xp = namespace(inputs["{first}"])'
            for array in inputs:
                yield f'{self.names.array(array)} = xp.asarray(inputs["{array.label}"]).reshape(-1)'
            n = f"count_of(xp, {self.names.array(inputs[0])})"
        else:
            yield "xp = namespace(inputs)"
            yield "x = rows_of(xp, inputs)"
            yield "t = rows_of(xp, targets)"
            n = "count_of(xp, x)"
        for key, array in self.program.parameters.items():
            yield f'{self.names.array(array)} = parameters["{key}"]'
        yield f"n = {n}"

    def _tables(self) -> Iterator[str]:
        for array, values in self.program.tables.items():
            yield f"{self.names.array(array)} = xp.asarray({[float(each) for each in values]}, dtype=xp.float64)"

    def _lines(self, statement: Statement) -> Iterator[str]:
        match statement:
            case Elementwise(letters, axes, lines):
                self.letters, self.axes = letters, dict(zip(letters, axes, strict=True))
                for target, law in lines:
                    name = self._target(target)
                    if isinstance(target, Temporary):
                        self.spanned[target] = self._letters_of(law)
                    yield f"{name} = {self._whole(target, law)}"
            case Total(target, products):
                self.letters = target.indices
                self.axes = dict(zip(target.indices, target.array.axes, strict=True))
                texts = [self._total(target, product) for product in products]
                if not any(_spans(product, target) for product in products):
                    texts.append(self._zeros(target))
                yield f"{self.names.array(target.array)} = {' + '.join(texts)}"
            case Largest(target, index, of):
                place = of.indices.index(index)
                yield f"{self.names.array(target.array)} = largest(xp, {self.names.array(of.array)}, axis={place})"
            case Gathered():
                yield from self._gathered(statement)

    def _target(self, target: Hashable) -> str:
        if isinstance(target, Cell):
            return self.names.array(target.array)
        assert isinstance(target, Temporary)
        return self.names.temporary(target)

    def _whole(self, target: Hashable, law: Expression) -> str:
        """The law's text; stretched to the target's shape where no leaf has it."""
        text = NUMPY.text(law, self._leaf)
        if isinstance(target, Cell) and self._letters_of(law) != set(self.letters):
            return f"{text} + {self._zeros(target)}"
        return text

    def _letters_of(self, law: Expression) -> set[str]:
        """The letters along which the law's array runs, those of its temporaries included."""
        temporaries = [leaf for leaf in leaves(law) if isinstance(leaf, Temporary)]
        return set(letters_in(law)).union(*(self.spanned[each] for each in temporaries))

    def _zeros(self, target: Cell) -> str:
        sizes = ", ".join("n" if axis.kind == "observation" else str(axis.size) for axis in target.array.axes)
        like = next(iter(self.program.parameters.values()), None)
        return (
            f"xp.zeros(({sizes}{',' if len(target.array.axes) == 1 else ''}), dtype={self.names.array(like)}.dtype)"
            if like
            else "0.0"
        )

    def _leaf(self, leaf: Hashable) -> Label:
        match leaf:
            case Cell(array, indices):
                return Label(self._aligned(self.names.array(array), indices, self.letters))
            case Temporary():
                return Label(self.names.temporary(leaf))
            case Kronecker(left, right):
                return Label(self._eye(left, right, self.letters))
            case Axis():
                return Label("n")
        raise AssertionError(leaf)

    def _eye(self, left: str, right: str | int, letters: Sequence[str]) -> str:
        """Ones where both letters are equal, along the letters."""
        sized = self.axes.get(left) or (self.axes[right] if isinstance(right, str) else None)
        assert sized is not None
        dtype = f"{self.names.array(next(iter(self.program.parameters.values())))}.dtype"
        eye = f"xp.eye({sized.size}, dtype={dtype})"
        if isinstance(right, int):
            return self._aligned(f"{eye}[{right}]", (left,), letters)
        return self._aligned(eye, (left, right), letters)

    def _aligned(self, name: str, indices: Sequence[str], letters: Sequence[str]) -> str:
        """The array with its axes where the letters are, and new axes of one entry for the others."""
        wanted = [letter for letter in letters if letter in indices]
        if list(indices) != wanted:
            places = [wanted.index(letter) for letter in indices]
            name = (
                f"{name}.T"
                if len(indices) == 2
                else f"xp.moveaxis({name}, {tuple(range(len(indices)))}, {tuple(places)})"
            )
        rest = list(letters)
        while rest and rest[0] not in indices:
            rest.pop(0)
        if len(rest) == len(wanted):
            return name
        at = ", ".join(":" if letter in wanted else "None" for letter in rest)
        return f"{name}[{at}]"

    def _total(self, target: Cell, product: ProductSum) -> str:
        summed = tuple(letter for letter, _ in product.summed)
        self.axes |= dict(product.summed)
        outside = [each for each in product.factors if not set(letters_in(each)) & set(summed)]
        inside = [each for each in product.factors if set(letters_in(each)) & set(summed)]
        text = self._contracted(target.indices, inside, summed) if inside else ""
        parts = [NUMPY.text(each, self._leaf) for each in outside]
        parts = [f"({part})" if isinstance(each, Sum) else part for part, each in zip(parts, outside, strict=True)]
        number = NUMPY.literal(product.number)
        if product.number != 1:
            parts.insert(0, number if product.number > 0 else f"({number})")
        whole = " * ".join([*parts, *([text] if text else [])]) or "1.0"
        return whole + " / n" * product.means

    def _contracted(self, letters: Sequence[str], factors: Sequence[Expression], summed: tuple[str, ...]) -> str:
        if len(factors) == 2 and len(summed) == 1:
            (letter,) = summed
            sides = [tuple(each for each in letters_in(factor) if each != letter) for factor in factors]
            if (
                all(len(side) == 1 for side in sides)
                and sides[0] != sides[1]
                and all(_is_matrix(each) for each in factors)
            ):
                first, second = (0, 1) if letters.index(sides[0][0]) < letters.index(sides[1][0]) else (1, 0)
                left = self._matrix(factors[first], (*sides[first], letter))
                right = self._matrix(factors[second], (letter, *sides[second]))
                return f"({left} @ {right})"
        inner = tuple(each for each in letters if any(each in letters_in(factor) for factor in factors))
        every = (*inner, *summed)
        kept, self.letters = self.letters, every
        texts = []
        for factor in factors:
            label = NUMPY.said(factor, self._leaf)
            texts.append(
                label.text if label.precedence >= Precedence.PRODUCT or len(factors) == 1 else f"({label.text})"
            )
        axes = ", ".join(str(len(inner) + number) for number in range(len(summed)))
        self.letters = kept
        text = " * ".join(texts)
        whole = f"xp.sum({text}, axis=({axes}{',' if len(summed) == 1 else ''}))"
        return self._aligned(whole, inner, letters) if len(inner) < len(letters) else whole

    def _matrix(self, factor: Expression, indices: tuple[str, ...]) -> str:
        kept, self.letters = self.letters, indices
        label = NUMPY.said(factor, self._leaf)
        self.letters = kept
        return label.text if label.precedence is Precedence.ATOM else f"({label.text})"

    def _gathered(self, statement: Gathered) -> Iterator[str]:
        """Entries of other arrays: all of them in one row with a 0 behind, then taken by their places there."""
        name = self.names.array(statement.target.array)
        starts: list[int] = []
        count = 0
        for source in statement.sources:
            starts.append(count)
            count += _size(source)
        places = [
            [starts[number] + _flat(statement.sources[number], at) for number, at in uses] for uses in statement.table
        ]
        rows = ", ".join(f"{self.names.array(source)}.reshape(-1)" for source in statement.sources)
        empty = f"xp.zeros((1,), dtype={self.names.array(statement.sources[0])}.dtype)"
        yield f"row = xp.concatenate([{rows}, {empty}])"
        most = max((len(each) for each in places), default=0)
        if most <= MOST_ROUNDS:
            terms = [
                f"row[xp.asarray({[each[turn] if turn < len(each) else count for each in places]})]"
                for turn in range(most)
            ]
            whole = " + ".join(terms) or f"{empty}[xp.asarray({[0] * len(places)})]"
        else:
            sums = ", ".join(f"xp.sum(row[xp.asarray({each or [count]})])" for each in places)
            whole = f"xp.stack([{sums}])"
        shape = tuple(axis.size for axis in statement.target.array.axes)
        yield f"{name} = ({whole}).reshape({shape})"


MOST_ROUNDS = 8


def _spans(product: ProductSum, target: Cell) -> bool:
    """Whether the product has the target's whole shape."""
    return set(target.indices) <= {letter for each in product.factors for letter in letters_in(each)}


def _size(array: Array) -> int:
    size = 1
    for axis in array.axes:
        size *= axis.size or 0
    return size


def _flat(array: Array, place: Sequence[int]) -> int:
    flat = 0
    for index, axis in zip(place, array.axes, strict=True):
        flat = flat * (axis.size or 0) + index
    return flat


def _is_matrix(factor: Expression) -> bool:
    """Whether the factor is a matrix as it stands: a cell, or a formula over one shape."""
    return len(letters_in(factor)) == 2


# erfc(x) = exp(-x^2) g(x)/(1 + 2x) for x >= 0, where g is smooth and nearly constant: its Chebyshev coefficients in
# (x - 3.75)/(x + 3.75), computed to 40 digits by mpmath at 40 nodes (transformed as Shepherd and Laframboise 1981 do).
ERF = """
CHEBYSHEV = (
    1.1775789345674017, -0.004590054580646478, -0.08424913336651792, 0.05920993999819189, -0.026658668435305753,
    0.009074997670705265, -0.002413163540417608, 0.0004907758365258086, -6.916973302501207e-05,
    4.13902798607301e-06, 7.74038306619849e-07, -2.1886401049234397e-07, 1.076499946567091e-08,
    4.521959811218287e-09, -7.754400208831351e-10, -6.318088340886684e-11, 2.86879501093067e-11,
    1.9455868545777347e-13, -9.65469674843344e-13, 3.25254814814874e-14, 3.3478119482868056e-14,
    -1.864562880419313e-15, -1.2507950530688648e-15, 7.418235256624044e-17, 5.068148904796111e-17,
)


def erfc(x):
    \"\"\"1 - erf(x), without loss where it is small.\"\"\"
    xp = namespace(x)
    size = xp.abs(x)
    t = (size - 3.75) / (size + 3.75)
    now = later = 0.0
    for coefficient in CHEBYSHEV[:0:-1]:
        now, later = 2 * t * now - later + coefficient, now
    near = xp.round(size * 16) / 16  # its square is exact
    tail = (CHEBYSHEV[0] + t * now - later) / (1 + 2 * size)
    tail = tail * xp.exp(-near * near) * xp.exp((near - size) * (near + size))
    return xp.where(x < 0, 2 - tail, tail)


def erf(x):
    \"\"\"The error function: its series up to 1, beyond that by erfc.\"\"\"
    xp = namespace(x)
    square = xp.where(xp.abs(x) < 1, x * x, 0 * x)
    series, term = 1.0, 1.0
    for k in range(1, 20):
        term = -term * square / k
        series = series + term / (2 * k + 1)
    tail = 1 - erfc(xp.abs(x))
    return xp.where(xp.abs(x) < 1, 1.1283791670955126 * x * series, xp.where(x < 0, -tail, tail))

"""

# What a source defines where it calls it.
HELPERS = {r"\bcount_of\(": COUNT, r"\blargest\(": LARGEST, r"\berfc?\(": ERF}
