"""The tables of the catalogue."""

from __future__ import annotations

from symbackprop.catalogue.activations import ACTIVATIONS
from symbackprop.catalogue.losses import LOSSES
from symbackprop.catalogue.pairs import PAIRS
from symbackprop.catalogue.penalties import PENALTIES
from symbackprop.catalogue.updates import UPDATES
from symbackprop.expressions import ONE, Reference, substituted


def test_the_tables_are_ordered_and_named() -> None:
    for table in (ACTIVATIONS, LOSSES, PAIRS, PENALTIES, UPDATES):
        assert [entry.name for entry in table.values()] == list(table)
        assert all(entry.sentence for entry in table.values())
    assert substituted(ONE, Reference) == ONE
