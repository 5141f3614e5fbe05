"""How good a version is on the held-out sets: the three files of `metrics/<version>`.

    measures.json   {"version": "v3", "parent": "v1", "adapter": "91c0…", "sets": {"questions.record": {"nll": 2.1, …}}}
    rows.jsonl      {"set": "questions.record", "id": "questions.record.5f0c…", "measure": "choice", "nll": 31.2, …}
    answers.jsonl   {"set": "questions.record", "answer": "…", "expected": "…", "id": "…", "prompt": "…"}

The stage `evaluate` writes them. NLL is in nats: of a row the sum over its supervised tokens, of a set the mean of a
token. Scores lie in 0..1, more is better; their kinds are explained in lineage/evaluation/metrics.py.
"""

import json
from collections.abc import Sequence
from operator import not_
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import Field

from lineage.artifacts.artifact import parsed, write
from lineage.artifacts.set_figures import (
    Confusion,
    FieldFigures,
    Interval,
    Measurement,
    OptionPlaces,
    RowMarks,
    SetFigure,
)
from lineage.config.reserved import BASE
from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.records.record import Form, Measure

Ending = Literal["stopped", "cut", "endless"]  # by itself, at its budget, or there while it repeats itself

PARTIAL = 0.1  # of a set's rows: where more were not asked, its figures are those of a part

MEASURES, ROWS, ANSWERS = "measures.json", "rows.jsonl", "answers.jsonl"


class SetMeasures(Measurement):
    """A model on one held-out set, `<source>.<form>`.

    rows: rows that were asked, of `heldout_rows` in all. tokens: their supervised tokens.
    measure: the most frequent one of the set's rows; `score` is the mean of the rows that it judges.
    chance: the score of who guesses, where that is known. nll: None where no row is short enough to be asked.
    too_long: rows that were not asked, since they are longer than `max_length`.
    groups: how many groups (documents, articles, original questions) the rows are of; rows of one are not independent.
    answered: rows that the model answered in its own words within `budget` tokens each. `cut` of them did not come to
    an end there, and `endless` more were repeating themselves.
    normalized: of choices, the share that is right by the NLL of a byte of the option, which favours no short ones.
    figures: by name (docs/measures.md): chrf, bleu.zh, rouge_l, macro_f1, letter_bias, empty … ; only those it has.
    signatures: of figures that a library computes, its name, version and settings.
    places: of choices whose prompts list them. confusion: of a set with labels.
    fields: of a set that is measured by field, each field by itself.
    """

    source: str
    form: Form
    rows: int
    heldout_rows: int
    tokens: int
    measure: Measure
    nll: float | None
    nll_interval: Interval | None
    score: float | None
    score_interval: Interval | None
    chance: float | None
    too_long: int = 0
    groups: int = 0
    answered: int = 0
    cut: int = 0
    endless: int = 0
    budget: int = 0
    normalized: float | None = None
    figures: dict[str, SetFigure] = Field(default_factory=dict)
    signatures: dict[str, str] = Field(default_factory=dict)
    places: OptionPlaces | None = None
    confusion: Confusion | None = None
    fields: dict[str, FieldFigures] = Field(default_factory=dict, exclude_if=not_)

    @property
    def is_partial(self) -> bool:
        """Whether so many rows were too long to be asked that the figures do not speak for the set."""
        return self.too_long > PARTIAL * (self.rows + self.too_long)


class Measures(Measurement):
    """A version, or the base, on all held-out sets.

    adapter: the SHA-256 of the weights that were measured; None for the base, which has no parent either.
    generation: every setting by which answers were made; empty where they were measured before that was recorded.
    """

    version: str
    parent: str | None
    adapter: str | None
    sets: dict[str, SetMeasures]
    generation: dict[str, bool | int | float | str] = Field(default_factory=dict)


class MeasuredRow(Measurement):
    """A held-out row as a model answered it. score: None for a row that is judged by its NLL alone.

    group: what the row was made from, as a hash of the record's `group`: that may be a whole passage. ending: of the
    model's own answer, where it gave one. normalized: of a choice, whether it is right by the NLL of a byte.
    marks: what the figures of its set are made from.
    """

    set: str
    id: str
    measure: Measure
    nll: float
    score: float | None
    tokens: int
    group: str = ""
    ending: Ending | None = None
    normalized: float | None = None
    marks: RowMarks = RowMarks()


class SampleAnswer(Measurement):
    """What a model said to a held-out prompt, beside what was expected."""

    set: str
    answer: str
    expected: str
    id: str
    prompt: str


def write_measures(
    folder: Path, measures: Measures, rows: Sequence[MeasuredRow], answers: Sequence[SampleAnswer]
) -> None:
    """Write the three files.

    Args:
        folder: what becomes `metrics/<version>`.
        measures: the figures of every set.
        rows: every row that was asked, set by set.
        answers: the answers that are shown in full.
    """
    write(folder / MEASURES, measures)
    for name, lines in ((ROWS, rows), (ANSWERS, answers)):
        with (folder / name).open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(line.model_dump(), ensure_ascii=False) + "\n" for line in lines)


def read_measures(version: str, root: Path = Path()) -> Measures | None:
    """The measures of a version or the base in the workspace at `root`; None if it was not measured.

    Raises:
        LineageError: the file is damaged; with the command to run.
    """
    file = root / paths.metrics(version) / MEASURES
    return parsed(Measures, file.read_bytes(), file, _remedy(version)) if file.is_file() else None


def read_rows(version: str, root: Path = Path()) -> list[MeasuredRow]:
    """Every held-out row as a version that was measured answered it.

    Raises:
        LineageError: the file is absent or damaged; with the command to run.
    """
    return _lines(MeasuredRow, version, root / paths.metrics(version) / ROWS)


def read_answers(version: str, root: Path = Path()) -> list[SampleAnswer]:
    """The sample answers of a version that was measured.

    Raises:
        LineageError: the file is absent or damaged; with the command to run.
    """
    return _lines(SampleAnswer, version, root / paths.metrics(version) / ANSWERS)


def measured_by(version: str) -> str:
    """The stage that measures a version or the base, as DVC names it."""
    return "baseline" if version == BASE else f"evaluate@{version}"


Line = TypeVar("Line", bound=Measurement)


def _lines(kind: type[Line], version: str, file: Path) -> list[Line]:
    if not file.is_file():
        raise LineageError(f"{file}: not found; {_remedy(version)}")
    with file.open("rb") as lines:
        return [parsed(kind, line, Path(f"{file}:{at}"), _remedy(version)) for at, line in enumerate(lines, 1)]


def _remedy(version: str) -> str:
    return f"make it again: dvc repro -f {measured_by(version)}"
