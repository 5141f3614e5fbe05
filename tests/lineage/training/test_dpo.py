from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lineage.base_model import chat_template
from lineage.config.schema import Profile
from lineage.core.errors import LineageError
from lineage.core.files import sha256
from lineage.evaluation import inference
from lineage.records.record import Record
from lineage.training import batch_order, dpo, preference_data
from lineage.training.adapter_saving import save_adapter
from lineage.training.backends import hf
from lineage.training.job import PREFERENCE_HISTORY, Job
from tests import tiny

OPTIONS = ("채권", "주식", "선물", "옵션")
STEPS = 8


def choices(count: int = 16) -> list[Record]:
    """Questions whose right answer is the same, wherever it stands: a rule that a tiny model can learn in seconds."""
    turned = [OPTIONS[n % 4 :] + OPTIONS[: n % 4] for n in range(count)]
    return [
        tiny.row("problems", f"{n}번 보기?", "채권", measure="choice", options=options, correct=options.index("채권"))
        for n, options in enumerate(turned)
    ]


def preference_job(steps: int = STEPS, **changes: Any) -> Job:
    """What `stages.train` hands over for the second phase of v2, in a copy of the built lineage."""
    first = tiny.job("v2")
    tiny.write_rows(Path("data/mixes/v2/own.jsonl"), choices())
    tiny.write_rows(Path("data/mixes/v2/replay.jsonl"), [])
    found = preference_data.pairs_of(
        Path("data/mixes/v2"), first.tokenizer, "hash", first.profile.max_length, first.seed
    )
    at_once = dpo.pairs_at_once(first.profile)
    batches = steps * first.profile.global_batch_size // at_once
    laid = batch_order.training_order(found.lengths, at_once, batches, first.seed)
    fields = {
        "parent": Path("models/v2"),
        "beta": 0.1,
        "learning_rate": 5e-3,
        "steps": steps,
        "dataset": found.in_order(laid),
        "lengths": [found.lengths[pair] for (pair,) in laid],
        "checkpoints": Path(".state/checkpoints/test/preference"),
    }
    return replace(first, **fields | changes)


def margins(model: Any, tokenizer: Any) -> list[float]:
    """By how many nats each right answer is likelier than the wrong one of its pair."""
    found = []
    for row in choices():
        texts = (row.completion, str(preference_data.worse_answer(row, 7)))
        right, wrong = inference.negative_log_likelihoods(
            model.eval(), [chat_template.tokenize(tokenizer, list(row.turns[:-1]), text) for text in texts]
        )
        found.append(wrong - right)
    return found


def saved(job: Job, folder: Path) -> str:
    model, _ = dpo.fit(job, hf)
    folder.mkdir()
    save_adapter(model, job.base_name, folder)
    return sha256(folder)


def test_right_answers_become_likelier_than_wrong_ones(lineage_copy: Path) -> None:
    job = preference_job()
    before = margins(hf.load(job), job.tokenizer)
    model, outcome = dpo.fit(job, hf)
    after = margins(model, job.tokenizer)
    assert sum(after) / 16 > sum(before) / 16 + 0.5
    assert sum(new > old for new, old in zip(after, before, strict=True)) >= 14
    first, last = outcome.history[0], outcome.history[-1]
    assert first["loss"] == pytest.approx(0.6931, abs=1e-3)  # log 2: at first the policy is its own reference
    assert first["margin"] == pytest.approx(0, abs=1e-4)
    assert last["loss"] < first["loss"] and last["margin"] > 0.05 and last["accuracy"] > 0.7
    assert [row["step"] for row in outcome.history] == list(range(1, STEPS + 1))
    assert tuple(first) == PREFERENCE_HISTORY and last["tokens"] == sum(job.lengths)


def test_the_adapter_is_one_and_the_parent_s_is_not_touched(lineage_copy: Path) -> None:
    job, before = preference_job(), sha256(Path("models/v2"))
    model, outcome = dpo.fit(job, hf)
    assert list(model.peft_config) == ["default"]
    assert not [name for name, _ in model.named_parameters() if ".ref." in name]
    Path("out").mkdir()
    save_adapter(model, job.base_name, Path("out"))
    assert {f.name for f in Path("out").iterdir()} == {"adapter_config.json", "adapter_model.safetensors"}
    assert sha256(Path("models/v2")) == before
    assert outcome.trainable_parameters == sum(p.numel() for n, p in model.named_parameters() if "lora_" in n)


def test_the_record_has_beta_and_what_was_in_force(lineage_copy: Path) -> None:
    _, outcome = dpo.fit(preference_job(), hf)
    assert outcome.requested == outcome.effective
    assert outcome.effective["beta"] == 0.1
    assert (outcome.effective["loss"], outcome.effective["rows_per_step"]) == ("completion", 4)
    assert outcome.effective["optimizer"] == "adamw_8bit"


