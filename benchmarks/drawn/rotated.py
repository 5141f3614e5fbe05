"""Text that is turned: whole pages that a viewer turns back, and pages whose text lies on its side."""

from collections.abc import Iterator

import pymupdf

from benchmarks.drawn.canvas import Canvas, Paper, cells_of, series
from benchmarks.fidelity.facts import Facts, TableFact
from lineage.sample_world.pdf import sealed

TEXT = "설비 투자는 반도체와 선박을 중심으로 늘었으나 건설 투자는 줄었다."


def papers() -> Iterator[Paper]:
    """Turned by the page's own sign, and lying on its side either way."""
    yield turned("rotated_page", 90, 90)
    yield turned("rotated_text_up", 90, 0)
    yield turned("rotated_text_down", -90, 0)


def turned(name: str, text: int, page: int) -> Paper:
    """A broad page with a ruled table, put on a high page.

    Args:
        name: of the paper.
        text: degrees by which the content is turned.
        page: degrees that the page's sign adds.
    """
    header, names = ("부문", "31년", "32년", "33년", "34년", "35년"), ("설비", "건설", "지식재산", "재고")
    rows = [(n, *v) for n, v in zip(names, series(81, 4, 5, 900, figures=1, least=-9), strict=True)]
    broad = Canvas(name, width=842, height=595)
    broad.put(60, 70, "<표 3> 부문별 투자", 12)
    broad.put(60, 95, TEXT, 11)
    edges = [66, *(220 + 110 * i for i in range(5))]
    for i in range(6):
        broad.rule(60, 110 + 22 * i, 666, 110 + 22 * i)
    for x in (60, *(110 + 110 * i + 6 for i in range(6))):
        broad.rule(x, 110, x, 220)
    for i, row in enumerate((header, *rows)):
        broad.row(125 + 22 * i, row, edges, 10)
    broad.document.subset_fonts()
    high = pymupdf.open()
    sheet = high.new_page(width=595, height=842)
    sheet.show_pdf_page(sheet.rect, broad.document, 0, rotate=text)
    sheet.set_rotation(page)
    fact = TableFact(cells_of(header, rows), 5, 6)
    facts = Facts(f"{name}.pdf", strings=("<표 3> 부문별 투자",), lines=(TEXT,), tables=(fact,))
    return Paper(facts, sealed(high, name))
