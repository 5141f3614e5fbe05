"""The records of the sources as a mix goes back to them: by their place in a file, each file opened once."""

import weakref
from pathlib import Path
from typing import BinaryIO

from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.records.record import Record, record_at


class SourceRows:
    """Records by source and place, in bytes from the beginning of the source's records.jsonl."""

    def __init__(self) -> None:
        self._streams: dict[str, BinaryIO] = {}

    def at(self, source: str, place: int) -> Record:
        """The record that begins there."""
        if source not in self._streams:
            stream = records_file(source).open("rb")
            weakref.finalize(self, stream.close)
            self._streams[source] = stream
        return record_at(self._streams[source], place)


def records_file(source: str) -> Path:
    """Where a source's records lie. Raises LineageError if it was not ingested."""
    return ingested_file(source, "records.jsonl")


def ingested_file(source: str, name: str) -> Path:
    """A file of an ingested source. Raises LineageError if it was not ingested."""
    file = paths.RECORDS / source / name
    if not file.is_file():
        raise LineageError(f"{file}: missing; run `dvc repro ingest@{source}`")
    return file
