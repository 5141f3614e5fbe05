"""What a user of `convert` sees: documents, tables, quarantine, for PDFs made here with pymupdf."""

import hashlib
import json
import os
import unicodedata
from pathlib import Path

import jsonschema
import pymupdf
import pytest

from lineage.artifacts.conversion import Conversion
from lineage.core.errors import LineageError
from lineage.pdf import worker
from lineage.pdf.admission import REMEDIES, Limits, check_text, quality
from lineage.pdf.convert import convert_folder
from lineage.pdf.layout import furniture, reading_order
from lineage.pdf.tables import cell
from lineage.pdf.text import Glyph, Line, clean, spell
from lineage.sample_world.samples import SOURCES

ROOT = Path(__file__).parents[3]
CORPUS = Path(os.environ.get("KRX_CORPUS", ROOT.parent / "shared/corpus"))
SCHEMA = json.loads((ROOT / "docs/schemas/document.schema.json").read_text(encoding="utf-8"))
LIMITS = Limits(max_megabytes=5, max_pages=20, seconds=20)


def write(path: Path, *pages: list[tuple[float, float, str]], size: float = 10, **save: object) -> Path:
    """A PDF with (x, y, text) placed on each page."""
    with pymupdf.open() as doc:
        for lines in pages:
            page = doc.new_page()
            for x, y, text in lines:
                page.insert_text((x, y), text, fontname="korea", fontsize=size)
        path.parent.mkdir(parents=True, exist_ok=True)
        doc.save(path, **save)
    return path


def check_documents(out: Path) -> dict[str, dict]:
    """All documents of a folder by name, each checked against the published schema."""
    validator = jsonschema.Draft202012Validator(SCHEMA)
    documents = {}
    for path in sorted(out.glob("*.json")):
        if path.name != "convert.json":
            text = path.read_text(encoding="utf-8")
            assert unicodedata.is_normalized("NFC", text)
            document = json.loads(text)
            validator.validate(document)
            assert len(document["page_text"]) == document["pages"]
            assert all(1 <= block["page"] <= document["pages"] for block in document["blocks"])
            documents[path.stem] = document
    return documents


