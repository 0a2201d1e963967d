"""Claims: what a document or a student says, read from TOML or from a filled-in form. Never judges one."""

from __future__ import annotations

import csv
import io
import os
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from symbackprop.checking.printed import printed
from symbackprop.derivation import Derivation, derive
from symbackprop.errors import DescriptionError, InputError, suggestion
from symbackprop.given import given_entries
from symbackprop.network import Network
from symbackprop.notation.names import Names
from symbackprop.notation.neutral import neutral
from symbackprop.quantities import Array, Phase, Quantity, Role
from symbackprop.system import every_index, flat

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
COLUMNS = ("where", "quantity", "neutral", "printed", "working")
MOST_CLAIMS = 20_000


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
    if path.lower().endswith(".xlsx"):
        return Claims(tuple(_from_rows(_sheet_rows(path), path)))
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from error
    text = _decoded(data, path)
    return parse_claims(text, source=path)


def parse_claims(text: str, *, source: str = "claims") -> Claims:
    """The claims of a file's text; ``source`` is what errors call it and whose ending says what it is."""
    if source.lower().endswith((".csv", ".tsv", ".txt")):
        return Claims(tuple(_from_rows(_table_rows(text), source)))
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DescriptionError(f"{source}: {error}") from error
    for key in table:
        if key not in ("network", "claims", "format", "title"):
            raise DescriptionError(f"{source}: unknown key {key!r}; {suggestion(key, ('network', 'claims', 'title'))}")
    rows = table.get("claims", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise DescriptionError(f"{source}: claims must be [[claims]] tables")
    found = tuple(_claim(row, f"{source}: claims[{number}]") for number, row in enumerate(rows))
    return Claims(found, str(table.get("network", "")))


def _decoded(data: bytes, path: str) -> str:
    for encoding in ("utf-8-sig", "utf-16") if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InputError(f"{path}: the text is neither UTF-8 nor another encoding that spreadsheets save")


def _claim(row: Mapping[str, Any], place: str) -> Claim:
    for key in row:
        if key not in KEYS:
            raise DescriptionError(f"{place}: unknown key {key!r}; {suggestion(key, KEYS)}")
    formula = row.get("formula", "")
    if isinstance(formula, list):
        formula = tuple(tuple(str(each) for each in (line if isinstance(line, list) else [line])) for line in formula)
    texts = {key: str(row.get(key, "")) for key in ("quantity", "printed", "where", "working", "relation", "statement")}
    claim = Claim(formula=formula, **texts)
    if not (
        claim.relation or claim.statement or (claim.quantity and (claim.printed or claim.formula or claim.working))
    ):
        raise DescriptionError(f"{place}: needs quantity and printed, quantity and formula, a relation, or a statement")
    return claim


def _table_rows(text: str) -> list[dict[str, str]]:
    first = text.lstrip("\ufeff").split("\n", 1)[0]
    separator = max((";", "\t", ","), key=first.count)
    return list(csv.DictReader(io.StringIO(text), restkey="", delimiter=separator))


def _sheet_rows(path: str) -> list[dict[str, str]]:
    import openpyxl

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (OSError, KeyError, ValueError) as error:
        raise InputError(f"{path}: is not a workbook that can be read: {error}") from error
    rows = [
        ["" if each is None else str(each) for each in row] for row in book.worksheets[0].iter_rows(values_only=True)
    ]
    return [dict(zip(rows[0], row, strict=False)) for row in rows[1:]] if rows else []


def _from_rows(rows: list[dict[str, str]], source: str) -> Iterator[Claim]:
    if rows and not {"quantity", "neutral"} & {_head(key) for key in rows[0] if key}:
        raise InputError(f"{source}: the first line must name the columns, quantity and printed among them")
    for number, raw in enumerate(rows[:MOST_CLAIMS], 2):
        row = {_head(key): (value or "").strip() for key, value in raw.items() if key}
        kind, text = row.get("kind", ""), row.get("printed", "")
        name = row.get("neutral", "") or row.get("quantity", "")
        where = row.get("where", "") or row.get("id", "") or f"line {number}"
        if kind == "statement" or (not row.get("neutral") and "neutral" in row and kind in ("formula", "statement")):
            yield Claim(statement=row.get("quantity") or text, where=where)
        elif row.get("relation"):
            yield Claim(relation=row["relation"], where=where)
        elif row.get("formula"):
            yield Claim(quantity=name, formula=row["formula"], where=where)
        elif text and name:
            yield Claim(quantity=name, printed=text, where=where, working=row.get("working", ""))


def _head(name: str) -> str:
    return name.strip().lower().lstrip("\ufeff")


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


def form_rows(derivation: Derivation) -> list[dict[str, str]]:
    """An empty form: a row for each quantity that somebody who works the example through finds, in order."""
    rows = []
    for quantity in form_quantities(derivation):
        name = derivation.notation.plain(quantity)
        rows.append({"where": "", "quantity": name, "neutral": neutral(quantity), "printed": "", "working": ""})
    return rows


def form_quantities(derivation: Derivation) -> Iterator[Quantity]:
    """Nets, outs, losses, deltas, gradients, new parameters and the second pass, in the derivation's order."""
    frozen = set(derivation.arrays.frozen)
    for array in derivation.system.definitions:
        if array.role in (Role.STATE,) or (array.phase is Phase.USE) or _is_input_gradient(array):
            continue
        if array.phase is Phase.NEW and _before(array) in frozen:
            continue
        for indices in every_index(array):
            yield Quantity(array, indices)


def _is_input_gradient(array: Array) -> bool:
    return array.role is Role.DERIVATIVE and array.wrt is not None and array.wrt.role is Role.INPUT


def _before(array: Array) -> Array:
    from dataclasses import replace

    return replace(array, phase=Phase.NOW)


def form_csv(derivation: Derivation) -> str:
    """The empty form as a table that spreadsheets open."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(form_rows(derivation))
    return text.getvalue()


def form_workbook(derivation: Derivation) -> bytes:
    """The empty form as a workbook."""
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "claims"
    sheet.append(COLUMNS)
    for row in form_rows(derivation):
        sheet.append([row[column] for column in COLUMNS])
    for column, width in zip("ABCDE", (16, 24, 24, 18, 40), strict=True):
        sheet.column_dimensions[column].width = width
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def network_beside(claims: Claims, path: str) -> str:
    """The path of the claims' network, which is written relative to the claims' file."""
    if not claims.network:
        raise InputError(f'{path}: names no network; add network = "NET.toml" or give --network NET.toml')
    return os.path.join(os.path.dirname(path), claims.network)
