"""The system of easy and hard questions: its sample, its marks and preferences, its prompt, its recipe, its cards."""

import json
import re
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from lineage.base_model import chat_template, shipped_templates
from lineage.config.load import load_curriculum, parse_curriculum
from lineage.config.schema import Curriculum
from lineage.core import paths, program
from lineage.core.errors import LineageError
from lineage.core.files import appearing
from lineage.datacards import cards
from lineage.datacards.checking import mistakes
from lineage.ingest.ingest import ingest
from lineage.records.record import Record, read_records
from lineage.sample_world import samples
from lineage.sample_world.shibainu24 import shibainu24
from lineage.workspaces.original_settings import markdown, settings_beside
from tests import tiny

PARAMS = Path(program.ROOT, "lineage/workspaces/systems/shibainu24/params.yaml")
OPTIONAL = re.compile(r"^  # (v3:|  .*)$", re.M)  # the version that is taken in by taking its # away


@pytest.fixture(scope="module")
def c() -> Curriculum:
    return load_curriculum(PARAMS)


def with_dpo() -> dict[str, Any]:
    tree: dict[str, Any] = yaml.safe_load(OPTIONAL.sub(r"  \1", PARAMS.read_text(encoding="utf-8")))
    return tree


def ingested(c: Curriculum, root: Path) -> tuple[dict[str, tuple[list[Record], list[Record]]], dict[str, Counter[str]]]:
    """By source what is trained on and what is held out; and how often each reason to leave a row out was met."""
    samples.write(root / "raw", list(c.sources))
    sides, reasons = {}, {}
    for name, source in c.sources.items():
        into, out = root / "data/records" / name, root / "data/heldout" / name
        into.mkdir(parents=True)
        out.mkdir(parents=True)
        reasons[name] = Counter(ingest(root / "raw" / name, into, out, name, source).rejected)
        sides[name] = (list(read_records(into / "records.jsonl")), list(read_records(out)))
    return sides, reasons


@pytest.fixture(scope="module")
def sample(c: Curriculum, tmp_path_factory: pytest.TempPathFactory) -> Any:
    return ingested(c, tmp_path_factory.mktemp("questions"))


def raw(name: str) -> list[dict[str, Any]]:
    (content,) = shibainu24()[name]().values()
    return [json.loads(line) for line in content.decode().splitlines()]


def test_what_was_asked_about_a_reference_is_held_out_together_easy_or_hard(c: Curriculum, sample: Any) -> None:
    sides, _ = sample
    assert len(sides) == 11
    for name, (trained, heldout) in sides.items():
        assert len(heldout) >= 10 and len({r.group for r in heldout}) >= 9, name
        easy = sides.get(name.removesuffix("_hard"), sides[name])
        assert not {r.group for r in heldout} & {r.group for r in (*trained, *easy[0])}
    assert {r.group for r in sides["mcqa_terms"][1]} == {r.group for r in sides["mcqa_terms_hard"][1]}


def test_every_row_is_of_one_source_or_counted_by_its_reason(sample: Any) -> None:
    sides, reasons = sample
    for name, (trained, heldout) in sides.items():
        rows = raw(name)
        step = {2} if name.endswith("_hard") else {1, None}
        own = [row for row in rows if row.get("step") in step]
        invented = [row for row in own if row.get("hallucination", "usable") != "usable"]
        low = [row for row in own if row not in invented and row["value"] < 3]
        unknown = [row for row in own if row not in low and row.get("preference", "A") not in "ABE"]
        expected = {
            "a row of another part": len(rows) - len(own),
            "marked as a hallucination": len(invented),
            "a value below 3": len(low),
            "an unknown preference": len(unknown),
        }
        assert reasons[name] == Counter(expected), name
        assert len(trained) + len(heldout) == len(own) - len(invented) - len(low) - len(unknown)
        assert bool(unknown) == name.startswith("qa_") and bool(low)


@pytest.mark.parametrize("letter", ["A", "B", "E"])
def test_the_preference_of_a_row_decides_what_is_learnt_of_it(sample: Any, letter: str) -> None:
    found = {(r.prompt, r.group): r for r in (*sample[0]["qa_disclosures"][0], *sample[0]["qa_disclosures"][1])}
    rows = [row for row in raw("qa_disclosures") if row["preference"] == letter and row["value"] >= 3]
    assert len(rows) > 10
    for row in rows:
        record = found[f"{row['reference']}\n\n{row['question']}", row["reference"]]
        first, second = row["old_answer"], row["answer"]
        kept, rejected = {"A": (first, (second,)), "B": (second, (first,)), "E": (second, ())}[letter]
        assert (record.completion, record.rejected) == (kept, rejected)


