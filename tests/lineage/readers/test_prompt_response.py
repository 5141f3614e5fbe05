from typing import Any

import pytest

from lineage.core.errors import LineageError
from lineage.readers import prompt_response
from tests.lineage.readers.conftest import Folder


def test_every_pair_of_columns(folder: Folder) -> None:
    folder.jsonl(
        "1.jsonl",
        [
            {"prompt": "가?", "response": "나."},
            {"prompt": "가?", "completion": "나."},
            {"prompt": "가?", "target": "나."},
            {"question": "가?", "answer": "나."},
            {"instruction": "가?", "output": "나."},
        ],
    )
    folder.write("2.csv", "prompt,response\n가?,나.\n")
    records, rejected = folder.read(prompt_response.read)
    assert [(r.prompt, r.completion) for r in records] == [("가?", "나.")] * 6 and not rejected
    assert records[-1].origin == {"file": "2.csv", "row": 1} and records[0].group == "가?"


def test_input_and_reference_stand_around_the_question(folder: Folder) -> None:
    folder.json(
        "1.json",
        [
            {"instruction": "요약하라.", "input": "긴 글", "output": "짧다"},
            {"reference": "본문", "question": "무엇?", "answer": "이것", "old_answer": "x"},
        ],
    )
    assert [r.prompt for r in folder.read(prompt_response.read)[0]] == ["요약하라.\n\n긴 글", "본문\n\n무엇?"]


def test_rows_of_one_reference_are_one_group(folder: Folder) -> None:
    rows = [{"reference": "본문  하나", "question": question, "answer": "이것"} for question in ("무엇?", "왜?")]
    folder.json("1.json", [*rows, {"question": "언제?", "answer": "지금"}])
    assert [r.group for r in folder.read(prompt_response.read)[0]] == ["본문 하나", "본문 하나", "언제?"]


def test_choices_numbers_and_bad_rows(folder: Folder) -> None:
    folder.jsonl(
        "1.jsonl",
        [
            {"prompt": "?\nA. 자산\nB. 부채", "response": "정답: B. 부채"},
            {"prompt": "얼마?", "response": "1,234억원"},
            {"prompt": "", "response": "1"},
            {"prompt": "?", "response": None},
            {"prompt": "?", "response": {"a": 1}},
        ],
    )
    records, rejected = folder.read(prompt_response.read)
    assert [(r.measure, r.options, r.correct) for r in records] == [
        ("choice", ("정답: A. 자산", "정답: B. 부채"), 1),
        ("number", (), None),
    ]
    assert [r.reason for r in rejected] == ["prompt is empty", "response is empty", "response is not text"]


def test_unknown_columns(folder: Folder) -> None:
    folder.jsonl("1.jsonl", [{"text": "가"}])
    with pytest.raises(LineageError, match="found the columns text"):
        folder.read(prompt_response.read)


@pytest.mark.parametrize("name", ["input", "reference"])
def test_what_is_given_to_read_is_never_dropped(folder: Folder, name: str) -> None:
    folder.json("a.json", [{"prompt": "줄이시오.", name: ["가", "나"], "response": "가나"}])
    records, (rejected,) = folder.read(prompt_response.read)
    assert not records and rejected.reason == f"{name} is not text"


@pytest.mark.parametrize("listed", [{"choices": ["가", "나"]}, {"options": "A. 가\nB. 나"}, {"A": "가", "B": "나"}])
def test_options_that_are_not_asked_are_not_answered(folder: Folder, listed: Any) -> None:
    asked = {"question": "맞는 것은?\nA. 가\nB. 나", "answer": "B. 나", "choices": ["가", "나"]}
    folder.jsonl("a.jsonl", [{"question": "맞는 것은?", "answer": 1} | listed, asked])
    (record,), (rejected,) = folder.read(prompt_response.read)
    assert rejected.reason == "options that the prompt does not name" and "mcqa" in rejected.remedy
    assert record.measure == "choice" and record.completion == "B. 나"


def test_rows_about_one_passage_are_asked_with_it_and_stay_together(folder: Folder) -> None:
    folder.jsonl("a.jsonl", [{"passage": "글 하나", "question": f"{n}?", "answer": "답"} for n in range(2)])
    records, _ = folder.read(prompt_response.read)
    assert [(r.prompt, r.group) for r in records] == [(f"글 하나\n\n{n}?", "글 하나") for n in range(2)]
