"""Which rows a version takes of its sources, and why it leaves the others: the same answer for a mix and for its heirs.

Whether a row is taken follows from a hash of seed, turn and record id, from its documents, and from the rows of the
same version's sources that say the same. So a row's fate does not depend on its neighbours, a source that a version
does not name changes nothing of it, and an ancestor's choice can be made again without reading its mix.

The turn is how often the line before a version has drawn from the same source and form. So a version that draws again
what an ancestor drew sees other rows, versions with the same mix see the same, and what a version is called decides
nothing.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from lineage.config.schema import Curriculum
from lineage.config.version import MixEntry
from lineage.mixture.exclusions import Findings, Successor, dated
from lineage.mixture.ranked_rows import RankedRows
from lineage.mixture.repetitions import Repetitions, Taken
from lineage.mixture.source_rows import ingested_file, records_file
from lineage.records.record import Record, placed_records

BATCH = 256

Row = tuple[int, Record]  # the line's place in its file, in bytes, and the record


@dataclass(frozen=True, slots=True)
class TakenRow:
    """A row that a version takes, `copies` times. `at` is its place in the source's records.jsonl, in bytes."""

    at: int
    record: Record
    copies: int


@dataclass(frozen=True)
class Account:
    """What became of the rows: counts by fate and source, and each row left out, told to `listed`.

    fields: available rows by source and field, of sources that the mix takes by field.

    Fates: `available`, or left out as `excluded`, `superseded`, `contaminated`. `duplicates` were available.
    """

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    fields: Counter[tuple[str, str]] = field(default_factory=Counter)
    listed: Callable[[tuple[str, str, str]], object] = lambda _: None

    def left_out(self, record: Record, reason: str, cause: str) -> None:
        """Count a row and list it with its cause: the row or document that it stood back for."""
        self.counts[reason, record.source] += 1
        self.listed((reason, record.id, cause))

    def of(self, fate: str) -> dict[str, int]:
        """Rows by source."""
        return {source: n for (what, source), n in sorted(self.counts.items()) if what == fate}


