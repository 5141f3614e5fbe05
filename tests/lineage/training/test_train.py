import csv
import json
import shutil
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from lineage.base_model import chat_template, shipped_templates
from lineage.core.errors import LineageError
from lineage.core.files import sha256, sha256_of
from tests import tiny

FILES = {
    "adapter_config.json",
    "adapter_model.safetensors",
    "chat_template.jinja",
    "history.csv",
    "lineage.json",
    "tokenizer.json",
    "tokenizer_config.json",
}


def record(version: str) -> dict[str, Any]:
    return json.loads(Path("models", version, "lineage.json").read_text(encoding="utf-8"))


def history(version: str) -> list[dict[str, str]]:
    with Path("models", version, "history.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write_record(version: str, changed: dict[str, Any]) -> None:
    Path("models", version, "lineage.json").write_text(json.dumps(changed), encoding="utf-8")


def strings(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [s for k, v in value.items() for s in (k, *strings(v))]
    if isinstance(value, list):
        return [s for v in value for s in strings(v)]
    return [str(value)]


# ------------------------------------------------------------------------------------------------ what is published


@pytest.mark.parametrize("version", tiny.VERSIONS)
def test_a_version_is_these_files_and_no_pickle(lineage_here: Path, version: str) -> None:
    assert {p.relative_to(f"models/{version}").as_posix() for p in Path("models", version).rglob("*")} == FILES


def test_nothing_of_a_finished_run_stays_in_scratch(lineage_here: Path) -> None:
    assert not list(Path(".state/checkpoints").glob("*"))
    assert not list(Path(".state/scratch").glob("*"))


@pytest.mark.parametrize("version", tiny.VERSIONS)
def test_the_record_holds_no_clock_path_or_host(lineage_here: Path, version: str) -> None:
    import re
    import socket

    for text in strings(record(version)) + strings(
        json.loads(Path("models", version, "adapter_config.json").read_text())
    ):
        assert re.fullmatch(r"\./models/base-[0-9a-f]{12}", text) or not text.startswith(("/", "~", ".", "models/"))
        assert "\\" not in text
        assert str(lineage_here) not in text and socket.gethostname() not in text
        assert not re.search(r"20\d\d-\d\d-\d\d|\d\d:\d\d:\d\d", text)


def test_the_record_tells_the_lineage(lineage_here: Path) -> None:
    v1, v3 = record("v1"), record("v3")
    assert (v1["parent"], v1["parent_adapter"]) == ("base", None)
    assert (v3["parent"], v3["parent_adapter"]) == ("v1", v1["adapter"])
    assert v3["adapter"] == sha256(Path("models/v3/adapter_model.safetensors"))
    base = json.loads(Path("models/base/base.json").read_text())
    assert v3["base"] == {"identity": base["identity"], "origin": base["origin"], "load": "float32"}
    assert v3["mix"]["sha256"] == sha256_of(
        [sha256(Path("data/mixes/v3", f"{part}.jsonl")) for part in ("own", "replay")]
    )
    assert (
        v3["template"]
        == chat_template.template_hash(shipped_templates.template("chatml"))
        == base["template"]["sha256"]
    )
    assert set(v3["packages"]) >= {"torch", "transformers", "trl", "peft", "bitsandbytes"}
    assert (v3["seed"], v3["lora"]["r"]) == (7, 8)


def test_the_record_says_what_was_asked_for_and_what_was_in_force(lineage_here: Path) -> None:
    v3 = record("v3")
    assert v3["requested"] == v3["effective"]
    assert v3["effective"]["optimizer"] == "adamw_8bit"
    assert v3["effective"]["packing"] is False
    assert v3["effective"]["learning_rate"] == 2e-2 * 0.5  # the profile's rate, scaled by the version
    assert v3["steps"] == 2 * 3 * 16 // 4  # twice the budget of three passes over 16 rows


def test_the_history_is_a_line_a_step_from_the_first(lineage_here: Path) -> None:
    for version in tiny.VERSIONS:
        rows = history(version)
        assert list(rows[0]) == ["step", "loss", "learning_rate", "grad_norm", "tokens"]
        assert [int(r["step"]) for r in rows] == list(range(1, record(version)["steps"] + 1))
        assert float(rows[-1]["tokens"]) == record(version)["trained_tokens"]


def test_training_lowers_the_loss(lineage_here: Path) -> None:
    rows = [float(r["loss"]) for r in history("v1")]
    assert sum(rows[-4:]) < sum(rows[:4])


# -------------------------------------------------------------------------------------- continuing, and not resuming


def test_a_child_starts_with_its_parent_s_function(lineage_here: Path) -> None:
    import torch

    from lineage.evaluation import inference
    from lineage.training.backends import hf

    for version in ("v2", "v3"):
        model = hf.load(tiny.job(version)).eval()
        parent, tokenizer = inference.load("v1", tiny.curriculum().active)
        base, _ = inference.load("base", tiny.curriculum().active)
        ids = torch.tensor([tokenizer("3번 상품은? 채권입니다.")["input_ids"]])
        with torch.no_grad():
            logits = [m(input_ids=ids).logits for m in (model, parent, base)]
        assert torch.equal(logits[0], logits[1])
        assert not torch.allclose(logits[0], logits[2], atol=1e-3)


def test_the_first_loss_of_a_child_is_its_parent_s_on_those_rows(lineage_here: Path) -> None:
    from lineage.evaluation import inference

    job = tiny.job("v2")
    batch = [chat_template.Tokens(row["input_ids"], row["labels"]) for row in job.dataset.select(range(4))]
    parent, _ = inference.load("v1", tiny.curriculum().active)
    expected = sum(inference.negative_log_likelihoods(parent, batch)) / sum(row.supervised for row in batch)
    assert float(history("v2")[0]["loss"]) == pytest.approx(expected, abs=1e-4)


def test_a_child_has_its_own_steps_schedule_and_optimizer(lineage_copy: Path, monkeypatch) -> None:
    from trl import SFTTrainer

    seen: dict[str, Any] = {}
    train = SFTTrainer.train

    def watched(self: Any, resume_from_checkpoint: str | None = None) -> Any:
        seen["resume"], seen["state"] = resume_from_checkpoint, len(self.optimizer.state)
        return train(self, resume_from_checkpoint=resume_from_checkpoint)

    monkeypatch.setattr(SFTTrainer, "train", watched)
    tiny.train(tiny.curriculum(), "v2")
    assert seen == {"resume": None, "state": 0}
    rows = history("v2")
    assert int(rows[0]["step"]) == 1 and float(rows[0]["learning_rate"]) == 0  # a warm-up of its own
    assert max(float(r["learning_rate"]) for r in rows) == pytest.approx(2e-2)


def test_the_same_inputs_give_the_same_bytes(lineage_copy: Path) -> None:
    before = sha256(Path("models/v3"))
    assert sha256(tiny.train(tiny.curriculum(), "v3")) == before


class CrashError(Exception):
    """Stands for a killed process."""


def crash_at(monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    from transformers import TrainerCallback

    from lineage.training import callbacks

    made = callbacks.callbacks

    class Crash(TrainerCallback):
        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            if state.global_step == step:
                raise CrashError

    monkeypatch.setattr(callbacks, "callbacks", lambda *given: [*made(*given)[:-1], Crash()])


def crashed(version: str, step: int) -> Path:
    """Train a version until it crashes; the folder of its checkpoints."""
    with pytest.MonkeyPatch.context() as patch:
        crash_at(patch, step)
        with pytest.raises(CrashError):
            tiny.train(tiny.curriculum(), version)
    (folder,) = Path(".state/checkpoints").iterdir()
    return folder


def test_a_crashed_version_resumes_and_ends_in_the_same_bytes(lineage_copy: Path, capsys) -> None:
    before = sha256(Path("models/v2"))
    scratch = crashed("v2", step=6)
    assert sha256(Path("models/v2")) == before  # what was published stays until the new one is whole
    assert (scratch / "checkpoint-4/complete").is_file()
    capsys.readouterr()
    tiny.train(tiny.curriculum(), "v2")
    assert "v2: resumed at step 4/12" in capsys.readouterr().out
    assert sha256(Path("models/v2")) == before
    assert not scratch.exists()


def test_killed_while_its_folder_appears_it_need_not_be_trained_again(
    lineage_copy: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from stages import train

    before = sha256(Path("models/v2"))

    @contextmanager
    def dying(*_: Any, **__: Any) -> Iterator[list[Path]]:
        Path("out").mkdir()
        yield [Path("out")]
        raise CrashError

    monkeypatch.setattr("sys.argv", ["stages/train.py", "v2"])
    with monkeypatch.context() as patch:
        patch.setattr(train, "publishing", dying)
        with pytest.raises(CrashError):
            train.main()
    capsys.readouterr()
    train.main()
    assert "v2: resumed at step 12/12" in capsys.readouterr().out
    assert sha256(Path("models/v2")) == before
    assert not list(Path(".state/checkpoints").iterdir())


def test_a_half_written_checkpoint_is_not_trusted(lineage_copy: Path, capsys) -> None:
    before = sha256(Path("models/v2"))
    scratch = crashed("v2", step=9)
    (scratch / "checkpoint-8/complete").unlink()
    (scratch / "checkpoint-8/adapter_model.safetensors").write_bytes(b"half")
    capsys.readouterr()
    tiny.train(tiny.curriculum(), "v2")
    assert "v2: resumed at step 4/12" in capsys.readouterr().out
    assert sha256(Path("models/v2")) == before


@pytest.mark.parametrize(
    "changes",
    [
        {"versions.v2.train.lr_scale": 0.9},
        {"seed": 8},
        {"profiles.cpu.weight_decay": 0.01},
        {"profiles.cpu.batch_size": 2},
    ],
)
def test_other_settings_do_not_resume(lineage_copy: Path, changes: dict[str, Any], capsys) -> None:
    crashed("v2", step=6)
    capsys.readouterr()
    tiny.train(tiny.curriculum(**changes), "v2")
    assert "resumed" not in capsys.readouterr().out


def test_another_parent_or_mix_does_not_resume(lineage_copy: Path, capsys) -> None:
    crashed("v2", step=6)
    capsys.readouterr()
    tiny.train(tiny.curriculum(**{"versions.v2.parent": "base"}), "v2")
    rows = [tiny.row("problems", f"{n} × 2 = ?", f"답은 {2 * n}") for n in range(16)]
    tiny.write_rows(Path("data/mixes/v2/own.jsonl"), rows)
    tiny.train(tiny.curriculum(), "v2")
    assert "resumed" not in capsys.readouterr().out


def test_how_often_it_is_saved_changes_neither_fingerprint_nor_bytes(lineage_copy: Path) -> None:
    before = sha256(Path("models/v2"))
    tiny.train(tiny.curriculum(**{"profiles.cpu.checkpoint_steps": 5}), "v2")
    assert sha256(Path("models/v2")) == before


# ------------------------------------------------------------------------------------------- a parent that is not it


def flip(file: Path, at: int) -> None:
    content = bytearray(file.read_bytes())
    content[at] ^= 1
    file.write_bytes(bytes(content))


def refused(expected: str, **changes: Any) -> None:
    before = sha256(Path("models/v2"))
    with pytest.raises(LineageError, match=expected):
        tiny.train(tiny.curriculum(**changes), "v2")
    assert sha256(Path("models/v2")) == before


def test_a_parent_with_one_changed_byte_is_refused(lineage_copy: Path) -> None:
    flip(Path("models/v1/adapter_model.safetensors"), at=-1)
    refused(r"models/v1/adapter_model\.safetensors: its SHA-256 is .*it was changed; .*dvc repro -f train@v1")


@pytest.mark.parametrize("size", [0, 443, -1])
def test_a_truncated_parent_is_refused(lineage_copy: Path, size: int) -> None:
    file = Path("models/v1/adapter_model.safetensors")
    file.write_bytes(file.read_bytes()[:size])
    refused(r"models/v1/adapter_model\.safetensors: its SHA-256")


def test_a_parent_that_holds_only_a_config_is_refused(lineage_copy: Path) -> None:
    Path("models/v1/adapter_model.safetensors").unlink()
    refused(r"models/v1/adapter_model\.safetensors: its SHA-256 is no file.*dvc repro -f train@v1")


def test_a_parent_without_a_record_is_refused(lineage_copy: Path) -> None:
    Path("models/v1/lineage.json").unlink()
    refused(r"models/v1/lineage\.json: not found, v1 is not built here; .*dvc repro train@v1")


@pytest.mark.parametrize("content", ["", "{", "{}", "[]", '{"adapter": "ab", "template": "cd", "base": null}'])
def test_a_parent_with_a_broken_record_is_refused(lineage_copy: Path, content: str) -> None:
    Path("models/v1/lineage.json").write_text(content)
    refused(r"models/v1/lineage\.json: not as its stage writes it .*dvc repro -f train@v1")


def test_a_parent_that_is_not_there_is_refused(lineage_copy: Path) -> None:
    shutil.rmtree("models/v1")
    refused(r"models/v1/lineage\.json: not found, v1 is not built here; .*dvc checkout models/v1")


def test_a_parent_trained_on_another_base_is_refused(lineage_copy: Path) -> None:
    changed = record("v1")
    changed["base"]["identity"] = "0" * 64
    write_record("v1", changed)
    refused(r"models/v1: it was trained on another base \(000000000000, now .*dvc repro -f train@v1")


def test_a_parent_trained_with_another_template_is_refused(lineage_copy: Path) -> None:
    write_record("v1", record("v1") | {"template": "0" * 64})
    refused(r"models/v1: it was trained with another chat template; .*dvc repro -f train@v1")


def test_a_parent_with_another_shape_is_refused(lineage_copy: Path) -> None:
    refused(r"v2: chain\.lora\.r is 4, but its parent's adapter has 8;.*set it back, or rebuild", **{"chain.lora.r": 4})


def test_a_length_in_the_header_of_a_parent_that_lies_is_refused(lineage_copy: Path) -> None:
    file = Path("models/v1/adapter_model.safetensors")
    file.write_bytes(struct.pack("<Q", 1 << 60) + file.read_bytes()[8:])
    refused(r"models/v1/adapter_model\.safetensors")


def test_the_stage_refuses_an_unknown_version(workspace: Path, monkeypatch) -> None:
    from stages import train

    monkeypatch.setattr("sys.argv", ["stages/train.py", "v9"])
    with pytest.raises(LineageError, match=r"unknown version 'v9'; params.yaml has v1, v2, v3"):
        train.main()
