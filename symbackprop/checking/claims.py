"""Claims: what a document or a student says, read from TOML or from a filled-in form. Never judges one."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from symbackprop.checking.printed import printed
from symbackprop.checking.tables import MOST_BYTES, MOST_ROWS, Row, decoded, sheet_rows, text_rows
from symbackprop.derivation import derive
from symbackprop.errors import DescriptionError, InputError, TooLarge, suggestion
from symbackprop.given import given_entries
from symbackprop.network import Network
from symbackprop.notation.names import Names
from symbackprop.notation.neutral import neutral
from symbackprop.quantities import Quantity, flat

KEYS = (
    "quantity",
    "printed",
    "where",
    "working",
    "formula",
    "relation",
    "statement",
    "id",
    "kind",
    "notation",
    "neutral",
)
TEXTS = ("quantity", "printed", "where", "working", "relation", "statement")


@dataclass(frozen=True, slots=True)
class Claim:
    """One thing that is said: a number printed for a quantity, a formula for one, a relation, or a sentence.

    ``formula`` is a text, or a list of rows of texts for a matrix.
    """

    quantity: str = ""
    printed: str = ""
    where: str = ""
    working: str = ""
    formula: str | tuple[tuple[str, ...], ...] = ""
    relation: str = ""
    statement: str = ""


@dataclass(frozen=True, slots=True)
class Claims:
    """A document's claims in its order, and the path of its network's description, as it was written."""

    claims: tuple[Claim, ...]
    network: str = ""


def read_claims(path: str) -> Claims:
    """The claims of a file: TOML, or a table with a header, separated by commas, semicolons or tabs, or a sheet."""
    if path.lower().endswith((".xlsx", ".xlsm")):
        return Claims(tuple(_from_rows(sheet_rows(path), path)))
    try:
        with open(path, "rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from error
    return parse_claims(decoded(data, path), source=path)


def parse_claims(text: str, *, source: str = "claims") -> Claims:
    """The claims of a file's text; ``source`` is what errors call it and whose ending says what it is."""
    if source.lower().endswith((".csv", ".tsv", ".txt")):
        return Claims(tuple(_from_rows(text_rows(text, source), source)))
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # of TOML; of a number with thousands of digits
        raise DescriptionError(f"{source}: {error}") from error
    for key in table:
        if key not in ("network", "claims", "format", "title"):
            raise DescriptionError(f"{source}: unknown key {key!r}; {suggestion(key, ('network', 'claims', 'title'))}")
    rows = table.get("claims", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise DescriptionError(f"{source}: claims must be [[claims]] tables")
    if len(rows) > MOST_ROWS:
        raise TooLarge(f"{source}: {len(rows):,} claims; at most {MOST_ROWS:,} are judged")
    if not rows:
        raise DescriptionError(f"{source}: has no [[claims]]")
    found = tuple(_claim(row, f"{source}: claims[{number}]") for number, row in enumerate(rows))
    return Claims(found, _text(table.get("network", ""), f"{source}: network"))


def _claim(row: Mapping[str, Any], place: str) -> Claim:
    for key in row:
        if key not in KEYS:
            raise DescriptionError(f"{place}: unknown key {key!r}; {suggestion(key, KEYS)}")
    formula = row.get("formula", "")
    if isinstance(formula, list):
        lines = [line if isinstance(line, list) else [line] for line in formula]
        formula = tuple(tuple(_text(each, f"{place}.formula") for each in line) for line in lines)
    else:
        formula = _text(formula, f"{place}.formula")
    claim = Claim(formula=formula, **{key: _text(row.get(key, ""), f"{place}.{key}") for key in TEXTS})
    if not (
        claim.relation or claim.statement or (claim.quantity and (claim.printed or claim.formula or claim.working))
    ):
        raise DescriptionError(f"{place}: needs quantity and printed, quantity and formula, a relation, or a statement")
    return claim


def _text(value: Any, place: str) -> str:
    """A text; a bare number is taken as TOML writes it."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise DescriptionError(f'{place}: must be text, as it is printed, such as "0.0821670"')
    return str(value)


def _from_rows(rows: Sequence[tuple[int, Row]], source: str) -> Iterator[Claim]:
    if rows and not {"quantity", "neutral"} & rows[0][1].keys():
        raise InputError(f"{source}: the first line must name the columns, quantity and printed among them")
    filled = False
    for line, row in rows:
        for claim in _from_row(row, row.get("where") or row.get("id") or f"line {line}"):
            filled = True
            yield claim
    if not filled:
        raise InputError(f"{source}: nothing is filled in; a number stands in the column 'printed'")


def _from_row(row: Row, where: str) -> Iterator[Claim]:
    kind, text = row.get("kind", ""), row.get("printed", "")
    name = row.get("neutral", "") or row.get("quantity", "")
    if kind == "statement" or (not row.get("neutral") and "neutral" in row and kind in ("formula", "statement")):
        yield Claim(statement=row.get("quantity") or text, where=where)
    elif row.get("relation"):
        yield Claim(relation=row["relation"], where=where)
    elif row.get("formula"):
        yield Claim(quantity=name, formula=row["formula"], where=where)
    elif text and name:
        yield Claim(quantity=name, printed=text, where=where, working=row.get("working", ""))


def said_of(network: Network, pairs: Sequence[tuple[str, str]]) -> tuple[Claim, ...]:
    """Claims that are said without a file. A parameter's name stands for its gradient, unless its own value is said."""
    derivation = derive(network)
    names = Names(derivation)
    found = []
    for name, number in pairs:
        wanted = names.resolve(name) if name in names else None
        if isinstance(wanted, Quantity) and wanted.array in derivation.arrays.parameters:
            known = given_entries(derivation)[wanted.array][flat(wanted.indices, wanted.array.shape)]
            if known is None or printed(number).value != known:
                name = neutral(Quantity(derivation.gradient_array(wanted.array), wanted.indices))
        found.append(Claim(name, number))
    return tuple(found)


def network_beside(claims: Claims, path: str) -> str:
    """The path of the claims' network, which is written relative to the claims' file."""
    if not claims.network:
        raise InputError(f'{path}: names no network; add network = "NET.toml" or give --network NET.toml')
    return os.path.join(os.path.dirname(path), claims.network)
