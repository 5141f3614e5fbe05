"""Which columns of a source go into no record: counted when it was ingested, or seen in its first rows before that.

for line in unread_columns(curriculum):
    …   # "hub_qa: nobody reads score (1,200), type (1,200); name those …"
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import islice

from lineage.artifacts.ingest_counts import find_ingest_counts
from lineage.config.schema import Curriculum
from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.readers import reader
from lineage.readers.io.unread import UnreadColumns

FIRST = 200  # records that are looked at before a source is ingested
SHOWN = 12
REMEDY = "name those that a reader should take under `columns:` of the source"


def unread_columns(c: Curriculum) -> Iterator[str]:
    """A line for the sources in whose files the same columns are not read, and one for each that cannot be read."""
    alike: dict[tuple[str, ...], dict[str, Counter[str]]] = {}
    for name in c.sources:
        counts = find_ingest_counts(name)
        if counts and not _older_than_its_files(c, name):
            if counts.unread:
                alike.setdefault(tuple(sorted(counts.unread)), {})[name] = Counter(counts.unread)
        elif name not in c.generated and c.sources[name].withdrawn != "all":
            yield from _at_first(c, name)
    for of in alike.values():
        yield f"{', '.join(of)}: nobody reads {said_of_columns(sum(of.values(), Counter()))}; {REMEDY}"


def said_of_columns(unread: Mapping[str, int]) -> str:
    """The columns, those with most rows first: "score (1,200 rows), type (1,180)"."""
    ordered = sorted(unread.items(), key=lambda one: (-one[1], one[0]))
    said = [f"{name} ({rows:,})" for name, rows in ordered[:SHOWN]]
    return ", ".join(said) + (f" and {len(ordered) - SHOWN} more" if len(ordered) > SHOWN else "")


def _at_first(c: Curriculum, name: str) -> Iterator[str]:
    source, folder = c.sources[name], c.raw_folder(name)
    known = reader(source.reader)
    if not known.columns or not folder.is_dir():
        return
    unread = UnreadColumns()
    try:
        seen = sum(1 for _ in islice(known.found_in(folder, source, unread), FIRST))
    except LineageError as error:
        yield f"{name} cannot be read: {error}"
        return
    if unread.rows:
        yield f"{name}: nobody reads {said_of_columns(unread.rows)} of the first {seen:,} rows; {REMEDY}"


def _older_than_its_files(c: Curriculum, name: str) -> bool:
    """Whether the counts may be of other files or of another params.yaml than what lies here."""
    made = paths.ingest_counts(name).stat().st_mtime
    folder = c.raw_folder(name)
    files = (*paths.PARAMS.parent.glob(paths.PARAMS.name), *folder.rglob("*"))
    return any(file.lstat().st_mtime > made for file in files)
