"""The measures of one held-out set, from its rows: means, their bootstrap intervals, and the score of chance."""

from collections.abc import Sequence

from lineage.artifacts.measures import Interval, MeasuredRow, SetMeasures
from lineage.config.schema import Curriculum
from lineage.evaluation.heldout import HeldOutSet
from lineage.evaluation.metrics import last_number, mean_interval, resamples
from lineage.records.record import Measure, Record


def summarize(c: Curriculum, heldout: HeldOutSet, rows: Sequence[MeasuredRow]) -> SetMeasures:
    """A set's measures and intervals; a set of mixed kinds is scored on the rows of its most frequent measure.

    Args:
        c: the curriculum: its seed and number of resamples.
        heldout: the set.
        rows: those of its rows that were asked.
    """
    kinds = [r.measure for r in heldout.records]
    measure = max(sorted(set(kinds)), key=kinds.count)
    scores = [r.score for r in rows if r.score is not None and r.measure == measure]
    nll, nll_interval = _mean(c, [r.nll for r in rows], [r.tokens for r in rows])
    score, score_interval = _mean(c, scores, [1] * len(scores))
    return SetMeasures(
        source=heldout.records[0].source,
        form=heldout.records[0].form,
        rows=len(rows),
        heldout_rows=heldout.heldout_rows,
        tokens=sum(r.tokens for r in rows),
        measure=measure,
        nll=nll,
        nll_interval=nll_interval,
        score=score,
        score_interval=score_interval,
        chance=_chance([r for r in heldout.records if r.measure == measure], measure),
        too_long=len(heldout.records) - len(rows),
    )


def _mean(c: Curriculum, values: list[float], weights: list[int]) -> tuple[float, Interval] | tuple[None, None]:
    """The weighted mean of some rows and its bootstrap interval; nothing of no rows."""
    if not values:
        return None, None
    return mean_interval(values, weights, resamples(len(values), c.evaluation.bootstrap, c.seed))


def _chance(judged: list[Record], measure: Measure) -> float | None:
    """The score of who guesses an option, or always gives the most frequent figure."""
    if measure == "choice":
        return round(sum(1 / len(r.options) for r in judged) / len(judged), 4)
    if measure == "number":
        figures = [last_number(r.completion) for r in judged]
        return round(max(map(figures.count, figures)) / len(figures), 4)
    return None
