"""What a version learns from documents: pages, sections, summaries, and nothing that the paper lacks."""

import json
from pathlib import Path
from typing import Any

import pytest

from lineage.core.errors import LineageError
from lineage.readers.reports import read, split_text
from lineage.readers.text.key_figures import as_grid, figures_of, key_sentences
from lineage.records.record import Record, Rejected

SHA = "9f" * 32


def text(kind: str, words: str, page: int = 1) -> dict[str, Any]:
    return {"kind": kind, "page": page, "bbox": [0, 0, 1, 1], "text": words}


def row(*cells: str) -> list[dict[str, Any]]:
    return [{"text": c, "colspan": 1, "rowspan": 1} for c in cells]


TABLE = {
    "kind": "table",
    "page": 2,
    "bbox": [0, 0, 1, 1],
    "rows": [
        row("구분", "2022년", "2023년"),
        row("매출액", "1,234", "1,300"),
        row("영업이익", "△ 12", "(34)"),
    ],
}


def document(folder: Path, name: str = "가온", **changes: Any) -> dict[str, Any]:
    made = {
        "schema": 1,
        "file": f"{name}.pdf",
        "sha256": SHA,
        "title": f"{name}전자 보고서",
        "dates": [],
        "pages": 2,
        "blocks": [
            text("heading", f"{name}전자 보고서"),
            text("paragraph", "상장 회사이다."),
            text("heading", "1. 실적", 2),
            text("paragraph", "매출액은 1,300억원이다. 전망은 밝다. 영업손실은 34억원이다.", 2),
            TABLE,
        ],
        "page_text": [f"{name}전자 보고서\n상장 회사이다.", "1. 실적\n매출액은 1,300억원이다.\n- 2 -"],
        "furniture": ["- 2 -"],
        "warnings": [],
        "quality": 1.0,
    } | changes
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(made, ensure_ascii=False), encoding="utf-8")
    return made


def records(folder: Path, form: str) -> list[Record]:
    found = list(read(folder, [form]))
    assert all(isinstance(r, Record) and r.form == form for r in found)
    return found  # type: ignore[return-value]


def test_pages_are_given_raw(tmp_path: Path) -> None:
    document(tmp_path)
    first, second = records(tmp_path, "prompt_answer")
    assert second.prompt == "가온전자 보고서 2쪽 '1. 실적'의 본문을 보여 주세요."
    assert second.completion == "1. 실적\n매출액은 1,300억원이다.\n- 2 -"
    assert second.origin == {"file": "가온.pdf", "page": 2}
    assert (first.group, first.documents, first.measure) == (SHA, (SHA,), "none")


def test_long_pages_are_cut_and_lose_nothing(tmp_path: Path) -> None:
    lines = [f"{i}째 문장은 매출액 {i},000억원을 말한다." for i in range(80)] + ["가" * 1500]
    document(tmp_path, page_text=["\n".join(lines)], pages=1)
    found = records(tmp_path, "prompt_answer")
    assert len({r.prompt for r in found}) == len(found) > 3
    assert all(len(r.completion) <= 700 and len(r.prompt) <= 80 for r in found)
    assert "".join("".join(r.completion for r in found).split()) == "".join("".join(lines).split())


def test_sections_are_json_documents(tmp_path: Path) -> None:
    document(tmp_path)
    section = records(tmp_path, "document")[1]
    assert section.prompt == "가온전자 보고서의 '1. 실적' 부분을 JSON 문서로 써 주세요."
    assert section.completion == (
        '{"제목":"1. 실적","내용":["매출액은 1,300억원이다. 전망은 밝다. 영업손실은 34억원이다."],'
        '"표":[["구분","2022년","2023년"],["매출액","1,234","1,300"],["영업이익","△ 12","(34)"]]}'
    )


def test_long_sections_are_cut_between_rows_with_their_header(tmp_path: Path) -> None:
    rows = [row("종목", "시가총액"), *(row(f"가상 종목 {i}", f"{i},000,000") for i in range(60))]
    document(tmp_path, blocks=[text("heading", "표"), {**TABLE, "rows": rows}])
    parts = [json.loads(r.completion) for r in records(tmp_path, "document")]
    assert len(parts) > 2 and all(part["표"][0] == ["종목", "시가총액"] for part in parts)
    assert [cells for part in parts for cells in part["표"][1:]] == [[c["text"] for c in r] for r in rows[1:]]
    assert max(len(r.completion) for r in records(tmp_path, "document")) < 750


def test_cells_with_whole_texts_are_cut_too(tmp_path: Path) -> None:
    old = " ".join(f"현행 {i}항은 이러하다." for i in range(90))
    document(tmp_path, blocks=[{**TABLE, "rows": [row("현행", "개정안"), row(old, "(삭제)")]}])
    parts = [json.loads(r.completion) for r in records(tmp_path, "document")]
    words = [cells[0] for part in parts for cells in part["표"] if cells[0] != "현행"]
    assert " ".join(words) == old


