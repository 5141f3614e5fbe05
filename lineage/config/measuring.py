"""What is measured on the held-out sets: `evaluation` of `params.yaml`, for all sets and for single ones.

evaluation:
  rows: 48
  max_new_tokens: 512
  answers: 3
  generation: {temperature: 0.8, top_p: 0.9, top_k: 50, new_tokens: 100, trim: true}     left out: the likeliest text
  sets:
    aihub_kozh: {rows: 200, measures: [chrf, bleu]}        every set of a source
    table_qa.prompt_answer: {max_new_tokens: 64}           one set, which goes before its source
    loan_grades: {valid_within: [20, 100]}
    choices_by_field: {fields: 20}                         each field with 20 rows or more by itself too
"""

from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from lineage.config.fields import Frozen, Positive
from lineage.records.record import FORMS

# Families of figures, and by what rows a set has each of them: docs/measures.md.
MeasureName = Literal["letter_bias", "labels", "chosen", "chrf", "bleu", "rouge_l", "unanswerable", "degenerate"]
MEASURE_NAMES: tuple[MeasureName, ...] = get_args(MeasureName)
Language = Literal["ko", "en", "zh", "ja"]
SetName = Annotated[str, Field(pattern=rf"^[a-z][a-z0-9_]*(\.({'|'.join(FORMS)}))?$")]


def _some(names: tuple[MeasureName, ...]) -> tuple[MeasureName, ...]:
    if not names:
        raise ValueError(f"name at least one of {', '.join(MEASURE_NAMES)}, or take the line out")
    return names


def _rising(lengths: tuple[int, ...]) -> tuple[int, ...]:
    if not lengths or list(lengths) != sorted(set(lengths)):
        raise ValueError("name numbers of tokens, each larger than the one before, such as [20, 100]")
    return lengths


class Generation(Frozen):
    """How answers in the model's own words are made. Left out, the likeliest text, as long as its set asks for.

    temperature: below 1 the likely is said more often; left out, the likeliest is said, and nothing is drawn.
    top_p, top_k: only the likeliest tokens are drawn, that have this share together, or are so many. top_k 1 draws
    nothing, whatever the temperature.
    repetition_penalty: above 1, a token that was said or asked with becomes less likely (Keskar et al. 2019).
    new_tokens: where every answer ends that has not ended; left out, a set's own budget (docs/measures.md).
    trim: an answer that did not end by itself is cut after its last whole sentence.
    """

    temperature: Annotated[float, Field(gt=0)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    top_k: Positive | None = None
    repetition_penalty: Annotated[float, Field(ge=1)] = 1.0
    new_tokens: Positive | None = None
    trim: bool = False

    @model_validator(mode="after")
    def _drawn_from_something(self) -> "Generation":
        if self.temperature is None and (self.top_p is not None or self.top_k not in (None, 1)):
            raise ValueError("top_p and top_k choose what is drawn from; give a temperature too, or take them out")
        return self

    @property
    def draws(self) -> bool:
        """Whether anything is left to chance."""
        return self.temperature is not None and self.top_k != 1


class SetEvaluation(Frozen):
    """What one held-out set is measured by, or all sets of a source. What is left out is as for all sets.

    rows: of the set, at most. max_new_tokens: the longest that an answer may be.
    measures: the figures beside NLL and score; left out, those that the rows have by themselves.
    into: the language of the expected answers, where they are translations and the prompts are not this project's.
    valid_within: of a set with labels, after how many tokens it is counted whether an answer has named one.
    fields: measure each field of the rows by itself too, if at least so many of its rows were asked.
    """

    rows: Positive | None = None
    max_new_tokens: Positive | None = None
    measures: Annotated[tuple[MeasureName, ...], AfterValidator(_some)] | None = None
    into: Language | None = None
    valid_within: Annotated[tuple[Positive, ...], AfterValidator(_rising)] | None = None
    fields: Positive | None = None

    @model_serializer(mode="wrap")
    def _as_before(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return _without_none(handler(self), "valid_within", "fields")


class Evaluation(Frozen):
    """What is measured on each held-out set. `rows` caps a set.

    max_new_tokens: the longest that an answer may be; a set's own budget follows from its expected answers.
    answers: how many are shown in full.
    generation: how all versions and the base answer, so that they can be compared.
    sets: what is other for a set (`<source>.<form>`) or for all sets of a source.
    """

    rows: Positive
    max_new_tokens: Positive
    answers: Annotated[int, Field(ge=0)]
    sets: dict[SetName, SetEvaluation] = Field(default_factory=dict)
    generation: Generation | None = None

    @model_serializer(mode="wrap")
    def _as_before(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return _without_none(handler(self), "generation")

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


def _without_none(tree: dict[str, Any], *fields: str) -> dict[str, Any]:
    """Fields that came later are not written out where they say nothing: what was measured without them stays fresh."""
    return {name: value for name, value in tree.items() if name not in fields or value is not None}
