"""PDFs whose fonts say wrongly, or not at all, which letters they draw."""

from collections.abc import Callable
from typing import Any

import pymupdf

TEXT = "가온거래소는 상장법인의 보고서를 받아 공시하고, 투자자는 그 내용을 보고 판단한다."


def embedded(lines: list[str]) -> Any:
    """A document whose text is drawn by glyph numbers of an embedded subset, which has a ToUnicode table."""
    doc = pymupdf.open()
    write(doc.new_page(), lines)
    doc.subset_fonts()
    return doc


def write(page: Any, lines: list[str], top: float = 60) -> None:
    """Lines of text in an embedded font."""
    font = pymupdf.Font("cjk")
    writer = pymupdf.TextWriter(page.rect)
    for i, line in enumerate(lines):
        writer.append((50, top + 16 * i), line, font=font, fontsize=9)
    writer.write_text(page)


def without_table(doc: Any) -> Any:
    """The same document, where no font says which letters its glyphs are."""
    for xref in _fonts(doc):
        doc.xref_set_key(xref, "ToUnicode", "null")
    return doc


def with_table(doc: Any, letter: Callable[[int, str], str]) -> Any:
    """The same document with another table: `letter` gives the letter of a code and of the letter that it really is."""
    real = {c[1]: chr(c[0]) for page in doc for span in page.get_texttrace() for c in span["chars"]}
    for xref in _fonts(doc):
        table = int(doc.xref_get_key(xref, "ToUnicode")[1].split()[0])
        rows = "\n".join(f"<{c:04X}> <{letter(c, u).encode('utf-16-be').hex()}>" for c, u in real.items())
        head = "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def /CMapType 2 def 1"
        head += " begincodespacerange <0000> <FFFF> endcodespacerange"
        doc.update_stream(table, f"{head} {len(real)} beginbfchar\n{rows}\nendbfchar endcmap end end".encode())
    return doc


def numbered(letters: str, lines: list[str], name: str = "a") -> Any:
    """A document whose font numbers its glyphs 33, 34, 35 … in the order of `letters`, and has no table."""
    codes = {c: 33 + number for number, c in enumerate(dict.fromkeys(letters))}
    names = "".join(f"/{name}{code}" for code in codes.values())
    doc = pymupdf.open()
    page = doc.new_page()
    glyph, font, content = (doc.get_new_xref() for _ in range(3))
    for xref in (glyph, content):
        doc.update_object(xref, "<<>>")
    doc.update_stream(glyph, b"700 0 0 0 600 600 d1 0 0 600 600 re f")
    doc.update_object(
        font,
        "<</Type/Font/Subtype/Type3/FontBBox[0 0 750 750]/FontMatrix[0.001 0 0 0.001 0 0]/Resources<<>>"
        f"/CharProcs<<{''.join(f'/{name}{code} {glyph} 0 R' for code in codes.values())}>>"
        f"/Encoding<</Differences[33 {names}]>>/FirstChar 33/LastChar {32 + len(codes)}"
        f"/Widths[{'700 ' * len(codes)}]>>",
    )
    shown = "".join(f"<{''.join(f'{codes[c]:02x}' for c in line)}> Tj T*\n" for line in lines)
    doc.update_stream(content, f"BT /F1 9 Tf 14 TL 50 780 Td {shown} ET".encode())
    doc.xref_set_key(page.xref, "Resources", f"<</Font<</F1 {font} 0 R>>>>")
    page.set_contents(content)
    return doc


def _fonts(doc: Any) -> set[int]:
    return {font[0] for page in doc for font in page.get_fonts()}
