from typing import Any

import pytest

from lineage.core.errors import LineageError
from lineage.readers import kobest
from tests.lineage.readers.conftest import Folder

BOOLQ = {"paragraph": "증시는 월요일에 쉰다.", "question": "월요일은 휴장인가?", "label": 1}
COPA = {
    "premise": "금리가 올랐다.",
    "question": "결과",
    "alternative_1": "대출이 줄었다.",
    "alternative_2": "비가 왔다.",
}
HELLASWAG = {
    "context": "예금을 찾으러 갔다.", **{f"ending_{n}": f"{n}번째 은행에 들어갔다." for n in range(1, 5)}, "label": 3,
}  # fmt: skip
WIC = {"word": "이자", "context_1": "이자를 냈다.", "context_2": "이자가 늘었다.", "label": 1}
SENTINEG = {"sentence": "수익이 늘지 않았다.", "label": 0}


@pytest.mark.parametrize(
    ("row", "right", "options"),
    [
        (BOOLQ, "예", 2),
        (BOOLQ | {"label": 0}, "아니오", 2),
        (COPA | {"label": 0}, "대출이 줄었다.", 2),
        (COPA | {"label": "1"}, "비가 왔다.", 2),
        (HELLASWAG, "4번째 은행에 들어갔다.", 4),
        (WIC, "예", 2),
        (SENTINEG, "부정", 2),
        (SENTINEG | {"label": 1}, "긍정", 2),
        (SENTINEG | {"label": "positive"}, "긍정", 2),
        (WIC | {"label": "False"}, "아니오", 2),
        (BOOLQ | {"label": "True"}, "예", 2),
        (COPA | {"label": "alternative_2"}, "비가 왔다.", 2),
        (HELLASWAG | {"label": "ending_2"}, "2번째 은행에 들어갔다.", 4),
    ],
)
def test_the_five_tasks_are_choices_whose_labels_count_from_0(
    folder: Folder, row: dict[str, Any], right: str, options: int
) -> None:
    folder.jsonl("a.jsonl", [row])
    (record,), rejected = folder.read(kobest.read)
    assert not rejected and record.measure == "choice" and len(set(record.options)) == options
    assert record.completion.endswith(right) and record.options[record.correct or 0] == record.completion
    shown = [text for name, text in row.items() if name != "label" and (name != "question" or "paragraph" in row)]
    assert all(str(text) in record.prompt for text in shown)


def test_what_is_asked_of_a_premise(folder: Folder) -> None:
    folder.jsonl("a.jsonl", [COPA | {"label": 0}, COPA | {"question": "원인", "label": 0}])
    effect, cause = folder.read(kobest.read)[0]
    assert effect.prompt.startswith("다음 일의 결과로 알맞은 것은?\n금리가 올랐다.\nA. ")
    assert cause.prompt.startswith("다음 일의 원인으로 알맞은 것은?\n금리가 올랐다.\nA. ")
    assert effect.group == cause.group


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (BOOLQ | {"label": 2}, "a label that names no option"),
        (COPA | {"label": "ending_3"}, "a label that names no option"),
        (BOOLQ | {"label": -1}, "a label that names no option"),
        (COPA | {"label": 0, "question": "왜"}, "a question that is neither 원인 nor 결과"),
        (COPA | {"label": 0, "alternative_2": "대출이 줄었다."}, "two options are the same"),
        (SENTINEG | {"label": None}, "label is empty"),
    ],
)
def test_bad_rows_are_rejected_by_reason(folder: Folder, row: dict[str, Any], reason: str) -> None:
    folder.jsonl("a.jsonl", [row])
    records, rejected = folder.read(kobest.read)
    assert not records and [r.reason for r in rejected] == [reason]


def test_drift(folder: Folder) -> None:
    folder.jsonl("a.jsonl", [{"text": "가", "label": 1}])
    with pytest.raises(LineageError, match="found the columns text, label"):
        folder.read(kobest.read)
