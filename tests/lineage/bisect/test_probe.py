import pytest

from lineage.bisect.probe import is_right, question_probe, row_probe, set_probe
from lineage.core.errors import LineageError
from lineage.evaluation.heldout import HeldOutSet
from tests.tiny import row

ASKED = [row("samples", "1번 상품은?", "1번은 채권입니다."), row("samples", "둘 더하기 둘은?", "4", measure="number")]
SETS = [HeldOutSet("samples.prompt_answer", tuple(ASKED), 2, "d" * 64)]


def test_a_held_out_question_is_its_row_and_brings_its_answer() -> None:
    found = question_probe(SETS, "  1번  상품은? ", "", "")
    assert (found.kind, found.row, found.right) == ("row", ASKED[0].id, "1번은 채권입니다.")
    assert question_probe(SETS, "1번 상품은?", "1번은  채권입니다.", "") == found
    assert row_probe(SETS, ASKED[0].id) == found


def test_another_answer_or_a_comparison_makes_it_a_free_question() -> None:
    other = question_probe(SETS, "1번 상품은?", "주식", "")
    assert (other.kind, other.by, other.right) == ("free", "contains", "주식")
    asked = question_probe(SETS, "1번 상품은?", "", "likelihood")
    assert (asked.kind, asked.by, asked.right) == ("free", "likelihood", "1번은 채권입니다.")
    bare = ("12억 원", "정답은 12.5%입니다.", "2024년 3월 1일", "-3", "약 1,200만원")
    worded = ("1번은 채권입니다.", "채권", "2024년과 2025년", "12억원의 채권")
    assert {question_probe(SETS, "매출은?", right, "").by for right in bare} == {"number"}
    assert {question_probe(SETS, "매출은?", right, "").by for right in worded} == {"contains"}


def test_what_cannot_be_asked_says_why() -> None:
    with pytest.raises(LineageError, match="add --right"):
        question_probe(SETS, "매출은?", "", "")
    with pytest.raises(LineageError, match=r"there are samples\.prompt_answer"):
        set_probe(SETS, "nothing.record")
    with pytest.raises(LineageError, match=r"no held-out row of others\.record"):
        row_probe(SETS, ASKED[0].id, "others.record")


def test_a_free_answer_is_compared_as_it_says() -> None:
    said = question_probe(SETS, "업종은?", "운송 서비스", "")
    assert is_right(said, "업종은 운송\n서비스입니다", ended=True) and not is_right(said, "운송", ended=True)
    number = question_probe(SETS, "매출은?", "12", "")
    assert is_right(number, "정답은 12입니다.", ended=True) and not is_right(number, "정답은 112입니다.", ended=True)
    assert is_right(number, "정답은 12입니다.", ended=False) is False, "an answer that was cut holds no number"
    assert is_right(question_probe(SETS, "매출은?", "12", "likelihood"), "12", ended=True) is None
