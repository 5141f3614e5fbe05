import pytest

from lineage.core.errors import LineageError
from lineage.readers import by_field
from tests.lineage.readers.conftest import Folder

OPTIONS = "1. 채권\n2. 주식\n3. 예금"
ROW = {"prompt": f"옳은 것은?\n{OPTIONS}", "completion": "3번은 아니다.\n정답: 2", "field": "금융시장"}


def test_every_row_carries_its_field_and_is_judged_by_what_ends_it(folder: Folder) -> None:
    letters = ROW | {"prompt": "옳은 것은?\nA. 채권\nB. 주식", "completion": "A는 아니다.\n정답은 B입니다."}
    short = {"prompt": "무엇인가?", "completion": "채무불이행", "분야": " 법률 "}
    alone = ROW | {"completion": "2. 주식"}
    folder.jsonl("rows.jsonl", [ROW, letters, alone])
    folder.jsonl("short.jsonl", [short])
    records, rejected = folder.read(by_field.read)
    assert not rejected
    assert [(r.measure, r.field) for r in records] == [
        ("number", "금융시장"),
        ("text", "금융시장"),
        ("choice", "금융시장"),
        ("text", "법률"),
    ]
    assert {r.group for r in records[:3]} == {"옳은 것은?"}, "one question is not split, whatever its options"
    assert records[0].completion == ROW["completion"]


def test_an_answer_that_names_no_option_and_a_row_without_a_field_are_rejected(folder: Folder) -> None:
    folder.jsonl("rows.jsonl", [ROW, ROW | {"completion": "풀이\n정답: 5"}, ROW | {"field": ""}])
    (record,), rejected = folder.read(by_field.read)
    assert record.field == "금융시장"
    assert [r.reason for r in rejected] == ["the answer names no option", "field is empty"]
    folder.jsonl("rows.jsonl", [{"prompt": "무엇인가?", "completion": "채권"}])
    with pytest.raises(LineageError, match=r"rows\.jsonl: found the columns prompt, completion"):
        folder.read(by_field.read)
