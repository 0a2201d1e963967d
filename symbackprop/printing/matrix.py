"""Matrix expressions as text: plain, TeX and Typst. Never names an array itself and never chooses an order."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, ClassVar

from symbackprop.forms.delta import is_slope
from symbackprop.forms.matrix import MatrixForm
from symbackprop.forms.trees import (
    Added,
    Beside,
    Constant,
    Diagonal,
    Elementwise,
    Hadamard,
    Identity,
    Leaf,
    Listed,
    Mask,
    MatMul,
    Node,
    Ones,
    Scaled,
    Stacked,
    Transposed,
    Unit,
    plainer,
    transposed,
)
from symbackprop.notation import AnyName, DerivativeName, Name, Notation, ascii_name, plain, tex
from symbackprop.notation.typst import quoted, typst
from symbackprop.printing.dialect import Dialect, Label, Precedence
from symbackprop.printing.plain import PLAIN, Plain
from symbackprop.printing.tex import TEX, Tex
from symbackprop.printing.typeset import Typeset
from symbackprop.printing.typst import TYPST, Typst
from symbackprop.quantities import Axis


class MatrixText:
    """Prints matrix expressions; a subclass says the signs, a dialect the formulas inside them."""

    product: ClassVar[str] = " "
    elementwise: ClassVar[str] = " ⊙ "

    def __init__(self, notation: Notation, dialect: Dialect) -> None:
        self.notation, self.dialect = notation, dialect

    def equation(self, form: MatrixForm) -> str:
        """``target = expression``."""
        return f"{self.text(form.target)} = {self.text(form.expression)}"

    def text(self, node: Node) -> str:
        """The expression's text."""
        return self.said(node).text

    def said(self, node: Node) -> Label:
        """The expression's text with how tightly it binds."""
        match node:
            case Leaf(_, _, array):
                return self.named(self.notation.array_name(array))
            case Listed(_, _, name):
                assert isinstance(name, Name | DerivativeName)
                return self.named(name)
            case Diagonal(_, _, operand):
                return self.diagonal(operand)
            case Transposed(_, _, operand):
                return self.transposed(self.said(operand))
            case MatMul(_, _, factors):
                return self.joined(factors, self.product, Precedence.PRODUCT)
            case Hadamard(_, _, factors):
                return self.joined(factors, self.elementwise, Precedence.PRODUCT)
            case Scaled():
                return self.scaled(node)
            case Added(_, _, terms):
                return self.added(terms)
            case Elementwise(_, _, expression):
                return self.dialect.said(expression, self._label)
            case Constant(_, _, number):
                return self.dialect.number(number, "")
            case Ones():
                return self.ones()
            case Unit(_, _, index):
                return self.unit(str(index + self.notation.conventions.first_index))
            case Identity():
                return Label("I")
            case Mask():
                return self.mask()
            case Beside(_, _, parts):
                return self.block([self.said(each) for each in parts], stacked=False)
            case Stacked(_, _, parts):
                return self.block([self.said(each) for each in parts], stacked=True)
        raise AssertionError(f"no way to say {type(node).__name__}")

    def _label(self, of: Any) -> Label:
        assert isinstance(of, Node)
        return self.said(of)

    def named(self, name: AnyName) -> Label:
        """An array's name; a derivative binds like a fraction."""
        if isinstance(name, DerivativeName):
            return Label(self.write(name), Precedence.QUOTIENT, tall=True)
        return Label(self.write(name))

    def write(self, name: AnyName) -> str:
        """A printed name."""
        raise NotImplementedError

    def within(self, label: Label, least: Precedence) -> str:
        """The text, in brackets if it binds less tightly than ``least``."""
        return self.dialect.within(label, least)

    def joined(self, factors: tuple[Node, ...], sign: str, precedence: Precedence) -> Label:
        """Factors with a sign between them; a product inside an elementwise product is bracketed."""
        labels = [self.said(each) for each in factors]
        mixed = [isinstance(each, MatMul | Hadamard | Scaled) for each in factors]
        parts = [
            self.dialect.bracket(label) if inner else self.within(label, Precedence.PRODUCT)
            for label, inner in zip(labels, mixed, strict=True)
        ]
        return Label(sign.join(parts), precedence, tall=any(each.tall for each in labels))

    def added(self, terms: tuple[Node, ...]) -> Label:
        """The terms with their signs; nothing at all is 0."""
        if not terms:
            return Label("0")
        text, tall = "", False
        for place, term in enumerate(terms):
            negative = isinstance(term, Scaled | Constant) and term.number < 0
            label = self.said(_positive(term) if negative else term)
            tall = tall or label.tall
            body = self.within(label, Precedence.NEGATIVE if place or negative else Precedence.SUM)
            text += (" - " if negative else " + ") + body if place else ("-" if negative else "") + body
        return Label(text, Precedence.SUM, tall=tall)

    def scaled(self, node: Scaled) -> Label:
        """Number, scalars and operand side by side, a mean's size below."""
        if node.number < 0:
            inner = self.said(_positive(node))
            return Label("-" + self.within(inner, Precedence.PRODUCT), Precedence.NEGATIVE, tall=inner.tall)
        factors = [self.said(each) for each in node.scalars]
        operand = self.said(node.operand)
        inside = isinstance(node.operand, Added | Hadamard)
        whole = self.dialect.bracket(operand) if inside else self.within(operand, Precedence.PRODUCT)
        parts = [*(self.within(each, Precedence.PRODUCT) for each in factors), whole]
        number, over = node.number, node.over
        if number != 1 or over:
            parts.insert(0, self.fraction(number, over))
        text = parts[0]
        for part in parts[1:]:  # two numbers side by side would read as one
            text += (self.times() if part[:1].isdigit() else self.product) + part
        return Label(text, Precedence.PRODUCT, tall=operand.tall)

    def times(self) -> str:
        """The sign between two numbers."""
        raise NotImplementedError

    def transposed(self, label: Label) -> Label:
        raise NotImplementedError

    def diagonal(self, operand: Node) -> Label:
        """The diagonal matrix by its own name where it has one: of a layer's slopes."""
        vector = plainer(transposed(operand), operand) if self.notation.conventions.vectors == "rows" else operand
        if isinstance(vector, Leaf) and is_slope(vector.array):
            assert vector.array.of is not None
            return self.named(self.notation.slope_matrix_name(vector.array.of))
        return Label(self.head("diag") + self.dialect.bracket(self.said(vector)))

    def fraction(self, number: Fraction, over: tuple[Axis, ...]) -> str:
        """A number, the sizes that it is divided by below it."""
        sizes = ["n" if axis.size is None else str(axis.size) for axis in over]
        if not sizes:
            return self.dialect.number(number, "").text
        below = ([] if number.denominator == 1 else [str(number.denominator)]) + sizes
        return self.over(str(number.numerator), below)

    def over(self, above: str, below: list[str]) -> str:
        """A text over the product of others."""
        raise NotImplementedError

    def head(self, word: str) -> str:
        raise NotImplementedError

    def ones(self) -> Label:
        raise NotImplementedError

    def unit(self, index: str) -> Label:
        raise NotImplementedError

    def mask(self) -> Label:
        raise NotImplementedError

    def block(self, parts: list[Label], *, stacked: bool) -> Label:
        raise NotImplementedError


