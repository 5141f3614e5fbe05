import pytest

from lineage.evaluation.whole_sentences import whole_sentences


@pytest.mark.parametrize(
    ("cut", "whole"),
    [
        ("금리가 올랐다. 물가도 올랐다. 그래서 시", "금리가 올랐다. 물가도 올랐다."),
        ("지수는 3.5% 올랐다. 거래대금은 2.", "지수는 3.5% 올랐다."),
        ("지수는 3.5", "지수는 3.5"),
        ('그는 "오른다."라고 했다. 그러', '그는 "오른다."라고 했다.'),
        ("정말인가? 그렇다! 왜냐", "정말인가? 그렇다!"),
        ("(자세한 것은 뒤에 적는다.) 먼저", "(자세한 것은 뒤에 적는다.)"),
        ("종류는 둘이다.\n1. 주식\n2. 채", "종류는 둘이다."),
        ("The U.S. dollar rose. The yen", "The U.S. dollar rose."),
        ("今日休市。明天", "今日休市。"),
        ("끝맺은 문장이다.", "끝맺은 문장이다."),
        ("끝이 없는 말", "끝이 없는 말"),
        ("", ""),
    ],
)
def test_what_stands_behind_the_last_whole_sentence_goes(cut: str, whole: str) -> None:
    assert whole_sentences(cut) == whole
    assert whole_sentences(whole) == whole
