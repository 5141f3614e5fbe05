"""The markup of DART reports, token by token, from a stream: they call it XML, but it often is not.

    <P>출처: R&D <Global Music Report 2023></P>
    → ("start", "P", {}) ("text", "출처: R&D <Global Music Report 2023>", {}) ("end", "P", {})

Seen in real files: a bare &, angle brackets that are text, tags that are never closed. A recovering XML parser
goes on after them but drops what it did not understand, and after its first error other text as well ("&lt;");
here, whatever is no tag of DART's is text. Nothing is fetched, no entity is defined: declarations are skipped.
"""

import html
import re
from collections.abc import Iterator
from typing import TextIO

CHUNK = 1 << 16
HOLD = 1 << 20  # how long a tag or comment may be before it is taken for text
NAMES = frozenset(
    {
        *("DOCUMENT", "DOCUMENT-NAME", "FORMULA-VERSION", "COMPANY-NAME", "SUMMARY", "EXTRACTION", "BODY", "COVER"),
        *("COVER-TITLE", "LIBRARY", "PART", "SECTION-1", "SECTION-2", "SECTION-3", "SECTION-4", "SECTION-5", "TITLE"),
        *("P", "SPAN", "BR", "TABLE-GROUP", "TABLE", "CAPTION", "COLGROUP", "COL", "THEAD", "TBODY", "TFOOT", "TR"),
        *("TH", "TD", "TE", "TU", "PGBRK", "IMAGE", "IMG", "IMG-CAPTION", "CORRECTION", "INSERTION", "WARNING"),
    }
)
MARKUP = re.compile(
    r"<!--.*?-->|<\?.*?\?>|<!\[CDATA\[(?P<raw>.*?)\]\]>|<!DOCTYPE[^>\[]*(?:\[.*?\]\s*)?>"
    r"|<(?P<close>/?)(?P<name>[A-Z][A-Z0-9-]*)(?P<attributes>(?:\s+[\w:.-]+\s*=\s*(?:\"[^\"<]*\"|'[^'<]*'))*)"
    r"\s*(?P<empty>/?)>",
    re.DOTALL,
)
ATTRIBUTE = re.compile(r"([\w:.-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
REFERENCE = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
CUT_REFERENCE = re.compile(r"&(?:#?\w{0,31}|amp;\w{0,2})$")
Token = tuple[str, str, dict[str, str]]  # ("start" | "end" | "text", the name in capitals or the text, attributes)


def tokens(stream: TextIO) -> Iterator[Token]:
    """Every tag and every text of the stream, in order, holding no more of it than one tag needs."""
    window, more = "", True
    odd: set[str] = set()  # names that no list has, but that came with attributes: tags of a newer form
    while more:
        chunk = stream.read(CHUNK)
        more = bool(chunk)
        window += chunk
        end = _safe_end(window) if more else len(window)
        at = 0
        for match in MARKUP.finditer(window, 0, end):
            found = list(_tag(match, odd))
            if found or not match["name"]:
                if match.start() > at:
                    yield "text", _unescaped(window[at : match.start()]), {}
                at = match.end()
                yield from found
        if end > at:
            yield "text", _unescaped(window[at:end]), {}
        window = window[end:]


def _safe_end(window: str) -> int:
    """Where to stop, so that no tag, comment or entity is cut by the window's edge."""
    cut = CUT_REFERENCE.search(window)
    end = cut.start() if cut else len(window)
    for opening, closing in (("<", ">"), ("<!--", "-->"), ("<![CDATA[", "]]>"), ("<!DOCTYPE", ">")):
        start = window.rfind(opening)
        if start >= 0 and window.find(closing, start) < 0 and len(window) - start < HOLD:
            end = min(end, start)
    return end


def _tag(match: re.Match[str], odd: set[str]) -> Iterator[Token]:
    if match["raw"] is not None:
        yield "text", match["raw"], {}
        return
    if not match["name"]:
        return
    name, attributes = match["name"], match["attributes"]
    if name not in NAMES:
        if not attributes and name not in odd:
            return
        odd.add(name)
    if match["close"]:
        yield "end", name, {}
        return
    values = {key.upper(): _unescaped(a or b) for key, a, b in ATTRIBUTE.findall(attributes)}
    yield "start", name, values
    if match["empty"]:
        yield "end", name, {}


def _unescaped(text: str) -> str:
    """References with their semicolon become characters; "R&D" and "&lt" without one stay as they are."""
    text = text.replace("&amp;cr;", "\n").replace("&cr;", "\n")  # DART's own line end, seen in both ways
    return REFERENCE.sub(lambda found: html.unescape(found[0]), text)
