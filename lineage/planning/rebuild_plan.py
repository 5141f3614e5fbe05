"""`lineage diff`: what `dvc repro` would rebuild and why, field by field, and what it would cost, before it starts.

DVC says which stages are stale. This names, for each, what `dvc.lock` holds and what is there now; then what follows
downstream, which runs only if its inputs really come out different; and how long all of it takes. A result that is gone
but lies in DVC's cache is fetched from there. What DVC finds only when it runs, such as an earlier run with the very
same inputs (another profile and back), is counted as if it were computed.

Where all that changed is words in code, nothing needs to run: it names the command that tells DVC.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console

from lineage.config.excerpts import excerpts
from lineage.config.schema import Curriculum
from lineage.core import journal, paths
from lineage.planning.code_changes import differs
from lineage.planning.cost import Cost, clock, costs, span
from lineage.planning.duration import Seconds, adopting_seconds, stage_seconds
from lineage.planning.dvc_changes import changed_files, in_cache, old_text
from lineage.planning.dvc_graph import CHECK, Lock, in_order, is_excerpt, read_graph, read_lock, status
from lineage.planning.field_changes import Change, of_excerpt, of_params

COMMIT = "dvc commit -f"  # takes everything as it lies here for made by the code as it is now
SHOWN = 8  # reasons of a stage on the terminal; `--json` has all
MISSING = "is not here"
FETCHED = f"{MISSING}, but in DVC's cache"


@dataclass(frozen=True, slots=True)
class Planned:
    """A stage that would run: for certain, or only if what it stands `after` comes out different."""

    stage: str
    certain: bool
    changes: tuple[Change, ...]
    after: tuple[str, ...]
    cost: Cost | None  # of training
    seconds: Seconds | None

    @property
    def fetched(self) -> bool:
        """Nothing is computed: its results come from DVC's cache."""
        return not self.after and all(change.what.endswith(FETCHED) for change in self.changes)

    @property
    def words(self) -> bool:
        """Nothing changed but words in code, so that its result cannot differ."""
        return bool(self.changes) and all(change.words for change in self.changes)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What changes are read against: params.yaml, the lock, who makes what, and the stages found before this one."""

    params: Any
    excerpts: dict[str, str]  # as the next check would write them
    lock: Lock
    outs: dict[str, str]
    planned: set[str]
    fetched: set[str]

    def comes_back(self, file: str) -> bool:
        """Whether a missing file is of a result that lies in DVC's cache."""
        return any(_inside(file, out) for out, stage in self.outs.items() if stage in self.fetched)


def plan(c: Curriculum) -> list[Planned]:
    """The stages that `dvc repro` would run, in graph order.

    Raises:
        LineageError: with DVC's own words, if it refuses dvc.yaml.
    """
    graph, stale, lock = read_graph(), status(), read_lock()
    params = yaml.safe_load(Path("params.yaml").read_text(encoding="utf-8"))
    texts = {path.as_posix(): text for path, text in excerpts(c).items()}
    outs = {out["path"]: stage for stage, entry in lock.items() for out in entry.get("outs", [])}
    training, runs, base = costs(c), journal.entries(), journal.trained_with().get("base")
    planned: dict[str, Planned] = {}
    fetched: dict[str, Planned] = {}
    for stage in in_order(graph):
        after = tuple(p for p in graph if p in graph[stage] and p in planned and p != CHECK)
        seen = _Seen(params, texts, lock, outs, set(planned), set(fetched))
        changes: list[Change] = []
        for found in stale.get(stage, []):
            changes += [change for change in _changes(found, lock.get(stage, {}), seen) if change not in changes]
        if stage in lock:
            changes = [change for change in changes if change.what.partition(" ")[0] != paths.CHECKED.as_posix()]
        if not changes and not after:
            continue
        if stage != CHECK and not after and all(change.what.endswith(FETCHED) for change in changes):
            fetched[stage] = Planned(stage, True, tuple(changes), (), None, Seconds(0.0, True))
            continue
        certain = bool(changes) and (not after or any(change.own for change in changes))
        kind, _, version = stage.partition("@")
        cost = training.get(version) if kind == "train" else None
        if kind == "train" and not cost:
            seconds: Seconds | None = adopting_seconds(runs, stage)
        else:
            seconds = cost.seconds if cost else stage_seconds(runs, stage, c.profile, base)
        planned[stage] = Planned(stage, certain, tuple(changes), after, cost, seconds)
    both = planned | fetched
    return [both[stage] for stage in in_order(graph) if stage in both]


def _changes(found: Any, entry: dict[str, Any], seen: _Seen) -> list[Change]:
    """One entry of `dvc status` for a stage, spelt out; what only follows from a stage before it is left out."""
    if not entry:
        return [Change("never run here")] if isinstance(found, dict) else []
    if not isinstance(found, dict):
        return [Change(str(found), old=entry.get("cmd"), new="another" if found == "changed command" else None)]
    changes: list[Change] = []
    for path, how in found.get("changed deps", {}).items():
        if isinstance(how, dict):  # parameters
            changes += of_params(entry.get("params", {}).get(path, {}), list(how), seen.params)
        elif is_excerpt(path) and how == "modified":
            old = old_text(path, _md5(entry, "deps", path))
            fields = old is not None and of_excerpt(json.loads(old), json.loads(seen.excerpts[path]))
            changes += fields or [Change(f"{path} changed")]
        else:
            changes += _of_path(path, how, _md5(entry, "deps", path), seen)
    for path, how in found.get("changed outs", {}).items():
        gone = how in ("deleted", "not in cache") and not Path(path).exists()
        there = FETCHED if gone and in_cache(_md5(entry, "outs", path)) else MISSING
        changes.append(Change(f"{path} {there if gone else 'changed' if how == 'modified' else how}"))
    return changes


