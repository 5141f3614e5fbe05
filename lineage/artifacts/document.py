"""A report converted from a PDF, `data/documents/<data>/<source>/<name>.json`.

{"schema": 1, "file": "2023/상장.pdf", "sha256": "9f…", "title": "상장 안내", "dates": ["2023-12-31"], "pages": 3,
 "blocks": [{"kind": "heading", "page": 1, "bbox": [72.0, 60.1, 300.2, 80.4], "text": "1. 실적"},
            {"kind": "table", "page": 2, "bbox": […],
             "rows": [[{"text": "△ 1,234", "colspan": 1, "rowspan": 1, "minus": true}]]}],
 "page_text": ["…"], "furniture": ["- 1 -"], "warnings": [], "quality": 1.0}

The types are those of plain dictionaries: a page has hundreds of cells, and the converter writes them as they are. A
document is checked when it is read.
"""

from functools import cache
from pathlib import Path
from typing import Annotated, Literal, NotRequired

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, with_config
from typing_extensions import TypedDict  # pydantic's need below Python 3.12

from lineage.artifacts.conversion import again
from lineage.core import paths
from lineage.core.errors import LineageError

TextKind = Literal["heading", "paragraph", "list", "caption", "note"]
EXACT = ConfigDict(extra="forbid")
Page = Annotated[int, Field(ge=1)]
Box = Annotated[
    list[float],
    Field(
        min_length=4,
        max_length=4,
        description="left, top, right, bottom in points from the top left of the page as it is read",
    ),
]
Day = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", json_schema_extra={"format": "date"})]


@with_config(EXACT)
class TableCell(TypedDict):
    """A cell of a table."""

    text: str
    colspan: Annotated[int, Field(ge=1)]
    rowspan: Annotated[int, Field(ge=1)]
    minus: NotRequired[Annotated[Literal[True], Field(description="the figure is below zero, however it is written")]]


@with_config(EXACT)
class TextBlock(TypedDict):
    """A piece of text as the reader meets it."""

    kind: TextKind
    page: Page
    bbox: Box
    text: Annotated[str, Field(min_length=1)]


@with_config(EXACT)
class TableBlock(TypedDict):
    """A table, row by row."""

    kind: Literal["table"]
    page: Page
    bbox: Box
    rows: Annotated[list[list[TableCell]], Field(min_length=1)]
    pages: NotRequired[Annotated[list[int], Field(description="of a table that runs over several pages")]]


DocumentBlock = TextBlock | TableBlock


@with_config(ConfigDict(extra="forbid", json_schema_extra={"$id": "urn:krx-lineage:document:1"}))
class Document(TypedDict):
    """A report converted from a PDF. What a reader of version 1 would misread gets a new number in `schema`."""

    schema: Literal[1]
    file: Annotated[str, Field(min_length=1, description="the PDF's path under its source's folder, NFC")]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    title: Annotated[str, Field(min_length=1)]
    dates: Annotated[
        list[Day],
        Field(
            description="whole days that the text states, in order of first sight",
            json_schema_extra={"uniqueItems": True},
        ),
    ]
    pages: Page
    blocks: list[Annotated[DocumentBlock, Field(discriminator="kind")]]
    page_text: Annotated[list[str], Field(description="one text a page, headers and footers kept")]
    furniture: Annotated[list[str], Field(description="headers, footers and page numbers, not in blocks")]
    warnings: list[str]
    quality: Annotated[
        float,
        Field(
            ge=0,
            le=1,
            description="the share of characters that can be text, times how sure the pages are: what OCR says of "
            "those that it read, of others the share of lines in which no sign is a picture, 0 for a page left out; "
            "times the share of figures that do not stand in a cell with several rows or columns of them",
        ),
    ]


def document_files(folder: Path) -> list[Path]:
    """The documents of a folder in name order."""
    return sorted(path for path in folder.glob("*.json") if path.name != paths.conversion("", "").name)


def load_document(path: Path) -> Document:
    """One document.

    Raises:
        LineageError: the file is none, or of another schema; with the first field that is wrong, and the remedy.
    """
    try:
        return _checked().validate_json(path.read_bytes(), strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = "".join(f"{part}: " for part in [".".join(map(str, first["loc"]))] if part)
        raise LineageError(
            f"{path}: not a converted document ({field}{first['msg']}); {again(path.parent.name)}"
        ) from error


@cache
def _checked() -> TypeAdapter[Document]:
    return TypeAdapter(Document)
