"""How every stage starts: its inputs noted, errors for people, one writer per workspace, no telemetry."""

import fcntl
import json
import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from lineage.core import journal
from lineage.core.errors import LineageError, of_the_disk
from lineage.core.inputs import Inputs, inputs_of
from lineage.core.paths import STATE

# Set before any library is imported: libraries read these once.
QUIET = {
    "DO_NOT_TRACK": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    "PYTHONWARNINGS": "ignore::DeprecationWarning,ignore::FutureWarning",
}


def run_stage(work: Callable[[Inputs], None]) -> None:
    """Run a stage's `main`: one clear message for a `LineageError`, a traceback for a bug; exit code 1 for both.

    `main` is given what the stage depends on as it is now, before anything of it is read, to compare when it publishes.
    A stage that was stopped from outside and can go on (`Preempted`) exits with 75.
    """
    prepare_environment()
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    try:
        inputs = inputs_of(command())
        with only_writer(command()), journal.entry():
            work(inputs)
    except LineageError as error:
        print(f"\n✗ {error}\n", file=sys.stderr)
        sys.exit(error.exit_code)
    except OSError as error:
        if (told := of_the_disk(error)) is None:
            raise
        print(f"\n✗ {told}\n", file=sys.stderr)
        sys.exit(told.exit_code)


def prepare_environment() -> None:
    """No telemetry, no progress bars in logs, and warnings only where they can be acted upon."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)  # speaks of GPU kernels on every CPU


def command() -> str:
    """How this process was started, as dvc.yaml writes it: `python -m stages.train v3`."""
    module = getattr(sys.modules["__main__"], "__spec__", None)
    return " ".join(["python -m", module.name, *sys.argv[1:]] if module else sys.orig_argv)


def argument(what: str) -> str:
    """The stage's one argument, such as the version's name."""
    if len(sys.argv) != 2:
        raise LineageError(f"give one argument: {what}; got {sys.argv[1:]}")
    return sys.argv[1]


@contextmanager
def only_writer(who: str) -> Iterator[None]:
    """Hold the workspace's writer lock, or fail at once naming who holds it.

    DVC's own lock dies with dvc while the stage it started runs on; this one lives exactly as long as its process.
    """
    STATE.mkdir(exist_ok=True)
    with (STATE / "writer.lock").open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            holder = json.loads(file.read() or "{}")
            raise LineageError(
                f"another stage is writing here: {holder.get('who', 'unknown')} (process {holder.get('pid', '?')}). "
                f"Wait for it, or stop it with: kill {holder.get('pid', '?')}"
            ) from error
        file.truncate(0)
        file.write(json.dumps({"who": who, "pid": os.getpid()}))
        file.flush()
        yield
