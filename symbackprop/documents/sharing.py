"""The way from the sum over paths to the delta form of one derivative: what the paths share. Writes no formula text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import prod

from symbackprop.documents.content import Item, Line, Paragraph, Section
from symbackprop.documents.context import Context, first_of, sentence
from symbackprop.documents.gradients import paths_of
from symbackprop.expressions import Expression, Reference, leaves, size, substituted
from symbackprop.forms.adjoints import scalar_of
from symbackprop.forms.delta import delta_form, flattened, inlined
from symbackprop.forms.tails import Tails
from symbackprop.quantities import Array, Quantity, extents
from symbackprop.system import Scatter

LONGEST = 350  # operations and names of a formula that is shown
PARAMETERS = 40  # of a network whose proof is shown
MOST_PARAMETERS = 160  # of a network of which laws are shown, and the steps of one parameter
TITLE = "From the sum over paths to the delta form"
PROGRAM_TITLE = "From the sum over paths to what they share"
PATHS = "Every path from the loss to the parameter gives one product of derivatives, and the paths are added up."
WRITTEN = "Each derivative written out:"
SHARED = "Paths through the same net share everything from there to the loss: it is taken out of the sum, once for all."
NAMED = (
    "The factors up to a net are together the derivative of the loss by that net. All weights of the unit have them in "
    "common, so {}their product has a name, delta:"
)
AGAIN = "In the same way for the layer before:"


def sharing_sections(context: Context) -> Iterable[Section]:
    """The steps for one weight of a small network."""
    many = context.has_batch and not context.derivation.network.program
    for whole in _gradients(context, MOST_PARAMETERS):
        quantity = Quantity(context.derivation.share(whole.array), (0, *whole.indices)) if many else whole
        paths = paths_of(context, quantity)
        if paths is not None:
            break
    else:
        return
    of = f" of its first observation's share: the shares of all {context.derivation.network.observations} are added up"
    introduction = Paragraph(("For one parameter, the derivative ", whole, of if many else "", "."))
    steps = _Steps(context, quantity)
    steps.paths(paths.expression)
    if context.derivation.network.program:
        steps.variables()
    else:
        steps.deltas()
    title = PROGRAM_TITLE if context.derivation.network.program else TITLE
    yield Section(title, (introduction, *steps.items))


def worked_gradient(context: Context) -> Quantity | None:
    """The derivative by the first trained parameter of a network that has few."""
    few = _count(context) <= PARAMETERS
    return next(iter(_gradients(context, PARAMETERS)), None) if few else None


def _gradients(context: Context, most: int) -> list[Quantity]:
    """The derivatives by the first entries of what is trained; none where a network of more than ``most`` parameters
    is not shown whole."""
    if not context.counted or not (context.whole or (context.has_batch and _count(context) <= most)):
        return []
    gradients = [context.derivation.gradient_array(each) for each in _trained(context)]
    if context.has_batch:  # the steps are those of one observation's share, which a tied parameter has for each use
        gradients = [each for each in gradients if not isinstance(context.derivation.definition(each), Scatter)]
    return [first_of(each) for each in gradients]


def _trained(context: Context) -> list[Array]:
    arrays = context.derivation.arrays
    return [each for each in arrays.parameters if each not in arrays.frozen]


def _count(context: Context) -> int:
    """How many parameters are trained."""
    return sum(prod(extents(each)) for each in _trained(context))


@dataclass
class _Steps:
    context: Context
    quantity: Quantity
    items: list[Item] = field(default_factory=list)
    last: Expression | None = None

    def paths(self, names: Expression) -> None:
        """The sum over paths, by the names of their links and written out."""
        self._say((PATHS,), names)
        tails = Tails(self.context.derivation)
        self._say((WRITTEN,), tails.sum(self.quantity, tails.printed))

    def deltas(self) -> None:
        """The deltas of each layer from the output on: what the paths share, and its name."""
        derivation = self.context.derivation
        tails = Tails(derivation)
        stops = tails.stops(self.quantity)
        for count, stop in enumerate(stops, 1):
            named = tails.sum(self.quantity, tails.printed, stops[:count])
            deltas = [each for each in _quantities(named) if each.array == stop]
            rewrite = next((each for each in derivation.rewrites if each.after.target.array == stop), None)
            forms = {each: delta_form(derivation, each).expression for each in deltas}
            if rewrite is None:
                self._say((SHARED,), flattened(_put(named, forms)))
            plain = NAMED.format(self.context.delta_sign) if count == 1 else AGAIN
            self._say((plain if rewrite is None else f"{sentence(rewrite.pair.sentence)}. {plain}",), named, forms)

    def variables(self) -> None:
        """A program's last step: the derivatives by its variables are what the paths share."""
        own = flattened(inlined(self.context.derivation, Reference(self.quantity), {}))
        shared = scalar_of(self.context.derivation, self.quantity)
        if shared != own:
            self._say(("Paths through the same variable share its derivative, which was computed before.",), shared)

    def _say(
        self, words: tuple[str, ...], expression: Expression, definitions: Mapping[Quantity, Expression] | None = None
    ) -> None:
        if expression == self.last or size(expression) > LONGEST:
            return
        self.last = expression
        self.items.append(Paragraph(words))
        self.items.append(Line(Reference(self.quantity), (expression,)))
        self.items += [Line(Reference(name), (meaning,)) for name, meaning in (definitions or {}).items()]


def _quantities(expression: Expression) -> list[Quantity]:
    return list(dict.fromkeys(each for each in leaves(expression) if isinstance(each, Quantity)))


def _put(expression: Expression, meanings: Mapping[Quantity, Expression]) -> Expression:
    def meant(of: object) -> Expression:
        assert isinstance(of, Quantity)
        return meanings.get(of, Reference(of))

    return substituted(expression, meant)
