"""Training that is killed again and again, at random moments, ends in the bytes of a run that never was.

pytest -m slow tests/test_faults.py -s
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from lineage.core.files import sha256
from tests import tiny
from tests.workspace import until

ROOT = Path(__file__).parents[1]
KILLS = 30  # of a process that is warm already
PHASES = {"training", "saving", "publishing"}  # each is hit, if it takes more kills than that
VERSION = "v2"
FIRST_PUBLISHED = f"models.{VERSION}/adapter_config.json"
GRACEFUL = (0, 75, -signal.SIGTERM)


@dataclass
class Attempt:
    """How one run ended: its exit code, what it was doing, and what it printed."""

    code: int
    phase: str
    said: str
    seconds: float


class Runs:
    """A process that is ready to fork a training run at once, in the working folder of who asks."""

    def __init__(self) -> None:
        environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
        environment["KRX_TRAIN_AGAIN"] = "1"  # bytes that were copied prove nothing
        self.server = subprocess.Popen(
            [sys.executable, "-m", "tests.forked"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        assert self.answer() == "ready"

    def answer(self) -> str:
        assert self.server.stdout
        return self.server.stdout.readline().strip()

    def run(self, *, after: float = 0, number: int = signal.SIGKILL, at: tuple[str, int] | None = None) -> Attempt:
        """One run, ended by a signal after some seconds, or by itself at a change of files; or not at all."""
        assert self.server.stdin
        begun = time.monotonic()
        request = {"folder": str(Path.cwd()), "version": VERSION, "log": "log", "at": at}
        self.server.stdin.write(json.dumps(request) + "\n")
        self.server.stdin.flush()
        child = int(self.answer())
        ended = threading.Event()

        def kill() -> None:
            if not ended.wait(after):
                os.kill(child, number)

        killer = threading.Thread(target=kill)
        if after:
            killer.start()
        code = int(self.answer())
        ended.set()
        if after:
            killer.join()
        return Attempt(code, Path("phase").read_text().strip(), Path("log").read_text(), time.monotonic() - begun)


@pytest.fixture(scope="module")
def server() -> Iterator[Runs]:
    """One for all tests: what it has imported is the same for each."""
    here = Runs()
    yield here
    assert here.server.stdin
    here.server.stdin.close()
    here.server.wait(timeout=60)


@pytest.fixture
def runs(server: Runs, lineage_copy: Path) -> Runs:
    """The tiny lineage with a v2 of some hundred steps, checkpointed every sixteenth."""
    tree: dict[str, Any] = tiny.params()
    tree["profiles"]["cpu"] |= {"budget": {"epochs": 48}, "checkpoint_steps": 16}
    Path("params.yaml").write_text(yaml.safe_dump(tree, allow_unicode=True, sort_keys=False), encoding="utf-8")
    shutil.rmtree(f"models/{VERSION}")
    return server


def phases(hits: Counter[str]) -> set[str]:
    """What was going on when a run was ended, of those that were."""
    return {where.rpartition(" ")[2] for where in hits}


@pytest.mark.slow
def test_killed_at_random_it_ends_in_the_same_bytes(runs: Runs) -> None:
    rng, begun = random.Random(20240901), time.monotonic()
    alone = runs.run()
    assert alone.code == 0, alone.said
    expected, others = sha256(Path("models", VERSION)), [sha256(Path("models", v)) for v in ("base", "v1", "v3")]
    changes = int(alone.said.rpartition("changes: ")[2])
    print(f"undisturbed: {alone.seconds:.1f} s, {changes} changes of files")
    shutil.rmtree(f"models/{VERSION}")

    hits: Counter[str] = Counter()
    finished = resumed = 0
    while hits.total() < KILLS or (hits.total() < 4 * KILLS and not phases(hits) >= PHASES):
        if rng.random() < 0.2:
            shutil.rmtree(".state/tokens", ignore_errors=True)
        how = rng.choice(("kill", "kill", "term", "change", "publish"))
        delay = rng.uniform(0.05, 1.1 * alone.seconds)
        if how == "change":
            attempt = runs.run(at=("", rng.randint(1, changes // 2)))
        elif how == "publish":
            attempt = runs.run(at=(FIRST_PUBLISHED, rng.randint(1, 14)))
        else:
            attempt = runs.run(after=delay, number=signal.SIGKILL if how == "kill" else signal.SIGTERM)
        resumed += "resumed at step" in attempt.said
        if attempt.code:
            hits[f"{'SIGTERM' if how == 'term' else 'SIGKILL'} while {attempt.phase}"] += 1
        allowed = GRACEFUL if how == "term" else (0, -signal.SIGKILL)
        assert attempt.code in allowed, attempt.said
        if "after a checkpoint" in attempt.said:
            assert attempt.code == 75 and f"{VERSION}: stopped at step " in attempt.said
        # What readers see is whole or absent, whatever happened.
        published = Path("models", VERSION)
        assert not published.exists() or sha256(published) == expected, attempt.said
        assert attempt.code or published.exists()
        assert [sha256(Path("models", v)) for v in ("base", "v1", "v3")] == others
        finished += attempt.code == 0
        if published.exists() and rng.random() < 0.5:  # as DVC does; otherwise the next run replaces a whole one
            shutil.rmtree(published)

    shutil.rmtree(f"models/{VERSION}", ignore_errors=True)
    last = runs.run()
    assert last.code == 0, last.said
    assert sha256(Path("models", VERSION)) == expected
    assert not list(Path(".state/scratch").iterdir()) and not list(Path(".state/checkpoints").iterdir())
    print(f"{hits.total()} kills in {time.monotonic() - begun:.0f} s, {resumed} resumed, {finished} finished between:")
    for where, count in sorted(hits.items()):
        print(f"  {count:3} {where}")
    assert phases(hits) >= PHASES, "a phase was never hit"
    assert resumed >= 5


@pytest.mark.slow
def test_killed_while_it_starts_it_leaves_nothing(runs: Runs) -> None:
    """Imports, reading the curriculum, opening the parent: a process of its own, as DVC starts it."""
    rng = random.Random(7)
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "KRX_PREFETCH": "1"}
    for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGKILL):
        with Path("log").open("w") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "stages.train", VERSION], env=environment, stdout=log, stderr=log
            )
            time.sleep(rng.uniform(0.1, 6))
            process.send_signal(number)
            code = process.wait(timeout=120)
        assert code in (-number, 75), Path("log").read_text()
        assert not Path("models", VERSION).exists()
    assert runs.run().code == 0


GRAPH = f"""\
stages:
  train:
    cmd: python -m stages.train {VERSION}
    deps: [models/v1, data/mixes/{VERSION}, params.yaml]
    outs: [models/{VERSION}]
