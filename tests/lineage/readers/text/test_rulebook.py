import pytest

from lineage.readers.text.rulebook import book_name, holds_from, parse

BOOK = """\
가온시장 업무규정 (2024. 1. 1. 개정)
[시행 2024. 3. 1.] [가온거래소 규정 제12호, 2024. 2. 1., 일부개정]
제1장 총칙
제1조(목적) 이 규정은 필요한 사항을 정한다.
제2조(정의) ① 호가란 가격을 말한다. <개정 2020.1.1, 2024. 5. 2.>
② 기한은 2030.12.31까지로 한다.
제3조부터 제5조까지 삭제 <2020.1.1>
제6조(수수료) 0.5%로 한다. [시행일: 2025.2.30]
[본조신설 2023.7.1]
부칙 <2022.4.1>
제1조(시행일) 이 규정은 2022년 4월 1일부터 시행한다.
부칙
이 규정은 2024년 3월 1일부터 시행한다.
"""


def test_the_day_from_which_an_article_holds() -> None:
    book = parse(BOOK.split("\n"))
    assert (book.name, book.as_of) == ("가온시장 업무규정", "2024-03-01")
    assert {a.name: holds_from(a, book) for a in book.articles} == {
        "제1조": "2024-03-01",  # of the edition: it says nothing of its own
        "제2조": "2024-05-02",  # of its latest tail, not the day in its text
        "제3조~제5조": "2020-01-01",
        "제6조": "2023-07-01",  # 2025.2.30 is no day
        "부칙<2022.4.1> 제1조": "2022-04-01",
        "부칙": "2024-03-01",
    }


@pytest.mark.parametrize(
    ("tail", "as_of"),
    [
        ("부칙\n이 세칙은 2024년 7월 1일부터 시행한다.", "2024-07-01"),
        (
            "부칙\n이 규정은 2022.1.1부터 시행한다.\n부칙\n제1조(시행일) 이 규정은 2024. 7. 1.부터 시행한다.",
            "2024-07-01",
        ),
        ("부칙\n이 규정은 2022.1.1부터 시행한다.\n부칙\n이 규정은 공포한 날부터 시행한다.", ""),
        ("부칙\n이 세칙은 2024년 13월 1일부터 시행한다.", ""),
        ("", ""),
    ],
)
def test_the_last_addendum_dates_an_edition_without_a_head(tail: str, as_of: str) -> None:
    assert parse(f"업무규정\n제1조(목적) 가.\n제2조(정의) 나.\n{tail}".split("\n")).as_of == as_of


@pytest.mark.parametrize(
    "head", ["[시행 2024.7.1]", "시행일: 2024년 7월 1일", "(2024. 7. 1. 시행)", "[시행 2024. 7. 1.] [2020.1.1. 제정]"]
)
def test_heads_of_editions(head: str) -> None:
    assert parse(f"업무규정\n{head}\n제1조(목적) 가.\n제2조(정의) 시행 2011.1.1".split("\n")).as_of == "2024-07-01"


@pytest.mark.parametrize(
    "line",
    [
        "업무규정",
        "업무규정 (2024. 1. 1. 시행)",
        "업무규정[시행 2024.1.1]",
        "업무규정 <개정 2023.5.2>",
        "업무규정_20240101",
        "업무규정 2024-01-01",
    ],
)
def test_editions_share_their_name(line: str) -> None:
    assert book_name(line) == "업무규정"


def test_names_that_only_look_like_editions_stay() -> None:
    assert book_name("유가증권시장 업무규정 시행세칙(파생)") == "유가증권시장 업무규정 시행세칙(파생)"
    assert parse(["[시행 2024.1.1]", "업무규정", "제1조(목적) 가."]).name == "업무규정"
