"""What the ancestors of a version were trained on, as a pool of rows that the version may repeat.

Which of them it repeats follows from a hash of seed, number of ancestors and record id: each version of a line draws
anew, siblings draw alike, and what a version is called decides nothing.
"""

from collections.abc import Iterator

from lineage.core.errors import LineageError
from lineage.mixture.ranked_rows import RankedRows
from lineage.mixture.repetitions import Repetitions, Taken
from lineage.mixture.selection import Account, Chooser, TakenRow, chance, chooser
from lineage.records.record import Record


class Pool:
    """What the ancestors of a version were trained on, to be drawn from; most of it on disk."""

    def __init__(self, mine: Chooser) -> None:
        self.mine = mine
        self.ancestors = mine.c.ancestors(mine.version)
        self.turn = mine.c.versions[mine.version].drawn_as or len(self.ancestors)
        self.names = list(mine.c.sources)
        self.rows = RankedRows()

    def add(self, ancestor: str, choice: TakenRow) -> None:
        """A row that an ancestor was trained on."""
        rank = chance(self.mine.c.seed, "replay", self.turn, choice.record.id)
        source = self.names.index(choice.record.source)
        self.rows.add(rank, choice.at, self.ancestors.index(ancestor), source)

    def drawn(self, wanted: int, taken: Taken) -> Iterator[tuple[str, Record]]:
        """`wanted` rows at most with their nearest ancestor, none twice and none that repeats what is `taken`."""
        if not wanted:
            return
        for place, depth, source in self.rows:
            record = self.mine.findings.rows.at(self.names[source], place)
            against, _ = self.mine.reason_against(record)
            if against or taken.repeated(record, place) or self.mine.heldout_twins([record])[0]:
                continue
            taken.add(record, place)
            yield self.ancestors[depth], record
            if (wanted := wanted - 1) == 0:
                return


def ancestors_rows(mine: Chooser) -> tuple[Taken, Pool]:
    """What the line before a version was trained on: as a memory for `deduplicate: ancestry`, and as a pool for replay.

    Raises:
        LineageError: if an ancestor was trained on text made from an excluded document, whatever its source is called,
            and the version's `exclude_scope` is `ancestry`.
    """
    c, spec, pool = mine.c, mine.c.versions[mine.version], Pool(mine)
    line = [mine.version, *c.ancestors(mine.version)]
    remembers = any(c.versions[v].deduplicate == "ancestry" for v in line)
    memory = Taken(mine.findings.repetitions if remembers else Repetitions(), mine.findings.rows)
    if not (spec.replay or spec.deduplicate == "ancestry" or spec.exclude_scope == "ancestry"):
        return memory, pool
    for ancestor in reversed(line[1:]):
        theirs = chooser(c, ancestor, mine.findings)
        taken = theirs.memory()
        for source in theirs.sources:
            for choice in theirs.own(source, taken, memory, Account()):
                if spec.exclude_scope == "ancestry" and mine.barred.intersection(choice.record.documents):
                    raise LineageError(_seen_by(mine.version, ancestor, choice.record))
                if remembers:
                    memory.add(choice.record, choice.at)
                if spec.replay and source not in spec.exclude:
                    pool.add(ancestor, choice)
    return memory, pool


def _seen_by(version: str, ancestor: str, record: Record) -> str:
    return (
        f"versions.{version}.exclude with exclude_scope: ancestry, but {ancestor} is trained on {record.id} "
        f"({record.origin.get('file')}), made from an excluded document; continue a version that is not, or use "
        f"exclude_scope: mix"
    )
