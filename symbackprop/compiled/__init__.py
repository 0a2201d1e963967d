"""A derivation as fast functions: `compiled` gives the function, `source` its code. Derives nothing."""

from __future__ import annotations

from symbackprop.compiled import building
from symbackprop.compiled.arrays import array_source
from symbackprop.compiled.c import c_source
from symbackprop.compiled.functions import ArrayGradient, CGradient, Gradient, PythonGradient
from symbackprop.compiled.program import program_of
from symbackprop.compiled.python import STRAIGHT, python_source
from symbackprop.compiled.statements import Program
from symbackprop.derivation import Derivation
from symbackprop.errors import InputError, suggestion

__all__ = ["TARGETS", "Gradient", "compiled", "source"]

TARGETS = {
    "python": (python_source, PythonGradient),
    "numpy": (array_source, ArrayGradient),
    "c": (c_source, CGradient),
}

WIDE = 100_000  # operations for one observation, above which matmul of many beats our loops
MANY = 16


def compiled(derivation: Derivation, target: str | None = None) -> Gradient:
    """The gradients as a function, in the target's language: python, numpy or c. None picks one, and says which.

    Raises OutsideError where C is asked for and there is no compiler, or it fails.
    """
    program = program_of(derivation)
    if target is None:
        target, reason = _picked(program)
    else:
        reason = "as asked for"
    write, kind = TARGETS[_checked(target)]
    return kind(program, write, reason)


def source(derivation: Derivation, target: str = "python") -> str:
    """The code alone: a file that needs nothing of ours."""
    write, _ = TARGETS[_checked(target)]
    return write(program_of(derivation))


def _checked(target: str) -> str:
    if target not in TARGETS:
        raise InputError(f"unknown target {target!r}; {suggestion(target, TARGETS)}")
    return target


def _picked(program: Program) -> tuple[str, str]:
    """The target for this size: C where there is a compiler, numpy for wide layers and many observations."""
    operations = program.operations
    count = program.observations
    size = f"about {operations:,} operations for one observation"
    if operations > WIDE and count > MANY:
        return "numpy", f"{size}, and {count:,} observations: matrix products"
    if building.compiler() is not None:
        return "c", f"{size}, and there is a C compiler"
    if operations <= STRAIGHT and count <= MANY:
        return "python", f"{size}, and there is no C compiler"
    return "numpy", f"{size}, and there is no C compiler"
