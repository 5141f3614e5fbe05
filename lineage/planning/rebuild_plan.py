"""`lineage diff`: what `dvc repro` would rebuild and why, and what it would cost, before it starts.

What is stale, `stale_stages` reads of DVC. Stages of one kind with the same reasons are told in one line, and versions
that cannot be built from what is here are named once. Where all that changed is words in code, nothing needs to run: it
names the command that tells DVC.
"""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from lineage.config.buildable import files_of
from lineage.config.schema import Curriculum
from lineage.core.errors import LineageError
from lineage.planning.cost import Cost, cost_of, prices
from lineage.planning.duration import Seconds, adopting_seconds, stage_seconds
from lineage.planning.dvc_graph import Graph, look, undisturbed, upstream
from lineage.planning.foreseen import foreseen
from lineage.planning.readiness import readiness
from lineage.planning.stale_stages import StaleStage, stale_stages

COMMIT = "dvc commit -f"  # takes everything as it lies here for made by the code as it is now
OF_VERSION = ("mix", "train", "evaluate")
OF_ROWS = ("samples", "convert", "ingest", "generate", "superseded", "duplicates")  # what a mix chooses from


@dataclass(frozen=True, slots=True)
class Planned:
    """A stage that would run, and what it would cost. cost: of training. seconds: None, unknown.

    taken_up: of a training, the finished version whose adapter it takes up instead.
    """

    stage: StaleStage
    cost: Cost | None
    seconds: Seconds | None
    taken_up: str = ""


@dataclass(frozen=True, slots=True)
class RebuildPlan:
    """What `dvc repro` would run, in graph order.

    obstacles: version → why it cannot be built from what is here; its stages are not among the stages.
    empty: sources of a user's own that have no files yet.
    """

    stages: tuple[Planned, ...]
    obstacles: dict[str, str]
    empty: frozenset[str]


def plan(c: Curriculum, wanted: Iterable[str] = ()) -> RebuildPlan:
    """The stages that `dvc repro` would run.

    Args:
        c: the curriculum of this workspace.
        wanted: stages (`train@v3`) or versions (`v3`) that alone are asked for, with what they need; none: all.

    Raises:
        LineageError: with DVC's own words, if it refuses dvc.yaml; naming what is wanted and unknown.
    """
    view = undisturbed(look(c))
    asked = needed(view.graph, wanted)
    obstacles = {one.version: one.obstacle for one in readiness(c) if one.obstacle}
    stale = stale_stages(c, view)
    stages = _that_matter(stale, asked, obstacles)
    rows_change = any(stage.kind in OF_ROWS and stage.certain for stage in stale)
    finished = {} if rows_change or not any(stage.kind == "train" for stage in stages) else foreseen(c)
    told = {name: why for name, why in obstacles.items() if any(f"{kind}@{name}" in asked for kind in OF_VERSION)}
    empty = frozenset(s for s in c.sources if not files_of(c, s)) if c.data == "own" else frozenset()
    return RebuildPlan(tuple(_priced(c, stages, finished)), told, empty)


def _that_matter(stale: list[StaleStage], asked: set[str], obstacles: Container[str]) -> list[StaleStage]:
    """Those that are asked for, without versions that cannot be built, and without what would only follow from them."""
    kept: list[StaleStage] = []
    left_out: set[str] = set()
    for stage in stale:
        after = tuple(before for before in stage.after if before not in left_out)
        if (stage.kind in OF_VERSION and stage.key in obstacles) or not (after or stage.changes):
            left_out.add(stage.stage)
        elif stage.stage in asked:
            kept.append(replace(stage, after=after))
    return kept


def needed(graph: Graph, wanted: Iterable[str]) -> set[str]:
    """The stages that are wanted, by their names or as those of a version, and all that they wait for."""
    if not (words := list(wanted)):
        return set(graph)
    found: set[str] = set()
    for word in words:
        named = {stage for stage in graph if word in (stage, *stage.split("@"))}
        if not named:
            raise LineageError(f"there is no stage or version {word!r}; name one as in `lineage diff train@v3`")
        found |= named
    return upstream(graph, found)


def _priced(c: Curriculum, stages: list[StaleStage], finished: Mapping[str, str]) -> Iterable[Planned]:
    known = prices(c)
    for stage in stages:
        if stage.kind == "train" and stage.key in finished:
            yield Planned(stage, None, Seconds(0.0, True), finished[stage.key])
            continue
        trained = stage.kind == "train" and c.versions[stage.key].train.adopted is None
        cost = cost_of(c, c.version(stage.key), known) if trained else None
        if stage.fetched:
            seconds: Seconds | None = Seconds(0.0, True)
        elif stage.kind == "train" and not trained:
            seconds = adopting_seconds(known.runs, stage.stage)
        else:
            seconds = cost.seconds if cost else stage_seconds(known.runs, stage.stage, c.profile, known.base)
        yield Planned(stage, cost, seconds)


def durations(c: Curriculum, stages: Iterable[str]) -> dict[str, Seconds | None]:
    """How long each of some stages would take if it ran; None where nothing like it has run on this machine."""
    known, found = prices(c), {}
    for stage in stages:
        kind, _, key = stage.partition("@")
        if kind != "train" or key not in c.versions:
            found[stage] = stage_seconds(known.runs, stage, c.profile, known.base)
        elif c.versions[key].train.adopted is not None:
            found[stage] = adopting_seconds(known.runs, stage)
        else:
            found[stage] = cost_of(c, c.version(key), known).seconds
    return found


def as_json(planned: RebuildPlan) -> dict[str, Any]:
    """The plan for a program. Seconds are null where nothing like it has run on this machine."""
    certain = [p for p in planned.stages if p.stage.certain]
    return {
        "stages": [
            {
                "stage": p.stage.stage,
                "certain": p.stage.certain,
                "changes": [{"what": x.what, "old": x.old, "new": x.new} for x in p.stage.changes],
                "after": list(p.stage.after),
                "seconds": round(p.seconds.value, 1) if p.seconds else None,
                "measured": bool(p.seconds and p.seconds.measured),
                "steps": p.cost.work.steps if p.cost else None,
                "tokens": p.cost.work.tokens if p.cost else None,
                "taken_up": p.taken_up or None,
            }
            for p in planned.stages
        ],
        "cannot_be_built": planned.obstacles,
        "certain_seconds": round(total(certain), 1),
        "at_most_seconds": round(total(planned.stages), 1),
        "unknown": [p.stage.stage for p in planned.stages if p.seconds is None],
        "commit": COMMIT if only_words(planned) else None,
    }


def only_words(planned: RebuildPlan) -> bool:
    """Whether every stage is stale for words in its code, or only follows from such a stage."""
    stages = [p.stage for p in planned.stages]
    return bool(stages) and all(stage.words or (stage.after and not stage.changes) for stage in stages)


def total(planned: Iterable[Planned]) -> float:
    """The seconds of all whose time is known."""
    return sum(p.seconds.value for p in planned if p.seconds)
