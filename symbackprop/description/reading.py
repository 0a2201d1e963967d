"""Reads the numbers, names and formulas of a description's table, and collects every problem with its place.

Knows no section of a description: ``description.py`` says what stands where.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches

from symbackprop.description.numerals import Unusable, exact, exact_integer, shortened
from symbackprop.description.shapes import kind_of, where_it_belongs
from symbackprop.description.source import control_character
from symbackprop.errors import DescriptionError, FormulaError, suggestion
from symbackprop.network import Choice, Entry, ExactNumber, Matrix, Row
from symbackprop.notation.patterns import own_name

MOST_TOLD = 5  # problems in one error
LONGEST_NAME = 80
RESERVED = ("lr", "loss", "penalty")  # neutral names of single quantities

_NAME = re.compile(r"\\?[^\W\d][\w\\^{}()',*]*")
_IDENTIFIER = re.compile(r"[^\W\d]\w*")


class Reading:
    """What has been found in one description so far: its problems, and every name with the places that use it."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.problems: list[tuple[str, str]] = []
        self.uses: dict[str, list[tuple[str, str]]] = {}  # name -> (what for, place)

    def problem(self, place: str, what: str) -> None:
        """Notes what is wrong at a place."""
        self.problems.append((place, what))

    def stop_if_wrong(self) -> None:
        """Raises DescriptionError with the first few problems, one a line, if there are any."""
        if not self.problems:
            return
        told = dict.fromkeys(f"{place}: {what}" for place, what in self.problems)
        start = f"{self.source}: " if self.source else ""
        lines = [start + problem for problem in list(told)[:MOST_TOLD]]
        if len(told) > MOST_TOLD:
            lines.append(f"{start}and {len(told) - MOST_TOLD:,} more")
        raise DescriptionError("\n".join(lines))

    def texts(self, value: object, place: str) -> None:
        """Notes every control character in the texts of a table."""
        if isinstance(value, str):
            wrong = control_character(value)
            if wrong is not None:
                self.problem(place, wrong)
        elif isinstance(value, dict):
            for key, item in value.items():
                inside = f"{place}.{shortened(str(key))}" if place else shortened(str(key))
                if isinstance(key, str) and control_character(key) is not None:
                    self.problem(place or "top", f"in a key: {control_character(key)}")
                elif isinstance(item, str | dict | list):
                    self.texts(item, inside)
        elif isinstance(value, list):
            for index, item in enumerate(value):
                if isinstance(item, str | dict | list):
                    self.texts(item, f"{place}[{index}]")

    def entry(self, value: object, place: str, *, use: str) -> Entry:
        """A number, or a parameter's name; what is neither is a problem (and stands as the name "?")."""
        number = self._number(value)
        if isinstance(number, ExactNumber):
            return number
        if isinstance(value, str) and number is None:
            if self.name_is_good(value, place):
                self.uses.setdefault(value, []).append((use, place))
            return value
        if isinstance(number, Unusable):
            text = shortened(number.text)
            self.problem(place, f"{text} {number.why}")
        else:
            self.problem(place, f"is {kind_of(value)}; allowed: a number or a parameter's name")
        return "?"

    def number(self, value: object, place: str) -> ExactNumber | None:
        """A number; None, and a problem, if it is none."""
        number = self._number(value)
        if isinstance(number, ExactNumber):
            return number
        if isinstance(number, Unusable):
            self.problem(place, f"{shortened(number.text)} {number.why}")
        else:
            self.problem(place, f'is {kind_of(value)}; allowed: a number, for instance 0.5 or "1/3"')
        return None

    def row(self, values: object, place: str, *, use: str) -> Row:
        """A list of numbers and names."""
        if not isinstance(values, list):
            self.problem(place, f"is {kind_of(values)}; allowed: a list of numbers, in brackets")
            return ()
        return tuple(
            value if type(value) is ExactNumber and value.text else self.entry(value, f"{place}[{index}]", use=use)
            for index, value in enumerate(values)
        )

    def matrix(self, rows: list[object], place: str, *, use: str) -> Matrix | None:
        """A list of lists of numbers and names; None, and a problem, if it is none."""
        if not rows:
            self.problem(place, "is empty; leave it out if there are no values")
            return None
        if not any(isinstance(row, list) for row in rows):
            written = ", ".join(getattr(row, "text", str(row)) for row in rows[:3]) + (", ..." if len(rows) > 3 else "")
            self.problem(place, f"is one list of numbers; allowed: a list of rows, [[{written}]]")
            return None
        before = len(self.problems)
        matrix = tuple(self.row(row, f"{place}[{index}]", use=use) for index, row in enumerate(rows))
        if len(self.problems) == before and not all(matrix):
            self.problem(f"{place}[{matrix.index(())}]", "is empty; every row has at least one number")
        return matrix if len(self.problems) == before else None

    def name_is_good(self, name: str, place: str) -> bool:
        """Whether a text can be a name; a problem if not."""
        if control_character(name) is not None:  # told by `texts`
            return False
        if not name:
            self.problem(place, "is an empty text; allowed: a number or a name")
        elif len(name) > LONGEST_NAME:
            self.problem(place, f"a name of {len(name):,} characters; at most {LONGEST_NAME} are allowed")
        elif name in RESERVED:
            self.problem(place, f"the name '{name}' already stands for something; reserved: {', '.join(RESERVED)}")
        elif _NAME.fullmatch(name) is None:
            self.problem(
                place,
                f"'{shortened(name)}' is neither a number nor a name; names have letters first, then digits and "
                r"_ ^ { } ( ) ' , * and \ as in '\beta'",
            )
        else:
            return self._is_printable(name, place)
        return False

    def _is_printable(self, name: str, place: str) -> bool:
        """Whether a name can be printed as it is written: the notation's reader decides; a problem if not."""
        try:
            own_name(name, "")
        except DescriptionError as error:
            self.problem(place, str(error).removeprefix(": "))
            return False
        return True

    def names(self, names: Sequence[str], place: str) -> tuple[str, ...]:
        """A list of names, each good and each once."""
        seen: set[str] = set()
        for index, name in enumerate(names):
            at = f"{place}[{index}]"
            if isinstance(exact(name), ExactNumber | Unusable):
                self.problem(at, f"'{shortened(name)}' is a number; allowed: a name, which begins with a letter")
            elif self.name_is_good(name, at) and name in seen:
                self.problem(at, f"the name '{name}' stands twice")
            seen.add(name)
        return tuple(names)

    def formula(self, text: str, place: str, *, variables: Collection[str]) -> None:
        """A formula in the given names; it is parsed, never executed."""
        from symbackprop.formulas import parse  # only descriptions with formulas need the parser

        try:
            parse(text, variables=tuple(variables), place=place)
        except FormulaError as error:
            self.problem(place, str(error).removeprefix(f"{place}: "))

    def choice(self, table: Mapping[str, object], place: str, *, keys: Collection[str]) -> dict[str, Entry]:
        """The settings of a catalogue's entry, without the table's own keys: numbers, and words as they are."""
        settings: dict[str, Entry] = {}
        for key, value in table.items():
            if key in keys:
                continue
            if isinstance(value, str) and exact(value) is None:
                settings[key] = value
            else:
                number = self.number(value, f"{place}.{key}")
                if number is not None:
                    settings[key] = number
        return settings

    def known(self, name: str, names: Collection[str], place: str, what: str) -> bool:
        """Whether a word is one of the known ones; a problem that suggests the nearest if not."""
        if name in names:
            return True
        self.problem(place, f"unknown {what} '{shortened(name)}'; {suggestion(name, names, most=30)}")
        return False

    @staticmethod
    def _number(value: object) -> ExactNumber | Unusable | None:
        if isinstance(value, bool):
            return None
        if isinstance(value, ExactNumber):
            if value.text:
                return value
            value = str(value.value)
        if isinstance(value, int):
            return exact_integer(value)
        if isinstance(value, str):
            return exact(value)
        return value if isinstance(value, Unusable) else None


