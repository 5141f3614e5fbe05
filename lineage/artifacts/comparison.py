"""Every figure that the page and the cards show, `reports/comparison.json`; computed by lineage/reporting/compare.py.

{"profile": "cpu", "data": "sample", "versions": {"v3": {"parent": "v1", "pooled": {"difference": -0.42, …},
 "sets": {"questions.record": {"nll": 2.1, "parent_nll": 2.5, "interval": [-0.5, -0.3], …}}, …}}, …}

NLL is in nats per supervised token, less is better. Scores lie in 0..1, more is better. Sets are named
`<source>.<form>`. All figures of two models are of the same rows.
"""

from operator import not_
from pathlib import Path
from typing import Any, Literal

from pydantic import ConfigDict, Field

from lineage.artifacts.artifact import Artifact, ArtifactPart, parsed, write
from lineage.artifacts.base_manifest import BaseOrigin
from lineage.artifacts.set_figures import Confusion, FieldFigures, Interval, OptionPlaces, SetFigure
from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.records.record import Form, Measure

# What may be said beyond noise, or that there are too few rows to say anything; see lineage/statistics/judgement.py.
Verdict = Literal["improved", "worse", "unclear", "too_few"]


class Contrast(ArtifactPart):
    """One model less another on one set or several; a negative difference is a gain.

    rows, tokens, groups: how many were compared; rows of one group (a document, an article) are not independent.
    interval: of this difference alone; None where the rows give none.
    p: among all that were looked at together (Holm); None where nothing was tested. The verdict is by it.
    smallest: the size of a difference that these rows would have shown four times in five.
    """

    model_config = ConfigDict(allow_inf_nan=True)

    rows: int
    tokens: int
    groups: int
    nll: float
    difference: float
    interval: Interval | None
    p: float | None
    verdict: Verdict
    smallest: float | None


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
    score_interval: of the score. above_chance: whether that interval lies above chance; None where there is no chance.
    score_difference_interval, score_p, score_verdict, score_smallest: as for the NLL, of the difference of the scores;
    None where the rows do not give them. Both differences of all sets are one family for `p`.
    normalized, parent_normalized: of choices, the share that is right by the NLL of a byte.
    too_long: rows that were not asked. answered, cut, endless: answers, and those that did not come to an end.
    seen_by: ancestors that were trained on its source.
    against_best: the difference to the ancestor with the lowest NLL on this set.
    figures, parent_figures, places, confusion: by task, as in `measures.json`.
    fields, parent_fields: by field, as there.
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
    score_interval: Interval | None
    above_chance: bool | None
    score_difference_interval: Interval | None
    score_p: float | None
    score_verdict: Verdict | None
    score_smallest: float | None
    normalized: float | None
    parent_normalized: float | None
    too_long: int
    answered: int
    cut: int
    endless: int
    seen_by: tuple[str, ...]
    best_ancestor: str
    best_nll: float
    against_best: float
    against_best_interval: Interval | None
    against_best_verdict: Verdict
    figures: dict[str, SetFigure] = Field(default_factory=dict)
    parent_figures: dict[str, SetFigure] = Field(default_factory=dict)
    places: OptionPlaces | None = None
    confusion: Confusion | None = None
    fields: dict[str, FieldFigures] = Field(default_factory=dict, exclude_if=not_)
    parent_fields: dict[str, FieldFigures] = Field(default_factory=dict, exclude_if=not_)

    @property
    def shown(self) -> Verdict:
        """The verdict on the NLL as it may be praised: a gain that leaves answers at chance is none."""
        return self._praised(self.verdict)

    @property
    def against_best_shown(self) -> Verdict:
        """The same of the verdict against the best ancestor."""
        return self._praised(self.against_best_verdict)

    def _praised(self, verdict: Verdict) -> Verdict:
        return "unclear" if verdict == "improved" and self.above_chance is False else verdict

    @property
    def has_right_answers(self) -> bool:
        """Whether its score is the share of answers that are right."""
        return self.measure in ("choice", "number")

    @property
    def score_shown(self) -> Verdict | None:
        """The verdict on the score as it may be praised: a gain that leaves it at chance is none."""
        return "unclear" if self.score_verdict == "improved" and self.above_chance is False else self.score_verdict

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


class RightAnswers(ArtifactPart):
    """A version and its parent on all choices and numbers of the version's own sets together, shares of 0..1.

    chance: the share of who guesses. above_chance: whether the interval of the share lies above it.
    difference, p, verdict: the share less the parent's, tested by itself.
    """

    sets: tuple[str, ...]
    rows: int
    groups: int
    share: float
    interval: Interval
    parent_share: float
    chance: float | None
    above_chance: bool | None
    difference: float
    difference_interval: Interval
    p: float | None
    verdict: Verdict

    @property
    def shown(self) -> Verdict:
        """The verdict as it may be praised: a gain that leaves the share at chance is none."""
        return "unclear" if self.verdict == "improved" and self.above_chance is False else self.verdict


