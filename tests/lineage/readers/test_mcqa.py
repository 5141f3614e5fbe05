from collections import Counter
from typing import Any

import pytest

from lineage.core.errors import LineageError
from lineage.readers import mcqa
from lineage.records.record import Rejected
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
        ({"reference": ["가"]}, "a reference, passage or reasoning that is not text"),
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


def figures(*answers: Any, options: Any = ("30", "2", "3", "10"), more: tuple[Any, ...] = ()) -> list[dict[str, Any]]:
    return [{"question": f"{i}?", "choices": options, "answer": a} for i, a in enumerate(answers)] + list(more)


def meant(folder: Folder) -> list[str]:
    """What each row is taught to answer, or "-" where it is rejected."""
    return [
        "-" if isinstance(found, Rejected) else found.completion.split(". ", 1)[1]
        for found in mcqa.read(folder.path, ("prompt_answer",))
    ]


WORDS = {"question": "말?", "choices": TEXTS}


@pytest.mark.parametrize(
    ("rows", "wanted"),
    [
        (figures(0, 1, 2, 3), ["30", "2", "3", "10"]),  # 2 and 3 are texts too
        (figures("0", "2", more=(WORDS | {"answer": "1"},)), ["30", "3", "부채이다"]),
        (figures(2, 3, 4, 1, more=(WORDS | {"answer": 2},)), ["2", "3", "10", "30", "부채이다"]),
        (figures("2", "30", "3", "10"), ["2", "30", "3", "10"]),  # texts: 30 is no number of an option
        (figures(2, 30, 10), ["2", "30", "10"]),
        (figures("2", more=(WORDS | {"answer": "자본이다"},)), ["2", "자본이다"]),
        (figures("B", "②", "2번", "(2)", "2)", "정답: 2번", "b", "2. 2", "정답은 B"), ["2"] * 9),
        (figures(2), ["-"]),  # the text, or the second from 1, or the third from 0
        (figures(2, 3), ["-", "-"]),
        (figures(0, 4), ["-", "-"]),
        (figures(3, "30"), ["3", "30"]),
        (figures(2, options=("1", "2", "3"), more=(WORDS | {"answer": 4},)), ["2", "수익이다"]),
        (figures(2.0, 4.0, options=("가", "나", "다", "라")), ["나", "라"]),
        (figures("B", options=("A", "B", "O", "AB")), ["B"]),
        (figures("B", options=("B", "A", "O", "AB")), ["-"]),
        (figures("B", options=("B", "A", "O", "AB"), more=(WORDS | {"answer": "D"},)), ["A", "수익이다"]),
        (figures("B", options=("B", "A", "O", "AB"), more=(WORDS | {"answer": "수익이다"},)), ["B", "수익이다"]),
        (figures(2, options={"1": "가", "2": "나", "3": "다"}), ["나"]),
        (figures(1, options=["0) 가", "1) 나"]), ["-"]),
        (figures(1, options=["1) 가", "2) 나"]), ["가"]),
        (figures("2", options={"text": ["가", "나"], "label": ["1", "2"]}), ["나"]),
        (figures(-1, 7, options=("가", "나")), ["-", "-"]),
    ],
)
def test_a_file_tells_whether_its_numbers_are_texts_or_places(
    folder: Folder, rows: list[dict[str, Any]], wanted: list[str]
) -> None:
    folder.json("a.json", rows)
    assert meant(folder) == wanted


def test_a_flawed_row_is_rejected_and_does_not_turn_its_file(folder: Folder) -> None:
    folder.jsonl("a.jsonl", [number(i % 4) for i in range(80)] + [number(4), number("없음"), number("30")])
    assert meant(folder)[80:] == ["-", "-", "-"] and "-" not in meant(folder)[:80]
    folder.jsonl("a.jsonl", [number(a) for a in (0, 2, 0, 1, 0, 4)])
    assert meant(folder) == ["자산이다", "자본이다", "자산이다", "부채이다", "자산이다", "-"]


def test_figures_answered_by_text_beside_words_answered_by_number_are_not_guessed(folder: Folder) -> None:
    folder.jsonl("a.jsonl", [number(i % 4) for i in range(80)] + figures(30, 10, 2))
    assert meant(folder)[80:] == ["-", "-", "-"]


def test_each_file_has_a_convention_of_its_own(folder: Folder) -> None:
    folder.jsonl("a.jsonl", [number(0), number(1)])
    folder.jsonl("b.jsonl", [number(4), number(1)])
    folder.jsonl("c.jsonl", [number(1)])
    assert meant(folder) == ["자산이다", "부채이다", "수익이다", "자산이다", "-"]


