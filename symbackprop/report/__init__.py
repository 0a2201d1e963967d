"""The numbers of a derivation as tables and as JSON."""

from symbackprop.report.listed import MOST_FOR_PAIRS, entries_of, shown_name
from symbackprop.report.structures import as_json, evaluation, selection, training
from symbackprop.report.tables import numbers_text, parameters_text, selection_text
from symbackprop.report.writing import Writer, diverged_text, stopped_text

__all__ = [
    "MOST_FOR_PAIRS",
    "Writer",
    "as_json",
    "diverged_text",
    "entries_of",
    "evaluation",
    "numbers_text",
    "parameters_text",
    "selection",
    "selection_text",
    "shown_name",
    "stopped_text",
    "training",
]
