"""Every format says the same: what the plain text displays stands in LaTeX, Markdown and Typst, spelt as there."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest

from symbackprop.documents.text import render
from symbackprop.errors import InputError
from symbackprop.notation import AnyName, plain, tex
from symbackprop.notation.typst import typst
from symbackprop.quantities import Quantity, every_index
from symbackprop.values import settled
from tests.displayed import text_lines
from tests.examples import EXAMPLES, FORMS, derived

NUMBER = r"-?\d+(?:[.,]\d+)?(?:·10\^-?\d+)?"
LAYERED = ("delta", "matrix")  # forms that a program has not
END = r"(?= ?(?:\\\\|\\(?:notag|label|qquad|end)|&&|[$`]|\\ |$))"  # of a row
RELATIONS = {"latex": r"\approx", "markdown": r"\approx", "typst": "approx"}
SAYS = {"latex": tex, "markdown": tex, "typst": typst}


def in_tex(number: str) -> str:
    mantissa, mark, power = number.partition("·10^")
    return "{,}".join(mantissa.split(",")) + (rf" \cdot 10^{{{power}}}" if mark else "")


def in_typst(number: str) -> str:
    mantissa, mark, power = number.removeprefix("-").partition("·10^")
    quoted = f'"{mantissa}"' if "," in mantissa else mantissa
    return "-" * number.startswith("-") + quoted + (f" dot 10^({power})" if mark else "")


WRITES = {"latex": in_tex, "markdown": in_tex, "typst": in_typst}


def results_in(derivation: Any, form: str | None = None) -> Counter[tuple[str, str]]:
    """The numbers at the ends of the lines of a derivation's plain text, each with its relation."""
    lines = text_lines(render(derivation.core, values=settled(derivation.evaluate()), form=form, width=10**6))
    rows = [re.search(rf".* ([=≈]) ({NUMBER})$", line) for line in lines]
    return Counter((row[1], row[2]) for row in rows if row)


def missing(wanted: Counter[tuple[str, str]], source: str, to: str) -> list[tuple[str, str]]:
    """The results that stand in a source less often than they are wanted."""
    source = " ".join(source.split())
    found = []
    for (relation, number), count in wanted.items():
        sign = relation if relation == "=" else RELATIONS[to]
        whole = re.escape(f"{sign} {WRITES[to](number)}") + END
        if len(re.findall(whole, source)) < count:
            found.append((relation, number))
    return found


def names_of(derivation: Any) -> dict[str, AnyName]:
    """The names of all quantities, cells and arrays that have an equation, by their plain text."""
    notation, equations = derivation.notation, derivation.core.system.equations
    found = [notation.array_name(each.target.array) for each in equations]
    found += [notation.cell_name(each.target) for each in equations]
    for array in (each.target.array for each in equations):
        found += [notation.name(Quantity(array, indices)) for indices in every_index(array)]
    return {plain(name): name for name in found}


def lefts_of(text: str) -> Counter[str]:
    """What stands on the left of the lines of a plain text."""
    return Counter(row[1] for row in re.finditer(r"^  (\S.*?) +[=≈] ", text, re.M))


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("form", [None, *FORMS])
def test_what_the_text_displays_stands_in_every_format(name: str, form: str | None) -> None:
    derivation = derived(name)
    if derivation.network.program and form in LAYERED:
        for to in ("text", *RELATIONS):
            with pytest.raises(InputError, match="needs layers"):
                derivation.rendered(to, form=form)
        return
    results = results_in(derivation, form) if name != "happydustbunny" else Counter()  # which has no values
    assert results or name == "happydustbunny" or form == "matrix"  # whose results are matrices
    lefts, names = lefts_of(derivation.rendered("text", form=form, numbers=False)), names_of(derivation)
    known = [each for each in lefts if each in names]
    assert len(known) > len(lefts) // 2
    for to in RELATIONS:
        source = derivation.rendered(to, form=form)
        assert missing(results, source, to) == []
        symbols = derivation.rendered(to, form=form, numbers=False)
        assert RELATIONS[to] not in re.sub(r"// .*|^#let.*", "", symbols)
        assert [each for each in known if symbols.count(SAYS[to](names[each])) < lefts[each]] == []
        assert source.endswith("\n")
        assert to != "latex" or (source + symbols).isascii()


@pytest.mark.parametrize("to", RELATIONS)
def test_a_result_that_is_missing_is_found(to: str) -> None:
    derivation = derived("russo")
    results, source = results_in(derivation), derivation.rendered(to)
    places = [found.end() for found in re.finditer(rf"{re.escape(RELATIONS[to])} -?0\.\d+(?=\d{END})", source)]
    changed = [source[:place] + str((int(source[place]) + 1) % 10) + source[place + 1 :] for place in places[::9]]
    assert len(changed) > 5
    assert all(missing(results, each, to) for each in changed)
