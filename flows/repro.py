"""DVC as the flows use it: the stages of some versions, and `dvc repro -s` for one stage.

Everything goes through DVC's command line, in a process of its own: whatever happens to a flow, plain
`dvc repro` goes on from what it left. What the graph is, and what is stale in it, `lineage/planning/dvc_graph.py` asks.
"""

import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal

from flows.former_outs import put_back
from flows.warm_dvc import WarmDvc
from lineage.artifacts.not_built import left_by, why_not_built
from lineage.core.errors import LineageError, Preempted
from lineage.core.forced import VARIABLE
from lineage.core.plain_text import plain
from lineage.planning.dvc_graph import Graph, complaint, in_order, upstream

Outcome = Literal["fresh", "rebuilt", "restored", "not built"]  # restored: from DVC's cache of earlier runs
ADVICE = (
    "Updating lock file ",
    "To track the changes",
    "git add ",
    "To enable auto staging",
    "dvc config ",
    "Use `dvc push`",
)  # DVC's
EMPTY = re.compile(r"WARNING: '.*' is empty\.")  # a mix without replay has such a file, rightly
_OF_THIS_RUN: ContextVar[WarmDvc | None] = ContextVar("warm_dvc", default=None)


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


def must_be_built(versions: list[str]) -> None:
    """Refuse to end a run well in which a version was asked for that could not be built.

    For DVC its stages have ended well, with a note; a run that nobody named a version in is right to go on without it.

    Raises:
        LineageError: naming each with the reason.
    """
    if lacking := [f"{name}: {why_not_built(name)}" for name in versions if left_by(f"train@{name}")]:
        raise LineageError(
            f"{len(lacking)} of the versions asked for cannot be built from the files here ({'; '.join(lacking)}); "
            f"what can be built is. `lineage check` says which files are missing"
        )


@contextmanager
def one_dvc(held: int | None = None) -> Iterator[WarmDvc]:
    """Inside, every `reproduce` asks the same process, which ends with the block; `held` as for `WarmDvc`."""
    with WarmDvc(held) as dvc:
        before = _OF_THIS_RUN.set(dvc)
        try:
            yield dvc
        finally:
            _OF_THIS_RUN.reset(before)


def reproduce(stage: str, say: Callable[[str], None], *, force: bool = False, pull: bool = False) -> Outcome:
    """Run `dvc repro -s` for one stage.

    Interrupted in whatever way, it takes DVC and the stage with it. A stage that did not end well leaves what it had
    made before where it was.

    Args:
        stage: its name in the graph.
        say: is told every line that it prints.
        force: run it even if nothing has changed.
        pull: take it up from the run cache of DVC's remote too.

    Raises:
        Preempted: if it was stopped from outside and can go on.
        LineageError: with what the stage said, if it failed.
    """
    lines: list[str] = []

    def line(text: str) -> None:
        text = plain(text)
        lines.append(text)
        if not text.lstrip().startswith(ADVICE) and not EMPTY.fullmatch(text):
            say(text)

    command = ["repro", "--single-item", *(["--force"] if force else []), *(["--pull"] if pull else []), stage]
    variables = {VARIABLE: "1"} if force else {}
    code: int | None = None
    try:
        if dvc := _OF_THIS_RUN.get():
            code = dvc.run(command, line, variables)
        else:
            with WarmDvc() as dvc:
                code = dvc.run(command, line, variables)
    finally:
        if code != 0 and (back := put_back(stage)):
            say(f"the former {', '.join(back)} is back in its place")
    if code:
        raise _failure(stage, lines, code)
    if left_by(stage):
        return "not built"
    if any(text.startswith("Running stage") for text in lines):
        return "rebuilt"
    return "restored" if any("is cached - skipping run" in text for text in lines) else "fresh"


def _failure(stage: str, lines: list[str], code: int) -> LineageError:
    """What a failed `dvc repro` means: stopped and able to go on, killed by the kernel, or a mistake."""
    by_hand = f"again by hand: dvc repro {stage}"
    named = re.findall(r", exited with (-?\d+)$", "\n".join(lines), re.M)
    ended = int(named[-1]) if named else code  # DVC itself exits with 255 whatever its stage did
    if ended == Preempted.exit_code:
        return Preempted(f"{stage}: {complaint(lines)}")
    if ended in _codes_of(signal.SIGTERM, signal.SIGINT):
        # DVC's group was stopped, DVC at once: its stage may still have said where it is.
        said = complaint(lines) if any(text.startswith("✗") for text in lines) else "stopped by a signal"
        return Preempted(f"{stage}: {said}; {by_hand}")
    if ended in _codes_of(signal.SIGKILL):
        return LineageError(
            f"{stage}: killed (SIGKILL), most likely by the kernel because memory ran out (`dmesg` says so then). "
            f"Lower batch_size or max_length in profiles.<profile>, or stop what else runs here; {by_hand}"
        )
    return LineageError(f"{stage}: {complaint(lines)} (exit code {code}); {by_hand}")


def _codes_of(*signals: signal.Signals) -> set[int]:
    """How the death by a signal is told: negative by Python, 128 more by a shell."""
    return {code for number in signals for code in (-number, 128 + number)}


def _key(stage: str) -> str | None:
    return stage.partition("@")[2] or None
