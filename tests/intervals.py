"""Arithmetic with intervals of exact numbers: what a formula of printed numbers can be worth. Reads no text."""

from __future__ import annotations

import math
from fractions import Fraction

Interval = tuple[Fraction, Fraction]
SLACK = Fraction(1, 10**11)  # of functions computed in doubles, relative to what goes in and out
EVERYTHING = Fraction(10**30)
CONSTANTS = {"pi": (Fraction(math.pi),) * 2, "e": (Fraction(math.e),) * 2}


class Unreadable(Exception):
    """Not a formula of numbers and known functions."""


def product(left: Interval, right: Interval) -> Interval:
    ends = [one * other for one in left for other in right]
    return min(ends), max(ends)


def quotient(above: Interval, below: Interval) -> Interval:
    low, high = below
    if low <= 0 <= high:
        return -EVERYTHING, EVERYTHING
    return product(above, (1 / high, 1 / low))


def raised(base: Interval, exponent: Interval) -> Interval:
    low, high = exponent
    if low != high or low.denominator != 1 or abs(low) > 40:
        if base[0] <= 0:
            raise Unreadable("a power of a number that may be negative")
        ends = [Fraction(float(one) ** float(other)) for one in base for other in exponent]
        return loosened(min(ends), max(ends))
    whole = int(low)
    if whole < 0:
        if base[0] <= 0 <= base[1]:
            return -EVERYTHING, EVERYTHING
        above = raised(base, (-low, -low))
        return 1 / above[1], 1 / above[0]
    ends = [each**whole for each in base]
    if whole % 2 == 0 and base[0] <= 0 <= base[1]:
        ends.append(Fraction(0))
    return min(ends), max(ends)


def loosened(low: Fraction, high: Fraction) -> Interval:
    slack = SLACK * max(abs(low), abs(high), Fraction(1, 10**9))
    return low - slack, high + slack


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x > -700 else 0.0


RISING = {
    "exp": lambda x: math.exp(min(x, 700.0)),
    "log": lambda x: math.log(max(x, 5e-324)),
    "ln": lambda x: math.log(max(x, 5e-324)),
    "sqrt": lambda x: math.sqrt(max(x, 0.0)),
    "tanh": math.tanh,
    "sinh": math.sinh,
    "atan": math.atan,
    "erf": math.erf,
    "σ": _sigmoid,
    "sigmoid": _sigmoid,
}


def called(name: str, arguments: list[Interval]) -> Interval:
    if name in RISING:
        (argument,) = arguments
        if name in ("log", "ln") and argument[0] <= 0:  # then the document carries more digits on than it shows
            return -EVERYTHING, EVERYTHING
        low, high = (Fraction(RISING[name](float(each))) for each in argument)
        slack = SLACK * max(1, abs(argument[0]), abs(argument[1]))
        return low - slack * max(abs(low), SLACK), high + slack * max(abs(high), SLACK)
    if name in ("max", "min"):
        chosen = max if name == "max" else min
        return chosen(low for low, _ in arguments), chosen(high for _, high in arguments)
    if name == "abs":
        low, high = arguments[0]
        inside = low <= 0 <= high
        return (Fraction(0) if inside else min(abs(low), abs(high))), max(abs(low), abs(high))
    if name == "sign":
        low, high = arguments[0]
        return Fraction((low > 0) - (low < 0)), Fraction((high > 0) - (high < 0))
    if name == "cos" or name == "sin":
        middle, half = (arguments[0][0] + arguments[0][1]) / 2, (arguments[0][1] - arguments[0][0]) / 2
        value = Fraction(getattr(math, name)(float(middle)))
        return value - half - SLACK, value + half + SLACK
    raise Unreadable(name)
