"""The system of 53 fields: its sample, its mixes and measures by field, its recipe."""

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from lineage.artifacts.base_manifest import write_base
from lineage.artifacts.comparison import read_comparison
from lineage.artifacts.mix_summary import read_mix
from lineage.base_model import base, tiny_corpus
from lineage.config.load import load_curriculum, parse_curriculum
from lineage.config.schema import Curriculum
from lineage.core import program
from lineage.core.errors import LineageError
from lineage.datacards.cards import cards
from lineage.datacards.checking import mistakes
from lineage.ingest.ingest import ingest
from lineage.records.record import read_records
from lineage.reporting.fields_told import fields_said
from lineage.sample_world import samples
from lineage.sample_world.fields import FIELDS, LARGE, SHORT_FIELDS
from lineage.workspaces.original_settings import markdown, settings_beside
from tests import tiny

PARAMS = Path(program.ROOT, "lineage/workspaces/systems/seokdong/params.yaml")
SOURCES = ("choices_by_field", "answers_by_field")


def tree(**mix: Any) -> dict[str, Any]:
    """The system with v2's mix of choices as asked for."""
    found: dict[str, Any] = yaml.safe_load(PARAMS.read_text(encoding="utf-8"))
    if mix:
        found["versions"]["v2"]["mix"] = {"choices_by_field": {"form": "prompt_answer", "weight": 0.1} | mix}
    return found


@pytest.fixture
def c(lineage_copy: Path) -> Curriculum:
    """The system, its two sources ingested in a workspace of its own."""
    for folder in ("data/records", "data/heldout", "data/mixes", "models/v1", "models/v2", "models/v3", "metrics"):
        shutil.rmtree(folder)
    found = load_curriculum(PARAMS)
    samples.write(Path("raw"), SOURCES)
    for name in SOURCES:
        into, out = Path("data/records", name), Path("data/heldout", name)
        for folder in (into, out):
            folder.mkdir(parents=True)
        counts = ingest(Path("raw", name), into, out, name, found.sources[name])
        assert counts.rejected_rows == 0
    return found


def test_a_mix_takes_each_field_as_often_as_it_is_asked_to(c: Curriculum) -> None:
    tiny.mix(c, "v1")
    assert "fields" not in json.loads(Path("data/mixes/v1/mix.json").read_text())["own"]["choices_by_field"]
    tiny.mix(c, "v2")
    there = Counter(r.field for r in read_records(Path("data/records/choices_by_field/records.jsonl")))
    assert set(there) == set(FIELDS) and len(FIELDS) == 53 and len(SHORT_FIELDS) == 38
    rows = [r for r in read_records(Path("data/mixes/v2/own.jsonl")) if r.source == "choices_by_field"]
    taken = Counter(r.field for r in rows)
    assert all(taken[field] == 2 * there[field] for field in ("재무", "법률", "세무"))
    others = sum(taken[field] for field in FIELDS if field not in ("재무", "법률", "세무"))
    assert 0.03 < others / sum(there[field] for field in FIELDS if field not in ("재무", "법률", "세무")) < 0.2
    told = read_mix("v2").own["choices_by_field"]
    assert {field: one.available for field, one in told.fields.items()} == dict(there)
    assert {field: one.taken for field, one in told.fields.items() if one.taken} == dict(taken)


def test_the_cards_count_by_field_and_their_totals_add_up(c: Curriculum) -> None:
    tiny.mix(c, "v2")
    cards(c, Path("data/cards"))
    card = Path("data/cards/sources/choices_by_field.md").read_text(encoding="utf-8")
    assert "| field | to train on | held out | rows |" in card and "| 관광 | " in card
    wrong = [line for line in mistakes() if "its rows are not here" not in line]
    assert wrong == []
    mix = Path("data/cards/mixes/v2.md")
    text = mix.read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if line.startswith("| 세무 |"))
    rows = line.split(" | ")[1]
    mix.write_text(text.replace(line, line.replace(f"| {rows} |", "| 7 |", 1)), encoding="utf-8")
    assert any(f"field 세무: own: the card says 7, the files hold {rows}" in said for said in mistakes())


