"""Looking quantities up by name: by the neutral one or by the notation's, in any usual spelling.

A name is looked up whole, in a dictionary made from the names that quantities have; it is never taken apart into
indices. Only what the contract composes is composed: ``dA/dB``, the prefixes ``new:``, ``after:``, ``use:``,
``state:NAME:``, and ``@n``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from symbackprop.errors import UnknownName
from symbackprop.notation.dictionary import Dictionary, Entry
from symbackprop.notation.neutral import is_local, neutral_array
from symbackprop.notation.outline import Indices
from symbackprop.notation.spelling import as_quotient, observation_of, undotted
from symbackprop.quantities import Array, Phase, Quantity, Role, flat

if TYPE_CHECKING:
    from symbackprop.derivation import Derivation

LONGEST = 300
PREFIX = re.compile(r"\s*(new|after|use|direct)\s*:\s*(.*)", re.DOTALL)
STATE = re.compile(r"\s*state\s*:\s*([A-Za-z_]\w*)\s*:\s*(.*)", re.DOTALL)
DIFFERENTIAL = re.compile(r"\s*(?:d|∂|\\partial(?![A-Za-z]))\s*(.*)", re.DOTALL)
USE_NUMBER = re.compile(r"(.*)(?:\^\{)?\[(\d+)\]\}?", re.DOTALL)
PART = re.compile(r"E((?:\[\d+\])?)")
ARRAY = re.compile(r"\s*[A-Z]\[")  # W[1], as authors write the array that is w[1]
AFTER = "after:"
SHARED = frozenset({Role.LOSS, Role.PENALTY})  # sums over observations
DIFFERENTIATED = frozenset({Role.LOSS, Role.PART, Role.PENALTY, Role.NET, Role.OUT, Role.VARIABLE})


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a name asks for.

    ``array`` is the array, or for a derivative None: then ``of`` (at ``of_indices``) and ``wrt`` are set; ``use`` says
    that one use's share of a tied parameter's gradient is meant, ``direct`` the slope of one equation of a program.
    ``indices`` are those in ``array`` or ``wrt`` without the observation; None for a whole array. ``observation`` is
    None where the name has none.
    """

    array: Array | None = None
    indices: Indices | None = None
    observation: int | None = None
    of: Array | None = None
    of_indices: Indices | None = None
    wrt: Array | None = None
    use: bool = False
    direct: bool = False

    @property
    def of_unit(self) -> int | None:
        """The unit of what is differentiated; None for a whole layer, and for what has no units."""
        return next((each for each in self.of_indices or () if isinstance(each, int)), None)

    @property
    def of_map(self) -> bool:
        """Whether it is a slope of a layer's outs by its own nets, or of sizes by the parameters that they are of."""
        if self.of is None or self.wrt is None:
            return False
        outs = (self.of.role, self.wrt.role) == (Role.OUT, Role.NET) and is_local(self.of, self.wrt)
        return outs or self.of.wrt == self.wrt


