"""The functions that formulas may call, with their partials. Never evaluates: `arithmetic` does.

A primitive (exp, log, erf, ...) has no definition: each domain and each dialect says how it computes or prints it.
Every other function is defined by simpler ones, and has a stable form and a stable slope made of primitives:
float64 arithmetic on them is within a few ulp (``tests/contract/test_activations.py`` lists how many).

At a tie, ``max`` and ``min`` have the slope ``at_kink`` by either argument, so that ``max(0, x)`` and ``max(x, 0)`` are
one function.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from types import MappingProxyType

from symbackprop.expressions import ONE, ZERO, BySign, Expression, Function, Negative, Number, Undefined

Slope = Expression
HALF = Number(Fraction(1, 2))

NO_SLOPE = Undefined("sign jumps at 0: it has no slope there")

PI: Function = Function("pi", 0, ())

EXP: Function = Function("exp", 1, (lambda x, at_kink: EXP(x),))
LOG: Function = Function("log", 1, (lambda x, at_kink: 1 / x,))
SQRT: Function = Function("sqrt", 1, (lambda x, at_kink: 1 / (2 * SQRT(x)),))
SIN: Function = Function("sin", 1, (lambda x, at_kink: COS(x),))
COS: Function = Function("cos", 1, (lambda x, at_kink: -SIN(x),))
TAN: Function = Function("tan", 1, (lambda x, at_kink: 1 / COS(x) ** 2,))
ASIN: Function = Function("asin", 1, (lambda x, at_kink: 1 / SQRT((1 - x) * (1 + x)),))
ACOS: Function = Function("acos", 1, (lambda x, at_kink: -(1 / SQRT((1 - x) * (1 + x))),))
ATAN: Function = Function("atan", 1, (lambda x, at_kink: 1 / (1 + x**2),))
SINH: Function = Function("sinh", 1, (lambda x, at_kink: COSH(x),))
COSH: Function = Function("cosh", 1, (lambda x, at_kink: SINH(x),))
TANH: Function = Function("tanh", 1, (lambda x, at_kink: _tanh_slope(x),), printed=(lambda x: 1 - TANH(x) ** 2,))
EXPM1: Function = Function("expm1", 1, (lambda x, at_kink: EXP(x),))
LOG1P: Function = Function("log1p", 1, (lambda x, at_kink: 1 / (1 + x),))
ERF: Function = Function("erf", 1, (lambda x, at_kink: 2 / SQRT(PI()) * EXP(-(x**2)),))
ERFC: Function = Function("erfc", 1, (lambda x, at_kink: -(2 / SQRT(PI()) * EXP(-(x**2))),))
ABS: Function = Function("abs", 1, (lambda x, at_kink: BySign(x, Negative(ONE), at_kink, ONE, kink=True),))
SIGN: Function = Function("sign", 1, (lambda x, at_kink: BySign(x, ZERO, NO_SLOPE, ZERO, kink=True),))
MAX: Function = Function(
    "max",
    2,
    (
        lambda a, b, at_kink: BySign(a - b, ZERO, at_kink, ONE, kink=True),
        lambda a, b, at_kink: BySign(a - b, ONE, at_kink, ZERO, kink=True),
    ),
)
MIN: Function = Function(
    "min",
    2,
    (
        lambda a, b, at_kink: BySign(a - b, ONE, at_kink, ZERO, kink=True),
        lambda a, b, at_kink: BySign(a - b, ZERO, at_kink, ONE, kink=True),
    ),
)


def _tanh_slope(x: Expression) -> Expression:
    tail = EXP(-2 * ABS(x))
    return 4 * tail / (1 + tail) ** 2


def _sigmoid(x: Expression) -> Expression:
    return BySign(x, EXP(x) / (1 + EXP(x)), HALF, 1 / (1 + EXP(-x)))


def _sigmoid_slope(x: Expression) -> Expression:
    tail = EXP(-ABS(x))
    return tail / (1 + tail) ** 2


def _silu(x: Expression) -> Expression:
    # exp(x/2) twice: exp(x) loses digits below 1e-308 while x·exp(x) is still a normal number.
    return BySign(x, x * EXP(x / 2) / (1 + EXP(x)) * EXP(x / 2), ZERO, x / (1 + EXP(-x)))


def _silu_slope(x: Expression) -> Expression:
    below = (1 + x + EXP(x)) * EXP(x / 2) / (1 + EXP(x)) ** 2 * EXP(x / 2)
    above = (1 + (1 + x) * EXP(-x)) / (1 + EXP(-x)) ** 2
    return BySign(x, below, HALF, above)


def _normal_share(x: Expression) -> Expression:
    return ERFC(-x / SQRT(Number(Fraction(2)))) / 2


def _normal_density(x: Expression) -> Expression:
    return EXP(-(x**2) / 2) / SQRT(2 * PI())


def _gelu_tanh_inner(x: Expression) -> Expression:
    return SQRT(2 / PI()) * (x + Number(Fraction(44715, 10**6), "0.044715") * x**3)


def _gelu_tanh(x: Expression) -> Expression:
    # (1 + tanh u)/2 = sigmoid(2u), which loses nothing for negative u.
    twice = 2 * _gelu_tanh_inner(x)
    below = x * EXP(twice / 2) / (1 + EXP(twice)) * EXP(twice / 2)
    return BySign(x, below, ZERO, x / (1 + EXP(-twice)))


def _gelu_tanh_slope(x: Expression) -> Expression:
    # sigmoid(2u) + x·2u'·exp(-|2u|)/(1 + exp(-|2u|))². From the left x·exp(-|2u|)·x·x does not overflow, and it has no
    # power of a small number: LibreOffice gives #NUM! for one that is less than the least normal double.
    twice = 2 * _gelu_tanh_inner(x)
    tail = EXP(-ABS(twice))
    growth = x * tail + Number(Fraction(134145, 10**6), "0.134145") * (x * tail * x * x)
    return _sigmoid(twice) + 2 * SQRT(2 / PI()) * growth / (1 + tail) ** 2


def gelu_tanh_printed_slope(
    x: Expression, _out: Expression, _settings: Mapping[str, Fraction], _at_kink: Expression
) -> Expression:
    """The slope of gelu_tanh as it is printed: (1 + tanh u)/2 + x(1 - tanh² u)u'/2 with u' written out."""
    tanh = TANH(_gelu_tanh_inner(x))
    steepness = SQRT(2 / PI()) * (1 + Number(Fraction(134145, 10**6), "0.134145") * x**2)
    return (1 + tanh) / 2 + x * (1 - tanh**2) * steepness / 2


SIGMOID: Function = Function(
    "sigmoid",
    1,
    (lambda x, at_kink: _sigmoid_slope(x),),
    definition=lambda x: 1 / (1 + EXP(-x)),
    stable=_sigmoid,
    printed=(lambda x: SIGMOID(x) * (1 - SIGMOID(x)),),
)
RELU: Function = Function(
    "relu",
    1,
    (lambda x, at_kink: BySign(x, ZERO, at_kink, ONE, kink=True),),
    definition=lambda x: MAX(0, x),
    stable=lambda x: BySign(x, ZERO, ZERO, x),
)
SOFTPLUS: Function = Function(
    "softplus",
    1,
    (lambda x, at_kink: _sigmoid(x),),
    definition=lambda x: LOG(1 + EXP(x)),
    stable=lambda x: MAX(x, 0) + LOG1P(EXP(-ABS(x))),
    printed=(lambda x: SIGMOID(x),),
)
SILU: Function = Function(
    "silu",
    1,
    (lambda x, at_kink: _silu_slope(x),),
    definition=lambda x: x / (1 + EXP(-x)),
    stable=_silu,
    printed=(lambda x: SIGMOID(x) + SILU(x) * (1 - SIGMOID(x)),),
)
GELU: Function = Function(
    "gelu",
    1,
    (lambda x, at_kink: _normal_share(x) + x * _normal_density(x),),
    definition=lambda x: x * (1 + ERF(x / SQRT(Number(Fraction(2))))) / 2,
    stable=lambda x: x * _normal_share(x),
    printed=(lambda x: NORMAL_SHARE(x) + x * NORMAL_DENSITY(x),),
)
GELU_TANH: Function = Function(
    "gelu_tanh",
    1,
    (lambda x, at_kink: _gelu_tanh_slope(x),),
    definition=lambda x: x * (1 + TANH(_gelu_tanh_inner(x))) / 2,
    stable=_gelu_tanh,
)
NORMAL_SHARE: Function = Function(
    "normal_cdf",
    1,
    (lambda x, at_kink: _normal_density(x),),
    definition=lambda x: (1 + ERF(x / SQRT(Number(Fraction(2))))) / 2,
    stable=_normal_share,
    printed=(lambda x: NORMAL_DENSITY(x),),
)
NORMAL_DENSITY: Function = Function(
    "normal_pdf", 1, (lambda x, at_kink: -x * _normal_density(x),), definition=_normal_density
)


def leaky_relu(slope: Fraction) -> Function:
    """The identity above 0, and ``slope`` times it below."""
    tilted = Number(slope)
    return Function(
        "leaky_relu",
        1,
        (lambda x, at_kink: BySign(x, tilted, at_kink, ONE, kink=True),),
        definition=lambda x: BySign(x, slope * x, ZERO, x),
        settings=(("slope", slope),),
    )


def elu(alpha: Fraction) -> Function:
    """The identity above 0, and ``alpha*(exp(x) - 1)`` below; a kink at 0 unless alpha is 1."""

    def slope(x: Expression, at_kink: Expression) -> Expression:
        below = EXP(x) if alpha == 1 else alpha * EXP(x)
        return BySign(x, below, ONE if alpha == 1 else at_kink, ONE, kink=alpha != 1)

    return Function(
        "elu",
        1,
        (slope,),
        definition=lambda x: BySign(x, EXP(x) - 1 if alpha == 1 else alpha * (EXP(x) - 1), ZERO, x),
        stable=lambda x: BySign(x, EXPM1(x) if alpha == 1 else alpha * EXPM1(x), ZERO, x),
        settings=(("alpha", alpha),),
    )


LEAKY_RELU = leaky_relu(Fraction(1, 100))
ELU = elu(Fraction(1))

_ALL = (
    EXP, LOG, SQRT, SIN, COS, TAN, ASIN, ACOS, ATAN, SINH, COSH, TANH, EXPM1, LOG1P, ERF, ERFC, ABS, SIGN, MAX, MIN, PI,
    SIGMOID, RELU, LEAKY_RELU, ELU, SOFTPLUS, SILU, GELU, GELU_TANH, NORMAL_SHARE, NORMAL_DENSITY,
)  # fmt: skip

FUNCTIONS: Mapping[str, Function] = MappingProxyType({each.name: each for each in _ALL} | {"ln": LOG})
"""Every function that a formula may call, by name; ``pi`` is written without brackets."""
