"""The graph as DVC knows it: which stages there are, what each waits for, and which are stale.

DVC is asked in a process of its own (`dvc_view`), by the flows, `lineage diff` and `lineage show` alike.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from lineage.config.excerpts import excerpts
from lineage.config.load import load_curriculum
from lineage.config.schema import Curriculum
from lineage.core import paths
from lineage.core.code_identity import ROOT
from lineage.core.errors import LineageError
from lineage.core.ordering import parents_first

Graph = dict[str, frozenset[str]]  # stage → the stages that it waits for, in the order of dvc.yaml
Lock = dict[str, Any]  # stage → its entry in dvc.lock
CHECK = "check"  # nothing is stale by it: one output is constant, the others `status` compares by itself
DVC = [sys.executable, "-m", "dvc"]


@dataclass(frozen=True, slots=True)
class DvcView:
    """A workspace as DVC sees it at one moment.

    status: as `dvc status --json`, but for the excerpts of params.yaml, which count as the next check writes them.
    busy: stages whose files a running command writes, with the process and the command; their status is not known.
    cache: the folder of DVC's cache.
    """

    graph: Graph
    status: dict[str, list[Any]]
    busy: dict[str, dict[str, Any]]
    cache: Path
    lock: Lock


def look(c: Curriculum | None = None) -> DvcView:
    """Ask DVC once for all that it knows.

    Args:
        c: the curriculum of this workspace, if it is read already.

    Raises:
        LineageError: with DVC's own words, if it refuses dvc.yaml.
    """
    found, lock = _asked(), read_lock()
    graph = {name: frozenset(before) for name, before in found["stages"].items()}
    status = _with_excerpts(found["status"], lock, c)
    return DvcView(graph, status, found["busy"], Path(found["cache"]), lock)


def undisturbed(view: DvcView) -> DvcView:
    """The same view, if nothing was at work while it was taken.

    Raises:
        LineageError: naming the command that is at work here.
    """
    for who in view.busy.values():
        at_work = f"another command is at work here, process {who['pid']}: {who['cmd']}"
        raise LineageError(f"{at_work}; wait until it has ended, and ask again")
    return view


def read_graph(ask: Callable[..., str] | None = None) -> Graph:
    """The stages of dvc.yaml.

    ask: what answers for DVC's command line, if something is at hand.

    Raises:
        LineageError: with DVC's own words, if it refuses the file.
    """
    if ask is None:
        return {name: frozenset(before) for name, before in _asked("graph")["stages"].items()}
    dot = ask("dag", "--dot")
    parents: dict[str, set[str]] = {name: set() for name in re.findall(r'^"([^"]+)";$', dot, re.M)}
    for before, after in re.findall(r'^"([^"]+)" -> "([^"]+)";$', dot, re.M):
        parents[after].add(before)
    return {name: frozenset(before) for name, before in parents.items()}


def in_order(graph: Graph) -> list[str]:
    """All stages, each after those that it waits for, otherwise in the order of dvc.yaml."""
    return parents_first(graph)


def upstream(graph: Graph, stages: set[str]) -> set[str]:
    """The stages themselves and everything that they wait for."""
    found: set[str] = set()
    left = list(stages)
    while left:
        if (stage := left.pop()) not in found:
            found.add(stage)
            left.extend(graph[stage])
    return found


def stale(ask: Callable[..., str] | None = None) -> dict[str, list[str]]:
    """The stages whose inputs, command or outputs have changed, with what has; `ask` as for `read_graph`.

    Raises:
        LineageError: with DVC's own words, or naming the command that is at work here.
    """
    if ask is None:
        found = undisturbed(look()).status
    else:
        found = _with_excerpts(json.loads(ask("status", "--json") or "{}"), read_lock(), None)
    return {stage: [why for change in changes for why in _reasons(change)] for stage, changes in found.items()}


def _with_excerpts(found: dict[str, list[Any]], lock: Lock, c: Curriculum | None) -> dict[str, list[Any]]:
    """DVC compares the excerpts of params.yaml as the last check left them; here they count as the next writes them."""
    known = {stage: deps for stage, entry in lock.items() if (deps := _excerpts_of(entry))}
    now = excerpts(c or load_curriculum()) if known else {}
    hashed = {path: hashlib.md5(text.encode(), usedforsecurity=False).hexdigest() for path, text in now.items()}
    for stage, deps in known.items():
        for path, md5 in deps.items():
            if hashed.get(Path(path), md5) == md5:
                found[stage] = _without(found.get(stage, []), path)
            else:
                found[stage] = [*_without(found.get(stage, []), path), {"changed deps": {path: "modified"}}]
    return {stage: changes for stage, changes in found.items() if changes}


def read_lock(root: Path = Path()) -> Lock:
    """`dvc.lock` of the workspace at `root`, as far as there is one."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # in C: the file has thousands of lines
    file = root / paths.DVC_LOCK
    tree = yaml.load(file.read_text(encoding="utf-8"), loader) if file.is_file() else None
    return dict((tree or {}).get("stages") or {})


