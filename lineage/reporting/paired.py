"""Two models on the same rows: the difference of their NLL, how sure it is, and what may be said of it.

Differences are taken row by row, so what is hard for both does not count as noise; see lineage/statistics.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lineage.artifacts.comparison import Paired
from lineage.artifacts.measures import Interval
from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.reporting.measured import SetRows
from lineage.statistics.judgement import Judged, Observed, judge, level_of
from lineage.statistics.ratio import Estimate, Sample, ratio

DIGITS = 6  # figures are rounded where they are made, so that every reader shows the same


@dataclass(frozen=True, slots=True)
class Difference:
    """One model's NLL a token less another's, before it is judged among those that are shown with it."""

    tokens: int
    nll: float
    other_nll: float
    estimate: Estimate

    @property
    def value(self) -> float:
        """Nats a token; infinite where one of them is no number: then it is the worse one."""
        sound, other_sound = np.isfinite(self.nll), np.isfinite(self.other_nll)
        if sound and other_sound:
            return self.nll - self.other_nll
        return float("nan") if sound == other_sound else float("-inf" if sound else "inf")

    @property
    def tested(self) -> Observed:
        """The difference as it is judged: less is better."""
        return Observed(self.value, self.estimate.p, self.estimate.rows, self.estimate.groups, gain=-1)

    def judged(self, among: Judged, level: float) -> Paired:
        """The figures with the verdict.

        Args:
            among: what is said of it among all that are shown together.
            level: of the strictest test among them.
        """
        estimate = self.estimate
        return Paired(
            rows=estimate.rows,
            tokens=self.tokens,
            groups=estimate.groups,
            nll=rounded(self.nll),
            other_nll=rounded(self.other_nll),
            difference=rounded(self.value),
            interval=rounded_interval(estimate.interval),
            p=rounded_or_none(among.p),
            verdict=among.verdict,
            smallest=rounded_or_none(estimate.smallest(level)),
        )


def difference(pairs: Sequence[tuple[str, SetRows, SetRows]]) -> Difference:
    """One model less another on one set or several.

    Args:
        pairs: each set's name, and its rows as the one and as the other answered them.

    Raises:
        LineageError: the two were measured on different rows.
    """
    for name, a, b in pairs:
        if a.ids != b.ids or not np.array_equal(a.tokens, b.tokens):
            raise LineageError(
                f"{paths.METRICS}/*/rows.jsonl: two versions were measured on different rows of {name}, or with "
                f"another tokenizer; run `dvc repro evaluate` and `dvc repro baseline` to measure all alike"
            )
    total = sum(float(a.tokens.sum()) for _, a, _ in pairs)
    with np.errstate(invalid="ignore"):  # infinite less infinite: no number, and said to be none
        samples = [Sample(a.nll - b.nll, a.tokens, grouped(name, a)) for name, a, b in pairs]
        estimate = ratio(samples)
    return Difference(
        tokens=int(total),
        nll=sum(float(a.nll.sum()) for _, a, _ in pairs) / total,
        other_nll=sum(float(b.nll.sum()) for _, _, b in pairs) / total,
        estimate=estimate,
    )


def grouped(name: str, rows: SetRows) -> tuple[str, ...]:
    """The rows' groups by names that mean the same in every set: sets of one source share its documents."""
    source = name.partition(".")[0]
    return tuple(group and f"{source}/{group}" for group in rows.groups)


def judged(differences: Mapping[str, Difference]) -> dict[str, Paired]:
    """The differences that are shown together, each with its verdict."""
    tested = {name: one.tested for name, one in differences.items()}
    verdicts, level = judge(tested), level_of(tested)
    return {name: one.judged(verdicts[name], level) for name, one in differences.items()}


def paired(pairs: Sequence[tuple[str, SetRows, SetRows]]) -> Paired:
    """A difference that is shown, and judged, by itself.

    Args:
        pairs: each set's name, and its rows as the one and as the other answered them.

    Raises:
        LineageError: the two were measured on different rows.
    """
    return judged({"": difference(pairs)})[""]


def rounded(value: float) -> float:
    """A figure as it is written."""
    return round(float(value), DIGITS) + 0.0  # no -0.0


def rounded_or_none(value: float | None) -> float | None:
    """A figure as it is written, where there is one."""
    return None if value is None else rounded(value)


def rounded_interval(ends: Interval | None) -> Interval | None:
    """An interval as it is written, where there is one."""
    return None if ends is None else (rounded(ends[0]), rounded(ends[1]))
