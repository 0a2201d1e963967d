"""The functions that formulas may call, with their partials. Never evaluates: numbers belong to the domains of evaluation.

A primitive has no definition; each domain and each dialect says how it computes or prints it.
"""

from __future__ import annotations

from fractions import Fraction

from symbackprop.expressions import ONE, ZERO, BySign, Expression, Function, Negative, Number

Slope = Expression
HALF = Number(Fraction(1, 2))


EXP = Function("exp", 1, (lambda x, at_kink: EXP(x),))
LOG = Function("log", 1, (lambda x, at_kink: 1 / x,))
SQRT = Function("sqrt", 1, (lambda x, at_kink: 1 / (2 * SQRT(x)),))
SIN = Function("sin", 1, (lambda x, at_kink: COS(x),))
COS = Function("cos", 1, (lambda x, at_kink: -SIN(x),))
TANH = Function("tanh", 1, (lambda x, at_kink: 1 - TANH(x) ** 2,))
EXPM1 = Function("expm1", 1, (lambda x, at_kink: EXP(x),), definition=lambda x: EXP(x) - 1)
LOG1P = Function("log1p", 1, (lambda x, at_kink: 1 / (1 + x),), definition=lambda x: LOG(1 + x))
ABS = Function("abs", 1, (lambda x, at_kink: BySign(x, Negative(ONE), at_kink, ONE, kink=True),))
MAX = Function(
    "max",
    2,
    (
        lambda a, b, at_kink: BySign(a - b, ZERO, at_kink, ONE, kink=True),
        lambda a, b, at_kink: BySign(a - b, ONE, at_kink, ZERO, kink=True),
    ),
)
# H3 completes this table (min, sign, tan, sinh, cosh, atan, erf, ...) and FUNCTIONS
