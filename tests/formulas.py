"""Formulas in x and y, made of every kind of function."""

from __future__ import annotations

from hypothesis import strategies as st

from symbackprop.expressions import Expression
from symbackprop.formulas import parse


def read(text: str) -> Expression:
    return parse(text, variables=["x", "y"])


FORMULAS = [
    "x + y",
    "x*y",
    "x/y",
    "x - x*y + y*y",
    "exp(x)*y",
    "log(abs(x) + 1)/3",
    "sin(x) - cos(y)",
    "tan(x/7)",
    "atan(x)*asin(y/60)",
    "acos(x/60) + sinh(y)/cosh(x)",
    "expm1(x/9)*log1p(abs(y))",
    "erf(x) + erfc(x)*y",
    "tanh(x)^3 - 1/3",
    "abs(x)^0.3",
    "abs(x)^(1/3) + pi",
    "sqrt(abs(x*y))",
    "2^x",
    "max(x, y, 1/3)*min(x, 2)",
    "sigmoid(x)*softplus(y) - silu(x)",
    "gelu(x) + gelu_tanh(y)",
    "(x + 1)^7/(y*y + 1)",
    "normal_cdf(x)*normal_pdf(y)",
]
SMALL = st.floats(-50, 50)
