"""A command of a flow that ends with the flow, however that ends, with all that it started; its lines are told live."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE

from flows.slot import slot
from flows.stopped import STOPS, hand_on, stopped
from flows.warm_dvc import under_guard
from lineage.core.plain_text import plain
from lineage.planning.dvc_graph import environment


def compute(
    title: str,
    command: list[str],
    folder: Path = Path(),
    variables: dict[str, str | None] | None = None,
    held: int | None = None,
) -> tuple[int, list[str]]:
    """A command as a task of its own that holds the slot, as a stage does that computes; the rest as `run_guarded`.

    Args:
        title: what the task is called.
        command: with its arguments.
        folder: where it works. Where that is not this workspace, nothing of it goes to a shared MLflow.
        variables: what it finds in its environment beside the usual.
        held: a file descriptor that lives as long as it does.
    """
    state = _computed.with_options(task_run_name=title)(title, command, folder, variables, held, return_state=True)
    hand_on(state)
    found: tuple[int, list[str]] = state.result()
    return found


@task(cache_policy=NO_CACHE)
def _computed(
    title: str, command: list[str], folder: Path, variables: dict[str, str | None] | None, held: int | None
) -> Any:
    log = get_run_logger()
    begun = time.monotonic()

    def say(line: str) -> None:
        if not line.endswith("didn't change, skipping"):  # DVC's, of each stage that is fresh
            log.info("%s", line)

    apart: dict[str, str | None] = {} if folder == Path() else {"MLFLOW_TRACKING_URI": None}
    try:
        with slot(title, say):
            return run_guarded(command, say, folder=folder, variables=apart | (variables or {}), held=held)
    except STOPS as ended:
        return stopped(title, ended, time.monotonic() - begun)


def run_guarded(
    command: list[str],
    say: Callable[[str], None],
    *,
    folder: Path = Path(),
    variables: dict[str, str | None] | None = None,
    held: int | None = None,
) -> tuple[int, list[str]]:
    """Run a command; its exit code and what it printed.

    Args:
        command: with its arguments.
        say: is told every line as it comes.
        folder: where it works.
        variables: what it finds in its environment beside the usual; None: what it does not find.
        held: a file descriptor that lives as long as it does, such as that of a lock.
    """
    found = environment() | {name: value for name, value in (variables or {}).items() if value is not None}
    for name in [name for name, value in (variables or {}).items() if value is None]:
        found.pop(name, None)
    process = under_guard(command, found, folder, [held] if held is not None else [])
    assert process.stdin
    assert process.stdout
    lines: list[str] = []
    try:
        for line in process.stdout:
            if line.strip():
                lines.append(plain(line.rstrip()))
                say(lines[-1])
        return process.wait(), lines
    finally:
        process.stdin.close()  # the guard ends what is left
        process.wait()
        process.stdout.close()
