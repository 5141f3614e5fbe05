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

from benchmarks.verify_gpu import checks, report
from benchmarks.verify_gpu.measured import tokens_of_steps
from benchmarks.verify_gpu.room_inputs import Rehearsal, Setup, write_mix
from tests.workspace import ROOT


def verify(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "benchmarks.verify_gpu", "--out", str(folder), *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )


def read(folder: Path, name: str) -> tuple[dict[str, dict], str]:
    """The checks of a report by name, and its text for people."""
    facts = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    return {check["name"]: check for check in facts["checks"]}, (folder / f"{name}.md").read_text(encoding="utf-8")


def setup_of(folder: Path, rehearsal: bool) -> Setup:
    return Setup(folder, "hf", folder / "no base", "tiny", 2, Rehearsal() if rehearsal else None)


def test_without_a_gpu_it_says_so_and_verifies_nothing(tmp_path: Path) -> None:
    done = verify(tmp_path / "out", CUDA_VISIBLE_DEVICES="")
    assert done.returncode == 2
    assert "no NVIDIA GPU here; nothing was verified" in done.stderr
    assert not (tmp_path / "out").exists()


def test_rows_fit_whatever_the_tokenizer(tmp_path: Path) -> None:
    write_mix(tmp_path / "mix", rows=200, max_length=256, seed=0)
    rows = [json.loads(line) for line in (tmp_path / "mix/own.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(rows) == 200
    # A byte is a token at worst; the template adds some twenty.
    assert max(len("".join(turn["content"] for turn in row["turns"]).encode()) for row in rows) < 256 - 20


def test_tokens_between_logged_steps_are_their_mean(tmp_path: Path) -> None:
    file = tmp_path / "history.csv"
    file.write_text("step,loss,tokens\n1,3.0,100\n3,2.0,400\n", encoding="utf-8")
    assert tokens_of_steps(file) == [100, 150, 150]


def test_a_broken_check_is_a_failed_one_with_its_reason(tmp_path: Path) -> None:
    setup = setup_of(tmp_path, rehearsal=True)
    result = checks.run(checks.trains, setup)
    assert result.status == "failed" and "no base" in result.found
    assert checks.run(checks.again, setup).status == "failed"


def test_a_rehearsal_cannot_be_taken_for_a_verified_gpu(tmp_path: Path) -> None:
    def well(setup: Setup) -> tuple[checks.Status, str, dict]:
        """It is well.

        Expected: this.
        """
        return "passed", "so it is", {}

    machine = {"gpu": ["a card"], "cuda of torch": "", "processor": "", "system": "", "commit": "", "packages": {}}
    for rehearsal in (True, False):
        setup = setup_of(tmp_path, rehearsal)
        report.write(tmp_path, setup, machine, [checks.run(well, setup)])
    (rehearsed, told), (verified, page) = read(tmp_path, "cpu-rehearsal"), read(tmp_path, "gpu-report")
    assert rehearsed["well"]["status"] == "rehearsed" and "passed" not in told and "✓" not in told
    assert told.startswith("# CPU rehearsal") and "**No GPU has seen any of this.**" in told and "a card" not in told
    assert verified["well"]["status"] == "passed" and "- GPU: a card" in page and "rehears" not in page.lower()
    assert "| ✓ passed | It is well | this | so it is | 0 |" in page


def test_a_report_names_no_path_user_machine_or_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USER", "hong.gildong")
    monkeypatch.setenv("LOGNAME", "hong.gildong")
    monkeypatch.setenv("HF_TOKEN", "a-secret-of-the-hub")
    monkeypatch.setattr("platform.node", lambda: "gpu7.bank.example")

    def breaks(setup: Setup) -> tuple[checks.Status, str, dict]:
        """It breaks."""
        raise RuntimeError(
            "hong.gildong@gpu7.bank.example: [Errno 2] '/data/Hong/models/x.json' at ~/work/krx, a-secret-of-the-hub, "
            "hf_abcdefghijklmnop, https://me:pass@hub.example/x; 3 tokens/s of 1/2"
        )

    setup = setup_of(tmp_path, rehearsal=False)
    machine = {"gpu": [], "cuda of torch": "", "processor": "", "system": "", "commit": "", "packages": {}}
    report.write(tmp_path, setup, machine, [checks.run(breaks, setup)])
    for file in tmp_path.iterdir():
        text = file.read_text(encoding="utf-8")
        for private in ("gildong", "gpu7", "/data", "Hong", "~/work", "a-secret", "hf_abc", "me:pass", str(tmp_path)):
            assert private not in text, f"{file.name} says {private}"
        assert "x.json" in text and "3 tokens/s of 1/2" in text, "what went wrong is still told"


@pytest.mark.slow
def test_the_rehearsal_runs_the_checks_and_says_what_it_is(tmp_path: Path) -> None:
    left_out = [
        "again",
        "packs",
        "accepted",
    ]  # a chain that is killed shows the first, and tests of their own the others
    done = verify(tmp_path, "--rehearse", "--steps", "12", "--skip", *left_out)
    assert done.returncode == 0, done.stdout + done.stderr
    found, text = read(tmp_path, "cpu-rehearsal")
    assert (
        text.startswith("# CPU rehearsal: proves the script, not the GPU\n")
        and not (tmp_path / "gpu-report.md").exists()
    )
    status = {name: check["status"] for name, check in found.items()}
    not_here = {"sixteen_bit": "not on a CPU", "served": "not on a CPU", "agrees": "the trainer hf"}
    assert all(words in found[name]["found"] for name, words in not_here.items())
    assert {name for name, told in status.items() if told != "rehearsed"} == {*left_out, *not_here}
    for version in ("v1", "v2", "v3"):
        link = found["chain"]["figures"][version]
        assert link["same_bytes"] and 0 < link["resumed_at"] < 12
    assert [found["chain"]["figures"][version]["parent"] for version in ("v1", "v2", "v3")] == ["base", "v1", "v2"]
    for equality in (found["merges"]["figures"]["equality"], found["serves"]["figures"]):
        assert equality["relative"] < 1e-4 and equality["places"] > 100
    bare = found["beside_bare"]["figures"]["trl"]
    assert bare["losses_apart"] < 1e-4 and bare["ours_over_it"] > 0 and "bare unsloth: not on a CPU" in text
    assert 1 < found["as_estimated"]["figures"]["ratio"] < 1.3
    assert all(check["seconds"] >= 0 and check["expected"] for check in found.values())
    assert not (tmp_path / "work").exists()


@pytest.mark.gpu
def test_everything_on_this_gpu(tmp_path: Path) -> None:
    done = verify(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    found, text = read(tmp_path, "gpu-report")
    assert text.startswith("# Training, verified on a GPU\n")
    assert found["trains"]["figures"]["peak_gpu_gb"] > 0
    assert found["in_force"]["figures"]["requested"] == found["in_force"]["figures"]["effective"]
    assert found["in_force"]["figures"]["eight_bit_share"] > 0.5
