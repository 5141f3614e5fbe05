"""The text of Hancom documents: HWPX, a zip of XML (OWPML, KS X 6101).

    Contents/section0.xml:
    <hs:sec><hp:p><hp:run><hp:t>[별표 1] 수수료율표<hp:lineBreak/>(제8조 관련)</hp:t></hp:run></hp:p>
    <hp:p><hp:run><hp:tbl><hp:tr><hp:tc><hp:subList><hp:p>…</hp:p></hp:subList>
      <hp:cellAddr colAddr="0" rowAddr="0"/><hp:cellSpan colSpan="2" rowSpan="1"/></hp:tc></hp:tr></hp:tbl> …

Paragraphs and tables come in their order, tables laid out with their merged cells. Headers, footers, page numbers
and hidden comments are not text; what a tracked change deleted is left out. Numbers that Hancom draws in front of
a paragraph from its style are in no file, so they cannot be read. HWP 5 (.hwp) is a binary format whose readers
are young or abandoned: such files are refused with the way to save them as HWPX.
"""

import html
import re
import zipfile
from collections.abc import Iterator
from xml.etree import ElementTree

from lineage.readers.io.html_table import render
from lineage.readers.io.members import Member
from lineage.readers.io.zip_package import UnsafePackage, package
from lineage.readers.text.chunking import TextPart, table
from lineage.readers.text.normalize import one_line

SECTION = re.compile(r"Contents/section(\d+)\.xml")
SPACES = {"lineBreak": "\n", "tab": " ", "nbSpace": " ", "fwSpace": " ", "hyphen": "-"}
FURNITURE = ("header", "footer", "pageNum", "hiddenComment", "autoNum", "newNum", "memo", "secPr", "linesegarray")
SAVE_AS = "open it in Hancom Office and save it as HWPX (다른 이름으로 저장), beside the rulebook"


def blocks(entry: Member) -> list[TextPart]:
    """The document's paragraphs and tables.

    Raises:
        zipfile.BadZipFile: it is no HWPX, encrypted, damaged, or unpacks to too much.
    """
    found: list[TextPart] = []
    with package(entry) as opened:
        names = opened.namelist()
        if "META-INF/manifest.xml" in names and b"encryption-data" in opened.read("META-INF/manifest.xml"):
            raise UnsafePackage("it is encrypted: save it without a password")
        sections = sorted((int(match[1]), name) for name in names if (match := SECTION.fullmatch(name)))
        if not sections:
            raise zipfile.BadZipFile("it holds no Contents/section0.xml: is it a HWPX?")
        text = _Text()
        for _, name in sections:
            with opened.open(name) as stream:
                if b"<!DOCTYPE" in stream.read(4096):
                    raise UnsafePackage(f"{name} declares entities, as no HWPX does")
            with opened.open(name) as stream:
                try:
                    for paragraph in _paragraphs(stream):
                        found += text.blocks(paragraph)
                except (ElementTree.ParseError, ValueError, LookupError) as error:  # the latter: of its encoding
                    raise zipfile.BadZipFile(f"{name}: {error}") from error
    return found


def _paragraphs(stream: object) -> Iterator[ElementTree.Element]:
    """The section's outermost paragraphs, each dropped from memory after its use."""
    depth, root = 0, None
    for event, element in ElementTree.iterparse(stream, events=("start", "end")):  # type: ignore[call-overload]
        if event == "start":
            root = element if root is None else root
            depth += 1
            continue
        depth -= 1
        if depth == 1:
            if _name(element) == "p":
                yield element
            root.clear()  # type: ignore[union-attr]


class _Text:
    """Text of paragraphs; a deletion may begin in one and end in another."""

    def __init__(self) -> None:
        self.deleted = 0

    def blocks(self, paragraph: ElementTree.Element) -> list[TextPart]:
        """A paragraph's lines, and the tables, boxes and notes that are anchored in it."""
        found: list[TextPart] = []
        words: list[str] = []
        notes: list[TextPart] = []

        def end_line() -> None:
            found.extend(TextPart((said,)) for line in "".join(words).split("\n") if (said := one_line(line)))
            words.clear()

        def walk(element: ElementTree.Element) -> None:
            name = _name(element)
            if name in FURNITURE:
                return
            if name in ("insertBegin", "insertEnd"):
                pass
            elif name in ("deleteBegin", "deleteEnd"):
                self.deleted = max(0, self.deleted + (1 if name == "deleteBegin" else -1))
            elif self.deleted and name not in ("run", "t", "ctrl"):
                pass
            elif name in SPACES:
                words.append(SPACES[name])
            elif name == "compose":  # characters drawn over each other, as ① in a box
                words.append(element.get("composeText", ""))
            elif name == "tbl":
                end_line()
                found.extend(self.table(element))
            elif name in ("t", "script", "mainText", "subText"):
                self.say(words, element.text)
                for child in element:
                    walk(child)
                    self.say(words, child.tail)
            elif name in ("footNote", "endNote"):  # its place is below, or it would cut the sentence in two
                notes.extend(self.blocks(element))
            elif name == "p":
                end_line()
                found.extend(self.blocks(element))
            else:
                for child in element:
                    walk(child)

        for child in paragraph:
            walk(child)
        end_line()
        return found + notes

    def say(self, words: list[str], text: str | None) -> None:
        if text and not self.deleted:
            words.append(text)

    def table(self, element: ElementTree.Element) -> list[TextPart]:
        """A table's caption, and its rows as lines."""
        above: list[TextPart] = []
        said = ["<table>"]
        for part in element:
            if _name(part) == "caption":
                above += self.blocks(part)
            if _name(part) != "tr":
                continue
            said.append("<tr>")
            for cell in part:
                if _name(cell) == "tc":
                    lines = (line for block in self.blocks(cell) for line in block.lines)
                    said.append(f"<td{_spans(cell)}>{'<br>'.join(map(html.escape, lines))}</td>")
            said.append("</tr>")
        text = render("".join((*said, "</table>")))
        return [*above, table(text)] if text else above


def _spans(cell: ElementTree.Element) -> str:
    span = next((child for child in cell if _name(child) == "cellSpan"), None)
    if span is None:
        return ""
    return f' colspan="{span.get("colSpan", "1")}" rowspan="{span.get("rowSpan", "1")}"'


def _name(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]
