"""AI Hub's Korean–Chinese and other parallel corpora, as downloaded: archives or folders of JSON and CSV.

    01.데이터/1.Training/라벨링데이터/ko2zh_social_1_training.json  (027 technology, 028 social science)
    [{"관리번호": "KO-1", "분야": "금융", "한국어": "…", "중국어": "…", "한국어_어절수": "9", …}]
    {"data": [{"sn": "1", "domain": "…", "ko": "…", "mt": "…", "en": "…"}]}       (Korean–English)
    {"meta": {"doc_no": "…", "source_language": "ko", "taget_language": "zh"}, "doc_info": {},
     "sents": [{"sn": 1, "source_original": "…", "source_cleaned": "…", "mt": "…", "mtpe": "…"}]}   (71782)

`taget_language` is theirs. The human-edited `mtpe` is the translation, never the machine's `mt`. Sisters of 027 and
028 with 영어 or 일본어 in the place of 중국어 have been seen too. Training and validation are read alike.

What is held out is decided by the Korean sentence, not by the document: disclosures repeat whole sentences from
document to document, and one that is trained on in one and asked in another would be a leak, while a sentence's
neighbours hardly help to translate it. The same sentence translated twice stays together as well.

    python -m stages.ingest aihub_kozh
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from lineage.readers.io.columns import shaped, text
from lineage.readers.io.raw_folder import RawFolder
from lineage.readers.io.row import RawRow
from lineage.readers.io.tabular import rows
from lineage.readers.text.translation import both_ways
from lineage.records.record import Form, Record, Rejected

FORMS: tuple[Form, ...] = ("prompt_answer", "record")
CHINESE = {"한국어": ("한국어", "ko"), "중국어": ("중국어", "zh", "cn")}
ENGLISH = {"한국어": ("한국어", "ko"), "영어": ("영어", "en")}
JAPANESE = {"한국어": ("한국어", "ko"), "일본어": ("일본어", "ja", "jp")}
SENTENCE = {"source": ("source_cleaned", "source_original"), "target": ("mtpe",)}
OPTIONAL = {"관리번호": ("관리번호", "sn")}
LANGUAGES = {
    "ko": "한국어",
    "kr": "한국어",
    "zh": "중국어",
    "cn": "중국어",
    "en": "영어",
    "ja": "일본어",
    "jp": "일본어",
    "한국": "한국어",
    "중국": "중국어",
    "영어": "영어",
    "일본": "일본어",
}
SHAPES = (CHINESE, ENGLISH, JAPANESE, SENTENCE, OPTIONAL)


def read(folder: Path | RawFolder, forms: Sequence[str]) -> Iterator[Record | Rejected]:
    """Two records a pair, one each way; `origin` carries AI Hub's own number of the row.

    Raises:
        LineageError: a file has none of the shapes above.
    """
    source = _sentences(rows(folder, into=("data", "sents")))
    for row in shaped(source, [CHINESE, ENGLISH, JAPANESE, SENTENCE], OPTIONAL):
        if isinstance(row, Rejected):
            yield row
            continue
        number, meta = text(row.values["관리번호"]), row.around.get("meta") or {}
        named = text(meta.get("doc_no")) if isinstance(meta, dict) else ""
        document = {"doc_no": named} if named else {}
        origin = row.origin | ({"관리번호": number} if number else {}) | document
        if "source" not in row.values:
            other = next(name for name in ("중국어", "영어", "일본어") if name in row.values)
            yield from both_ways(row.values["한국어"], row.values[other], other, origin)
            continue
        ends = _language(meta, "source_language"), _language(meta, "taget_language", "target_language")
        if ends[0] == "한국어" and ends[1] not in (None, "한국어"):
            yield from both_ways(row.values["source"], row.values["target"], ends[1], origin)
        elif ends[1] == "한국어" and ends[0] is not None:
            yield from both_ways(row.values["target"], row.values["source"], ends[0], origin)
        else:
            yield Rejected(origin, "a sentence whose languages are not named", f"meta says {meta!r:.120}")


def _sentences(source: Iterator[RawRow | Rejected]) -> Iterator[RawRow | Rejected]:
    """A row for every sentence, also where a list of documents holds the lists of sentences."""
    for row in source:
        if not (isinstance(row, RawRow) and isinstance(sentences := row.values.get("sents"), list)):
            yield row
            continue
        row.leave({"sents", "meta"})
        if not sentences:
            yield Rejected(row.origin, "a document without sentences", "its list sents is empty")
        for number, sentence in enumerate(sentences, 1):
            origin = row.origin | {"sentence": number}
            if isinstance(sentence, dict):
                yield replace(row, origin=origin, values=sentence, around=row.values)
            else:
                yield Rejected(origin, "a row that is not an object", f"found {sentence!r:.80}")


def _language(meta: Any, *names: str) -> str | None:
    said = next((str(meta[name]) for name in names if isinstance(meta, dict) and meta.get(name)), "")
    return LANGUAGES.get(said.strip().lower()[:2])
