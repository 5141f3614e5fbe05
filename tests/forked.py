"""Runs `stages.train` many times without its start-up: imports once, then forks a child for each run.

    python -m tests.forked        one request a line: {"folder": "/…/w", "version": "v2", "log": "log", "at": ["", 17]}

It answers with the child's process id, and with its exit code once it has ended. `at` kills the child with SIGKILL by
its own hand, before it changes a file for the 17th time after one whose path holds the text: that is how the moments
inside of saving and publishing are met, which last a few milliseconds. The file `phase` says what a child is doing.
"""

import importlib
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from lineage.base_model.fast_import import TRAINING

CHANGES = ("os.rename", "os.mkdir", "os.remove", "os.rmdir", "shutil.rmtree")


# What a training imports on its way, the optimizer and the checkpoint's reader among it.
IMPORTED = (
    *TRAINING,
    "bitsandbytes.optim",
    "datasets",
    "peft.peft_model",
    "transformers.models.qwen2.modeling_qwen2",
    "transformers.models.auto.modeling_auto",
    "transformers.models.auto.tokenization_auto",
    "transformers.tokenization_utils_tokenizers",
    "lineage.prefetch.prefetch",
    "lineage.training.callbacks",
    "lineage.training.sft",
    "lineage.training.backends.hf",
    "stages.train",
)


def main() -> None:
    """Answer requests until there are no more."""
    for name in IMPORTED:
        importlib.import_module(name)
    print("ready", flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        if not (child := os.fork()):
            run(request)
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def run(request: dict[str, Any]) -> None:
    """In the child: the stage, as its own process would run it."""
    os.setsid()
    os.chdir(request["folder"])
    Path(".state").mkdir(exist_ok=True)
    log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(log, 1)
    os.dup2(log, 2)
    sys.argv = ["stages/train.py", request["version"]]
    from lineage.core.stage import run_stage
    from stages import train

    say_the_phase()
    after, count = request.get("at") or ("", 0)
    seen = {"changes": 0, "begun": not after}

    def changed(event: str, arguments: tuple[Any, ...]) -> None:
        writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        if not writes and event not in CHANGES:
            return
        if writes and not str(arguments[0]).startswith((".state", "models", str(Path.cwd()))):
            return
        seen["begun"] = seen["begun"] or after in str(arguments[0])
        seen["changes"] += seen["begun"]
        if count and seen["changes"] == count:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(changed)
    code: object = 0
    try:
        run_stage(train.main)
    except SystemExit as ended:
        code = ended.code
    sys.stdout.flush()
    sys.stderr.flush()
    print(f"changes: {seen['changes']}", flush=True)
    os._exit(code if isinstance(code, int) else 1)


def say_the_phase() -> None:
    """Keep the file `phase` at what this process is doing."""
    from transformers import TrainerCallback

    from lineage.training import callbacks
    from lineage.training import train as training

    file = os.open("phase", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)

    def phase(name: str) -> None:
        os.pwrite(file, name.ljust(12).encode(), 0)

    class Phases(TrainerCallback):
        def on_train_begin(self, *_: Any, **__: Any) -> None:
            phase("training")

        def on_step_end(self, _args: Any, _state: Any, control: Any, **__: Any) -> None:
            phase("saving" if control.should_save else "training")

        def on_save(self, *_: Any, **__: Any) -> None:
            phase("training")

        def on_train_end(self, *_: Any, **__: Any) -> None:
            phase("publishing")

    made, planned = callbacks.callbacks, training.planned

    def planning(*arguments: Any, **named: Any) -> Any:
        phase("tokenising")
        found = planned(*arguments, **named)
        phase("loading")
        return found

    phase("starting")
    callbacks.callbacks = lambda *given: [*made(*given)[:-1], Phases(), *made(*given)[-1:]]
    training.planned = planning


if __name__ == "__main__":
    main()
