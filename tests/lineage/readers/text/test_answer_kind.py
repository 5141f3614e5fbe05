import pytest

from lineage.readers.text.answer_kind import answered, choice, measure_of, options_in
from lineage.records.record import Record, Rejected

PROMPT = "자산이 아닌 것은?\nA. 현금\nB. 차입금\nC. 재고 자산"


@pytest.mark.parametrize(
    "figure",
    [
        "12",
        "1,234",
        "-3.5%",
        "△1,234억원",
        "△ 5.2%p",
        "(1,234)",
        "+0.5bp",
        "￦1,000",
        "450십억원",
        "3600명",
        "2023년",
        "12개",
        "0.10배",
        "7.",
    ],
)
def test_one_figure_with_its_sign_and_unit_is_a_number(figure: str) -> None:
    assert measure_of(figure) == "number"


@pytest.mark.parametrize(
    "text",
    [
        "제3조",
        "2024년 1월 2일",
        "1조 2,000억원",
        "G00570",
        "약 12%",
        "3년물 국고채",
        "12 또는 13",
        "",
        "답을 찾을 수 없음",
    ],
)
def test_anything_else_is_text(text: str) -> None:
    assert measure_of(text) == "text"


@pytest.mark.parametrize(
    ("prompt", "answer", "options", "correct"),
    [
        (PROMPT, "정답: B. 차입금", ("정답: A. 현금", "정답: B. 차입금", "정답: C. 재고 자산"), 1),
        (PROMPT, "C. 재고 자산", ("A. 현금", "B. 차입금", "C. 재고 자산"), 2),
        (
            PROMPT,
            "정답은 A. 현금입니다.",
            ("정답은 A. 현금입니다.", "정답은 B. 차입금입니다.", "정답은 C. 재고 자산입니다."),
            0,
        ),
        (PROMPT, "B", ("A", "B", "C"), 1),
        (PROMPT, "차입금", ("현금", "차입금", "재고 자산"), 1),
        ("옳은 것은?\n① 자산 ② 부채", "② 부채", ("① 자산", "② 부채"), 1),
        ("옳은 것은?\n① 자산\n② 부채", "정답: ②", ("정답: ①", "정답: ②"), 1),
        ("옳은 것은?\n1. 12개\n2. 13개", "정답: 2", ("정답: 1", "정답: 2"), 1),
        ("옳은 것은?\n1) 12개\n2) 13개", "1번", ("1번", "2번"), 0),
        ("옳은 것은?\n가. 예\n나. 아니오", "나. 아니오", ("가. 예", "나. 아니오"), 1),
        ("옳은 것은?\n(A) 예이다\n(B) 아니다", "(A) 예이다", ("(A) 예이다", "(B) 아니다"), 0),
    ],
)
def test_the_options_keep_the_wording_of_the_answer(prompt: str, answer: str, options: tuple, correct: int) -> None:
    record = answered(prompt, answer, origin={"file": "f", "row": 1})
    assert isinstance(record, Record)
    assert (record.measure, record.options, record.correct) == ("choice", options, correct)
    assert record.completion == answer == options[correct]
    assert record.group == prompt.split("\n")[0]


@pytest.mark.parametrize(
    ("prompt", "answer"),
    [
        (PROMPT, "차입금은 갚아야 할 돈이므로 자산이 아니다."),
        (PROMPT, "B. 갚아야 할 돈이기 때문이다."),
        ("순서대로 몇 개인가?\n1. 주문\n2. 체결", "2"),
        ("자산이 아닌 것은?", "B. 차입금"),
        ("할 일\n2. 둘\n3. 셋", "3. 셋"),
    ],
)
def test_what_names_no_option_is_no_choice(prompt: str, answer: str) -> None:
    assert choice(prompt, answer) is None


def test_answers_that_contradict_themselves_are_rejected() -> None:
    origin = {"file": "f", "row": 1}
    for prompt, answer in ((PROMPT, "정답: B. 현금"), ("?\nA. 현금\nB. 현금", "A. 현금")):
        assert isinstance(answered(prompt, answer, origin=origin), Rejected)


def test_the_last_list_counts() -> None:
    stem, options = options_in("다음 글\n1. 하나\n2. 둘\n무엇인가?\n1. 셋\n2. 넷\n3. 다섯")
    assert options == {"1": "셋", "2": "넷", "3": "다섯"} and stem.endswith("무엇인가?")
