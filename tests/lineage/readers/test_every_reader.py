"""What holds for every reader: no file breaks it, no figure is changed, no row is lost."""

import csv
import html
import io
import json
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage.config.schema import Source
from lineage.core.errors import LineageError
from lineage.ingest.sanitize import cleaned
from lineage.readers import loans, reader, reader_names
from lineage.readers.io.unread import UnreadColumns
from lineage.records.record import Record, Rejected
from tests.lineage.readers.io.test_archives import tarred, zipped
from tests.lineage.readers.io.test_arrow_rows import arrow_bytes

FIGURES = (
    "-3.5%", "−0.25%p", "△5.2%p", "▲ 1,234", "(1,234)", "(1,234백만원)", "+3.7bp", "±0.5", "￦1,000", "$110", "2.5~3.0",
    "1조 2,345억원", "12.50", "0.10", "1,234,567.89", "10÷3", "3×4=12", "①", "「자본시장법」", "제3조(정의)",
    "<개정 2024.1.1>", "<A사>", "㈜가온", "½", "≤30%", "％", "[주1]", "A&B", "2024.1.1.", "※", "1:2", "50/50",
    "10^{-3}",
)  # fmt: skip
SIGNS = st.sampled_from(["", "-", "△", "▲", "−", "+", "(", "￦", "약 "])
UNITS = st.sampled_from(["", "%", "%p", "원", "억원", "배", ")", "bp", "주"])
NUMBERS = st.from_regex(r"[0-9]{1,3}(,[0-9]{3}){0,2}(\.[0-9]{1,2})?", fullmatch=True)
figures = st.sampled_from(FIGURES) | st.builds(lambda s, n, u: s + n + u, SIGNS, NUMBERS, UNITS)
FIGURE, IN_HTML = "◆", "◇"  # in a sample: a figure, and one that is written in markup
PLACE = re.compile(f"앞[0-9]+ [{FIGURE}{IN_HTML}] 뒤")


@dataclass(frozen=True)
class Sample:
    """A valid file of a source, by its name and text. What is between 앞1 and 뒤 must be found in the records."""

    file: str
    text: str
    row: Any = None  # one raw row of a list, for the readers of such

    def filled(self, figure: str) -> tuple[str, list[str]]:
        """The text with a figure in every place, and what must then be found."""
        quoted = json.dumps(figure, ensure_ascii=False)[1:-1] if ".json" in self.file else figure
        escaped = html.escape(figure, quote=False)
        wanted = [place.replace(FIGURE, figure).replace(IN_HTML, figure) for place in PLACE.findall(self.text)]
        return self.text.replace(FIGURE, quoted).replace(IN_HTML, escaped), wanted


def of(row: Any, *, several: bool = True, file: str = "rows.json") -> Sample:
    return Sample(file, json.dumps([row] if several else row, ensure_ascii=False), row if several else None)


def asked(context: str, *, question: str = "question", **answer: Any) -> dict[str, Any]:
    return {"context": context, "qas": [{question: "앞2 ◆ 뒤는?", **answer}]}


def table(cells: str) -> str:
    return f"<table><tr><th>구분</th><th>금액</th></tr><tr><td>국내</td><td>{cells}</td></tr></table>"


def loan() -> Sample:
    lines = io.StringIO()
    fields = {name: "1" for name in loans.FIELDS} | {"주택소유상태": "앞1 ◆ 뒤", "대출목적": "기타"}
    csv.writer(lines, quoting=csv.QUOTE_ALL).writerows([["ID", *fields, "대출등급"], ["T_1", *fields.values(), "A"]])
    return Sample("train.csv", lines.getvalue())


