import json
from pathlib import Path

import pytest
import yaml

from lineage.config.load import load_curriculum
from lineage.exporting import four_bit
from lineage.exporting.four_bit import DEQUANTISED, WHOLE, Way, better
from stages import base as make_base
from tests import tiny
from tests.lineage.base_model.tiny_models import publish
from tests.lineage.cli.words import said


def way(name: str, nll: float) -> Way:
    return Way(name, {}, inside=nll, every=-nll, rows=1, tokens=1)  # what it was not trained for decides nothing


def test_the_better_merge_is_shipped() -> None:
    assert better((way(DEQUANTISED, 1.2), way(WHOLE, 1.3))).name == DEQUANTISED
    assert better((way(DEQUANTISED, 1.2), way(WHOLE, 1.2))).name == WHOLE
    assert better((way(DEQUANTISED, 1.4), way(WHOLE, 1.3))).name == WHOLE


@pytest.mark.slow
def test_three_ways_out_of_four_bits_are_measured_and_either_merge_can_be_shipped(
    workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    """NF4 on a CPU, by bitsandbytes: the arithmetic of its GPU kernels is not what is tested.

    Its kernel for CPUs with bfloat16 takes layers whose inputs are a multiple of 64, and rounds the scales to 16 bits.
    """
    sizes = {"hidden_size": 64, "intermediate_size": 128, "num_attention_heads": 4, "num_key_value_heads": 2}
    base = publish(tmp_path / "elsewhere", "Qwen2", **sizes)
    profile = tiny.PARAMS["profiles"]["cpu"] | {"base": {"path": str(base)}, "load_in_4bit": True}
    tree = tiny.params(profile="small", profiles={"small": profile})
    Path("params.yaml").write_text(yaml.safe_dump(tree, allow_unicode=True), encoding="utf-8")
    make_base.main()
    tiny.mix(load_curriculum(), "v1")
    tiny.train(load_curriculum(), "v1")
    shipped = {}
    for choose in (DEQUANTISED, WHOLE):
        monkeypatch.setattr(four_bit, "better", lambda ways, choose=choose: next(w for w in ways if w.name == choose))
        printed = said(capsys, "export", "v1", "--as", "merged")
        record = json.loads(Path("exports/v1-merged/export.json").read_text(encoding="utf-8"))
        assert record["shipped"] == choose and choose in printed
        (one,) = record["equality"]
        assert one["relative"] <= one["bound"], "it is held against the base that it was merged into"
        ways = {found["name"]: found["inside"] for found in record["ways"]}
        shipped[choose] = Path("exports/v1-merged/model.safetensors").read_bytes()
    card = Path("exports/v1-merged/README.md").read_text(encoding="utf-8")
    told = " | ".join(f"{nll:.4f}" for nll in ways.values())
    assert f"| **sets of its sources** | {told} |\n| all sets |" in card and f"**{WHOLE}**" in card
    of_sources = [record["ways"][0]["nll"][name] for name in ("companies.prompt_answer", "samples.prompt_answer")]
    assert min(of_sources) <= ways[four_bit.AS_TRAINED] <= max(of_sources), "v1 was trained on these two alone"
    assert list(ways) == [four_bit.AS_TRAINED, DEQUANTISED, WHOLE]
    assert ways[four_bit.AS_TRAINED] == pytest.approx(ways[DEQUANTISED], abs=0.02), "the same weights, in one piece"
    assert shipped[WHOLE] != shipped[DEQUANTISED] and ways[WHOLE] != ways[DEQUANTISED]
    said(capsys, "export", "v1", "--as", "adapter")
    record = json.loads(Path("exports/v1-adapter/export.json").read_text(encoding="utf-8"))
    *_, served = record["equality"]
    assert served["what"].startswith("lineage serve") and served["bound"] is None, (
        "4 bits beside float32: told, not bound"
    )
    assert 1e-4 < served["relative"] < 1 and "It was served over 4-bit weights" in " ".join(record["notes"])