class Names:
    """The names of a derivation's quantities. Dictionaries are made when they are first needed."""

    def __init__(self, derivation: Derivation):
        self.derivation = derivation
        self.notation = derivation.notation
        self.dictionary = Dictionary(derivation)

    def resolve(self, name: str) -> Quantity | Array:
        """The quantity that a name stands for, or the array, of a whole array's name.

        Derivatives, shares and sums that the derivation does not show are defined by it here. Unknown names are
        refused with the nearest good one.
        """
        return self._made(self.wanted(name), name)

    def resolve_all(self, name: str) -> Quantity | Array:
        """As `resolve`, but what is refused there for want of an observation is meant of all of them.

        Of several observations, ``t`` of a network with one output is the array of all targets then.
        """
        try:
            return self.resolve(name)
        except UnknownName:
            array = self._of_only_unit(name)
            if array is None:
                raise
            return array

    def _of_only_unit(self, name: str) -> Array | None:
        """The array whose only unit has the name, where the array has observations and their number is known."""
        bare, observation = observation_of(undotted(name))
        if observation or self._count is None:
            return None
        array = self._made_array(replace(self._composed(bare.strip(), name), indices=None), name)
        units = [axis for axis in array.axes if axis.kind != "observation"]
        return array if array.has_observations and all(axis.size == 1 for axis in units) else None

    def wanted(self, name: str) -> Wanted:
        """What a name asks for; see `resolve`."""
        if len(name) > LONGEST:
            raise UnknownName(f"a name of {len(name)} characters: no name is longer than {LONGEST}")
        bare, observation = observation_of(undotted(name))
        wanted = self._composed(bare.strip(), name)
        return self._at(wanted, observation, bare.strip()) if observation else self._whole_or_only(wanted, name)

    def __contains__(self, name: str) -> bool:
        try:
            self.resolve(name)
        except UnknownName:
            return False
        return True

    # Composition

    def _composed(self, text: str, whole: str) -> Wanted:
        quotient = as_quotient(text)
        prefix = PREFIX.fullmatch(quotient)
        if prefix and prefix[1] in ("use", "direct"):
            wanted = self._derivative(as_quotient(prefix[2]), whole)
            if wanted is None:
                raise UnknownName(
                    f"'{_short(whole)}': {prefix[1]}: stands before a derivative, as in use:dE/dw[1][0][0]"
                )
            return replace(wanted, use=prefix[1] == "use", direct=prefix[1] == "direct")
        derivative = self._derivative(quotient, whole)
        if derivative is not None:
            return derivative
        found = self._entry(text)
        if found is None:
            raise self._unknown(text, whole)
        array, indices = found
        return Wanted(array, indices)

    def _derivative(self, text: str, whole: str) -> Wanted | None:
        above, stroke, below = text.partition("/")
        over, under = DIFFERENTIAL.fullmatch(above), DIFFERENTIAL.fullmatch(below)
        if not stroke or not over or not under:
            return None
        numerator, denominator = _unwrapped(over[1]), _unwrapped(under[1])
        wrt, indices, use = self._denominator(denominator, whole)
        of, of_indices = self._numerator(numerator, wrt, indices, whole)
        direct = of.role is Role.VARIABLE and not above.lstrip().startswith("d") and self._slope(of, wrt) is not None
        return Wanted(None, indices, None, of, of_indices, wrt, use, direct)

    def _denominator(self, text: str, whole: str) -> tuple[Array, Indices | None, bool]:
        found = self._entry(text)
        if found is not None:
            return (*found, False)
        numbered = USE_NUMBER.fullmatch(text)
        named = self._entry(numbered[1]) if numbered else None
        if numbered and named and named[1] is not None:
            place = self._use(named[0], named[1], int(numbered[2]))
            if place is not None:
                return (*place, True)
        raise self._unknown(text, whole)

    def _use(self, array: Array, indices: Indices, number: int) -> tuple[Array, Indices] | None:
        """The place of the n-th use of a parameter that is gathered with tied ones; one that is not tied has one."""
        own = self.notation.outline.own
        text = own.get((array.role, array.layer, indices), ("", 0))[0]
        if not text and number == 1 and array in self.derivation.ties.reindexed:
            return array, indices
        for (role, layer, place), (name, use) in own.items():
            if name == text and use == number:
                found = (each for each in self.dictionary.arrays(Phase.NOW) if (each.role, each.layer) == (role, layer))
                return next(found), place
        return None

    def _numerator(self, text: str, wrt: Array, indices: Indices | None, whole: str) -> tuple[Array, Indices | None]:
        local = self._same_unit(text, wrt, indices)
        if local is not None:
            return local
        found = self.dictionary.find(text, Phase.NOW)
        if found is None or found[1] is None:
            found = self._loss_or_part(text) or self._entry(text)
        if found is None:
            raise self._unknown(text, whole)
        array, rest = found
        if array.role not in DIFFERENTIATED:
            raise UnknownName(
                f"'{_short(whole)}': {text} cannot be differentiated; what can: the loss, a part of it, a net, an out"
            )
        if rest is None:
            raise UnknownName(
                f"'{whole}': {text} is a whole array; name one of its entries, as in {neutral_array(array)}[0]"
            )
        if array.role is Role.PENALTY and array.axes and (array.wrt, rest) != self._behind_ties(wrt, indices):
            raise UnknownName(f"'{_short(whole)}': {text} is differentiated by the parameter that it is the size of")
        return array, rest

    def _same_unit(self, text: str, wrt: Array, indices: Indices | None) -> tuple[Array, Indices | None] | None:
        """For ``dout/dnet[1][0]`` and ``dnet/dw[1][0][2]``: the net or out of the same unit as the other side."""
        bare = text.removeprefix(AFTER)
        phase = wrt.phase if bare == text else Phase.AFTER
        if bare not in (Role.NET, Role.OUT) or wrt.layer is None:
            return None
        phase = Phase.AFTER if phase is Phase.NEW else phase
        role = Role.NET if wrt.layer in self.notation.merged else Role(bare)
        for of in self.dictionary.arrays(phase):
            if of.role is role and of.layer == wrt.layer and (is_local(of, wrt) or of == wrt):
                return of, None if indices is None else (indices or (0,))[:1]
        return None

    def _loss_or_part(self, text: str) -> Entry | None:
        """``E`` is the loss and ``E[0]`` a part of it whatever the notation calls them."""
        after = text.startswith(AFTER)
        found = PART.fullmatch(text.removeprefix(AFTER))
        entry = self.dictionary.names(Phase.NOW).get("loss" + found[1]) if found else None
        return self._later(entry, Phase.AFTER) if after else entry

    def _entry(self, text: str) -> Entry | None:
        """The array and indices of a name that is no derivative."""
        found = self.dictionary.find(text, Phase.NOW)
        if found is not None:
            return found
        prefix, state = PREFIX.fullmatch(text), STATE.fullmatch(text)
        if prefix and prefix[1] in ("new", "after"):
            return self._later(self._entry(prefix[2]), Phase(prefix[1]))
        if state:
            return self._state(state[1], self._entry(state[2]))
        found = self.dictionary.find(text, Phase.NEW) or self.dictionary.find(text, Phase.AFTER)
        return found or (self._entry(text.lower()) if ARRAY.match(text) else None)

    def _later(self, entry: Entry | None, phase: Phase) -> Entry | None:
        if entry is None or entry[0].phase is not Phase.NOW:
            return None
        array = replace(entry[0], phase=phase)
        computed = replace(array, role=Role.NET) if array.role is Role.WEIGHTED_SUM else array
        return (array, entry[1]) if computed in self.dictionary.there(phase) else None

    def _state(self, label: str, entry: Entry | None) -> Entry | None:
        if entry is None:
            return None
        array, indices = self._behind_ties(*entry)
        state = Array(Role.STATE, array.axes, array.layer, label, wrt=array)
        return (state, indices) if state in self.dictionary.there(Phase.NOW) else None

    def _behind_ties(self, array: Array, indices: Indices | None) -> tuple[Array, Indices | None]:
        """The entry of a vector that a tied parameter's place is taken from; any other entry as it is."""
        equation = self.derivation.ties.reindexed.get(array)
        if equation is None or indices is None:
            return array, indices
        number, place = equation.table[flat(tuple(each for each in indices if isinstance(each, int)), array.shape)]
        return equation.sources[number], place

    # Observations

    @property
    def _count(self) -> int | None:
        """How many observations there are; None: a symbol."""
        axes = (axis for array in self.derivation.arrays.inputs for axis in array.axes if axis.kind == "observation")
        return next((axis.size for axis in axes), 1)

    def _at(self, wanted: Wanted, observation: str, bare: str) -> Wanted:
        count = self._count
        if count is None:
            raise UnknownName(f"'{bare}@{observation}': the number of observations is the symbol n; give the inputs")
        if not observation.isdecimal() or len(observation) > 9 or int(observation) >= count:
            raise UnknownName(f"'{bare}@{observation}': there is no such observation; they are @0 to @{count - 1}")
        if wanted.indices is None:
            raise UnknownName(f"'{bare}@{observation}': @ stands behind one quantity, not behind a whole array")
        return replace(wanted, observation=int(observation))

    def _whole_or_only(self, wanted: Wanted, name: str) -> Wanted:
        count = self._count
        if wanted.indices is None or count == 1:
            return wanted
        of, wrt = wanted.of, wanted.wrt
        parts = (Role.PART,)
        each = (
            wanted.array.has_observations and wanted.array.role not in parts
            if wanted.array is not None
            else (wrt is not None and wrt.has_observations)
            or (of is not None and of.has_observations and of.role not in parts)
        )
        if each and count is not None:
            raise UnknownName(
                f"'{name}': there are {count} observations; say which, from {name}@0 to {name}@{count - 1}"
            )
        if each:
            raise UnknownName(
                f"'{name}': the number of observations is the symbol n; give the inputs, then say {name}@0"
            )
        return wanted

    # From what is wanted to arrays

    def _made(self, wanted: Wanted, name: str) -> Quantity | Array:
        array = self._made_array(wanted, name)
        if wanted.indices is None:
            return array
        places = tuple(each for each in wanted.indices if isinstance(each, int))
        if wanted.of_map and len([axis for axis in array.axes if axis.kind != "observation"]) > len(places):
            places = (wanted.of_unit or 0, *places)
        return Quantity(array, (wanted.observation or 0, *places) if array.has_observations else places)

    def _made_array(self, wanted: Wanted, name: str) -> Array:
        derivation = self.derivation
        share: Callable[[Array], Array] = derivation.share if self._shared(wanted) else _itself
        if wanted.array is not None:
            array = wanted.array
            if array.role is Role.WEIGHTED_SUM:
                return derivation.weighted_sum(replace(array, role=Role.NET))
            if array.role is Role.PART and (
                wanted.indices is None or (wanted.observation is None and self._count != 1)
            ):
                return derivation.output_part(array.phase)
            if wanted.observation is not None and not array.has_observations and array.role not in SHARED:
                raise UnknownName(f"'{name}': {neutral_array(array)} is the same for all observations; leave out @")
            return share(array)
        of, wrt = wanted.of, wanted.wrt
        assert of is not None
        assert wrt is not None
        if wanted.of_map or wanted.direct:
            slope = self._slope(of, wrt, "direct" if wanted.direct else "")
            if slope is not None and (
                wanted.direct or wanted.indices == wanted.of_indices or len(slope.axes) > len(wrt.axes)
            ):
                return slope
        if wanted.indices is None and wanted.of_unit is None and of.axes and of.role is not Role.PART:
            raise UnknownName(f"'{name}': name one entry, as in d{of.role.value}/d{neutral_array(wrt)}[0]")
        array = derivation.derivative(of, wanted.of_unit, wrt)
        if wanted.use and wrt in derivation.ties.reindexed:
            array = derivation.use(array)
        return share(array)

    def _shared(self, wanted: Wanted) -> bool:
        return wanted.observation is not None and self._count != 1

    def _slope(self, of: Array, wrt: Array, label: str = "direct") -> Array | None:
        """The array of a map's own slope that the system shows, if it shows one."""
        known = self.derivation.system.definitions
        slopes = (each for each in known if each.role is Role.DERIVATIVE and each.of == of and each.wrt == wrt)
        return next((each for each in slopes if each.of_unit is None and each.label == label), None)

    def _unknown(self, text: str, whole: str) -> UnknownName:
        inside = f" in '{_short(whole)}'" if text.strip() != whole.strip() else ""
        return UnknownName(f"unknown name '{_short(text)}'{inside}; {self.dictionary.nearest(text)}")


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:40] + "..."


def _itself(array: Array) -> Array:
    return array


def _unwrapped(text: str) -> str:
    text = text.strip()
    return text[1:-1] if text[:1] == "(" and text[-1:] == ")" else text
