"""Loan applications and their grade, A to G: Dacon 236214, one CSV row a loan.

    ID,대출금액,대출기간,근로기간,주택소유상태,연간소득,부채_대비_소득_비율,총계좌수,대출목적,…,대출등급
    TRAIN_00001,9600000, 36 months,< 1 year,RENT,48000000,12.50,9,부채 통합,0,0,0.0,0.0,0.0,B

CSV, JSON, JSONL or Parquet. The prompt is an instruction and a line for each field, which says its unit where the file
does not: amounts are won, the ratio is a percentage. " 36 months", "< 1 year", "10+ years", "Unknown" and "18.90" stay
what they are, so that nobody who worked for less than a year, for one, or for nobody knows how long is like another;
two spellings of one length of work ("<1 year") become one. The purpose is said in English by a table, whole values
only: 주택 개선 is no house.

The answer is a readable grade, `B등급`; a file may write the letter or the readable grade. The grade is a choice among
seven, and a loan's ID its group. The test file has no grades, hence nothing to learn: it does not belong in the folder.

    python -m stages.ingest loan_grades
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from lineage.readers.io.columns import shaped
from lineage.readers.io.raw_folder import RawFolder
from lineage.readers.io.row import RawRow
from lineage.readers.io.tabular import rows
from lineage.records.record import Form, Record, Rejected, qa

FORMS: tuple[Form, ...] = ("prompt_answer", "record")
READABLE = {letter: f"{letter}등급" for letter in "ABCDEFG"}
LETTERS = {readable: letter for letter, readable in READABLE.items()}
GRADES = tuple(READABLE.values())
UNITS = {  # what a field's label says of its values, where they do not say it themselves
    "대출금액": "원",
    "대출기간": "",
    "근로기간": "",
    "주택소유상태": "",
    "연간소득": "원",
    "부채_대비_소득_비율": "%",
    "총계좌수": "개",
    "대출목적": "",
    "최근_2년간_연체_횟수": "회",
    "총상환원금": "원",
    "총상환이자": "원",
    "총연체금액": "원",
    "연체계좌수": "개",
}
FIELDS = tuple(UNITS)
PURPOSES = {
    "부채 통합": "debt consolidation",
    "신용 카드": "credit card",
    "주택 개선": "home improvement",
    "주요 구매": "major purchase",
    "소규모 사업": "small business",
    "기타": "other",
    "이사": "moving",
    "휴가": "vacation",
    "의료": "medical expenses",
    "자동차": "car",
    "주택": "house",
    "재생 에너지": "renewable energy",
    "결혼": "wedding",
}
YEARS = re.compile(r"(<|>)?\s*(\d+)\s*(\+)?\s*years?")
# Dacon's files write the names with underscores, copies of them with spaces.
SHAPE = {name: (name.casefold(), name.casefold().replace("_", " ")) for name in ("ID", *FIELDS, "대출등급")}
ASK = f"다음 대출의 등급을 {', '.join(GRADES)} 중에서 고르시오."
SHAPES = (SHAPE,)


def read(folder: Path | RawFolder, forms: Sequence[str]) -> Iterator[Record | Rejected]:
    """One record a loan, judged by the likelihood of the seven grades.

    Raises:
        LineageError: a file lacks one of the columns above.
    """
    for row in shaped(rows(folder), [SHAPE]):
        yield row if isinstance(row, Rejected) else _record(row)


def letter_of(grade: str) -> str | None:
    """The letter of a grade, written as a letter or readably; None for anything else."""
    return grade if grade in READABLE else LETTERS.get(grade)


def work_length(said: str) -> str:
    """A length of work in one spelling: "<1 year" is "< 1 year", "1 years" is "1 year"; others as they are."""
    found = YEARS.fullmatch(said)
    if not found:
        return said
    sign, number, more = found[1] or "", found[2], found[3] or ""
    return f"{sign}{' ' if sign else ''}{number}{more} {'year' if number == '1' and not more else 'years'}"


def _record(row: RawRow) -> Record | Rejected:
    letter = letter_of(row.values["대출등급"])
    if letter is None:
        said = f"대출등급 is {row.values['대출등급']!r:.40}, expected {', '.join(READABLE)}"
        return Rejected(row.origin, "an unknown grade", said)
    if row.values["대출목적"] not in PURPOSES:
        said = f"대출목적 is {row.values['대출목적']!r:.40}, expected {', '.join(PURPOSES)}"
        return Rejected(row.origin, "an unknown purpose", said)
    values = row.values | {
        "근로기간": work_length(row.values["근로기간"]),
        "대출목적": PURPOSES[row.values["대출목적"]],
    }
    lines = (f"{_label(name)}: {values[name]}" for name in FIELDS)
    return qa(
        "\n".join((ASK, *lines)),
        READABLE[letter],
        group=row.values["ID"],
        origin=row.origin | {"loan": row.values["ID"]},
        measure="choice",
        options=GRADES,
        correct=GRADES.index(READABLE[letter]),
    )


def _label(name: str) -> str:
    return name.replace("_", " ") + (f"({UNITS[name]})" if UNITS[name] else "")