def is_excerpt(path: str) -> bool:
    """Whether a path is of those that `check` makes of params.yaml."""
    return paths.CURRICULUM in Path(path).parents


def environment() -> dict[str, str]:
    """This process's, with `python` meaning this interpreter: stages are started by that name."""
    here = str(Path(sys.executable).parent)
    return os.environ | {"PATH": f"{here}{os.pathsep}{os.environ.get('PATH', '')}", "PYTHONUNBUFFERED": "1"}


def complaint(lines: list[str]) -> str:
    """What a failed stage said for people (after ✗), or the end of what it printed."""
    start = next((i for i, text in enumerate(lines) if text.startswith("✗")), None)
    if start is None:
        return "\n".join(lines[-15:]).strip() or "failed without a word"
    said = [text for text in lines[start:] if not text.startswith("ERROR: failed to reproduce")]
    return "\n".join(said).removeprefix("✗").strip()


def refused(arguments: Sequence[str], said: str) -> LineageError:
    """The error for a command of DVC that failed, by what it said."""
    if busy := re.search(r"\(PID (\d+)\): (.+)", said):
        at_work = f"another command is at work here, process {busy[1]}: {busy[2]}"
        return LineageError(f"{at_work}; wait until it has ended, and ask again")
    return LineageError(f"dvc {' '.join(arguments)}: {complaint(said.splitlines())}")


def _asked(what: str = "all") -> dict[str, Any]:
    """What `dvc_view` prints: `all`, or the `graph` alone.

    Raises:
        LineageError: with DVC's own words, if it fails.
    """
    found = environment()
    found["PYTHONPATH"] = os.pathsep.join([str(ROOT), *filter(None, [found.get("PYTHONPATH")])])
    command = [sys.executable, "-P", "-m", "lineage.planning.dvc_view", what]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=found)
    if done.returncode:
        raise refused(["status"], done.stderr)
    seen: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return seen


def _excerpts_of(entry: dict[str, Any]) -> dict[str, str]:
    return {dep["path"]: dep.get("md5", "") for dep in entry.get("deps", []) if is_excerpt(dep["path"])}


def _without(changes: list[Any], path: str) -> list[Any]:
    """What DVC says of a stage, but for one of the paths that it depends on."""
    left = []
    for change in changes:
        if isinstance(change, dict) and path in change.get("changed deps", {}):
            deps = {name: how for name, how in change["changed deps"].items() if name != path}
            others = {kind: what for kind, what in change.items() if kind != "changed deps"}
            change = others | ({"changed deps": deps} if deps else {})
        if change:
            left.append(change)
    return left


def _reasons(change: object) -> list[str]:
    if not isinstance(change, dict):
        return [str(change)]
    named = [f"{path} {how}" for files in change.values() if isinstance(files, dict) for path, how in files.items()]
    return named or [str(kind) for kind in change]