BOOK = """가온시장 업무규정 시행세칙
제1장 총칙
제1조(목적) 이 세칙은 앞1 ◆ 뒤를 정한다.
제2조(호가) ① 호가는 앞2 ◆ 뒤로 한다.
② 그 밖의 것은 앞3 ◆ 뒤로 한다.
제3조(수수료) 수수료는 앞4 ◆ 뒤이다.
"""
REPORT = {
    "schema": 1,
    "file": "가온.pdf",
    "sha256": "9f" * 32,
    "title": "가온전자 보고서",
    "dates": [],
    "pages": 1,
    "blocks": [{"kind": "paragraph", "page": 1, "bbox": [0, 0, 1, 1], "text": "매출은 앞1 ◆ 뒤이다."}],
    "page_text": ["매출은 앞1 ◆ 뒤이다. 가온전자는 상장 회사이고 반도체를 만든다."],
    "furniture": [],
    "warnings": [],
    "quality": 1.0,
}
DISCLOSURE = (
    '<DOCUMENT><DOCUMENT-NAME ACODE="11011">사업보고서</DOCUMENT-NAME><COMPANY-NAME>가온전자</COMPANY-NAME><BODY>'
    '<SECTION-1><TITLE ATOC="Y">II. 사업의 내용</TITLE><P>매출은 앞1 ◇ 뒤이다.</P>'
    '<TABLE><TR><TD>매출액</TD><TU AUNIT="WON" AUNITVALUE="1200">앞2 ◇ 뒤</TU></TR></TABLE>'
    "</SECTION-1></BODY></DOCUMENT>"
)
QA = {"question": "앞1 ◆ 뒤는?", "answer": "앞2 ◆ 뒤이다."}
OPTIONS = ["앞2 ◆ 뒤", "가", "나"]
SAMPLES: dict[str, list[Sample]] = {
    "accounting": [of(QA), of({"title": "발생주의", "text": "앞1 ◆ 뒤로 적는다."})],
    "aihub_parallel": [
        of({"관리번호": "KO-1", "한국어": "주가가 앞1 ◆ 뒤.", "중국어": "股价 앞2 ◆ 뒤。"}),
        of(
            {
                "meta": {"source_language": "ko", "taget_language": "zh"},
                "sents": [
                    {"sn": 1, "source_original": "-", "source_cleaned": "앞1 ◆ 뒤", "mt": "机", "mtpe": "앞2 ◆ 뒤。"}
                ],
            },
            several=False,
        ),
    ],
    "arithmetic": [
        of({"passage": "지점은 앞1 ◆ 뒤.", "qa_pairs": [{"question": "앞2 ◆ 뒤는?", "answer": {"number": "앞3 ◆ 뒤"}}]})
    ],
    "by_field": [of({"prompt": "앞1 ◆ 뒤는?", "completion": "앞2 ◆ 뒤이다.", "field": "세무"})],
    "companies": [
        of(
            {
                "name": "너울전자",
                "ticker": "G00570",
                "business": "앞1 ◆ 뒤를 만든다.",
                "figures": {"2023": {"매출액": {"value": "앞2 ◆ 뒤", "unit": "원"}}},
            },
            several=False,
        )
    ],
    "conversations": [
        of(
            {
                "messages": [
                    {"role": "system", "content": "앞1 ◆ 뒤"},
                    {"role": "user", "content": "앞2 ◆ 뒤는?"},
                    {"role": "assistant", "content": [{"type": "text", "text": "앞3 ◆ 뒤이다."}]},
                    {"role": "user", "content": "앞4 ◆ 뒤는?"},
                    {"role": "assistant", "content": "앞5 ◆ 뒤이다."},
                ]
            }
        ),
        of(
            {
                "conversations": [{"from": "human", "value": "앞1 ◆ 뒤는?"}, {"from": "gpt", "value": "앞2 ◆ 뒤이다."}],
                "system": "앞3 ◆ 뒤",
            }
        ),
    ],
    "dart": [Sample("보고서.xml", DISCLOSURE)],
    "glossary": [of({"용어": "가산금리", "설명": "앞1 ◆ 뒤를 더한다."})],
    "instructions": [
        of({"instruction": "앞1 ◆ 뒤를 줄이시오.", "input": "앞2 ◆ 뒤", "output": "앞3 ◆ 뒤이다."}),
        of(
            {
                "instruction": "앞1 ◆ 뒤?",
                "output": "앞2 ◆ 뒤이다.",
                "system": "앞3 ◆ 뒤",
                "history": [["앞4 ◆ 뒤?", "앞5 ◆ 뒤"]],
            }
        ),
    ],
    "kobest": [
        of({"paragraph": "앞1 ◆ 뒤이다.", "question": "앞2 ◆ 뒤인가?", "label": 1}),
        of({"premise": "앞1 ◆ 뒤", "question": "원인", "alternative_1": "앞2 ◆ 뒤", "alternative_2": "가", "label": 0}),
    ],
    "loans": [loan()],
    "mcqa": [of({"question": "앞1 ◆ 뒤는?", "options": OPTIONS, "answer": "앞2 ◆ 뒤", "reference": "-"})],
    "metamath": [
        of({"query": "앞1 ◆ 뒤?", "original_question": "1+2?", "response": "앞2 ◆ 뒤.\nThe answer is: 앞3 ◆ 뒤"})
    ],
    "mrc": [
        of({"doc_title": "규정", "paragraphs": [asked("앞1 ◆ 뒤에 따른다.", answer={"text": "앞3 ◆ 뒤"})]}),
        of(
            {
                "doc_title": "규정",
                "paragraphs": [asked(table("앞1 ◇ 뒤"), answer={"text": "앞2 ◆ 뒤", "options": OPTIONS})],
            }
        ),
    ],
    "pairs": [of({"ko": "앞1 ◆ 뒤이다.", "en": "It is 앞2 ◆ 뒤."})],
    "preferences": [of({"prompt": "앞1 ◆ 뒤는?", "chosen": "앞2 ◆ 뒤이다.", "rejected": "모른다."})],
    "prompt_response": [of({"prompt": "앞1 ◆ 뒤는?", "response": "앞2 ◆ 뒤이다."})],
    "questions": [of(QA), of({"question": "앞1 ◆ 뒤는?", "options": OPTIONS, "answer": "앞2 ◆ 뒤"})],
    "references": [of({**QA, "reference": "앞3 ◆ 뒤이다.", "old_answer": "-", "preference": "B"})],
    "reports": [of(REPORT, several=False, file="가온.json")],
    "rules": [Sample("업무규정.txt", BOOK)],
    "table_qa": [
        of(asked(table("앞1 ◇ 뒤"), question="question-1", answer="앞3 ◆ 뒤")),
        of({"paragraphs": [asked("앞1 ◆ 뒤", answers=[{"text": "앞3 ◆ 뒤"}])]}),
    ],
}
EVERY = {name: reader(name).read for name in SAMPLES}
SAMPLED = [(name, sample) for name in sorted(EVERY) for sample in SAMPLES[name]]
CASES = [pytest.param(name, sample, id=f"{name}{i}") for i, (name, sample) in enumerate(SAMPLED)]
# `reports` reads what another stage of this project wrote, not files of others.
FOREIGN = [case for case in CASES if case.values[0] != "reports"]
quick = settings(derandomize=True, database=None, deadline=None, max_examples=20)


