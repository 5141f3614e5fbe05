"""`lineage promote`: looks at the held-out rows, decides, and keeps the look with its outcome in promotions.yaml.

The entry is written before anybody reads the verdict: a look whose outcome was seen and not counted would be free. It
names bytes, never a name alone. Without a champion a version is compared with its parent, as strictly: the first one
must be worth having too. One stage or promotion writes at a time.
"""

import subprocess
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from lineage.artifacts.manifest import verified_manifest
from lineage.artifacts.measures import measured_by
from lineage.artifacts.promotions import (
    Against,
    BuiltVersion,
    GoalOutcome,
    Kind,
    Look,
    Promotion,
    add_promotion,
    champion,
    read_promotions,
)
from lineage.config.schema import BASE, Curriculum
from lineage.core.errors import LineageError
from lineage.core.stage import only_writer
from lineage.promotion.criteria import LEAST
from lineage.promotion.decide import decide, sets_looked_at
from lineage.promotion.decision import Criterion, Decision
from lineage.promotion.sides import guarded_sets, side_of
from lineage.promotion.spending import looked_at
from lineage.reporting.measured import answered_otherwise
from lineage.reporting.paired import rounded, rounded_interval
from lineage.reporting.workspace import Workspace, read_workspace

PROPOSED: dict[Kind, Kind] = {"promoted": "proposed", "overridden": "proposed by override"}
LONGEST = 12  # digits of a hash in a file that people read


@dataclass(frozen=True, slots=True)
class Promoting:
    """What was decided and kept. decision: None where a version was promoted by override that nobody could compare."""

    entry: Promotion
    decision: Decision | None


@dataclass(frozen=True, slots=True)
class Prospect:
    """What a promotion would look at, before it does: nothing of it depends on how the two answered.

    sets: with their weight. guarded: with their margin and its unit. vain: what has a weight, and was asked of neither.
    """

    version: str
    against: str
    look: Look
    sets: dict[str, float]
    guarded: dict[str, str]
    vain: tuple[str, ...] = ()


def promote(
    c: Curriculum,
    version: str,
    because: str = "",
    by: str = "",
    override: bool = False,
    asking: bool = False,
) -> Promoting:
    """Decide on a version, and keep what was decided; the champion changes only if it passed, or by override.

    Args:
        c: the curriculum, with the goal.
        version: who may become the champion.
        because: why; needed for an override.
        by: who says so; left out, the name that git knows.
        override: to promote it even if it is refused.
        asking: only to propose what would be promoted, for a person's yes (`confirmation.py`); the look is kept.

    Raises:
        LineageError: there is nothing to decide; nothing was looked at, and nothing is kept.
    """
    because, by = because.strip(), by.strip() or _name_of_git()
    if override and not because:
        raise LineageError("an override needs a reason: --because '…'; it is shown wherever the champion is shown")
    if override and not by:
        raise LineageError("an override needs a name: --by '…', or git config user.name")
    with only_writer(f"lineage promote {version}"):
        w, entries = read_workspace(c), read_promotions()
        me = _candidate(w, entries, version)
        looks = [entry.look for entry in entries if entry.look]
        decision, other, why = None, "", ""
        try:
            other = _other(w, entries, version)
            guarded = guarded_sets(w, version, other, c.goal)
            decision = decide(side_of(w, version), side_of(w, other), c.goal, guarded, looks)
        except LineageError as error:
            if not override:
                raise
            why = f"nobody could compare it: {error}"
        passed = decision is not None and decision.passed
        kind: Kind = "promoted" if passed else "overridden" if override else "refused"
        kind = PROPOSED.get(kind, kind) if asking else kind
        said = f"it passed the gate against {other}" if passed else f"the gate refused it against {other}"
        entry = Promotion(
            version=me.name,
            fingerprint=me.fingerprint[:LONGEST],
            adapter=me.adapter[:LONGEST],
            kind=kind,
            when=date.today(),
            because=because or said,
            by=by,
            against=_against(w, other) if decision else None,
            look=_written(decision.look) if decision else None,
            outcome=_outcome(decision.better) if decision else None,
            reasons=decision.reasons if decision else (why,),
        )
        add_promotion(entry)
    return Promoting(entry, decision)


