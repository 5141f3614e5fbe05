"""A held-out row as a model answered it: NLL, score, and the marks that the figures of its set are made from."""

from lineage.artifacts.measures import MeasuredRow
from lineage.artifacts.set_figures import RowMarks
from lineage.base_model import chat_template
from lineage.core.files import sha256_of
from lineage.evaluation.answer_language import is_in_another_language, language_of
from lineage.evaluation.answering import SpokenAnswer
from lineage.evaluation.chosen_option import chosen_place
from lineage.evaluation.closed_labels import label_of, named_label
from lineage.evaluation.declined import declines, is_answerable
from lineage.evaluation.metrics import chrf
from lineage.evaluation.morphemes import rouge_l
from lineage.evaluation.number_answers import same_number
from lineage.evaluation.set_kind import SetKind, expected_place, has_places
from lineage.evaluation.translation_scores import bleu_counts, chrf_counts
from lineage.readers.text.answer_kind import options_in
from lineage.records.record import Record


def right_place(record: Record) -> int:
    """The place of the right one among a row's candidate completions."""
    return record.correct if record.options and record.correct is not None else 0


def marked(
    name: str,
    record: Record,
    kind: SetKind,
    tokens: list[chat_template.Tokens],
    likelihoods: list[float],
    answer: SpokenAnswer | None,
) -> MeasuredRow:
    """A row's NLL, score and marks.

    Args:
        name: its set.
        record: the row.
        kind: what the rows of its set are.
        tokens: its candidate completions: the options, or the one completion.
        likelihoods: the summed NLL of each candidate.
        answer: what the model said, where it was asked.
    """
    right = right_place(record)
    score: float | None = None
    normalized: float | None = None
    if record.measure == "choice":
        by_byte = [nll / len(text.encode()) for nll, text in zip(likelihoods, record.options, strict=True)]
        score = float(likelihoods[right] == min(likelihoods))
        normalized = float(by_byte[right] == min(by_byte))
    elif record.measure == "number" and answer:
        score = float(answer.ending == "stopped" and same_number(answer.text, record.completion))
    elif record.measure == "text" and answer:
        score = text_score(record, answer.text)
    return MeasuredRow(
        set=name,
        id=record.id,
        measure=record.measure,
        nll=round(likelihoods[right], 4),
        score=score,
        tokens=tokens[right].supervised,
        group=sha256_of(record.group)[:16],
        ending=answer.ending if answer else None,
        normalized=normalized,
        marks=_marks(record, kind, likelihoods, answer),
    )


def text_score(record: Record, said: str) -> float:
    """chrF, but all or nothing where one of answer and expectation says that there is no answer."""
    answerable = is_answerable(record)
    if answerable is False or (answerable and declines(said)):
        return float(declines(said) and answerable is False)
    return round(chrf(said, record.completion), 4)


def _marks(record: Record, kind: SetKind, likelihoods: list[float], answer: SpokenAnswer | None) -> RowMarks:
    marks: dict[str, object] = {"field": record.field} if kind.fewest else {}
    has = kind.measures.__contains__
    if record.measure == "choice":
        if has("letter_bias") and has_places(record):
            least, right = min(likelihoods), right_place(record)
            picked = right if likelihoods[right] == least else likelihoods.index(least)
            marks |= {"right": right, "picked": picked}
        if kind.speaks_labels and answer:
            marks |= {"label": record.options[right_place(record)], "said": label_of(answer.text, kind.labels)}
            if answer.within:
                marks["named"] = {most: named_label(text, kind.labels) for most, text in answer.within.items()}
    if answer is None:
        return RowMarks.model_validate(marks)
    into = kind.language_of(record)
    if has("chosen") and (option := expected_place(record)) is not None:
        said = chosen_place(record.prompt, answer.text) if answer.ending == "stopped" else None
        marks |= {"options": len(options_in(record.prompt)[1]), "option": option, "chosen": said}
    answerable = is_answerable(record) if record.measure in ("text", "number") else None
    if record.measure == "text" and answerable is not False:
        if has("chrf"):
            marks |= {"into": into, "chrf": chrf_counts(answer.text, record.completion)}
        if has("bleu") and into:
            marks |= {"into": into, "bleu": bleu_counts(answer.text, record.completion, into)}
        if has("rouge_l") and not into:
            marks["rouge_l"] = round(rouge_l(answer.text, record.completion), 4)
    if has("unanswerable") and answerable is not None:
        marks |= {"answerable": answerable, "declined": declines(answer.text)}
    if has("degenerate"):
        marks["empty"] = not answer.text.strip()
        if language := into or language_of(record.completion):
            marks["other_language"] = is_in_another_language(answer.text, language)
    return RowMarks.model_validate(marks)
