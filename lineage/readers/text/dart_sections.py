"""A DART report taken apart into its sections, as their tags come by: nothing but the open section is in memory.

    <SECTION-1><TITLE ATOC="Y">II. 사업의 내용</TITLE><SECTION-2><TITLE>1. 개요</TITLE><P>반도체를 만든다.</P>
    → (["II. 사업의 내용", "1. 개요"], [TextPart(("반도체를 만든다.",))],
      {"company": "가온전자", "report": "사업보고서"})

A section that was never closed ends where the one around it ends, or where the file does.
"""

import html
from collections.abc import Iterator
from dataclasses import dataclass, field

from lineage.core.errors import LineageError
from lineage.readers.io.dart_markup import tokens
from lineage.readers.io.html_table import render
from lineage.readers.io.members import Member
from lineage.readers.io.text_stream import text_of
from lineage.readers.text.chunking import TextPart, table
from lineage.readers.text.dates import day
from lineage.readers.text.normalize import one_line
from lineage.records.record import Rejected

ACCEPTED = "DOCUMENT > COMPANY-NAME, BODY > SECTION-1/2/3 > TITLE, P, TABLE > TR > TD/TH/TE/TU"
SECTIONS = ("PART", "COVER", "SECTION-1", "SECTION-2", "SECTION-3", "SECTION-4", "SECTION-5", "TABLE-GROUP")
CELLS = ("TD", "TH", "TE", "TU")
LINE_ENDS = ("P", "BR", "CAPTION", "PGBRK", "IMG-CAPTION", "LIBRARY", "CORRECTION", "INSERTION", "WARNING")
HEAD = {"DOCUMENT-NAME": "report", "COMPANY-NAME": "company"}
PERIOD = {"PERIODFROM": "start", "PERIODTO": "end"}
Section = tuple[list[str], list[TextPart], dict[str, str]]  # titles, blocks, head


@dataclass
class Frame:
    """An open section: its own title, and the title of the loose part of it that is being read."""

    tag: str
    title: str = ""
    loose: str = ""
    said: bool = False  # something in it was given out, or a section inside it


@dataclass
class Report:
    """What is known of the report so far, and the text of the open section."""

    head: dict[str, str] = field(default_factory=dict)
    frames: list[Frame] = field(default_factory=lambda: [Frame("BODY")])
    blocks: list[TextPart] = field(default_factory=list)
    words: list[str] = field(default_factory=list)  # of the open paragraph or title
    cells: list[str] = field(default_factory=list)  # of the open table, as HTML
    tables: int = 0  # how many are open, one in a cell of the other


def sections(entry: Member) -> Iterator[Section | Rejected]:
    """(titles from the outermost in, blocks, what the head says) for each section, as soon as it is read.

    Raises:
        LineageError: the outermost element is not a DART report's.
    """
    report, root, silent, started = Report(), "", "", False
    with text_of(entry) as stream:
        for kind, name, attributes in tokens(stream):
            if not root and (kind == "start" or name.strip()):
                root = name if kind == "start" else "text"
                if root != "DOCUMENT":
                    yield _no_report(entry, root, name)
                    return
            if kind == "start" and name in (*HEAD, "IMG"):
                silent = name
            elif kind == "end" and name == silent:
                silent = ""
            elif kind == "text" and silent:
                key = HEAD.get(silent, "image")  # of a picture, only the name of its file is here
                report.head[key] = one_line(report.head.get(key, "") + name)
            else:
                silent = "" if kind == "start" else silent
                started = started or (kind == "start" and name in ("BODY", *SECTIONS))
                if started:  # what stands before the body are codes of the form
                    yield from _take(report, kind, name, attributes)
    while report.frames:
        yield from _close(report)


def _take(report: Report, kind: str, name: str, attributes: dict[str, str]) -> Iterator[Section | Rejected]:
    if name in SECTIONS and kind != "text" and not (name == "TABLE-GROUP" and report.tables):
        yield from _border(report, kind, name)
    elif name == "TABLE" and kind != "text" and (kind == "start" or report.tables):
        _table(report, kind)
    elif report.tables:
        _cell(report, kind, name, attributes)
    elif kind == "text":
        report.words.append(name)
    elif name in ("TITLE", "COVER-TITLE"):
        if kind == "start":
            _end_line(report)
            report.words.append("\0" if attributes.get("ATOC") == "Y" else "")
        else:
            yield from _title(report)
    elif name in LINE_ENDS:
        _end_line(report)
    if kind == "start" and attributes.get("AUNIT") in PERIOD and (stated := day(attributes.get("AUNITVALUE"))):
        report.head.setdefault(PERIOD[attributes["AUNIT"]], stated)


