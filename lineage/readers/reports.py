"""Reports that `convert` made documents of: page by page, section by section, or as a short summary.

A document is one file of data/documents/<data>/<source>/, see lineage/artifacts/document.py:

    {"schema": 1, "file": "2023/가온.pdf", "sha256": "9f…", "title": "가온 2023년 재무보고서", "pages": 3,
     "blocks": [{"kind": "heading", "page": 1, "bbox": […], "text": "1. 재무 상태"}, …],
     "page_text": ["…"], "furniture": ["- 1 -"], "warnings": [], "quality": 1.0}

and gives, in the form
- prompt_answer: a record a page (or part of a long one), the answer is its raw text;
- document: a record a section, the answer is {"제목", "내용": […], "표": [[…]]} as JSON;
- summary: a record a section, the answer is {"제목", "요약": […], "주요 수치": {…}}: sentences and cells
  as they are written, chosen by rule and not by a model.

With `part_characters: 300` in params.yaml, pages and sections are cut into parts of about so many characters, at
headings, tables, rows and sentences, and every prompt names document, page and section: a row that is longer than
`max_length` is not trained on, and `lineage check` says how many there are.

    python -m stages.ingest financial_reports
"""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

from lineage.artifacts.conversion import read_quarantine
from lineage.artifacts.document import Document, DocumentBlock, document_files, load_document
from lineage.readers.io.documents import Section
from lineage.readers.io.documents import sections as sections_of
from lineage.readers.text import chunking
from lineage.readers.text.key_figures import figures_of, key_sentences
from lineage.records.record import Form, Record, Rejected, qa

FORMS: tuple[Form, ...] = ("prompt_answer", "document", "summary")
CUTS = True
NAME_CHARACTERS, TOPIC_CHARACTERS = 32, 22  # in a prompt
KEY_FIGURES = 8  # in a summary
SIGNS = "△▵∆▲▼▽+−–-("  # before a figure
IN_FIGURE = SIGNS + "0123456789,.%"


@dataclass(frozen=True, slots=True)
class Cut:
    """How long a part of a page and of a section may be, in characters.

    fitted: the source asks for it, so that JSON's own signs and repeated heads count too, and prompts say every place.
    """

    page: int
    section: int
    fitted: bool

    def length(self, row: list[str]) -> int:
        """Of a row of a table."""
        return len(_compact(row)) if self.fitted else sum(map(len, row))


AS_THEY_COME = Cut(page=700, section=600, fitted=False)


def read(folder: Path, forms: Sequence[str], *, part_characters: int | None = None) -> Iterator[Record | Rejected]:
    """Records of every document in name order, then what convert put into quarantine, each with its reason.

    Raises: LineageError for a document that is not one, or of another schema.
    """
    cut = Cut(part_characters, part_characters, True) if part_characters else AS_THEY_COME
    paths = document_files(folder)
    titles = Counter(load_document(path)["title"] for path in paths)
    for path in paths:
        document = load_document(path)
        if titles[document["title"]] > 1:  # a name that says which report it is
            document["title"] = Path(document["file"]).stem
        for form in forms:
            yield from _made(document, form, cut)
    for row in read_quarantine(folder):
        yield Rejected({"file": row.file}, f"quarantined: {row.reason}", row.remedy)


def _made(document: Document, form: str, cut: Cut) -> Iterator[Record | Rejected]:
    empty = True
    for record in MAKERS[form](document, cut):
        empty = False
        yield record
    if empty:
        origin = {"file": document["file"]}
        yield Rejected(origin, f"nothing for the form {form}", "look at the PDF: it may be all pictures")


def pages(document: Document, cut: Cut) -> Iterator[Record]:
    """Form prompt_answer: the raw text of each page, long pages in several parts, so that no text is lost."""
    for number, text in enumerate(document["page_text"], 1):
        parts = _at_headings(document, number, text) if cut.fitted else [(_topic(document, number), text)]
        pieces = [(topic, piece) for topic, part in parts for piece in split_text(part, cut.page)]
        for part, (topic, answer) in enumerate(pieces, 1):
            place = f"{number}쪽" + (f" ({part}/{len(pieces)})" if len(pieces) > 1 else "")
            about = f" '{topic}'" if topic else ""
            prompt = f"{_name(document)} {place}{about}의 본문을 보여 주세요."
            yield _record(document, number, "prompt_answer", prompt, answer, part if len(pieces) > 1 else None)


def _at_headings(document: Document, page: int, text: str) -> Iterator[tuple[str, str]]:
    """A page's text cut before its headings, each part with the section that it stands in; none is a heading alone."""
    headings = [b["text"] for b in document["blocks"] if b["kind"] == "heading" and b["page"] == page]
    before = [b["text"] for b in document["blocks"] if b["kind"] == "heading" and b["page"] < page]
    section, lines, filled = (before or [document["title"]])[-1], list[str](), False
    for line in text.split("\n"):
        if headings and line and headings[0].startswith(line):
            if filled:
                yield _short(section, TOPIC_CHARACTERS), "\n".join(lines)
                lines, filled = [], False
            section = headings.pop(0)
        elif line:
            filled = filled or not section.endswith(line)  # the heading's own second line
        lines.append(line)
    if lines:
        yield _short(section, TOPIC_CHARACTERS), "\n".join(lines)


def sections(document: Document, cut: Cut) -> Iterator[Record]:
    """Form document: each section as compact JSON; long ones in several parts, tables between their rows."""
    for section in sections_of(document):
        parts = list(_packed(section, cut))
        for part, (page, content) in enumerate(parts, 1):
            place = f" ({part}/{len(parts)})" if len(parts) > 1 else ""
            topic = _short(section.title, TOPIC_CHARACTERS)
            name = f"{_name(document)} {page}쪽" if cut.fitted else _name(document)
            prompt = f"{name}의 '{topic}'{place} 부분을 JSON 문서로 써 주세요."
            answer = _compact({"제목": section.title, **content})
            yield _record(document, page, "document", prompt, answer, part if len(parts) > 1 else None)


