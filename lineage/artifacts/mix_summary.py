"""The counts of a version's mix, `data/mixes/<version>/mix.json`.

{"version": "v3", "rows": 259, "own": {"site_reports": {"form": "document", "available": 233, "taken": 233}},
 "replay": {"share": 0.1, "rows": 26, "from": {"v1": {"krx_samples": 26}}}, "duplicates": {"rules": 1}, …}
"""

from operator import not_
from pathlib import Path

from pydantic import Field

from lineage.artifacts.artifact import Artifact, ArtifactPart, parsed, write
from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.core.files import sha256, sha256_of
from lineage.records.record import PARTS


class FieldRows(ArtifactPart):
    """What a mix takes of one field of a source."""

    available: int
    taken: int


class OwnRows(ArtifactPart):
    """What a mix takes of one source. available: rows that nothing speaks against.

    fields: the same field by field, where the mix asks for fields.
    """

    form: str
    available: int
    taken: int
    fields: dict[str, FieldRows] = Field(default_factory=dict, exclude_if=not_)


class Replayed(ArtifactPart):
    """Rows of the ancestors' mixes. share: what was asked for. drawn: ancestor → source → rows."""

    share: float
    rows: int
    drawn: dict[str, dict[str, int]] = Field(validation_alias="from", serialization_alias="from")


class ExcludedRows(ArtifactPart):
    """What `exclude` kept out. documents: of the excluded sources. dropped: source → rows made from one of them."""

    scope: str
    sources: tuple[str, ...]
    documents: int
    dropped: dict[str, int]


class MixSummary(Artifact):
    """What is in a mix, and what was left out. duplicates, superseded, contaminated: source → rows left out for it.

    withdrawn: the sources of the mix that were withdrawn, with the form that it asked for.
    """

    version: str
    rows: int
    own: dict[str, OwnRows]
    replay: Replayed
    excluded: ExcludedRows
    duplicates: dict[str, int] = Field(default_factory=dict)
    superseded: dict[str, int] = Field(default_factory=dict)
    contaminated: dict[str, int] = Field(default_factory=dict)
    withdrawn: dict[str, str] = Field(default_factory=dict)

    @property
    def left_out(self) -> list[tuple[str, str, int]]:
        """Source, reason, rows that were left out; sources in alphabetical order under each reason."""
        reasons = {
            "made from a document of an excluded source": self.excluded.dropped,
            "repeats another row": self.duplicates,
            "overtaken by a later amendment": self.superseded,
            "repeats a held-out row": self.contaminated,
        }
        return [
            (source, why, rows) for why, counts in reasons.items() for source, rows in sorted(counts.items()) if rows
        ]


def find_mix(version: str, root: Path = Path()) -> MixSummary | None:
    """The summary of a version's mix in the workspace at `root`; None if it was not mixed.

    Raises:
        LineageError: the file is damaged; with the command to run.
    """
    file = root / paths.mix_summary(version)
    remedy = f"make it again: dvc repro -f mix@{version}"
    return parsed(MixSummary, file.read_bytes(), file, remedy) if file.is_file() else None


def read_mix(version: str, root: Path = Path()) -> MixSummary:
    """The summary of a version that must have been mixed.

    Raises:
        LineageError: the version was not mixed, or the file is damaged; with the command to run.
    """
    found = find_mix(version, root)
    if found is None:
        raise LineageError(f"{root / paths.mix_summary(version)}: not found; make it with: dvc repro mix@{version}")
    return found


def write_mix(folder: Path, summary: MixSummary) -> None:
    """Write the summary into the folder of a mix."""
    write(folder / paths.mix_summary("").name, summary)


def mix_identity(folder: Path) -> str | None:
    """The hash by which a manifest names the mix that an adapter was trained on; None if its files are not all here."""
    files = [folder / f"{part}.jsonl" for part in PARTS]
    return sha256_of([sha256(file) for file in files]) if all(file.is_file() for file in files) else None
