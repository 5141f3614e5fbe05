import io

import openpyxl
import pytest

from lineage.core.errors import LineageError
from lineage.readers import prompt_response, reader
from lineage.readers.io.columns import shaped
from lineage.readers.io.raw_folder import OF_ANOTHER_PART, RawFolder
from lineage.readers.io.row import RawRow
from lineage.readers.io.tabular import rows
from lineage.readers.io.unread import MOST_NAMES, OTHERS
from lineage.records.record import Record, Rejected
from tests.lineage.readers.conftest import Folder
from tests.lineage.readers.io.test_archives import zipped
from tests.lineage.readers.io.test_arrow_rows import arrow_bytes

KNOWN = reader("prompt_response").columns


def raw(folder: Folder, **columns: str) -> RawFolder:
    return RawFolder(folder.path, KNOWN, columns)


def pairs(of: RawFolder) -> list[tuple[str, str]]:
    found = list(prompt_response.read(of, ("prompt_answer",)))
    return [(record.prompt, record.completion) for record in found if isinstance(record, Record)]


def test_a_phrase_bank_is_read_by_the_names_that_its_source_gives(folder: Folder) -> None:
    said = [{"sentence": "매출이 늘었다.", "label": "긍정"}, {"sentence": "손실이 났다.", "label": "부정"}]
    book, buffer = openpyxl.Workbook(), io.BytesIO()
    for line in (["sentence", "label"], *(list(row.values()) for row in said)):
        book.active.append(line)
    book.save(buffer)
    table = {name: [row[name] for row in said] for name in ("sentence", "label")}
    folder.json("a.json", {"data": said})
    folder.jsonl("b.jsonl", said)
    folder.write("c.csv", "Sentence ; LABEL\n매출이 늘었다.;긍정\n손실이 났다.;부정\n")
    folder.write("d.parquet", arrow_bytes(table, ".parquet"))
    folder.write("e.arrow", arrow_bytes(table, ".arrow"))
    folder.write("f.xlsx", buffer.getvalue())
    folder.write("g.zip", zipped({"h.tsv": "sentence\tlabel\n매출이 늘었다.\t긍정\n손실이 났다.\t부정\n".encode()}))
    source = raw(folder, prompt="sentence", response="label")
    assert pairs(source) == [("매출이 늘었다.", "긍정"), ("손실이 났다.", "부정")] * 7
    assert not source.unread.rows


def test_a_named_column_takes_the_place_of_those_that_a_reader_guesses(folder: Folder) -> None:
    row = {"question": "아닌 것", "instruction": "이것도", "물음": "가?", "response": "나", "input": ""}
    folder.jsonl("a.jsonl", [row, {**row, "물음": ""}])
    source = raw(folder, prompt="물음")
    assert pairs(source) == [("가?", "나")], "an empty cell is not filled from another column"
    assert source.unread.rows == {"question": 1, "instruction": 1}


def test_one_column_may_stand_for_two(folder: Folder) -> None:
    folder.jsonl("a.jsonl", [{"query": "1+1?", "response": "The answer is: 2"}])
    metamath = reader("metamath")
    source = RawFolder(folder.path, metamath.columns, {"original": "query", "query": "query"})
    (record,) = metamath.read(source, ("prompt_answer",))
    assert isinstance(record, Record) and (record.group, record.prompt) == ("1+1?", "1+1?")


def test_a_column_that_a_file_lacks_is_named(folder: Folder) -> None:
    folder.jsonl("a.jsonl", [{"물음": "가?", "답": "나"}, {"답": "나"}])
    folder.jsonl("b.jsonl", [{"질문": "가?", "답": "나"}])
    with pytest.raises(LineageError, match=r"b\.jsonl: no row has the column 물음, which `columns`.*found 질문, 답"):
        pairs(raw(folder, prompt="물음"))
    with pytest.raises(LineageError, match=r"a\.jsonl: no row has the column 자료"):
        pairs(raw(folder, prompt="물음", reference="자료"))


def test_columns_that_nobody_reads_are_counted_where_they_hold_something(folder: Folder) -> None:
    row = {
        "prompt": "가?",
        "response": "나",
        "persona": "너는 비서이다.",
        "votes": [],
        "score": 0,
        "tags": None,
        " ": "x",
    }
    folder.jsonl("a.jsonl", [row, {**row, "votes": [["나", "너"]]}, {**row, "response": ""}])
    source = raw(folder)
    assert len(pairs(source)) == 2
    assert source.unread.rows == {"persona": 2, "votes": 1, "score": 2, "(a column without a name)": 2}


