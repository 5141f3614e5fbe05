"""The stage that is running in this workspace now, if one is: `python -m stages.train v3` is train@v3.

The writer's lock says who took it last; its file outlives a process that was killed, so the process is asked too. The
lock itself is not touched: whoever only looks must never make a stage fail that begins at this moment.
"""

import json
from dataclasses import dataclass

import psutil

from lineage.core.paths import STATE


@dataclass(frozen=True, slots=True)
class Running:
    """A stage, named as DVC names it, and its process."""

    stage: str
    pid: int


def running() -> Running | None:
    """The stage that holds the workspace; None if none does, or nobody can tell."""
    try:
        holder = json.loads((STATE / "writer.lock").read_text(encoding="utf-8"))
        who, pid = str(holder["who"]), int(holder["pid"])
        line = psutil.Process(pid).cmdline()
    except (OSError, ValueError, LookupError, TypeError, psutil.Error):
        return None
    words = who.removeprefix("python -m ").split()
    alive = bool(words) and words[0] in line and line[-len(words) :][1:] == words[1:]
    return Running(stage_of(who), pid) if alive else None


def stage_of(command: str) -> str:
    """`python -m stages.evaluate base` is the stage `baseline`, every other one is named as its module."""
    module, *key = command.removeprefix("python -m ").split()
    name = "@".join([module.rpartition(".")[2], *key[:1]])
    return "baseline" if name == "evaluate@base" else name
