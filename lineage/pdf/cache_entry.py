"""What became of one PDF, as it is kept in the cache: a line of facts, then the document's JSON but for its name.

    {"sha256": "9f…", "title": "상장 안내", "pages": 3, "tables": 1, "warnings": 0, "body": "c4…"}
     "dates": ["2023-12-31"],
     "pages": 3,
     …

The name is not in it, since the same bytes may come under another one. To hand a document out is to put the first
lines before the body: four thousand documents are copied without parsing one. `body` is the SHA-256 of what follows
the first line, so that half a file is not taken for a whole one. A refused file has a first line only:

    {"sha256": "9f…", "refused": ["encrypted", ""]}
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lineage.pdf.admission import Refused

if TYPE_CHECKING:  # a worker starts sooner without pydantic
    from lineage.artifacts.document import Document

NAMED = ("schema", "file", "sha256", "title")  # the keys before the body
ENCODER = json.JSONEncoder(ensure_ascii=False)
LISTS = ("blocks", "page_text")  # written an item a line: one changed block is one changed line


@dataclass(frozen=True)
class CachedDocument:
    """A converted file, or why it was refused; `body` is the document's JSON from `dates` on."""

    sha256: str
    schema: int = 0
    title: str = ""
    pages: int = 0
    tables: int = 0
    warnings: int = 0
    refused: tuple[str, str] | None = None
    body: bytes = b""


def keep(path: Path, document: "Document") -> None:
    """Write a document as an entry."""
    body = b"".join(line.encode() for line in _lines({k: v for k, v in document.items() if k not in NAMED}))
    facts = {
        "sha256": document["sha256"],
        "schema": document["schema"],
        "title": document["title"],
        "pages": document["pages"],
        "tables": sum(block["kind"] == "table" for block in document["blocks"]),
        "warnings": len(document["warnings"]),
        "body": hashlib.sha256(body).hexdigest(),
    }
    path.write_bytes(_json(facts).encode() + b"\n" + body)


def keep_refusal(path: Path, sha256: str, refused: Refused) -> None:
    """Write that a file was refused, so that it is not opened again."""
    path.write_bytes(_json({"sha256": sha256, "refused": [refused.reason, refused.detail]}).encode() + b"\n")


def kept(path: Path, sha256: str) -> CachedDocument | None:
    """The entry of the file with this hash, or None where there is none or it is not whole."""
    try:
        first, body = path.read_bytes().split(b"\n", 1)
        facts = json.loads(first)
        if facts.pop("sha256") != sha256:
            return None
        if "refused" in facts:
            reason, detail = facts["refused"]
            return CachedDocument(sha256, refused=(str(reason), str(detail)))
        whole = facts.pop("body") == hashlib.sha256(body).hexdigest()
        return CachedDocument(sha256, **facts, body=body) if whole else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def named(entry: CachedDocument, file: str) -> bytes:
    """The whole document of an entry under a file's name; without a title it has the name's."""
    facts = (entry.schema, file, entry.sha256, entry.title or Path(file).stem)
    head = "".join(f" {_json(key)}: {_json(value)},\n" for key, value in zip(NAMED, facts, strict=True))
    return b"{\n" + head.encode() + entry.body


def _lines(rest: dict[str, Any]) -> Iterator[str]:
    for number, (key, value) in enumerate(rest.items(), 1):
        end = "\n}\n" if number == len(rest) else ",\n"
        if key in LISTS and value:
            yield f" {_json(key)}: [\n  " + ",\n  ".join(map(_json, value)) + "\n ]" + end
        else:
            yield f" {_json(key)}: {_json(value)}{end}"


def _json(value: Any) -> str:
    return ENCODER.encode(value)
