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


def test_every_field_stands_as_it_is_written(folder: Folder) -> None:
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
        "부채 대비 소득 비율: 18.90",
        "총계좌수: 9",
        "대출목적: 부채 통합",
        "최근 2년간 연체 횟수: 0",
        "총상환원금(원): 0",
        "총상환이자(원): 0.0",
        "총연체금액(원): 0.0",
        "연체계좌수: 0.0",
    ]
    assert (record.completion, record.options, record.correct, record.group) == ("C", tuple("ABCDEFG"), 2, "T_1")


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
    assert not rejected and [r.completion for r in records] == list("CBACBCEADC")
    assert len({r.group for r in records}) == 10 and "부채 대비 소득 비율: 18.90" in records[0].prompt