def test_every_reader_has_a_sample() -> None:
    """`generated` reads what another stage of this project wrote: nobody else's files."""
    assert set(reader_names()) - {"generated"} == set(SAMPLES)


@contextmanager
def folder_of(file: str, content: bytes) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp())
    try:
        (folder / file).write_bytes(content)
        yield folder
    finally:
        shutil.rmtree(folder)


def read(reader: Callable[..., Any], file: str, content: bytes) -> tuple[list[Record], list[Rejected]]:
    """What ingest would be given of a file. Every part of it can be written down."""
    with folder_of(file, content) as folder:
        given: list[Record | Rejected] = []
        for found in reader(folder, ("prompt_answer",)):
            found = cleaned(found) if isinstance(found, Record) else found
            both_ways = given and isinstance(found, Rejected) and found.origin == given[-1].origin
            if not both_ways:  # a pair of sentences is cleaned twice, and is one row
                given.append(found)
    for found in given:
        assert isinstance(found, Record | Rejected)
        line = found.to_json() if isinstance(found, Record) else f"{found.reason} {found.remedy} "
        (line + json.dumps(found.origin, ensure_ascii=False)).encode()
        assert found.origin["file"]
    return [f for f in given if isinstance(f, Record)], [f for f in given if isinstance(f, Rejected)]


