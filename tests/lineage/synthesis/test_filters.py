from dataclasses import replace

import pytest

from lineage.synthesis.filters import is_longest, refusal
from lineage.synthesis.proposal import Proposal, Reference

REFERENCE = Reference(
    "r",
    "g",
    (),
    "",
    "업무규정 제3조(호가의 접수)",
    "① 거래소는 접수한 날부터 5일 이내에 결과를 회원에게 알려야 한다.\n② 수수료는 △1,200원이고 비율은 3.5%이다.",
)
GOOD = Proposal(
    "업무규정 제3조에 따라 거래소가 호가의 결과를 알려야 하는 기한은?",
    "접수한 날부터 5일",
    ("접수한 날부터 5일", "접수한 날부터 3일", "거절한 날부터 7일", "접수한 날부터 9일"),
    0,
    "제3조제1항은 접수한 날부터 5일 이내에 알리도록 하므로, 기한은 5일이다.",
    claim="A",
)
OPEN = Proposal("업무규정 제3조의 비율은?", "비율은 3.5%이다.")
GAP = Proposal(
    "다음은 업무규정 제3조(호가의 접수)의 한 문장입니다. 빈칸에 알맞은 것은?\n비율은 (    )이다.",
    "3.5%",
    ("3.5%", "3.1%", "4.0%", "4.5%"),
    0,
    sentence="비율은 (    )이다.",
)


@pytest.mark.parametrize(
    "proposal", [GOOD, OPEN, GAP, replace(GOOD, claim="A. 접수한 날부터 5일"), replace(OPEN, shown=True)]
)
def test_good_ones_are_kept(proposal: Proposal) -> None:
    assert refusal(proposal, REFERENCE) == ""


def options(*texts: str, correct: int | None = 0) -> Proposal:
    return replace(GOOD, options=texts, correct=correct)


A, B, C, D = GOOD.options


@pytest.mark.parametrize(
    ("planted", "reason"),
    [
        (replace(OPEN, question=" \u200b\n"), "the question is empty"),
        (replace(OPEN, answer=""), "the answer is empty"),
        (replace(OPEN, answer="비율 " * 500), "the answer is longer than 1200 characters"),
        (options(A, "", C, D), "an option is empty"),
        (replace(OPEN, answer="비율은 3.5%이다. 문의 hong@example.com"), "personal data"),
        (replace(OPEN, question="010-1234-5678로 알리는 비율은?"), "personal data"),
        (replace(OPEN, question="900101-1234568인 회원의 비율은?"), "personal data"),
        (options(A), "fewer than two options, or more than ten"),
        (options(A, B, A + ".", D), "two options are the same"),
        (options(A, B, C, "접수한  날부터 3일"), "two options are the same"),
        (options(A, B, C, "위의 모두"), "an option speaks of the others"),
        (options(A, B, C, "해당 없음"), "an option speaks of the others"),
        (options(A, B, C, D, correct=1), "the answer's letter and its text name different options"),
        (replace(GOOD, claim="B"), "the answer's letter and its text name different options"),
        (replace(GOOD, claim="B. 접수한 날부터 5일"), "the answer's letter and its text name different options"),
        (replace(GOOD, claim="F"), "the answer matches no option"),
        (replace(GOOD, correct=None, claim="접수한 날부터 8일"), "the answer matches no option"),
        (replace(GOOD, answer="접수한 날부터 8일", claim=""), "the answer matches no option"),
        (replace(GOOD, question="정답이 A인 기한은?"), "the question names a letter"),
        (replace(GOOD, reasoning="따라서 정답은 A이다."), "the reasoning names a letter"),
        (replace(GOOD, reasoning="보기 2는 틀리다."), "the reasoning names a letter"),
        (replace(GOOD, reasoning="①이 옳다."), "the reasoning names a letter"),
        (replace(GOOD, reasoning="B는 틀리고 나머지를 본다."), "the reasoning names a letter"),
        (replace(GOOD, question="접수한 날부터 5일 안에 알려야 하는가?"), "the question holds its own answer"),
        (replace(OPEN, question="비율이 3.5%인 것은?", answer="3.5%"), "the question holds its own answer"),
        (replace(OPEN, question="위 글에서 비율은?"), "the question points at a text that is not shown"),
        (replace(OPEN, question="다음 자료의 비율은?"), "the question points at a text that is not shown"),
        (replace(OPEN, question="본문에 따르면 비율은?"), "the question points at a text that is not shown"),
        (replace(OPEN, question="이 표에서 비율은?"), "the question points at a text that is not shown"),
        (replace(GAP, answer="3.1%", correct=1), "the filled gap does not stand in the reference"),
        (
            replace(GAP, answer="5일", options=("5일", "1일"), sentence="(    ) 이내에 결과를 회원에게 알려야"),
            "",
        ),
        (
            replace(GAP, answer="거래소", options=("거래소", "회원", "수수료"), sentence="(    )"),
            "another option also fills the gap",
        ),
        (replace(OPEN, answer="비율은 3.6%이다."), "a figure of the answer is not in the reference"),
        (replace(OPEN, answer="비율은 5%이다."), "a figure of the answer has another sign or unit in the reference"),
        (
            replace(OPEN, answer="수수료는 1,200원이다."),
            "a figure of the answer has another sign or unit in the reference",
        ),
        (
            replace(OPEN, answer="수수료는 △1,200만원이다."),
            "a figure of the answer has another sign or unit in the reference",
        ),
        (
            replace(OPEN, answer="투자자는 언제나 손실을 각오하여야 한다."),
            "the answer's words are not in the reference",
        ),
        (replace(GOOD, reasoning="5일에 8일을 더하면 13일이다."), "a figure of the reasoning is not in the reference"),
        (replace(GOOD, reasoning="거절한 날부터 7일이라고 정한다."), "the reasoning speaks for another option"),
    ],
)
def test_every_defect_is_found(planted: Proposal, reason: str) -> None:
    assert refusal(planted, REFERENCE) == reason


@pytest.mark.parametrize(
    "question",
    [
        "A사와 B사의 업무규정 제3조 비율은?",
        "사업이 표시한 업무규정 제3조의 비율은?",
        "상위 규정인 업무규정 제3조의 비율은?",
        "단위 표시가 없는 업무규정 제3조의 비율은?",
    ],
)
def test_ordinary_words_are_no_defect(question: str) -> None:
    assert refusal(replace(OPEN, question=question), REFERENCE) == ""
    assert refusal(replace(GOOD, question=question, reasoning="A사는 제3조제1항을 따르므로 5일이다."), REFERENCE) == ""


def test_a_question_about_a_shown_table_may_point_at_it() -> None:
    assert refusal(replace(OPEN, question="위 표에서 비율은?", shown=True), REFERENCE) == ""


def test_the_longest_option_is_counted() -> None:
    assert not is_longest(GOOD) and is_longest(replace(GOOD, options=(A, "3일", "7일", "9일")))


def test_a_summary_is_held_to_its_reference() -> None:
    said = '{{"요약":["거래소는 {days}일 이내에 결과를 알려야 한다."],"주요 수치":{{"비율":"3.5%"}}}}'
    assert refusal(Proposal("요약", said.format(days=5)), REFERENCE) == ""
    assert refusal(Proposal("요약", said.format(days=6)), REFERENCE) == "a figure of the answer is not in the reference"
