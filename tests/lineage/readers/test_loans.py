import os
import shutil
from pathlib import Path

import pytest

from lineage.core.errors import LineageError
from lineage.readers import loans
from tests.lineage.readers.conftest import Folder

ROOT = Path(__file__).resolve().parents[3]
REAL = (
    Path(os.environ.get("KRX_CORPUS", ROOT.parent / "shared/corpus")) / "data/dacon236214_train_rows_from_notebook.csv"
)
HEADER = ",".join(("ID", *loans.FIELDS, "대출등급"))


def test_every_field_keeps_its_value_and_its_unit(folder: Folder) -> None:
    folder.write(
        "train.csv", f"{HEADER}\nT_1,9600000, 36 months,< 1 year,RENT,48000000,18.90,9,부채 통합,0,0,0.0,0.0,0.0,C\n"
    )
    (record,), rejected = folder.read(loans.read)
    assert not rejected and record.prompt.split("\n") == [
        loans.ASK,
        "대출금액(원): 9600000",
        "대출기간: 36 months",
        "근로기간: < 1 year",
        "주택소유상태: RENT",
        "연간소득(원): 48000000",
        "부채 대비 소득 비율(%): 18.90",
        "총계좌수(개): 9",
        "대출목적: debt consolidation",
        "최근 2년간 연체 횟수(회): 0",
        "총상환원금(원): 0",
        "총상환이자(원): 0.0",
        "총연체금액(원): 0.0",
        "연체계좌수(개): 0.0",
    ]
    options = tuple(f"{letter}등급" for letter in "ABCDEFG")
    assert (record.completion, record.options, record.correct, record.group) == ("C등급", options, 2, "T_1")


def loan(worked: str = "Unknown", purpose: str = "부채 통합", grade: str = "A") -> str:
    return f"{worked}-{purpose},1, 36 months,{worked},RENT,1,1,1,{purpose},0,0,0.0,0.0,0.0,{grade}"


def test_no_length_of_work_is_taken_for_another(folder: Folder) -> None:
    same = {"< 1 year": "<1 year", "10+ years": "10+years", "1 year": "1 years"}
    worked = [*same, *same.values(), "Unknown", "10 years", "3"]
    folder.write("train.csv", "\n".join((HEADER, *map(loan, worked))))
    records, rejected = folder.read(loans.read)
    said = [line.removeprefix("근로기간: ") for r in records for line in r.prompt.split("\n") if "근로기간" in line]
    assert not rejected and said == [*same, *same, "Unknown", "10 years", "3"]


def test_a_purpose_is_translated_whole_or_not_at_all(folder: Folder) -> None:
    rows = [loan(purpose=purpose) for purpose in ("주택 개선", "주택", "새 목적")]
    folder.write("train.csv", "\n".join((HEADER, *rows)))
    records, rejected = folder.read(loans.read)
    assert ["home improvement" in r.prompt for r in records] == [True, False]
    assert ["대출목적: house" in r.prompt for r in records] == [False, True]
    ((reason, remedy),) = [(r.reason, r.remedy) for r in rejected]
    assert reason == "an unknown purpose" and "'새 목적'" in remedy and "재생 에너지" in remedy
    assert len(set(loans.PURPOSES.values())) == len(loans.PURPOSES)


def test_a_grade_is_read_as_a_letter_and_as_it_is_said(folder: Folder) -> None:
    folder.write("train.csv", "\n".join((HEADER, loan(grade="B"), loan(worked="2 years", grade="B등급"))))
    records, _ = folder.read(loans.read)
    assert [r.completion for r in records] == ["B등급", "B등급"]
    assert [loans.letter_of(loans.READABLE[letter]) for letter in "ABCDEFG"] == list("ABCDEFG")
    assert [loans.letter_of(text) for text in ("H", "b", "B등급 ", "")] == [None] * 4


def test_unknown_grades_and_empty_fields(folder: Folder) -> None:
    row = "1,1,1,Unknown,RENT,1,1,1,부채 통합,0,0,0.0,0.0,0.0"
    folder.write("train.csv", f"{HEADER}\n{row},H\n{row},\n{row},A\n")
    records, rejected = folder.read(loans.read)
    assert len(records) == 1 and "근로기간: Unknown" in records[0].prompt
    assert [r.reason for r in rejected] == ["an unknown grade", "대출등급 is empty"]


def test_the_test_file_has_no_grades(folder: Folder) -> None:
    folder.write("test.csv", "ID,대출금액\n1,2\n")
    with pytest.raises(LineageError, match=r"found the columns ID, 대출금액; accepted are \(id.*대출등급"):
        folder.read(loans.read)


@pytest.mark.skipif(not REAL.exists(), reason="needs the corpus")
def test_real_rows(folder: Folder) -> None:
    shutil.copy(REAL, folder.path)
    records, rejected = folder.read(loans.read)
    assert not rejected and [loans.letter_of(r.completion) for r in records] == list("CBACBCEADC")
    assert len({r.group for r in records}) == 10 and "부채 대비 소득 비율(%): 18.90" in records[0].prompt