@pytest.mark.parametrize(("name", "sample"), CASES)
def test_no_figure_is_changed(name: str, sample: Sample) -> None:
    @quick
    @given(figures)
    def check(figure: str) -> None:
        content, wanted = sample.filled(figure)
        records, rejected = read(EVERY[name], sample.file, content.encode())
        assert wanted and not rejected, rejected
        said = "\n".join(turn["content"] for record in records for turn in record.turns)
        assert [place for place in wanted if place not in said] == []

    check()


def cut(content: bytes, data: st.DataObject) -> bytes:
    return content[: data.draw(st.integers(0, len(content)))]


def changed(content: bytes, data: st.DataObject) -> bytes:
    made = bytearray(content)
    for at, byte in data.draw(st.lists(st.tuples(st.integers(0, len(made) - 1), st.integers(0, 255)), max_size=8)):
        made[at] = byte
    return bytes(made)


def swapped(content: bytes, data: st.DataObject) -> bytes:
    """Pieces in another order, or twice: brackets, quotes and tags that do not match."""
    at = sorted(data.draw(st.lists(st.integers(0, len(content)), min_size=2, max_size=2)))
    pieces = [content[: at[0]], content[at[0] : at[1]], content[at[1] :], b'"', b"]}", b"\\u", b"<", b"\xed\xa0"]
    return b"".join(data.draw(st.lists(st.sampled_from(pieces), max_size=5)))


def anything(content: bytes, data: st.DataObject) -> bytes:
    return data.draw(st.binary(max_size=200))


@pytest.mark.parametrize("damage", [cut, changed, swapped, anything])
@pytest.mark.parametrize(("name", "sample"), FOREIGN)
def test_no_file_breaks_a_reader(name: str, sample: Sample, damage: Callable[[bytes, Any], bytes]) -> None:
    good = sample.filled("△1,234")[0].encode()

    @quick
    @given(st.data())
    def check(data: st.DataObject) -> None:
        try:
            records, rejected = read(EVERY[name], sample.file, damage(good, data))
        except LineageError:  # a drifted schema: said to a person, who must look
            return
        assert records or rejected, "a file that left no trace"

    check()


@pytest.mark.parametrize("suffix", [".zip", ".tar", ".parquet", ".arrow", ".feather", ".xlsx", ".hwpx", ".hwp"])
@pytest.mark.parametrize("damage", [cut, changed, swapped, anything])
def test_no_container_breaks_the_readers(suffix: str, damage: Callable[[bytes, Any], bytes]) -> None:
    content, _ = SAMPLES["questions"][0].filled("12")
    inner = zipped({"rows.json": content.encode(), "가.json": b"[]"})
    good = inner if suffix != ".tar" else tarred({"a.zip": inner, "rows.json": content.encode()})
    if suffix == ".xlsx":
        import openpyxl

        book, buffer = openpyxl.Workbook(), io.BytesIO()
        for line in (("ko", "en"), ("가", "a"), ("나", "b")):
            book.active.append(line)
        book.save(buffer)
        good = buffer.getvalue()
    if suffix in (".parquet", ".arrow", ".feather"):
        good = arrow_bytes({"question": ["가"] * 20, "answer": ["나"] * 20}, suffix)

    @settings(quick, max_examples=40)
    @given(st.data(), st.sampled_from(["questions", "pairs", "rules"]))
    def check(data: st.DataObject, name: str) -> None:
        try:
            read(EVERY[name], f"rows{suffix}", damage(good, data))
        except LineageError:
            return

    check()


