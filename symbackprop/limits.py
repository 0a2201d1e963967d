"""Limits that more than one room refuses above. Nothing else."""

MOST_DIGITS = 10_000  # of an evaluation to any precision
