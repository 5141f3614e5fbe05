import pytest

from lineage.evaluation.chosen_option import chosen_place

LISTED = "자산이 아닌 것은?\nA. 현금\nB. 차입금\nC. 재고"
LIKE = "무엇인가?\nA. 1\nB. 10억원\nC. 현금성 자산\nD. 현금"
NUMBERED = "자산이 아닌 것은?\n1. 현금\n2. 차입금\n3. 재고"


@pytest.mark.parametrize(
    ("prompt", "answer", "place"),
    [
        (LISTED, "갚아야 할 돈이다. 따라서 A 가 아니다.\n정답: B. 차입금", 1),
        (LISTED, "정답: A\n아니다. 다시 보면 갚아야 한다.\n정답: B", 1),
        (LISTED, "갚아야 할 돈이다.\n\n**정답: B. 차입금**", 1),
        (LISTED, "갚아야 할 돈이므로 정답은 (B)입니다.", 1),
        (LISTED, "정답: B. 차입금\n\n해설: 갚아야 할 돈이다.", 1),
        (LISTED, "갚아야 할 돈이다.\nB. 차입금", 1),
        (NUMBERED, "2024년에 3번 빌렸다.\n정답: 2", 1),
        (NUMBERED, "정답은 2번이다.", 1),
        (LISTED, "정답: B. 차입금이다.", 1),
        (LISTED, "정답은 B) 차입금 (갚을 돈)", 1),
        (LIKE, "정답: B. 10억원입니다.", 1),
        (LIKE, "정답: C. 현금성 자산이다.", 2),
        (LIKE, "정답: D. 현금성 자산이다.", None),
        (LIKE, "정답: D. 현금이다.", 3),
        (LIKE, "정답: A. 10억원입니다.", None),
        (LIKE, "정답: A. 100억원", None),
        (LIKE, "정답: A. 1.5이다.", None),
        (LISTED, "정답: B. 빌린 돈", None),
        (LISTED, "정답: B. 현금", None),
        (LISTED, "정답: B 또는 C", None),
        (LISTED, "정답: D", None),
        (LISTED, "정답은 없다. B. 차입금", None),
        (LISTED, "정답:", None),
        (LISTED, "", None),
        ("자산이 아닌 것은?", "정답: B", None),
        ("같은 것은?\nA. 현금\nB. 현금", "정답: A", None),
    ],
)
def test_an_answer_chooses_what_it_names_after_its_reasoning(prompt: str, answer: str, place: int | None) -> None:
    assert chosen_place(prompt, answer) == place