def test_another_beta_in_the_trainer_stops_before_the_first_step(lineage_copy: Path, monkeypatch: Any) -> None:
    import trl

    class Strange(trl.DPOConfig):
        def __post_init__(self) -> None:
            super().__post_init__()
            self.beta = 0.3

    monkeypatch.setattr(trl, "DPOConfig", Strange)
    with pytest.raises(LineageError, match=r"beta: asked for 0\.1, in force 0\.3.*nothing was trained"):
        dpo.fit(preference_job(), hf)


def test_an_adapter_that_is_not_the_parent_s_file_is_refused(lineage_copy: Path) -> None:
    class Stranger:
        settings = staticmethod(hf.settings)

        @staticmethod
        def load(job: Job) -> Any:
            return hf.load(replace(job, parent=Path("models/v1")))

    with pytest.raises(LineageError, match="was not loaded as it is in the file"):
        dpo.fit(preference_job(), Stranger)


@pytest.mark.slow
def test_the_same_bytes_twice_and_after_a_crash(lineage_copy: Path, monkeypatch: Any) -> None:
    whole = saved(preference_job(), Path("whole"))
    assert saved(preference_job(checkpoints=Path(".state/again")), Path("again")) == whole

    class Crash(Exception):
        pass

    from transformers import Trainer

    step = Trainer.training_step
    done = 0

    def breaking(self: Any, *args: Any, **kwargs: Any) -> Any:
        nonlocal done
        done += 1
        if done > 2 * 6:  # two batches a step, in the seventh step; the checkpoint is of the fourth
            raise Crash
        return step(self, *args, **kwargs)

    job = preference_job(checkpoints=Path(".state/crashed"))
    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "training_step", breaking)
        with pytest.raises(Crash):
            dpo.fit(job, hf)
    assert [p.name for p in job.checkpoints.glob("checkpoint-*")] == ["checkpoint-4"]
    assert saved(job, Path("resumed")) == whole


def test_a_large_vocabulary_meets_only_the_answers(lineage_copy: Path, monkeypatch: Any) -> None:
    """The reference's and the policy's logits are made a part of the vocabulary at a time."""
    from trl.trainer import dpo_trainer

    def whole(*_: Any, **__: Any) -> Any:
        pytest.fail("whole logits were made")

    monkeypatch.setattr(dpo_trainer, "selective_log_softmax", whole)
    monkeypatch.setattr(dpo_trainer, "selective_log_softmax_and_entropy", whole)
    _, outcome = dpo.fit(preference_job(steps=1), hf)
    assert outcome.history[0]["loss"] == pytest.approx(0.6931, abs=1e-3)


def test_scoring_in_chunks_is_scoring_whole(lineage_copy: Path, monkeypatch: Any) -> None:
    _, chunked = dpo.fit(preference_job(), hf)
    monkeypatch.setattr(dpo, "_score_in_chunks", lambda trainer: None)
    _, whole = dpo.fit(preference_job(checkpoints=Path(".state/whole")), hf)
    for one, other in zip(chunked.history, whole.history, strict=True):
        assert one["loss"] == pytest.approx(other["loss"], abs=2e-3)
        assert one["margin"] == pytest.approx(other["margin"], abs=5e-3)


@pytest.mark.parametrize(
    ("batch_size", "global_batch_size", "processes", "pairs_together"),
    [(1, 8, 1, 1), (2, 8, 1, 1), (4, 8, 2, 2), (16, 16, 1, 8), (5, 5, 1, 1), (6, 12, 2, 3)],
)
def test_a_pair_takes_the_room_of_two_rows(
    batch_size: int, global_batch_size: int, processes: int, pairs_together: int
) -> None:
    profile: Profile = tiny.curriculum().active.model_copy(
        update={
            "batch_size": batch_size,
            "global_batch_size": global_batch_size,
            "launch": tiny.curriculum().active.launch.model_copy(update={"processes": processes}),
        }
    )
    assert dpo.pairs_at_once(profile) == pairs_together


def test_on_a_4_bit_base_the_reference_is_the_policy_at_the_start(lineage_copy: Path) -> None:
    """TRL casts the trained adapter to bf16 there, and would leave its reference in fp32."""
    first = tiny.job("v2")
    _, outcome = dpo.fit(preference_job(profile=first.profile.model_copy(update={"load_in_4bit": True})), hf)
    assert outcome.effective["load_in_4bit"] is True
    assert outcome.history[0]["loss"] == pytest.approx(0.693147, abs=1e-6)
    assert outcome.history[0]["margin"] == 0
