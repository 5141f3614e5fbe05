import random
import re

import pytest

from lineage.evaluation.number_answers import Formula, number_of, same_number, value_key

# answer, expected
RIGHT = [
    # one value, however it is written
    ("1/2", "0.5"),
    (r"\frac12", "0.5"),
    (r"\frac{1}{4}", r"\dfrac14"),
    (r"1\frac{1}{2}", "1.5"),
    ("1½", "1.5"),
    ("3분의 1", "1/3"),
    ("3만 5천원", "35,000원"),
    ("3만5천 원", "35000원"),
    ("1조 2,300억원", "1,230,000,000,000원"),
    ("12십억원", "120억원"),
    ("5천만원", "50,000,000원"),
    ("2천3백만", "23,000,000"),
    ("$1.2 billion", "1,200,000,000달러"),
    ("100 million won", "1억원"),
    ("1.5e6", "1,500,000"),
    (r"1.5 \times 10^{6}", "1500000"),
    ("10^6", "1000000"),
    ("１，２３４원", "1,234원"),
    ("1{,}234", "1234"),
    ("1,234.50", "1,234.5"),
    ("**12억원**", "12억 원"),
    ("2시간 30분", "150분"),
    ("1년 6개월", "18개월"),
    ("-1년 6개월", "-18개월"),
    ("25bp", "0.25%p"),
    ("2023년", "2023"),
    ("USD 100", "100달러"),
    (r"\$1,234.50", "1234.5달러"),
    ("12명", "12인"),
    # a minus of any kind
    ("△5.2", "-5.2%"),
    ("▲1,234", "(1,234)"),
    ("(1,234)백만원", "-1,234백만원"),
    ("마이너스 3%", "-3%"),
    (r"\frac{-1}{4}", "-0.25"),
    # rounded where the expected one may have been
    ("33.3333%", "33.33%"),
    ("1조 2,345억원", "1.2조원"),
    ("1/3", "0.33"),
    # no unit where one is expected: as it is written, or with its multipliers
    ("5", "5명"),
    ("10", "10억원"),
    ("1,000,000,000", "10억원"),
    ("10억", "10억원"),
    ("0.5", "50%"),
    # a unit where none is expected
    ("$18", "18"),
    ("50%", "0.5"),
    ("50%", "50"),
    # which number counts
    ("48/2 = <<48/2=24>>24\n#### 1,072", "1072"),
    ("The answer is: 12. It follows from 3 + 9.", "#### 12"),
    ("답은 12입니다. 3과 9를 더했습니다.", "12"),
    (r"따라서 \boxed{\frac{3}{4}}이고, 나머지는 1이다.", "0.75"),
    (r"\boxed{12}원입니다", "12원"),
    (r"\boxed{50\%}", "50%"),
    ("영업이익은 12억원 (전년 대비 3억원 증가)", "12억원"),
    ("매출은 12억원(1,234백만원)", "12억원"),
    ("x=5", "5"),
    (r"The answer is: $2\text{ hours}$", "2시간"),
    # dates
    ("2024-03-15", "2024년 3월 15일"),
    ("2024. 3. 15.", "2024년 3월 15일"),
    ("2024년 3월 15일", "2024년 3월"),
    ("2024년 3월", "2024년"),
    ("3월", "3"),
    # no single quantity: written alike
    (r"The answer is: $2\sqrt{5}$", r"The answer is: 2\sqrt{5}"),
    ("The answer is: (3,4)", "The answer is: (3, 4)"),
    ("10~20%", "10 ~ 20%"),
]
WRONG = [
    (r"\frac{1}{4}", r"\frac{3}{4}"),
    (r"The answer is: \frac{3}{4}", r"The answer is: $\frac{1}{4}$"),
    ("10조원", "10억원"),
    ("10조", "10억원"),
    ("10조", "10"),
    ("10억", "10"),
    ("3만 6천원", "3만 5천원"),
    ("4만 5천원", "3만 5천원"),
    ("12달러", "12원"),
    ("$12", "12원"),
    ("12%p", "12%"),
    ("12배", "12%"),
    ("5.2", "-5.2"),
    ("1,234", "(1,234)"),
    ("1000050", "1000000"),
    ("0.0002", "0.0001"),
    ("12.4", "12"),
    ("12", "12.5"),
    ("33.3%", "33.33%"),
    ("5년 6개월", "4년 6개월"),
    ("2023년 3월", "2024년 3월"),
    ("2024년", "2024년 3월"),
    ("3시 30분", "4시 30분"),
    (r"The answer is: 2\sqrt{5}", "5"),
    ("The answer is: 5", r"The answer is: 2\sqrt{5}"),
    ("The answer is: 4", "The answer is: (3, 4)"),
    ("15~20%", "10~20%"),
    ("넓이는 7 cm^2", "2"),
    ("10^6", "10"),
    ("2x", "2"),
    ("G00570", "570"),
    ("1/0", "1"),
    ("삼만", "3"),
    ("모릅니다", "12"),
    ("12", "모릅니다"),
    ("", "12"),
    ("9" * 5000, "9"),
]


@pytest.mark.parametrize(("answer", "expected"), RIGHT)
def test_an_answer_of_the_same_value(answer: str, expected: str) -> None:
    assert same_number(answer, expected)


@pytest.mark.parametrize(("answer", "expected"), WRONG)
def test_an_answer_of_another_value_or_unit(answer: str, expected: str) -> None:
    assert not same_number(answer, expected)


def test_a_multiplier_that_is_changed_is_never_right() -> None:
    """The kind of fault at large: 150 amounts, each with every other multiplier and with another unit."""
    chance = random.Random(7)
    for _ in range(150):
        figure = chance.choice([f"{chance.randint(1, 9_999):,}", f"{chance.randint(1, 99)}.{chance.randint(1, 9)}"])
        written = chance.choice(["매출은 {}억원입니다.", "The answer is: {}억 원", "{}억원", "△{}억원"]).format(figure)
        assert same_number(written, written)
        for other in ("조", "만", "천만", "십억"):
            assert not same_number(written.replace("억", other), written), written
        assert not same_number(re.sub("원", "달러", written), written), written


def test_numbers_of_one_value_have_one_key() -> None:
    keys = {value_key(number) for text in ("0.5", "1/2", r"\frac{1}{2}") if (number := number_of(text))}
    assert len(keys) == 1
    assert value_key(number_of("10억원") or Formula("")) != value_key(number_of("10조원") or Formula(""))
    assert number_of("모릅니다") is None


@pytest.mark.parametrize(
    "text", ["1,", "3만 ", "정답은 12 ", "1년 6개월 ", "$", "1/", "(", r"\boxed{", "가.1", "2024년 "]
)
@pytest.mark.timeout(5)
def test_an_answer_that_repeats_itself_is_read_in_no_time(text: str) -> None:
    assert not same_number(text * (2_000 // len(text)), "7달러")
