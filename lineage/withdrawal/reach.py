"""What a source or a document has reached: files, records, mixes, adapters. Reads the workspace, changes nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lineage.artifacts.conversion import read_quarantine
from lineage.artifacts.document import load_document
from lineage.artifacts.manifest import find_manifest
from lineage.config.schema import BASE, Curriculum
from lineage.core import paths
from lineage.withdrawal.markers import Noted, Subject, ids_in, lines_with, pattern
from lineage.withdrawal.withdrawn_exports import exports_of

HEAD = 1024  # bytes of a document that hold its file's name and SHA-256


@dataclass(frozen=True, slots=True)
class Reach:
    """Everything that would go or be built anew.

    raw: the user's own files, which are deleted; the sample world's are made by code and stay.
    documents: converted documents. records: source → ids, held-out ones included. mixes: version → rows.
    adapters: version → why: it was trained on the subject, or continues one that was. exports: exports and bundles
    that hold it, which are removed.
    """

    subject: Subject
    raw: tuple[Path, ...]
    documents: tuple[Path, ...]
    records: dict[str, tuple[str, ...]]
    mixes: dict[str, int]
    adapters: dict[str, str]
    exports: tuple[Path, ...] = ()


def reach_of(c: Curriculum, what: Subject) -> Reach:
    """Find everything that the subject reached in this workspace, by reading it."""
    marks = pattern(what)
    documents = tuple(_documents(c, what))
    mixes = {
        version: rows
        for version in c.in_order()
        if (rows := sum(1 for file in _jsonl(paths.MIXES, version) for _ in lines_with(file, marks)))
    }
    adapters: dict[str, str] = {}
    for version in c.in_order():
        parent = c.versions[version].parent
        if version in mixes:
            adapters[version] = f"trained on {mixes[version]:,} of its rows"
        elif parent != BASE and parent in adapters:
            adapters[version] = f"continues {parent}"
    records = _records(c, what)
    known = Noted(ids=frozenset(one for ids in records.values() for one in ids))
    weights = [manifest.adapter for version in adapters if (manifest := find_manifest(version))]
    exports = exports_of(what, known, weights)
    return Reach(what, tuple(_raw(c, what, documents)), documents, records, mixes, adapters, exports)


def _jsonl(room: Path, name: str) -> list[Path]:
    return sorted((room / name).glob("*.jsonl"))


def _records(c: Curriculum, what: Subject) -> dict[str, tuple[str, ...]]:
    marks, found = pattern(what), {}
    for source in what.sources or c.sources:
        files = [*_jsonl(paths.RECORDS, source), *_jsonl(paths.HELDOUT, source)]
        if ids := tuple(dict.fromkeys(i for file in files for i in ids_in(file, marks))):
            found[source] = ids
    return found


def _documents(c: Curriculum, what: Subject) -> Iterator[Path]:
    """The converted documents: all of a source's, or those made from the one file."""
    for source in what.sources or c.papers:
        for file in sorted((paths.DOCUMENTS / c.data / source).glob("*.json")):
            if not what.is_document or what.name.encode() in file.open("rb").read(HEAD):
                yield file


def _raw(c: Curriculum, what: Subject, documents: tuple[Path, ...]) -> Iterator[Path]:
    if c.data != "own":
        return
    for source in what.sources:
        yield from sorted(p for p in c.raw_folder(source).rglob("*") if p.is_file())
    if what.is_document:
        for document in documents:
            yield c.raw_folder(document.parent.name) / load_document(document)["file"]
        for source in c.papers:  # copies of it under other names lie in quarantine as duplicates
            for row in read_quarantine(paths.quarantine(c.data, source).parent):
                if row.sha256 == what.name:
                    yield c.raw_folder(source) / row.file
