import json
from importlib import metadata
from math import sqrt
from pathlib import Path

import pytest

from lineage.artifacts.base_manifest import read_base
from lineage.config.load import load_curriculum
from lineage.evaluation import inference
from lineage.exporting import gguf_files
from lineage.exporting.logits import BOUNDS, difference, logits_of, probes
from tests.lineage.cli.words import refused, said
from tests.lineage.exporting.shaped import shape


@pytest.mark.slow
def test_llama_cpp_says_what_the_version_says_with_the_scale_of_rslora(
    lineage_copy: Path, capsys: pytest.CaptureFixture
) -> None:
    """In llama.cpp's own runtime: the merged model, and the base's GGUF with the adapter's."""
    pytest.importorskip("xllamacpp", reason="llama.cpp is not installed (extra: gguf)")
    from peft.tuners.lora import LoraLayer

    lora = shape("v1", rslora=True)
    said(capsys, "export", "v1", "--as", "gguf")
    folder = Path("exports/v1-gguf")
    record = json.loads((folder / "export.json").read_text(encoding="utf-8"))
    _, in_llama_cpp, apart = record["equality"]
    assert "model.gguf" in in_llama_cpp["what"] and "adapter.gguf" in apart["what"]
    assert all(one["relative"] <= one["bound"] for one in record["equality"])
    assert {"model.gguf", "adapter.gguf"} <= set(record["files"])
    assert f"alpha {lora.alpha * sqrt(lora.r):g} instead of {lora.alpha:g}" in " ".join(record["notes"])

    c = load_curriculum()
    model, tokenizer = inference.load("v1", c.active)
    rows = probes(c, tokenizer, read_base().vocab_size)
    reference = logits_of(model, rows)
    for module in model.modules():
        if isinstance(module, LoraLayer):
            module.scaling = dict.fromkeys(module.scaling, lora.alpha / lora.r)
    as_by_hand = difference("alpha over r", reference, logits_of(model, rows), None)
    assert as_by_hand.relative > 100 * BOUNDS["float32"], "the bound would not have noticed the lost scale"


def test_without_llama_cpp_the_command_names_what_to_install(
    lineage_here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def version(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(gguf_files.metadata, "version", version)
    assert "pip install -e '.[gguf]'" in refused("export", "v3", "--as", "gguf")


def test_how_a_tokenizer_splits_is_known_of_qwens_and_of_plain_bytes(lineage_here: Path, tmp_path: Path) -> None:
    assert gguf_files.split_of(Path("models/v3")) == "qwen2"
    (tmp_path / "tokenizer_config.json").write_text('{"tokenizer_class": "PreTrainedTokenizerFast"}')
    for splits, named in (({"type": "ByteLevel", "use_regex": True}, "gpt-2"), ({"type": "Metaspace"}, None)):
        (tmp_path / "tokenizer.json").write_text(json.dumps({"pre_tokenizer": splits}))
        assert gguf_files.split_of(tmp_path) == named


def test_what_llama_cpp_takes_no_adapter_of_is_named(lineage_here: Path) -> None:
    lora = load_curriculum().chain.lora
    head = lora.model_copy(update={"targets": ("q_proj", "lm_head")})
    assert gguf_files.no_adapter_file(lora, tied=True) == gguf_files.no_adapter_file(head, tied=False) == ""
    assert "DoRA" in gguf_files.no_adapter_file(lora.model_copy(update={"dora": True}), tied=False)
    assert "head of its own" in gguf_files.no_adapter_file(head, tied=True)
