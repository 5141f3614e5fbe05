import io
import zipfile
from collections.abc import Callable
from datetime import datetime
from typing import Any

import openpyxl
import pytest

from lineage.readers.io import zip_package
from lineage.readers.io.members import Member
from lineage.readers.io.row import RawRow
from lineage.readers.io.xlsx import sheet_rows
from lineage.records.record import Rejected


def workbook(fill: Callable[[Any], None]) -> bytes:
    book = openpyxl.Workbook()
    fill(book.active)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def read(content: bytes) -> list[RawRow | Rejected]:
    return list(sheet_rows(Member("용어.xlsx", lambda: io.BytesIO(content))))


def table(*rows: list[Any]) -> bytes:
    def fill(sheet: Any) -> None:
        for row in rows:
            sheet.append(row)

    return workbook(fill)


def test_rows_under_the_header_with_the_number_that_excel_shows() -> None:
    rows = read(table(["경제 용어 모음"], [], ["순번", "용어"], [1, "\t가산금리 "], [], [2, "금리"]))
    assert [(r.origin, r.values) for r in rows if isinstance(r, RawRow)] == [
        ({"file": "용어.xlsx", "sheet": "Sheet", "row": 4}, {"순번": "1", "용어": "가산금리"}),
        ({"file": "용어.xlsx", "sheet": "Sheet", "row": 6}, {"순번": "2", "용어": "금리"}),
    ]


@pytest.mark.parametrize(
    ("value", "shape", "shown"),
    [
        (1, "General", "1"),
        (1.0, "General", "1"),
        (0.1 + 0.2, "General", "0.3"),
        (-1234567.5, "General", "-1234567.5"),
        (1e20, "General", "100000000000000000000"),
        (2.5, "0.00", "2.50"),
        (1234567, "#,##0", "1,234,567"),
        (-1234567, "#,##0_ ", "-1,234,567"),
        (0.052, "0.0%", "5.2%"),
        (-0.0567, "0.0%", "-5.67%"),
        (2.345, "0.0", "2.345"),
        (1234, '0"원"', "1234"),
        (1234567890123456, "General", "1234567890123456"),
        (datetime(2024, 7, 1), "yyyy-mm-dd", "2024-07-01"),
        (True, "General", "TRUE"),
        ("△5.2%p", "General", "△5.2%p"),
        ("(1,200)", "General", "(1,200)"),
    ],
)
def test_a_figure_keeps_its_look_or_its_value_but_never_less(value: Any, shape: str, shown: str) -> None:
    def fill(sheet: Any) -> None:
        sheet.append(["용어", "값"])
        sheet.append(["가", value])
        sheet["B2"].number_format = shape

    (row,) = read(workbook(fill))
    assert isinstance(row, RawRow) and row.values["값"] == shown


def test_what_has_no_value_or_no_name_is_rejected() -> None:
    def fill(sheet: Any) -> None:
        for row in (["용어", "설명"], ["가", "=1+1"], ["나", "#N/A"], ["다", "라", "마"]):
            sheet.append(row)
        sheet["B3"].data_type = "e"

    formula, error, nameless = read(workbook(fill))
    assert isinstance(formula, RawRow) and formula.values == {"용어": "가", "설명": ""}, (
        "never calculated: no value saved"
    )
    assert isinstance(error, Rejected) and (error.reason, error.remedy) == (
        "a cell that shows an error",
        "B3 is #N/A: mend it",
    )
    assert isinstance(nameless, Rejected) and nameless.reason == "a cell without a column name"


def test_a_short_row_still_has_all_columns() -> None:
    (row,) = read(table(["용어", "설명"], ["가"]))
    assert isinstance(row, RawRow) and row.values == {"용어": "가", "설명": ""}


def test_every_sheet_has_its_own_header_and_empty_ones_give_nothing() -> None:
    book = openpyxl.Workbook()
    for title, names in (("갑", ["용어", "설명"]), ("을", ["설명", "용어"])):
        sheet = book.create_sheet(title)
        sheet.append(names)
        sheet.append([f"{name}{title}" for name in names])
    stream = io.BytesIO()
    book.save(stream)
    rows = read(stream.getvalue())
    assert [r.values for r in rows if isinstance(r, RawRow)] == [
        {"용어": "용어갑", "설명": "설명갑"},
        {"설명": "설명을", "용어": "용어을"},
    ]
    (nothing,) = read(table())
    assert isinstance(nothing, Rejected) and nothing.reason == "a file without rows"


def test_bombs_and_damage(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(zipfile.BadZipFile):
        read(b"PK\x03\x04 no workbook")
    with pytest.raises(EOFError):
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            archive.writestr("a.txt", "x")
        read(stream.getvalue())
    monkeypatch.setattr(zip_package, "MAX_PART", 1000)
    with pytest.raises(zip_package.UnsafePackage, match="unpacks to"):
        read(table(["용어", "설명"], *([f"용어 {i}", f"설명 {i}"] for i in range(200))))
