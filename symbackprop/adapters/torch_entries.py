"""torch's activations and losses, each with the description that means the same. Never traces a module.

Torch goes over to a straight line where ``beta * x`` of its Softplus is above ``threshold``: a jump of
``exp(-threshold)``, which is 2e-9 at the default 20. The description does so too wherever the module's numbers can tell
it: those of float32 cannot. At a kink of leaky_relu or elu torch takes the slope of the left side, which a description
cannot say; there the check looks away.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from symbackprop.errors import InputError, suggestion

SMALLEST_ROUNDOFF = 2.0**-53
Table = dict[str, Any]
Settings = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Translation:
    """What an activation or loss of torch is in a description.

    ``settings`` are its arguments, in their order, with torch's defaults; ``means`` gives the description from them and
    raises InputError for those that have no equal. ``roundoff`` is added to them: that of the module's numbers.
    """

    settings: Settings
    means: Callable[[Settings], Any]

    def from_module(self, module: Any, roundoff: float = 0.0) -> Any:
        """The description of a module's attributes."""
        found = {name: getattr(module, name, default) for name, default in self.settings.items()}
        return self.means(found | {"roundoff": roundoff})

    def from_call(self, arguments: Sequence[Any], named: Mapping[str, Any], roundoff: float = 0.0) -> Any:
        """The description of a function's arguments behind its input."""
        given = dict(zip(self.settings, arguments, strict=False)) | dict(named)
        found = {name: given.get(name, default) for name, default in self.settings.items()}
        return self.means(found | {"roundoff": roundoff})


def _same(name: Any) -> Translation:
    return Translation({}, lambda settings: name)


def _number(value: float) -> str:
    """A setting as it was written: 0.01 is 1/100 for torch's author too."""
    return str(Fraction(repr(float(value))))


def _softmax(settings: Settings) -> str:
    if settings["dim"] not in (1, -1):
        raise InputError(f"dim={settings['dim']}: only the softmax over a layer's units has an equal: dim=-1 or dim=1")
    return "softmax"


def _gelu(settings: Settings) -> str:
    return {"none": "gelu", "tanh": "gelu_tanh"}[settings["approximate"]]


def _softplus(settings: Settings) -> Any:
    beta, threshold = _number(settings["beta"]), float(settings["threshold"])
    smooth = "softplus(x)" if beta == "1" else f"softplus({beta} * x)/({beta})"
    if threshold < -math.log(settings["roundoff"] or SMALLEST_ROUNDOFF):
        above = f"(1 + sign({beta} * x - {_number(threshold)}))/2"
        return {"formula": f"{smooth} + {above} * (x - {smooth})"}
    return "softplus" if beta == "1" else {"formula": smooth}


def _celu(settings: Settings) -> Any:
    alpha = _number(settings["alpha"])
    return {"formula": f"max(x, 0) + min(0, ({alpha}) * (exp(x/({alpha})) - 1))"}


def _leaky(settings: Settings) -> Table:
    return {"name": "leaky_relu", "slope": _number(settings["negative_slope"])}


# By the module's class, and by the function's name.
ACTIVATIONS: Mapping[tuple[str, str], Translation] = {
    ("Identity", "identity"): _same("identity"),
    ("Sigmoid", "sigmoid"): _same("sigmoid"),
    ("Tanh", "tanh"): _same("tanh"),
    ("ReLU", "relu"): _same("relu"),
    ("LeakyReLU", "leaky_relu"): Translation({"negative_slope": 0.01}, _leaky),
    ("ELU", "elu"): Translation({"alpha": 1.0}, lambda settings: {"name": "elu", "alpha": _number(settings["alpha"])}),
    ("CELU", "celu"): Translation({"alpha": 1.0}, _celu),
    ("Softplus", "softplus"): Translation({"beta": 1.0, "threshold": 20.0}, _softplus),
    ("SiLU", "silu"): _same("silu"),
    ("GELU", "gelu"): Translation({"approximate": "none"}, _gelu),
    ("Mish", "mish"): _same({"formula": "x * tanh(softplus(x))"}),
    ("Softsign", "softsign"): _same({"formula": "x/(1 + abs(x))"}),
    ("Tanhshrink", "tanhshrink"): _same({"formula": "x - tanh(x)"}),
    ("LogSigmoid", "logsigmoid"): _same({"formula": "-softplus(-x)"}),
    ("Softmax", "softmax"): Translation({"dim": None}, _softmax),
}
LOG_SOFTMAX = Translation({"dim": None}, _softmax)
# What leaves a row of numbers as it is.
PASSING = {"Identity", "Flatten", "flatten"}
DROPPING = {"Dropout", "AlphaDropout"}
CLASSES = {names[0]: each for names, each in ACTIVATIONS.items()}
FUNCTIONS = {names[1]: each for names, each in ACTIVATIONS.items()}


