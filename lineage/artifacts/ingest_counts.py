"""What `ingest` counted of a source, `data/records/<source>/ingest.json`: what came in equals what went out.

{"source": "rules", "reader": "rules", "licence": "krx", "raw_rows": 361, "rejected_rows": 6,
 "rejected": {"a deleted article": 6}, "rejected_parts": 0, "unread": {}, "made": 710, "duplicates": 76, "personal": {},
 "records": 530, "heldout": 104, "forms": {"record": {"records": 265, "heldout": 52}, …},
 "groups": {"records": 258, "heldout": 49}, "note": ""}
"""

from pathlib import Path

from pydantic import Field, model_validator

from lineage.artifacts.artifact import Artifact, ArtifactPart, parsed, write
from lineage.artifacts.conversion import Conversion
from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.records.record import Form


class BothSides(ArtifactPart):
    """How many there are to train on, and how many are held out."""

    records: int
    heldout: int


class IngestCounts(Artifact):
    """A raw row counts once, by the first thing that it gave: a record, or a reason why it gave none.

    rejected: reason → raw rows. rejected_parts: further records of a row that was counted already.
    unread: column → rows, or questions of a row, with a value in it that no record got; {} in counts made earlier.
    made = records + heldout + duplicates. personal: kind → pieces of personal data found.
    forms: rows by form. groups: what is never split between training and held-out rows.
    note: why there are no records; empty where there are.
    conversion: what became of the source's PDFs, where it comes as PDFs.
    """

    source: str
    reader: str
    licence: str
    raw_rows: int
    rejected_rows: int
    rejected: dict[str, int]
    rejected_parts: int
    unread: dict[str, int] = Field(default_factory=dict)
    made: int
    duplicates: int
    personal: dict[str, int]
    records: int
    heldout: int
    forms: dict[Form, BothSides]
    groups: BothSides
    note: str
    conversion: Conversion | None = None

    @property
    def left_out(self) -> dict[str, int]:
        """Reason → records that were made and then left out; rejected raw rows are in `rejected`."""
        return {"the same as another one": self.duplicates} if self.duplicates else {}

    @model_validator(mode="after")
    def _balanced(self) -> "IngestCounts":
        if self.made != self.records + self.heldout + self.duplicates:
            raise ValueError(
                f"{self.made} records were made, but {self.records} are to train on, {self.heldout} held out and "
                f"{self.duplicates} duplicates"
            )
        if self.rejected_rows != sum(self.rejected.values()):
            raise ValueError(f"rejected_rows is {self.rejected_rows}, but the reasons add up to {self.rejected}")
        return self


def find_ingest_counts(source: str, root: Path = Path()) -> IngestCounts | None:
    """The counts of a source in the workspace at `root`; None if it was not ingested.

    Raises:
        LineageError: the file is damaged; with the command to run.
    """
    file = root / paths.ingest_counts(source)
    remedy = f"make it again: dvc repro -f ingest@{source}"
    return parsed(IngestCounts, file.read_bytes(), file, remedy) if file.is_file() else None


def read_ingest_counts(source: str, root: Path = Path()) -> IngestCounts:
    """The counts of a source that must have been ingested.

    Raises:
        LineageError: the source was not ingested, or the file is damaged; with the command to run.
    """
    found = find_ingest_counts(source, root)
    if found is None:
        raise LineageError(f"{root / paths.ingest_counts(source)}: not found; make it with: dvc repro ingest@{source}")
    return found


def write_ingest_counts(folder: Path, counts: IngestCounts) -> None:
    """Write the counts into the folder of a source's records."""
    write(folder / paths.ingest_counts("").name, counts)
