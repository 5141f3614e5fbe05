import pytest

from lineage.evaluation.declined import declines, is_answerable
from lineage.readers.text.no_answer import ALLOWED, NO_ANSWER
from tests import tiny


@pytest.mark.parametrize(
    "answer",
    [
        NO_ANSWER,
        f"'{NO_ANSWER}'",
        f"{NO_ANSWER}.",
        f"{NO_ANSWER}입니다.",
        "답을 찾을 수 없습니다.",
        "표에서 답을 찾을 수 없습니다.",
        "주어진 지문에서는 알 수 없다",
        "정답: 답을 찾을 수 없음",
        "답 없음",
    ],
)
def test_an_answer_that_only_says_that_there_is_none_declines(answer: str) -> None:
    assert declines(answer)


@pytest.mark.parametrize(
    "answer", ["", "12억원", f"{NO_ANSWER}. 12억원", "12억원이며 다른 답은 없음", "없음", "찾을 수 있다", "부채 없음"]
)
def test_an_answer_that_says_more_or_something_else_does_not(answer: str) -> None:
    assert not declines(answer)


def test_what_can_be_answered_is_known_where_the_data_say_so() -> None:
    asked = "다음 표를 보고 물음에 답하시오.\n매출액 | 12억원\n\n질문: 매출액은?"
    assert is_answerable(tiny.row("t", asked, "12억원")) is None
    assert is_answerable(tiny.row("t", f"{asked}\n{ALLOWED}", "12억원")) is True
    assert is_answerable(tiny.row("t", f"{asked}\n{ALLOWED}", NO_ANSWER)) is False
    assert is_answerable(tiny.row("t", asked, NO_ANSWER)) is False