"""


@pytest.mark.slow
def test_through_dvc_a_signal_means_go_on_and_not_failure(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    """SIGTERM to the stage alone, then to DVC's whole group; the third run ends in the undisturbed bytes."""
    from flows.repro import reproduce
    from lineage.core.errors import Preempted

    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("KRX_TRAIN_AGAIN", "1")
    monkeypatch.setenv("KRX_PREFETCH", "1")
    assert runs.run().code == 0
    expected = sha256(Path("models", VERSION))
    shutil.rmtree(f"models/{VERSION}")
    Path("dvc.yaml").write_text(GRAPH, encoding="utf-8")
    subprocess.run(["git", "init", "-q"], check=True)
    subprocess.run([sys.executable, "-m", "dvc", "init", "-q"], check=True)

    for whole_group in (False, True):
        before = len(list(Path(".state/checkpoints").glob("*/checkpoint-*/complete")))

        def stop(before: int = before, whole_group: bool = whole_group) -> None:
            until(lambda: list(Path(".state/checkpoints").glob("*/checkpoint-*/complete")) and said_resumed(before))
            stage = json.loads(Path(".state/writer.lock").read_text())["pid"]
            if whole_group:
                os.killpg(os.getpgid(stage), signal.SIGTERM)
            else:
                os.kill(stage, signal.SIGTERM)

        lines: list[str] = []

        def said_resumed(before: int, lines: list[str] = lines) -> bool:
            return not before or any("resumed at step" in line for line in lines)

        killer = threading.Thread(target=stop)
        killer.start()
        with pytest.raises(Preempted) as stopped:
            reproduce("train", lines.append)
        killer.join()
        print(f"{'group' if whole_group else 'stage'}: {stopped.value}")
        assert any("after a checkpoint; run the same command to go on" in line for line in lines), lines
        assert not Path("models", VERSION).exists()
    assert reproduce("train", lines.append) == "rebuilt"
    assert sha256(Path("models", VERSION)) == expected
