"""Loan applications and their grade, A to G: Dacon 236214, one CSV row a loan.

    ID,대출금액,대출기간,근로기간,주택소유상태,연간소득,부채_대비_소득_비율,총계좌수,대출목적,…,대출등급
    TRAIN_00001,9600000, 36 months,< 1 year,RENT,48000000,12.50,9,부채 통합,0,0,0.0,0.0,0.0,B

CSV, JSON, JSONL or Parquet. The prompt lists every field as the file writes it (" 36 months", "< 1 year",
"Unknown", "18.90" are data); amounts are won, which only the labels say. The grade is a choice among seven, and
a loan's ID its group. The test file has no grades, hence nothing to learn: it does not belong in the folder.

    python -m stages.ingest loan_grades
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from lineage.readers.io.columns import shaped
from lineage.readers.io.raw_folder import RawFolder
from lineage.readers.io.row import RawRow
from lineage.readers.io.tabular import rows
from lineage.records.record import Form, Record, Rejected, qa

FORMS: tuple[Form, ...] = ("prompt_answer", "record")
GRADES = ("A", "B", "C", "D", "E", "F", "G")
AMOUNTS = ("대출금액", "연간소득", "총상환원금", "총상환이자", "총연체금액")  # in won
FIELDS = (
    "대출금액",
    "대출기간",
    "근로기간",
    "주택소유상태",
    "연간소득",
    "부채_대비_소득_비율",
    "총계좌수",
    "대출목적",
    "최근_2년간_연체_횟수",
    "총상환원금",
    "총상환이자",
    "총연체금액",
    "연체계좌수",
)
# Dacon's files write the names with underscores, copies of them with spaces.
SHAPE = {name: (name.casefold(), name.casefold().replace("_", " ")) for name in ("ID", *FIELDS, "대출등급")}
ASK = "다음 대출의 등급을 A, B, C, D, E, F, G 중에서 고르시오."
SHAPES = (SHAPE,)


def read(folder: Path | RawFolder, forms: Sequence[str]) -> Iterator[Record | Rejected]:
    """One record a loan, judged by the likelihood of the seven grades.

    Raises:
        LineageError: a file lacks one of the columns above.
    """
    for row in shaped(rows(folder), [SHAPE]):
        yield row if isinstance(row, Rejected) else _record(row)


def _record(row: RawRow) -> Record | Rejected:
    grade = row.values["대출등급"]
    if grade not in GRADES:
        return Rejected(row.origin, "an unknown grade", f"대출등급 is {grade!r:.40}, expected {', '.join(GRADES)}")
    lines = (f"{_label(name)}: {row.values[name]}" for name in FIELDS)
    return qa(
        "\n".join((ASK, *lines)),
        grade,
        group=row.values["ID"],
        origin=row.origin | {"loan": row.values["ID"]},
        measure="choice",
        options=GRADES,
        correct=GRADES.index(grade),
    )


def _label(name: str) -> str:
    return name.replace("_", " ") + ("(원)" if name in AMOUNTS else "")
