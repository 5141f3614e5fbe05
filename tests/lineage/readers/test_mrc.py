import json
from typing import Any

import pytest

from lineage.core.errors import LineageError
from lineage.readers import mrc
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


@pytest.mark.parametrize("drift", [{"rows": []}, {"data": [{"paragraphs": [{"context": "가", "qas": [{"q": "?"}]}]}]}])
def test_drift(folder: Folder, drift: dict[str, Any]) -> None:
    folder.json("a.json", drift)
    with pytest.raises(LineageError, match=r"a\.json: found the columns"):
        folder.read(mrc.read)