def test_a_choice_is_asked_under_three_headings_and_answered_by_reasoning_and_then_the_letter(
    c: Curriculum, sample: Any
) -> None:
    text = shipped_templates.template(c.chain.template)
    for record in sample[0]["mcqa_exchange_hard"][0]:
        asked = chat_template.render(text, list(record.turns[:-1]), ask=True)
        assert re.fullmatch(r"### 질문: [^\n]+\n### 선택지:\nA\. .+\nB\. (.|\n)+\n### 정답:", asked), asked
        reasoning, line = record.completion.rsplit("\n", 1)
        letter = re.fullmatch(r"정답: ([A-G])\. .+", line)
        assert letter and re.search(rf"(?:답은|그러므로) {letter[1]} (?:입니다|가 정답입니다)\.$", reasoning)
    (shown, *_), (plain, *_) = sample[0]["qa_terms"][0], sample[0]["qa_open"][0]
    assert shown.prompt.startswith(f"{shown.group}\n\n") and plain.prompt == plain.group
    assert chat_template.render(text, list(plain.turns), ask=False) == (
        f"### 질문: {plain.prompt}\n### 정답: {plain.completion}\n"
    )


def test_on_two_gpus_it_is_the_published_recipe(c: Curriculum) -> None:
    gpu, lora = c.profiles["gpu"], c.chain.lora
    assert gpu.base.repo == "Qwen/Qwen2.5-7B-Instruct" and gpu.base.revision
    assert (lora.r, lora.alpha, len(lora.targets)) == (8, 64, 7)
    assert (gpu.compute_dtype, gpu.load_in_4bit, gpu.optimizer) == ("bfloat16", False, "adamw_torch")
    assert (gpu.learning_rate, gpu.schedule, gpu.warmup_ratio > 0) == (1e-5, "cosine", True)
    assert gpu.global_batch_size == gpu.launch.processes * gpu.batch_size * gpu.accumulation == 128
    easy, both = (set(c.versions[name].mix) for name in ("v1", "v2"))
    assert c.versions["v2"].parent == "v1" and both - easy == {name for name in c.sources if name.endswith("_hard")}


def test_dpo_is_taken_in_by_its_lines_and_asks_for_one_process() -> None:
    tree = with_dpo()
    found = parse_curriculum(tree)
    assert found.versions["v3"].parent == "v2"
    assert found.versions["v3"].train.preference and found.versions["v3"].train.preference.beta == 0.05
    tree |= {"profile": "gpu", "data": "own"}
    with pytest.raises(LineageError, match=r"preference phase trains in one process, but .*processes is 2"):
        parse_curriculum(tree)
    tree["profiles"]["gpu"]["launch"]["processes"] = 1
    assert parse_curriculum(tree).active.accumulation == 32


def test_the_page_shows_the_settings_as_they_are() -> None:
    page = Path(program.ROOT, "docs/systems/shibainu24.md").read_text(encoding="utf-8")
    assert markdown(settings_beside("shibainu24")) in page, "put there what `lineage original shibainu24` prints"
    published = {one.name: one.original for one in settings_beside("shibainu24")}
    assert published["DPO beta"].startswith("0.05")


@pytest.mark.slow
def test_it_is_trained_in_steps_and_its_cards_add_up(workspace: Path) -> None:
    from lineage.artifacts.base_manifest import write_base
    from lineage.base_model import base, tiny_corpus

    tree = with_dpo()
    build = tiny.PARAMS["profiles"]["cpu"]["base"]["build"]
    tree["profiles"]["cpu"] |= {"budget": {"tokens": 12000}, "base": {"build": build}, "max_length": 1024}
    for version in ("v1", "v2", "v3"):
        for source in tree["versions"][version]["mix"]:
            tree["versions"][version]["mix"][source] = {"form": "prompt_answer", "count": 8}
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
    ingested(c, Path())
    for version in ("v1", "v2", "v3"):
        tiny.mix(c, version)
        tiny.train(c, version)
    found = {one.name: (one.original, one.in_force) for one in settings_beside("shibainu24", "v2")}
    for setting in ("LoRA r", "LoRA alpha", "LoRA dropout", "LoRA targets", "schedule", "weight decay", "loss on"):
        assert found[setting][0] == found[setting][1], setting
    phase = json.loads(Path("models/v3/lineage.json").read_text())["preference"]
    assert phase["beta"] == 0.05 and set(phase["sources"]) == set(c.versions["v3"].mix)
    assert 0 < phase["pairs"] == sum(one["judged"] for one in phase["sources"].values()) < 4 * 8  # E makes no pair

    with appearing(paths.CARDS) as (out,):
        cards.cards(c, out)
    assert mistakes() == []
    card = paths.CARDS / "mixes/v2.md"
    rows = [line.split("|") for line in card.read_text(encoding="utf-8").splitlines() if "prompt_answer" in line]
    assert {row[1].strip() for row in rows if row[2].strip() == "prompt_answer"} == set(c.versions["v2"].mix)
    index = (paths.CARDS / "index.md").read_text(encoding="utf-8")
    totals = [line for line in index.splitlines() if line.startswith("| **total** |")]
    tokens = totals[0].split("|")[6].strip()  # o200k_base
    (paths.CARDS / "index.md").write_text(index.replace(tokens, "**19,998,931**"), encoding="utf-8")
    (said,) = mistakes()
    assert said.startswith("data/cards/index.md: o200k_base tokens: the total says 19,998,931, its rows add up to")
