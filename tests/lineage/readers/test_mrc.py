import json
from typing import Any

import pytest

from lineage.core.errors import LineageError
from lineage.readers import mrc
from lineage.records.record import Rejected
from tests.lineage.readers.conftest import Folder
from tests.lineage.readers.io.test_archives import zipped

PLACE = "151.금융, 법률 문서 기계독해 데이터/01-1.정식개방데이터/Training/02.라벨링데이터"
TABLE = "<table><tr><th>구분</th><th>금액</th></tr><tr><td>국내</td><td>△1,234</td></tr></table>"


def fill(
    folder: Folder, archive: str, *qas: dict[str, Any], context: str = "상장은 제3조에 따른다.", **doc: Any
) -> None:
    document = {
        "doc_id": "D-1",
        "doc_title": "상장규정",
        "doc_source": "거래소",
        "doc_class": {"class": "금융", "code": "F"},
        "paragraphs": [{"context": context, "qas": list(qas)}],
    }
    content = json.dumps({"data": [document | doc]}, ensure_ascii=False).encode("utf-8-sig")
    folder.write(f"{PLACE}/{archive}.zip", zipped({f"{archive}.json": content}))


def test_extraction_and_procedure(folder: Folder) -> None:
    fill(folder, "TL_1.정답경계 추출형", {"question": "무엇에 따르나?", "answer": {"text": "제3조", "answer_start": 4}})
    fill(folder, "VL_5.절차(방법)형", {"question": "어떻게?", "answer": {"text": "1. 신청 2. 심사"}})
    (span, steps), rejected = folder.read(mrc.read)
    assert (
        not rejected
        and span.prompt == "다음 글을 읽고 물음에 답하시오.\n상장은 제3조에 따른다.\n\n질문: 무엇에 따르나?"
    )
    assert (span.completion, span.measure, steps.completion) == ("제3조", "text", "1. 신청 2. 심사")
    assert (span.origin["kind"], steps.origin["kind"]) == ("span", "procedure")
    assert span.origin["doc_id"] == "D-1" and span.group == steps.group == "상장규정"


@pytest.mark.parametrize(
    ("said", "right"), [("예", "예"), ("Yes", "예"), ("아니요.", "아니오"), ("NO", "아니오"), ("아니오", "아니오")]
)
def test_yes_and_no_are_a_choice(folder: Folder, said: str, right: str) -> None:
    fill(folder, "TL_2.YesNo 단문형", {"question": "따르나?", "answer": {"text": said}})
    (record,), rejected = folder.read(mrc.read)
    assert (record.measure, record.options, record.completion) == ("choice", ("예", "아니오"), right) and not rejected
    assert record.prompt.endswith("질문: 따르나?\n예 또는 아니오로 답하시오.")


def test_a_sentence_for_an_answer_stays_text(folder: Folder) -> None:
    fill(folder, "TL_2.YesNo 단문형", {"question": "따르나?", "answer": {"text": "예, 제3조에 따른다"}})
    fill(folder, "TL_1.정답경계 추출형", {"question": "뭐라 했나?", "answer": {"text": "예"}})
    records, _ = folder.read(mrc.read)
    assert [r.measure for r in records] == ["text", "text"]


def test_tables_become_lines(folder: Folder) -> None:
    fill(folder, "TL_3.Table 정답 추출형", {"question": "국내는?", "answer": {"text": "△1,234"}}, context=TABLE)
    (record,), _ = folder.read(mrc.read)
    assert record.prompt == "다음 표를 보고 물음에 답하시오.\n구분 | 금액\n국내 | △1,234\n\n질문: 국내는?"
    assert (record.completion, record.measure) == ("△1,234", "number")


@pytest.mark.parametrize("answer", ["제3조", "② 제3조", "B", "②"])
def test_choices_are_lettered(folder: Folder, answer: str) -> None:
    options = ["제1조", "제3조", "제5조", "제7조"]
    fill(folder, "TL_4.다지선다형", {"question": "무엇에 따르나?", "answer": {"text": answer, "options": options}})
    (record,), rejected = folder.read(mrc.read)
    assert record.measure == "choice" and not rejected
    assert {o[3:] for o in record.options} == set(options) and record.completion[3:] == "제3조"
    assert record.prompt.endswith("\n".join(record.options))


def test_what_gives_no_record_is_counted(folder: Folder) -> None:
    fill(
        folder,
        "TL_4.다지선다형",
        {"question": "?", "answer": {"text": "제9조", "options": ["제1조", "제3조"]}},
        {"question": "?", "answer": {"text": "제1조"}},
        {"question": "?", "answer": {"text": ""}},
        {"question": "?", "answer": {"start": 1}},
        {"question": "?"},
        {"question": "가?", "answer": {"text": "제1조", "options": ["제1조", "제3조"]}},
    )
    records, rejected = folder.read(mrc.read)
    assert len(records) == 1 and [(r.origin["question"], r.reason) for r in rejected] == [
        (1, "the answer matches no option"),
        (2, "a choice without options"),
        (3, "answer is empty"),
        (4, "answer is not text"),
        (5, "a row without the columns"),
    ]


def answers(folder: Folder) -> list[str]:
    """What each row is taught to answer, or why it is rejected."""
    found = list(mrc.read(folder.path, ("prompt_answer",)))
    return [f.reason if isinstance(f, Rejected) else f.completion for f in found]


