"""DVC as the flows use it: the stages of some versions, and `dvc repro -s` for one stage.

Everything goes through DVC's command line, in processes of their own: whatever happens to a flow, plain
`dvc repro` goes on from what it left. What the graph is, and what is stale in it, `lineage/planning/dvc_graph.py` asks.
"""

import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from lineage.core.errors import LineageError, Preempted
from lineage.planning.dvc_graph import DVC, Graph, complaint, environment, in_order, upstream

Outcome = Literal["fresh", "rebuilt", "restored"]  # restored: from DVC's cache of earlier runs
ADVICE = (
    "To track the changes",
    "git add ",
    "To enable auto staging",
    "dvc config ",
    "Use `dvc push`",
)  # DVC's
PROCESS_GUARD = Path(__file__).with_name("process_guard.py")


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


def reproduce(stage: str, say: Callable[[str], None], *, force: bool = False) -> Outcome:
    """Run `dvc repro -s` for one stage; every line that it prints goes to `say`.

    Interrupted in whatever way, it takes DVC and the stage with it.

    Raises:
        Preempted: if it was stopped from outside and can go on.
        LineageError: with what the stage said, if it failed.
    """
    lines: list[str] = []

    def line(text: str) -> None:
        lines.append(text)
        if not text.lstrip().startswith(ADVICE):
            say(text)

    options = ["--force"] if force else []
    if code := guarded([*DVC, "repro", "--single-item", *options, stage], line):
        raise _failure(stage, lines, code)
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


def guarded(command: list[str], say: Callable[[str], None]) -> int:
    """Run a command in a process group that ends with this call, and hand its output on line by line."""
    process = subprocess.Popen(
        [sys.executable, str(PROCESS_GUARD), *command],
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


def _key(stage: str) -> str | None:
    return stage.partition("@")[2] or None
