"""Rows that say of themselves not to learn their answer."""

from types import ModuleType
from typing import Any

import pytest

from lineage.readers import conversations, instructions, preferences, prompt_response, questions, reader, references
from lineage.readers.io.raw_folder import RawFolder
from tests.lineage.readers.conftest import Folder

PROMPT = {"prompt": "환율이란?", "completion": "모른다."}
TURNS = [{"role": "user", "content": "환율이란?"}, {"role": "assistant", "content": "모른다."}]


@pytest.mark.parametrize(
    ("reader", "row"),
    [
        (prompt_response, PROMPT),
        (conversations, {"messages": TURNS}),
        (conversations, {"prompt": TURNS[:1], "completion": TURNS[1:]}),
        (instructions, {"instruction": "환율이란?", "output": "모른다."}),
        (references, {"question": "환율이란?", "answer": "모른다."}),
        (preferences, {"prompt": "환율이란?", "chosen": "통화의 값.", "rejected": "모른다."}),
        (questions, {"question": "환율이란?", "answer": "모른다."}),
    ],
)
@pytest.mark.parametrize(
    ("mark", "reason"),
    [
        ({"label": False}, "an answer that was disliked"),
        ({"Label": "False"}, "an answer that was disliked"),
        ({"is_correct": "false"}, "an answer that was disliked"),
        ({"weight": 0}, "a row that is marked to carry no loss"),
        ({"weight": "0.0"}, "a row that is marked to carry no loss"),
        ({"label": True}, ""),
        ({"label": None, "weight": 1}, ""),
        ({"label": 0}, ""),
        ({"weight": 0.5}, ""),
    ],
)
def test_a_disliked_answer_is_not_taught(
    folder: Folder, reader: ModuleType, row: dict[str, Any], mark: dict[str, Any], reason: str
) -> None:
    folder.jsonl("a.jsonl", [row | mark])
    records, rejected = folder.read(reader.read)
    assert [found.reason for found in rejected] == [reason] * bool(reason) and len(records) == (not reason)


@pytest.mark.parametrize(("mark", "left"), [(True, {}), (0, {"label": 1}), ("neutral", {"label": 1})])
def test_a_mark_that_is_not_understood_is_unread(folder: Folder, mark: Any, left: dict[str, int]) -> None:
    folder.jsonl("a.jsonl", [PROMPT | {"label": mark}])
    given = RawFolder(folder.path, reader("prompt_response").columns)
    list(prompt_response.read(given, ("prompt_answer",)))
    assert given.unread.rows == left


def test_a_column_that_is_named_for_the_answer_is_no_mark(folder: Folder) -> None:
    folder.write("a.csv", "sentence,label\n이익이 늘었다,True\n이익이 줄었다,False\n")
    given = RawFolder(folder.path, reader("prompt_response").columns, {"prompt": "sentence", "response": "label"})
    assert [found.completion for found in prompt_response.read(given, ("prompt_answer",))] == ["True", "False"]
