"""What a compiled function takes and gives back: the loss with its gradients, or with one step of training.

Names arrays of a derivation; never computes and knows no language.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from symbackprop.derivation import Derivation
from symbackprop.errors import InputError
from symbackprop.given import keys_of
from symbackprop.quantities import Array, Phase, Role

STEP = "step"  # the key of the number of the step, where a rule counts them


@dataclass(frozen=True, slots=True)
class Task:
    """A function by name: what it takes besides inputs and targets, and what it gives besides the loss, by keys.

    ``prefix`` stands before a key in the name of a result in C (``dW1``); ``sentence`` says what is given back.
    """

    title: str
    function: str
    sentence: str
    prefix: str
    parameters: Mapping[str, Array]
    results: Mapping[str, Array]


def gradients_of(derivation: Derivation) -> Task:
    """The derivatives of the loss by the contract's keys: ``W1``, ``b1``, or a program's own names."""
    parameters = keys_of(derivation)
    results = {key: derivation.gradient_array(array) for key, array in parameters.items()}
    prefix = "d_" if derivation.network.program else "d"
    sentence = "The loss, and its derivatives by"
    return Task("loss and gradients", "loss_and_gradients", sentence, prefix, parameters, results)


def step_of(derivation: Derivation) -> Task:
    """One update: of all that is trained, tied parameters once each, and of the update rule's states."""
    if derivation.after is None:
        raise InputError("training needs an [update] table: a rule and a learning rate")
    keys = {array: key for key, array in keys_of(derivation).items()}
    taken = {array: keys.get(array, array.label or "parameters") for array in derivation.arrays.parameters}
    changed = {key: array for array, key in taken.items() if array not in derivation.arrays.frozen}
    for array in derivation.system.givens:
        if array.role is Role.STATE:
            assert array.wrt is not None
            changed[f"{array.label}_{taken[array.wrt]}"] = array
    parameters = {key: array for array, key in taken.items()} | changed
    counter = Array(Role.SETTING, label=STEP)
    if counter in derivation.system.givens:
        parameters[STEP] = counter
    results = {key: replace(array, phase=Phase.NEW) for key, array in changed.items()}
    sentence = "The loss, and the new values of"
    return Task("loss and a step of training", "loss_and_step", sentence, "new_", parameters, results)