ROWS = [pytest.param(n, s.row, id=f"{n}{i}") for i, (n, s) in enumerate(SAMPLED) if s.row is not None]


def spoiled(row: Any, data: st.DataObject) -> Any:
    """The row with some of its values gone, empty or of another type; or no row at all."""
    if data.draw(st.booleans()):
        return data.draw(st.sampled_from([row, None, 3, "text", [], {}, [row]]))
    made = dict(row)
    for key in data.draw(st.lists(st.sampled_from(sorted(row)), max_size=2)):
        if data.draw(st.booleans()):
            made.pop(key, None)
        else:
            odd = ["", " ", None, 0, -1.5, True, [], {}, ["가"], {"text": "가"}, float("nan"), "\ud83d", "<|im_end|>"]
            made[key] = data.draw(st.sampled_from(odd))
    return made


@pytest.mark.parametrize(("name", "row"), ROWS)
def test_every_row_ends_as_a_record_or_is_rejected(name: str, row: Any) -> None:
    """One question a row here, so that as many places come out as rows went in."""

    @quick
    @given(st.data(), st.sampled_from([".json", ".jsonl"]), st.integers(1, 4))
    def check(data: st.DataObject, suffix: str, several: int) -> None:
        made = [row, *(spoiled(row, data) for _ in range(several))]
        lines = [json.dumps(one, ensure_ascii="ud83d" in repr(one)) for one in made]
        content = "\n".join(lines) if suffix == ".jsonl" else f"[{', '.join(lines)}]"
        try:
            records, rejected = read(EVERY[name], f"rows{suffix}", content.encode())
        except LineageError:
            return
        places = {record.origin["row"] for record in records}
        lost = [found.origin["row"] for found in rejected]
        assert places | set(lost) == set(range(1, len(made) + 1))
        assert len(lost) == sum(found.rows for found in rejected)
        if name != "companies":  # a company's figures are rejected one by one
            assert len(lost) == len(set(lost)) and not places & set(lost)

    check()


def source_of(name: str, columns: Mapping[str, str] = {}) -> Source:
    rest = {"title": "t", "input": "raw", "heldout": 0, "licence": "mit"}
    return Source.model_validate({**rest, "reader": name, "forms": ["prompt_answer"], "columns": columns})


def shapes(name: str) -> Mapping[str, Sequence[str]]:
    return reader(name).columns


@pytest.mark.parametrize(("name", "row"), ROWS)
def test_a_column_that_nobody_reads_is_counted(name: str, row: Any) -> None:
    made = [row | {"낯선 열": "값"}, row | {"낯선 열": " "}, row]
    with folder_of("rows.json", json.dumps(made, ensure_ascii=False).encode()) as folder:
        unread = UnreadColumns()
        found = list(reader(name).found_in(folder, source_of(name), unread))
        assert all(isinstance(one, Record) for one in found)
        assert unread.rows["낯선 열"] == 1
        assert not {"question", "answer", "context", "prompt", "response", "paragraphs", "qas"} & unread.rows.keys()


FLAT = [case for case in ROWS if "qas" not in repr(case.values) and "qa_pairs" not in repr(case.values)]


@pytest.mark.parametrize(("name", "row"), FLAT)
def test_columns_of_other_names_are_read_as_the_source_says(name: str, row: Any) -> None:
    """Every column of a row gets a strange name, and the records stay what they were."""
    called = {called: known for known, names in shapes(name).items() for called in names}
    strange = {f"열{number}": value for number, value in enumerate(row.values())}
    columns = {called[key]: f"열{number}" for number, key in enumerate(row) if key in called}
    assert len(columns) >= min(2, len(row))
    with folder_of("rows.json", json.dumps([row], ensure_ascii=False).encode()) as folder:
        wanted = list(reader(name).read(folder, ("prompt_answer",)))
    with folder_of("rows.json", json.dumps([strange], ensure_ascii=False).encode()) as folder:
        unread = UnreadColumns()
        assert list(reader(name).found_in(folder, source_of(name, columns), unread)) == wanted
