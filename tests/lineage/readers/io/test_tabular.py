import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lineage.core.errors import LineageError
from lineage.readers.io.columns import shaped
from lineage.readers.io.row import RawRow
from lineage.readers.io.tabular import TABLES, rows
from lineage.records.record import Rejected
from tests.lineage.readers.conftest import Folder

SHAPE = {"question": ("question", "질문"), "answer": ("answer", "답")}


def values(folder: Folder) -> list[dict]:
    return [row.values for row in rows(folder.path) if isinstance(row, RawRow)]


def reasons(folder: Folder) -> list[tuple[dict, str]]:
    return [(row.origin, row.reason) for row in rows(folder.path) if isinstance(row, Rejected)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp949"])
def test_encodings(folder: Folder, encoding: str) -> None:
    row = {"질문": "뷁의 뜻은?", "답": "없다, 뜻이"}
    folder.write("a.csv", '질문,답\r\n뷁의 뜻은?,"없다, 뜻이"\r\n'.encode(encoding))
    folder.write("b.json", json.dumps([row], ensure_ascii=False).encode(encoding))
    folder.write("c.jsonl", (json.dumps(row, ensure_ascii=False) + "\n").encode(encoding))
    assert values(folder) == [row] * 3


def test_parquet(folder: Folder) -> None:
    import pyarrow
    import pyarrow.parquet

    pyarrow.parquet.write_table(pyarrow.table({"질문": ["가", None], "n": [1, 2]}), folder.path / "a.parquet")
    folder.write("b.parquet", b"PAR1 but not really")
    assert values(folder) == [{"질문": "가", "n": 1}, {"질문": None, "n": 2}]
    assert reasons(folder) == [({"file": "b.parquet"}, "a damaged file")]


def test_every_bad_row_is_named_and_the_others_are_read(folder: Folder) -> None:
    folder.write("a.csv", 'question,answer\n1,2\n1,2,3\n\n"1"x,2\n3,4\n"open,5\n6,7\n')
    folder.write("b.jsonl", '{"question": "1"}\n\n{"question": \n[1]\n{"question": "2"}\n')
    folder.write("c.json", '[{"question": "1"},\n{"question": oops},\n{"question": "2"},\n{"question": "cut')
    folder.write("d.json", '["text", {"question": "1"}]')
    folder.write("e.json", b"")
    folder.write("f.docx", b"PK")
    folder.write("g.csv", b"\xff\xff\x00\x80")
    assert [(row.origin["file"], row.origin["row"]) for row in rows(folder.path) if isinstance(row, RawRow)] == [
        ("a.csv", 1),
        ("a.csv", 4),
        ("b.jsonl", 1),
        ("b.jsonl", 5),
        ("c.json", 1),
        ("c.json", 3),
        ("d.json", 2),
    ]
    assert reasons(folder) == [
        ({"file": "a.csv", "row": 2}, "more cells than columns"),
        ({"file": "a.csv", "row": 3}, "a row that is not CSV"),
        ({"file": "a.csv", "row": 5}, "a row that is not CSV"),
        ({"file": "b.jsonl", "row": 3}, "invalid JSON"),
        ({"file": "b.jsonl", "row": 4}, "a row that is not an object"),
        ({"file": "c.json", "row": 2, "line": 2}, "invalid JSON"),
        ({"file": "c.json", "line": 4}, "invalid JSON"),
        ({"file": "d.json", "row": 1}, "a row that is not an object"),
        ({"file": "e.json"}, "a file without rows"),
        ({"file": "f.docx"}, f"not a {', '.join(TABLES)} file"),
        ({"file": "g.csv"}, "a damaged file"),
    ]


def test_what_is_not_opened_says_what_to_do(folder: Folder) -> None:
    for name in ("a.jsonl.gz", "b.xls", "c.md"):
        folder.write(name, b"")
    remedies = [row.remedy for row in rows(folder.path) if isinstance(row, Rejected)]
    assert remedies == ["unpack it here", "save it as .xlsx", "move it out of this folder"]


def test_columns_by_any_of_their_names(folder: Folder) -> None:
    folder.jsonl("a.jsonl", [{" Question ": " 가 ", "ANSWER": 12, "more": 1}, {"질문": "나", "답": "다"}])
    assert [row.values for row in shaped(rows(folder.path), [SHAPE], {"more": ("more",)})] == [
        {"more": 1, "question": "가", "answer": "12"},
        {"more": None, "question": "나", "answer": "다"},
    ]


def test_a_row_that_does_not_fit_is_rejected_but_a_drifted_file_is_an_error(folder: Folder) -> None:
    folder.jsonl(
        "a.jsonl",
        [
            {"q": "?"},
            {"question": "1", "answer": "2"},
            {"question": " ", "answer": "2"},
            {"question": "1", "answer": ["2"]},
        ],
    )
    found = [row.reason for row in shaped(rows(folder.path), [SHAPE]) if isinstance(row, Rejected)]
    assert found == ["a row without the columns", "question is empty", "answer is not text"]
    folder.jsonl("b.jsonl", [{"문제": "1", "해설": "2"}])
    with pytest.raises(LineageError, match=r"b\.jsonl: found the columns 문제, 해설; accepted are \(question\|질문"):
        list(shaped(rows(folder.path), [SHAPE]))


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark(folder: Folder, encoding: str) -> None:
    folder.write("a.json", '[{"질문": "뷁"}]'.encode(encoding))
    folder.write("b.csv", "질문\t답\r\n금리의 뜻은 무엇인가?\t돈의 값, 연 3.5%\r\n".encode(encoding))
    assert values(folder) == [{"질문": "뷁"}, {"질문": "금리의 뜻은 무엇인가?", "답": "돈의 값, 연 3.5%"}]


def test_a_damaged_byte_costs_its_row_alone(folder: Folder) -> None:
    good = json.dumps({"question": "가" * 60, "answer": "나"}, ensure_ascii=False).encode()
    bad = good.replace("나".encode(), b"\xeb\x82")
    folder.write("a.jsonl", b"\n".join([good, bad, good]))
    folder.write("b.json", b"[" + b",\n".join([good, bad, good]) + b"]")
    folder.write("c.csv", b"question,answer\n" + "가".encode() * 60 + b",1\n\xff,2\n3,4\n")
    assert len(values(folder)) == 2 + 2 + 2
    assert reasons(folder) == [
        ({"file": "a.jsonl", "row": 2}, "a damaged row"),
        ({"file": "b.json", "row": 2}, "a damaged row"),
        ({"file": "c.csv", "row": 2}, "a damaged row"),
    ]


def test_half_a_character_costs_its_row_alone(folder: Folder) -> None:
    rows_ = '{"a": "\\ud83d\\ude00"}\n{"a": "\\ud83d"}\n{"a": "1"}\n'
    folder.write("a.jsonl", rows_)
    folder.write("b.json", rows_)
    assert values(folder) == [{"a": "😀"}, {"a": "1"}] * 2
    assert [reason for _, reason in reasons(folder)] == ["a damaged row"] * 2


def test_a_json_file_under_the_name_of_lines(folder: Folder) -> None:
    folder.write("a.jsonl", json.dumps([{"a": 1}, {"a": 2}], indent=2))
    assert values(folder) == [{"a": 1}, {"a": 2}]


def test_what_parquet_holds_besides_text(folder: Folder) -> None:
    from datetime import date
    from decimal import Decimal

    import pyarrow
    import pyarrow.parquet

    made = {"question": ["가", "나"], "answer": [1.5, float("nan")], "d": [date(2024, 1, 2)] * 2}
    pyarrow.parquet.write_table(
        pyarrow.table({**made, "e": [Decimal("1.50")] * 2}), folder.path / "a.parquet", row_group_size=1
    )
    shape = {"question": ("question",), "answer": ("answer",), "d": ("d",), "e": ("e",)}
    first, second = shaped(rows(folder.path), [shape])
    assert isinstance(first, RawRow) and first.values == {
        "question": "가",
        "answer": "1.5",
        "d": "2024-01-02",
        "e": "1.50",
    }
    assert isinstance(second, Rejected) and second.reason == "answer is empty"


CELLS = st.text(st.characters(blacklist_categories=["Cs"]), max_size=12)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.dictionaries(st.sampled_from(["question", "answer", "x"]), CELLS | st.none() | st.integers())))
def test_as_many_rows_come_out_as_went_in(tmp_path: Path, made: list[dict]) -> None:
    folder = tmp_path / "rows"
    folder.mkdir(exist_ok=True)
    (folder / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in made))
    (folder / "b.json").write_text(json.dumps({"data": made}))
    try:
        found = list(shaped(rows(folder), [SHAPE]))
    except LineageError:
        assert not any({"question", "answer"} <= row.keys() for row in made)
        return
    assert len(found) == max(len(made), 1) * 2
    good = sum(all(str(row.get(name) or row.get(name) == 0 or "").strip() for name in SHAPE) for row in made)
    assert sum(isinstance(row, RawRow) for row in found) == 2 * good


