"""A page as a PDF of A4 pages, by PyMuPDF, whose fallback font has Hangul: nothing has to be installed for it.

It knows less of CSS than a browser: who wants the page as it looks prints it from one.
"""

from pathlib import Path

MARGIN = 40  # points, of 72 an inch
LONGEST = 200  # pages
STYLE = """
body { font-family: sans-serif; font-size: 9pt; line-height: 1.4; }
h1 { font-size: 17pt; } h2 { font-size: 12pt; } .note { color: #5d6670; font-size: 8pt; } .caution { color: #a3410d; }
.blank { color: #a3410d; } table { border-collapse: collapse; width: 100%; font-size: 7.5pt; }
th, td { border: 1px solid #999; padding: 2px 3px; } th { text-align: left; background-color: #f5f3ee; }
.number { text-align: right; }
"""


def write_pdf(page: str, out: Path) -> int:
    """Write a page of the dossier as a PDF; how many pages it has.

    Raises:
        ValueError: something on it does not fit a page.
    """
    import pymupdf

    body = page.partition("<main>")[2].partition("</main>")[0]
    story, paper, pages = pymupdf.Story(html=body, user_css=STYLE), pymupdf.paper_rect("a4"), 0
    inside = pymupdf.Rect(MARGIN, MARGIN, paper.x1 - MARGIN, paper.y1 - MARGIN)
    writer = pymupdf.DocumentWriter(str(out))
    more = True
    while more:
        if pages == LONGEST:
            raise ValueError(f"{out}: more than {LONGEST} pages")
        device = writer.begin_page(paper)
        more, _ = story.place(inside)
        story.draw(device)
        writer.end_page()
        pages += 1
    writer.close()
    with pymupdf.open(out) as document:
        document.subset_fonts()  # 0.1 MB instead of 4
        content = document.tobytes(garbage=4, deflate=True)
    out.write_bytes(content)
    return pages


def text_of(file: Path) -> str:
    """The letters of a PDF, in the order of its pages."""
    import pymupdf

    with pymupdf.open(file) as document:
        return "".join("".join(page.get_text().split()) for page in document)
