"""A command of a flow that ends with the flow, however that ends, with all that it started; its lines are told live."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE

from flows.slot import slot
from flows.warm_dvc import PROCESS_GUARD
from lineage.core.plain_text import plain
from lineage.planning.dvc_graph import environment


@task(task_run_name="{title}", cache_policy=NO_CACHE)
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
    log = get_run_logger()

    def say(line: str) -> None:
        if not line.endswith("didn't change, skipping"):  # DVC's, of each stage that is fresh
            log.info("%s", line)

    apart: dict[str, str | None] = {} if folder == Path() else {"MLFLOW_TRACKING_URI": None}
    with slot(title, say):
        return run_guarded(command, say, folder=folder, variables=apart | (variables or {}), held=held)


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
    process = subprocess.Popen(
        [sys.executable, str(PROCESS_GUARD), *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
        env=found,
        cwd=folder,
        pass_fds=[held] if held is not None else [],
    )
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
