"""One pass over all records: what is needed to find what was overtaken, a place a record and no text in memory.

A record is named by its number in the pass (`loc`); `Files.read` goes back to it.
"""

import json
import re
from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

import numpy as np

from lineage.core.errors import LineageError
from lineage.core.parted_rows import PartedRows, by_hash
from lineage.readers.text.dates import day
from lineage.records.record import FORMS, Record, placed_records, record_at
from lineage.supersession.comparable_text import Cited, article_of, article_text, asked, book_names, cited, key

PARTS = 256  # of a table on disk; one is in memory
BATCH = 1 << 12


class Files:
    """The files of a pass, in their order, and the records in them: 8 bytes a record."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self.paths = paths
        self._offsets = array("q")  # of each record, in bytes from the beginning of its file
        self._firsts: list[int] = []  # of each file, the number of its first record

    def records(self) -> Iterator[tuple[int, Record]]:
        """Every record with its number: the pass, made once. Raises LineageError for a line that is no record."""
        for path in self.paths:
            self._firsts.append(len(self._offsets))
            for offset, record in placed_records(path):
                self._offsets.append(offset)
                yield len(self._offsets) - 1, record

    def read(self, locs: Iterable[int]) -> Iterator[tuple[int, Record]]:
        """The records of some numbers, in the order of the pass."""
        for path, of_file in groupby(sorted(locs), self.path):
            with path.open("rb") as stream:
                for loc in of_file:
                    yield loc, record_at(stream, self._offsets[loc])

    def path(self, loc: int) -> Path:
        """The file that a record is in."""
        return self.paths[bisect_right(self._firsts, loc) - 1]

    def source(self, loc: int) -> str:
        """The source that a record belongs to: the folder of its file."""
        return self.path(loc).parent.name


class Columns:
    """A table of 64-bit numbers with a row a record, 8 bytes a cell."""

    def __init__(self, *names: str) -> None:
        self._columns = {name: array("q") for name in names}

    def add(self, **cells: int) -> None:
        """Append a row."""
        for name, column in self._columns.items():
            column.append(cells[name])

    def __len__(self) -> int:
        return len(next(iter(self._columns.values())))

    def row(self, at: int) -> dict[str, int]:
        """The cells of a row by name."""
        return {name: column[at] for name, column in self._columns.items()}


class GroupedRows:
    """A table of 64-bit numbers, of which the first is a key: rows come back by key, and most of them lie on disk."""

    def __init__(self, *names: str) -> None:
        self._names = names
        self._table = PartedRows(np.dtype([(name, "i8") for name in names]), PARTS)
        self._batch: list[tuple[int, ...]] = []

    def add(self, **cells: int) -> None:
        """Append a row."""
        self._batch.append(tuple(cells[name] for name in self._names))
        if len(self._batch) == BATCH:
            self._hand_on()

    def __iter__(self) -> Iterator[list[dict[str, int]]]:
        """The rows of each key, in the order they came; the keys in theirs."""
        self._hand_on()
        for part in self._table:
            rows = np.concatenate(list(part))
            rows = rows[np.argsort(rows[self._names[0]], kind="stable")]
            key = rows[self._names[0]]
            edges = [0, *(np.flatnonzero(key[1:] != key[:-1]) + 1).tolist(), len(rows)]
            for start, end in pairwise(edges):
                yield [dict(zip(self._names, row, strict=True)) for row in rows[start:end].tolist()]

    def _hand_on(self) -> None:
        rows = np.array(self._batch, self._table.dtype)
        spread = rows[self._names[0]].view(np.uint64) ^ np.uint64(1 << 63)  # in the order of the signed keys
        self._table.add(rows, by_hash(spread, PARTS))
        self._batch = []


@dataclass
class RulebookFile:
    """A file that articles came from: its number among them, its rulebook, and the last day of any of its articles."""

    number: int
    book: str
    day: int = 0


@dataclass
class Scanned:
    """What one pass noted."""

    articles: GroupedRows = field(
        default_factory=lambda: GroupedRows("article", "as_of", "edition", "file", "tail", "text", "form", "loc")
    )
    answers: GroupedRows = field(
        default_factory=lambda: GroupedRows("question", "day", "said", "definite", "choice", "loc")
    )
    citing: Columns = field(default_factory=lambda: Columns("book", "number", "day", "loc"))
    generated: Columns = field(default_factory=lambda: Columns("of", "loc"))
    books: dict[str, tuple[str, ...]] = field(default_factory=dict)  # a rulebook's name → the names it goes by
    with_tails: set[str] = field(default_factory=set)
    rulebook_files: dict[str, RulebookFile] = field(default_factory=dict)
    records: Counter[str] = field(default_factory=Counter)
    dated: Counter[str] = field(default_factory=Counter)


def seen_in(files: Files) -> Scanned:
    """Note every record of the files."""
    seen = Scanned()
    for loc, record in files.records():
        _note(seen, loc, record)
    return seen


def number_of(as_of: str) -> int:
    """20240101 for "2024-01-01", 0 for "". Raises LineageError for anything else."""
    if as_of and day(as_of) != as_of:
        raise LineageError(f"as_of: {as_of!r} is no day such as 2024-01-01; correct the reader that wrote it")
    return int(as_of.replace("-", "") or 0)


def _note(seen: Scanned, loc: int, record: Record) -> None:
    seen.records[record.source] += 1
    seen.dated[record.source] += bool(record.as_of)
    as_of = number_of(record.as_of)
    if made_from := record.origin.get("from"):
        seen.generated.add(of=key(str(made_from)), loc=loc)
    elif article := article_of(record):
        _note_article(seen, loc, record, article, as_of)
        return
    elif "article" in record.origin:
        return  # an addendum: its text is no answer that another one could contradict
    written = as_of or number_of(day(record.origin.get("edition")))
    if written and (rule := cited(str(record.origin.get("rule", "")))):
        seen.citing.add(book=key(rule.books[0]), number=key(rule.article), day=written, loc=loc)
    if record.form in ("prompt_answer", "record") and record.measure != "none":
        said = asked(record)
        seen.answers.add(
            question=key(said.question),
            day=written,
            said=key(said.answer),
            definite=record.measure in ("choice", "number"),
            choice=record.measure == "choice",
            loc=loc,
        )


def _note_article(seen: Scanned, loc: int, record: Record, article: Cited, as_of: int) -> None:
    text, tail = article_text(record)
    book = article.books[0]
    seen.books[book] = article.books
    if tail:
        seen.with_tails.add(book)
    edition = number_of(day(record.origin.get("edition")))
    name = f"{record.source}/{record.origin.get('file', '')}"
    file = seen.rulebook_files.setdefault(name, RulebookFile(len(seen.rulebook_files), book))
    file.day = max(file.day, as_of, edition)
    seen.articles.add(
        article=article_key(book, article.article),
        as_of=as_of,
        edition=edition,
        file=file.number,
        tail=number_of(tail),
        text=key(text),
        form=FORMS.index(record.form),
        loc=loc,
    )


def article_key(book: str, article: str) -> int:
    """The key of an article, from the keys of its book and its number: a question may give the book another name."""
    return joined(key(book), key(article))


def joined(book: int, number: int) -> int:
    """The key of an article from those of its book and its number."""
    return key(str(book), str(number))


def deleted_in(rejected: Sequence[Path], seen: Scanned) -> Iterator[tuple[int, int, str]]:
    """(article key, day, place) of every article that an edition lists as deleted, from the ingest's lists.

    The place says its book and day, or those of its file's other articles are taken.
    """
    for path in rejected:
        source = path.parent.name
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                try:
                    row: dict[str, Any] = json.loads(line)
                    origin, reason = row["origin"], row["reason"]
                except (ValueError, KeyError, TypeError) as error:
                    raise LineageError(f"{path}:{number}: not a rejected row ({error}); run `dvc repro`") from error
                if reason != "a deleted article" or "article" not in origin:
                    continue
                file = seen.rulebook_files.get(f"{source}/{origin.get('file', '')}") or RulebookFile(0, "")
                named = book_names(str(origin.get("book", "")))
                when = number_of(day(origin.get("edition")) or day(origin.get("as_of"))) or file.day
                place = f"{source}: {origin.get('file', '')} {origin['article']} 삭제"
                for article in _each(str(origin["article"])):
                    if when and (of := cited(f"{named[0] if named else file.book} {article}")):
                        yield article_key(of.books[0], of.article), when, place


def _each(articles: str) -> list[str]:
    """제3조, 제4조, 제5조 for 제3조~제5조; any other name alone."""
    found = re.fullmatch(r"(.*)제(\d+)조~제(\d+)조", articles)
    first, last = (int(found[2]), int(found[3])) if found else (0, 0)
    return [f"{found[1]}제{n}조" for n in range(first, min(last, first + 999) + 1)] if found else [articles]
