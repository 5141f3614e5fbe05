"""Conversations whose answers all carry the loss, through tokens, packing and TRL: the loss is a plain reference's."""

from pathlib import Path

import pytest

from lineage.base_model import chat_template, shipped_templates
from lineage.training import sft
from lineage.training.backends import hf
from tests import tiny
from tests.lineage.evaluation.test_evaluate import likelihood

TALKS = [
    tiny.talk("chats", f"금리란 {n}?", "돈의 값.", "왜?", "물가", supervise="all", system="짧게") for n in range(4)
]


@pytest.mark.parametrize("template", ["chatml", "question_answer"])
@pytest.mark.parametrize("packing", [False, True])
def test_the_first_loss_is_the_mean_over_all_answers_and_their_stops(
    lineage_copy: Path, template: str, packing: bool
) -> None:
    Path("models/base/chat_template.jinja").write_text(shipped_templates.template(template), encoding="utf-8")
    tiny.write_rows(Path("data/mixes/v2/own.jsonl"), TALKS)
    tiny.write_rows(Path("data/mixes/v2/replay.jsonl"), [])
    job = tiny.job("v2", tiny.curriculum(**{"profiles.cpu.packing": packing, "profiles.cpu.max_length": 512}))
    rows = [chat_template.tokenize(job.tokenizer, list(t.turns[:-1]), t.completion, every=True) for t in TALKS]
    model = hf.load(job).eval()
    expected = sum(likelihood(model, row) for row in rows) / sum(row.supervised for row in rows)
    _, outcome = sft.fit(job, hf)
    assert outcome.history[0]["loss"] == pytest.approx(expected, abs=1e-3)