def _border(report: Report, kind: str, name: str) -> Iterator[Section | Rejected]:
    """A section opens or closes; one that was never closed closes with the one around it."""
    if kind == "start":
        # A group of tables is a section of its own only if it has a title, which is still to come.
        if name == "TABLE-GROUP":
            _end_line(report)
        else:
            yield from _flush(report)
            report.frames[-1].said = True
        report.frames.append(Frame(name))
    elif any(frame.tag == name for frame in report.frames):
        while report.frames[-1].tag != name:
            yield from _close(report)
        yield from _close(report)


def _close(report: Report) -> Iterator[Section | Rejected]:
    frame = report.frames[-1]
    if frame.tag == "TABLE-GROUP" and not frame.title and not frame.loose:
        _end_line(report)
    else:
        yield from _flush(report)
    if not frame.said and frame.title:
        origin = {"section": " > ".join(_titles(report))}
        yield Rejected(origin, "a section without text", "it is empty or a picture; nothing to learn")
    report.frames.pop()


def _flush(report: Report) -> Iterator[Section]:
    """Give out what was read under the present title."""
    while report.tables:
        _table(report, "end")
    _end_line(report)
    if report.blocks:
        report.frames[-1].said = True
        yield _titles(report), report.blocks, report.head
        report.blocks = []


def _titles(report: Report) -> list[str]:
    return [title for frame in report.frames for title in (frame.title, frame.loose) if title]


def _title(report: Report) -> Iterator[Section | Rejected]:
    """A title names its section; a second one that the table of contents lists opens a part of it."""
    said = "".join(report.words)
    report.words = []
    listed, title = said.startswith("\0"), one_line(said.removeprefix("\0"))
    frame = report.frames[-1]
    if frame.tag == "TABLE-GROUP" and not frame.title and title:
        report.frames.pop()
        yield from _flush(report)
        report.frames[-1].said = True
        report.frames.append(Frame(frame.tag, title))
    elif frame.tag != "BODY" and not frame.title and not report.blocks and title:
        frame.title = title
    elif listed and title:
        yield from _flush(report)
        frame.loose = title
    elif title:
        report.blocks.append(TextPart((title,)))


def _end_line(report: Report) -> None:
    for line in "".join(report.words).replace("\0", "").split("\n"):
        if said := one_line(line):
            report.blocks.append(TextPart((said,)))
    report.words = []


def _table(report: Report, kind: str) -> None:
    if kind == "start":
        if not report.tables:
            _end_line(report)
        report.tables += 1
        report.cells.append("<table>")
        return
    report.tables -= 1
    report.cells.append("</table>")
    if not report.tables:
        if text := render("".join(report.cells)):
            report.blocks.append(table(text))
        report.cells = []


def _cell(report: Report, kind: str, name: str, attributes: dict[str, str]) -> None:
    """The same table as HTML, which html_table knows how to lay out, spans and tables in cells included."""
    if kind == "text":
        report.cells.append(html.escape(name))
    elif name in CELLS and kind == "start":
        spans = (
            f' {key.lower()}="{html.escape(attributes[key])}"' for key in ("ROWSPAN", "COLSPAN") if key in attributes
        )
        report.cells.append(f"<td{''.join(spans)}>")
    elif name in CELLS:
        report.cells.append("</td>")
    elif name == "TR":
        report.cells.append("<tr>" if kind == "start" else "</tr>")
    elif name in LINE_ENDS or name == "TITLE":
        report.cells.append("<br>")


def _no_report(entry: Member, root: str, name: str) -> Rejected:
    """An error page is left out by name; another schema stops the reading."""
    here = {"file": entry.name}
    if root in ("text", "HTML"):
        return Rejected(
            here, "no DART report", f"it begins with {name.strip()!r:.80}: an error page? Download it again"
        )
    raise LineageError(
        f"{entry.name}: found the element {root}; accepted is {ACCEPTED}. "
        "Take the file out, or choose another reader for this source in params.yaml"
    )