def test_of_two_columns_for_one_the_other_is_counted(folder: Folder) -> None:
    folder.jsonl("a.jsonl", [{"prompt": "가?", "question": "다른 것?", "response": "나"}])
    source = raw(folder)
    assert pairs(source) == [("가?", "나")] and source.unread.rows == {"question": 1}


def test_names_that_are_data_do_not_fill_the_memory(folder: Folder) -> None:
    folder.jsonl("a.jsonl", [{"prompt": "가?", "response": "나", f"{'열' * 200}": 1, f"q{n}": 1} for n in range(2000)])
    source = raw(folder)
    assert len(pairs(source)) == 2000 and len(source.unread.rows) == MOST_NAMES + 1
    assert source.unread.rows["열" * 80] == 2000 and source.unread.rows[OTHERS] == 2001 - MOST_NAMES


def test_without_a_source_rows_are_as_they_were(folder: Folder) -> None:
    folder.jsonl("a.jsonl", [{"a": 1}])
    assert list(rows(folder.path)) == list(rows(RawFolder(folder.path)))
    (row,) = shaped(rows(folder.path), [{"a": ("a",)}])
    assert isinstance(row, RawRow) and row.unread is None


def test_of_nested_questions_every_level_is_counted(folder: Folder) -> None:
    qa = {"question": "얼마인가?", "answer": {"text": "3억원", "answer_start": 4}, "id": "q1", "level": ""}
    paragraph = {"context": "자본금은 3억원이다.", "qas": [qa, {**qa, "level": "하"}], "number": 1}
    folder.json(
        "a.json", {"version": 1, "data": [{"doc_title": "규정", "doc_source": "관보", "paragraphs": [paragraph]}]}
    )
    mrc = reader("mrc")
    source = RawFolder(folder.path, mrc.columns)
    assert len(list(mrc.read(source, ("prompt_answer",)))) == 2
    assert source.unread.rows == {"doc_source": 1, "number": 1, "id": 2, "level": 1}


def test_a_flat_table_of_questions_with_names_of_its_own(folder: Folder) -> None:
    table = {"본문": ["자본금은 3억원이다."], "물음": ["자본금은?"], "정답": ["3억원"], "question": ["다른 것"]}
    folder.write("a.parquet", arrow_bytes(table, ".parquet"))
    mrc = reader("mrc")
    source = RawFolder(folder.path, mrc.columns, {"context": "본문", "question": "물음", "answer": "정답"})
    (record,) = mrc.read(source, ("prompt_answer",))
    assert isinstance(record, Record) and record.completion == "3억원" and "자본금은?" in record.prompt
    assert source.unread.rows == {"question": 1}


def test_a_source_takes_the_rows_that_only_asks_for_and_the_others_are_counted_with_a_reason(folder: Folder) -> None:
    said = [{"prompt": f"{step}?", "response": "답", "step": step} for step in (1, 2, "2", 2.0, None)]
    folder.jsonl("a.jsonl", [*said, {"prompt": "없다", "response": "답"}])
    folder.write("b.csv", "prompt,response,Step\n표,답,2\n")
    source = RawFolder(folder.path, KNOWN, only={"step": {"2"}})
    found = list(prompt_response.read(source, ("prompt_answer",)))
    assert [r.prompt for r in found if isinstance(r, Record)] == ["2?", "2?", "2.0?", "표"]
    left = [(r.reason, r.remedy) for r in found if isinstance(r, Rejected)]
    assert [reason for reason, _ in left] == [OF_ANOTHER_PART] * 3
    assert left[0][1] == "step is 1, and `only` of the source asks for 2"
    assert not source.unread.rows, "a column that rows are chosen by is read"


def test_a_column_that_only_names_may_be_read_as_well_and_must_be_there(folder: Folder) -> None:
    folder.jsonl("a.jsonl", [{"물음": "가?", "response": "나"}, {"물음": "다?", "response": "라"}])
    assert pairs(RawFolder(folder.path, KNOWN, {"prompt": "물음"}, {"물음": {"다?"}, "response": {"라"}})) == [
        ("다?", "라")
    ]
    with pytest.raises(LineageError, match=r"a.jsonl: no row has the column step, .*`only`.*found 물음, response"):
        pairs(RawFolder(folder.path, KNOWN, only={"step": {"1"}}))