@dataclass(frozen=True, slots=True)
class LossTranslation:
    """A loss of torch: the description, and the activation that it applies to the module's outputs itself."""

    table: Table
    applies: str = ""
    log: bool = False  # the module's outputs are logarithms of shares


def _averaged(name: str, **rest: Any) -> Callable[[Settings], LossTranslation]:
    """A mean, or a sum, over outputs and observations alike."""

    def means(settings: Settings) -> LossTranslation:
        how = _reduction(settings)
        return LossTranslation({"name": name, "factor": 1, "over_outputs": how, "over_observations": how} | rest)

    return means


def _huber(settings: Settings) -> LossTranslation:
    return _averaged("huber", delta=_number(settings["delta"]))(settings)


def _smooth(settings: Settings) -> LossTranslation:
    beta = Fraction(_number(settings["beta"]))
    if not beta:
        return _averaged("absolute_error")(settings)
    return _averaged("huber", delta=str(beta), factor=str(1 / beta))(settings)


def _with_logits(settings: Settings) -> LossTranslation:
    found = _averaged("binary_cross_entropy")(settings)
    return LossTranslation(found.table, applies="sigmoid")


def _cross_entropy(settings: Settings) -> LossTranslation:
    if settings.get("label_smoothing"):
        raise InputError("label_smoothing has no equal; smooth the targets instead")
    table = {"name": "cross_entropy", "over_observations": _reduction(settings)}
    return LossTranslation(table, applies="softmax")


def _likelihood(settings: Settings) -> LossTranslation:
    return LossTranslation({"name": "cross_entropy", "over_observations": _reduction(settings)}, log=True)


def _reduction(settings: Settings) -> str:
    found = settings["reduction"]
    if found not in ("mean", "sum"):
        raise InputError(f"reduction={found!r} has no one loss; use 'mean' or 'sum'")
    for name in ("weight", "pos_weight"):
        if settings.get(name) is not None:
            raise InputError(f"{name} has no equal in a description")
    return str(found)


_HOW: Settings = {"reduction": "mean"}
_WEIGHTED: Settings = {"weight": None, "reduction": "mean"}
LOSSES: Mapping[tuple[str, str], Translation] = {
    ("MSELoss", "mse_loss"): Translation(_HOW, _averaged("squared_error")),
    ("L1Loss", "l1_loss"): Translation(_HOW, _averaged("absolute_error")),
    ("HuberLoss", "huber_loss"): Translation({**_HOW, "delta": 1.0}, _huber),
    ("SmoothL1Loss", "smooth_l1_loss"): Translation({**_HOW, "beta": 1.0}, _smooth),
    ("BCELoss", "binary_cross_entropy"): Translation(_WEIGHTED, _averaged("binary_cross_entropy")),
    ("BCEWithLogitsLoss", "binary_cross_entropy_with_logits"): Translation(
        {**_WEIGHTED, "pos_weight": None}, _with_logits
    ),
    ("CrossEntropyLoss", "cross_entropy"): Translation({**_WEIGHTED, "label_smoothing": 0.0}, _cross_entropy),
    ("NLLLoss", "nll_loss"): Translation(_WEIGHTED, _likelihood),
}


def loss_of(loss: Any) -> LossTranslation:
    """The description of a loss: torch's module or function, or a description's name or table."""
    if isinstance(loss, str | Mapping):
        return LossTranslation(dict(loss) if isinstance(loss, Mapping) else {"name": loss})
    for (kind, function), translation in LOSSES.items():
        if type(loss).__name__ == kind:
            return _placed(f"loss {kind}", lambda: translation.from_module(loss))  # noqa: B023 - called at once
        if getattr(loss, "__name__", "") == function:
            found: LossTranslation = translation.from_call((), {})
            return found
    name = getattr(loss, "__name__", type(loss).__name__)
    known = [kind for kind, _ in LOSSES]
    raise InputError(f"loss: {name} has no equal; {suggestion(name, known)}; or a loss as a description writes it")


def _placed(place: str, make: Callable[[], LossTranslation]) -> LossTranslation:
    try:
        return make()
    except InputError as error:
        raise InputError(f"{place}: {error}") from error
