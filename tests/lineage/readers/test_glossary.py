import io

import openpyxl
import pytest

from lineage.core.errors import LineageError
from lineage.readers import glossary
from tests.lineage.readers.conftest import Folder


def test_terms_of_a_csv(folder: Folder) -> None:
    folder.write("a.csv", "\ufeffWord,Content\r\n\t가산금리 ,△0.5%p를 더한다.\r\n빈 용어,\r\n")
    (record,), (empty,) = folder.read(glossary.read)
    assert (record.prompt, record.completion) == ("가산금리의 뜻을 설명하시오.", "△0.5%p를 더한다.")
    assert (record.group, record.as_of, record.origin) == ("가산금리", "", {"file": "a.csv", "row": 1})
    assert (empty.origin, empty.reason) == ({"file": "a.csv", "row": 2}, "meaning is empty")


def test_terms_of_a_workbook(folder: Folder) -> None:
    book = openpyxl.Workbook()
    for row in (
        ["순번", "주제", "용어", "설명", "기준일"],
        [1, "금융", "\t가산금리", "더하는 금리", "2024.7.1"],
        [2, "", "금리", ""],
    ):
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    folder.write("용어.xlsx", stream.getvalue())
    (record,), (rejected,) = folder.read(glossary.read)
    assert (record.prompt, record.as_of) == ("가산금리의 뜻을 설명하시오.", "2024-07-01")
    assert record.origin == {"file": "용어.xlsx", "sheet": "Sheet", "row": 2, "field": "금융"}
    assert rejected.reason == "meaning is empty"


def test_the_same_term_is_one_group_in_every_glossary(folder: Folder) -> None:
    folder.write("a.csv", "용어,설명\nETF(상장지수펀드),가\n")
    folder.write("b.json", '[{"term": "etf", "definition": "나"}, {"term": "(주)", "definition": "다"}]')
    records, _ = folder.read(glossary.read)
    assert [r.group for r in records] == ["etf", "etf", "(주)"]


def test_drift(folder: Folder) -> None:
    folder.write("a.csv", "표제어,해설\n가,나\n")
    with pytest.raises(LineageError, match=r"a\.csv: found the columns 표제어, 해설; accepted are \(word\|term"):
        folder.read(glossary.read)
