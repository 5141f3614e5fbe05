"""A parent's `adapter_config.json` may say nothing beyond the shape that its record and the guards know."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from lineage.artifacts.base_manifest import BaseOrigin, read_base
from lineage.core.errors import LineageError
from lineage.training.parent import open_parent
from tests import tiny

CONFIG = Path("models/v1/adapter_config.json")


def change(**fields: Any) -> None:
    CONFIG.write_text(json.dumps(json.loads(CONFIG.read_text()) | fields), encoding="utf-8")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"alpha_pattern": {"q_proj": 800}}, "it has alpha_pattern {'q_proj': 800}, a chain has one shape"),
        ({"rank_pattern": {"q_proj": 4}}, "it has rank_pattern"),
        ({"init_lora_weights": "pissa"}, "init_lora_weights is 'pissa', which changes the base"),
        ({"megatron_config": {"a": 1}}, "megatron_config is .* which a chain cannot carry on"),
        ({"modules_to_save": ["lm_head"]}, "modules_to_save is"),
        ({"bias": "all"}, "bias is 'all'"),
    ],
)
def test_a_config_that_changes_what_the_weights_mean_is_refused(
    lineage_copy: Path, fields: dict[str, Any], words: str
) -> None:
    open_parent("v1", read_base())
    change(**fields)
    with pytest.raises(LineageError, match=rf"models/v1/adapter_config\.json: {words}.*dvc repro -f train@v1"):
        tiny.train(tiny.curriculum(), "v2")


@pytest.mark.parametrize("content", ["", "{", "[]"])
def test_a_config_that_cannot_be_read_is_refused(lineage_copy: Path, content: str) -> None:
    CONFIG.write_text(content, encoding="utf-8")
    with pytest.raises(LineageError, match=r"adapter_config\.json: cannot be read .*dvc repro -f train@v1"):
        open_parent("v1", read_base())


def test_a_config_that_is_gone_is_refused(lineage_copy: Path) -> None:
    CONFIG.unlink()
    with pytest.raises(LineageError, match=r"adapter_config\.json: cannot be read"):
        open_parent("v1", read_base())


def test_another_stop_token_is_another_base(lineage_copy: Path) -> None:
    """It stands in `tokenizer_config.json` alone, and every answer that was learnt ends with it."""
    from transformers import AutoTokenizer

    from lineage.base_model import base

    folder = Path("elsewhere")
    shutil.copytree("models/base", folder)
    found = []
    for stop in ("<|im_end|>", "<|im_start|>"):
        tokenizer = AutoTokenizer.from_pretrained(folder)
        tokenizer.eos_token = stop
        tokenizer.save_pretrained(folder)
        out = Path("out", stop.strip("<|>"))
        out.mkdir(parents=True)
        found.append(base.point_at(folder, BaseOrigin(path="elsewhere"), "question_answer", out).identity)
    assert found[0] != found[1]