def prospect(c: Curriculum, version: str) -> Prospect:
    """What `promote` would look at, and at which level; takes no look.

    Raises:
        LineageError: there is nothing to decide.
    """
    w, entries = read_workspace(c), read_promotions()
    _candidate(w, entries, version)
    other = _other(w, entries, version)
    guarded = guarded_sets(w, version, other, c.goal)
    mine = side_of(w, version)
    names = sets_looked_at(mine, side_of(w, other), c.goal, guarded)
    rows = {name: mine.rows[name].ids for name in names}
    margins = {}
    for name in guarded:
        scored = c.goal.measure_of(name) == "score" and w.measured[version].sets[name].score is not None
        margin = c.goal.margin_of(name, "score" if scored else "nll")
        margins[name] = f"{margin:g} {'of score' if scored else 'nats a token'}"
    look = looked_at(rows, c.goal, [entry.look for entry in entries if entry.look])
    weights = {name: c.goal.weight_of(name) for name in names}
    return Prospect(version, other, look, weights, margins, c.goal.counted_in_vain(names))


def _candidate(w: Workspace, entries: list[Promotion], version: str) -> BuiltVersion:
    """The version's bytes, as they lie here.

    Raises:
        LineageError: it is unknown, not built, not what its manifest says, or the champion already.
    """
    if version == BASE or version not in w.curriculum.versions:
        raise LineageError(f"{version}: not among the versions of params.yaml ({', '.join(w.curriculum.versions)})")
    if version not in w.trained:
        raise LineageError(f"{version}: {'; '.join(w.missing.get(version, ())) or f'run `dvc repro train@{version}`'}")
    manifest = verified_manifest(version)
    me = BuiltVersion(version, manifest.fingerprint, manifest.adapter)
    before = champion(entries, built_here(w))
    if before and before.is_of(me.fingerprint, me.adapter):
        raise LineageError(f"{version} is the champion already ({before.name}); nothing was looked at")
    return me


def _other(w: Workspace, entries: list[Promotion], version: str) -> str:
    """The version that is the champion's bytes here, or the parent where there is no champion.

    Raises:
        LineageError: one of the two is not measured or they answered by other settings, or the champion is not built.
    """
    before = champion(entries, built_here(w))
    other = w.curriculum.versions[version].parent
    if before:
        other = next((one.name for one in built_here(w) if before.is_of(one.fingerprint, one.adapter)), "")
        if not other:
            raise LineageError(
                f"the champion, {before.name}, is not built here, so nothing can be compared with it. Bring it back as "
                f"a version of its own, or say why it must go: --override --because '…'"
            )
    for name in (version, other):
        if name not in w.measured:
            raise LineageError(f"{name}: {'; '.join(w.missing.get(name, ())) or 'not measured; run `dvc repro`'}")
    if apart := answered_otherwise(w.measured[version], w.measured[other]):
        raise LineageError(
            f"{version} and {other} answered {', '.join(apart)} by other settings, so that no difference is one "
            f"between them; run `dvc repro {measured_by(other)} {measured_by(version)}`"
        )
    return other


def built_here(w: Workspace) -> list[BuiltVersion]:
    """The versions that are built, as they lie here."""
    return [BuiltVersion(name, one.manifest.fingerprint, one.manifest.adapter) for name, one in w.trained.items()]


def _against(w: Workspace, other: str) -> Against:
    if other == BASE:
        return Against(version=BASE)
    made = w.trained[other].manifest
    return Against(version=other, fingerprint=made.fingerprint[:LONGEST], adapter=made.adapter[:LONGEST])


def _written(look: Look) -> Look:
    """A look as it is kept: its level in four digits."""
    return look.model_copy(update={"level": float(f"{look.level:.4g}")})


def _outcome(goal: Criterion) -> GoalOutcome:
    """The weighted goal in short; figures are rounded as everywhere."""
    return GoalOutcome(
        gain=None if goal.gain is None else rounded(goal.gain),
        interval=rounded_interval(goal.interval),
        p=None if goal.p is None else float(f"{max(goal.p, LEAST):.3g}"),
        unit=goal.unit,
    )


def _name_of_git() -> str:
    try:
        asked = subprocess.run(
            ["git", "config", "user.name"], capture_output=True, text=True, timeout=20, cwd=Path.cwd()
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return asked.stdout.strip()
