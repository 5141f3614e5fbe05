"""The stages that `dvc repro` would run, each with why: the one reading of what is stale.

`lineage diff` adds what they cost, `lineage show` and `lineage results` say what follows for each version.

DVC says which stages are stale. This names, for each, what `dvc.lock` holds and what is there now; then what follows
downstream, which runs only if its inputs really come out different. A result that is gone but lies in DVC's cache is
fetched from there. What DVC finds only when it runs, such as an earlier run with the very same inputs (another profile
and back), is counted as if it were computed.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from lineage.config.excerpts import excerpts
from lineage.config.schema import Curriculum
from lineage.core import paths
from lineage.core.declaration import read_yaml
from lineage.core.program import different
from lineage.planning.code_changes import committed_text, differs
from lineage.planning.dvc_changes import FileChange, changed_files, in_cache, old_text
from lineage.planning.dvc_graph import CHECK, DvcView, in_order, is_excerpt
from lineage.planning.field_changes import Change, of_excerpt, of_params

MISSING = "is not here"
FETCHED = f"{MISSING}, but in DVC's cache"
NEVER = "never run here"
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class StaleStage:
    """A stage that would run: for certain, or only if what it stands `after` comes out different."""

    stage: str
    certain: bool
    changes: tuple[Change, ...]
    after: tuple[str, ...]

    @property
    def kind(self) -> str:
        """Its name in dvc.yaml, without the key: `train` of `train@v3`."""
        return self.stage.partition("@")[0]

    @property
    def key(self) -> str:
        """The source or version; empty where there is one such stage."""
        return self.stage.partition("@")[2]

    @property
    def fetched(self) -> bool:
        """Nothing is computed: its results come from DVC's cache."""
        return not self.after and all(change.what.endswith(FETCHED) for change in self.changes)

    @property
    def words(self) -> bool:
        """Nothing changed but words in code, so that its result cannot differ."""
        return bool(self.changes) and all(change.words for change in self.changes)


def stale_stages(c: Curriculum, view: DvcView) -> list[StaleStage]:
    """The stages that `dvc repro` would run, in graph order."""
    order = in_order(view.graph)
    place = {stage: number for number, stage in enumerate(view.graph)}
    seen = _Seen(c, view)
    found: dict[str, StaleStage] = {}
    for stage in order:
        after = tuple(sorted((view.graph[stage] & seen.planned) - {CHECK}, key=place.__getitem__))
        changes = list(_distinct(_changes_of(stage, seen)))
        if stage in view.lock:
            changes = [change for change in changes if change.what.partition(" ")[0] != paths.CHECKED.as_posix()]
        if not changes and not after:
            continue
        if stage != CHECK and not after and all(change.what.endswith(FETCHED) for change in changes):
            seen.fetched.add(stage)
            found[stage] = StaleStage(stage, True, tuple(changes), ())
            continue
        seen.planned.add(stage)
        certain = bool(changes) and (not after or any(change.own for change in changes))
        found[stage] = StaleStage(stage, certain, tuple(changes), after)
    return list(found.values())


@dataclass
class _Seen:
    """What changes are read against, and the stages found before this one. What many stages ask is looked up once."""

    c: Curriculum
    view: DvcView
    planned: set[str] = field(default_factory=set)
    fetched: set[str] = field(default_factory=set)
    known: dict[Any, Any] = field(default_factory=dict)

    @cached_property
    def params(self) -> Any:
        """params.yaml as it is."""
        return read_yaml(paths.PARAMS)

    @cached_property
    def excerpts(self) -> dict[str, str]:
        """As the next check would write them."""
        return {path.as_posix(): text for path, text in excerpts(self.c).items()}

    @cached_property
    def outs(self) -> dict[str, str]:
        """What the lock knows to be made here, and by which stage."""
        return {out["path"]: stage for stage, entry in self.view.lock.items() for out in entry.get("outs", [])}

    def makers(self, path: str) -> frozenset[str]:
        """The stages that make a path, something in it, or the folder around it."""
        return self._once(
            ("makers", path),
            lambda: frozenset(s for out, s in self.outs.items() if _inside(out, path) or _inside(path, out)),
        )

    def files(self, path: str, md5: str) -> list[FileChange] | None:
        """As `changed_files`."""
        return self._once(("files", path, md5), lambda: changed_files(path, md5, self.view.lock, self.view.cache))

    def differs(self, path: str, how: str, old_md5: str) -> tuple[str, bool]:
        """As `code_changes.differs`."""
        return self._once(("code", path, how, old_md5), lambda: differs(path, how, old_md5))

    def comes_back(self, file: str) -> bool:
        """Whether a missing file is of a result that lies in DVC's cache."""
        return any(_inside(file, out) for out, stage in self.outs.items() if stage in self.fetched)

    def _once(self, key: Any, made: Callable[[], _T]) -> _T:
        if key not in self.known:
            self.known[key] = made()
        known: _T = self.known[key]
        return known


