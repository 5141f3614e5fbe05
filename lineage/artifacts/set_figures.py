"""Figures of a model on a held-out set beside its NLL and score, and what a row holds so that they can be made again.

What each of them counts is told in docs/measures.md; they are computed by lineage/evaluation/figures_of_set.py.
"""

from typing import Any, Literal

from pydantic import ConfigDict, SerializerFunctionWrapHandler, model_serializer

from lineage.artifacts.artifact import Artifact, ArtifactPart

LETTERS = "ABCDEFGHIJ"  # of places

Interval = tuple[float, float]  # the 95 % interval of a figure; see lineage/statistics


class Measurement(Artifact):
    """Figures of a model. One whose likelihoods are no numbers is shown as it is, beside the others."""

    model_config = ConfigDict(allow_inf_nan=True)


class SetFigure(ArtifactPart):
    """One figure, 0..1. interval: None where the rows do not give one, or show no noise at all.

    rows: how many of the set's rows it is of. chance: that of who guesses, where there is such a figure.
    """

    value: float
    interval: Interval | None
    rows: int
    chance: float | None = None

    @model_serializer(mode="wrap")
    def _without_what_it_has_not(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        tree: dict[str, Any] = handler(self)
        return {name: value for name, value in tree.items() if name != "chance" or value is not None}


class FieldFigures(ArtifactPart):
    """A model on the rows of one field of a set. Of a field with too few rows it is said how many, and nothing else."""

    rows: int
    groups: int
    nll: float | None = None
    nll_interval: Interval | None = None
    score: float | None = None
    score_interval: Interval | None = None


class OptionPlaces(ArtifactPart):
    """Multiple choice by the place of an option, the first being A, 1 or ①.

    right, picked: of each place how often it is the right one, and how often the likeliest.
    p: of the place that differs most, among all places (Holm); None where the rows are too few.
    favoured, avoided: places that are picked more, and less, often than they are right, beyond noise.
    """

    right: tuple[int, ...]
    picked: tuple[int, ...]
    p: float | None
    verdict: Literal["even", "biased", "too_few"]
    favoured: tuple[int, ...]
    avoided: tuple[int, ...]

    @property
    def said(self) -> str:
        """The verdict in words, with the counts that it is by: "biased: A is picked 31 times and right 12"."""
        if self.verdict == "too_few":
            return "too few rows for a verdict"
        if self.verdict == "even":
            return "no letter is picked more or less often than it is right, beyond noise"
        told = (
            f"{LETTERS[at]} is picked {self.picked[at]} times and right {self.right[at]}"
            for at in (*self.favoured, *self.avoided)
        )
        return f"biased: {', '.join(told)}"


class Confusion(ArtifactPart):
    """Which label was said where which was expected.

    counts: a row for each expected label, a column for each said one, and a last column for answers that are none.
    """

    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


class RowMarks(ArtifactPart):
    """What a row adds to its set's figures; a mark that its question does not have is None, and not in the file.

    right, picked: places of options, the right one and the likeliest, where the prompt lists them.
    field: what the row is about, of a set that is measured by field.
    label, said: of a set with labels, the expected one, and the one that the answer is ("" for none of them).
    named: after how many tokens → the one label that the answer had named until then ("" for none, or several).
    options, option, chosen: of an answer that reasons before it chooses, how many options its prompt lists, the place
    of the right one, and of the one that it names, None for none.
    into: the language that a translation was asked for.
    chrf, bleu: the counts of n-grams by sacrebleu. rouge_l: F1.
    answerable: whether the question can be answered, where the data say so. declined: whether the answer says not.
    empty, other_language: of an answer in the model's own words; see lineage/evaluation/answer_language.py.
    """

    field: str | None = None
    right: int | None = None
    picked: int | None = None
    label: str | None = None
    said: str | None = None
    named: dict[int, str] | None = None
    options: int | None = None
    option: int | None = None
    chosen: int | None = None
    into: str | None = None
    chrf: tuple[int, ...] | None = None
    bleu: tuple[int, ...] | None = None
    rouge_l: float | None = None
    answerable: bool | None = None
    declined: bool | None = None
    empty: bool | None = None
    other_language: bool | None = None

    @model_serializer
    def _those_that_it_has(self) -> dict[str, Any]:
        return {name: value for name in type(self).model_fields if (value := getattr(self, name)) is not None}
