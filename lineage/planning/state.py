"""What became of the base and of every version: the one reading that `lineage show` and `lineage results` tell.

    states(c)["v3"]  →  State("v3", "stale", "mix: data switched to own", "dvc repro train@v3", "measured", "")

It follows from the stages that `dvc repro` would run (`stale_stages`), so it never disagrees with `lineage diff`.
A version is stale as soon as a stage on its own line is: its training, its mix, a source of it or of an ancestor, its
parent, the base. What changed elsewhere (a source that it does not train on) may still reach it, by a row that repeats
another one; then it is built, `perhaps` to be built again.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from lineage.artifacts.base_manifest import find_base
from lineage.artifacts.manifest import find_manifest
from lineage.artifacts.measures import MEASURES
from lineage.artifacts.not_built import why_not_built
from lineage.config.reserved import BASE
from lineage.config.schema import Curriculum
from lineage.core import paths
from lineage.planning.at_work import Running, running
from lineage.planning.dvc_changes import in_cache
from lineage.planning.dvc_graph import CHECK, DvcView, look, upstream
from lineage.planning.field_changes import Change
from lineage.planning.readiness import readiness
from lineage.planning.stale_stages import FETCHED, NEVER, StaleStage, stale_stages

Word = Literal["built", "stale", "being trained now", "not here", "cannot be built"]
Measured = Literal["measured", "not measured", "measures are older"]
DVC_FOLDER = Path(".dvc")


@dataclass(frozen=True, slots=True)
class State:
    """The state of the base, or of a version.

    reason: why it is not simply built; empty for `built`. back: the command that brings it, or brings it up to date.
    measured: whether its measures are those of the adapter that is here. perhaps: what may yet make it stale.
    """

    name: str
    word: Word
    reason: str = ""
    back: str = ""
    measured: Measured = "not measured"
    perhaps: str = ""


def states(c: Curriculum, view: DvcView | None = None) -> dict[str, State]:
    """The state of the base and of every version, parents first.

    Args:
        c: the curriculum of this workspace.
        view: what DVC says, if it was asked already; None: it is asked, if this workspace has a DVC.

    Raises:
        LineageError: DVC refuses dvc.yaml, or a manifest is damaged.
    """
    if view is None:
        view = look(c) if DVC_FOLDER.is_dir() else None
    return dict(_found(_Reading(c, view)))


def older_than_shown(c: Curriculum) -> list[str]:
    """Why the report and the results no longer show the lineage as params.yaml and the files here have it; a line each.

    Raises:
        LineageError: DVC refuses dvc.yaml, or a manifest is damaged.
    """
    if not DVC_FOLDER.is_dir():
        return []
    reading = _Reading(c, look(c))
    found = dict(_found(reading))
    lines = [f"{s.name} is stale: {s.reason}" for s in found.values() if s.word == "stale"]
    lines += [f"{s.name} is being trained now" for s in found.values() if s.word == "being trained now"]
    lines += [
        f"the measures of {s.name} are older than what is here"
        for s in found.values()
        if s.word == "built" and s.measured == "measures are older"
    ]
    report = reading.stale.get("report")
    if report and not lines and (why := reading.why("report", set(found), c.sources)):
        lines.append(f"the report is older than what it shows: {why}")
    if lines:
        lines.append("these figures are from before that; to bring them up to date: dvc repro report")
    return lines


class _Reading:
    """What the states are read from."""

    def __init__(self, c: Curriculum, view: DvcView | None) -> None:
        self.c, self.view = c, view
        self.stale = {stage.stage: stage for stage in (stale_stages(c, view) if view else [])}
        self.now: Running | None = running()
        ready = list(readiness(c))
        self.obstacles = {one.version: one.obstacle for one in ready if one.obstacle}
        self.lacked = {one.version: one.lacked for one in ready if one.lacked}

    def busy(self, stage: str) -> bool:
        """Whether a command is writing what a stage reads or makes."""
        return bool(self.view and stage in self.view.busy) or bool(self.now and self.now.stage == stage)

    def why(self, stage: str, versions: set[str], sources: object) -> str:
        """The first reason for which a stage would run, nearest first, through the stages of some versions and sources.

        Args:
            stage: as DVC names it.
            versions: those whose stages are followed; what others are stale for is passed over.
            sources: a container, the same for sources.
        """
        left, met = [stage], set[str]()
        while left:
            name = left.pop(0)
            found = self.stale.get(name)
            if found is None or name in met:
                continue
            met.add(name)
            if found.certain and not found.fetched and (said := _told(found)):
                return said
            for before in reversed(found.after):
                kind, _, key = before.partition("@")
                of_source = kind in ("convert", "ingest", "generate")
                if not key or key in (sources if of_source else versions):  # type: ignore[operator]
                    left.append(before)
        return ""


def _found(reading: _Reading) -> Iterator[tuple[str, State]]:
    c = reading.c
    known = {BASE: _base(reading)}
    yield BASE, known[BASE]
    for name in c.in_order():
        known[name] = _version(reading, name, known)
        yield name, known[name]


def _base(reading: _Reading) -> State:
    measured = _measured(reading, BASE, "baseline")
    back = "dvc repro base"
    if reading.now and reading.now.stage == "base":
        return State(BASE, "being trained now", f"process {reading.now.pid}", "", measured)
    if find_base() is None:
        return State(BASE, "not here", "", _fetch(reading, BASE, "base", back), measured)
    why = reading.why("base", set(), ())
    return State(BASE, "stale", why, back, measured) if why else State(BASE, "built", "", "", measured)


def _version(reading: _Reading, name: str, known: dict[str, State]) -> State:
    c, stage = reading.c, f"train@{name}"
    parent = known[c.versions[name].parent]
    back = f"dvc repro {stage}"
    made = find_manifest(name)
    state = State(name, "built", measured=_measured(reading, name, f"evaluate@{name}"))
    if reading.now and reading.now.stage == stage:
        return replace(state, word="being trained now", reason=f"process {reading.now.pid}")
    if made is None and (obstacle := reading.obstacles.get(name)):
        return replace(state, word="cannot be built", reason=obstacle.removeprefix("cannot be built: "))
    if made is None and (lacked := reading.lacked.get(name)):
        if _stale(reading, name, parent):  # something was put in since
            return replace(state, word="not here", reason=f"it was not built, {lacked}", back=back)
        return replace(state, word="cannot be built", reason=lacked)
    if made is None and stage not in reading.stale and (why := why_not_built(name)):
        return replace(state, word="cannot be built", reason=why)
    if made is None:
        return replace(state, word="not here", reason=_gone(reading, name), back=_fetch(reading, name, stage, back))
    if made.parent != c.versions[name].parent:
        why = f"trained on {made.parent}, params.yaml says {c.versions[name].parent}"
        return replace(state, word="stale", reason=why, back=back)
    if (why := _stale(reading, name, parent)) and (obstacle := reading.obstacles.get(name)):
        return replace(state, word="stale", reason=f"{why}; {obstacle}")
    if why:
        return replace(state, word="stale", reason=why, back=back)
    if stage in reading.stale and parent.word == "not here":
        return replace(state, perhaps=f"{parent.name} is not here and would be made again")
    return replace(state, perhaps=reading.why(stage, set(c.versions), c.sources))


def _stale(reading: _Reading, name: str, parent: State) -> str:
    """The first reason for which a version that is here is stale: its own, its parent's, its line's."""
    c, stage = reading.c, f"train@{name}"
    if (own := reading.stale.get(stage)) and own.certain and (said := _told(own)):
        return said
    if (mix := reading.stale.get(f"mix@{name}")) and mix.certain and (said := _told(mix)):
        return said
    if parent.word in ("stale", "being trained now", "cannot be built") and not _adopted(c, name):
        return f"parent {parent.name} is {parent.word}" if parent.name != BASE else f"the base is {parent.word}"
    line = {name, *c.ancestors(name)}
    sources = {source for version in line for source in c.versions[version].mix}
    sources |= {c.generated[source].reference for source in sources if source in c.generated}
    if why := reading.why(stage, line, sources):
        return why
    if reading.view and reading.now and reading.busy(stage):
        return f"{reading.now.stage} is running now"
    return ""


def _adopted(c: Curriculum, name: str) -> bool:
    """An adapter that came from elsewhere is taken over as it is, whatever became of its parent."""
    return c.versions[name].train.adopted is not None


def _gone(reading: _Reading, name: str) -> str:
    """What keeps a version that is not here from being simply built or fetched."""
    if reading.now and reading.busy(f"train@{name}"):
        return f"{reading.now.stage} is running now"
    return ""


def _fetch(reading: _Reading, name: str, stage: str, back: str) -> str:
    """`dvc checkout` where DVC's cache holds what would be made now, and `dvc repro` otherwise.

    DVC brings back what `dvc.lock` names. It is what fits now only if nothing on its line is stale.
    """
    view, folder = reading.view, paths.adapter(name)
    if view is None:
        locked = paths.DVC_LOCK.is_file() and f"{stage}:" in paths.DVC_LOCK.read_text(encoding="utf-8")
        return f"dvc checkout {folder} || {back}" if locked else back
    outs = {out["path"]: out.get("md5", "") for out in view.lock.get(stage, {}).get("outs", [])}
    needed = upstream(view.graph, {stage}) - {CHECK} if stage in view.graph else set()
    fits = all(found.fetched for found in map(reading.stale.get, needed) if found)
    there = in_cache(outs.get(folder.as_posix(), ""), view.cache)
    return f"dvc checkout {folder}" if there and fits else back


def _measured(reading: _Reading, name: str, stage: str) -> Measured:
    """Whether the measures that are here are of what is here."""
    if not (paths.metrics(name) / MEASURES).is_file():
        return "not measured"
    found = reading.stale.get(stage)
    return "measures are older" if (found and found.certain) or reading.busy(stage) else "measured"


def _told(found: StaleStage) -> str:
    """The first reason of a stage in words: fields first, then files; what is only gone is no reason."""
    changes = [one for one in found.changes if not one.what.endswith(FETCHED)]
    switched = [one for one in changes if one.what in ("data", "profile")]
    fields = [one for one in changes if one.old is not None or one.new is not None]
    for change in (*switched, *fields, *changes):
        return _in_words(found, change)
    return ""


def _in_words(found: StaleStage, change: Change) -> str:
    path = change.what.partition(" ")[0]
    if change.what in ("data", "profile"):
        return f"{change.what} switched to {change.new}"
    if paths.RAW in Path(path).parents:
        return f"files of {Path(path).relative_to(paths.RAW).parts[1:2][0]} changed"
    if change.what.endswith("not in cache"):
        return f"{path} is in DVC's cache no longer (to keep what lies here: dvc commit -f {found.stage})"
    if change.what == NEVER:
        return f"{found.stage} was never run here"
    if path.startswith(("lineage/", "stages/")):
        words = ", in words only: see `lineage diff`" if change.words else f": {path}"
        return f"the code of {found.kind} changed{words}"
    return f"{found.kind}: {change}"
