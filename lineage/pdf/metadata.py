"""What a document says of itself: its title, and the days that its text names.

"공보 2021-01-12호 … 2021년 1월 15일 … (’26.3.6. 개정)"  →  ["2021-01-15", "2026-03-06"]
"""

import re
from collections.abc import Sequence
from datetime import date

from lineage.pdf.blocks import Block
from lineage.pdf.text import clean

DAY = r"\s*(\d{1,2})\s*(?:월|[.\-/])\s*(\d{1,2})(?!\d|\s*호)"  # 2021-01-12호 is the number of a paper
DATE = re.compile(rf"(?<!\d)(?:((?:19|20)\d\d)\s*(?:년|[.\-/])|[’‘'](\d\d)\s*[.년]){DAY}")
FILE_TITLE = re.compile(
    r"^(?:Microsoft|Untitled|무제|제목 없음)|\.(?:hwpx?|docx?|pptx?|xlsx?|pdf|indd)$", re.IGNORECASE
)
LABEL = re.compile(r"\s*".join("사업명") + r"|제\s*목|목\s*차|보\s*도\s*자\s*료")  # stands over a title, and is none


def title(stated: str, blocks: Sequence[tuple[int, Block]], page_text: Sequence[str]) -> str:
    """The metadata's title, `stated`, where the first page shows it, else that page's largest text, else ""."""
    stated = clean(stated).replace("\n", " ")
    first = page_text[0] if page_text else ""
    if len(stated) > 3 and not FILE_TITLE.search(stated) and re.sub(r"\s", "", stated) in re.sub(r"\s", "", first):
        return stated[:200]
    on_first = [
        block
        for page, block in blocks
        if page == 1 and block.kind != "caption" and 0 < len(block.text) <= 120 and not LABEL.fullmatch(block.text)
    ]
    on_first = on_first or [block for _, block in blocks if block.kind == "heading"]
    largest = max((block.size for block in on_first), default=0.0)
    found = next((block.text for block in on_first if block.size > 0.95 * largest), "")
    return re.sub(r"^제\s*목\s*[:：]?\s*", "", found)[:200]


def dates(text: str) -> list[str]:
    """Whole dates that the text states, in order of first sight."""
    found = []
    for year, short, month, day in DATE.findall(text):
        try:
            found.append(date(int(year or f"20{short}"), int(month), int(day)).isoformat())
        except ValueError:
            continue  # 2023.13.45 is a number, not a day
    return list(dict.fromkeys(found))
