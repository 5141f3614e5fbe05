"""Two runs in one workspace: the second says for whom it waits, and what a killed one left is handed on."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from flows.rebuild_lock import note, once_it_is_gone, only_rebuild
from tests.flows.test_repro import until

HOLDS = """
import sys, time
from flows.rebuild_lock import note, only_rebuild
with only_rebuild("v3", "first", print, print):
    note(stage="train@v3", lease="a lease")
    print("holds", flush=True)
    time.sleep(float(sys.argv[1]))
"""


def holding(seconds: float) -> subprocess.Popen[str]:
    """Another process that holds the lock."""
    command = [sys.executable, "-c", HOLDS, str(seconds)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stdout.readline() == "holds\n"
    return process


def test_it_says_at_once_for_whom_it_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    other = holding(1.5)
    said: list[str] = []
    left: list[dict[str, Any]] = []
    with only_rebuild("v4", "second", said.append, left.append):
        assert other.wait(timeout=30) == 0
    assert len(said) == 1
    assert f"waiting for the run “v3” (process {other.pid} at train@v3), at work in this workspace since 2" in said[0]
    assert f"kill {other.pid}" in said[0]
    assert not left


def test_what_a_killed_run_left_is_handed_to_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    other = holding(300)
    other.send_signal(signal.SIGKILL)
    other.wait(timeout=30)
    said: list[str] = []
    left: list[dict[str, Any]] = []
    once_it_is_gone("another", left.append)
    assert not left
    once_it_is_gone("first", left.append)
    with only_rebuild("v4", "second", said.append, left.append):
        note(stage="train@v4")
    assert [one["lease"] for one in left] == ["a lease"] * 2
    assert said == [f"the run “v3” (process {other.pid} at train@v3) was killed; this one goes on from what it left"]
    with only_rebuild("v5", "third", said.append, left.append):
        pass
    assert (len(left), len(said)) == (2, 1)


def test_the_lock_lives_as_long_as_what_the_run_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    script = HOLDS.replace(
        "time.sleep(", "import subprocess; subprocess.Popen(['sleep', '2'], pass_fds=[holder.fileno()]); time.sleep("
    ).replace("print):", "print) as holder:")
    other = subprocess.Popen([sys.executable, "-c", script, "300"], stdout=subprocess.PIPE, text=True)
    assert other.stdout
    assert other.stdout.readline() == "holds\n"
    until(lambda: Path(f"/proc/{other.pid}/task/{other.pid}/children").read_text().strip() != "")
    os.kill(other.pid, signal.SIGKILL)
    other.wait(timeout=30)
    said: list[str] = []
    with only_rebuild("v4", "second", said.append, lambda _: None):
        pass
    assert "it was killed, and its stage is ending" in said[0]
