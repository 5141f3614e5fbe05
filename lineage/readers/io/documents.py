"""A document cut into sections.

for section in sections(load_document(path)):
    …   # Section("2. 실적 / 가. 매출", 3, ({"kind": "paragraph", "page": 3, "text": "…"}, …))
"""

from dataclasses import dataclass, replace

from lineage.artifacts.document import Document, DocumentBlock


@dataclass(frozen=True)
class Section:
    """A heading and the blocks under it, up to the next heading."""

    title: str
    page: int
    blocks: tuple[DocumentBlock, ...]


def sections(document: Document) -> list[Section]:
    """The document cut at its headings; a heading without text goes to the next: "2. 실적 / 가. 매출"."""
    found: list[Section] = []
    titles: list[str] = []
    blocks: list[DocumentBlock] = []

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
