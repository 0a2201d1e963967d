"""Forms to fill in, as text with any separator, as a workbook, as spreadsheets save them; and files that are none."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import openpyxl
import pytest

from symbackprop.checking.audit import audit
from symbackprop.checking.claims import parse_claims, read_claims
from symbackprop.checking.findings import Finding
from symbackprop.checking.forms import form_csv, form_workbook
from symbackprop.cli import main
from symbackprop.derivation import derive
from symbackprop.errors import InputError
from symbackprop.network import Network
from symbackprop.values import evaluate
from symbackprop.workbook.libreoffice import converted
from tests.engines import need_libreoffice

EXAMPLE = "examples/two-input.toml"
SLIP, TAKEN = "dE/dw[2][0][1]", "dE/dw[2][0][0]"  # the gradient of w_6, and the neighbour's that is written for it


def filled(separator: str, mark: str, *, top: str = "", end: str = "\n", quote: str = "") -> str:
    """A student's form with one slip in it."""
    derivation = derive(Network.read(EXAMPLE))
    values = evaluate(derivation)
    rows = [line.split(",") for line in form_csv(derivation).splitlines()]
    for row in rows[1:]:
        row[3] = f"{values[TAKEN if row[2] == SLIP else row[2]]:.6f}".replace(".", mark)
    return top + "".join(separator.join(f"{quote}{cell}{quote}" for cell in row) + end for row in rows)


def book_with_numbers(shown: Callable[[float], object]) -> bytes:
    """The same in the form's workbook; a cell holds what ``shown`` makes of a number."""
    derivation = derive(Network.read(EXAMPLE))
    values = evaluate(derivation)
    book = openpyxl.load_workbook(io.BytesIO(form_workbook(derivation)))
    sheet = book.worksheets[0]
    for row in range(2, sheet.max_row + 1):
        name = str(sheet.cell(row, 3).value)
        sheet.cell(row, 4).value = shown(float(values[TAKEN if name == SLIP else name]))  # type: ignore[assignment]
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def assert_slip_is_found(findings: list[Finding]) -> None:
    assert len(findings) > 50
    wrong = [each for each in findings if each.verdict not in ("ok", "truncated")]
    assert [each.claim.quantity for each in wrong] == [SLIP]
    assert wrong[0].claim.where == "line 20"
    assert wrong[0].diagnosis == "dE/dw_5 stands where dE/dw_6 belongs"


@pytest.mark.parametrize(
    "text",
    [
        filled(",", "."),
        filled(";", ",", top="\ufeff", end="\r\n"),
        filled("\t", ",", quote='"'),
        filled(",", ",", quote='"'),
        filled(";", ",", top="sep=;\r\n", end="\r\n"),
        filled(";", ",", end="\r"),
    ],
    ids=["commas", "Excel", "tabs", "quoted", "sep", "old Mac"],
)
def test_a_form_with_any_separator_is_audited(text: str) -> None:
    findings = audit(parse_claims(text, source="form.csv"), Network.read(EXAMPLE))
    for finding in findings:
        line = int(finding.claim.where.removeprefix("line "))
        assert finding.claim.quantity in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")[line - 1]
    assert [each.claim.quantity for each in findings if each.verdict == "wrong"] == [SLIP]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_form_in_any_encoding_of_spreadsheets_is_audited(tmp_path: Path, encoding: str) -> None:
    own = filled(";", ",").replace("δ", "d")  # a name that Windows-1252 has not
    (tmp_path / "form.csv").write_bytes(own.encode(encoding))
    assert len(read_claims(str(tmp_path / "form.csv")).claims) > 50


@pytest.mark.parametrize("shown", [lambda number: round(number, 6), lambda number: f"{number:.6f}".replace(".", ",")])
def test_a_filled_in_workbook_is_audited(tmp_path: Path, shown: Callable[[float], object]) -> None:
    (tmp_path / "form.xlsx").write_bytes(book_with_numbers(shown))
    assert_slip_is_found(audit(read_claims(str(tmp_path / "form.xlsx")), Network.read(EXAMPLE)))


def test_numbers_that_a_sheet_computes_are_not_wrong_for_their_noise(tmp_path: Path) -> None:
    (tmp_path / "form.xlsx").write_bytes(book_with_numbers(lambda number: number * (1 + 4e-15)))
    assert_slip_is_found(audit(read_claims(str(tmp_path / "form.xlsx")), Network.read(EXAMPLE)))


@pytest.mark.engine
def test_forms_that_libreoffice_saves_are_audited(tmp_path: Path) -> None:
    need_libreoffice()
    text = filled(",", ".")
    books = [book_with_numbers(lambda number: round(number, 6)), book_with_numbers(lambda number: f"{number:.6f}")]
    semicolons = "csv:Text - txt - csv (StarCalc):59,34,76,1,,1031,false,true,false"
    saved = {
        "again.xlsx": converted(books[:1], "xlsx", "xlsx")[0],
        "texts.xlsx": converted(books[1:], "xlsx", "xlsx")[0],
        "from-csv.xlsx": converted([text.encode()], "csv", "xlsx")[0],
        "comma.csv": converted(books[1:], "xlsx", "csv")[0],
        "semicolon.csv": converted(books[:1], "xlsx", semicolons)[0],
    }
    for name, data in saved.items():
        (tmp_path / name).write_bytes(data)
        assert_slip_is_found(audit(read_claims(str(tmp_path / name)), Network.read(EXAMPLE)))


