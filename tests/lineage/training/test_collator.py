from pathlib import Path
from typing import Any

import pytest

from lineage.core.errors import LineageError
from lineage.training import guards, sft
from lineage.training.backends import hf
from lineage.training.collator import Collator, unpacked
from tests import tiny

PACKED = {"profiles.cpu.packing": True, "profiles.cpu.batch_size": 2, "profiles.cpu.max_length": 128}
ROWS = [{"id": "a", "input_ids": [5, 6, 7], "labels": [-100, 6, 7]}, {"id": "b", "input_ids": [8], "labels": [8]}]


def test_rows_are_padded_on_the_right_and_padding_has_no_loss() -> None:
    batch = Collator(pad=1)(ROWS)
    assert batch["input_ids"].tolist() == [[5, 6, 7], [8, 1, 1]]
    assert batch["labels"].tolist() == [[-100, 6, 7], [8, -100, -100]]
    assert batch["attention_mask"].tolist() == [[1, 1, 1], [1, 0, 0]]


def test_packed_sequences_have_positions_and_no_mask() -> None:
    rows = [ROWS[0] | {"position_ids": [0, 1, 0]}, ROWS[1] | {"position_ids": [0]}]
    batch = Collator(pad=1)(rows)
    assert batch["position_ids"].tolist() == [[0, 1, 0], [0, 0, 0]]
    assert "attention_mask" not in batch  # a mask of ones would let rows see those before them


def test_a_packed_sequence_falls_into_its_rows() -> None:
    sequence = {"input_ids": [5, 6, 7, 8], "labels": [-100, 6, -100, 8], "position_ids": [0, 1, 0, 1]}
    assert unpacked(sequence) == [
        {"input_ids": [5, 6], "labels": [-100, 6]},
        {"input_ids": [7, 8], "labels": [-100, 8]},
    ]


def logits(model: Any, batch: dict[str, Any]) -> Any:
    import torch

    with torch.no_grad():
        return model(**{k: v for k, v in batch.items() if k != "labels"}).logits


def test_packed_rows_do_not_see_each_other(lineage_here: Path) -> None:
    """Block-diagonal, proven: each row of a packed and padded batch has the logits that it has alone."""
    import torch

    job = tiny.job("v2", tiny.curriculum(**PACKED))
    model, collate = hf.load(job).eval(), Collator(job.tokenizer.pad_token_id)
    sequences = [job.dataset[i] for i in range(2)]
    assert any(0 in s["position_ids"][1:] for s in sequences)
    together = logits(model, collate(sequences))
    for sequence, found in zip(sequences, together, strict=True):
        at = 0
        for row in unpacked(sequence):
            alone = logits(model, collate([row]))[0]
            assert torch.allclose(found[at : at + len(alone)], alone, atol=1e-5)
            at += len(alone)


def test_rows_that_see_each_other_are_refused_before_the_first_step(lineage_copy: Path, monkeypatch) -> None:
    import torch

    def with_a_mask(self: Collator, rows: list[dict[str, Any]]) -> dict[str, Any]:
        batch = collate(self, rows)
        if "position_ids" in batch:
            batch["attention_mask"] = torch.ones_like(batch["input_ids"])
        return batch

    collate = Collator.__call__
    monkeypatch.setattr(Collator, "__call__", with_a_mask)
    with pytest.raises(LineageError, match=r"v2: packed rows see each other .*packing: false"):
        sft.fit(tiny.job("v2", tiny.curriculum(**PACKED)), hf)


def test_the_guard_leaves_the_model_as_it_was(lineage_copy: Path, monkeypatch) -> None:
    """Same packed rows, with and without the check: the same adapter."""
    c = tiny.curriculum(**PACKED)
    with_check = (tiny.train(c, "v2") / "adapter_model.safetensors").read_bytes()
    monkeypatch.setattr(guards, "blind", lambda trainer, job: None)
    assert (tiny.train(c, "v2") / "adapter_model.safetensors").read_bytes() == with_check


def test_packing_trains_the_same_tokens_in_fewer_sequences(lineage_copy: Path) -> None:
    import json

    def trained(**changes: Any) -> dict[str, Any]:
        return json.loads((tiny.train(tiny.curriculum(**changes), "v2") / "lineage.json").read_text())

    plain = trained(**{"profiles.cpu.batch_size": 2, "profiles.cpu.global_batch_size": 4})
    packed = trained(**PACKED)
    assert packed["effective"]["packing"] is True and packed["steps"] < plain["steps"]
    assert packed["trained_tokens"] == pytest.approx(plain["trained_tokens"], rel=0.5)
    assert packed["mix"] == plain["mix"]
