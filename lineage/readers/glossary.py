"""Glossaries, a term and what it means: the Bank of Korea's 700 terms, the FSS's, any list of terms.

    Word,Content
    가산금리,기준금리에 더하는 금리이다.                       CSV, JSON, JSONL, Parquet

    순번 | 주제 | 용어 | 설명
    1 | 금융 | \\t가산금리 | 기준금리에 더하는 금리이다.          .xlsx

Columns are found by name, in any order; tabs and spaces around a cell are not part of it. A 주제 goes into
`origin.field`, a 기준일 into the record's as-of date. A term that two glossaries explain is one group: its
second definition would give away the held-out first.

    python -m stages.ingest bok_terms
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from lineage.readers.io.columns import shaped, text
from lineage.readers.io.raw_folder import RawFolder
from lineage.readers.io.tabular import rows
from lineage.readers.text.dates import COLUMNS, day
from lineage.readers.text.normalize import one_line
from lineage.records.record import Form, Record, Rejected, qa

FORMS: tuple[Form, ...] = ("prompt_answer", "record")
SHAPE = {
    "term": ("word", "term", "용어", "용어명", "title"),
    "meaning": ("content", "설명", "용어설명", "내용", "뜻", "definition", "text"),
}
OPTIONAL = {"field": ("주제", "분야", "분류", "field", "topic"), "as_of": COLUMNS}
OTHER_NAME = re.compile(r"\s*[(（\[].*")  # "가산금리(加算金利)", "금리 [interest rate]": the same term as without
SHAPES = (SHAPE, OPTIONAL)


def read(folder: Path | RawFolder, forms: Sequence[str]) -> Iterator[Record | Rejected]:
    """One record a term, asked by "…의 뜻을 설명하시오.", grouped by the term without what follows in brackets.

    Raises:
        LineageError: a file has no columns for the term and its meaning.
    """
    for row in shaped(rows(folder), [SHAPE], OPTIONAL):
        if isinstance(row, Rejected):
            yield row
            continue
        term, field = one_line(row.values["term"]), text(row.values["field"])
        yield qa(
            f"{term}의 뜻을 설명하시오.",
            row.values["meaning"],
            group=OTHER_NAME.sub("", term).casefold() or term,
            origin=row.origin | ({"field": field} if field else {}),
            as_of=day(row.values["as_of"]),
        )