class PlainMatrices(MatrixText):
    """``δ^(1) = (W^(2)ᵀ δ^(2)) ⊙ out^(1) ⊙ (1 - out^(1))``; in an ASCII dialect, ``^T`` and ``.*``."""

    dialect: Plain

    def __init__(self, notation: Notation, dialect: Plain = PLAIN) -> None:
        super().__init__(notation, dialect)
        self.ascii = dialect.ascii

    def write(self, name: AnyName) -> str:
        """The name in plain text."""
        return ascii_name(name) if self.ascii else plain(name)

    def joined(self, factors: tuple[Node, ...], sign: str, precedence: Precedence) -> Label:
        return super().joined(factors, " .* " if self.ascii and sign == self.elementwise else sign, precedence)

    def times(self) -> str:
        """As in the formulas of numbers."""
        return f" {self.dialect.times} "

    def transposed(self, label: Label) -> Label:
        """The transpose's sign behind the name."""
        return Label(self.within(label, Precedence.ATOM) + ("^T" if self.ascii else "ᵀ"))

    def over(self, above: str, below: list[str]) -> str:
        """``1/2``, ``1/(2 n)``."""
        between = " " if "n" in below else "*" if self.ascii else "·"
        return f"{above}/{below[0] if len(below) == 1 else f'({between.join(below)})'}"

    def head(self, word: str) -> str:
        """The word."""
        return word

    def ones(self) -> Label:
        """The word."""
        return Label("ones")

    def unit(self, index: str) -> Label:
        """``e_1``."""
        return Label(f"e_{index}")

    def mask(self) -> Label:
        """``[weights]``."""
        return Label("[weights]")

    def block(self, parts: list[Label], *, stacked: bool) -> Label:
        """``[W b]``, ``[a; 1]``."""
        return Label("[" + ("; " if stacked else " ").join(each.text for each in parts) + "]")