def is_identifier(name: str) -> bool:
    """Whether a formula can use the name."""
    return _IDENTIFIER.fullmatch(name) is not None


def names_in(formula: str) -> list[str]:
    """Every word of a formula, functions too, without parsing it."""
    return _IDENTIFIER.findall(formula)


def nearest(word: str, known: Collection[str]) -> str:
    """``; did you mean 'w_a'?``, or nothing."""
    near = get_close_matches(word, known, n=1)
    return f"; did you mean '{near[0]}'?" if near else ""


def checked_choice(reading: Reading, choice: Choice, place: str, entry: object) -> None:
    """Notes settings that the catalogue's entry does not have, and kink rules that there are not."""
    from symbackprop.catalogue.entries import kink_rule

    defaults: Mapping[str, object] = getattr(entry, "settings", {})
    kinked = entry is None or bool(getattr(entry, "kinked", False))
    words: tuple[str, ...] = tuple(getattr(entry, "epsilon_places", ()))
    allowed = [*defaults, *(["at_kink"] if kinked else []), *(["epsilon_place"] if words else [])]
    for key, value in choice.settings.items():
        at = f"{place}.{key}"
        what = f"'{choice.name}'" if choice.name else "a formula"
        if key not in allowed:
            known = suggestion(key, allowed) if allowed else "it has none"
            home = where_it_belongs(key, place)
            reading.problem(at, home or f"{what} has no such setting; {known}")
        elif key == "epsilon_place":
            if value not in words:
                reading.problem(at, f"is {kind_of(value)}; allowed: {', '.join(map(repr, words))}")
        elif key == "at_kink":
            try:
                kink_rule(choice)
            except DescriptionError as error:
                reading.problem(at, str(error).removeprefix("at_kink: "))
        elif isinstance(value, str):
            reading.problem(at, f"is {kind_of(value)}; allowed: a number")


def comma_hint(row: Row, wanted: int) -> str:
    """What to say of a row that is twice as long as it should be, all of whole numbers: [1,5, 2,5]."""
    if len(row) != 2 * wanted or not all(
        isinstance(each, ExactNumber) and each.text.lstrip("+-").isdigit() for each in row
    ):
        return ""
    digits = [each.text for each in row if isinstance(each, ExactNumber)]
    mended = ", ".join(f"{digits[at]}.{digits[at + 1]}" for at in range(0, min(len(digits), 6), 2))
    return f"; a comma separates numbers, decimals have a point: [{mended}{', ...' if len(digits) > 6 else ''}]"