@pytest.mark.parametrize("text", ["{[1]: 2}", "{1: 2}", '{"data":' * 3000 + "1" + "}" * 3000])
def test_odd_json_is_rejected_by_name(folder: Folder, text: str) -> None:
    folder.write("a.json", text)
    folder.json("b.json", [{"a": 1}])
    assert [origin["file"] for origin, _ in reasons(folder)] == ["a.json"] and values(folder) == [{"a": 1}]


def test_two_columns_of_one_name_lose_nothing_silently(folder: Folder) -> None:
    folder.write("a.csv", "질문,답,답,,\n가?,나,,1,2\n가?,,나,,\n가?,나,나,,\n가?,나,다,,\n")
    assert [row["답"] for row in values(folder)] == ["나"] * 3
    assert reasons(folder) == [({"file": "a.csv", "row": 4}, "a column name given twice")]


@pytest.mark.parametrize("text", ['{"test": [%s, %s], "data": [%s]}', '{"data": [%s], "test": [%s, %s]}'])
def test_a_second_list_of_rows_does_not_vanish(folder: Folder, text: str) -> None:
    row = '{"question": "가?", "answer": "나"}'
    for end in ("", "\n" + text % (row, row, row)):  # one value, and a line of them
        folder.write("a.json", text % (row, row, row) + end)
        found = list(rows(folder.path))
        unread = [f for f in found if isinstance(f, Rejected)]
        assert len(found) - len(unread) == len(unread) == (2 if end else 1)
        assert {(r.reason, r.rows) for r in unread} == {("rows under a name that is not read", 2)}
        assert unread[0].remedy.startswith("'test' holds 2 rows; rows are read from data")
    folder.write("a.json", '{"meta": [{"name": "x"}], "data": [{"question": "가?", "answer": "나"}], "tags": ["a"]}')
    assert not [f for f in rows(folder.path) if isinstance(f, Rejected)], "what surrounds the rows is no row"