def test_summaries_hold_only_what_is_written(tmp_path: Path) -> None:
    document(tmp_path)
    (summary,) = (r for r in read(tmp_path, ["summary"]) if isinstance(r, Record))
    assert json.loads(summary.completion) == {
        "제목": "1. 실적",
        "요약": ["매출액은 1,300억원이다.", "영업손실은 34억원이다."],
        "주요 수치": {
            "매출액 2022년": "1,234",
            "매출액 2023년": "1,300",
            "영업이익 2022년": "△ 12",
            "영업이익 2023년": "(34)",
        },
    }


def test_merged_cells_give_their_label_to_every_column() -> None:
    wide = {"text": "금액", "colspan": 2, "rowspan": 1}
    tall = {"text": "구분", "colspan": 1, "rowspan": 2}
    rows = [[tall, wide], row("2022년", "2023년"), row("자산", "740", "840")]
    assert as_grid(rows) == [["구분", "금액", "금액"], ["구분", "2022년", "2023년"], ["자산", "740", "840"]]
    assert list(figures_of(rows)) == [("자산 금액 2022년", "740"), ("자산 금액 2023년", "840")]


def test_sentences_keep_their_order_and_figures() -> None:
    said = ["이익은 2.62%이다. 회사는 크다. 자산은 1,000억원, 부채는 △5억원이다."]
    assert key_sentences(said) == ["이익은 2.62%이다.", "자산은 1,000억원, 부채는 △5억원이다."]


def test_split_text_keeps_short_texts_whole() -> None:
    assert split_text("한 줄\n두 줄", 100) == ["한 줄\n두 줄"]
    assert split_text("", 100) == []


def test_reports_of_one_title_are_told_apart(tmp_path: Path) -> None:
    for name in ("1월", "2월"):
        document(tmp_path, name, title="검토보고", sha256=name.encode().hex().ljust(64, "0"))
    prompts = [r.prompt for r in records(tmp_path, "prompt_answer")]
    assert len(set(prompts)) == 4 and prompts[0].startswith("1월 1쪽")


def test_quarantined_files_are_counted(tmp_path: Path) -> None:
    document(tmp_path)
    (tmp_path / "convert.json").write_text("{}")
    line = {"file": "스캔.pdf", "sha256": SHA, "reason": "no text layer", "detail": "", "remedy": "run OCR"}
    (tmp_path / "quarantine.jsonl").write_text(json.dumps(line, ensure_ascii=False) + "\n", encoding="utf-8")
    *_, last = read(tmp_path, ["prompt_answer"])
    assert last == Rejected({"file": "스캔.pdf"}, "quarantined: no text layer", "run OCR")


def test_a_document_without_figures_is_rejected_by_name(tmp_path: Path) -> None:
    document(tmp_path, blocks=[text("paragraph", "숫자가 없다.")])
    assert list(read(tmp_path, ["summary"])) == [
        Rejected({"file": "가온.pdf"}, "nothing for the form summary", "look at the PDF: it may be all pictures")
    ]


@pytest.mark.parametrize("content", ["{broken", "[]", '{"schema": 2}'])
def test_what_is_no_document_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "x.json").write_text(content)
    with pytest.raises(LineageError, match=r"x\.json.*convert the PDFs again"):
        list(read(tmp_path, ["document"]))


@pytest.mark.parametrize("lost", ["title", "file", "sha256", "blocks", "page_text"])
def test_a_document_that_lost_a_key_is_named(tmp_path: Path, lost: str) -> None:
    made = document(tmp_path / "site_reports")
    (tmp_path / "site_reports" / "가온.json").write_text(json.dumps({k: v for k, v in made.items() if k != lost}))
    with pytest.raises(LineageError, match=rf"가온\.json.*{lost}.*`dvc repro convert@site_reports`"):
        list(read(tmp_path / "site_reports", ["document"]))


@pytest.mark.parametrize(
    "blocks", [[{"kind": "paragraph"}], [5], {"a": 1}, [{"kind": "table", "page": 1, "rows": [5]}]]
)
def test_a_document_with_damaged_blocks_is_named(tmp_path: Path, blocks: Any) -> None:
    document(tmp_path, blocks=blocks)
    with pytest.raises(LineageError, match=r"가온\.json: not a converted document"):
        list(read(tmp_path, ["document"]))