def test_a_field_that_no_row_is_of_and_fields_of_a_count_are_refused(c: Curriculum) -> None:
    with pytest.raises(
        LineageError, match=r"v2.mix.choices_by_field.fields: no row to train on is of '세무학'; its rows"
    ):
        tiny.mix(parse_curriculum(tree(fields={"세무학": 2})), "v2")
    with pytest.raises(LineageError, match="fields go with weight"):
        parse_curriculum(tree(fields={"세무": 2}, weight=None, count=10))


def test_on_a_gpu_it_is_openchat_3_5_and_answers_as_it_was_published() -> None:
    c = load_curriculum(PARAMS)
    gpu, made = c.profiles["gpu"], c.evaluation.generation
    assert (gpu.base.repo, len(gpu.base.revision or "")) == ("openchat/openchat_3.5", 40)
    assert made and (made.temperature, made.repetition_penalty, made.draws) == (0.5, 1.15, True)
    assert c.chain.template == "openchat_3_5"


def test_the_page_shows_the_settings_as_they_are_and_what_the_card_adds_up_to() -> None:
    page = Path(program.ROOT, "docs/systems/seokdong.md").read_text(encoding="utf-8")
    assert markdown(settings_beside("seokdong")) in page, "put there what `lineage original seokdong` prints"
    assert "1.33 M" in page and "1.30 M" in page and "2.63 M" in page and "2.33 M" in page


def test_the_tiny_base_has_the_stop_of_the_template(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = tiny_corpus.rows
    monkeypatch.setattr(tiny_corpus, "rows", lambda count, seed: rows(min(count, 200), seed))
    tokenizer = base.train_tokenizer(600, 1, "openchat_3_5")
    assert tokenizer.eos_token == "<|end_of_turn|>"
    assert len(tokenizer("<|end_of_turn|>")["input_ids"]) == 1
    assert "<|end_of_turn|>" not in base.train_tokenizer(600, 1, "chatml").get_vocab()


@pytest.mark.slow
def test_it_is_measured_field_by_field_with_small_fields_only_counted(
    c: Curriculum, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lineage.reporting.report import report

    short = tree()
    short["profiles"]["cpu"]["base"] = tiny.PARAMS["profiles"]["cpu"]["base"]
    short["profiles"]["cpu"] |= {"budget": {"tokens": 8000}, "max_length": 1024}
    del short["versions"]["v2"]
    short["evaluation"] |= {"rows": 40, "max_new_tokens": 24}
    short["evaluation"]["sets"] = {"choices_by_field": {"fields": 4}}
    c = parse_curriculum(short)
    rows = tiny_corpus.rows
    monkeypatch.setattr(tiny_corpus, "rows", lambda count, seed: rows(min(count, 400), seed))
    shutil.rmtree("models/base")
    Path("models/base").mkdir()
    spec = c.active.base.build
    assert spec
    write_base(Path("models/base"), base.build(spec, c, Path("models/base")))
    tiny.mix(c, "v1")
    tiny.train(c, "v1")
    for version in ("base", "v1"):
        tiny.evaluate(c, version)
    report(c, Path("reports"))

    one = read_comparison().versions["v1"].own["choices_by_field.prompt_answer"]
    assert sum(field.rows for field in one.fields.values()) == one.rows == 40
    large = {name for name, field in one.fields.items() if field.nll is not None}
    assert large and large <= set(LARGE) and large < set(one.fields)
    assert all(one.fields[name].score_interval for name in large)
    card = Path("reports/cards/v1.md").read_text(encoding="utf-8")
    assert "### By field: choices_by_field.prompt_answer" in card and "Too few rows for figures of their own:" in card
    assert "temperature 0.5" in card
    assert "By field" in Path("reports/lineage.html").read_text(encoding="utf-8")
    assert f"{len(large)} of {len(one.fields)} fields have rows enough" in fields_said("choices", one)
    other = read_comparison().versions["v1"].own["answers_by_field.prompt_answer"]
    assert other.fields == {}
    measures = json.loads(Path("metrics/v1/measures.json").read_text())
    assert "fields" not in measures["sets"]["answers_by_field.prompt_answer"]
