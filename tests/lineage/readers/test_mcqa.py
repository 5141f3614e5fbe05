from collections import Counter
from typing import Any

import pytest

from lineage.core.errors import LineageError
from lineage.readers import mcqa
from tests.lineage.readers.conftest import Folder

TEXTS = ["자산이다", "부채이다", "자본이다", "수익이다"]
ROW = {"question": "갚을 돈은?", "options": [f"{c}. {t}" for c, t in zip("ABCD", TEXTS, strict=True)], "answer": "B"}


def test_without_reasoning_it_is_a_choice(folder: Folder) -> None:
    folder.jsonl("a.jsonl", [ROW | {"reference": "회계 기초", "hallucination": "usable", "value": 4, "type": "mcqa"}])
    (record,), rejected = folder.read(mcqa.read)
    assert not rejected and record.measure == "choice" and record.group == "회계 기초"
    assert record.completion == record.options[record.correct or 0]
    assert record.completion.startswith("정답: ") and record.completion.endswith(". 부채이다")
    assert sorted(option.partition(". ")[2] for option in record.options) == sorted(TEXTS)
    assert record.prompt.split("\n") == ["갚을 돈은?", *(option[4:] for option in record.options)]


def test_letters_are_spread_evenly_and_always_the_same(folder: Folder) -> None:
    folder.jsonl("a.jsonl", [ROW | {"question": f"{i}번째?"} for i in range(400)])
    records, _ = folder.read(mcqa.read)
    letters = Counter(r.completion[4] for r in records)
    assert set(letters) == set("ABCD") and min(letters.values()) > 70
    assert records == folder.read(mcqa.read)[0]


def test_reasoning_comes_before_the_answer_and_keeps_the_letters_that_it_names(folder: Folder) -> None:
    folder.jsonl(
        "a.jsonl",
        [ROW | {"question": f"{i}?", "reasoning_process": "갚아야 한다. 따라서 정답은 B 입니다."} for i in range(20)]
        + [ROW | {"question": f"{i}?", "cot": "빌린 돈은 갚아야 한다."} for i in range(20)],
    )
    records, rejected = folder.read(mcqa.read)
    assert not rejected and {r.measure for r in records} == {"text"} and {r.options for r in records} == {()}
    named, free = records[:20], records[20:]
    assert {r.completion for r in named} == {"갚아야 한다. 따라서 정답은 B 입니다.\n정답: B. 부채이다"}
    assert all(r.completion.endswith(". 부채이다") and r.prompt.endswith(mcqa.SHOW_REASONING) for r in records)
    assert len({r.completion[-7] for r in free}) > 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"hallucination": "fake_answer", "hallucination_desc": "틀림"}, "marked as a hallucination"),
        ({"hallucination": True}, "marked as a hallucination"),
        ({"value": 2}, "a value below 3"),
        ({"value": "높음"}, "a value that is no number"),
        ({"answer": "E"}, "the answer matches no option"),
        ({"answer": "C. 부채이다"}, "the answer's letter and its text name different options"),
        ({"options": ["A. 가", "B. 가"]}, "two options are the same"),
        ({"options": "A. 가 B. 나"}, "options that are not a list of texts"),
        ({"reasoning_process": "그래서 답은 C 입니다."}, "the reasoning ends with another answer"),
        ({"reasoning_process": "이런 이유로 C 가 정답입니다."}, "the reasoning ends with another answer"),
        ({"reference": ["가"]}, "a reference or reasoning that is not text"),
    ],
)
def test_bad_rows_are_rejected_by_reason(folder: Folder, change: dict[str, Any], reason: str) -> None:
    folder.jsonl("a.jsonl", [ROW | change])
    records, rejected = folder.read(mcqa.read)
    assert not records and [r.reason for r in rejected] == [reason]


def number(answer: Any) -> dict[str, Any]:
    return {"question": f"{answer}?", "choices": ROW["options"], "answer": answer}


@pytest.mark.parametrize(
    ("answers", "meant"),
    [
        ([0, 1], ["자산이다", "부채이다"]),
        ([1, 4], ["자산이다", "수익이다"]),
        (["2", "4"], ["부채이다", "수익이다"]),
    ],
)
def test_the_rows_tell_from_what_a_number_counts(folder: Folder, answers: list[Any], meant: list[str]) -> None:
    folder.jsonl("a.jsonl", [number(answer) for answer in answers])
    records, rejected = folder.read(mcqa.read)
    assert not rejected and [r.completion.split(". ")[1] for r in records] == meant


@pytest.mark.parametrize("answers", [[1, 2], [0, 4]])
def test_a_number_that_could_mean_two_options_is_not_guessed(folder: Folder, answers: list[int]) -> None:
    folder.jsonl("a.jsonl", [number(answer) for answer in answers])
    records, rejected = folder.read(mcqa.read)
    assert not records
    assert {r.reason for r in rejected} == {"an answer's number that may count from 0 or from 1"}


def test_drift(folder: Folder) -> None:
    folder.jsonl("a.jsonl", [{"q": "가", "answer": "A"}])
    with pytest.raises(LineageError, match="found the columns q, answer"):
        folder.read(mcqa.read)
