"""The derivation as users of the package hold it: `derive`, and what its result can be asked. Derives nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from os import PathLike
from typing import TYPE_CHECKING, Any, overload

from symbackprop import derivation as core
from symbackprop import values as numbers
from symbackprop.errors import InputError, MissingValue, suggestion
from symbackprop.excerpts import Equation, Gradient
from symbackprop.files import write_whole
from symbackprop.given import given_entries
from symbackprop.network import Network
from symbackprop.notation.names import Names
from symbackprop.quantities import Array, Phase, Quantity, Role, every_index
from symbackprop.system import System
from symbackprop.training import Training
from symbackprop.values import Values, settled

if TYPE_CHECKING:
    from symbackprop.compiled import Gradient as Compiled
    from symbackprop.compiled.training import Run
    from symbackprop.forms.steps import Step
    from symbackprop.notation import Notation
    from symbackprop.proof import Proof

Path = str | PathLike[str]

# What can be rendered: the module that has its `render`.
DOCUMENTS = {
    "text": "symbackprop.documents.text",
    "markdown": "symbackprop.documents.markdown",
    "latex": "symbackprop.documents.latex",
    "typst": "symbackprop.documents.typst",
    "json": "symbackprop.structure",
}
# The documents that have the network's diagram in them: what `symbackprop.diagram` calls its format.
PICTURES = {"latex": "tikz", "typst": "typst", "markdown": "mermaid"}
GIVEN_A_GRADIENT = frozenset({Role.WEIGHT, Role.BIAS, Role.PARAMETER, Role.INPUT})
DIFFERENTIABLE = frozenset(
    {Role.WEIGHT, Role.BIAS, Role.PARAMETER, Role.INPUT, Role.NET, Role.OUT, Role.VARIABLE, Role.TARGET}
)


def derive(network: Network, *, rewrites: bool = True) -> Derivation:
    """Every equation of the network: forward pass, loss, gradients, update.

    ``rewrites=False`` keeps the full Jacobian where softmax meets cross-entropy.

    >>> network = Network(inputs=[1, 2], targets=[5], loss="squared_error", layers=[
    ...     {"units": 1, "activation": "identity", "weights": [[2, 3]]}])
    >>> derive(network).evaluate()["dE/dw_2"]
    6.0
    """
    return Derivation(core.derive(network, rewrites=rewrites))


class Derivation:
    """What was derived from a network. ``system`` holds its equations; ``core`` is what outputs render."""

    __slots__ = ("_names", "core")

    def __init__(self, derived: core.Derivation) -> None:
        self.core = derived
        self._names: Names | None = None

    def __repr__(self) -> str:
        return f"<Derivation of {self.network!r}: {len(self.system.equations)} array equations>"

    @property
    def network(self) -> Network:
        """What was derived from."""
        return self.core.network

    @property
    def notation(self) -> Notation:
        """The names of the quantities."""
        return self.core.notation

    @property
    def system(self) -> System:
        """The equations that a derivation shows, in an order in which each can be computed."""
        return self.core.system

    @property
    def names(self) -> Names:
        """What names stand for: ``names.resolve("w_5")``."""
        if self._names is None:
            self._names = Names(self.core)
        return self._names

    def evaluate(
        self,
        *,
        inputs: Any = None,
        targets: Any = None,
        parameters: Mapping[str, Any] | None = None,
        exact: bool = False,
        precision: int | None = None,
    ) -> Values:
        """The numbers, at the description's values or at others: floats, exact, or of ``precision`` digits.

        ``inputs`` and ``targets`` are one row or a row per observation; ``parameters`` maps names of given quantities
        (``w_1``, ``w[1]``, ``W1``) to numbers. Raises MissingValue when a number that is asked for needs an absent one.
        """
        return numbers.evaluate(
            self.core,
            inputs=inputs,
            targets=targets,
            parameters=parameters,
            exact=exact,
            digits=precision,
            names=self.names,
        )

    def train(self, steps: int, *, values: Values | None = None, target: str | None = None) -> Training:
        """The losses before and after each of ``steps`` updates, from the description's values or from these.

        ``target`` is what the steps are compiled to: python, numpy or c, or ``evaluate``; None picks by size.
        """
        run = self.training(steps, values=values, target=target)
        run.advance(steps)
        return run.reached()

    def training(self, steps: int, *, values: Values | None = None, target: str | None = None) -> Run:
        """The same, under way: take the steps with its ``advance``; its ``reached`` is the training so far."""
        from symbackprop.compiled.training import Run

        start = given_entries(self.core) if values is None else values.given
        return Run(self.core, steps, start=start, names=self.names, target=target)

    def gradient(self, name: str) -> Gradient:
        """The derivative of the loss by a quantity, or the derivative of that name, in all its forms.

        ``name`` is of a parameter, input, net or out, of a delta or any derivative, or of a whole array.
        """
        return Gradient(self, self._differentiated(self.names.resolve(name), name))

    def equation(self, name: str) -> Equation:
        """A quantity's own equation, or the law of a whole array, such as ``net[1]`` or ``dE/dw[2]``."""
        wanted = self.names.resolve(name)
        if self.core.definition(wanted.array if isinstance(wanted, Quantity) else wanted) is None:
            raise InputError(f"{name} is given: it has no equation")
        return Equation(self, wanted)

    def steps(self, name: str) -> tuple[Step, ...]:
        """The way from the closed form to the delta form, in named steps that are each proven."""
        from symbackprop.forms.steps import steps

        return steps(self.core, self.gradient(name).entry("steps"))

    def prove(self) -> Proof:
        """Proves every gradient by SymPy's own differentiation, without the sweep; says how it did, and what failed."""
        from symbackprop.proof import prove

        return prove(self.core)

    def compile(self, target: str | None = None) -> Compiled:
        """A fast function of ``(parameters, inputs, targets)`` that returns the gradients by the parameters' keys.

        ``target`` is python, numpy or c; None picks by size. Raises OutsideError where C finds no compiler.
        """
        from symbackprop.compiled import compiled

        return compiled(self.core, target)

    def source(self, target: str = "python") -> str:
        """The readable source of what `compile` makes."""
        from symbackprop.compiled import source

        return source(self.core, target)

    @overload
    def to_text(self, path: None = None, **options: Any) -> str: ...
    @overload
    def to_text(self, path: Path, **options: Any) -> None: ...
    def to_text(self, path: Path | None = None, **options: Any) -> str | None:
        """The derivation as text for a terminal; see `rendered` for the options."""
        return _delivered(self.rendered("text", **options), path)

    @overload
    def to_markdown(self, path: None = None, **options: Any) -> str: ...
    @overload
    def to_markdown(self, path: Path, **options: Any) -> None: ...
    def to_markdown(self, path: Path | None = None, **options: Any) -> str | None:
        """The derivation as Markdown; see `rendered` for the options."""
        return _delivered(self.rendered("markdown", **options), path)

    @overload
    def to_latex(self, path: None = None, **options: Any) -> str: ...
    @overload
    def to_latex(self, path: Path, **options: Any) -> None: ...
    def to_latex(self, path: Path | None = None, **options: Any) -> str | None:
        """The derivation as LaTeX, a whole document or a fragment of one; see `rendered` for the options."""
        return _delivered(self.rendered("latex", **options), path)

    @overload
    def to_pdf(self, path: None = None, *, engine: str = "typst", **options: Any) -> bytes: ...
    @overload
    def to_pdf(self, path: Path, *, engine: str = "typst", **options: Any) -> None: ...
    def to_pdf(self, path: Path | None = None, *, engine: str = "typst", **options: Any) -> bytes | None:
        """The derivation as a PDF, made by the typst wheel or by "pdflatex"; see `rendered` for the options.

        Equal input gives equal bytes. Raises OutsideError where the engine is missing.
        """
        from symbackprop.documents.pdf import SOURCES, pdf_bytes

        if engine not in SOURCES:
            raise InputError(f"to_pdf: unknown engine {engine!r}; {suggestion(engine, SOURCES)}")
        made = pdf_bytes(self.rendered(SOURCES[engine], **options), engine)
        if path is None:
            return made
        write_whole(path, made)
        return None

    @overload
    def to_workbook(
        self, path: None = None, *, steps: int | None = None, layout: str = "sheets", values: Values | None = None
    ) -> bytes: ...
    @overload
    def to_workbook(
        self,
        path: Path,
        *,
        steps: int | None = None,
        layout: str = "sheets",
        values: Values | None = None,
        force: bool = False,
    ) -> None: ...
    def to_workbook(
        self,
        path: Path | None = None,
        *,
        steps: int | None = None,
        layout: str = "sheets",
        values: Values | None = None,
        force: bool = False,
    ) -> bytes | None:
        """The derivation as a workbook with live formulas, and with ``steps`` steps of training.

        ``layout`` is "sheets", or "rows": one row per iteration. A path that ends in .ods needs LibreOffice. A workbook
        that was changed by hand since we wrote it is replaced only with ``force``.
        """
        from symbackprop.diagram import shapes
        from symbackprop.workbook import workbook_bytes
        from symbackprop.workbook.keeping import write_book

        shown = self.evaluate() if values is None else values
        book = workbook_bytes(shown.derivation, shown, steps=steps, layout=layout, picture=shapes)
        if path is None:
            return book
        write_book(path, book, force=force)
        return None

    def rendered(
        self,
        to: str,
        *,
        of: Sequence[str | Quantity | Array] = (),
        form: str | None = None,
        numbers: bool | None = None,
        digits: int | None = None,
        fragment: bool = False,
        values: Values | None = None,
        width: str | float | None = None,
        label_prefix: str | None = None,
        flavour: str | None = None,
        spelling: Callable[[str], str] | None = None,
        columns: int | None = None,
    ) -> str:
        """The derivation as a document of the kind ``to``.

        ``of`` names the quantities to derive (none: all); ``form`` is chain, delta, closed, paths or matrix.
        ``numbers`` says whether to show numbers; None: where every value is present. ``digits`` are significant
        digits; ``values`` are numbers in place of the description's. ``fragment`` leaves out what makes a file of it.
        Of LaTeX, ``width`` is that of the column ("8.5cm", or points), and ``label_prefix`` begins every label. The
        ``flavour`` of Markdown is github, vscode, jupyter or pandoc. Of text, ``spelling`` is how the reader's terminal
        shows it, which columns are aligned for, and ``columns`` is how many a row has.
        """
        shown = self._values(shown=numbers, values=values)
        if shown is not None and to != "json":
            shown = settled(shown)
        derived = self.core
        if digits is not None:
            derived = replace(derived, network=self.network.with_values({"document.digits": digits}))
        render = import_module(DOCUMENTS[to]).render
        wanted = [self._derived_for(each) if isinstance(each, str) else each for each in of]
        pictured: dict[str, Any] = {}
        if not (wanted or fragment) and to in PICTURES:
            pictured["diagram"] = _picture(derived, shown, to)
        layout = _layout(
            to, width=width, label_prefix=label_prefix, flavour=flavour, spelling=spelling, columns=columns
        )
        text: str = render(derived, values=shown, of=wanted, form=form, fragment=fragment, **pictured, **layout)
        return text

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """What a notebook shows: the whole derivation as Markdown; elsewhere one line."""
        return {"text/markdown": self.to_markdown(flavour="jupyter"), "text/plain": repr(self)}

    def network_at(self, training: Training) -> Network:
        """The network with the parameters at the end of a training; what was not trained is as it was written."""
        derived = self.core
        changed: dict[tuple[str, int | None, tuple[Any, ...]], Any] = {}
        for array in derived.arrays.parameters:
            if array not in derived.arrays.frozen:
                for place, entry in zip(_places(derived, array), training.values.array(array), strict=True):
                    changed[place] = float(entry)
        return self.network.with_numbers(changed)

    def _values(self, *, shown: bool | None, values: Values | None) -> Values | None:
        symbolic = not isinstance(self.network.observations, int)
        if shown is False or (shown is None and symbolic):
            return None
        found = values or self.evaluate()
        try:
            for array in self.system.givens:
                found.array(array)
        except MissingValue:
            if shown:
                raise
            return None
        return found

    def _derived_for(self, name: str) -> Quantity | Array:
        """What a document shows for a name: of a parameter or an input its gradient, of all else its own equation."""
        wanted = self.names.resolve(name)
        array = wanted.array if isinstance(wanted, Quantity) else wanted
        return self._differentiated(wanted, name) if array.role in GIVEN_A_GRADIENT else wanted

    def _differentiated(self, wanted: Quantity | Array, name: str) -> Quantity | Array:
        array = wanted.array if isinstance(wanted, Quantity) else wanted
        if array.role in (Role.DERIVATIVE, Role.DELTA):
            return wanted
        if array.role not in DIFFERENTIABLE or array.phase is not Phase.NOW:
            raise InputError(f"{name}: there is no gradient by it; there is one by each parameter, input, net and out")
        gradient = self.core.gradient_array(array)
        return Quantity(gradient, wanted.indices) if isinstance(wanted, Quantity) else gradient


