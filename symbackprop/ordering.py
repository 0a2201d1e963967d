"""What stands behind all that it needs, without recursion: programs are long. Computes nothing."""

from __future__ import annotations

from collections.abc import Callable, Container, Hashable, Iterable, Iterator
from typing import TypeVar

from symbackprop.expressions import Expression, leaves
from symbackprop.quantities import Quantity

Node = TypeVar("Node", bound=Hashable)


def in_order(wanted: Node, needs: Callable[[Node], Iterable[Node]], known: Container[Node]) -> Iterator[Node]:
    """What is wanted, behind all that it needs and that is not known yet.

    Whoever takes a node from here puts it into ``known`` before asking for the next. ``needs`` is asked twice of a node
    that needs something. Of several, the last is taken first.
    """
    waiting = [wanted]
    while waiting:
        here = waiting[-1]
        if here in known:
            waiting.pop()
            continue
        missing = [each for each in needs(here) if each not in known]
        if missing:
            waiting += missing
        else:
            yield here
            waiting.pop()


def operands(expression: Expression) -> list[Quantity]:
    """The quantities that an expression is made of, each once, in its order."""
    return list(dict.fromkeys(leaf for leaf in leaves(expression) if isinstance(leaf, Quantity)))
