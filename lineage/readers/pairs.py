"""Korean–English sentence pairs (kuotient/reddit_enko_translation_preference, or any table of both).

    {"ko": "오늘은 휴장이다.", "en": "The market is closed today."}
    {"translation": {"ko": "…", "en": "…"}}

JSON, JSONL, CSV, Parquet or Excel. The hub set's columns have not been seen here: the two columns are found by
name, and anything else is an error that lists what was found. A preference set usually holds a prompt with two
translations of it, `chosen` and `rejected`; which of its texts is the Korean one is not guessed.

    python -m stages.ingest reddit_enko
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from lineage.readers.io.columns import shaped
from lineage.readers.io.raw_folder import RawFolder
from lineage.readers.io.row import RawRow
from lineage.readers.io.tabular import rows
from lineage.readers.text.translation import both_ways
from lineage.records.record import Form, Record, Rejected

FORMS: tuple[Form, ...] = ("prompt_answer", "record")
SHAPE = {
    "korean": (
        "ko", "kor", "korean", "kr", "한국어", "한국어문장", "ko_text", "korean_text", "text_ko", "sentence_ko",
        "korean_sentence", "ko_sentence", "ko_kr", "kor_hang",
    ),
    "english": (
        "en", "eng", "english", "영어", "영어문장", "en_text", "english_text", "text_en", "sentence_en",
        "english_sentence", "en_sentence", "en_us", "eng_latn",
    ),
}  # fmt: skip
REMEDY = (
    "Rename the two columns; of a preference set (prompt, chosen, rejected) write the sentences and their chosen "
    "translations into a file with the columns ko and en"
)
SHAPES = (SHAPE,)


def read(folder: Path | RawFolder, forms: Sequence[str]) -> Iterator[Record | Rejected]:
    """Two records a row, one each way, grouped by the Korean sentence.

    Raises:
        LineageError: a file has no Korean or no English column.
    """
    for row in shaped(_unwrapped(rows(folder)), [SHAPE], remedy=REMEDY):
        if isinstance(row, Rejected):
            yield row
        else:
            yield from both_ways(row.values["korean"], row.values["english"], "영어", row.origin)


def _unwrapped(source: Iterator[RawRow | Rejected]) -> Iterator[RawRow | Rejected]:
    """Rows with the pair itself as values, where a `translation` object holds it."""
    for row in source:
        if isinstance(row, RawRow) and isinstance(inner := row.values.get("translation"), dict):
            row.leave({"translation"})
            yield replace(row, values=inner, aside=None)
        else:
            yield row
