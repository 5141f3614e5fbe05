import json
from dataclasses import replace

import pytest

from lineage.synthesis.filters import refusal
from lineage.synthesis.proposal import Proposal, Reference
from lineage.synthesis.rule_writer import Cloze

ARTICLE = """① 회원은 호가를 하려는 때에는 거래소에 다음 각 호의 서류를 내야 한다.
1. 신청서
② 거래소는 접수한 날부터 5일 이내에 결과를 알려야 한다. <개정 2024.1.1>
③ 예탁금은 1,000만원으로 한다. 다만, 제3조제2항의 경우에는 500만원으로 한다."""


def reference(text: str = ARTICLE, name: str = "업무규정 제3조(호가의 접수)", term: str = "") -> Reference:
    return Reference("rules.prompt_answer.1", "g", (), "", name, text, term)


def ask(ref: Reference, count: int = 50, seed: int = 1) -> list[Proposal]:
    found = Cloze(count, seed).propose(ref).proposals
    proposals = [p for p in found if isinstance(p, Proposal)]
    assert [refusal(p, ref) for p in proposals] == [""] * len(proposals)
    return proposals


def test_figures_of_sentences_become_gaps() -> None:
    found = {p.answer: p for p in ask(reference())}
    assert set(found) == {"5일", "1,000만원", "500만원"}
    assert found["5일"].question == (
        "다음은 업무규정 제3조(호가의 접수)의 한 문장입니다. 빈칸에 알맞은 것은?\n"
        "거래소는 접수한 날부터 (    ) 이내에 결과를 알려야 한다."
    )
    assert all(len(set(p.options)) == 4 and p.answer in p.options for p in found.values())
    assert "500만원" in found["1,000만원"].options, "its own other figure of that unit is the most plausible"


def test_a_figure_that_stands_twice_is_not_asked_for() -> None:
    twice = "접수한 날부터 5일 이내에 결과를 알려야 한다.\n거절한 날부터 5일 이내에 이유를 알려야 한다."
    assert ask(reference(twice)) == []
    assert [p.answer for p in ask(reference(twice.replace("거절한 날부터 5일", "거절한 날부터 15일")))] != []


def test_few_questions_are_about_different_sentences() -> None:
    text = "자산은 1,300십억원, 부채는 650십억원, 자본은 640십억원이다. 직원은 2,400명으로 한다."
    for seed in range(10):
        asked = ask(reference(text), 2, seed)
        assert len(asked) == 2 and len({p.answer[-1] for p in asked}) == 2


def test_rows_depend_on_reference_and_seed_alone() -> None:
    assert ask(reference(), 2) == ask(reference(), 2)
    several = [ask(replace(reference(), record=f"r{i}"), 1)[0] for i in range(12)]
    assert len({p.answer for p in several}) > 1 and len({p.options for p in several}) > 3


def test_terms_are_gaps_where_the_text_has_others_to_choose_from() -> None:
    text = "거래소는 시장의 안정을 위하여 필요한 조치를 할 수 있다. 회원은 주문의 내용을 기록하고, 그 증빙을 보관한다."
    found = {p.answer: p for p in ask(reference(text), seed=3)}
    assert len(found) == 2 and set(found) <= {"안정", "조치", "내용", "증빙"}, "one a sentence"
    found = {p.answer: p for seed in range(9) for p in ask(reference(text), seed=seed)}
    assert "(    )을(를)" in found["조치"].question, "the particle must not tell how the answer ends"
    assert all(option not in found["조치"].question for option in found["조치"].options)


def test_an_entry_of_a_glossary_asks_for_its_term() -> None:
    text = "가산금리는 기준금리에 신용도에 따라 더하는 금리이다. Spread라고도 하며 가산금리가 높으면 부담이 크다."
    (found,) = ask(reference(text, "가산금리(Spread)", "가산금리(Spread)"))
    assert found.answer == "가산금리(Spread)" and found.options == ()
    assert "가산금리" not in found.question and "Spread" not in found.question
    assert "(    )은(는) 기준금리에" in found.question


def test_a_definition_inside_an_article_asks_for_its_term() -> None:
    text = "이 규정에서 “대량매매”란 정한 수량을 넘는 주문의 체결을 말한다."
    found = {p.answer: p for p in ask(reference(text))}
    assert found["대량매매"].question.endswith("다음과 같이 정한 용어를 쓰시오.\n정한 수량을 넘는 주문의 체결")


TABLE = (
    "<표 1> 실적 (단위: 십억원)\n구분 | 2022년 | 2023년\n매출액 | 8,730 | 9,190\n영업이익 | △ 340 | 390\n직원 | 12 | 11"
)


def test_figures_of_a_table_are_verbatim() -> None:
    found = {p.answer: p for p in ask(reference(TABLE, "가온은행 기업보고서의 '3. 실적' 부분"))}
    assert set(found) == {"8,730", "9,190", "△ 340", "390", "12", "11"}
    assert found["△ 340"].question == (
        "가온은행 기업보고서의 '3. 실적' 부분에 따르면 2022년의 영업이익은 얼마입니까? (단위: 십억원)"
    )
    assert "단위" not in found["12"].question, "people are not counted in won"
    assert not found["12"].shown


def test_a_table_without_a_name_is_shown() -> None:
    (first, *_) = ask(reference("회사 | 비용\n가온 | 61\n너울 | 45\n다솜 | 7\n라온 | 8", ""))
    assert first.shown and first.question.startswith("표에서 ") and len(first.options) == 4


@pytest.mark.parametrize(
    "text",
    [
        "(단위: 억원)\n(단위: 주)\n구분 | 2023년\n매출액 | 61",  # whose unit?
        "구분 | 2023년\n매출액 | 61\n매출액 | 62",  # which row?
        "2021 | 2022\n61 | 62",  # no labels
    ],
)
def test_a_cell_that_is_not_named_for_sure_is_not_asked_for(text: str) -> None:
    assert ask(reference(text, "")) == []


def test_a_text_without_a_name_has_no_gaps() -> None:
    assert ask(reference(name="")) == []


def test_json_is_no_sentence() -> None:
    assert ask(reference(json.dumps({"답": "5일"}))) == []