BAD = [
    ("form.csv", "where,quantity,printed\n,net_h1,0,3775\n", "line 2 has more cells"),
    ("form.csv", "where,quantity,printed\n,net_h1,\n", "nothing is filled in"),
    ("form.csv", "", "nothing is filled in"),
    ("form.csv", "a,b\n1,2\n", "must name the columns"),
    ("form.csv", "quantity,printed\n" + "net_h1,0.3775\n" * 10_001, "more than 10,000 rows"),
    ("form.xlsx", "no workbook", "not a workbook that can be read"),
    ("claims.toml", "claims = 3", "must be [[claims]] tables"),
    ("claims.toml", "", "has no [[claims]]"),
    ("claims.toml", '[[claims]]\nquantity = "w_1"\n', "claims[0]: needs quantity and printed"),
    ("claims.toml", '[[claims]]\nquantity = "w_1"\nprintd = "1"', "claims[0]: unknown key 'printd'; did you mean 'pri"),
    ("claims.toml", '[[claims]]\nquantity = "w_1"\nprinted = ["1"]', "claims[0].printed: must be text"),
    ("claims.toml", '[[claims]]\nquantity = "w_1"\nprinted = "1"', "names no network"),
    ("claims.toml", "a = " + "[" * 4000, "claims.toml"),
    ("claims.toml", "a = " + "9" * 5000, "claims.toml"),
]


@pytest.mark.parametrize(("name", "text", "told"), BAD, ids=[f"{name} {told[:20]}" for name, _, told in BAD])
def test_a_file_that_cannot_be_used_is_refused_with_its_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, text: str, told: str
) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    assert main(["audit", str(path)]) == 3
    error = capsys.readouterr().err
    assert told in error
    assert name in error


def test_a_claim_says_where_it_stands_by_its_own_column_its_id_or_its_line() -> None:
    table = "where,id,quantity,printed\npage 3,K1,net_h1,0.3\n,K2,net_h2,0.3\n,,out_h1,0.5\n"
    claims = parse_claims(table, source="claims.csv").claims
    assert [each.where for each in claims] == ["page 3", "K2", "line 4"]


def test_what_cannot_be_judged_is_said_with_its_reason() -> None:
    beyond = "its value is too large, or too near to 0, to be compared with a printed number"
    told = {
        'quantity = "__import__(1)"\nprinted = "1"': "'__import__(1)' at character 1: expected a number, a name or '('",
        'quantity = "net_h1"\nprinted = "0x1"': "'0x1' is not a number",
        f'quantity = "net_h1"\nformula = "{"-" * 3000}1"': "a formula nested more than 60 deep",
        f'quantity = "net_h1"\nformula = "{"1+" * 5000}1"': "a formula of 10,001 characters; at most 4,000 are allowed",
        'quantity = "net_h1 + 2^99999999"\nprinted = "1"': "an exponent of more than 1,000",
        'quantity = "net_h1"\nprinted = "1e400"': "'1e400' has an exponent beyond 300",
        'quantity = "exp(exp(loss*400))"\nprinted = "3"': beyond,
        'relation = "exp(exp(loss*400)) > 3"': beyond,
        'quantity = "dE/dnet[1]"\nformula = "w[1] @ nothing"': "unknown name 'nothing'; known: x_1, x_2, t_1, t_2, ",
    }
    claims = parse_claims("".join(f"[[claims]]\n{each}\n" for each in told), source="claims.toml")
    findings = audit(claims, Network.read(EXAMPLE))
    assert [each.verdict for each in findings] == ["not judged"] * len(told)
    assert [reason for each, reason in zip(findings, told.values(), strict=True) if reason not in each.reason] == []


def test_a_chain_of_relations_is_told_by_the_link_that_does_not_hold() -> None:
    claims = parse_claims('[[claims]]\nrelation = "0.1 < 0.5 < 0.3"\n', source="claims.toml")
    (finding,) = audit(claims, Network.read(EXAMPLE))
    assert (finding.verdict, finding.diagnosis) == ("wrong", "the left side of 0.5 < 0.3 is 0.5, the right one 0.3")


def test_an_empty_form_is_the_same_bytes_whenever_it_is_written() -> None:
    first = form_workbook(derive(Network.read(EXAMPLE)))
    with ZipFile(io.BytesIO(first)) as parts:
        assert {part.date_time for part in parts.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert set(re.findall(rb">(\d{4})-", parts.read("docProps/core.xml"))) == {b"2000"}


def test_a_form_that_was_filled_in_is_replaced_by_force_only(tmp_path: Path) -> None:
    path = tmp_path / "form.csv"
    assert main(["claims", str(EXAMPLE), "-o", str(path)]) == 0
    assert main(["claims", str(EXAMPLE), "-o", str(path)]) == 0
    path.write_text(filled(",", "."))
    assert main(["claims", str(EXAMPLE), "-o", str(path)]) == 4
    assert path.read_text() == filled(",", ".")
    assert main(["claims", str(EXAMPLE), "-o", str(path), "--force"]) == 0


def test_a_missing_file_is_an_input_error() -> None:
    with pytest.raises(InputError, match="No such file"):
        read_claims("nothing.csv")