class TypesetMatrices(MatrixText):
    """Built up, in the signs of a dialect of set mathematics."""

    dialect: Typeset

    def times(self) -> str:
        """A dot."""
        return self.dialect.dot

    def over(self, above: str, below: list[str]) -> str:
        """A fraction."""
        return self.dialect.fraction(above, self.dialect.dot.join(below))

    def head(self, word: str) -> str:
        """The word, upright."""
        return self.dialect.upright(word)


class TexMatrices(TypesetMatrices):
    r"""``\delta^{(1)} = \left({W^{(2)}}^{\top} \delta^{(2)}\right) \odot ...``: ASCII, for amsmath, KaTeX and
    MathJax."""

    product: ClassVar[str] = r" \, "
    elementwise: ClassVar[str] = r" \odot "

    def __init__(self, notation: Notation, dialect: Tex = TEX) -> None:
        super().__init__(notation, dialect)

    def write(self, name: AnyName) -> str:
        """The name in TeX."""
        return tex(name)

    def transposed(self, label: Label) -> Label:
        r"""``{W}^{\top}``."""
        # The empty group keeps TeX from taking a lone accent out of its braces, which would make a double superscript.
        inner = f"{{{label.text}{{}}}}" if label.precedence >= Precedence.ATOM else self.dialect.bracket(label)
        return Label(rf"{inner}^{{\top}}", Precedence.POWER, tall=label.tall)

    def ones(self) -> Label:
        """A bold 1."""
        return Label(r"\mathbf{1}")

    def unit(self, index: str) -> Label:
        """A bold e."""
        return Label(rf"\mathbf{{e}}_{{{index}}}")

    def mask(self) -> Label:
        """The word in brackets."""
        return Label(r"[\mathrm{weights}]")

    def block(self, parts: list[Label], *, stacked: bool) -> Label:
        """A small matrix in round brackets."""
        inside = (r" \\ " if stacked else " & ").join(each.text for each in parts)
        return Label(rf"\begin{{pmatrix}} {inside} \end{{pmatrix}}", tall=True)


class TypstMatrices(TypesetMatrices):
    """``delta^("(1)") = (lr(W^("(2)"))^top thin delta^("(2)")) dot.o ...``: Typst's mathematics."""

    product: ClassVar[str] = " thin "
    elementwise: ClassVar[str] = " dot.o "

    def __init__(self, notation: Notation, dialect: Typst = TYPST) -> None:
        super().__init__(notation, dialect)

    def write(self, name: AnyName) -> str:
        """The name in Typst."""
        return typst(name)

    def transposed(self, label: Label) -> Label:
        """The transpose's sign at the upper right of all of it."""
        inner = label.text if label.precedence >= Precedence.ATOM else self.dialect.bracket(label)
        return Label(f"lr({inner})^top", Precedence.POWER, tall=label.tall)

    def ones(self) -> Label:
        """A bold 1."""
        return Label("bold(1)")

    def unit(self, index: str) -> Label:
        """A bold e."""
        return Label(f"bold(e)_({index})")

    def mask(self) -> Label:
        """The word in brackets."""
        return Label(f"[{quoted('weights')}]")

    def block(self, parts: list[Label], *, stacked: bool) -> Label:
        """A small matrix in round brackets."""
        return Label(f"mat({('; ' if stacked else ', ').join(each.text for each in parts)})", tall=True)


def _positive(node: Node) -> Node:
    if isinstance(node, Constant):
        return Constant(node.rows, node.columns, -node.number)
    assert isinstance(node, Scaled)
    if node.number == -1 and not node.over and not node.scalars:
        return node.operand
    return Scaled(node.rows, node.columns, -node.number, node.over, node.scalars, node.operand)
