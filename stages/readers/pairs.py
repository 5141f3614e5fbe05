"""Korean–English sentence pairs (kuotient/reddit_enko_translation_preference, or any table of both).

    {"ko": "오늘은 휴장이다.", "en": "The market is closed today."}
    {"translation": {"ko": "…", "en": "…"}}

JSON, JSONL, CSV or Parquet. The hub set's columns have not been seen here: the two columns are found by
name, and anything else is an error that lists what was found.

    python -m stages.ingest reddit_enko
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from lineage.record import Record, Rejected
from stages.readers.columns import shaped
from stages.readers.files import Row, rows
from stages.readers.translation import both_ways

SHAPE = {
    "korean": ("ko", "kor", "korean", "kr", "한국어", "ko_text", "korean_text", "text_ko", "sentence_ko"),
    "english": ("en", "eng", "english", "영어", "en_text", "english_text", "text_en", "sentence_en"),
}


def read(folder: Path, forms: Sequence[str]) -> Iterator[Record | Rejected]:
    """Two records a row, one each way, grouped by the Korean sentence.

    Raises:
        LineageError: a file has no Korean or no English column.
    """
    for row in shaped(_unwrapped(rows(folder)), [SHAPE]):
        if isinstance(row, Rejected):
            yield row
        else:
            yield from both_ways(row.values["korean"], row.values["english"], "영어", row.origin)


def _unwrapped(source: Iterator[Row | Rejected]) -> Iterator[Row | Rejected]:
    """Rows with the pair itself as values, where a `translation` object holds it."""
    for row in source:
        if isinstance(row, Row) and isinstance(inner := row.values.get("translation"), dict):
            yield replace(row, values=inner)
        else:
            yield row
