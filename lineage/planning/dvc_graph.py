"""The graph as DVC knows it: which stages there are, what each waits for, and which are stale.

DVC's command line is asked, in processes of its own, by the flows and by `lineage diff` alike.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from lineage.core.errors import LineageError

Graph = dict[str, frozenset[str]]  # stage → the stages that it waits for, in the order of dvc.yaml
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
    """`dvc status --json`: stage → {"changed deps": {path: how}} and the like, or a text ("always changed")."""
    found: dict[str, list[Any]] = json.loads(ask_dvc("status", "--json") or "{}")
    return found


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


def _reasons(change: object) -> list[str]:
    if not isinstance(change, dict):
        return [str(change)]
    named = [f"{path} {how}" for files in change.values() if isinstance(files, dict) for path, how in files.items()]
    return named or [str(kind) for kind in change]
