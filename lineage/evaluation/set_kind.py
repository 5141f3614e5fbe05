"""What the rows of a held-out set are, and so which figures it has beside NLL and score.

- *places*: a choice whose prompt lists its options under letters or numbers: which letter is picked can be counted.
- *labels*: all choices of the set are among the same options, and no prompt lists them: loan grades, 예 and 아니오.
- *into*: rows that translate, by the words of this project's own prompts, or because `params.yaml` says so.

`evaluation.sets` of `params.yaml` may name the figures of a set; left out, it has all that its rows have.
"""

from dataclasses import dataclass

from lineage.config.measuring import MEASURE_NAMES, MeasureName, SetEvaluation
from lineage.core.errors import LineageError
from lineage.core.paths import PARAMS
from lineage.evaluation.chosen_option import chosen_place
from lineage.evaluation.declined import is_answerable
from lineage.evaluation.heldout import HeldOutSet
from lineage.readers.text.answer_kind import options_in
from lineage.readers.text.translation import translated_into
from lineage.records.record import Record

# What the rows must be for a figure that `params.yaml` asks for.
NEEDED: dict[MeasureName, str] = {
    "letter_bias": "no row is a choice whose prompt lists its options",
    "labels": "its rows are not choices among the same options",
    "chosen": "no expected answer reasons and then names an option of its prompt",
    "chrf": "no expected answer is text",
    "bleu": "no row says which language it translates into (add into: ko, en, zh or ja)",
    "rouge_l": "no expected answer is text, but for translations",
    "unanswerable": "no row says whether it can be answered",
    "degenerate": "it has no rows",
}


@dataclass(frozen=True, slots=True)
class SetKind:
    """What a set's rows are. labels: () where they are none. measures: the families of figures that are computed.

    within: after how many tokens of an answer it is counted whether it has named a label.
    fewest: how many rows a field must have to be measured by itself; None: no field is.
    """

    labels: tuple[str, ...]
    into: str | None
    measures: frozenset[MeasureName]
    within: tuple[int, ...] = ()
    fewest: int | None = None

    @property
    def speaks_labels(self) -> bool:
        """Whether its choices are answered in the model's own words too: only so is an answer seen that is no label."""
        return bool(self.labels) and "labels" in self.measures

    def is_spoken(self, record: Record) -> bool:
        """Whether a row is judged by what the model says in its own words."""
        return record.measure in ("number", "text") or (record.measure == "choice" and self.speaks_labels)

    def language_of(self, record: Record) -> str | None:
        """The language that a row translates into; None for a row that translates nothing."""
        if record.measure != "text":
            return None
        return translated_into(record.prompt) or self.into


def kind_of(heldout: HeldOutSet, spec: SetEvaluation) -> SetKind:
    """What the rows of a set are.

    Raises:
        LineageError: `params.yaml` asks for a figure that the rows cannot give.
    """
    records = heldout.records
    choices = [r for r in records if r.measure == "choice"]
    together = {r.options for r in choices}
    labels = choices[0].options if len(choices) > 1 and len(together) == 1 and not any(map(has_places, choices)) else ()
    texts = [r for r in records if r.measure == "text"]
    kind = SetKind(labels, spec.into, frozenset(spec.measures or MEASURE_NAMES), spec.valid_within or (), spec.fields)
    has = {
        "letter_bias": any(map(has_places, choices)),
        "labels": bool(labels),
        "chosen": any(expected_place(r) is not None for r in texts),
        "chrf": bool(texts),
        "bleu": any(kind.language_of(r) for r in texts),
        "rouge_l": any(not kind.language_of(r) for r in texts),
        "unanswerable": any(is_answerable(r) is not None for r in records),
        "degenerate": True,
    }
    for name in spec.measures or ():
        if not has[name]:
            raise LineageError(
                f"{PARAMS}: evaluation.sets asks for {name} of {heldout.name}, but {NEEDED[name]}; name others, "
                "or take the line out"
            )
    if spec.valid_within and not kind.speaks_labels:
        raise LineageError(
            f"{PARAMS}: evaluation.sets asks for valid_within of {heldout.name}, but {NEEDED['labels']}; take it out"
        )
    if spec.fields and not any(r.field for r in records):
        raise LineageError(
            f"{PARAMS}: evaluation.sets asks for fields of {heldout.name}, but no row says which field it is of; "
            "take it out, or read the source with a reader that keeps the column (by_field, questions)"
        )
    return kind


def expected_place(record: Record) -> int | None:
    """The place of the option that an answer should choose after its reasoning; None where it should choose none."""
    return chosen_place(record.prompt, record.completion) if record.measure == "text" else None


def has_places(record: Record) -> bool:
    """Whether the prompt of a choice lists as many options as there are, under letters or numbers."""
    return len(options_in(record.prompt)[1]) == len(record.options)