NONE = "답을 찾을 수 없음"


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ({"is_impossible": False, "answers": [{"text": "제3조", "answer_start": 4}]}, "제3조"),
        ({"is_impossible": True, "answers": [{"text": "제3조", "answer_start": 4}]}, NONE),
        ({"is_impossible": True, "answers": [], "plausible_answers": [{"text": "제3조"}]}, NONE),
        ({"is_impossible": True, "answer": {"text": "", "answer_start": -1}}, NONE),
        ({"is_impossible": True}, NONE),
        ({"is_impossible": "true", "answers": {"text": ["제3조"], "answer_start": [4]}}, NONE),
        ({"is_impossible": 1, "answer": "제3조"}, NONE),
        ({"is_impossible": "False", "answers": {"text": ["제3조", "3조"], "answer_start": [4, 5]}}, "제3조"),
        ({"is_impossible": False, "answers": []}, "answer is empty"),
        ({"is_impossible": False, "answers": {"text": [], "answer_start": []}}, "answer is empty"),
        ({"answers": {"text": [], "answer_start": []}}, NONE),
        ({"answers": []}, "answer is empty"),
        ({"is_impossible": "불명", "answer": "제3조"}, "is_impossible is neither true nor false"),
        ({"answers": "{'text': array(['제3조'], dtype=object), 'answer_start': array([4])}"}, "answer is not text"),
    ],
)
@pytest.mark.parametrize("flat", [True, False])
def test_what_cannot_be_answered(folder: Folder, said: dict[str, Any], wanted: str, flat: bool) -> None:
    row = {"question": "무엇에 따르나?", **said}
    context = "상장은 제3조에 따른다."
    if flat:
        folder.jsonl("a.jsonl", [{"title": "규정", "context": context, **row}])
    else:
        folder.json("a.json", {"data": [{"title": "규정", "paragraphs": [{"context": context, "qas": [row]}]}]})
    assert answers(folder) == [wanted]


def test_a_prompt_does_not_give_away_what_cannot_be_answered(folder: Folder) -> None:
    """Were it said only where it holds, the model would learn to answer so whenever it is said."""
    fill(
        folder,
        "TL_1.정답경계 추출형",
        {"question": "가?", "answer": {"text": "제3조"}},
        {"question": "나?", "answer": {"text": ""}, "is_impossible": True},
    )
    fill(folder, "TL_5.절차(방법)형", {"question": "다?", "answer": {"text": "제3조"}})
    records, _ = folder.read(mrc.read)
    assert [r.prompt.endswith("?\n답이 없으면 '답을 찾을 수 없음'이라고 답하시오.") for r in records] == [
        True,
        True,
        False,
    ]


def test_yes_no_and_choices_without_an_answer(folder: Folder) -> None:
    asked = {"question": "?", "is_impossible": True}
    fill(
        folder,
        "TL_2.YesNo 단문형",
        asked | {"answer": {"text": "예"}},
        asked | {"is_impossible": False, "answer": {"text": "예"}},
    )
    fill(folder, "TL_4.다지선다형", asked | {"answer": {"text": "제1조", "options": ["제1조", "제3조"]}})
    records, rejected = folder.read(mrc.read)
    assert [(r.completion, r.options) for r in records] == [(said, ("예", "아니오", NONE)) for said in (NONE, "예")]
    assert [r.reason for r in rejected] == ["a choice that cannot be answered"]


PAGE = f"<html><body><h1>예금</h1><p>한도는 <b>5천만원</b>이다. A&amp;B가 낸다.</p>{TABLE}</body></html>"


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        ("<td>△1,234</td>", "△1,234"),
        ("한도는 <b>5천만원</b>이다.", "한도는 5천만원이다."),
        ("A&amp;B", "A&B"),
        ("<tr><td>국내</td><td>△1,234</td></tr>", "국내 | △1,234"),
        (TABLE, "구분 | 금액\n국내 | △1,234"),
        ("5천만원", "5천만원"),
        ("td>△1,234", "an answer that is not whole without its tags"),
        ("<td></td>", "an answer that is not whole without its tags"),
    ],
)
def test_an_answer_loses_its_tags_as_its_context_does(folder: Folder, answer: str, wanted: str) -> None:
    said = {"text": answer, "answer_start": 1, "html_answer_text": answer}
    page = {"title": "예금", "url": "u", "raw_html": PAGE, "context": PAGE, "qas": [{"question": "?", "answer": said}]}
    folder.json("a.json", {"version": "KorQuAD_2.0", "data": [page]})
    assert answers(folder) == [wanted]


def test_options_that_are_figures_follow_their_file(folder: Folder) -> None:
    options = ["7", "3", "2", "5"]
    fill(folder, "TL_4.다지선다형", *({"question": "?", "answer": {"text": a, "options": options}} for a in ("3", "7")))
    assert [a[3:] for a in answers(folder)] == ["3", "7"]


@pytest.mark.parametrize("drift", [{"rows": []}, {"data": [{"paragraphs": [{"context": "가", "qas": [{"q": "?"}]}]}]}])
def test_drift(folder: Folder, drift: dict[str, Any]) -> None:
    folder.json("a.json", drift)
    with pytest.raises(LineageError, match=r"a\.json: found the columns"):
        folder.read(mrc.read)
