import pytest

from lineage.evaluation.answer_language import is_in_another_language, language_of


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("순이익은 수익에서 비용을 뺀 것입니다.", "ko"),
        ("EPS는 earnings per share를 말한다", "ko"),
        ("삼성전자(Samsung Electronics Co., Ltd.)의 ROE는 12.5%이다", "ko"),
        ("美 연준은 금리를 동결했다", "ko"),
        ("今天股市休市。", "zh"),
        ("本日は休場です", "ja"),
        ("The market is closed today.", "en"),
        ("L'indice a clôturé en hausse", "en"),  # any in Latin letters
        ("Рынок сегодня закрыт", "other"),
        ("KOSPI 200", None),
        ("Samsung Electronics", None),
        ("005930 KS", None),
        ("△1,234억", "ko"),
        ("12.5%", None),
        ("", None),
    ],
)
def test_a_text_s_language_is_that_of_its_running_text(text: str, language: str | None) -> None:
    assert language_of(text) == language


@pytest.mark.parametrize(
    ("answer", "expected", "other"),
    [
        ("净利润是指扣除费用后的余额", "ko", True),
        ("Net income is what is left after costs", "ko", True),
        ("純利益は収益から費用を引いたもの", "ko", True),
        ("EPS는 earnings per share를 말한다", "ko", False),
        ("KOSPI 200", "ko", False),
        ("12.5%", "ko", False),
        ("NAVER Corp.", "ko", False),
        ("美", "ko", False),
        ("", "ko", False),
        ("순이익(净利润)은 수익에서 비용을 뺀 것", "ko", False),
        ("The market is closed today.", "en", False),
        ("오늘은 휴장이다.", "en", True),
        ("The market, 즉 거래소, is closed", "en", False),
        ("今天股市休市。", "zh", False),
        ("오늘은 휴장이다.", "zh", True),
        ("本日は休場です", "zh", True),
        ("今天股市休市。", "ja", True),
        ("本日は休場です", "ja", False),
    ],
)
def test_another_language_is_seen_only_where_it_is_sure(answer: str, expected: str, other: bool) -> None:
    assert is_in_another_language(answer, expected) is other
