from lineage.artifacts.measures import MeasuredRow
from lineage.evaluation.set_intervals import nll_of, score_of


def row(
    nll: float, tokens: int = 1, score: float | None = None, group: str = "", measure: str = "choice"
) -> MeasuredRow:
    fields = {"set": "a.record", "id": "x", "measure": measure, "nll": nll, "score": score, "tokens": tokens}
    return MeasuredRow.model_validate(fields | {"group": group})


def test_the_mean_is_weighted_by_tokens() -> None:
    mean, interval = nll_of([row(10.0, 100), row(1.0, 1)])
    assert mean == round(11 / 101, 4)
    assert interval is not None and interval[0] < mean < interval[1]


def test_rows_without_variation_have_no_width() -> None:
    assert nll_of([row(2.0)] * 9) == (2.0, (2.0, 2.0))


def test_no_rows_and_rows_of_one_group_give_no_interval() -> None:
    assert nll_of([]) == (None, None) and score_of([], "choice") == (None, None)
    assert nll_of([row(2.0, group="report"), row(3.0, group="report")]) == (2.5, None)


def test_all_right_of_few_is_not_certain() -> None:
    share, interval = score_of([row(1.0, score=1.0)] * 10, "choice")
    assert share == 1.0 and interval is not None and interval[1] == 1.0 and interval[0] < 0.75
    none, interval = score_of([row(1.0, score=0.0)] * 10, "number")
    assert (none, interval) == (None, None), "rows of another measure are not judged by it"


def test_a_mean_mark_stays_between_none_and_all() -> None:
    marks = [row(1.0, score=mark, measure="text") for mark in (0.0, 0.0, 0.1, 0.9)]
    mean, interval = score_of(marks, "text")
    assert mean == 0.25 and interval is not None and interval[0] == 0.0 and interval[1] <= 1.0
