"""`make verify-gpu`: the whole of it on a GPU, its rehearsal on a CPU, and its refusal where there is none.

pytest -m gpu tests/gpu          # on a machine with an NVIDIA GPU
pytest -m slow tests/gpu         # the rehearsal, minutes
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.verify_gpu import checks, rooms
from benchmarks.verify_gpu.measured import tokens_of_steps
from tests.workspace import ROOT


def verify(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "benchmarks.verify_gpu", "--out", str(folder), *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )


def report(folder: Path) -> tuple[dict[str, dict], str]:
    """The checks of a report by name, and its text for people."""
    facts = json.loads((folder / "gpu-report.json").read_text(encoding="utf-8"))
    return {check["name"]: check for check in facts["checks"]}, (folder / "gpu-report.md").read_text(encoding="utf-8")


def test_without_a_gpu_it_says_so_and_verifies_nothing(tmp_path: Path) -> None:
    done = verify(tmp_path / "out", CUDA_VISIBLE_DEVICES="")
    assert done.returncode == 2
    assert "no NVIDIA GPU here; nothing was verified" in done.stderr
    assert not (tmp_path / "out").exists()


def test_rows_fit_whatever_the_tokenizer(tmp_path: Path) -> None:
    rooms.write_mix(tmp_path / "mix", rows=200, max_length=256, seed=0)
    rows = [json.loads(line) for line in (tmp_path / "mix/own.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(rows) == 200
    # A byte is a token at worst; the template adds some twenty.
    assert max(len("".join(turn["content"] for turn in row["turns"]).encode()) for row in rows) < 256 - 20


def test_tokens_between_logged_steps_are_their_mean(tmp_path: Path) -> None:
    file = tmp_path / "history.csv"
    file.write_text("step,loss,tokens\n1,3.0,100\n3,2.0,400\n", encoding="utf-8")
    assert tokens_of_steps(file) == [100, 150, 150]


def test_a_broken_check_is_a_failed_one_with_its_reason(tmp_path: Path) -> None:
    setup = rooms.Setup(tmp_path, "hf", tmp_path / "no base", "tiny", 2, rooms.Rehearsal())
    result = checks.run(checks.trains, setup)
    assert result.status == "failed" and "no base" in result.found
    assert checks.run(checks.again, setup).status == "failed"


@pytest.mark.slow
def test_the_rehearsal_runs_every_check_and_says_what_it_is(tmp_path: Path) -> None:
    done = verify(tmp_path, "--cpu", "--steps", "12", CUDA_VISIBLE_DEVICES="")
    assert done.returncode == 0, done.stdout + done.stderr
    found, text = report(tmp_path)
    assert text.startswith("# CPU rehearsal: proves the script, not the GPU\n")
    assert {name for name, check in found.items() if check["status"] == "not checked"} <= {"sixteen_bit", "served"}
    assert [name for name, check in found.items() if check["status"] == "failed"] == []
    assert found["again"]["figures"]["same_bytes"] and found["resumes"]["figures"]["same_bytes"]
    assert 0 < found["resumes"]["figures"]["resumed_at"] < 12
    assert found["agrees"]["figures"]["difference_mean"] == 0  # hf beside itself
    assert not (tmp_path / "work").exists()


@pytest.mark.gpu
def test_everything_on_this_gpu(tmp_path: Path) -> None:
    done = verify(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    found, text = report(tmp_path)
    assert text.startswith("# Training, verified on a GPU\n")
    assert found["trains"]["figures"]["peak_gpu_gb"] > 0
    assert found["in_force"]["figures"]["requested"] == found["in_force"]["figures"]["effective"]
    assert found["in_force"]["figures"]["eight_bit_share"] > 0.5
