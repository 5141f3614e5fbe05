"""The converters that are compared, each a function from a PDF to its blocks and tables."""

import contextlib
import importlib.metadata
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.fidelity.converted import Converted, plain_grid, spanned_grid
from benchmarks.fidelity.markdown import from_markdown

LIMITS = (64, 500, 60)


class Converter(NamedTuple):
    """A name, the packages without which it cannot run, and how it reads a file."""

    name: str
    needs: tuple[str, ...]
    read: Callable[[Path], Converted]


def read_ours(path: Path) -> Converted:
    """This project's, with what it checks before it opens a file."""
    from lineage.pdf.admission import Limits, Refused, check_bytes
    from lineage.pdf.reading import read_document

    limits = Limits(*LIMITS)
    try:
        with path.open("rb") as file:
            check_bytes(file.read(1024), path.stat().st_size, limits)
        document: Any = read_document(path, "0" * 64, limits, lambda _: None)
    except Refused as refused:
        return Converted(refusal=f"{refused.reason}: {refused.detail}".removesuffix(": "))
    tables = [block["rows"] for block in document["blocks"] if block["kind"] == "table"]
    blocks: list[str] = []
    for block in document["blocks"]:
        blocks += [c["text"] for row in block["rows"] for c in row] if block["kind"] == "table" else [block["text"]]
    return Converted(tuple(filter(None, blocks)), tuple(map(spanned_grid, tables)))


def read_pymupdf4llm(path: Path) -> Converted:
    """Markdown, by the layout model where that is installed."""
    with contextlib.suppress(ImportError):
        pass
    import pymupdf4llm

    return from_markdown(pymupdf4llm.to_markdown(str(path)))


def read_pdfplumber(path: Path) -> Converted:
    """`extract_text` and `extract_tables`, page by page."""
    import pdfplumber

    with pdfplumber.open(path) as pdf:
        texts = [page.extract_text() or "" for page in pdf.pages]
        tables = [plain_grid(table) for page in pdf.pages for table in page.extract_tables()]
    return Converted(tuple(texts), tuple(tables))


def read_pymupdf(path: Path) -> Converted:
    """`get_text` and `find_tables`, page by page; the latter asks the layout model too, where that is installed."""
    import pymupdf

    with pymupdf.open(path) as doc:
        texts = [page.get_text("text") for page in doc]
        tables = [plain_grid(table.extract()) for page in doc for table in page.find_tables().tables]
    return Converted(tuple(texts), tuple(tables))


CONVERTERS = (
    Converter("krx-lineage", ("pymupdf",), read_ours),
    Converter("pymupdf4llm", ("pymupdf4llm",), read_pymupdf4llm),
    Converter("pdfplumber", ("pdfplumber",), read_pdfplumber),
    Converter("pymupdf", ("pymupdf",), read_pymupdf),
)


def versions() -> dict[str, str]:
    """The version of each converter; one that is missing says how to get it."""
    found = {}
    for converter in CONVERTERS:
        try:
            found[converter.name] = importlib.metadata.version(converter.needs[0])
        except importlib.metadata.PackageNotFoundError:
            found[converter.name] = "not installed: pip install '.[bench]'"
    try:
        layout = f", layout model {importlib.metadata.version('pymupdf-layout')}"
    except importlib.metadata.PackageNotFoundError:
        layout = ", WITHOUT its layout model: pip install pymupdf-layout"
    for name in ("pymupdf4llm", "pymupdf"):
        found[name] += "" if found[name].startswith("not") else layout
    return found | {"krx-lineage": "this checkout"}
