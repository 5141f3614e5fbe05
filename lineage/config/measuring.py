"""What is measured on the held-out sets: `evaluation` of `params.yaml`, for all sets and for single ones.

evaluation:
  rows: 48
  max_new_tokens: 512
  answers: 3
  sets:
    aihub_kozh: {rows: 200, measures: [chrf, bleu]}        every set of a source
    table_qa.prompt_answer: {max_new_tokens: 64}           one set, which goes before its source
"""

from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, Field

from lineage.config.fields import Frozen, Positive
from lineage.records.record import FORMS

# Families of figures, and by what rows a set has each of them: docs/measures.md.
MeasureName = Literal["letter_bias", "labels", "chrf", "bleu", "rouge_l", "unanswerable", "degenerate"]
MEASURE_NAMES: tuple[MeasureName, ...] = get_args(MeasureName)
Language = Literal["ko", "en", "zh", "ja"]
SetName = Annotated[str, Field(pattern=rf"^[a-z][a-z0-9_]*(\.({'|'.join(FORMS)}))?$")]


def _some(names: tuple[MeasureName, ...]) -> tuple[MeasureName, ...]:
    if not names:
        raise ValueError(f"name at least one of {', '.join(MEASURE_NAMES)}, or take the line out")
    return names


class SetEvaluation(Frozen):
    """What one held-out set is measured by, or all sets of a source. What is left out is as for all sets.

    rows: of the set, at most. max_new_tokens: the longest that an answer may be.
    measures: the figures beside NLL and score; left out, those that the rows have by themselves.
    into: the language of the expected answers, where they are translations and the prompts are not this project's.
    """

    rows: Positive | None = None
    max_new_tokens: Positive | None = None
    measures: Annotated[tuple[MeasureName, ...], AfterValidator(_some)] | None = None
    into: Language | None = None


class Evaluation(Frozen):
    """What is measured on each held-out set. `rows` caps a set.

    max_new_tokens: the longest that an answer may be; a set's own budget follows from its expected answers.
    answers: how many are shown in full.
    sets: what is other for a set (`<source>.<form>`) or for all sets of a source.
    """

    rows: Positive
    max_new_tokens: Positive
    answers: Annotated[int, Field(ge=0)]
    sets: dict[SetName, SetEvaluation] = Field(default_factory=dict)

    def of(self, name: str) -> SetEvaluation:
        """All that holds for a set: its own line before its source's, and both before what holds for all sets."""
        whole = {"rows": self.rows, "max_new_tokens": self.max_new_tokens}
        for key in (name.partition(".")[0], name):
            if key in self.sets:
                whole |= self.sets[key].model_dump(exclude_none=True)
        return SetEvaluation.model_validate(whole)

    def rows_of(self, name: str) -> int:
        """How many rows of a set are asked at most."""
        return self.of(name).rows or self.rows
