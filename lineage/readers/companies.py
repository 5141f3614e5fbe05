"""Large companies, one JSON each: who they are, what they do, their figures by year with units.

    {"name": "너울전자", "ticker": "G00570", "sector": "전자", "business": "반도체를 만든다.",
     "figures": {"2023": {"매출액": {"value": 450, "unit": "십억원"}, …}, …},
     "source_documents": [{"file": "기업보고서_너울전자.pdf", "sha256": "9f2c…"}]}

`sector`, `business` and the other particulars may be absent, `name` and `figures` may not. `source_documents`
go into every record: excluding a report also excludes what was written out of it. A 기준일 or as_of of the
company is every record's as-of date; a year of its figures states no day, so none is made up.

    python -m stages.ingest large_companies
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from lineage.readers.io.columns import drifted, text
from lineage.readers.io.raw_folder import RawFolder
from lineage.readers.io.row import RawRow
from lineage.readers.io.tabular import JSON, rows
from lineage.readers.text.answer_kind import measure_of
from lineage.readers.text.dates import COLUMNS, day
from lineage.records.record import Form, Record, Rejected, qa

FORMS: tuple[Form, ...] = ("prompt_answer", "record")
SHAPE = {"name": ("name", "회사명"), "figures": ("figures", "재무")}
# What is asked about a company: the names of the field, and the question.
PARTICULARS = (
    (("ticker", "종목코드"), "{name}의 종목코드는 무엇입니까?"),
    (("english_name", "영문명"), "{name}의 영문 이름은 무엇입니까?"),
    (("market", "시장"), "{name}의 주식은 어느 시장에서 거래됩니까?"),
    (("sector", "업종"), "{name}의 업종은 무엇입니까?"),
    (("business", "사업"), "{name}의 사업 내용은 무엇입니까?"),
    (("city", "본사"), "{name}의 본사는 어디에 있습니까?"),
    (("founded", "설립"), "{name}의 설립 연도는 언제입니까?"),
    (("employees", "직원"), "{name}의 직원 수는 얼마입니까?"),
)
READ = {*sum((*SHAPE.values(), *(names for names, _ in PARTICULARS)), COLUMNS), "source_documents"}
NAMED_BY_TICKER = "종목코드가 {ticker}인 회사는 어디입니까?"
FIGURE = "{name}의 {year}년 {label}은 얼마입니까?"
FIGURE_OPEN = "{name}의 {year}년 {label}는 얼마입니까?"  # after a vowel
SHA256 = re.compile(r"[0-9a-f]{64}")
SHAPES = (SHAPE, {names[0]: names for names, _ in PARTICULARS})


def read(folder: Path | RawFolder, forms: Sequence[str]) -> Iterator[Record | Rejected]:
    """One record a particular and one a figure, grouped by company; `origin.field` says which.

    Raises:
        LineageError: a file without a name and figures, or figures of an unknown layout.
    """
    for row in rows(folder, JSON):
        yield from [row] if isinstance(row, Rejected) else _company(row)


def _company(row: RawRow) -> Iterator[Record | Rejected]:
    name = text(_first(row.values, SHAPE["name"]))
    figures = _first(row.values, SHAPE["figures"])
    if name and (figures is None or figures == {}):
        yield Rejected(row.origin, "a company without figures", f"give {' or '.join(SHAPE['figures'])} by year")
        return
    if not name or not isinstance(figures, dict) or not all(isinstance(said, dict) for said in figures.values()):
        raise drifted(row.origin["file"], row.values, [SHAPE])
    documents = row.values.get("source_documents") or []
    listed = documents if isinstance(documents, list) else [documents]
    sums = [text(document.get("sha256")) if isinstance(document, dict) else None for document in listed]
    if not all(found and SHA256.fullmatch(found) for found in sums):
        yield Rejected(
            row.origin,
            "a source document without its SHA-256",
            "without it an exclusion could not hold: "
            f"give source_documents[].sha256 as 64 hex digits, found {documents!r:.120}",
        )
        return
    row.leave(READ)
    as_of = day(_first(row.values, COLUMNS))
    for field, question, said in _questions(name, row.values, figures):
        origin = row.origin | {"field": field}
        if answer := _quantity(said):
            yield qa(
                question,
                answer,
                group=name,
                origin=origin,
                documents=tuple(filter(None, sums)),
                measure="text" if field == "ticker" else measure_of(answer),
                as_of=as_of,
            )
        else:
            yield Rejected(origin, "a figure or particular that is empty or not text", f"found {said!r:.80}")


def _questions(name: str, company: dict[str, Any], figures: dict[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """(field, question, what the file says)."""
    for names, question in PARTICULARS:
        if (said := _first(company, names)) is not None:
            yield names[0], question.format(name=name), said
    if ticker := text(_first(company, PARTICULARS[0][0])):
        yield "name", NAMED_BY_TICKER.format(ticker=ticker), name
    for year, said in figures.items():
        for label, quantity in said.items():
            asked = FIGURE_OPEN if _open(label) else FIGURE
            yield f"figures.{year}.{label}", asked.format(name=name, year=year, label=label), quantity


def _quantity(said: Any) -> str:
    """ "450십억원" for {"value": 450, "unit": "십억원"}; a bare value as it is; "" where there is none."""
    if isinstance(said, dict):
        value, unit = text(said.get("value")), text(said.get("unit"))
        return f"{value}{unit}" if value and unit is not None else ""
    return text(said) or ""


def _open(word: str) -> bool:
    """Whether a Korean word ends in a vowel."""
    return "가" <= word[-1:] <= "힣" and (ord(word[-1]) - ord("가")) % 28 == 0


def _first(values: dict[str, Any], names: Sequence[str]) -> Any:
    return next((values[name] for name in names if values.get(name) is not None), None)
