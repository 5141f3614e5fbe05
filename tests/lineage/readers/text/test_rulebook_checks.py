import pytest

from lineage.readers.text.rulebook import parse
from lineage.readers.text.rulebook_checks import LONGEST, faults, is_amendment, lost_start, missing


def book(*articles: str) -> str:
    return "\n".join(("업무규정", *articles))


def reasons(text: str) -> dict[str, str]:
    return {name: reason for name, (reason, _) in faults(parse(text.split("\n"))).items()}


SOUND = [
    book("제1조(목적) 가.", "제2조(정의) 나.", "제2조의2(특례) 다.", "제3조(기한) 라."),
    book("제1조(목적) 가.", "제2조부터 제8조까지 삭제 <2020.1.1>", "제9조(기한) 라."),
    book("제1조(목적) 가.", "제2조 내지 제8조 삭제", "제9조(기한) 라."),
    book("제1조(목적) 가.", "제2조 삭제", "제3조(기한) 라.", "부칙", "제1조(시행일) 마.", "제2조(경과) 바."),
    book("제1조(목적) 「상법」 제2조(정의)와 같은 법 제2조(정의) 전단을 말한다. 제2조(정의)에 따른다."),
]


@pytest.mark.parametrize("text", SOUND)
def test_sound_rulebooks_have_no_faults(text: str) -> None:
    assert reasons(text) == {} and missing(parse(text.split("\n"))) == []


def test_an_article_before_a_gap_may_hold_the_lost_ones() -> None:
    text = book("제1조(목적) 가.", "제2조(정의) 나.", "제3조【기한】 다.", "제4조【수수료】 라.", "제5조(기타) 마.")
    found = faults(parse(text.split("\n")))
    assert list(found) == ["제2조"] and found["제2조"][0] == "an article before a gap in the numbers"
    assert found["제2조"][1].startswith("제3조~제4조 are missing")
    assert missing(parse(text.split("\n"))) == [3, 4]


def test_the_last_article_may_swallow_the_next_one() -> None:
    text = book("제1조(목적) 가.", "제2조(정의) 나. 제3조(수수료) ① 0.5%로 한다.")
    assert reasons(text) == {"제2조": "an article that holds the opening of the next"}
    assert reasons(book("제1조(목적) 가.", "제2조(정의) 나.", "제3조 [수수료] 0.5%로 한다.")) == {
        "제2조": "an article that holds the opening of the next"
    }


def test_an_article_of_implausible_length() -> None:
    text = book("제1조(목적) 가.", "제2조(정의) " + "나" * LONGEST + "다", "제3조(기한) 라.")
    assert reasons(text) == {"제2조": "an article of more than 20,000 characters"}


def test_a_deleted_article_may_stand_before_a_gap_too() -> None:
    assert reasons(book("제1조(목적) 가.", "제2조 삭제", "제5조(기한) 나.")) == {
        "제2조": "an article before a gap in the numbers"
    }
    wrapped = book("제1조(목적) 법", "제2조부터 제4조까지 삭제하고 옮긴 것을 말한다.", "제2조(정의) 나.")
    assert [a.name for a in parse(wrapped.split("\n")).articles] == ["제1조", "제2조"]


def test_lost_first_pages() -> None:
    (found,) = lost_start(parse(book("제4조(목적) 가.", "제5조(정의) 나.").split("\n")), {"file": "a"})
    assert found.origin == {"file": "a", "article": "제1조~제3조"}
    assert not list(lost_start(parse(SOUND[0].split("\n")), {}))


@pytest.mark.parametrize(
    "text",
    [
        "현행 | 개정안",
        "현 행\t개 정 안",
        "| 현 행 | 개 정 (안) | 비 고 |",
        "현   행          개   정   안",
        "신·구조문 대비표",
        "< 신ㆍ구조문대비표 >",
        "현 행\n\n개 정 안",
        "제1조(목적) (현행과 같음)\n제2조(정의) (현행과 같음)",
    ],
)
def test_tables_of_amendments(text: str) -> None:
    assert is_amendment(["업무규정 일부개정규정안", *text.split("\n")])


@pytest.mark.parametrize(
    "text", [*SOUND, "현행 규정을 개정한다.", "제1조(목적) 현행 개정안을 심사한다.", "현행\n그 밖의 것"]
)
def test_rulebooks_that_speak_of_amendments_are_none(text: str) -> None:
    assert not is_amendment(text.split("\n"))
