"""`profile: small` as it is shipped, on a stand-in for a real model: tiny layers under Qwen2.5's whole vocabulary."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from lineage.base_model import base, tiny_corpus
from lineage.config.load import load_curriculum
from lineage.config.schema import Curriculum
from lineage.core.errors import LineageError
from stages import base as stage
from tests import tiny
from tests.lineage.evaluation.test_inference import VOCABULARY, largest_tensor, small
from tests.workspace import ROOT

CHUNK = 256  # supervised tokens whose logits TRL makes together
LONG = "다음 글을 읽고 답하시오. " * 24


@pytest.fixture(scope="module")
def standin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder as a hub model is downloaded: config, tokenizer with ChatML's tokens, safetensors."""
    folder = tmp_path_factory.mktemp("standin")
    with pytest.MonkeyPatch.context() as patch:
        all_rows = tiny_corpus.rows
        patch.setattr(tiny_corpus, "rows", lambda count, seed: all_rows(min(count, 400), seed))
        tokenizer = base.train_tokenizer(500, 7, "chatml")
    small(vocabulary=VOCABULARY).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture
def lineage(standin: Path, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Curriculum:
    """The tiny curriculum with the shipped profile; prompts are long and answers short, as choices are."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    shipped = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))["profiles"]["small"]
    params = tiny.params(profile="small")
    params["profiles"]["small"] = shipped | {"base": {"path": str(standin)}, "threads": 1, "learning_rate": 2e-3}
    Path("params.yaml").write_text(yaml.safe_dump(params, allow_unicode=True), encoding="utf-8")
    rows = [tiny.row("samples", f"{LONG}{n}번 상품은?", f"{n}번은 채권입니다.") for n in range(16)]
    tiny.write_source("samples", rows[:12], rows[12:])
    tiny.write_source("companies", [tiny.row("companies", f"회사{n}?", "매출") for n in range(4)])
    return load_curriculum()


@pytest.mark.slow
def test_a_chain_on_a_large_vocabulary_makes_logits_only_where_they_are_needed(lineage: Curriculum) -> None:
    stage.main()
    assert not list(Path("models/base").glob("*.safetensors"))  # named and hashed, not copied
    with largest_tensor() as seen:
        for version in ("v1", "v2"):
            tiny.mix(lineage, version)
            tiny.train(lineage, version)
    length = max(r["tokens"] / r["rows"] for r in record("v1")["mix"]["sources"].values())
    assert length > 200 and lineage.active.batch_size * length * VOCABULARY > 1.5 * CHUNK * VOCABULARY
    assert seen[0] <= CHUNK * VOCABULARY
    with largest_tensor() as seen:
        tiny.evaluate(lineage, "v2")
    assert seen[0] <= 16_000_000
    v1, v2 = record("v1"), record("v2")
    assert (v2["parent_adapter"], v1["effective"]["optimizer"]) == (v1["adapter"], "adamw_8bit")
    assert v1["requested"] == v1["effective"] and v1["base"]["load"] == "float32"
    measured = json.loads(Path("metrics/v2/measures.json").read_text(encoding="utf-8"))["sets"]
    assert measured["samples.prompt_answer"]["rows"] == 4 and measured["samples.prompt_answer"]["nll"] > 0


def test_weights_that_were_changed_are_noticed(lineage: Curriculum, standin: Path) -> None:
    stage.main()
    tiny.mix(lineage, "v1")
    file = standin / "model.safetensors"
    whole = file.read_bytes()
    try:
        file.write_bytes(whole[:-4] + b"\0\0\0\1")
        with pytest.raises(LineageError, match=r"not the file that models/base names; run: dvc repro -f base"):
            tiny.train(lineage, "v1")
    finally:
        file.write_bytes(whole)


def test_an_adapter_is_not_asked_on_another_base(lineage_copy: Path) -> None:
    file = Path("models/base/base.json")
    file.write_text(json.dumps(json.loads(file.read_text()) | {"identity": "0" * 64}), encoding="utf-8")
    with pytest.raises(LineageError, match=r"models/v2: it was trained on another base .*dvc repro -f train@v2"):
        tiny.evaluate(tiny.curriculum(), "v2")


def record(version: str) -> dict[str, Any]:
    return json.loads(Path("models", version, "lineage.json").read_text(encoding="utf-8"))
