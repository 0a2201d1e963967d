"""Divisions by one number as products with its reciprocal, which is divided out once. Knows no language.

A vector division takes the time of some ten products. The result changes by about an ulp, so this is for lines that are
done for many observations; and the divisor must be bounded away from 0 by its form, so that no reciprocal overflows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

from symbackprop.compiled.forms import not_negative, positive
from symbackprop.compiled.statements import OBSERVATIONS
from symbackprop.expressions import ONE, Expression, Product, Quotient, Reference, parts, substituted
from symbackprop.functions import EXP
from symbackprop.quantities import Axis

Lines = Sequence[tuple[Hashable, Expression]]


@dataclass(frozen=True, slots=True)
class Inverse:
    """Stands for 1 divided by a number: a part that lines share, or the number of observations."""

    of: Hashable


SHARE = Inverse(OBSERVATIONS)  # 1/n: known before any line


def multiplied(lines: Lines) -> list[tuple[Hashable, Expression]]:
    """The lines with a reciprocal behind each number by which they divide twice, and with n's in place of n."""
    counts = Counter(base for _, law in lines for part in parts(law) for base in _divisors(part))
    signs: dict[Hashable, Expression] = {}
    chosen: set[Hashable] = {OBSERVATIONS}
    found: list[tuple[Hashable, Expression]] = []
    for target, law in lines:
        found.append((target, _with_inverses(law, chosen)))
        known = substituted(law, lambda leaf: signs.get(leaf, Reference(leaf)))
        if positive(known):
            signs[target] = ONE
            if counts[target] > 1:
                chosen.add(target)
                found.append((Inverse(target), Quotient(ONE, Reference(target))))
        elif not_negative(known):
            signs[target] = EXP(Reference(target))
    return found


def _divisors(part: Expression) -> Iterator[Hashable]:
    """What a quotient divides by, where that is a number with a name or a power of one."""
    if not isinstance(part, Quotient):
        return
    factors = part.denominator.operands if isinstance(part.denominator, Product) else (part.denominator,)
    first = factors[0]
    if isinstance(first, Reference) and all(each == first for each in factors):
        yield from (first.of for _ in factors)


def _with_inverses(law: Expression, chosen: set[Hashable]) -> Expression:
    whole = law.mapped(lambda child: _with_inverses(child, chosen))
    bases = list(_divisors(whole))
    if not isinstance(whole, Quotient) or not bases or bases[0] not in chosen:
        return whole
    inverse = Reference(SHARE if isinstance(bases[0], Axis) else Inverse(bases[0]))
    return Product((whole.numerator, *[inverse] * len(bases)))
