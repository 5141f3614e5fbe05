"""How withdrawn text is recognised in a file: by its document's SHA-256, by its source's name, by its records' ids.

    {"documents": ["<sha256>"], "id": "company_reports.summary.5f0c…", "source": "company_reports", …}

Every row that the lineage writes carries these, so that one search over bytes finds what a document or a source left
behind, in a mix of gigabytes as well as in a cache of unnamed objects. What only counts a source (`ingest.json`, a
set's measures) names it too, but holds none of its rows: a row is known by its id.
"""

import json
import mmap
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lineage.config.schema import Curriculum
from lineage.core.errors import LineageError


@dataclass(frozen=True, slots=True)
class Subject:
    """What is withdrawn: a document (64 hex digits), or sources: one, and those generated from it."""

    name: str
    sources: tuple[str, ...] = ()

    @property
    def is_document(self) -> bool:
        """Whether it is one document and not a source."""
        return not self.sources


@dataclass(frozen=True, slots=True)
class Noted:
    """What is known of a subject before it is taken out, and kept for a withdrawal that is killed.

    objects: MD5 of its raw files, those of earlier commits too, and of documents made from them. ids: of its records.
    adapters: SHA-256 of those that were found to be trained on it, once somebody looked.
    """

    objects: frozenset[str] = frozenset()
    ids: frozenset[str] = frozenset()
    adapters: frozenset[str] = frozenset()


def subject(c: Curriculum, name: str) -> Subject:
    """The subject that a person named.

    Raises:
        LineageError: neither a source of the curriculum nor a SHA-256.
    """
    if name in c.sources:
        made = tuple(sorted(g for g, spec in c.generated.items() if spec.reference == name))
        return Subject(name, (name, *made))
    if re.fullmatch("[0-9a-f]{64}", name):
        return Subject(name)
    raise LineageError(
        f"{name!r} is neither a source ({', '.join(c.sources)}) nor a document's SHA-256, 64 hex digits as `sha256sum` "
        f"prints them for the PDF"
    )


def pattern(what: Subject, ids: Iterable[str] = (), hashes: Iterable[str] = ()) -> re.Pattern[bytes]:
    """Finds rows of the subject: its own marks, the ids of its records, the hashes of adapters trained on it."""
    words = [re.escape(word) for word in sorted({*ids, *hashes})]
    if what.is_document:
        words.append(what.name)
    else:
        names = "|".join(map(re.escape, what.sources))
        words.append(rf'"(?:id|from|by)": "(?:{names})\.')
    return re.compile("|".join(words).encode())


def found_in(path: Path, marks: re.Pattern[bytes]) -> bool:
    """Whether a file holds any of the marks; nothing of it is kept in memory."""
    with path.open("rb") as file:
        if not path.stat().st_size:
            return False
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return marks.search(content) is not None


def lines_with(path: Path, marks: re.Pattern[bytes]) -> Iterator[bytes]:
    """The lines of a file that hold any of the marks, each once."""
    if not path.is_file() or not path.stat().st_size:
        return
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        end = 0
        while hit := marks.search(content, end):
            start = content.rfind(b"\n", 0, hit.start()) + 1
            end = content.find(b"\n", hit.end())
            end = len(content) if end < 0 else end + 1
            yield content[start:end]


def ids_in(path: Path, marks: re.Pattern[bytes]) -> Iterator[str]:
    """The ids of the records in a file that hold any of the marks; lines that are no records are passed over."""
    for line in lines_with(path, marks):
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict) and "turns" in row and isinstance(row.get("id"), str):
            yield row["id"]