def test_a_damaged_quarantine_is_named_and_odd_file_names_are_read(tmp_path: Path) -> None:
    document(tmp_path)
    row = {"file": "표\u2028지\x85.pdf", "sha256": SHA, "reason": "empty", "detail": "", "remedy": "-"}
    (tmp_path / "quarantine.jsonl").write_text(json.dumps(row, ensure_ascii=False) + "\n", encoding="utf-8")
    assert list(read(tmp_path, ["document"]))[-1].origin == {"file": row["file"]}
    for line in (b"{", b"{}", b"[]", b"\xff"):
        (tmp_path / "quarantine.jsonl").write_bytes(line + b"\n")
        with pytest.raises(LineageError, match=r"quarantine\.jsonl:1: .*dvc repro convert@"):
            list(read(tmp_path, ["document"]))


@pytest.mark.parametrize("limit", range(5, 30))
def test_a_cut_goes_through_no_figure(limit: int) -> None:
    text = "가나다라마바사아자차카1,234,567원,매출△5.2%이익" + " 손실은 △ 1,200 이다" * 3
    figures = ["1,234,567", "△5.2%", *["△ 1,200"] * 3]
    parts = split_text(text, max(limit, 10))
    assert "".join("".join(parts).split()) == "".join(text.split())
    assert all(sum(part.count(figure) for part in parts) == figures.count(figure) for figure in set(figures)), parts


def test_a_first_row_that_is_a_text_is_said_once(tmp_path: Path) -> None:
    first = " ".join(f"현행 {i}항은 이러하다." for i in range(90))
    document(tmp_path, blocks=[{**TABLE, "rows": [row(first, "개정안"), row("나", "다")]}])
    parts = [json.loads(r.completion) for r in records(tmp_path, "document")]
    assert " ".join(cells[0] for part in parts for cells in part["표"]) == f"{first} 나"


def long_document(folder: Path) -> dict[str, Any]:
    """Two pages: a section of prose that goes on over the page, and one with a long table."""
    prose = [f"{n}월 거래대금은 {n}조 {n}20억원으로 전월보다 {n}.5% 늘었다." for n in range(1, 9)]
    rows = [row("구분", "매출액", "영업이익"), *(row(f"{n}부문", f"{n},234", f"△ {n}2") for n in range(1, 16))]
    lines = [" ".join(c["text"] for c in cells) for cells in rows]
    return document(
        folder,
        blocks=[
            text("heading", "가온전자 보고서"),
            text("heading", "1. 시장 동향"),
            text("paragraph", " ".join(prose)),
            text("heading", "2. 부문별 실적", 2),
            {"kind": "table", "page": 2, "bbox": [0, 0, 1, 1], "rows": rows},
        ],
        page_text=[
            "\n".join(["가온전자 보고서", "1. 시장 동향", *prose]),
            "\n".join([prose[0], "2. 부문별 실적", *lines]),
        ],
    )


@pytest.mark.parametrize("form", ["prompt_answer", "document"])
def test_a_long_document_is_cut_into_parts_that_fit_and_none_of_it_is_lost(tmp_path: Path, form: str) -> None:
    made = long_document(tmp_path)
    parts = [r for r in read(tmp_path, [form], part_characters=150) if isinstance(r, Record)]
    assert len(parts) > len(list(read(tmp_path, [form])))
    assert max(len(r.completion) for r in parts) <= 150 * 1.3
    said = " ".join(r.completion for r in parts)
    figures = [c["text"] for cells in made["blocks"][-1]["rows"] for c in cells] + made["page_text"][0].split("\n")[2:]
    assert [text for text in figures if text not in said] == []
    for r in parts:
        page = r.origin["page"]
        assert "가온전자 보고서" in r.prompt and f"{page}쪽" in r.prompt
        assert ("2. 부문별 실적" if "부문" in r.completion else "1. 시장 동향") in r.prompt
    assert len({r.prompt for r in parts}) == len(parts)


def test_a_cut_table_says_its_head_in_every_part(tmp_path: Path) -> None:
    long_document(tmp_path)
    parts = [json.loads(r.completion) for r in read(tmp_path, ["document"], part_characters=150)]  # type: ignore[union-attr]
    tables = [part["표"] for part in parts if "표" in part]
    assert len(tables) > 2
    assert all(table[0] == ["구분", "매출액", "영업이익"] for table in tables)


def test_a_part_begins_at_a_heading(tmp_path: Path) -> None:
    long_document(tmp_path)
    found = [r.completion for r in read(tmp_path, ["prompt_answer"], part_characters=400)]  # type: ignore[union-attr]
    assert any(part.startswith("2. 부문별 실적") for part in found)


def test_a_summary_that_must_fit_keeps_fewer_sentences(tmp_path: Path) -> None:
    long_document(tmp_path)
    (whole, *_) = [r for r in read(tmp_path, ["summary"]) if isinstance(r, Record)]
    (short, *_) = [r for r in read(tmp_path, ["summary"], part_characters=80) if isinstance(r, Record)]
    said, fewer = (json.loads(r.completion)["요약"] for r in (whole, short))
    assert 0 < len(fewer) < len(said) and fewer == said[: len(fewer)]
