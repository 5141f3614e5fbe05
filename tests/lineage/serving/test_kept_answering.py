"""The process that answers, killed: asked by the real `openai` client, and by itself."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import openai
import psutil
import pytest

from tests import tiny

QUESTIONS = ("3번 상품은?", "7 + 7 = ?", "회사5의 매출은?")
SERVING = f"""
import sys
from lineage.cli.main import main
from lineage.config import buildable
buildable.SAMPLE_WORLD = (*buildable.SAMPLE_WORLD, *{tuple(tiny.PARAMS["sources"])})
main(["serve", *sys.argv[1:]])
"""
KEEPING = """
import os, subprocess, sys, time
os.register_at_fork(after_in_parent=lambda: time.sleep(0.2))  # a signal meets it in the middle of a start
from lineage.core.errors import LineageError
from lineage.serving.kept_answering import keep_answering

def work(ready):
    print("began", os.getpid(), flush=True)
    {work}

try:
    keep_answering(work)
except LineageError as error:
    sys.exit(str(error))
"""


@contextmanager
def started(script: str, *words: str, here: Path | None = None) -> Iterator[subprocess.Popen[str]]:
    """A program of its own that writes to one pipe; it is gone at the end."""
    with subprocess.Popen(
        [sys.executable, "-c", script, *words], cwd=here, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as program:
        try:
            yield program
        finally:
            program.kill()


def heard_until(program: subprocess.Popen[str], words: str) -> str:
    told = ""
    assert program.stdout
    for line in program.stdout:
        told += line
        if found := re.search(words, line):
            return found[1]
    raise AssertionError(f"{words!r} was not said, but {told!r}")


def gone(numbers: Sequence[int]) -> bool:
    for _ in range(3000):  # longer than the grace
        if not any(psutil.pid_exists(number) and psutil.Process(number).status() != "zombie" for number in numbers):
            return True
        time.sleep(0.01)
    return False


@pytest.mark.slow
def test_who_asked_before_and_after_a_kill_is_answered_as_before(built: Path) -> None:
    with started(SERVING, "v1", "v3", "--port", "0", here=built) as server:
        address = heard_until(server, r"(http://\S+)  v1, v3, base")
        (worker,) = psutil.Process(server.pid).children()
        with openai.OpenAI(base_url=address, api_key="none") as client, ThreadPoolExecutor(24) as pool:

            def one(number: int) -> str | None:
                turns: Any = [{"role": "user", "content": QUESTIONS[number % 3]}]
                model = ("v1", "v3")[number % 2]
                return (
                    client.chat.completions.create(model=model, messages=turns, max_tokens=24)
                    .choices[0]
                    .message.content
                )

            alone = [one(number) for number in range(6)]
            asked = [pool.submit(one, number) for number in range(24)]
            while sum(answer.done() for answer in asked) < 3:
                time.sleep(0.001)
            worker.kill()
            asked += [pool.submit(one, number) for number in range(24, 30)]
            assert [answer.result() for answer in asked] == alone * 5
            assert heard_until(server, r"was killed by (\w+); the next one loads") == "SIGKILL"
            (another,) = psutil.Process(server.pid).children()
            assert another.pid != worker.pid
            server.kill()
            assert gone([another.pid])


def test_what_is_killed_again_and_again_while_it_loads_is_given_up() -> None:
    with started(KEEPING.format(work="os.kill(os.getpid(), 9)")) as program:
        told, _ = program.communicate(timeout=60)
    assert program.returncode == 1 and told.count("began") == 3
    assert "was killed by SIGKILL, 3 times in a row while it loaded" in told


def test_what_ends_by_itself_has_said_why() -> None:
    with started(KEEPING.format(work="raise LineageError('no version is built')")) as program:
        told, _ = program.communicate(timeout=60)
    assert program.returncode == 1 and told.count("began") == 1 and "✗ no version is built" in told


@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_nothing_is_left_of_what_was_started(by: signal.Signals) -> None:
    work = "child = subprocess.Popen(['sleep', '600']); ready(); print('has', child.pid, flush=True); time.sleep(600)"
    with started(KEEPING.format(work=work)) as program:
        worker = int(heard_until(program, r"began (\d+)"))
        child = int(heard_until(program, r"has (\d+)"))
        os.kill(worker, signal.SIGKILL)
        another, its = int(heard_until(program, r"began (\d+)")), int(heard_until(program, r"has (\d+)"))
        assert gone([worker, child])
        program.send_signal(by)
        assert gone([another, its])
        assert by == signal.SIGKILL or program.wait(30) == 0
