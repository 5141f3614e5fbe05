"""The system of terms explained: its sample, its recipe, a head of its own under LoRA, a licence that travels."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from lineage.base_model import chat_template, shipped_templates
from lineage.config.load import load_curriculum, parse_curriculum
from lineage.config.schema import Curriculum
from lineage.core import program
from lineage.ingest.ingest import ingest
from lineage.planning.cautions import cautions
from lineage.planning.model import model_of
from lineage.records.record import Record, read_records
from lineage.sample_world import samples
from lineage.workspaces.original_settings import markdown, settings_beside
from tests import tiny

PARAMS = Path(program.ROOT, "lineage/workspaces/systems/sgecon/params.yaml")


@pytest.fixture(scope="module")
def c() -> Curriculum:
    return load_curriculum(PARAMS)


def ingested(c: Curriculum, root: Path) -> dict[str, tuple[list[Record], list[Record]]]:
    """By source: what is trained on, and what is held out."""
    samples.write(root / "raw", list(c.sources))
    sides = {}
    for name, source in c.sources.items():
        into, out = root / "data/records" / name, root / "data/heldout" / name
        into.mkdir(parents=True)
        out.mkdir(parents=True)
        assert ingest(root / "raw" / name, into, out, name, source).rejected_rows == 0
        sides[name] = (list(read_records(into / "records.jsonl")), list(read_records(out)))
    return sides


def test_every_row_of_the_sample_is_read_and_no_held_out_term_stands_in_another_source(
    c: Curriculum, tmp_path: Path
) -> None:
    sides = ingested(c, tmp_path)
    rows = {name: sum(map(len, both)) for name, both in sides.items()}
    assert (rows.pop("tesat"), rows.pop("orca_platypus"), len(rows), set(rows.values())) == (140, 248, 7, {100})
    assert all(len(r.options) == 5 and r.correct is not None for both in sides["tesat"] for r in both)
    for name, (_, heldout) in sides.items():
        others = "\n".join(f"{r.prompt}\n{r.completion}" for one, both in sides.items() if one != name for r in both[0])
        assert len(heldout) >= 12 and not [r.group for r in heldout if r.completion in others and name in rows]


def test_on_a_gpu_it_is_the_published_recipe_and_asks_as_published(c: Curriculum) -> None:
    gpu, lora, made = c.profiles["gpu"], c.chain.lora, c.evaluation.generation
    assert (gpu.base.repo, gpu.load_in_4bit, gpu.double_quant) == ("yanolja/KoSOLAR-10.7B-v0.2", True, True)
    assert (gpu.compute_dtype, gpu.optimizer, gpu.schedule) == ("bfloat16", "paged_adamw_32bit", "linear")
    assert (gpu.learning_rate, lora.r, lora.alpha, lora.dropout) == (1e-5, 16, 16, 0.05)
    assert lora.targets == (*tiny.PARAMS["chain"]["lora"]["targets"], "lm_head")
    assert made and made.model_dump() == {
        "temperature": 0.9, "top_p": 0.8, "top_k": 50, "repetition_penalty": 1.0, "new_tokens": 256, "trim": True
    }  # fmt: skip
    asked = chat_template.render(
        shipped_templates.template(c.chain.template), [{"role": "user", "content": "금리란?"}], ask=True
    )
    assert asked == "### 질문: 금리란?\n\n### 답변:"


def test_the_page_shows_the_settings_as_they_are() -> None:
    page = Path(program.ROOT, "docs/systems/sgecon.md").read_text(encoding="utf-8")
    assert markdown(settings_beside("sgecon")) in page, "put there what `lineage original sgecon` prints"


def test_a_base_with_a_head_of_its_own_may_have_it_adapted(c: Curriculum) -> None:
    own = model_of(c.active.base)
    assert own and not own.tied and not any("tied weights" in said for said in cautions(c, own))
    tree = yaml.safe_load(PARAMS.read_text(encoding="utf-8"))
    del tree["profiles"]["cpu"]["base"]["build"]["tied"]
    shared = model_of(parse_curriculum(tree).active.base)
    assert shared and shared.tied and any("tied weights" in said for said in cautions(c, shared))
    assert own.parameters - shared.parameters == own.vocab * own.hidden


@pytest.mark.slow
def test_its_head_is_adapted_saved_alone_and_merged_as_it_is(workspace: Path) -> None:
    import torch
    from safetensors.torch import load_file

    from lineage.artifacts.base_manifest import read_base, write_base
    from lineage.base_model import base, tiny_corpus
    from lineage.evaluation import inference
    from lineage.reporting.report import report

    tree: dict[str, Any] = yaml.safe_load(PARAMS.read_text(encoding="utf-8"))
    build = tiny.PARAMS["profiles"]["cpu"]["base"]["build"] | {"tied": False}
    tree["profiles"]["cpu"] |= {"budget": {"tokens": 12000}, "base": {"build": build}, "max_length": 1024}
    tree["sources"] = {name: tree["sources"][name] for name in ("fss_terms", "orca_platypus")}
    tree["versions"]["v1"]["mix"] = {name: {"form": "prompt_answer", "count": 40} for name in tree["sources"]}
    glossary = {"fss_terms": {"form": "prompt_answer", "count": 40}}
    tree["versions"]["v2"] = tree["versions"]["v1"] | {"parent": "v1", "mix": glossary}
    tree["evaluation"] |= {"rows": 3}
    tree["evaluation"]["generation"] |= {"new_tokens": 24}
    c = parse_curriculum(tree)
    for folder in ("data/records", "data/heldout"):
        shutil.rmtree(folder)
    with pytest.MonkeyPatch.context() as patch:
        all_rows = tiny_corpus.rows
        patch.setattr(tiny_corpus, "rows", lambda count, seed: all_rows(min(count, 400), seed))
        spec = c.active.base.build
        assert spec
        Path("models/base").mkdir(parents=True)
        write_base(Path("models/base"), base.build(spec, c, Path("models/base")))
    assert read_base().tied is False and read_base().origin.build == build
    assert "lm_head.weight" in load_file("models/base/model.safetensors")
    ingested(c, Path())
    for version in ("v1", "v2"):
        tiny.mix(c, version)
        tiny.train(c, version)
    tensors = load_file("models/v1/adapter_model.safetensors")
    assert tensors["base_model.model.lm_head.lora_B.weight"].any()
    assert all("lora_" in name for name in tensors), "nothing of the base is saved with it"

    model, tokenizer = inference.load("v1", c.active)
    asked = torch.tensor([tokenizer("### 질문: 금리란?\n\n### 답변:")["input_ids"]])
    with torch.inference_mode():
        adapted = model(asked).logits
        merged = model.merge_and_unload()(asked).logits
    assert torch.allclose(adapted, merged, atol=1e-4)

    for version in ("base", "v1", "v2"):
        tiny.evaluate(c, version)
    report(c, Path("reports"))
    for version in ("v1", "v2"):  # v2 took no row of it, but continues v1
        card = Path(f"reports/cards/{version}.md").read_text(encoding="utf-8")
        front = yaml.safe_load(card.split("---\n")[1])
        assert (front["license"], front["license_name"]) == ("other", "cc-by-nc-4.0-and-terms-of-its-sources")
        assert "> **No commercial use**, because of what is inside: orca_platypus." in card
        assert "Never merge it" not in card
    found = {one.name: (one.original, one.in_force) for one in settings_beside("sgecon", "v1")}
    for setting in (
        "LoRA r",
        "LoRA alpha",
        "LoRA dropout",
        "LoRA targets",
        "schedule",
        "temperature",
        "top_p",
        "top_k",
    ):
        assert found[setting][0] == found[setting][1], setting
    assert found["cut after the last whole sentence"][1] == "yes"
    assert json.loads(Path("metrics/v1/measures.json").read_text())["generation"]["do_sample"] is True
