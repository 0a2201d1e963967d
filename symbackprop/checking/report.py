"""What a check found, as data, as text and as JSON. Never checks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


class GradientMismatch(AssertionError):
    """A check found a difference; the message is its report."""


@dataclass(frozen=True)
class ParameterFinding:
    """How one array of a function agrees with the exact one.

    ``largest_relative_error`` is that of its worst entry at any point; ``worst`` says which entry, what was found and
    what is right; ``notes`` are what can be said of it.
    """

    agrees: bool
    largest_relative_error: float
    worst: str = ""
    notes: tuple[str, ...] = ()

    @property
    def is_unreadable(self) -> bool:
        """Whether it is no array of finite numbers in the right shape: there is nothing to compare."""
        return not self.agrees and self.largest_relative_error == float("inf") and not self.worst


@dataclass(frozen=True)
class MistakeFinding:
    """A mistake that explains wrong arrays: its sentence, what it explains, the right equation and the wrong one.

    ``instead_of`` names the mistake that has the same numbers, where the two cannot be told apart.
    """

    name: str
    sentence: str
    parameters: tuple[str, ...]
    equation: str = ""
    wrong_equation: str = ""
    where: str = ""
    instead_of: str = ""


@dataclass(frozen=True)
class Report:
    """The result of a check. True where everything agrees."""

    agrees: bool
    parameters: Mapping[str, ParameterFinding]
    mistakes: tuple[MistakeFinding, ...] = ()
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    complete: bool = True  # the mistakes explain everything that is wrong
    what: str = "gradient"
    title: str = field(default="")

    def __bool__(self) -> bool:
        return self.agrees

    def raise_if_wrong(self) -> None:
        """Raises GradientMismatch, with the report, unless everything agrees."""
        __tracebackhide__ = True
        if not self.agrees:
            raise GradientMismatch(self.to_text())

    def __str__(self) -> str:
        return self.to_text()

    def to_text(self) -> str:
        """The report for a person."""
        lines = [self._headline()]
        lines += [f"  {problem}" for problem in self.problems]
        right = [key for key, finding in self.parameters.items() if finding.agrees]
        for key, finding in self.parameters.items():
            if finding.is_unreadable:
                lines += [f"  {note}" for note in finding.notes]
                continue
            if not finding.agrees:
                lines.append(f"  {key}: {_how_wrong(finding)}")
            lines += [f"    {note}" for note in finding.notes]
        if right and not self.agrees:
            lines.append(f"  right: {', '.join(right)}")
        lines += self._explained()
        lines += [f"  {note}" for note in self.notes]
        if self.places:
            lines.append(f"  compared at: {'; '.join(self.places)}")
        return "\n".join(lines)

    def _headline(self) -> str:
        if self.agrees:
            return f"every {self.what} agrees: {', '.join(self.parameters)}"
        if self.mistakes:
            best = [each for each in self.mistakes if not each.instead_of]
            said = "; and ".join(f"{_whose(each)}{each.sentence}{_in(each)}" for each in best)
            return f"{said}{'; everything else is right' if self.complete else '; that does not explain everything'}"
        compared = [each for each in self.parameters.values() if not each.agrees and not each.is_unreadable]
        usable = not self.problems and (compared or not any(each.is_unreadable for each in self.parameters.values()))
        return f"the {self.what} is wrong" if usable else f"the {self.what} cannot be used as it is"

    def _explained(self) -> list[str]:
        lines = []
        for each in self.mistakes:
            if each.instead_of:
                lines.append(f"  it could as well be: {each.name}: {each.sentence}{_in(each)}")
                continue
            lines.append(f"  mistake: {each.name}")
            if each.equation:
                lines.append(f"    right:  {each.equation}")
            if each.wrong_equation:
                lines.append(f"    it has: {each.wrong_equation}")
        compared = any(not each.agrees and not each.is_unreadable for each in self.parameters.values())
        if compared and not self.mistakes and not self.problems:
            lines.append("  none of the known mistakes, nor two of them together, gives these numbers")
        return lines

    def to_json(self) -> dict[str, Any]:
        """The report as the contract's table."""
        return {
            "format": "symbackprop.check/1",
            "agrees": self.agrees,
            "parameters": {
                key: {
                    "agrees": finding.agrees,
                    "largest_relative_error": _finite(finding.largest_relative_error),
                    "notes": list(finding.notes),
                }
                for key, finding in self.parameters.items()
            },
            "mistakes": [
                {
                    "name": each.name,
                    "sentence": each.sentence,
                    "parameters": list(each.parameters),
                    "where": each.where,
                    "equation": each.equation,
                    "wrong_equation": each.wrong_equation,
                    "instead_of": each.instead_of or None,
                }
                for each in self.mistakes
            ],
            "explained": self.complete,
            "problems": list(self.problems),
            "notes": list(self.notes),
            "points": list(self.places),
        }


def _how_wrong(finding: ParameterFinding) -> str:
    size = finding.largest_relative_error
    if finding.worst and size == float("inf"):
        return finding.worst
    return f"wrong by {size:.2g} relative{'; ' + finding.worst if finding.worst else ''}"


def _finite(value: float) -> float | None:
    return value if value == value and abs(value) != float("inf") else None


def _whose(finding: MistakeFinding) -> str:
    return f"{', '.join(finding.parameters)}: " if finding.parameters else ""


def _in(finding: MistakeFinding) -> str:
    return f" ({finding.where})" if finding.where else ""
