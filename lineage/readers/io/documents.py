"""What `convert` made of a source's PDFs: its documents, what it quarantined, and a document cut into sections.

for path in document_files(folder):
    for section in sections(load(path)):
        …   # Section("2. 실적 / 가. 매출", 3, ({"kind": "paragraph", "page": 3, "text": "…"}, …))
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lineage.core.errors import LineageError
from lineage.records.record import Rejected

NEEDED = ("file", "sha256", "title", "blocks", "page_text")


@dataclass(frozen=True)
class Section:
    """A heading and the blocks under it, up to the next heading."""

    title: str
    page: int
    blocks: tuple[dict[str, Any], ...]


def document_files(folder: Path) -> list[Path]:
    """The documents of a folder in name order."""
    return sorted(path for path in folder.glob("*.json") if path.name != "convert.json")


def load(path: Path) -> dict[str, Any]:
    """One document, with the keys of lineage/pdf/document.schema.json.

    Raises: LineageError for a file that is none, or of another schema.
    """
    try:
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if document["schema"] != 1:
            raise LineageError(f"{path}: schema {document['schema']} is not 1; {again(path)}")
        if missing := [name for name in NEEDED if name not in document]:
            raise LineageError(f"{path}: not a converted document (no {', '.join(missing)}); {again(path)}")
        return document
    except (ValueError, KeyError, TypeError) as error:
        raise LineageError(f"{path}: not a converted document ({error!r}); {again(path)}") from error


def quarantined(folder: Path) -> Iterator[Rejected]:
    """What convert put into quarantine, each file with its reason. Raises: LineageError for a damaged list."""
    path = folder / "quarantine.jsonl"
    if not path.is_file():
        return
    with path.open("rb") as lines:  # bytes end their lines at \n alone; a file's name may hold other line ends
        for number, line in enumerate(lines, 1):
            try:
                row = json.loads(line)
                yield Rejected({"file": row["file"]}, f"quarantined: {row['reason']}", row["remedy"])
            except (ValueError, KeyError, TypeError) as error:
                raise LineageError(f"{path}:{number}: not a quarantined file ({error!r}); {again(path)}") from error


def again(path: Path) -> str:
    """What to do about a damaged file of this folder."""
    return f"run `dvc repro convert@{path.parent.name}` to convert the PDFs again"


def sections(document: dict[str, Any]) -> list[Section]:
    """The document cut at its headings; a heading without text goes to the next: "2. 실적 / 가. 매출"."""
    found: list[Section] = []
    titles: list[str] = []
    blocks: list[dict[str, Any]] = []

    def close() -> None:
        if blocks:
            title = " / ".join(dict.fromkeys(titles[-2:])) or document["title"]
            found.append(Section(title, blocks[0]["page"], tuple(blocks)))

    for block in document["blocks"]:
        if block["kind"] == "heading":
            if blocks:
                close()
                titles, blocks = [], []
            titles.append(block["text"])
        else:
            blocks.append(block)
    close()
    return _told_apart(found)


def _told_apart(found: list[Section]) -> list[Section]:
    """Sections of one name get a number: two prompts must not be the same."""
    seen: dict[str, int] = {}
    apart = []
    for section in found:
        seen[section.title] = count = seen.get(section.title, 0) + 1
        apart.append(replace(section, title=f"{section.title} {count}") if count > 1 else section)
    return apart
