import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lineage.core.errors import LineageError
from lineage.core.stage import argument, only_writer, run_stage

HOLD = """
import sys, time
sys.path.insert(0, {root!r})
from lineage.core.stage import run_stage
run_stage(lambda inputs: (print("holding", flush=True), time.sleep(60)))
"""


@pytest.fixture
def holder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """Another process that is inside a stage in this workspace."""
    monkeypatch.chdir(tmp_path)
    Path("hold.py").write_text(HOLD.format(root=str(Path(__file__).parents[3])), encoding="utf-8")
    process = subprocess.Popen([sys.executable, "-m", "hold", "v3"], stdout=subprocess.PIPE, text=True)
    assert process.stdout and process.stdout.readline() == "holding\n"
    yield process
    process.kill()
    process.wait()


def test_a_second_writer_is_refused_at_once_naming_the_first(holder: subprocess.Popen) -> None:
    begun = time.monotonic()
    with (
        pytest.raises(LineageError, match=rf"python -m hold v3 \(process {holder.pid}\).*kill {holder.pid}"),
        only_writer("a second"),
    ):
        raise AssertionError("two writers")
    assert time.monotonic() - begun < 1


def test_the_lock_dies_with_its_holder(holder: subprocess.Popen) -> None:
    holder.kill()
    holder.wait()
    with only_writer("the next"):
        assert f'"pid": {os.getpid()}' in Path(".state/writer.lock").read_text()


def test_the_lock_is_free_after_a_stage_and_after_one_that_failed(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RuntimeError), only_writer("fails"):
        raise RuntimeError
    with only_writer("works"):
        pass
    with only_writer("again"):
        pass


def test_a_mistake_is_one_message_and_a_bug_is_a_traceback(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    code = f"import sys; sys.path.insert(0, {str(Path(__file__).parents[3])!r})\nfrom lineage.core.stage import *\n"
    code += "from lineage.core.errors import LineageError\ndef work(inputs):\n    raise {}\nrun_stage(work)"
    mistake, bug = (
        subprocess.run([sys.executable, "-c", code.format(e)], capture_output=True, text=True)
        for e in ('LineageError("data/x: mend it")', 'ValueError("bug")')
    )
    assert mistake.returncode == 1 and mistake.stderr == "\n✗ data/x: mend it\n\n"
    assert bug.returncode == 1 and "Traceback" in bug.stderr and "ValueError: bug" in bug.stderr


def test_no_stage_sends_telemetry(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("DO_NOT_TRACK", "MLFLOW_DISABLE_TELEMETRY", "HF_HUB_DISABLE_TELEMETRY"):
        monkeypatch.delenv(name, raising=False)
    seen: dict[str, str] = {}
    monkeypatch.setattr(sys, "stdout", sys.__stdout__)
    run_stage(lambda inputs: seen.update(os.environ))
    assert seen["DO_NOT_TRACK"] == seen["HF_HUB_DISABLE_TELEMETRY"] == "1"
    assert seen["MLFLOW_DISABLE_TELEMETRY"] == "true" and seen["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"


@pytest.mark.parametrize("words", [[], ["v1", "v2"]])
def test_a_stage_asks_for_its_argument(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["stages/train.py", *words])
    with pytest.raises(LineageError, match="give one argument: a version"):
        argument("a version")
