"""One pass over all records: what is needed to find what was overtaken, some numbers a record and no text.

A record is named by its number in the pass (`loc`); `Files.read` goes back to it.
"""

import json
import re
from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

from lineage.core.errors import LineageError
from lineage.readers.text.dates import day
from lineage.records.record import FORMS, Record, placed_records, record_at
from lineage.supersession.comparable_text import Cited, article_of, article_text, asked, book_names, cited, key


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

    def by(self, name: str) -> Iterator[list[dict[str, int]]]:
        """The rows with the same cell in a column, those of a cell together and in the order they came."""
        import numpy as np

        column = np.frombuffer(self._columns[name], dtype=np.int64) if len(self) else np.zeros(0, dtype=np.int64)
        order = np.argsort(column, kind="stable")
        ends = np.flatnonzero(np.diff(column[order])) + 1
        start = 0
        for end in [*ends.tolist(), len(order)] if len(order) else []:
            yield [self.row(int(at)) for at in order[start:end]]
            start = end


@dataclass
class RulebookFile:
    """A file that articles came from: its number among them, its rulebook, and the last day of any of its articles."""

    number: int
    book: str
    day: int = 0


@dataclass
class Scanned:
    """What one pass noted."""

    articles: Columns = field(
        default_factory=lambda: Columns("article", "as_of", "edition", "file", "tail", "text", "form", "loc")
    )
    answers: Columns = field(default_factory=lambda: Columns("question", "day", "said", "definite", "choice", "loc"))
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