def summaries(document: Document, cut: Cut) -> Iterator[Record]:
    """Form summary: what each section says in figures. A section without any figure gives none.

    Where parts have to fit, a summary that is longer keeps fewer sentences, then fewer figures.
    """
    for section in sections_of(document):
        text = [b["text"] for b in section.blocks if b["kind"] in ("paragraph", "list")]
        key = key_sentences(text)
        figures: dict[str, str] = {}
        for block in section.blocks:
            for label, value in figures_of(block["rows"] if block["kind"] == "table" else []):
                if len(figures) < KEY_FIGURES:
                    figures.setdefault(label, value)
        if not key and not figures:
            continue
        prompt = f"{_name(document)}의 '{_short(section.title, TOPIC_CHARACTERS)}' 부분을 JSON으로 요약해 주세요."
        while cut.fitted and len(_compact([key, figures])) > cut.section and len(key) + len(figures) > 1:
            key.pop() if key else figures.popitem()
        answer = _compact({"제목": section.title, "요약": key, "주요 수치": figures})
        yield _record(document, section.page, "summary", prompt, answer, None)


def split_text(text: str, limit: int) -> list[str]:
    """Cut a text into parts of at most `limit` characters, at line ends if possible; nothing is left out."""
    parts: list[str] = []
    for line in text.split("\n"):
        while len(line) > limit:
            cut = _place_to_cut(line, limit)
            parts.append(line[:cut])
            line = line[cut:].strip()
        if parts and parts[-1] and len(parts[-1]) + 1 + len(line) <= limit:
            parts[-1] += "\n" + line
        else:
            parts.append(line)
    return [part.strip() for part in parts if part.strip()]


def _place_to_cut(line: str, limit: int) -> int:
    """At the last space, unless a sign stands before it; without one where no figure is, so that none is cut in two."""
    at_space = (i for i in range(limit - 1, 0, -1) if line[i] == " " and line[i - 1] not in SIGNS)
    elsewhere = (i for i in range(limit, 0, -1) if line[i - 1] not in IN_FIGURE or line[i] not in IN_FIGURE)
    return next(at_space, 0) or next(elsewhere, limit)


def _packed(section: Section, cut: Cut) -> Iterator[tuple[int, dict[str, Any]]]:
    """A section's content in parts of about `cut.section` characters: (page, {"내용": [...], "표": [[...]]}).

    A part holds one table at most; where a table is cut, its first row is said again, if it is no text of its own.
    """
    page, size = section.page, 0
    text: list[str] = []
    table: list[list[str]] = []
    current: DocumentBlock | None = None
    for block, piece in _pieces(section.blocks, cut):
        row = isinstance(piece, list)
        length = len(_compact(piece)) + 1
        full = bool(text or table) and size + length > cut.section
        if full or (row and table and block is not current):
            yield page, _content(text, table)
            page, text, table, size = block["page"], [], [], 0
            if block["kind"] == "table" and block is current:
                head = [cell["text"] for cell in block["rows"][0]]
                if cut.length(head) <= (cut.section // 2 if cut.fitted else cut.section):
                    table.append(head)
                    size = cut.length(head) + 1 if cut.fitted else 0
        if row:
            current = block
        (table if row else text).append(piece)
        size += length
    if text or table:
        yield page, _content(text, table)


def _pieces(blocks: Sequence[DocumentBlock], cut: Cut) -> Iterator[tuple[DocumentBlock, Any]]:
    """What cannot be cut: a paragraph (or a part of a long one) or a row of a table."""
    for block in blocks:
        if block["kind"] == "table":
            for row in block["rows"]:
                yield from ((block, piece) for piece in _row_pieces([cell["text"] for cell in row], cut))
        else:
            sentences = (
                chunking.split([chunking.TextPart((block["text"],))], cut.section) if cut.fitted else [block["text"]]
            )
            for part in (part for text in sentences for part in split_text(text, cut.section)):
                yield block, part


def _row_pieces(row: list[str], cut: Cut) -> Iterator[list[str]]:
    """A row as it is, or, where its cells hold whole texts (old and new rules side by side), as several."""
    if cut.length(row) <= cut.section:
        yield row
    else:
        share = max(cut.section // len(row), min(80, cut.section // 4))
        for piece in zip_longest(*(split_text(cell, share) for cell in row), fillvalue=""):
            yield list(piece)


def _content(text: list[str], table: list[list[str]]) -> dict[str, Any]:
    return {"내용": text, **({"표": table} if table else {})}


def _record(document: Document, page: int, form: Form, prompt: str, answer: str, part: int | None) -> Record:
    origin = {"file": document["file"], "page": page, **({"part": part} if part else {})}
    sha256 = document["sha256"]
    return qa(prompt, answer, group=sha256, origin=origin, form=form, measure="none", documents=(sha256,))


def _topic(document: Document, page: int) -> str:
    """The first heading on a page, else the last one before it, but for the report's own title."""
    headings = [b for b in document["blocks"] if b["kind"] == "heading" and b["text"] != document["title"]]
    here = [b["text"] for b in headings if b["page"] == page]
    before = [b["text"] for b in headings if b["page"] < page]
    return _short((here[:1] or before[-1:] or [""])[0], TOPIC_CHARACTERS)


def _name(document: Document) -> str:
    return _short(document["title"], NAME_CHARACTERS)


def _short(text: str, limit: int) -> str:
    """A text on one line, cut with … after `limit` characters."""
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


MAKERS = {"prompt_answer": pages, "document": sections, "summary": summaries}
