import json
from typing import Any

import pytest

from lineage.core.errors import LineageError
from lineage.readers import generated
from tests.lineage.readers.conftest import Folder

CLOZE = {
    "from": "rules.prompt_answer.1",
    "group": "업무규정 제3조",
    "documents": ["d" * 64],
    "as_of": "2024-01-01",
    "name": "업무규정 제3조(호가의 접수)",
    "question": "빈칸에 알맞은 것은?\n( ) 이내",
    "answer": "5일",
    "options": ["3일", "5일"],
    "correct": 1,
    "reasoning": "",
    "shown": False,
    "reference": "5일 이내에 알린다.",
    "by": {"kind": "cloze"},
}
BY = {"model": "tiny", "prompt": "0" * 64}


def read(folder: Folder, *rows: dict[str, Any], form: str = "prompt_answer") -> Any:
    folder.jsonl("rows.jsonl", rows)
    return folder.read(generated.read, (form,))[0]


def test_a_choice_by_rule(folder: Folder) -> None:
    (record,) = read(folder, CLOZE)
    assert record.prompt == "빈칸에 알맞은 것은?\n( ) 이내\nA. 3일\nB. 5일"
    assert (record.completion, record.measure, record.options, record.correct) == (
        "B. 5일",
        "choice",
        ("A. 3일", "B. 5일"),
        1,
    )
    assert (record.group, record.documents, record.as_of) == ("업무규정 제3조", ("d" * 64,), "2024-01-01")
    assert record.origin == {
        "file": "rows.jsonl",
        "row": 1,
        "from": "rules.prompt_answer.1",
        "generated": {"kind": "cloze"},
    }


def test_an_open_question_by_rule_with_its_table_shown(folder: Folder) -> None:
    (record,) = read(
        folder,
        CLOZE | {"options": [], "correct": None, "shown": True, "question": "얼마입니까?", "reference": "구분 | 값"},
    )
    assert record.prompt == "다음 표를 보고 물음에 답하시오.\n구분 | 값\n\n질문: 얼마입니까?"
    assert (record.completion, record.measure, record.options) == ("5일", "number", ())


def test_a_multiple_choice_of_a_model_with_and_without_its_reasoning(folder: Folder) -> None:
    first, second = read(folder, CLOZE | {"by": BY | {"kind": "mcqa"}, "reasoning": "제3조에 5일이라고 한다."})
    assert (first.measure, first.completion) == ("choice", "B. 5일")
    assert (second.measure, second.completion) == ("text", "제3조에 5일이라고 한다.\n정답: B. 5일")
    assert second.prompt == first.prompt + "\n풀이를 쓴 다음 정답을 쓰시오."
    assert first.group == second.group and first.origin == second.origin
    assert first.origin["generated"] == BY | {"kind": "mcqa"}


def test_a_question_with_and_without_the_reference(folder: Folder) -> None:
    row = CLOZE | {
        "by": BY | {"kind": "qa"},
        "options": [],
        "correct": None,
        "question": "기한은?",
        "answer": "5일 이내이다.",
    }
    alone, shown = read(folder, row)
    assert alone.prompt == "업무규정 제3조(호가의 접수)에 관한 물음입니다.\n기한은?"
    assert shown.prompt == "다음 글을 읽고 물음에 답하시오.\n5일 이내에 알린다.\n\n질문: 기한은?"
    assert alone.group == shown.group and alone.completion == shown.completion == "5일 이내이다."
    assert read(folder, row | {"name": ""})[0].prompt == "기한은?"


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("가온 보고서의 '3. 실적' 부분", "가온 보고서의 '3. 실적' 부분을 JSON으로 요약해 주세요."),
        ("업무규정 제3조", "업무규정 제3조의 내용을 JSON으로 요약해 주세요."),
        ("", "다음 글을 JSON으로 요약해 주세요.\n5일 이내에 알린다."),
    ],
)
def test_a_summary_is_asked_for_as_those_of_reports_are(folder: Folder, name: str, asked: str) -> None:
    answer = '{"요약":["알린다."],"주요 수치":{}}'
    row = CLOZE | {"by": BY | {"kind": "summary"}, "options": [], "correct": None, "name": name, "answer": answer}
    (record,) = read(folder, row, form="summary")
    assert (record.prompt, record.completion, record.form, record.measure) == (asked, answer, "summary", "none")


def test_what_generate_refused_is_listed_again(folder: Folder) -> None:
    folder.jsonl("rows.jsonl", [CLOZE])
    folder.jsonl("rejected.jsonl", [{"from": "r", "reason": "personal data", "question": "?"}])
    records, (rejected,) = folder.read(generated.read)
    assert len(records) == 1 and rejected.reason == "generated, but personal data"
    assert rejected.origin == {"file": "rejected.jsonl", "row": 1, "from": "r"}


def test_a_missing_or_foreign_file_is_an_error(folder: Folder) -> None:
    with pytest.raises(LineageError, match=r"rows\.jsonl: no such file; run `dvc repro generate@"):
        folder.read(generated.read)
    for line in ("{", "{}", b"\xff", *map(json.dumps, ([], CLOZE | {"by": {}}, CLOZE | {"correct": 9}))):
        folder.write("rows.jsonl", line)
        with pytest.raises(
            LineageError, match=r"rows\.jsonl:1: not a generated row .*; run `dvc repro generate@source`"
        ):
            folder.read(generated.read)
    folder.jsonl("rows.jsonl", [CLOZE])
    for line in ("{}", "[]", b"\xff"):
        folder.write("rejected.jsonl", line)
        with pytest.raises(LineageError, match=r"rejected\.jsonl:1: .*generate@source"):
            folder.read(generated.read)