def test_a_json_object_that_says_two_things_under_one_name_is_refused_as_in_csv(folder: Folder) -> None:
    twice = '{"질문": "가?", "답": "나", "답": "다"}'
    good = '{"질문": "가?", "답": "나"}'
    folder.write("a.csv", "질문,답,답\n가?,나,다\n가?,나,나\n")
    folder.write("b.json", f"[{twice}, {good}]")
    folder.write("c.jsonl", f"{twice}\n{good}\n")
    folder.write("d.json", f"{twice}\n{good}\n")
    assert values(folder) == [{"질문": "가?", "답": "나"}] * 4
    assert {reason for _, reason in reasons(folder)} == {"a column name given twice"} and len(reasons(folder)) == 4


def test_two_names_that_come_to_the_same_lose_nothing_silently(folder: Folder) -> None:
    twice = {"answer": "A", "Answer ": "B", "question": "?"}
    once = {"answer": "", "Answer": "B", "질문": "?", "ID": 1, "id": 2}  # two IDs, of which nobody reads any
    folder.jsonl("a.jsonl", [twice, once])
    refused, row = shaped(rows(folder.path), [SHAPE])
    assert isinstance(refused, Rejected) and refused.reason == "a column name given twice"
    assert isinstance(row, RawRow) and row.values == {"question": "?", "answer": "B"}
