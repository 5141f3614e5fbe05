"""Any two measured versions, set by set: what `lineage compare` and the first screen of the page show.

`second` less `first`: an NLL that falls and a score that rises are gains. All sets, by NLL and by score, are judged
together, as in the report: against the parent, these are the figures of `reports/comparison.json`.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from lineage.artifacts.comparison import Paired, Verdict
from lineage.artifacts.measures import Interval
from lineage.config.schema import BASE
from lineage.core.errors import LineageError
from lineage.reporting.compare import own_sets
from lineage.reporting.measured import answered_otherwise
from lineage.reporting.paired import difference
from lineage.reporting.right_answers import RIGHT_OR_WRONG, above_chance, score_difference
from lineage.reporting.workspace import Workspace
from lineage.statistics.judgement import judge, level_of


@dataclass(frozen=True, slots=True)
class ScoreChange:
    """The scores of two versions on a set, 0..1, and what may be said of their difference. smallest: as for the NLL."""

    measure: str
    first: float
    second: float
    chance: float | None
    above_chance: bool | None
    interval: Interval | None
    p: float | None
    verdict: Verdict
    smallest: float | None


@dataclass(frozen=True, slots=True)
class SetChange:
    """Two versions on a set. gained, lost: ids of the rows that only the second, or the first, answered rightly."""

    nll: Paired
    score: ScoreChange | None
    gained: tuple[str, ...]
    lost: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TwoVersions:
    """The sets that both answered. only_first, only_second: those that one of them alone did.

    answered_otherwise: sets that the two answered by other settings, so that their answers do not quite compare.
    may_forget: where the second continues the first, the sets whose source the first or its line was trained on, less
    those of the second's own mix. forgot: those of them on which the second is worse, by NLL; worst first.
    """

    first: str
    second: str
    sets: dict[str, SetChange]
    only_first: tuple[str, ...]
    only_second: tuple[str, ...]
    may_forget: tuple[str, ...]
    forgot: tuple[str, ...]
    answered_otherwise: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The same for a program."""
        whole = asdict(self)
        whole["sets"] = {name: asdict(one) | {"nll": one.nll.model_dump()} for name, one in self.sets.items()}
        return whole


def two_versions(w: Workspace, first: str = "", second: str = "") -> TwoVersions:
    """Compare two versions, or a version and the base.

    Args:
        w: the workspace.
        first: what it is compared with. Left out with `second`: see `default_pair`.
        second: the version. Left out alone: `first` is compared with its parent.

    Raises:
        LineageError: one of them is unknown or not measured, or they were measured on different rows.
    """
    if not first:
        first, second = default_pair(w)
    elif not second:
        _must_be_measured(w, first)
        newest = [name for name in w.curriculum.versions if name in w.measured][-1:]
        first, second = (w.curriculum.versions[first].parent if first != BASE else "".join(newest)), first
    for name in (first, second):
        _must_be_measured(w, name)
    me, other = w.measured[second], w.measured[first]
    names = [name for name in me.rows if name in other.rows]
    nll = {name: difference([(name, me.rows[name], other.rows[name])]) for name in names}
    scores = {name: found for name in names if (found := score_difference(name, me, other))}
    tested = {name: one.tested for name, one in nll.items()}
    tested |= {f"score of {name}": one.tested for name, one in scores.items()}
    verdicts, level = judge(tested), level_of(tested)
    sets = {}
    for name in names:
        score, measures = None, me.sets[name]
        if (found := scores.get(name)) and (before := other.sets[name].score) is not None:
            score = ScoreChange(
                measure=measures.measure,
                first=before,
                second=measures.score or 0.0,
                chance=measures.chance,
                above_chance=above_chance(measures.score_interval, measures.chance),
                interval=found.interval,
                p=verdicts[f"score of {name}"].p,
                verdict=verdicts[f"score of {name}"].verdict,
                smallest=found.smallest(level),
            )
        sets[name] = SetChange(nll[name].judged(verdicts[name], level), score, *_flipped(w, first, second, name))
    may_forget = _may_forget(w, first, second, names)
    forgot = [name for name in may_forget if sets[name].nll.verdict == "worse"]
    return TwoVersions(
        first=first,
        second=second,
        sets=sets,
        only_first=tuple(sorted(set(other.rows) - set(names))),
        only_second=tuple(sorted(set(me.rows) - set(names))),
        may_forget=may_forget,
        forgot=tuple(sorted(forgot, key=lambda name: -sets[name].nll.difference)),
        answered_otherwise=tuple(name for name in answered_otherwise(me, other) if name in sets),
    )


def default_pair(w: Workspace) -> tuple[str, str]:
    """The two that are compared where nobody says which: the champion and the newest measured version.

    Where there is no champion, or it is not measured here, or is the newest itself: the newest two.

    Raises:
        LineageError: fewer than two versions are measured.
    """
    measured = [name for name in w.curriculum.versions if name in w.measured]
    if len(measured) < 2:
        raise LineageError(f"two measured versions are needed, found {len(measured)}; run `dvc repro` to measure more")
    return (w.champion if w.champion in measured[:-1] else measured[-2]), measured[-1]


def _may_forget(w: Workspace, first: str, second: str, names: Sequence[str]) -> tuple[str, ...]:
    """The sets that the second can have forgotten since the first; none where it does not continue it.

    Args:
        w: the workspace.
        first: what it is compared with.
        second: the version.
        names: the sets that both answered.
    """
    if not {first, second} <= set(w.trained) or first not in w.trained[second].inside.line[:-1]:
        return ()
    known, own = w.trained[first].inside, set(own_sets(w, second))
    sources = {name: w.measured[second].sets[name].source for name in names}
    return tuple(name for name in names if name not in own and known.seen_by(sources[name]))


def _must_be_measured(w: Workspace, name: str) -> None:
    if name != BASE and name not in w.curriculum.versions and name not in w.measured:
        known = ", ".join(n for n in w.curriculum.versions if n in w.measured) or "none"
        raise LineageError(f"{name}: not among the versions of params.yaml; measured: {known}")
    if name not in w.measured:
        raise LineageError(f"{name}: {'; '.join(w.missing.get(name, ())) or 'not measured; run `dvc repro`'}")


def _flipped(w: Workspace, first: str, second: str, name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Rows of right or wrong answers that turned right, and wrong.

    Args:
        w: the workspace.
        first: the version that is compared with.
        second: the version.
        name: the set.
    """
    a, b = w.measured[second].rows[name], w.measured[first].rows[name]
    if w.measured[second].sets[name].measure not in RIGHT_OR_WRONG:
        return (), ()
    change = np.nan_to_num(a.score - b.score)
    gained = tuple(at for at, by in zip(a.ids, change, strict=True) if by > 0)
    return gained, tuple(at for at, by in zip(a.ids, change, strict=True) if by < 0)
