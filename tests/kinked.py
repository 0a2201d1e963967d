"""What has a kink: the entries of the catalogue, and the rules for the slope there. Derives nothing."""

from __future__ import annotations

from symbackprop.catalogue.activations import ACTIVATIONS
from symbackprop.catalogue.losses import LOSSES
from symbackprop.catalogue.penalties import PENALTIES

RULES = {"0": 0.0, "1": 1.0, '"1/2"': 0.5}  # as a description says one, and its number
KINKED_ACTIVATIONS = [name for name, entry in ACTIVATIONS.items() if entry.kinked]
KINKED_LOSSES = [name for name, entry in LOSSES.items() if entry.kinked]
KINKED_PENALTIES = [name for name, entry in PENALTIES.items() if entry.kinked]