class ComparedVersion(ArtifactPart):
    """A version against its parent.

    line: from the base to the version. unknown: versions of the line that were trained elsewhere.
    pooled: None where no set of its own mix is measured. right: None where none of them has right answers.
    may_forget: the measured sets whose source an ancestor was trained on, less those of its own mix; none of a version
    from the base. forgot: those of them on which it is worse than its parent, worst first.
    """

    parent: str
    line: tuple[str, ...]
    unknown: tuple[str, ...]
    pooled: Pooled | None
    right: RightAnswers | None
    sets: dict[str, ComparedSet]
    may_forget: tuple[str, ...]
    forgot: tuple[str, ...]
    contamination: LineContamination

    @property
    def own(self) -> dict[str, ComparedSet]:
        """The measured sets of its own mix."""
        return {name: one for name, one in self.sets.items() if one.own}

    @property
    def worse_elsewhere(self) -> tuple[str, ...]:
        """Sets on which it is worse, though neither it nor an ancestor was trained for them."""
        worse = [name for name, one in self.sets.items() if one.verdict == "worse" and not one.own]
        return tuple(name for name in worse if name not in self.may_forget)

    @property
    def pooled_shown(self) -> Verdict | None:
        """The verdict on its own sets together as it may be praised: not where its right answers are at chance."""
        if self.pooled and self.pooled.verdict == "improved" and self.right and self.right.above_chance is False:
            return "unclear"
        return self.pooled.verdict if self.pooled else None

    def own_with(self, verdict: Verdict) -> tuple[str, ...]:
        """The sets of its own mix of which this is said, as it may be praised."""
        return tuple(name for name, one in self.own.items() if one.shown == verdict)


class SameMix(Paired):
    """Two versions with the same mix: `second` less `first` on its sets, that is what the other road was worth."""

    first: str
    second: str
    sets: tuple[str, ...]


class Together(ArtifactPart):
    """A model on some held-out sets together.

    nll: nats a supervised token of all of them. right: the share of right answers of their `answers` choices and
    numbers, and chance: that of who guesses; None where there are none, or nobody knows what guessing gives.
    """

    model_config = ConfigDict(allow_inf_nan=True)

    sets: tuple[str, ...]
    rows: int
    tokens: int
    nll: float
    answers: int
    right: float | None
    chance: float | None


class Overall(ArtifactPart):
    """A model by figures that can be laid beside those of any other model.

    all_sets: on the sets that every measured model answered; for each of them the same rows.
    own_sets, ancestors_sets: on those of its own mix, and on those that it may forget (`may_forget`); each version has
    others, so these compare it with its line. parent_*: its parent on the same; best_ancestor: of each of the
    ancestors' sets the best ancestor. None where there are none.
    against_parent, against_champion: one sentence each; "" where the other is not measured, or is the version itself.
    """

    model_config = ConfigDict(allow_inf_nan=True)

    all_sets: Together
    own_sets: Together | None = None
    ancestors_sets: Together | None = None
    parent_all_sets: Together | None = None
    parent_own_sets: Together | None = None
    parent_ancestors_sets: Together | None = None
    best_ancestor_nll: float | None = None
    against_parent: str = ""
    against_champion: str = ""


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


class TableModel(ArtifactPart):
    """Gradient boosting on the fields of a set's rows, beside the versions; see lineage/reporting/table_model.py.

    trained_rows: those of the source that are not held out. fields: what it reads; left_out: fields with too many
    values. accuracy, macro_f1, confusion: as in `measures.json`, of the same rows.
    """

    model: str
    trained_rows: int
    fields: tuple[str, ...]
    left_out: tuple[str, ...]
    accuracy: SetFigure
    macro_f1: SetFigure
    confusion: Confusion


class Comparison(Artifact):
    """All versions that are trained, against parent and best ancestor, and same mixes side by side.

    confidence: of all intervals. fewest_rows, fewest_groups: below them no verdict is given.
    missing: version or `base` → what is not there, and the command for it.
    overall: version or `base` → figures that compare all models. champion: the version that is promoted, or "".
    tables: held-out set of a table → a model of tables beside the versions.
    """

    profile: str
    data: str
    confidence: float
    fewest_rows: int
    fewest_groups: int
    base: ComparedBase | None
    base_sets: dict[str, BaseOnSet]
    versions: dict[str, ComparedVersion]
    same_mix: tuple[SameMix, ...]
    missing: dict[str, tuple[str, ...]]
    overall: dict[str, Overall] = Field(default_factory=dict)
    champion: str = ""
    tables: dict[str, TableModel] = Field(default_factory=dict)


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
