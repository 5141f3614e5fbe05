from collections import Counter
from typing import Any

import pytest

from lineage.readers import questions
from tests.lineage.readers.conftest import Folder

OPTIONS = ["자산", "부채", "자본", "수익"]


def test_choice_number_text_with_field_and_rule(folder: Folder) -> None:
    folder.json(
        "1.json",
        [
            {
                "question": "갚을 돈은?",
                "answer": "부채",
                "field": "회계",
                "rule": "회계규정 제2조",
                "options": OPTIONS,
            },
            {"prompt": "기한은?", "response": "5일"},
            {"question": "시가란?", "answer": "첫 가격", "options": None},
        ],
    )
    (first, second, third), rejected = folder.read(questions.read)
    assert not rejected and [r.measure for r in (first, second, third)] == ["choice", "number", "text"]
    assert first.origin == {"file": "1.json", "row": 1, "field": "회계", "rule": "회계규정 제2조"}
    assert first.group == "갚을 돈은?"
    assert sorted(option[3:] for option in first.options) == sorted(OPTIONS)
    assert first.prompt == "\n".join(["갚을 돈은?", *first.options])
    assert first.completion == first.options[first.correct or 0] and first.completion.endswith(". 부채")


def test_the_right_letter_is_spread_evenly_and_always_the_same(folder: Folder) -> None:
    folder.json("1.json", [{"question": f"{i}번 문제는?", "answer": "자산", "options": OPTIONS} for i in range(400)])
    records, _ = folder.read(questions.read)
    letters = Counter(r.completion[0] for r in records)
    assert set(letters) == set("ABCD") and min(letters.values()) > 70
    assert records == folder.read(questions.read)[0]


@pytest.mark.parametrize("answer", ["부채", "B", "B. 부채", "②", "(B) 부채", " 부채 "])
@pytest.mark.parametrize(
    "options",
    [
        OPTIONS,
        [f"{c}. {o}" for c, o in zip("ABCD", OPTIONS, strict=True)],
        dict(zip("ABCD", OPTIONS, strict=True)),
    ],
)
def test_however_the_answer_is_named(folder: Folder, answer: str, options: Any) -> None:
    folder.json("1.json", [{"question": "?", "answer": answer, "options": options}])
    (record,), _ = folder.read(questions.read)
    assert record.completion.endswith(". 부채")


@pytest.mark.parametrize(
    ("answer", "options", "reason"),
    [
        ("비용", OPTIONS, "the answer matches no option"),
        ("E", OPTIONS, "the answer matches no option"),
        ("A. 부채", OPTIONS, "the answer's letter and its text name different options"),
        ("자산", ["자산", "부채", "자산"], "two options are the same"),
        ("자산", ["자산"], "options that are not a list of texts"),
        ("자산", "자산,부채", "options that are not a list of texts"),
        ("자산", ["자산", ""], "options that are not a list of texts"),
    ],
)
def test_bad_choices_are_rejected(folder: Folder, answer: str, options: Any, reason: str) -> None:
    folder.json("1.json", [{"question": "?", "answer": answer, "options": options}])
    records, rejected = folder.read(questions.read)
    assert not records and [r.reason for r in rejected] == [reason]


def test_options_that_speak_of_the_others_keep_their_places(folder: Folder) -> None:
    options = ["자산", "부채", "위의 모두"]
    folder.json("1.json", [{"question": f"{i}?", "answer": "위의 모두", "options": options} for i in range(20)])
    assert {r.completion for r in folder.read(questions.read)[0]} == {"C. 위의 모두"}


def test_a_number_is_an_option_where_the_file_says_so_and_columns_are_options(folder: Folder) -> None:
    folder.json("1.json", [{"question": f"{n}?", "answer": n, "options": OPTIONS} for n in (1, 2, 4)])
    folder.json("2.json", [{"question": "?", "answer": 2, "options": ["3", "2", "1"]}])
    folder.json("3.json", [{"question": "?", "answer": 2, **dict(zip("ABCD", OPTIONS, strict=True))}])
    records, rejected = folder.read(questions.read)
    assert [r.completion[3:] for r in records] == ["자산", "부채", "수익", "부채"]
    assert [r.reason for r in rejected] == ["an answer that may be an option's text or its number"]


def test_a_passage_is_asked_with_its_question_and_is_the_group(folder: Folder) -> None:
    rows = [{"question": "갚을 돈은?", "answer": "부채", "options": OPTIONS}, {"question": "기한은?", "answer": "5일"}]
    folder.json("1.json", [row | {"context": "빌린 돈은 5일 뒤 갚는다."} for row in rows])
    records, rejected = folder.read(questions.read)
    assert not rejected and {record.group for record in records} == {"빌린 돈은 5일 뒤 갚는다."}
    assert [record.prompt.split("\n")[:3] for record in records] == [
        ["빌린 돈은 5일 뒤 갚는다.", "", row["question"]] for row in rows
    ]
