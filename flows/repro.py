"""DVC as the flows use it: which stages there are, which are stale, and `dvc repro -s` for one of them.

Everything goes through DVC's command line, in processes of their own: whatever happens to a flow, plain
`dvc repro` goes on from what it left.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from lineage.errors import LineageError

Outcome = Literal["fresh", "rebuilt", "restored"]  # restored: from DVC's cache of earlier runs
ADVICE = (
    "To track the changes",
    "git add ",
    "To enable auto staging",
    "dvc config ",
    "Use `dvc push`",
)  # DVC's
LEASH = Path(__file__).with_name("leash.py")
Graph = dict[str, frozenset[str]]  # stage → the stages that it waits for, in the order of dvc.yaml


def read_graph() -> Graph:
    """The stages of dvc.yaml.

    Raises:
        LineageError: with DVC's own words, if it refuses the file.
    """
    dot = _ask_dvc("dag", "--dot")
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


def for_versions(graph: Graph, versions: list[str], known: list[str]) -> list[str]:
    """The stages that rebuild `versions` (all of them if empty), in graph order.

    Stages without a key, such as `report`, are everybody's; `train@v3` brings what it waits for. What other
    versions of `known` need is left out, so the report shows those as they are.
    """
    if not versions:
        return in_order(graph)
    mine = {stage for stage in graph if _key(stage) in versions}
    shared = {stage for stage in graph if _key(stage) is None}
    return [stage for stage in in_order(graph) if stage in upstream(graph, mine) | shared]


def of_versions(stages: list[str], versions: list[str]) -> set[str]:
    """Those of `stages` whose key is one of `versions`: `mix@v3`, `train@v3`, `evaluate@v3`."""
    return {stage for stage in stages if _key(stage) in versions}


def stale() -> dict[str, list[str]]:
    """The stages whose inputs, command or outputs have changed, with what has."""
    reasons: dict[str, list[str]] = {}
    for stage, changes in json.loads(_ask_dvc("status", "--json") or "{}").items():
        reasons[stage] = [reason for change in changes for reason in _reasons(change)]
    return reasons


def reproduce(stage: str, say: Callable[[str], None], *, force: bool = False) -> Outcome:
    """Run `dvc repro -s` for one stage; every line that it prints goes to `say`.

    Interrupted in whatever way, it takes DVC and the stage with it.

    Raises:
        LineageError: with what the stage said, if it failed.
    """
    lines: list[str] = []

    def line(text: str) -> None:
        lines.append(text)
        if not text.lstrip().startswith(ADVICE):
            say(text)

    options = ["--force"] if force else []
    if code := leashed([*DVC, "repro", "--single-item", *options, stage], line):
        raise LineageError(f"{stage}: {_complaint(lines)} (exit code {code}); again by hand: dvc repro {stage}")
    if any(text.startswith("Running stage") for text in lines):
        return "rebuilt"
    return "restored" if any("is cached - skipping run" in text for text in lines) else "fresh"


def leashed(command: list[str], say: Callable[[str], None]) -> int:
    """Run a command in a process group that ends with this call, and hand its output on line by line."""
    process = subprocess.Popen(
        [sys.executable, str(LEASH), *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
        env=environment(),
    )
    assert process.stdin
    assert process.stdout
    try:
        for text in process.stdout:
            if text.strip():
                say(text.rstrip())
    finally:
        process.stdin.close()
        process.wait()
    return process.returncode


def environment() -> dict[str, str]:
    """This process's, with `python` meaning this interpreter: stages are started by that name."""
    here = str(Path(sys.executable).parent)
    return os.environ | {"PATH": f"{here}{os.pathsep}{os.environ.get('PATH', '')}", "PYTHONUNBUFFERED": "1"}


DVC = [sys.executable, "-m", "dvc"]


def _ask_dvc(*arguments: str) -> str:
    done = subprocess.run([*DVC, *arguments], capture_output=True, text=True, check=False, env=environment())
    if done.returncode:
        raise LineageError(f"dvc {' '.join(arguments)}: {_complaint(done.stderr.splitlines())}")
    return done.stdout


def _complaint(lines: list[str]) -> str:
    """What a failed stage said for people (after ✗), or the end of what it printed."""
    start = next((i for i, text in enumerate(lines) if text.startswith("✗")), None)
    if start is None:
        return "\n".join(lines[-15:]).strip() or "failed without a word"
    said = [text for text in lines[start:] if not text.startswith("ERROR: failed to reproduce")]
    return "\n".join(said).removeprefix("✗").strip()


def _key(stage: str) -> str | None:
    return stage.partition("@")[2] or None


def _reasons(change: object) -> list[str]:
    """One entry of `dvc status --json`: {"changed deps": {path: how}}, or a text such as "always changed"."""
    if not isinstance(change, dict):
        return [str(change)]
    named = [f"{path} {how}" for files in change.values() if isinstance(files, dict) for path, how in files.items()]
    return named or [str(kind) for kind in change]
