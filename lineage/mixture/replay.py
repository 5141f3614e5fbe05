"""What the ancestors of a version were trained on, as a pool of rows that the version may repeat.

Which of them it repeats follows from a hash of seed, number of ancestors and record id: each version of a line draws
anew, siblings draw alike, and what a version is called decides nothing.
"""

from array import array
from collections.abc import Iterator
from contextlib import ExitStack

import numpy as np

from lineage.core.errors import LineageError
from lineage.mixture.exclusions import Repetitions, Taken
from lineage.mixture.selection import Account, Chooser, TakenRow, chance, chooser, records_file
from lineage.records.record import Record, record_at


class Pool:
    """What the ancestors of a version were trained on, to be drawn from: 20 bytes a row."""

    def __init__(self, mine: Chooser) -> None:
        self.mine = mine
        self.ancestors = mine.c.ancestors(mine.version)
        self.turn = mine.c.versions[mine.version].drawn_as or len(self.ancestors)
        self.names = list(mine.c.sources)
        self.ranks, self.places = array("d"), array("q")
        self.depths, self.sources = array("H"), array("H")

    def add(self, ancestor: str, choice: TakenRow) -> None:
        """A row that an ancestor was trained on."""
        self.ranks.append(chance(self.mine.c.seed, "replay", self.turn, choice.record.id))
        self.places.append(choice.at)
        self.depths.append(self.ancestors.index(ancestor))
        self.sources.append(self.names.index(choice.record.source))

    def drawn(self, wanted: int, taken: Taken) -> Iterator[tuple[str, Record]]:
        """`wanted` rows at most with their nearest ancestor, none twice and none that repeats what is `taken`."""
        with ExitStack() as stack:
            files = {
                source: stack.enter_context(records_file(self.names[source]).open("rb"))
                for source in sorted(set(self.sources))
            }
            for row in np.lexsort((self.depths, self.ranks)):
                if not wanted:
                    return
                record = record_at(files[self.sources[row]], self.places[row])
                against, _ = self.mine.reason_against(record)
                if against or taken.repeated(record) or self.mine.heldout_twins([record])[0]:
                    continue
                taken.add(record)
                wanted -= 1
                yield self.ancestors[self.depths[row]], record


def ancestors_rows(mine: Chooser) -> tuple[Taken, Pool]:
    """What the line before a version was trained on: as a memory for `deduplicate: ancestry`, and as a pool for replay.

    Raises:
        LineageError: if an ancestor was trained on text made from an excluded document, whatever its source is called,
            and the version's `exclude_scope` is `ancestry`.
    """
    c, spec, pool = mine.c, mine.c.versions[mine.version], Pool(mine)
    line = [mine.version, *c.ancestors(mine.version)]
    remembers = any(c.versions[v].deduplicate == "ancestry" for v in line)
    memory = Taken(mine.findings.repetitions if remembers else Repetitions())
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
                    memory.add(choice.record)
                if spec.replay and source not in spec.exclude:
                    pool.add(ancestor, choice)
    return memory, pool


def _seen_by(version: str, ancestor: str, record: Record) -> str:
    return (
        f"versions.{version}.exclude with exclude_scope: ancestry, but {ancestor} is trained on {record.id} "
        f"({record.origin.get('file')}), made from an excluded document; continue a version that is not, or use "
        f"exclude_scope: mix"
    )
