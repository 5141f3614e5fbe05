import pytest

from lineage.config.measuring import MEASURE_NAMES, SetEvaluation
from lineage.core.errors import LineageError
from lineage.evaluation.heldout import HeldOutSet
from lineage.evaluation.set_kind import SetKind, has_places, kind_of
from lineage.readers.loans import ASK, GRADES
from lineage.records.record import Record
from tests import tiny

LISTED = "자산은?\nA. 현금\nB. 차입금"


def of(*records: Record, **spec: object) -> SetKind:
    return kind_of(HeldOutSet("a.record", records, len(records), "0"), SetEvaluation.model_validate(spec))


def loan(n: int, grade: str) -> Record:
    asked = f"{ASK}\n대출금액(원): {n}"
    return tiny.row("loans", asked, grade, measure="choice", options=GRADES, correct=GRADES.index(grade))


def choice(n: int) -> Record:
    return tiny.row("q", f"{n}: {LISTED}", "A. 현금", measure="choice", options=("A. 현금", "B. 차입금"), correct=0)


def letters(n: int) -> Record:
    """A choice that is answered by a bare letter: all rows have the same options, which are no labels."""
    return tiny.row("q", f"{n}: {LISTED}", "A", measure="choice", options=("A", "B"), correct=0)


def test_choices_among_the_same_options_are_labels_unless_their_prompts_list_them() -> None:
    assert of(loan(1, "A등급"), loan(2, "C등급")).labels == GRADES
    assert of(loan(1, "A등급"), loan(2, "C등급")).speaks_labels
    assert of(letters(1), letters(2)).labels == () == of(choice(1), choice(2)).labels
    assert of(loan(1, "A등급"), choice(2)).labels == ()
    assert has_places(choice(1)) and has_places(letters(1)) and not has_places(loan(1, "A등급"))


def test_a_translation_is_known_by_the_words_of_the_prompt() -> None:
    into = tiny.row("p", "다음 문장을 중국어로 옮기시오.\n오늘은 휴장이다.", "今天股市休市。")
    back = tiny.row("p", "다음 문장을 한국어로 옮기시오.\n今天股市休市。", "오늘은 휴장이다.")
    other = tiny.row("p", "Translate into English: 오늘은 휴장이다.", "The market is closed.")
    kind = of(into, back, other)
    assert [kind.language_of(r) for r in (into, back, other)] == ["zh", "ko", None]
    assert of(other, into="en").language_of(other) == "en"


def test_a_set_has_every_figure_unless_some_are_named() -> None:
    assert of(choice(1)).measures == set(MEASURE_NAMES)
    assert of(loan(1, "A등급"), loan(2, "B등급"), measures=["degenerate"]).speaks_labels is False


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("bleu", r"no row says which language it translates into \(add into: ko, en, zh or ja\)"),
        ("labels", "its rows are not choices among the same options"),
        ("chosen", "no expected answer reasons and then names an option of its prompt"),
        ("unanswerable", "no row says whether it can be answered"),
        ("rouge_l", "no expected answer is text, but for translations"),
    ],
)
def test_a_figure_that_the_rows_cannot_give_is_refused(name: str, why: str) -> None:
    with pytest.raises(LineageError, match=rf"params\.yaml: evaluation\.sets asks for {name} of a\.record, but {why}"):
        of(choice(1), choice(2), measures=[name])
