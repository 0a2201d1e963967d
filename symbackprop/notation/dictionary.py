"""The dictionary of a derivation: each name of a quantity or array, with what it stands for. Composes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from difflib import get_close_matches
from functools import cached_property
from typing import TYPE_CHECKING

from symbackprop.notation.lettering import ascii_name
from symbackprop.notation.neutral import neutral_array
from symbackprop.notation.outline import Indices
from symbackprop.notation.spelling import loosened, spelling
from symbackprop.quantities import Array, Phase, Role

if TYPE_CHECKING:
    from symbackprop.derivation import Derivation

COMPARED = 4_000  # names that an unknown one is compared with
LISTED = 8

Entry = tuple[Array, Indices | None]  # None: the whole array


class Dictionary:
    """Names by phase, in the spelling of `spelling`; made when they are first needed."""

    def __init__(self, derivation: Derivation):
        self.derivation = derivation
        self.notation = derivation.notation

    @property
    def made(self) -> int:
        """How many names have been made so far."""
        return sum(len(known) for known in self._dictionaries.values())

    def find(self, text: str, phase: Phase) -> Entry | None:
        """What a name stands for in a phase: exactly, or with signs left out where that is not ambiguous."""
        spelt = spelling(text)
        mark = {Phase.NEW: self.notation.style.new_mark, Phase.AFTER: self.notation.style.after_mark}.get(phase, "")
        if mark.strip("()") not in spelt:
            return None
        known = self.names(phase)
        return known.get(spelt) or known.get(self._loose(phase).get(loosened(spelt), ""))

    def arrays(self, phase: Phase) -> Iterator[Array]:
        """The arrays of a phase that have names, in order: the system's, and the weighted sums."""
        for array in self.there(phase):
            if array.role is Role.NET:
                yield replace(array, role=Role.WEIGHTED_SUM)
            yield array

    def there(self, phase: Phase) -> dict[Array, None]:
        """The system's arrays of a phase, derivatives left out."""
        return self._by_phase[phase]

    @cached_property
    def _by_phase(self) -> dict[Phase, dict[Array, None]]:
        system = self.derivation.system
        arrays: dict[Phase, dict[Array, None]] = {phase: {} for phase in Phase}
        for array in (*system.givens, *system.definitions):
            if array.role is not Role.DERIVATIVE:
                arrays[array.phase][array] = None
        return arrays

    @cached_property
    def _dictionaries(self) -> dict[Phase, dict[str, Entry]]:
        return {}

    @cached_property
    def _loose_dictionaries(self) -> dict[Phase, dict[str, str]]:
        return {}

    def names(self, phase: Phase) -> dict[str, Entry]:
        """Names, as `spelling` has them, with what they stand for; neutral ones of the phase NOW only."""
        if phase not in self._dictionaries:
            known: dict[str, Entry] = {}
            arrays = list(self.arrays(phase))
            for array in arrays:
                for text, entry in self._notation_names(array):
                    known.setdefault(text, entry)  # a tied name stands for its first use
            for array in arrays:
                known.update({text: entry for text, entry in self._other_names(array) if text not in known})
            if phase is Phase.NOW:
                for array in arrays:
                    for text, entry in self._neutral_names(array):
                        known.setdefault(text, entry)
                known.setdefault("loss", (self.derivation.now.loss, ()))
            for array in arrays:
                if array.role is not Role.PART:
                    known.setdefault(ascii_name(self.notation.array_name(array)), (array, None))
            self._dictionaries[phase] = known
        return self._dictionaries[phase]

    def _notation_names(self, array: Array) -> Iterator[tuple[str, Entry]]:
        """The names of the entries; those of a vector of gathered parameters are names of their places."""
        if array.role is Role.PARAMETER and array.axes:
            return
        entry = self.notation.entry
        for rest in _places(array):
            yield ascii_name(entry(array, "", rest)), (array, rest)

    def _other_names(self, array: Array) -> Iterator[tuple[str, Entry]]:
        for rest in _places(array) if array.role is Role.OUT else ():
            other = self.notation.other_name(array, rest)
            if other is not None:
                yield ascii_name(other), (array, rest)

    def _neutral_names(self, array: Array) -> Iterator[tuple[str, Entry]]:
        """Neutral names of the entries and of the whole; of a shared bias every unit's name is the one entry's."""
        if array.role is Role.NET and array.layer in self.notation.merged:
            yield from self._neutral_names_as(array, neutral_array(replace(array, role=Role.OUT)))
        whole = neutral_array(array)
        if array.role is Role.BIAS and not array.axes and array.layer is not None:
            for unit in range(self.notation.outline.widths[array.layer]):
                yield f"{whole}[{unit}]", (array, ())
            yield whole, (array, ())
            return
        yield from self._neutral_names_as(array, whole)

    def _neutral_names_as(self, array: Array, whole: str) -> Iterator[tuple[str, Entry]]:
        for rest in _places(array):
            yield whole + "".join([f"[{index}]" for index in rest]), (array, rest)
        if any(axis.kind != "observation" for axis in array.axes) and array.role is not Role.PART:
            yield whole, (array, None)

    def _loose(self, phase: Phase) -> dict[str, str]:
        if phase not in self._loose_dictionaries:
            loose: dict[str, str] = {}
            known = self.names(phase)
            for text, (_, indices) in known.items():
                short = loosened(text)
                other = known[loose[short]][1] if loose.get(short) else None
                if short not in loose or (indices is not None and loose[short] and other is None):
                    loose[short] = text
                elif (indices is None) == (other is None):
                    loose[short] = ""
            self._loose_dictionaries[phase] = loose
        return self._loose_dictionaries[phase]

    def nearest(self, text: str) -> str:
        """``did you mean 'w_1'? known: ...`` for a name that is not here."""
        spelt = spelling(text)
        known = self.names(Phase.NOW)
        alike = [each for each in known if each[:1] == spelt[:1] and abs(len(each) - len(spelt)) <= 2][:COMPARED]
        near = get_close_matches(spelt, alike, n=1) or get_close_matches(spelt, list(known)[:COMPARED], n=1)
        return (f"did you mean '{near[0]}'? " if near else "") + f"known: {', '.join(list(known)[:LISTED])}, ..."


def _places(array: Array) -> Iterable[Indices]:
    """The indices of an array's entries without the observation's, in row-major order."""
    extents = [axis.size or 0 for axis in array.axes if axis.kind != "observation"]
    match extents:
        case []:
            return [()]
        case [extent]:
            return [(index,) for index in range(extent)]
        case [rows, columns]:
            return [(row, column) for row in range(rows) for column in range(columns)]
    raise AssertionError(array)
