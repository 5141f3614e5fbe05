"""Files and pages that the gate refuses are named by the benchmark of converting, and measured by no reader."""

from pathlib import Path

import pymupdf
import pytest

from benchmarks import convert


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A paper of text, one with a scanned page before it, one that is a scan, and one that is no PDF."""
    made = tmp_path / "papers"
    made.mkdir()
    with pymupdf.open() as doc:
        doc.new_page().draw_rect((0, 0, 500, 700), fill=(0.5, 0.5, 0.5))
        doc.save(made / "scan.pdf")
        for number in (1, 2):
            doc.new_page().insert_text((72, 100), f"{number}째 쪽의 글이다.", fontname="korea")
        doc.select([0, 1])
        doc.save(made / "mixed.pdf")
        doc.select([1, 1])
        doc.save(made / "text.pdf")
    (made / "page.pdf").write_text("<html>", encoding="utf-8")
    return made


def test_refused_pages_are_named_and_left_out(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(convert, "PAGES", 2)  # of four: the scanned page of the mixed file, and one of text
    sets, refused = convert.select_pages(folder, tmp_path / "room")
    assert refused == [
        "page.pdf: not a PDF",
        "scan.pdf: no text layer 0 characters on 1 pages",
        "mixed.pdf, pages without tables 1: no text layer 0 characters on 1 pages",
        "mixed.pdf, all pages 1: no text layer 0 characters on 1 pages",
    ]
    for files in sets.values():
        assert len(files) == 1
        assert all(convert.read_ours(file) == convert.read_bare(file) for file in files)
