"""The version that a dossier is about: its curriculum, its line, and the files of its record."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lineage.artifacts.comparison import Comparison, read_comparison
from lineage.artifacts.manifest import AdapterManifest, read_manifest
from lineage.config.schema import BASE, Curriculum
from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.core.paths import DOSSIER_ANSWERS, PARAMS
from lineage.dossier.bound import Bound
from lineage.dossier.record_files import ABSENT, RecordFiles
from lineage.provenance.ancestry import Inside, inside, licences_of
from lineage.provenance.obligations import facts


@dataclass(frozen=True, slots=True)
class Case:
    """What every paper stands on.

    facts: what is inside, and what follows; see lineage/provenance/obligations.py. report: None where there is none.
    """

    c: Curriculum
    version: str
    whole: Inside
    manifests: dict[str, AdapterManifest]
    facts: dict[str, Any]
    files: RecordFiles
    report: Comparison | None

    @property
    def line(self) -> tuple[str, ...]:
        """From the oldest ancestor to the version, without the base."""
        return self.whole.line

    @property
    def known(self) -> tuple[str, ...]:
        """Those of the line that were trained here, on rows that are known."""
        return tuple(name for name in self.line if name not in self.whole.adopted)

    def title(self, source: str) -> Bound:
        """What params.yaml calls a source."""
        return self.files.value(PARAMS, "sources", source, "title")


def case_of(c: Curriculum, version: str, root: Path = Path()) -> Case:
    """Read what a dossier on a trained version stands on.

    Raises:
        LineageError: the version or an ancestor of it is not trained here, or was trained again since; or dossier.yaml
            has no answers.
    """
    whole = inside(version, licences_of(c), root)
    manifests, files = {name: read_manifest(name, root) for name in whole.line}, RecordFiles(root)
    answers = files.content(DOSSIER_ANSWERS)
    if answers not in (ABSENT, None) and not isinstance(answers, dict):
        raise LineageError(
            f"{DOSSIER_ANSWERS}: expected a line `name: text` for each blank, found {type(answers).__name__}"
        )
    report = read_comparison(root) if (root / paths.COMPARISON).is_file() else None
    return Case(c, version, whole, manifests, facts(c, whole, root), files, report)


def parent_of(case: Case, version: str) -> str | None:
    """The parent of a version of the line; None where that is the base."""
    parent = case.manifests[version].parent
    return None if parent == BASE else parent