def convert(tmp_path: Path, limits: Limits = LIMITS) -> tuple[Conversion, dict[str, dict], dict[str, dict]]:
    summary = convert_folder(tmp_path / "raw", tmp_path / "out", limits, tmp_path / "cache")
    documents = check_documents(tmp_path / "out")
    lines = (tmp_path / "out/quarantine.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads((tmp_path / "out/convert.json").read_text())["converted"] == len(documents)
    return summary, documents, {row["file"]: row for row in map(json.loads, lines)}


def draw_table(page: pymupdf.Page, top: float, rows: list[list[str]], *, sides: bool = True) -> None:
    columns, height = [72, 200, 320, 440], 20
    bottom = top + height * len(rows)
    for i in range(len(rows) + 1):
        page.draw_line((columns[0], top + i * height), (columns[-1], top + i * height))
    for x in columns if sides else columns[1:-1]:
        page.draw_line((x, top), (x, bottom))
    for i, row in enumerate(rows):
        for x, text in zip(columns, row, strict=False):
            page.insert_text((x + 5, top + i * height + 14), text, fontname="korea", fontsize=10)


def tables(document: dict) -> list[list[list[str]]]:
    found = [block for block in document["blocks"] if block["kind"] == "table"]
    return [[[c["text"] for c in row] for row in block["rows"]] for block in found]


def test_a_report_becomes_a_document(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    with pymupdf.open() as doc:
        for number in (1, 2, 3):
            page = doc.new_page()
            page.insert_text((72, 40), "가온거래소 재무보고서", fontname="korea", fontsize=8)
            page.insert_text((280, 810), f"- {number} -", fontname="korea", fontsize=8)
            page.insert_text((72, 100), f"{number}. 재무 상태", fontname="korea", fontsize=15)
            page.insert_text((72, 130), f"2023년 12월 {number}일 자산은 1,230억원이다.", fontname="korea", fontsize=10)
            if number == 1:
                page.insert_text((72, 60), "가온전자 보고서", fontname="korea", fontsize=20)
        doc.save(raw / "가온.pdf")
    summary, documents, _ = convert(tmp_path)
    document = documents["가온"]
    assert (summary.files, summary.converted, summary.pages) == (1, 1, 3)
    assert document["title"] == "가온전자 보고서"
    assert document["dates"] == ["2023-12-01", "2023-12-02", "2023-12-03"]
    assert document["furniture"] == ["가온거래소 재무보고서", "- 1 -", "- 2 -", "- 3 -"]
    assert [(b["kind"], b["text"]) for b in document["blocks"] if b["page"] == 2] == [
        ("heading", "2. 재무 상태"),
        ("paragraph", "2023년 12월 2일 자산은 1,230억원이다."),
    ]
    assert "- 2 -" in document["page_text"][1]  # the raw text keeps what the blocks leave out


@pytest.mark.parametrize("sides", [True, False])
def test_tables_keep_every_figure_as_written(tmp_path: Path, sides: bool) -> None:
    rows = [["구분", "2022년", "2023년"], ["영업이익", "△ 1,234", "2.62"], ["투자", "(1,234)", "-3.5%"]]
    (tmp_path / "raw").mkdir()
    with pymupdf.open() as doc:
        draw_table(doc.new_page(), 100, rows, sides=sides)
        doc.save(tmp_path / "raw/표.pdf")
    _, documents, _ = convert(tmp_path)
    assert tables(documents["표"]) == [rows]
    cells = [c for b in documents["표"]["blocks"] if b["kind"] == "table" for row in b["rows"] for c in row]
    assert [c["text"] for c in cells if c.get("minus")] == ["△ 1,234", "(1,234)", "-3.5%"]
    assert documents["표"]["warnings"] == []


def test_a_table_over_two_pages_is_one(tmp_path: Path) -> None:
    head = ["연도", "분기", "매출액"]
    first = [head, *(["2022년", f"{i}분기", f"{i},390"] for i in range(1, 5))]
    second = [head, *(["2023년", f"{i}분기", f"{i},400"] for i in range(1, 5))]
    (tmp_path / "raw").mkdir()
    with pymupdf.open() as doc:
        draw_table(doc.new_page(), 700 - 20 * len(first), first)
        page = doc.new_page()
        draw_table(page, 72, second)
        page.insert_text((72, 400), "그 아래의 본문이다.", fontname="korea", fontsize=10)
        doc.save(tmp_path / "raw/표.pdf")
    _, documents, _ = convert(tmp_path)
    assert tables(documents["표"]) == [first + second[1:]]
    assert documents["표"]["blocks"][0]["pages"] == [1, 2]


def test_two_columns_are_read_one_after_the_other(tmp_path: Path) -> None:
    left = [(60, 100 + 14 * i, f"왼쪽 단의 {i}째 줄은 이렇게 끝까지 가득 찬다") for i in range(8)]
    right = [(320, 100 + 14 * i, f"오른쪽 단의 {i}째 줄도 이렇게 끝까지 간다") for i in range(8)]
    write(tmp_path / "raw/단.pdf", [*left, *right])
    _, documents, _ = convert(tmp_path)
    lines = documents["단"]["page_text"][0].split("\n")
    assert [line[:2] for line in lines] == ["왼쪽"] * 8 + ["오른"] * 8


def test_unruled_figures_stay_with_their_labels() -> None:
    lines = [Line(f"계정 {i}", (60, 100 + 14 * i, 110, 110 + 14 * i), 10, False) for i in range(8)]
    lines += [Line(f"{i},234", (400, 100 + 14 * i, 440, 110 + 14 * i), 10, False) for i in range(8)]
    assert [line.text for line in reading_order(lines)[0]] == [f"계정 {i} {i},234" for i in range(8)]


def test_invisible_and_white_text_is_left_out_and_said(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    with pymupdf.open() as doc:
        page = doc.new_page()
        page.insert_text((72, 100), "보이는 이름", fontname="korea")
        page.insert_text((72, 100), "옛 이름이다", fontname="korea", render_mode=3)
        page.insert_text((72, 200), "흰 글씨", fontname="korea", color=(1, 1, 1))
        page.draw_rect((60, 280, 300, 310), fill=(0, 0, 0.5))
        page.insert_text((72, 300), "남색 위의 흰 글씨", fontname="korea", color=(1, 1, 1))
        doc.save(tmp_path / "raw/이름.pdf")
    _, documents, _ = convert(tmp_path)
    assert documents["이름"]["page_text"] == ["보이는 이름\n남색 위의 흰 글씨"]
    assert "nobody sees" in documents["이름"]["warnings"][0]


def test_a_sideways_page_is_read_upright(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    with pymupdf.open() as doc:
        page = doc.new_page()
        for i in range(3):
            page.insert_text((100 + 20 * i, 500), f"옆으로 누운 {i}째 줄", fontname="korea", rotate=90)
        doc.save(tmp_path / "raw/옆.pdf")
    _, documents, _ = convert(tmp_path)
    assert documents["옆"]["page_text"] == ["\n".join(f"옆으로 누운 {i}째 줄" for i in range(3))]


def test_every_refusal_has_its_reason_and_remedy(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    good = write(raw / "good.pdf", [(72, 100, "본문이 있는 쪽이다.")])
    (raw / "copy.pdf").write_bytes(good.read_bytes())
    (raw / "html.pdf").write_text("<html>로그인</html>", encoding="utf-8")
    (raw / "zero.pdf").touch()
    (raw / "cut.pdf").write_bytes(write(tmp_path / "a.pdf", *[[(72, 100, "글이다")]] * 9).read_bytes()[:-700])
    write(
        raw / "locked.pdf",
        [(72, 100, "글")],
        encryption=pymupdf.PDF_ENCRYPT_AES_256,
        user_pw="u",
        owner_pw="o",
    )
    write(raw / "long.pdf", *[[(72, 100, "글이 있다")]] * 21)
    (raw / "large.pdf").write_bytes(good.read_bytes() + b" " * 5_000_001)
    write(raw / "scan.pdf", [])
    write(raw / "shifted.pdf", [(72, 100 + i, "WKH TXLFN EURZQ IRA MXPSV RYHU WKH ODCB GRJ") for i in (0, 20)])
    (raw / "notes.txt").write_text("no PDF", encoding="utf-8")
    summary, documents, refused = convert(tmp_path)
    assert {file: row["reason"] for file, row in refused.items()} == {
        "cut.pdf": "damaged",
        "good.pdf": "duplicate",  # copy.pdf comes first in name order
        "html.pdf": "not a PDF",
        "large.pdf": "too large",
        "locked.pdf": "encrypted",
        "long.pdf": "too many pages",
        "scan.pdf": "no text layer",
        "shifted.pdf": "undecodable fonts",
        "zero.pdf": "empty",
    }
    assert all(row["remedy"] == REMEDIES[row["reason"]] for row in refused.values())
    assert list(documents) == ["copy"]
    assert (summary.files, summary.ignored) == (10, ("notes.txt",))
    assert summary.converted + summary.quarantined == summary.files


def test_one_scanned_page_is_named_not_fatal(tmp_path: Path) -> None:
    write(tmp_path / "raw/mixed.pdf", [(72, 100, "본문이 있는 쪽이다.")], [])
    _, documents, _ = convert(tmp_path)
    assert documents["mixed"]["warnings"] == ["page 2: no text on it, it is scanned, drawn or empty"]


def test_names_never_collide(tmp_path: Path) -> None:
    decomposed = unicodedata.normalize("NFD", "보고")
    for number, name in enumerate(["a/보고", "b/보고", "a__보고", "convert", f"c/{decomposed}", "c/보고"]):
        write(tmp_path / f"raw/{name}.pdf", [(72, 100, f"서로 다른 {number}째 글이다.")])
    summary, documents, _ = convert(tmp_path)
    assert summary.converted == len(documents) == 6
    assert {"a__보고", "b__보고", "c__보고"} <= set(documents)
    assert documents["b__보고"]["file"] == "b/보고.pdf"


def test_an_empty_folder_is_fine_a_missing_one_is_not(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    summary, documents, refused = convert(tmp_path)
    assert (summary.files, documents, refused) == (0, {}, {})
    with pytest.raises(LineageError, match="no such folder"):
        convert_folder(tmp_path / "none", tmp_path / "out", LIMITS, tmp_path / "cache")


def test_the_cache_changes_speed_only(tmp_path: Path) -> None:
    for name in "가나다":
        write(tmp_path / f"raw/{name}.pdf", [(72, 100, f"{name} 회사의 글이다.")])

    def result() -> dict[str, bytes]:
        convert(tmp_path)
        return {p.name: p.read_bytes() for p in sorted((tmp_path / "out").iterdir())}

    first = result()
    for path in (tmp_path / "cache").rglob("*.json"):
        path.write_text("{broken")
    assert result() == first
    assert result() == first  # now from the cache


def test_adding_two_files_converts_two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    converted: list[str] = []
    real = worker.Worker.convert

    def counting(self: worker.Worker, path: Path, *rest: object) -> None:
        converted.append(path.name)
        real(self, path, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(worker.Worker, "convert", counting)
    for number in range(6):
        write(tmp_path / f"raw/{number}.pdf", [(72, 100, f"{number}째 글이다.")])
    write(tmp_path / "raw/scan.pdf", [])
    convert(tmp_path)
    assert len(converted) == 7
    _, before, _ = convert(tmp_path)
    assert len(converted) == 7  # neither the documents nor what was refused
    for name in ("00", "9"):
        write(tmp_path / f"raw/{name}.pdf", [(72, 100, f"{name} 새 글이다.")])
    (tmp_path / "raw/5.pdf").rename(tmp_path / "raw/moved.pdf")
    (tmp_path / "raw/4.pdf").unlink()
    _, after, _ = convert(tmp_path)
    assert sorted(converted[7:]) == ["00.pdf", "9.pdf"]
    assert set(after) == {"0", "00", "1", "2", "3", "9", "moved"}
    assert {**before["5"], "file": "moved.pdf"} == after["moved"]  # its name is the path's, its content the bytes'


def test_a_withdrawn_file_is_listed_and_not_used(tmp_path: Path) -> None:
    for name in "가나":
        write(tmp_path / f"raw/{name}.pdf", [(72, 100, f"{name} 회사의 글이다.")])
    folder = (tmp_path / "raw", tmp_path / "out", LIMITS, tmp_path / "cache")
    assert convert_folder(*folder).converted == 2
    gone = hashlib.sha256((tmp_path / "raw/나.pdf").read_bytes()).hexdigest()
    done = convert_folder(*folder, withdrawn=[gone])
    assert (done.converted, done.reasons) == (1, {"withdrawn": 1})
    row = json.loads((tmp_path / "out/quarantine.jsonl").read_text(encoding="utf-8"))
    assert (row["file"], row["sha256"], row["remedy"]) == ("나.pdf", gone, REMEDIES["withdrawn"])
    assert not (tmp_path / "out/나.json").exists()
    assert convert_folder(*folder).converted == 2


def test_links_and_pipes_are_named_not_waited_for(tmp_path: Path) -> None:
    write(tmp_path / "raw/a.pdf", [(72, 100, "온전한 글이다.")])
    (tmp_path / "raw/gone.pdf").symlink_to(tmp_path / "nowhere.pdf")
    write(tmp_path / "elsewhere.pdf", [(72, 100, "아무도 여기에 두지 않은 글이다.")])
    (tmp_path / "raw/link.pdf").symlink_to(tmp_path / "elsewhere.pdf")
    os.mkfifo(tmp_path / "raw/pipe.pdf")
    (tmp_path / "raw/2023").symlink_to(tmp_path / "raw", target_is_directory=True)
    summary, documents, refused = convert(tmp_path)
    assert list(documents) == ["a"]
    assert {file: (row["reason"], row["detail"]) for file, row in refused.items()} == {
        "gone.pdf": ("a link", "it leads nowhere"),
        "link.pdf": ("a link", ""),
        "pipe.pdf": ("unreadable", ""),
    }
    assert summary.files == 4 and summary.ignored == ("2023",)


@pytest.mark.parametrize(
    ("lines", "title"),
    [
        ([(72, 80, 18, "공시규정 일부개정규정안"), (72, 120, 17, "1 개정이유")], "공시규정 일부개정규정안"),
        ([(72, 80, 16, "사 업 명"), (72, 120, 16, "(20) 전세임대(융자)")], "(20) 전세임대(융자)"),
        ([(72, 80, 18, "제 목 : 통화정책방향")], "통화정책방향"),
    ],
)
def test_the_title_is_the_largest_text_of_the_first_page(
    tmp_path: Path, lines: list[tuple[float, float, float, str]], title: str
) -> None:
    (tmp_path / "raw").mkdir()
    with pymupdf.open() as doc:
        page = doc.new_page()
        for x, y, size, text in lines:
            page.insert_text((x, y), text, fontname="korea", fontsize=size)
        for line in range(12):
            page.insert_text((72, 200 + 18 * line), f"{line}째 본문의 줄이 여기에 있다.", fontname="korea", fontsize=11)
        doc.save(tmp_path / "raw/a.pdf")
    _, documents, _ = convert(tmp_path)
    assert documents["a"]["title"] == title


def test_dates_are_whole_days_and_not_paper_numbers(tmp_path: Path) -> None:
    said = ["공보 2021-01-12호", "2021년 1월 15일", "2026. 7. 6. 시행", "(’26.3.6. 개정)", "2023.13.45", "2022.09."]
    write(tmp_path / "raw/a.pdf", [(72, 100 + 30 * i, text) for i, text in enumerate(said)])
    _, documents, _ = convert(tmp_path)
    assert documents["a"]["dates"] == ["2021-01-15", "2026-07-06", "2026-03-06"]


def test_the_schema_is_one_and_refuses_what_is_no_document(tmp_path: Path) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    write(tmp_path / "raw/a.pdf", [(72, 100, "글이 있다.")])
    _, documents, _ = convert(tmp_path)
    wrong = {**documents["a"], "dates": ["어제"]}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, SCHEMA)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**documents["a"], "more": 1}, SCHEMA)


@pytest.mark.slow
def test_the_sample_worlds_documents_follow_the_schema(tmp_path: Path) -> None:
    for source in ("company_reports", "financial_reports", "site_reports"):
        for name, content in SOURCES[source]().items():
            path = tmp_path / "raw" / source / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    summary, documents, _ = convert(tmp_path, Limits(64, 500, 60))
    assert summary.converted == len(documents) > 100


def test_a_file_that_hangs_or_kills_its_worker_is_alone_in_quarantine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("good", "hang", "kill", "many"):
        write(tmp_path / f"raw/{name}.pdf", [(72, 100, f"{name} 글이다.")])
    program = tmp_path / "faulty.py"
    program.write_text(
        "import os, time\n"
        "import lineage.pdf.reading as document\n"
        "from lineage.pdf.worker import serve\n"
        "read = document.read_document\n"
        "def faulty(path, *rest):\n"
        "    if path.stem == 'hang': time.sleep(60)\n"
        "    if path.stem == 'kill': os.abort()\n"
        "    if path.stem == 'many': bytearray(1 << 40)\n"
        "    return read(path, *rest)\n"
        "document.read_document = faulty\n"
        "serve()\n"
    )
    monkeypatch.setattr(worker, "COMMAND", [worker.COMMAND[0], str(program)])
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    summary, documents, refused = convert(tmp_path, Limits(5, 20, 1.5))
    assert list(documents) == ["good"]
    assert {file: row["reason"] for file, row in refused.items()} == {
        "hang.pdf": "timed out",
        "kill.pdf": "crashed",
        "many.pdf": "out of memory",
    }
    assert summary.converted + summary.quarantined == 4


FIGURES = "△5.2%p ▲1,234 (1,234) -3.5%(전년 12.1%) ÷ × ￦1,000 ① 「상법」 제3조(정의) 1,234.50원 ½ ㎡ −7 ±0.3 $1 €2"


def test_cleaning_changes_no_figure() -> None:
    assert clean(FIGURES) == FIGURES
    assert clean("가\u0000나\u00a0 다") == "가나 다"
    assert clean(unicodedata.normalize("NFD", "매출액")) == "매출액"


def test_spaces_come_back_from_gaps() -> None:
    def run(*pieces: str, gap: float) -> list[Glyph]:
        glyphs, x = [], 0.0
        for piece in pieces:
            for c in piece:
                glyphs.append(Glyph(c, x, 0, x + 10, 10, 10, False))
                x += 10
            x += gap
        return glyphs

    assert spell(run("기후위기", "대응을", "위한", gap=2.5)) == "기후위기 대응을 위한"
    assert spell(run("기후위기", "대응을", gap=1.0)) == "기후위기대응을"
    assert spell(run(*"12345", gap=5)) == "1 2 3 4 5"  # digits set apart are not one number


@pytest.mark.parametrize(
    ("text", "minus"),
    [
        ("△ 1,234", True),
        ("(1,234)", True),
        ("-3.5%", True),
        ("▲ 5", False),
        ("(1)", False),
        ("1,234", False),
        ("-", False),
    ],
)
def test_which_figures_are_below_zero(text: str, minus: bool) -> None:
    assert cell(text).get("minus", False) is minus
    assert cell(text)["text"] == text


def test_repeated_data_is_not_furniture() -> None:
    def page(number: int, *lines: tuple[float, str]) -> tuple[float, list[Line]]:
        return 800, [Line(text, (72, y, 200, y + 10), 10, False) for y, text in (*lines, (780, str(number)))]

    pages = [page(i + 5, (30, "시장 동향"), (400, "같은 문장"), (750, f"매출액 {i * 7},000")) for i in range(4)]
    removed, found = furniture(pages)
    assert removed == [{0, 3}] * 4
    assert found == ["시장 동향", "5", "6", "7", "8"]


def test_quality_is_about_letters_not_about_signs() -> None:
    assert quality(FIGURES) == 1.0
    assert quality("\ufffd\ue001\ufffd가") == 0.25
    assert check_text(["2023 1,234 5,678"], [False]) == 1.0


@pytest.mark.slow
@pytest.mark.skipif(not CORPUS.is_dir(), reason="no corpus of real PDFs; set KRX_CORPUS")
@pytest.mark.parametrize("kind", ["pdf", "hostile"])
def test_real_and_hostile_files_all_end_somewhere(tmp_path: Path, kind: str) -> None:
    (tmp_path / "raw").symlink_to(CORPUS / kind, target_is_directory=True)
    summary, documents, refused = convert(tmp_path, Limits(64, 500, 20))
    assert summary.converted + summary.quarantined == summary.files == len(list((CORPUS / kind).glob("*.pdf")))
    assert not {row["reason"] for row in refused.values()} & {"timed out", "crashed"}
    if kind == "pdf":
        assert not refused
        lost = [w for d in documents.values() for w in d["warnings"] if "in a table" in w]
        assert len(lost) <= 2
