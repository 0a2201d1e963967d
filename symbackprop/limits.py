"""Limits that more than one room keeps to. Nothing else."""

MOST_DIGITS = 10_000  # of an evaluation to any precision
AGREEING_DIGITS = 40  # at a random point, of what counts as equal there
