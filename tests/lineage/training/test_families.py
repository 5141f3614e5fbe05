"""Bases of other families, of random weights: trained, continued, measured and loaded again as a stranger would."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from lineage.base_model import chat_template
from lineage.config.load import load_curriculum
from lineage.config.schema import Curriculum
from lineage.records.record import read_records
from stages import base as stage
from tests import tiny
from tests.lineage.base_model.tiny_models import publish
from tests.lineage.training import stranger

TEMPLATES = {"Qwen2": "chatml", "Qwen3": "chatml"}  # the others have no tokens of ChatML
TURNS = [
    {"role": "system", "content": "금융 비서"},
    {"role": "user", "content": "3월 매출은?"},
    {"role": "assistant", "content": "1,234억 원"},
    {"role": "user", "content": "4월은?"},
]


def settle(family: str, folder: Path, epochs: int = 1) -> Curriculum:
    """A workspace of v1 and v2 on a base in `folder`, as `profile: small` describes it."""
    profile = tiny.PARAMS["profiles"]["cpu"] | {"base": {"path": str(folder)}, "budget": {"epochs": epochs}}
    tree = tiny.params(profile="small", profiles={"small": profile})
    tree["chain"]["template"] = TEMPLATES.get(family, "question_answer")
    tree["versions"] = {name: tree["versions"][name] for name in ("v1", "v2")}
    Path("params.yaml").write_text(yaml.safe_dump(tree, allow_unicode=True), encoding="utf-8")
    return load_curriculum()


@pytest.fixture(params=[pytest.param("Qwen2", marks=pytest.mark.slow), "Llama", "Gemma2", "Qwen3"])
def trained(
    request: pytest.FixtureRequest, workspace: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Curriculum]]:
    """A family, with its base, v1, v2 after it, and v2's measures in the working folder."""
    family = request.param
    c = settle(family, publish(tmp_path_factory.mktemp("elsewhere") / family, family))
    stage.main()
    for version in ("v1", "v2"):
        tiny.mix(c, version)
        tiny.train(c, version)
    tiny.evaluate(c, "v2")
    yield family, c


def test_a_family_is_trained_continued_measured_and_loaded(trained: tuple[str, Curriculum], workspace: Path) -> None:
    family, c = trained
    v1, v2 = (json.loads(Path("models", v, "lineage.json").read_text(encoding="utf-8")) for v in ("v1", "v2"))
    assert v2["parent_adapter"] == v1["adapter"] and v2["requested"] == v2["effective"]
    model, tokenizer = stranger.loaded("models/v2")
    begins = served_as_trained(tokenizer)
    assert begins == {"Llama": "<|begin_of_text|>", "Gemma2": "<bos>"}.get(family, "")
    rows = [json.loads(line) for line in Path("metrics/v2/rows.jsonl").read_text(encoding="utf-8").splitlines()]
    measured = {row["id"]: row["nll"] for row in rows if row["set"] == "samples.prompt_answer"}
    records = list(read_records(Path("data/heldout/samples/prompt_answer.jsonl")))
    assert len(measured) == len(records) > 3
    for record in records:
        expected, _ = stranger.nll(model, tokenizer, record.prompt, record.completion)
        assert measured[record.id] == pytest.approx(expected, abs=1e-3)
    names_no_place(workspace, c)


def served_as_trained(tokenizer: Any) -> str:
    """What a server makes of a conversation is what training made of it, token for token; returns how it begins."""
    from transformers import AutoTokenizer

    ours = AutoTokenizer.from_pretrained("models/base")
    assert Path("models/v2/chat_template.jinja").read_text(encoding="utf-8") == ours.chat_template
    for turns in (TURNS[1:2], TURNS[:2], TURNS):
        served = tokenizer.apply_chat_template(turns, add_generation_prompt=True, return_dict=False)
        row = chat_template.tokenize(ours, turns, "답은 2")
        assert row.ids[: len(served)] == served and row.labels[: len(served)] == [-100] * len(served)
        if tokenizer.bos_token_id is not None:
            assert served.count(tokenizer.bos_token_id) == 1 and served[0] == tokenizer.bos_token_id
    assert tokenizer.eos_token_id == ours.eos_token_id == row.ids[-1]
    return tokenizer.bos_token or ""


def names_no_place(root: Path, c: Curriculum) -> None:
    """No file that a stage wrote holds a path of this machine."""
    places = [str(root), str(Path(str(c.active.base.path)).parent)]
    files = [f for room in ("data", "models", "metrics") for f in (root / room).rglob("*") if f.is_file()]
    assert len(files) > 30
    for file in files:
        content = file.read_bytes()
        assert not [place for place in places if place.encode() in content], file
