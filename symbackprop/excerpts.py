"""One gradient, equation or law of a derivation, as users and notebooks hold it. Derives nothing, lays nothing out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from symbackprop.errors import InputError
from symbackprop.notation.neutral import neutral, neutral_array
from symbackprop.quantities import Array, Quantity

if TYPE_CHECKING:
    from symbackprop.algebra import Expr
    from symbackprop.forms.chain import Chain
    from symbackprop.forms.matrix import MatrixForm
    from symbackprop.forms.paths import PathSum
    from symbackprop.public import Derivation


class Excerpt:
    """A quantity or a whole array of a derivation, with what is derived of it as text, Markdown and LaTeX.

    In a notebook it is set as formulas; elsewhere it is its text.
    """

    __slots__ = ("derivation", "quantity")

    def __init__(self, derivation: Derivation, quantity: Quantity | Array) -> None:
        self.derivation = derivation
        self.quantity = quantity

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"

    @property
    def name(self) -> str:
        """Its name in the description's notation."""
        notation, wanted = self.derivation.notation, self.quantity
        return str(notation.name(wanted) if isinstance(wanted, Quantity) else notation.array_name(wanted))

    @property
    def neutral(self) -> str:
        """Its neutral name."""
        return neutral(self.quantity) if isinstance(self.quantity, Quantity) else neutral_array(self.quantity)

    def to_text(self, *, form: str | None = None, numbers: bool | None = None) -> str:
        """Its derivation as text."""
        return self._rendered("text", form=form, numbers=numbers)

    def to_markdown(self, *, form: str | None = None, numbers: bool | None = None) -> str:
        """Its derivation as Markdown."""
        return self._rendered("markdown", form=form, numbers=numbers)

    def to_latex(
        self,
        *,
        form: str | None = None,
        numbers: bool | None = None,
        width: str | float | None = None,
        label_prefix: str | None = None,
    ) -> str:
        """Its derivation as LaTeX to be put into a document that uses amsmath: see `Derivation.rendered`."""
        return self._rendered("latex", form=form, numbers=numbers, width=width, label_prefix=label_prefix)

    def _rendered(self, to: str, **options: Any) -> str:
        return self.derivation.rendered(to, of=[self.quantity], fragment=True, **options)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """What a notebook shows: formulas as Markdown, and as LaTeX where it is formulas alone; else text."""
        shown = self._rendered("markdown", flavour="jupyter")
        bundle = {"text/markdown": shown, "text/plain": self.to_text().rstrip("\n")}
        blocks = shown.strip().split("\n\n")
        if all(each.startswith("$$") and each.endswith("$$") for each in blocks):
            bundle["text/latex"] = "\n".join(blocks)
        return bundle

    def entry(self, form: str) -> Quantity:
        """The quantity, where one entry is wanted and not a whole array; ``form`` is what for."""
        if isinstance(self.quantity, Quantity):
            return self.quantity
        raise InputError(f"{form}: one entry is wanted, not a whole array; name one, as in w[1][0][0]")


class Equation(Excerpt):
    """A quantity's own equation with its numbers, or the law of a whole array with its entries."""

    __slots__ = ()


class Gradient(Excerpt):
    """One derivative, or a whole array of them, in every form: made when it is asked for."""

    __slots__ = ()

    @property
    def value(self) -> Any:
        """Its number at the description's values; of an array, nested lists."""
        values = self.derivation.evaluate()
        return values.of(self.quantity) if isinstance(self.quantity, Quantity) else values.nested(self.quantity)

    @property
    def chain(self) -> Chain:
        """The links of the chain rule in order, as a sum over paths where there are several."""
        from symbackprop.forms.chain import chain

        return chain(self.derivation.core, self.entry("chain"))

    @property
    def delta_form(self) -> Expr:
        """A SymPy expression in the layer's delta, slopes in terms of outputs."""
        from symbackprop.forms.delta import delta_form

        return delta_form(self.derivation.core, self.entry("delta form")).sympy()

    @property
    def closed_form(self) -> Expr:
        """A canonical SymPy expression in inputs, targets and parameters only. Raises TooLarge above a counted size."""
        from symbackprop.forms.closed import closed_form

        return closed_form(self.derivation.core, self.entry("closed form"))

    @property
    def paths(self) -> PathSum:
        """The sum over all paths from the loss to the quantity. Raises TooLarge above a counted number of them."""
        from symbackprop.forms.paths import path_sum

        return path_sum(self.derivation.core, self.entry("paths"))

    @property
    def matrix(self) -> MatrixForm:
        """The matrix form of the whole array that it belongs to."""
        from symbackprop.forms.matrix import matrix_form

        array = self.quantity.array if isinstance(self.quantity, Quantity) else self.quantity
        return matrix_form(self.derivation.core, array)