# The options of one format alone.
LAYOUT = {"width": "latex", "label_prefix": "latex", "flavour": "markdown", "spelling": "text", "columns": "text"}


def _layout(to: str, **options: str | float | Callable[[str], str] | None) -> dict[str, Any]:
    """The options of one format alone that were given, as its `render` takes them."""
    given: dict[str, Any] = {name: value for name, value in options.items() if value is not None}
    wrong = [name for name in given if LAYOUT[name] != to]
    if wrong:
        raise InputError(f"{wrong[0]} goes with {LAYOUT[wrong[0]]}, not with {to}")
    if "width" in given:
        from symbackprop.documents.lengths import points

        given["room"] = points(given.pop("width"))
    if "columns" in given:
        given["width"] = given.pop("columns")
    return given


def _picture(derived: core.Derivation, values: Values | None, to: str) -> Callable[..., str]:
    """The network's diagram: in a document's format for a width in points, or for Markdown in the one it names."""

    def drawn(width: float) -> str:
        text: str = getattr(import_module("symbackprop.diagram"), PICTURES[to])(derived, values, width=width)
        return text

    def named(name: str) -> str:
        text: str = getattr(import_module("symbackprop.diagram"), name)(derived, values)
        return text

    return named if to == "markdown" else drawn


def _places(derived: core.Derivation, array: Array) -> Iterator[tuple[str, int | None, tuple[Any, ...]]]:
    """Where a description has each entry of a parameter array, as `Network.with_numbers` takes it."""
    if derived.network.program:
        yield "parameter", None, (array.label,)
        return
    sources = derived.ties.sources.get(array) or [(array, indices) for indices in every_index(array)]
    for source, indices in sources:
        yield source.role.value, source.layer, indices


def _delivered(text: str, path: Path | None) -> str | None:
    if path is None:
        return text
    write_whole(path, text)
    return None
