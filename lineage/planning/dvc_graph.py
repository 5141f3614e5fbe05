"""The graph as DVC knows it: which stages there are, what each waits for, and which are stale.

DVC's command line is asked, in processes of its own, by the flows and by `lineage diff` alike.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from lineage.config.excerpts import excerpts
from lineage.config.load import load_curriculum
from lineage.core import paths
from lineage.core.errors import LineageError

Graph = dict[str, frozenset[str]]  # stage → the stages that it waits for, in the order of dvc.yaml
Lock = dict[str, Any]  # stage → its entry in dvc.lock
CHECK = "check"  # nothing is stale by it: one output is constant, the others `status` compares by itself
DVC = [sys.executable, "-m", "dvc"]


def read_graph() -> Graph:
    """The stages of dvc.yaml.

    Raises:
        LineageError: with DVC's own words, if it refuses the file.
    """
    dot = ask_dvc("dag", "--dot")
    parents: dict[str, set[str]] = {name: set() for name in re.findall(r'^"([^"]+)";$', dot, re.M)}
    for before, after in re.findall(r'^"([^"]+)" -> "([^"]+)";$', dot, re.M):
        parents[after].add(before)
    return {name: frozenset(before) for name, before in parents.items()}


def in_order(graph: Graph) -> list[str]:
    """All stages, each after those that it waits for, otherwise in the order of dvc.yaml."""
    order: list[str] = []
    while len(order) < len(graph):
        order.append(next(s for s, before in graph.items() if s not in order and before.issubset(order)))
    return order


def upstream(graph: Graph, stages: set[str]) -> set[str]:
    """The stages themselves and everything that they wait for."""
    found: set[str] = set()
    left = list(stages)
    while left:
        if (stage := left.pop()) not in found:
            found.add(stage)
            left.extend(graph[stage])
    return found


def stale() -> dict[str, list[str]]:
    """The stages whose inputs, command or outputs have changed, with what has."""
    return {stage: [why for change in changes for why in _reasons(change)] for stage, changes in status().items()}


def status() -> dict[str, list[Any]]:
    """`dvc status --json`: stage → {"changed deps": {path: how}} and the like, or a text ("always changed").

    DVC compares the excerpts of params.yaml as the last check left them; here they count as the next one writes them.
    """
    found: dict[str, list[Any]] = json.loads(ask_dvc("status", "--json") or "{}")
    known = {stage: deps for stage, entry in read_lock().items() if (deps := _excerpts_of(entry))}
    now = excerpts(load_curriculum()) if known else {}
    for stage, deps in known.items():
        for path, md5 in deps.items():
            text = now.get(Path(path))
            if text is None or md5 == hashlib.md5(text.encode(), usedforsecurity=False).hexdigest():
                found[stage] = _without(found.get(stage, []), path)
            else:
                found[stage] = [*_without(found.get(stage, []), path), {"changed deps": {path: "modified"}}]
    return {stage: changes for stage, changes in found.items() if changes}


def read_lock() -> Lock:
    """`dvc.lock`, as far as there is one."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # in C: the file has thousands of lines
    tree = yaml.load(paths.DVC_LOCK.read_text(encoding="utf-8"), loader) if paths.DVC_LOCK.is_file() else None
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


def ask_dvc(*arguments: str) -> str:
    """What a command of DVC prints.

    Raises:
        LineageError: with its own words, if it fails.
    """
    done = subprocess.run([*DVC, *arguments], capture_output=True, text=True, check=False, env=environment())
    if done.returncode and (busy := re.search(r"\(PID (\d+)\): (.+)", done.stderr)):
        at_work = f"another command is at work here, process {busy[1]}: {busy[2]}"
        raise LineageError(f"{at_work}; wait until it has ended, and ask again")
    if done.returncode:
        raise LineageError(f"dvc {' '.join(arguments)}: {complaint(done.stderr.splitlines())}")
    return done.stdout


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
