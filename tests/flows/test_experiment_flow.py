"""Other settings as a DVC experiment: what is refused, and that params.yaml here stays as it is."""

import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest

from flows import experiment_flow, verify_flow
from flows.choices import AS_IT_IS
from flows.experiment_flow import NewValue, experiment, set_there, value_of, wanted
from flows.guarded import run_guarded
from flows.scratch_clone import git
from flows.verify_flow import verify
from lineage.core.errors import LineageError


def test_what_a_value_means() -> None:
    assert [value_of(text) for text in ("5e-3", "true", "null", "adamw", "[q_proj, v_proj]", '["a"]', "[1, 2]")] == [
        0.005,
        True,
        None,
        "adamw",
        ["q_proj", "v_proj"],
        ["a"],
        [1, 2],
    ]


def test_the_rate_is_that_of_the_profile() -> None:
    seed = NewValue(field="seed", value="7")
    assert wanted("cpu", AS_IT_IS, 0.01, [seed]) == {"profiles.cpu.learning_rate": 0.01, "seed": 7}
    assert wanted("cpu", "small", 0.01, []) == {"profile": "small", "profiles.small.learning_rate": 0.01}
    with pytest.raises(LineageError, match="nothing to try"):
        wanted("cpu", "cpu", None, [])
    with pytest.raises(LineageError, match="given twice: seed, seed"):
        wanted("cpu", AS_IT_IS, None, [seed, seed])


def test_what_would_be_no_curriculum_or_change_more_is_refused(workspace: Path) -> None:
    params = Path("params.yaml")
    before = params.read_bytes()
    for asked, said in (
        ({"seed": 20240901}, "seed: params.yaml has that value already"),
        ({"chain.lora.bias": 1}, r"no field chain\.lora\.bias"),
        ({"versions.v3.replay": 7}, r"versions\.v3\.replay"),
    ):
        with pytest.raises(LineageError, match=said):
            set_there(params, asked)
        assert params.read_bytes() == before
    with pytest.raises(LineageError, match=r"versions\.v6_clean\.mix\.rules\.weight would change too"):
        set_there(params, {"versions.v6.mix.rules.weight": 2})


def dvc(*arguments: str) -> str:
    return subprocess.run(
        [sys.executable, "-m", "dvc", *arguments], stdout=subprocess.PIPE, text=True, check=True
    ).stdout


@pytest.fixture
def committed(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The workspace as a commit, its graph reading a setting; returns the artifacts that flows write."""
    graph = workspace / "dvc.yaml"
    text = graph.read_text().partition("  slow:")[0].replace("outs: [out/check]", "params: [seed], outs: [out/check]")
    graph.write_text(text.replace("echo checked >", "grep ^seed params.yaml >"), encoding="utf-8")
    Path(".gitignore").write_text("out\n.state\n", encoding="utf-8")
    for command in (["add", "-A"], ["-c", "user.name=x", "-c", "user.email=x@x", "commit", "-qm", "all"]):
        subprocess.run(["git", *command], check=True)
    subprocess.run([sys.executable, "-m", "dvc", "repro", "-q"], check=True)
    artifacts: list[str] = []
    for module in (experiment_flow, verify_flow):
        monkeypatch.setattr(
            module,
            "compute",
            lambda _, command, folder, variables=None: run_guarded(command, print, folder=folder, variables=variables),
        )
        monkeypatch.setattr(module, "alone", lambda lock: nullcontext())
        monkeypatch.setattr(module, "get_run_logger", lambda: __import__("logging").getLogger("test"))
        monkeypatch.setattr(module, "create_markdown_artifact", lambda text, **_: artifacts.append(text))
    return artifacts


@pytest.mark.slow
def test_elsewhere_the_bytes_are_the_same_and_a_setting_is_tried_without_a_trace_here(
    committed: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    verify.fn()
    assert "| train@v3 | out/train_v3 |" in committed[0]
    assert committed[0].startswith("# 4 of 4 outputs have the same bytes")
    before = {path: Path(path).read_bytes() for path in ("params.yaml", "dvc.lock", "out/check", "out/report")}
    capfd.readouterr()
    experiment.fn(name="seven", versions=["v2"], changes=[NewValue(field="seed", value="7")])
    assert {path: Path(path).read_bytes() for path in before} == before
    said = capfd.readouterr().out
    assert "Running stage 'check'" in said and "Running stage 'train@v3'" not in said
    assert "| seed | 20240901 | 7 |" in committed[1]
    ref = git("for-each-ref", "--format=%(refname)", "refs/exps").strip()
    assert ref.endswith("/seven") and "\nseed: 7\n" in git("show", f"{ref}:params.yaml")
    assert not any(Path(".state", name).exists() for name in ("experiments/seven", "verify/workspace"))
    with pytest.raises(LineageError, match=r"an experiment seven is here already.*dvc exp remove seven"):
        experiment.fn(name="seven", changes=[NewValue(field="seed", value="8")])
    Path("params.yaml").write_bytes(before["params.yaml"] + b"\n")
    with pytest.raises(LineageError, match=r"not committed: params\.yaml\. .*commit them"):
        verify.fn()
