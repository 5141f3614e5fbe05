"""What makes a version better than the champion: `goal` of `params.yaml`, written before a version is trained.

    goal:
      weights: {rules: 3, metamath: 0}          all sets of a source, or one set; 1 where nothing is said
      measures: {questions.record: score}       NLL where nothing is said
      margins: {arithmetic: 0.2}                how much worse a set may be that the champion was trained on

Left out, it is the default goal: every held-out set counts alike, by NLL. Only `lineage promote` reads it.
"""

from collections.abc import Collection
from typing import Annotated, Literal

from pydantic import Field

from lineage.config.fields import Frozen, Positive
from lineage.records.record import FORMS

GoalMeasure = Literal["nll", "score"]
GoalSet = Annotated[str, Field(pattern=rf"^[a-z][a-z0-9_]*(\.({'|'.join(FORMS)}))?$")]
Part = Annotated[float, Field(ge=0, le=1)]
Margin = Annotated[float, Field(gt=0)]


class GoalLimits(Frozen):
    """What a version may not exceed, whatever it gained.

    contamination: the share of a set's rows that its line met in training, 0..1; those rows count for neither version.
    cut, endless, empty, other_language: the share of all answers in its own words that were cut at their budget, were
    repeating themselves, were empty, or in another language; a version no worse than the champion in this is within.
    """

    contamination: Part = 0.15
    cut: Part = 0.1
    endless: Part = 0.05
    empty: Part | None = None
    other_language: Part | None = None


class Goal(Frozen):
    """The weighted goal, what may not be lost for it, and how sure one must be.

    weights: of sets, or of all sets of a source; 1 where nothing is said, 0 leaves out.
    measure: what counts, of all sets that `measures` does not name: the NLL, or the score where a set has one.
    margin, score_margin: how much worse a guarded set may be at most, in nats a token and in score (0..1).
    margins: of single sets or sources, in the unit of their measure.
    guard: `ancestors`: sets of sources that the champion's line, or the version's ancestors, were trained on; or `all`.
    unguarded: sets or sources that may be lost.
    alpha: the chance that any of all looks at the same rows promotes a version that is not better.
    looks: how many looks alpha is divided among; left out, each later look gets less (lineage/promotion/spending.py).
    seed_noise: the standard deviation of the goal between two trainings that differ in nothing but the seed.
    """

    weights: dict[GoalSet, Annotated[float, Field(ge=0)]] = Field(default_factory=dict)
    measure: GoalMeasure = "nll"
    measures: dict[GoalSet, GoalMeasure] = Field(default_factory=dict)
    margin: Margin = 0.1
    score_margin: Margin = 0.1
    margins: dict[GoalSet, Margin] = Field(default_factory=dict)
    guard: Literal["ancestors", "all"] = "ancestors"
    unguarded: tuple[GoalSet, ...] = ()
    limits: GoalLimits = GoalLimits()
    alpha: Annotated[float, Field(gt=0, le=0.2)] = 0.05
    looks: Positive | None = None
    seed_noise: Annotated[float, Field(ge=0)] = 0.0

    def weight_of(self, name: str) -> float:
        """How much a set counts."""
        return self.weights.get(name, self.weights.get(name.partition(".")[0], 1.0))

    def measure_of(self, name: str) -> GoalMeasure:
        """What counts of a set, if it has it."""
        return self.measures.get(name, self.measures.get(name.partition(".")[0], self.measure))

    def margin_of(self, name: str, measure: GoalMeasure) -> float:
        """How much worse a set may be at most, by a measure."""
        default = self.margin if measure == "nll" else self.score_margin
        return self.margins.get(name, self.margins.get(name.partition(".")[0], default))

    def guards(self, name: str) -> bool:
        """Whether a set that could be lost may not be."""
        return name not in self.unguarded and name.partition(".")[0] not in self.unguarded

    def counted_in_vain(self, names: Collection[str]) -> tuple[str, ...]:
        """What `weights` lets count, of which none of these sets is."""
        there = {*names, *(name.partition(".")[0] for name in names)}
        return tuple(name for name, weight in self.weights.items() if weight and name not in there)

    def named(self) -> dict[str, tuple[str, ...]]:
        """Every field that names sets, with the names."""
        return {
            "weights": tuple(self.weights),
            "measures": tuple(self.measures),
            "margins": tuple(self.margins),
            "unguarded": self.unguarded,
        }