def _distinct(changes: Iterator[Change]) -> Iterator[Change]:
    met: set[tuple[str, str, str]] = set()
    for change in changes:
        key = (change.what, repr(change.old), repr(change.new))
        if key not in met:
            met.add(key)
            yield change


def _changes_of(stage: str, seen: _Seen) -> Iterator[Change]:
    """What `dvc status` says of a stage, spelt out; what only follows from a stage before it is left out."""
    entry = seen.view.lock.get(stage, {})
    for found in seen.view.status.get(stage, []):
        if not entry:
            if isinstance(found, dict):
                yield Change(NEVER)
        elif not isinstance(found, dict):
            yield Change(str(found), old=entry.get("cmd"), new="another" if found == "changed command" else None)
        else:
            for path, how in found.get("changed deps", {}).items():
                yield from _of_dependency(path, how, entry, seen)
            for path, how in found.get("changed outs", {}).items():
                gone = how in ("deleted", "not in cache") and not Path(path).exists()
                there = FETCHED if gone and in_cache(_md5(entry, "outs", path), seen.view.cache) else MISSING
                yield Change(f"{path} {there if gone else 'changed' if how == 'modified' else how}")


def _of_dependency(path: str, how: Any, entry: dict[str, Any], seen: _Seen) -> list[Change]:
    """A file of parameters, an excerpt of params.yaml, what tells of the program's code, or any other path."""
    if isinstance(how, dict):
        return of_params(entry.get("params", {}).get(path, {}), list(how), seen.params)
    before = _md5(entry, "deps", path)
    if is_excerpt(path) and how == "modified":
        old = old_text(path, before, seen.view.cache)
        fields = old is not None and of_excerpt(json.loads(old), json.loads(seen.excerpts[path]))
        return fields or [Change(f"{path} changed")]
    if Path(path).parent == paths.PROGRAM and how == "modified":
        return _of_program(path, before)
    return _of_path(path, how, before, seen)


def _of_program(path: str, before: str) -> list[Change]:
    """The files of the installed program that compute something else than they did."""
    old = committed_text(path, before)
    if old is None:
        return [Change(f"{path} changed (git does not know its old text)")]
    files = different(json.loads(old), json.loads(Path(path).read_text(encoding="utf-8")))
    return [Change(f"{file} changed") for file in sorted(files)]


def _of_path(path: str, how: str, before: str, seen: _Seen) -> list[Change]:
    """A file, or the files of a folder that differ."""
    makers = seen.makers(path)
    own = not makers & seen.planned
    if how == "deleted":
        return [] if makers & (seen.planned | seen.fetched) else [Change(f"{path} {MISSING}")]
    if how != "modified":
        return [Change(f"{path} {how}", own=own)]
    files = seen.files(path, before) if before.endswith(".dir") else None
    if not files:
        return [_of_file(path, "changed", before, own, seen, made=bool(makers))]
    return [
        _of_file(f"{path}/{file.name}", file.how, file.old_md5, own, seen, made=bool(makers))
        for file in files
        if not seen.comes_back(f"{path}/{file.name}")
    ]


def _of_file(path: str, how: str, old_md5: str, own: bool, seen: _Seen, *, made: bool) -> Change:
    """One file; what no stage makes may be code."""
    said, words = (how, False) if made else seen.differs(path, how, old_md5)
    return Change(f"{path} {said}", own=own, words=words)


def _md5(entry: dict[str, Any], side: str, path: str) -> str:
    """What `dvc.lock` says of a path; empty if nothing."""
    return next((one.get("md5", "") for one in entry.get(side, []) if one["path"] == path), "")


def _inside(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")
