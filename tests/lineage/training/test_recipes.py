"""Every recipe of the field, in the language of params.yaml: each pair of settings is trained together at least once.

A tiny model is trained for a few steps, reloaded from its folder, and continued by a child.

    pytest -m slow tests/lineage/training/test_recipes.py
"""

import json
import shutil
from itertools import combinations, product
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file

from lineage.base_model import chat_template, shipped_templates
from lineage.base_model.shaping_files import shaping_hash
from lineage.core.files import write_json
from tests import tiny

LAYERS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
NF4 = {"profiles.cpu.load_in_4bit": True}
SETTINGS: dict[str, list[dict[str, Any]]] = {
    "weights": [
        {"profiles.cpu.compute_dtype": "float32"},
        {"profiles.cpu.compute_dtype": "bfloat16"},  # full 16-bit LoRA
        NF4 | {"profiles.cpu.compute_dtype": "bfloat16", "profiles.cpu.double_quant": True},
        NF4 | {"profiles.cpu.compute_dtype": "float32", "profiles.cpu.double_quant": False},
    ],
    "optimizer": [
        {"profiles.cpu.optimizer": name}
        for name in ("adamw_8bit", "adamw_torch", "paged_adamw_32bit", "paged_adamw_8bit")
    ],
    "schedule": [
        {"profiles.cpu.schedule": "linear", "profiles.cpu.warmup_ratio": 0.0},
        {"profiles.cpu.schedule": "cosine", "profiles.cpu.warmup_ratio": 0.2},
        {"profiles.cpu.schedule": "constant_with_warmup", "profiles.cpu.warmup_ratio": 0.2},
    ],
    "targets": [
        {"chain.lora.targets": ["q_proj", "v_proj"]},
        {"chain.lora.targets": LAYERS},
        {"chain.lora.targets": [*LAYERS, "lm_head"]},
    ],
    "shape": [{"chain.lora.r": 4, "chain.lora.alpha": 16}, {"chain.lora.r": 16, "chain.lora.alpha": 16}],
    "kind": [{}, {"chain.lora.rslora": True}, {"chain.lora.dora": True}],
    "dropout": [{"chain.lora.dropout": 0.0}, {"chain.lora.dropout": 0.1}],
    "loss": [{"profiles.cpu.loss": "completion"}, {"profiles.cpu.loss": "full"}],
    "rows": [
        {"profiles.cpu.batch_size": 4, "profiles.cpu.global_batch_size": 4},
        {"profiles.cpu.batch_size": 2, "profiles.cpu.global_batch_size": 8},
        {"profiles.cpu.batch_size": 1, "profiles.cpu.global_batch_size": 2, "profiles.cpu.packing": True},
    ],
    "memory": [{}, {"profiles.cpu.gradient_checkpointing": True}],
    "decay": [{"profiles.cpu.weight_decay": 0.0}, {"profiles.cpu.weight_decay": 0.01}],
    "template": [{"chain.template": name} for name in ("chatml", "question_answer", "question_options", "loan_grade")],
}
Recipe = tuple[int, ...]  # a choice of each setting


def pairwise() -> list[Recipe]:
    """Few recipes that together hold every pair of choices: each is grown greedily around a pair still missing."""
    choices = [range(len(options)) for options in SETTINGS.values()]
    missing = {
        ((a, i), (b, j)) for a, b in combinations(range(len(choices)), 2) for i, j in product(choices[a], choices[b])
    }
    recipes: list[Recipe] = []
    while missing:
        chosen = dict(min(missing))
        for at in sorted(set(range(len(choices))) - set(chosen), key=lambda at: -len(choices[at])):
            new = [{tuple(sorted([(at, i), other])) for other in chosen.items()} & missing for i in choices[at]]
            chosen[at] = max(choices[at], key=lambda i: (len(new[i]), -i))
        recipe = tuple(chosen[at] for at in range(len(choices)))
        missing -= set(combinations(enumerate(recipe), 2))
        recipes.append(recipe)
    return recipes


def named(recipe: Recipe) -> str:
    return "-".join(f"{name}{choice}" for name, choice in zip(SETTINGS, recipe, strict=True))


def test_the_recipes_hold_every_pair() -> None:
    recipes = pairwise()
    for (a, left), (b, right) in combinations(enumerate(SETTINGS.values()), 2):
        assert {(r[a], r[b]) for r in recipes} == set(product(range(len(left)), range(len(right))))
    assert len(recipes) < 30


@pytest.fixture(scope="module")
def wide_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A base whose matrices are as wide as a block of NF4, 64 weights."""
    from lineage.artifacts.base_manifest import write_base
    from lineage.base_model import base, tiny_corpus

    folder = tmp_path_factory.mktemp("wide")
    c = tiny.curriculum(
        **{f"profiles.cpu.base.build.{n}": v for n, v in (("hidden_size", 64), ("intermediate_size", 128))}
    )
    spec = c.active.base.build
    assert spec
    with pytest.MonkeyPatch.context() as patch:
        all_rows = tiny_corpus.rows
        patch.setattr(tiny_corpus, "rows", lambda count, seed: all_rows(min(count, 400), seed))
        write_base(folder, base.build(spec, c, folder))
    return folder


def equip_base(wide: Path, template: str) -> None:
    """What the base stage would have made with another template."""
    shutil.rmtree("models/base")
    shutil.copytree(wide, "models/base")
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained("models/base")
    shipped_templates.equip(tokenizer, template, "models/base")
    tokenizer.save_pretrained("models/base")
    base = json.loads(Path("models/base/base.json").read_text())
    base["template"] = {"name": template, "sha256": chat_template.template_hash(shipped_templates.template(template))}
    base["files"] = {name: shaping_hash(Path("models/base", name)) for name in base["files"]}
    write_json(Path("models/base/base.json"), base)


@pytest.mark.slow
@pytest.mark.parametrize("recipe", pairwise(), ids=named)
def test_a_recipe_trains_reloads_and_goes_on(lineage_copy: Path, wide_base: Path, recipe: Recipe) -> None:
    changes: dict[str, Any] = {"versions.v2.mix": {"samples": {"form": "prompt_answer", "weight": 1}}}
    for options, choice in zip(SETTINGS.values(), recipe, strict=True):
        changes |= options[choice]
    c = tiny.curriculum(**changes)
    equip_base(wide_base, c.chain.template)
    before = answers_nll("base", c)
    for version in ("v1", "v2"):
        tiny.mix(c, version)
        tiny.train(c, version)
        record = json.loads(Path("models", version, "lineage.json").read_text())
        assert record["requested"] == record["effective"]
        keys = load_file(Path("models", version, "adapter_model.safetensors")).keys()
        assert any("lm_head" in key for key in keys) == ("lm_head" in c.chain.lora.targets)
        assert any("magnitude" in key for key in keys) == c.chain.lora.dora
        assert all("lora_" in key for key in keys)  # nothing of the base came along
    first, second = answers_nll("v1", c), answers_nll("v2", c)
    assert first < before and second < before, f"{before:.3f} → {first:.3f} → {second:.3f}"


def answers_nll(version: str, c: Any) -> float:
    """NLL a token of the answers in v1's mix, by the model as it is loaded from its folder."""
    from lineage.evaluation import inference
    from lineage.records.record import read_records

    model, tokenizer = inference.load(version, c.active)
    records = read_records(Path("data/mixes/v1/own.jsonl"))
    rows = [chat_template.tokenize(tokenizer, list(r.turns[:-1]), r.completion) for r in records]
    return sum(inference.negative_log_likelihoods(model, rows)) / sum(row.supervised for row in rows)