@pytest.mark.parametrize(
    ("beside", "kept"),
    [
        ({"answer_text": "부채이다"}, True),
        ({"answer_text": "자산이다"}, False),
        ({"answer_index": 1}, True),
        ({"answer_idx": "B"}, True),
        ({"answer_index": 3}, False),
        ({"answer_idx": "C"}, False),
    ],
)
def test_a_row_that_names_two_options_is_rejected(folder: Folder, beside: dict[str, Any], kept: bool) -> None:
    folder.jsonl("a.jsonl", [ROW | beside])
    records, rejected = folder.read(mcqa.read)
    assert bool(records) == kept and all("name different options" in r.reason for r in rejected)


COLUMNS = ("현금", "채권", "건물", "상품")


@pytest.mark.parametrize(
    ("names", "right"),
    [
        (("A", "B", "C", "D"), {"answer": 3}),
        (("A", "B", "C", "D"), {"answer": "C"}),
        (("A", "B", "C", "D"), {"answer": "건물"}),
        (("a", "b", "c", "d"), {"정답": "3"}),
        (("option_a", "option_b", "option_c", "option_d"), {"answer": "c"}),
        (("opa", "opb", "opc", "opd"), {"cop": 2}),
        (("보기1", "보기2", "보기3", "보기4"), {"정답": "3"}),
        (("보기 1", "보기 2", "보기 3", "보기 4"), {"정답": "③"}),
        (("선택지1", "선택지2", "선택지3", "선택지4"), {"답": "3번"}),
        (("choice1", "choice2", "choice3", "choice4"), {"label": 2}),
        (("mc_answer1", "mc_answer2", "mc_answer3", "mc_answer4"), {"correct_answer_num": "3"}),
        (("ending0", "ending1", "ending2", "ending3"), {"label": 2}),
        (("option_0", "option_1", "option_2", "option_3"), {"answer": 2}),
    ],
)
def test_options_in_columns_are_options(folder: Folder, names: tuple[str, ...], right: dict[str, Any]) -> None:
    folder.jsonl("a.jsonl", [{"question": "고정 자산은?", **dict(zip(names, COLUMNS, strict=True)), **right}])
    (record,), rejected = folder.read(mcqa.read)
    assert not rejected and record.completion.endswith(". 건물")
    assert sorted(option.split(". ")[1] for option in record.options) == sorted(COLUMNS)


def test_rows_say_more_than_the_names_of_columns(folder: Folder) -> None:
    row = {"question": "?", **dict(zip("ABCD", COLUMNS, strict=True))}
    folder.jsonl("a.jsonl", [row | {"answer": i % 4} for i in range(40)])
    folder.jsonl("b.jsonl", [row | {"answer": a} for a in (0, 3)])  # too few to say it, enough to doubt
    assert meant(folder) == [*COLUMNS] * 10 + ["-", "-"]


def test_empty_columns_at_the_end_are_no_options_and_a_gap_is_refused(folder: Folder) -> None:
    row = {"question": "?", "A": "현금", "B": "채권", "C": "건물", "D": "", "E": None, "answer": "C"}
    folder.json("a.json", [row, row | {"B": ""}, row | {"B": "", "C": ""}])
    records, rejected = folder.read(mcqa.read)
    assert [len(r.options) for r in records] == [3]
    assert [r.reason for r in rejected] == ["options that are not a list of texts"] * 2


def test_a_premise_is_not_left_out(folder: Folder) -> None:
    row = {"premise": "비가 왔다.", "question": "원인", "alternative_1": "가", "alternative_2": "나", "label": 0}
    folder.jsonl("a.jsonl", [row])
    assert [r.reason for r in folder.read(mcqa.read)[1]] == ["a question about a premise"]


def test_drift(folder: Folder) -> None:
    folder.jsonl("a.jsonl", [{"q": "가", "answer": "A"}])
    with pytest.raises(LineageError, match="found the columns q, answer"):
        folder.read(mcqa.read)


@pytest.mark.parametrize("column", ["passage", "context", "지문"])
def test_a_passage_is_asked_with_its_question_and_is_the_group(folder: Folder, column: str) -> None:
    folder.jsonl("a.jsonl", [ROW | {column: "빌린 돈은\n갚는다."}, ROW | {"reference": "회계 기초", column: "다른 글"}])
    (alone, beside), rejected = folder.read(mcqa.read)
    assert not rejected and alone.prompt.startswith("빌린 돈은\n갚는다.\n\n갚을 돈은?\nA. ")
    assert alone.group == "빌린 돈은 갚는다." and beside.group == "회계 기초"
    assert beside.prompt.startswith("다른 글\n\n갚을") and "회계 기초" not in beside.prompt
    assert alone.completion.endswith(". 부채이다")
