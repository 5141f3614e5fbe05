import json
from typing import Any

import pytest

from lineage.core.errors import LineageError
from lineage.synthesis.endpoint import Endpoint, Refusal
from lineage.synthesis.filters import refusal
from lineage.synthesis.llm_writer import Asking, object_in
from lineage.synthesis.proposal import Proposal, Reference, Unusable

REFERENCE = Reference(
    "r", "g", (), "", "업무규정 제3조", "거래소는 접수한 날부터 5일 이내에 결과를 {회원}에게 알려야 한다."
)
QUESTION = {
    "question": "업무규정 제3조에 따라 결과를 알리는 기한은?",
    "options": ["접수한 날부터 5일", "접수한 날부터 3일", "접수한 날부터 7일", "접수한 날부터 9일"],
    "reasoning": "제3조는 접수한 날부터 5일 이내에 알리도록 한다.",
    "answer": "A",
    "answer_text": "접수한 날부터 5일",
}


class Says(Endpoint):
    """An endpoint that gives one answer, or refuses."""

    said: str = ""
    finish: str = "stop"

    def ask(self, messages: list[dict[str, str]]) -> dict[str, Any]:
        if not self.said:
            raise Refusal("400: too long")
        return {"key": "0" * 64, "text": self.said, "finish": self.finish}


def asking(kind: str, said: Any, count: int = 1, finish: str = "stop") -> Asking:
    endpoint = Says("tiny", 1)
    object.__setattr__(endpoint, "said", said if isinstance(said, str) else json.dumps(said, ensure_ascii=False))
    object.__setattr__(endpoint, "finish", finish)
    return Asking(kind, count, endpoint)


def written(kind: str, said: Any, count: int = 1, finish: str = "stop") -> Any:
    (found,) = asking(kind, said, count, finish).propose(REFERENCE).proposals
    return found


def test_each_kind_gives_a_proposal_that_passes() -> None:
    choice = written("mcqa", {"questions": [QUESTION]})
    assert (choice.answer, choice.correct, refusal(choice, REFERENCE)) == ("접수한 날부터 5일", 0, "")
    qa = written(
        "qa", {"questions": [{"question": "업무규정 제3조의 기한은?", "answer": "접수한 날부터 5일 이내이다."}]}
    )
    assert (qa.options, refusal(qa, REFERENCE)) == ((), "")
    summary = written("summary", {"요약": ["결과를 5일 이내에 알려야 한다."], "주요 수치": {"기한": "5일"}})
    assert json.loads(summary.answer)["주요 수치"] == {"기한": "5일"} and refusal(summary, REFERENCE) == ""


@pytest.mark.parametrize(
    "said", ['{"a": 1}', '```json\n{"a": 1}\n```', '<think>{"b": 2} 음…</think>\n{"a": 1}', '답: {"a": 1} 입니다']
)
def test_the_object_is_found_behind_thoughts_and_fences(said: str) -> None:
    assert object_in(said) == {"a": 1}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"answer": "B"}, "the answer's letter and its text name different options"),
        (
            {"answer": "C", "answer_text": "접수한 날부터 5일"},
            "the answer's letter and its text name different options",
        ),
        ({"options": "접수"}, "options that are not a list of texts"),
        ({"options": [{"a": 1}, "b"]}, "options that are not a list of texts"),
        ({"reasoning": ""}, "a multiple choice without reasoning"),
        ({"question": None}, "a question or an answer is missing or no text"),
        ({"answer": ["A"]}, "a question or an answer is missing or no text"),
    ],
)
def test_what_contradicts_itself_is_unusable(change: dict[str, Any], reason: str) -> None:
    found = written("mcqa", {"questions": [QUESTION | change]})
    assert isinstance(found, Unusable) and found.reason == reason and found.said


@pytest.mark.parametrize("answer", ["E", "②②", "접수한 날부터 8일"])
def test_an_answer_outside_the_options_is_refused(answer: str) -> None:
    found = written("mcqa", {"questions": [QUESTION | {"answer": answer, "answer_text": ""}]})
    assert isinstance(found, Proposal) and refusal(found, REFERENCE) == "the answer matches no option"


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("여기 있습니다", "an answer that is not JSON"),
        ("{'questions': ", "an answer that is not JSON"),
        ("[1, 2]", "an answer that is not JSON"),
        ({"questions": []}, "an answer without questions"),
        ({"questions": {"a": 1}}, "an answer without questions"),
        ({"questions": ["무엇?"]}, "a question or an answer is missing or no text"),
    ],
)
def test_a_malformed_answer_is_said_to_be_one(said: Any, reason: str) -> None:
    found = written("mcqa", said)
    assert isinstance(found, Unusable) and found.reason == reason


def test_one_cut_off_at_its_length_is_told_apart() -> None:
    assert written("qa", '{"questions": [{"que', finish="length").reason == "an answer cut off at its length"


@pytest.mark.parametrize("said", [{"요약": []}, {"요약": "글"}, {"요약": ["글"], "주요 수치": {"기한": 5}}])
def test_a_summary_of_another_shape_is_unusable(said: Any) -> None:
    assert written("summary", said).reason == "a summary without sentences or figures as texts"


def test_no_more_questions_are_taken_than_were_asked_for() -> None:
    found = asking("qa", {"questions": [{"question": f"{i}?", "answer": "5일"} for i in range(9)]}, 2)
    assert len(found.propose(REFERENCE).proposals) == 2


def test_refusals_are_rows_but_nothing_except_refusals_is_an_error() -> None:
    writer = asking("qa", "")
    for _ in range(4):
        (found,) = writer.propose(REFERENCE).proposals
        assert isinstance(found, Unusable) and found.reason == "the endpoint refused the request"
    with pytest.raises(LineageError, match="the endpoint refused all of the first 5 requests: 400: too long"):
        writer.propose(REFERENCE)


def test_the_prompt_holds_the_reference_as_it_is_and_names_itself() -> None:
    system, user = asking("mcqa", "", 3).messages(REFERENCE)
    assert REFERENCE.text in user["content"] and "문제 3개" in user["content"] and '{"questions"' in user["content"]
    assert system["role"] == "system" and "JSON" in system["content"]
    by = [asking(kind, "").by() for kind in ("mcqa", "qa", "summary")]
    assert len({b["prompt"] for b in by}) == 3 and {b["model"] for b in by} == {"tiny"}