def _of_path(path: str, how: str, before: str, seen: _Seen) -> list[Change]:
    """A file, or the files of a folder that differ."""
    makers = {stage for out, stage in seen.outs.items() if _inside(out, path) or _inside(path, out)}
    own = not makers & seen.planned
    if how == "deleted":
        return [] if makers & (seen.planned | seen.fetched) else [Change(f"{path} {MISSING}")]
    if how != "modified":
        return [Change(f"{path} {how}", own=own)]
    files = changed_files(path, before, seen.lock) if before.endswith(".dir") else None
    if not files:
        return [_of_file(path, "changed", before, own, made=bool(makers))]
    return [
        _of_file(f"{path}/{file.name}", file.how, file.old_md5, own, made=bool(makers))
        for file in files
        if not seen.comes_back(f"{path}/{file.name}")
    ]


def _of_file(path: str, how: str, old_md5: str, own: bool, made: bool) -> Change:
    """One file; what no stage makes may be code."""
    said, words = (how, False) if made else differs(path, how, old_md5)
    return Change(f"{path} {said}", own=own, words=words)


def _md5(entry: dict[str, Any], side: str, path: str) -> str:
    """What `dvc.lock` says of a path; empty if nothing."""
    return next((one.get("md5", "") for one in entry.get(side, []) if one["path"] == path), "")


def _inside(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")


def as_json(planned: list[Planned]) -> dict[str, Any]:
    """The plan for a program. Seconds are null where nothing like it has run on this machine."""
    certain = [p for p in planned if p.certain]
    return {
        "stages": [
            {
                "stage": p.stage,
                "certain": p.certain,
                "changes": [{"what": x.what, "old": x.old, "new": x.new} for x in p.changes],
                "after": list(p.after),
                "seconds": round(p.seconds.value, 1) if p.seconds else None,
                "measured": bool(p.seconds and p.seconds.measured),
                "steps": p.cost.work.steps if p.cost else None,
                "tokens": p.cost.work.tokens if p.cost else None,
            }
            for p in planned
        ],
        "certain_seconds": round(_sum(certain), 1),
        "at_most_seconds": round(_sum(planned), 1),
        "unknown": [p.stage for p in planned if p.seconds is None],
        "commit": COMMIT if only_words(planned) else None,
    }


def only_words(planned: list[Planned]) -> bool:
    """Whether every stage is stale for words in its code, or only follows from such a stage."""
    return bool(planned) and all(p.words or (p.after and not p.changes) for p in planned)


def _sum(planned: list[Planned]) -> float:
    return sum(p.seconds.value for p in planned if p.seconds)


def show(planned: list[Planned]) -> None:
    """Print the plan; what is uncertain in a fainter colour."""
    console = Console()
    if not planned:
        console.print("nothing would be rebuilt")
    before: dict[tuple[str, ...], str] = {}
    for p in planned:
        head, *why = _lines(p)
        like = before.setdefault(tuple(why), p.stage)
        for line in [head, *(why if like == p.stage or len(why) < 2 else [f"    as {like}"])]:
            console.print(line, style=None if p.certain else "dim", markup=False, highlight=False, soft_wrap=True)
    if only_words(planned):
        said = f"only words in code changed, no result can differ: instead of a rebuild, {COMMIT}"
        console.print(said, markup=False, highlight=False, soft_wrap=True)
    elif planned:
        console.print("\n".join(_totals(planned)), markup=False, highlight=False, soft_wrap=True)


def _lines(p: Planned) -> list[str]:
    """A stage with its cost, and below it why."""
    facts = [p.stage]
    if p.cost and (work := p.cost.work).tokens:
        about = "" if work.exact else "~"
        facts.append(
            f"{about}{work.steps:,} steps, ~{work.tokens:,} tokens" if work.steps else f"~{work.tokens:,} tokens"
        )
    facts.append("fetched" if p.fetched else span(p.seconds))
    if not p.certain:
        more = f" and {len(p.after) - 3} more" if len(p.after) > 3 else ""
        facts.append(f"only if its inputs really change, after {', '.join(p.after[:3])}{more}")
    fields_first = sorted(p.changes, key=lambda change: change.old is None and change.new is None)
    shown = [str(change) for change in fields_first[:SHOWN]]
    if len(p.changes) > SHOWN:
        shown.append(f"and {len(p.changes) - SHOWN} more, see --json")
    return [" · ".join(facts), *(f"    {line}" for line in shown)]


def _totals(planned: list[Planned]) -> list[str]:
    certain = [p for p in planned if p.certain]
    lines = [f"certain: {len(certain)} stages, about {clock(_sum(certain))}"]
    if len(certain) < len(planned):
        lines.append(f"at most: {len(planned)} stages, about {clock(_sum(planned))}")
    if unknown := [p.stage for p in planned if p.seconds is None]:
        kinds = dict.fromkeys(stage.partition("@")[0] for stage in unknown)
        lines.append(f"not counted, never run here: {len(unknown)} stages ({', '.join(kinds)})")
    mixes = [p for p in planned if p.stage.startswith("mix@") and p.certain]
    if mixes and any(p.stage.startswith("train@") and not p.certain for p in planned):
        names = " ".join(p.stage for p in mixes)
        lines.append(f"which versions train again is known after: dvc repro {names} (about {clock(_sum(mixes))})")
    return lines
