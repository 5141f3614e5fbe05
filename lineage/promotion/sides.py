"""The two sides of a decision, a version and the champion: what each answered, and what it must answer for."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from lineage.artifacts.manifest import read_manifest
from lineage.artifacts.measures import SetMeasures
from lineage.artifacts.mix_summary import mix_identity
from lineage.config.goal import Goal
from lineage.config.schema import BASE
from lineage.core import paths
from lineage.records.record import Measure
from lineage.reporting.measured import SetRows
from lineage.reporting.workspace import Workspace

RIGHT_OR_WRONG = ("choice", "number")


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two, in memory.

    rows: set → its rows as this version answered them; see lineage/reporting/measured.py.
    measures: set → what its score is; a set that is not named has none.
    met: set → ids of rows that its line met in training; those count for neither side.
    unsearched: versions of its line whose mix nobody searched for held-out rows.
    mixed_anew: those of which another mix was searched than the one that they were trained on.
    unknown: versions of its line that were trained elsewhere, on data that nobody knows here.
    faults: cut, endless, … → the share of all answers in its own words, 0..1.
    """

    name: str
    rows: Mapping[str, SetRows]
    measures: Mapping[str, Measure] = field(default_factory=dict)
    met: Mapping[str, Collection[str]] = field(default_factory=dict)
    unsearched: tuple[str, ...] = ()
    mixed_anew: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    faults: Mapping[str, float] = field(default_factory=dict)


def side_of(w: Workspace, name: str) -> Side:
    """A measured version, or the base, as a side."""
    measured = w.measured[name]
    whole = w.trained[name].inside if name != BASE else None
    line = whole.line if whole else ()
    met: dict[str, set[str]] = {}
    for version in line:
        for held_out, searched in w.contamination.get(version, {}).items():
            met.setdefault(held_out, set()).update(searched.met)
    return Side(
        name=name,
        rows=measured.rows,
        measures={held_out: one.measure for held_out, one in measured.sets.items()},
        met=met,
        unsearched=tuple(version for version in line if version not in w.contamination),
        mixed_anew=tuple(filter(_mixed_anew, line)),
        unknown=whole.adopted if whole else (),
        faults=faults(measured.sets),
    )


def _mixed_anew(version: str) -> bool:
    """Whether the mix that lies here is another one than the adapter was trained on; one from elsewhere has none."""
    made, here = read_manifest(version), mix_identity(paths.mix(version))
    return not made.adopted and here is not None and here != made.mix.sha256


def faults(sets: Mapping[str, SetMeasures]) -> dict[str, float]:
    """What went wrong with answers in a model's own words, as shares of all of them; nothing where there are none."""
    answered = sum(one.answered for one in sets.values())
    if not answered:
        return {}
    found = {
        "cut": sum(one.cut for one in sets.values()) / answered,
        "endless": sum(one.endless for one in sets.values()) / answered,
    }
    for figure in ("empty", "other_language"):
        judged = [one.figures[figure] for one in sets.values() if figure in one.figures]
        if rows := sum(one.rows for one in judged):
            found[figure] = sum(one.value * one.rows for one in judged) / rows
    return found


def guarded_sets(w: Workspace, version: str, champion: str, goal: Goal) -> tuple[str, ...]:
    """The sets that may not be lost, also those that only one of the two answered: nobody can say that they are kept.

    Args:
        w: the workspace.
        version: who may become the champion.
        champion: who is.
        goal: which sets are guarded.
    """
    asked = [name for name in {**w.measured[champion].rows, **w.measured[version].rows} if goal.guards(name)]
    mine, theirs = w.trained[version].inside, w.trained[champion].inside if champion != BASE else None
    lost = [*mine.inherited, *(theirs.portions if theirs else ())]
    if goal.guard == "all" or mine.adopted or (theirs and theirs.adopted):  # what was trained elsewhere may know any
        return tuple(asked)
    known = {portion.source for portion in lost if portion.rows}
    return tuple(name for name in asked if name.partition(".")[0] in known)
