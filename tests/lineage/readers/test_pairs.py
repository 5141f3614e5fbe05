import pytest

from lineage.core.errors import LineageError
from lineage.readers import pairs
from tests.lineage.readers.conftest import Folder


@pytest.mark.parametrize("columns", [("ko", "en"), ("Korean", "English"), ("한국어", "영어")])
def test_both_directions_of_one_group(folder: Folder, columns: tuple[str, str]) -> None:
    folder.jsonl("a.jsonl", [dict(zip(columns, ("휴장이다.", "It is closed."), strict=True)) | {"score": 1}])
    records, rejected = folder.read(pairs.read)
    assert [(r.prompt, r.completion) for r in records] == [
        ("다음 문장을 영어로 옮기시오.\n휴장이다.", "It is closed."),
        ("다음 문장을 한국어로 옮기시오.\nIt is closed.", "휴장이다."),
    ]
    assert {(r.group, r.measure, r.origin["row"]) for r in records} == {("휴장이다.", "text", 1)} and not rejected


def test_translation_objects_and_bad_pairs(folder: Folder) -> None:
    folder.jsonl(
        "a.jsonl",
        [{"translation": {"ko": "가", "en": "a"}}, {"ko": "가", "en": ""}, {"ko": "ETF", "en": "ETF"}],
    )
    records, rejected = folder.read(pairs.read)
    assert len(records) == 2
    assert [r.reason for r in rejected] == ["english is empty", "a pair that is not translated"]


def test_columns_that_are_neither(folder: Folder) -> None:
    folder.jsonl("a.jsonl", [{"prompt": "가", "chosen": "a", "rejected": "b"}])
    with pytest.raises(
        LineageError, match=r"found the columns prompt, chosen, rejected; accepted are \(ko\|.*preference set"
    ):
        folder.read(pairs.read)