@dataclass(frozen=True)
class Chooser:
    """What one version takes. Made by `chooser`."""

    c: Curriculum
    version: str
    findings: Findings
    barred: frozenset[str]
    met: frozenset[str]  # the sources that the version or an ancestor names

    @property
    def sources(self) -> dict[str, MixEntry]:
        """The mix without its withdrawn sources."""
        mix = self.c.versions[self.version].mix
        return {name: entry for name, entry in mix.items() if self.c.sources[name].withdrawn != "all"}

    def memory(self) -> Taken:
        """An empty memory of what was taken, which knows as much of repetitions as this version wants to."""
        none = self.c.versions[self.version].deduplicate == "none"
        return Taken(Repetitions() if none else self.findings.repetitions, self.findings.rows)

    def own(self, source: str, taken: Taken, line: Taken | None, account: Account) -> Iterator[TakenRow]:
        """The rows of one source of the mix that repeat nothing that was taken before.

        A weight of 2.5 takes half of the rows a third time; a count takes that many, by rank of their hash. A row of
        a field that the mix names has that field's weight.

        Args:
            source: one of `sources`.
            taken: what the version took so far; the rows given are added to it.
            line: what its ancestors trained on, which counts under `deduplicate: ancestry`; None: nothing.
            account: counts and lists the rows that are left out.
        """
        entry = self.sources[source]
        turn = self.c.versions[self.version].drawn_as or self._turn(source)
        file = records_file(source)
        rows = self._wanted((row for row in placed_records(file) if row[1].form == entry.form), account)
        drawn = self._by_rank(source, turn, rows) if entry.count else self._by_weight(entry, turn, rows)
        room = entry.count or -1
        for choice in drawn:
            if cause := self._repeated(choice, taken, line):
                account.left_out(choice.record, "duplicates", cause)
                continue
            taken.add(choice.record, choice.at)
            yield choice
            if (room := room - 1) == 0:
                return

    def reason_against(self, record: Record) -> tuple[str, str]:
        """Why this version does not want a row, and the cause; two empty strings if it does."""
        if documents := self.barred.intersection(record.documents):
            return "excluded", min(documents)
        if successor := self._successor(record, "drop"):
            return "superseded", successor.by
        return "", ""

    def heldout_twins(self, records: list[Record]) -> list[str]:
        """The held-out row that each repeats, where the version wants none of those; otherwise empty strings."""
        if not self.c.versions[self.version].decontaminate:
            return [""] * len(records)
        return self.findings.held_out(records)

    def as_trained(self, record: Record) -> Record:
        """The row as it goes into the mix: with its day before the question, where it is superseded and so wanted."""
        successor = self._successor(record, "date")
        return dated(record, successor) if successor else record

    def _successor(self, record: Record, treatment: str) -> Successor | None:
        """What overtook a row, where this version treats such rows so."""
        wanted = self.c.versions[self.version].superseded == treatment
        return self.findings.successor(record, self.met) if wanted else None

    def _wanted(self, rows: Iterator[Row], account: Account) -> Iterator[Row]:
        while batch := list(islice(rows, BATCH)):
            twins = self.heldout_twins([record for _, record in batch])
            for (at, record), twin in zip(batch, twins, strict=True):
                reason, cause = self.reason_against(record)
                if reason or twin:
                    account.left_out(record, reason or "contaminated", cause or twin)
                else:
                    account.counts["available", record.source] += 1
                    if self.sources[record.source].fields:
                        account.fields[record.source, record.field] += 1
                    yield at, record

    def _turn(self, source: str) -> int:
        """How many ancestors have drawn from a source and form; one that takes every row equally often draws none."""
        form = self.sources[source].form
        entries = [self.c.versions[v].mix.get(source) for v in self.c.ancestors(self.version)]
        return sum(e.form == form and e.draws for e in entries if e)

    def _by_weight(self, entry: MixEntry, turn: int | str, rows: Iterator[Row]) -> Iterator[TakenRow]:
        for at, record in rows:
            whole, part = divmod(entry.weight_of(record.field), 1)
            if copies := int(whole) + (chance(self.c.seed, turn, record.id) < part):
                yield TakenRow(at, record, copies)

    def _by_rank(self, source: str, turn: int | str, rows: Iterator[Row]) -> Iterator[TakenRow]:
        """All rows, best rank first; their places alone are kept, most of them on disk."""
        ranked = RankedRows()
        for at, record in rows:
            ranked.add(chance(self.c.seed, turn, record.id), at)
        for place, _, _ in ranked:
            yield TakenRow(place, self.findings.rows.at(source, place), 1)

    def _repeated(self, choice: TakenRow, taken: Taken, line: Taken | None) -> str:
        spec, record = self.c.versions[self.version], choice.record
        if spec.deduplicate == "none" or self.c.sources[record.source].near_duplicates == "keep":
            return ""
        in_line = line.repeated(record, choice.at) if line and spec.deduplicate == "ancestry" else ""
        return taken.repeated(record, choice.at) or in_line


def chooser(c: Curriculum, version: str, findings: Findings) -> Chooser:
    """What a version takes; findings are read when they are first needed."""
    met = frozenset(source for v in (version, *c.ancestors(version)) for source in c.versions[v].mix)
    barred = excluded_documents(c.versions[version].exclude)
    return Chooser(c, version, findings, frozenset(barred), met)


def excluded_documents(sources: tuple[str, ...]) -> set[str]:
    """SHA-256 of every document behind the excluded sources, held-out ones included: their text may stand elsewhere."""
    files = [ingested_file(source, "documents.txt") for source in sources]
    return {line for file in files for line in file.read_text(encoding="utf-8").split()}


def chance(*parts: object) -> float:
    """A number in [0, 1) that is a function of `parts` alone."""
    digest = hashlib.blake2b("\0".join(map(str, parts)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64
