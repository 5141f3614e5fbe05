"""Every figure that the page and the cards show, `reports/comparison.json`; computed by lineage/reporting/compare.py.

{"profile": "cpu", "data": "sample", "versions": {"v3": {"parent": "v1", "pooled": {"difference": -0.42, …},
 "sets": {"questions.record": {"nll": 2.1, "parent_nll": 2.5, "interval": [-0.5, -0.3], …}}, …}}, …}

NLL is in nats per supervised token, less is better. Scores lie in 0..1, more is better. Sets are named
`<source>.<form>`. All figures of two models are of the same rows.
"""

from pathlib import Path
from typing import Any, Literal

from pydantic import ConfigDict

from lineage.artifacts.artifact import Artifact, ArtifactPart, parsed, write
from lineage.artifacts.base_manifest import BaseOrigin
from lineage.artifacts.measures import Interval
from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.records.record import Form, Measure

Verdict = Literal["improved", "worse", "unclear"]  # beyond noise: the interval leaves zero out


class Contrast(ArtifactPart):
    """One model less another on one set or several; a negative difference is a gain.

    rows, tokens: how many were compared.
    """

    model_config = ConfigDict(allow_inf_nan=True)

    rows: int
    tokens: int
    nll: float
    difference: float
    interval: Interval
    verdict: Verdict


class Paired(Contrast):
    """The same, with the other's NLL."""

    other_nll: float

    def against_parent(self) -> dict[str, Any]:
        """The fields of `AgainstParent`, where the other is the parent."""
        return self.model_dump(exclude={"other_nll"}) | {"parent_nll": self.other_nll}


class AgainstParent(Contrast):
    """A version less its parent."""

    parent_nll: float


class Pooled(AgainstParent):
    """The same on all measured sets of the version's own mix together."""

    sets: tuple[str, ...]
    improved: bool


class ComparedSet(AgainstParent):
    """A version on one held-out set, less its parent and less its best ancestor.

    own: whether the set is of the version's mix. benchmark: whether nothing of its source is ever trained on.
    score_difference_interval: None where the rows do not give it. seen_by: ancestors that were trained on its source.
    against_best: the difference to the ancestor with the lowest NLL on this set.
    """

    improved: bool
    own: bool
    benchmark: bool
    source: str
    form: Form
    heldout_rows: int
    measure: Measure
    chance: float | None
    score: float | None
    parent_score: float | None
    score_difference_interval: Interval | None
    seen_by: tuple[str, ...]
    best_ancestor: str
    best_nll: float
    against_best: float
    against_best_interval: Interval
    against_best_verdict: Verdict

    @property
    def has_right_answers(self) -> bool:
        """Whether its score is the share of answers that are right."""
        return self.measure in ("choice", "number")

    @property
    def score_gain(self) -> float | None:
        """The score less the parent's; None where one of them is not known."""
        return None if self.score is None or self.parent_score is None else self.score - self.parent_score


class CleanPart(AgainstParent):
    """A version on the rows of a set that its line never met in training."""

    score: float | None
    parent_score: float | None


class MetInTraining(ArtifactPart):
    """Held-out rows of a set that a version's line was trained on all the same.

    rows: how many; `exact` of them word for word, `near` nearly. through: the versions of the line that met them.
    measured: how many of the measured rows they are; None where nothing is measured.
    clean: the figures without them; None where nothing is left, or measured.
    """

    rows: int
    exact: int
    near: int
    through: tuple[str, ...]
    measured: int | None
    clean: CleanPart | None


class LineContamination(ArtifactPart):
    """What the whole line of a version met of the held-out sets.

    missing: versions of the line that were not searched: without them nothing is known to be clean.
    unknown: versions of the line that were trained elsewhere: nobody can search what they met.
    searched: set → held-out rows that were searched. sets: only those of which rows were met.
    """

    missing: tuple[str, ...]
    unknown: tuple[str, ...]
    searched: dict[str, int]
    sets: dict[str, MetInTraining]


class ComparedVersion(ArtifactPart):
    """A version against its parent.

    line: from the base to the version. unknown: versions of the line that were trained elsewhere.
    pooled: None where no set of its own mix is measured. forgot: sets on which it is worse, worst first.
    """

    parent: str
    line: tuple[str, ...]
    unknown: tuple[str, ...]
    pooled: Pooled | None
    sets: dict[str, ComparedSet]
    forgot: tuple[str, ...]
    contamination: LineContamination


class SameMix(Paired):
    """Two versions with the same mix: `second` less `first` on its sets, that is what the other road was worth."""

    first: str
    second: str
    sets: tuple[str, ...]


class BaseOnSet(ArtifactPart):
    """The base on one set."""

    model_config = ConfigDict(allow_inf_nan=True)

    nll: float
    score: float | None
    chance: float | None
    measure: Measure


class ComparedBase(ArtifactPart):
    """Which base the versions start from."""

    origin: BaseOrigin
    identity: str
    parameters: int


class Comparison(Artifact):
    """All versions that are trained, against parent and best ancestor, and same mixes side by side.

    resamples, confidence: of all intervals. missing: version or `base` → what is not there, and the command for it.
    """

    profile: str
    data: str
    seed: int
    resamples: int
    confidence: float
    base: ComparedBase | None
    base_sets: dict[str, BaseOnSet]
    versions: dict[str, ComparedVersion]
    same_mix: tuple[SameMix, ...]
    missing: dict[str, tuple[str, ...]]


def read_comparison(root: Path = Path()) -> Comparison:
    """The comparison of the workspace at `root`.

    Raises:
        LineageError: there is no report, or the file is damaged; with the command to run.
    """
    file = root / paths.COMPARISON
    if not file.is_file():
        raise LineageError(f"{file}: not found; build it with: dvc repro report")
    return parsed(Comparison, file.read_bytes(), file, "make it again: dvc repro -f report")


def write_comparison(folder: Path, comparison: Comparison) -> None:
    """Write the comparison into the folder of the report."""
    write(folder / paths.COMPARISON.name, comparison)
