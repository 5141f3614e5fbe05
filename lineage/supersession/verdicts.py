"""From what one pass noted to what was overtaken, and to what nobody can decide without asking its author.

A row may be overtaken by rows of several sources, and each is told: a version that knows only some of them asks what
those say. So a source that is new changes nothing for the versions that do not name it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any

from lineage.supersession import contradictions, editions
from lineage.supersession.comparable_text import asked, key
from lineage.supersession.contradictions import Answer
from lineage.supersession.editions import Deletion, Edition, Overtaken
from lineage.supersession.scan import Files, Scanned, deleted_in, joined


@dataclass(frozen=True, slots=True)
class Conflict:
    """Records that contradict each other and that no day puts in order. kind: article, question."""

    kind: str
    locs: tuple[int, ...]


@dataclass
class Verdicts:
    """What was found, by the place of the record and the source that overtook it. What is amended is not contradicted.

    several_answers: questions with several free answers of one day, which may all be right.
    unknown_rules: dated questions about a rulebook that is not there, or whose name two of them share.
    """

    files: Files
    amended: dict[tuple[int, str], Overtaken] = field(default_factory=dict)
    contradicted: dict[tuple[int, str], Overtaken] = field(default_factory=dict)
    conflicts: list[Conflict] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, reason: str, found: Iterable[Overtaken]) -> None:
        """Note what was overtaken by an amendment or a newer answer."""
        for overtaken in found:
            by = overtaken.by
            source = self.files.source(by) if isinstance(by, int) else by.partition(":")[0]
            (self.amended if reason == "amended" else self.contradicted).setdefault((overtaken.loc, source), overtaken)

    def all(self) -> Iterator[tuple[str, Overtaken]]:
        """Every record that was overtaken, with the reason."""
        amended = {loc for loc, _ in self.amended}
        yield from (("amended", overtaken) for overtaken in self.amended.values())
        yield from (("contradicted", one) for (loc, _), one in self.contradicted.items() if loc not in amended)

    def universes(self, rows: Sequence[Any]) -> Iterator[list[Any]]:
        """The rows of each source alone, then of each two: what a version may know of a question or an article."""
        by_source: dict[str, list[Any]] = defaultdict(list)
        for row in rows:
            by_source[self.files.source(row.loc)].append(row)
        yield from by_source.values()
        for one, other in combinations(sorted(by_source), 2):
            yield sorted((*by_source[one], *by_source[other]), key=lambda row: row.loc)


def judge(files: Files, seen: Scanned, rejected: Sequence[Path]) -> Verdicts:
    """Everything that was overtaken among the records that the pass saw.

    rejected: the ingest's lists, which name the articles that an edition deletes.
    """
    verdicts = Verdicts(files)
    _articles(verdicts, files, seen, rejected)
    _answers(verdicts, files, seen)
    _generated(verdicts, files, seen)
    return verdicts


def _articles(verdicts: Verdicts, files: Files, seen: Scanned, rejected: Sequence[Path]) -> None:
    """Articles, then the questions about them."""
    deletions: dict[int, Deletion] = {}
    for article, day, place in deleted_in(rejected, seen):
        if article not in deletions or day < deletions[article].day:  # later editions say it again
            deletions[article] = Deletion(day, place)
    about, books = _citations(verdicts, seen)
    gone = set(about) & set(deletions)
    file_days = {file.number: file.day for file in seen.rulebook_files.values()}
    for rows in seen.articles:
        article = rows[0]["article"]
        cells = [row | {"file_day": file_days[row["file"]]} for row in rows]
        versions = [Edition(**{name: row[name] for name in Edition.__slots__}) for row in cells]
        deletion = deletions.get(article)
        found: list[Overtaken] = []
        for known in verdicts.universes(versions):
            found += editions.amended(known, deletion)
            if deletion and deletion.place.partition(":")[0] not in {files.source(v.loc) for v in known}:
                found += editions.amended(known, None)  # to a version that does not know the source that deletes it
        verdicts.add("amended", found)
        if differing := editions.conflicting(versions, {overtaken.loc for overtaken in found}):
            verdicts.conflicts.append(Conflict("article", tuple(version.loc for version in differing)))
        for day, loc in about.get(article, ()):
            if by := editions.overtakes(versions, deletion, day, books[article] in seen.with_tails):
                verdicts.add("amended", [Overtaken(loc, *by)])
        gone.discard(article)
    for article in sorted(gone):  # no edition with its text is here, only one that deletes it
        for day, loc in about[article]:
            if by := editions.overtakes((), deletions[article], day, False):
                verdicts.add("amended", [Overtaken(loc, *by)])


def _citations(verdicts: Verdicts, seen: Scanned) -> tuple[dict[int, list[tuple[int, int]]], dict[int, str]]:
    """The days and places of the questions about an article, by its key; and the article's rulebook."""
    meant: dict[str, set[str]] = defaultdict(set)
    for book, names in seen.books.items():
        for name in names:
            meant[name].add(book)
    books = {key(n): n if n in of else min(of) for n, of in meant.items() if n in of or len(of) == 1}
    about: dict[int, list[tuple[int, int]]] = defaultdict(list)
    book_of = {}
    for row in map(seen.citing.row, range(len(seen.citing))):
        if (named := books.get(row["book"])) is None:
            verdicts.counts["unknown_rules"] += 1
            continue
        article = joined(key(named), row["number"])
        about[article].append((row["day"], row["loc"]))
        book_of[article] = named
    return about, book_of


def _answers(verdicts: Verdicts, files: Files, seen: Scanned) -> None:
    for rows in seen.answers:
        if len({row["said"] for row in rows}) < 2:
            continue
        if len({row["day"] for row in rows}) < 2 and not any(row["definite"] for row in rows):
            verdicts.counts["several_answers"] += 1
            continue
        wrong = {loc: asked(r).wrong for loc, r in files.read(row["loc"] for row in rows if row["choice"])}
        given = [
            Answer(
                row["day"],
                row["said"],
                tuple(map(key, wrong.get(row["loc"], ()))),
                bool(row["definite"]),
                row["loc"],
            )
            for row in rows
        ]
        found = [one for known in verdicts.universes(given) for one in contradictions.contradicted(known)]
        verdicts.add("contradicted", found)
        if differing := contradictions.conflicting(given, {overtaken.loc for overtaken in found}):
            verdicts.conflicts.append(Conflict("question", tuple(answer.loc for answer in differing)))


def _generated(verdicts: Verdicts, files: Files, seen: Scanned) -> None:
    """What was made from an overtaken record is overtaken with it."""
    if not len(seen.generated):
        return
    found: dict[int, list[tuple[str, Overtaken]]] = defaultdict(list)
    for reason, overtaken in verdicts.all():
        found[overtaken.loc].append((reason, overtaken))
    references = {key(record.id): found[loc] for loc, record in files.read(found)}
    for row in map(seen.generated.row, range(len(seen.generated))):
        for reason, of in references.get(row["of"], ()):
            verdicts.add(reason, [Overtaken(row["loc"], of.by, of.until)])
