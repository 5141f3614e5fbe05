import json
from pathlib import Path

from lineage.readers import accounting, glossary, reports, rules, table_qa
from lineage.records.record import Record, qa
from lineage.synthesis.proposal import Reference
from lineage.synthesis.reference import reference_of

BOOK = "가온시장 업무규정\n제1조(목적) 이 규정은 호가에 관한 사항을 정한다.\n제2조(호가) 호가는 1,000원 단위로 한다.\n"


def cell(text: str) -> dict[str, object]:
    return {"text": text, "rowspan": 1, "colspan": 1}


DOCUMENT = {
    "schema": 1,
    "file": "가온.pdf",
    "sha256": "9" * 64,
    "title": "가온은행 기업보고서",
    "pages": 1,
    "dates": [],
    "blocks": [
        {"kind": "heading", "page": 1, "bbox": [0, 0, 1, 1], "text": "3. 실적"},
        {"kind": "paragraph", "page": 1, "bbox": [0, 0, 1, 1], "text": "2023년 매출액은 1,350십억원이다."},
        {
            "kind": "table",
            "page": 1,
            "bbox": [0, 0, 1, 1],
            "rows": [[cell("구분"), cell("2023년")], [cell("매출액"), cell("1,350")]],
        },
    ],
    "page_text": ["3. 실적\n2023년 매출액은 1,350십억원이다."],
    "furniture": [],
    "warnings": [],
    "quality": 1.0,
}


def references(found: list[object]) -> list[Reference | str]:
    return [reference_of(record.placed("s", "l")) for record in found if isinstance(record, Record)]


def test_the_wordings_of_the_readers_are_understood(tmp_path: Path) -> None:
    """Each reader of named texts, run for real: a change of its prompt shows here."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a/book.txt").write_text(BOOK)
    first = references(list(rules.read(tmp_path / "a", ("prompt_answer",))))[0]
    assert isinstance(first, Reference)
    assert first.name == "가온시장 업무규정 제1조(목적)" and first.text == "이 규정은 호가에 관한 사항을 정한다."
    (record,) = references(list(rules.read(tmp_path / "a", ("record",))))[:1]
    assert isinstance(record, Reference) and (record.name, record.text) == (first.name, first.text)

    for i, (reader, term) in enumerate(((accounting, "현금의 이해"), (glossary, "현금"))):
        folder = tmp_path / f"t{i}"
        folder.mkdir()
        (folder / "a.json").write_text(json.dumps([{"title": term, "text": "현금은 바로 쓸 수 있는 돈을 말한다."}]))
        (found,) = references(list(reader.read(folder, ("prompt_answer",))))
        assert isinstance(found, Reference) and (found.name, found.term) == (term, "현금")

    (tmp_path / "d").mkdir()
    (tmp_path / "d/가온.json").write_text(json.dumps(DOCUMENT))
    named = "가온은행 기업보고서의 '3. 실적' 부분"
    for form, name in (("document", named), ("summary", named), ("prompt_answer", "가온은행 기업보고서 1쪽 '3. 실적'")):
        (found,) = references(list(reports.read(tmp_path / "d", (form,))))
        assert isinstance(found, Reference) and found.name == name
        assert "2023년 매출액은 1,350십억원이다." in found.text.split("\n")
    (found,) = references(list(reports.read(tmp_path / "d", ("document",))))
    assert isinstance(found, Reference) and found.text.endswith("구분 | 2023년\n매출액 | 1,350")
    assert found.documents == ("9" * 64,)

    (tmp_path / "q").mkdir()
    table = "<table><tr><td>구분</td><td>2023년</td></tr><tr><td>매출액</td><td>61</td></tr></table>"
    asked = {"context": table, "qas": [{"question": "매출액은?", "answer": "61"}]}
    (tmp_path / "q/a.json").write_text(json.dumps({"data": [{"paragraphs": [asked]}]}))
    (found,) = references(list(table_qa.read(tmp_path / "q", ("prompt_answer",))))
    assert isinstance(found, Reference) and (found.name, found.text) == ("", "구분 | 2023년\n매출액 | 61")


def test_what_holds_no_text_says_so() -> None:
    number = qa("1+1은?", "2", group="g", origin={}, measure="number")
    assert reference_of(number) == "a question itself, without a text"
    assert reference_of(qa("무엇인가?", "짧다", group="g", origin={})) == "a text of less than 15 characters"
    unnamed = reference_of(
        qa("배당을 설명해 주세요.", "회사가 번 돈을 주주에게 나누어 주는 것입니다.", group="g", origin={})
    )
    assert isinstance(unnamed, Reference) and unnamed.name == ""
