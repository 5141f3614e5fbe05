import json
from typing import Any

import pytest

from lineage.core.errors import LineageError
from lineage.readers import arithmetic
from tests.lineage.readers.conftest import Folder
from tests.lineage.readers.io.test_archives import zipped

EMPTY_DATE = {"day": "", "month": "", "year": ""}
PLACE = "150.숫자연산 기계독해 데이터/01-1.정식개방데이터/Training/02.라벨링데이터/TL_1.zip"


def passages(*answers: Any) -> dict[str, Any]:
    pairs = [{"question": f"{i}?", "answer": answer} for i, answer in enumerate(answers, 1)]
    return {"data": [{"passage": "지점이 8개이다.", "qa_pairs": pairs}]}


@pytest.mark.parametrize(
    ("answer", "text", "measure"),
    [
        ({"number": "12", "spans": [], "date": EMPTY_DATE}, "12", "number"),
        ({"number": "", "spans": ["가온", "다온"], "date": EMPTY_DATE}, "가온, 다온", "text"),
        ({"number": "", "spans": ["8개"]}, "8개", "number"),
        (
            {"number": "", "date": {"day": "2", "month": "1", "year": "2024"}, "spans": []},
            "2024년 1월 2일",
            "text",
        ),
        ({"text": "12.50"}, "12.50", "number"),
        ("1,234억원", "1,234억원", "number"),
        (12, "12", "number"),
        ({"number": "12", "unit": "억원", "spans": []}, "12억원", "number"),
        ({"number": "12%", "unit": "%"}, "12%", "number"),
        ({"number": 1234.5, "unit": None}, "1234.5", "number"),
    ],
)
def test_the_layouts_of_an_answer(folder: Folder, answer: Any, text: str, measure: str) -> None:
    folder.write(PLACE, zipped({"TL.json": json.dumps(passages(answer)).encode()}))
    (record,), rejected = folder.read(arithmetic.read)
    assert (record.completion, record.measure, record.group) == (
        text,
        measure,
        "지점이 8개이다.",
    ) and not rejected
    assert record.prompt == "다음 글을 읽고 물음에 답하시오.\n지점이 8개이다.\n\n질문: 1?"
    assert record.origin == {"file": f"{PLACE}/TL.json", "row": 1, "question": 1}


def test_empty_answers_and_passages(folder: Folder) -> None:
    empty = {"number": "", "spans": [], "date": EMPTY_DATE}
    folder.json("a.json", passages("", empty, "3"))
    folder.json("b.json", {"data": [{"passage": "", "qa_pairs": []}]})
    records, rejected = folder.read(arithmetic.read)
    assert len(records) == 1
    assert [r.reason for r in rejected] == ["answer is empty"] * 2 + ["a passage without text or questions"]


@pytest.mark.parametrize("answer", [{"value": 3}, [1, 2], True])
def test_an_unknown_answer_is_shown(folder: Folder, answer: Any) -> None:
    folder.json("a.json", passages(answer))
    with pytest.raises(LineageError, match=r"a\.json: an answer of an unknown layout"):
        folder.read(arithmetic.read)


@pytest.mark.parametrize("drift", [{"data": [{"text": "가"}]}, {"data": [{"passage": "가", "qa_pairs": [{"q": "?"}]}]}])
def test_drift(folder: Folder, drift: dict[str, Any]) -> None:
    folder.json("a.json", drift)
    with pytest.raises(LineageError, match=r"a\.json: found the columns"):
        folder.read(arithmetic.read)


def test_one_strange_answer_among_others_is_rejected(folder: Folder) -> None:
    folder.json("a.json", passages("3", {"value": 3}))
    records, rejected = folder.read(arithmetic.read)
    assert [r.completion for r in records] == ["3"]
    assert [(r.origin["question"], r.reason) for r in rejected] == [(2, "an answer of an unknown layout")]


def test_thousands_of_small_files_and_a_unit_beside_the_answer(folder: Folder) -> None:
    one = {"passage": "지점이 8개이다.", "qa_pairs": [{"question": "몇 개인가?", "answer": "8", "unit": "개"}]}
    folder.write("TL.zip", zipped({f"{i:04}.json": json.dumps(one).encode() for i in range(1000)}))
    records, rejected = folder.read(arithmetic.read)
    assert len({str(r.origin) for r in records}) == 1000 and not rejected
    assert records[0].completion == "8개"
