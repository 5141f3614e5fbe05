"""The system of loan grades: its sample, its split, its recipe."""

import json
import shutil
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import yaml

from lineage.artifacts.comparison import read_comparison
from lineage.config.load import load_curriculum, parse_curriculum
from lineage.config.schema import Curriculum
from lineage.core import program
from lineage.core.errors import LineageError
from lineage.core.files import write_json
from lineage.ingest.ingest import ingest
from lineage.readers import loans
from lineage.records.record import Record, read_records
from lineage.reporting.measured import SetRows
from lineage.reporting.table_model import fields_of, table_models
from lineage.reporting.workspace import Workspace
from lineage.sample_world import samples
from lineage.workspaces import original_settings
from lineage.workspaces.original_settings import markdown, settings_beside
from tests import tiny

PARAMS = Path(program.ROOT, "lineage/workspaces/systems/kor_llama/params.yaml")
DACON = 96_294  # loans of the true train.csv


@pytest.fixture(scope="module")
def c() -> Curriculum:
    return load_curriculum(PARAMS)


@pytest.fixture(scope="module")
def sides(c: Curriculum, tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Record], list[Record]]:
    """The loans that are trained on, and those held out."""
    return ingested(c, tmp_path_factory.mktemp("loans"))


def ingested(c: Curriculum, root: Path) -> tuple[list[Record], list[Record]]:
    into, out = root / "data/records/loan_grades", root / "data/heldout/loan_grades"
    for folder in (into, out):
        folder.mkdir(parents=True)
    samples.write(root / "raw", ["loan_grades"])
    counts = ingest(root / "raw/loan_grades", into, out, "loan_grades", c.sources["loan_grades"])
    assert counts.rejected_rows == 0
    return list(read_records(into / "records.jsonl")), list(read_records(out))


def test_no_loan_is_on_both_sides_and_every_one_on_one(sides: tuple[list[Record], list[Record]]) -> None:
    trained, heldout = ({r.origin["loan"] for r in side} for side in sides)
    assert not trained & heldout and len(trained | heldout) == len(sides[0]) + len(sides[1]) == 1200
    assert 130 <= len(heldout) <= 230


def test_the_invented_loans_are_of_the_true_shape_and_can_be_learnt(sides: tuple[list[Record], list[Record]]) -> None:
    everything = [*sides[0], *sides[1]]
    assert set(Counter(r.completion for r in everything)) == set(loans.GRADES)
    for written in ("대출기간: 36 months", "< 1 year", "Unknown", "10+ years", "총연체금액(원): 0.0"):
        assert any(written in r.prompt for r in everything), written
    late = {True: Counter[str](), False: Counter[str]()}
    for r in everything:
        late["연체 횟수(회): 0" not in r.prompt][r.completion] += 1
    bad = {k: sum(n for grade, n in found.items() if grade > "C") / found.total() for k, found in late.items()}
    assert bad[True] > bad[False] + 0.15, "who paid late gets a worse grade"


def test_on_a_gpu_it_is_the_published_recipe(c: Curriculum) -> None:
    gpu, lora = c.profiles["gpu"], c.chain.lora
    assert (lora.r, lora.alpha, lora.dropout) == (8, 16, 0.1)
    assert (gpu.batch_size, gpu.accumulation, gpu.budget.epochs, gpu.learning_rate) == (4, 4, 3, 5e-4)
    assert (gpu.schedule, gpu.optimizer, gpu.compute_dtype) == ("cosine", "adamw_torch", "float16")
    assert (gpu.weight_decay, gpu.checkpoint_steps, gpu.base.repo) == (0.1, 1000, "meta-llama/Llama-2-7b-hf")
    steps = round(DACON * (1 - c.sources["loan_grades"].heldout)) * 3 // 16
    assert abs(gpu.warmup_ratio * steps - 1000) < 5


def test_the_page_shows_the_settings_as_they_are() -> None:
    page = Path(program.ROOT, "docs/systems/kor_llama.md").read_text(encoding="utf-8")
    assert markdown(settings_beside("kor_llama")) in page, "put there what `lineage original kor_llama` prints"


def test_what_is_in_force_is_what_the_record_says(lineage_here: Path) -> None:
    found = {one.name: one.in_force for one in settings_beside("kor_llama", "v1")}
    from lineage.training.backends import hf
    from lineage.training.trl_config import arguments

    record = json.loads(Path("models/v1/lineage.json").read_text())
    assert found["LoRA r"] == str(record["lora"]["r"])
    assert found["rows of a step"] == str(record["effective"]["rows_per_step"])
    assert found["optimizer"].replace("\\", "") == record["effective"]["optimizer"]
    assert found["repetition penalty"] == "1.0" and found["top_k"] == "–", "this lineage answers greedily"
    told = arguments(tiny.job("v1"), hf)
    ours = {one.name: one.ours for one in settings_beside("kor_llama")}
    assert ours["checkpoints kept"] == str(told["save_total_limit"])
    assert ours["norm of a gradient"] == str(told["max_grad_norm"])
    with pytest.raises(LineageError, match="v9 is not built here"):
        settings_beside("kor_llama", "v9")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ({"original": 9, "ours": "chain.lora.r"}, "r: the original has 9, ours 8; `differs` says why"),
        ({"original": 8, "ours": "chain.lora.r", "differs": "so"}, "and only there"),
        ({"original": 8}, "give exactly one of ours, fixed"),
    ],
)
def test_a_difference_without_a_reason_is_refused(
    line: dict[str, Any], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "kor_llama").mkdir()
    shutil.copy(PARAMS, tmp_path / "kor_llama")
    (tmp_path / "kor_llama/original.yaml").write_text(yaml.safe_dump([{"setting": "r"} | line]), encoding="utf-8")
    monkeypatch.setattr(original_settings, "SYSTEMS", tmp_path)
    with pytest.raises(LineageError, match=said):
        settings_beside("kor_llama")


def test_a_model_of_tables_is_trained_on_one_side_and_asked_the_rows_of_the_other(
    c: Curriculum, sides: tuple[list[Record], list[Record]], tmp_path: Path
) -> None:
    trained, heldout = sides[0][:500], sides[1][:120]
    tiny.write_rows(tmp_path / "data/records/loan_grades/records.jsonl", trained)
    tiny.write_rows(tmp_path / "data/heldout/loan_grades/prompt_answer.jsonl", sides[1])
    name, nothing = "loan_grades.prompt_answer", cast(Any, None)
    ids, groups = tuple(r.id for r in heldout), tuple(r.group for r in heldout)
    measured = SimpleNamespace(
        sets={name: SimpleNamespace(confusion=True)}, rows={name: SetRows(ids, nothing, nothing, nothing, groups)}
    )
    w = cast(Workspace, SimpleNamespace(measured={"base": measured}, curriculum=c))
    found = table_models(w, tmp_path)[name]
    assert found.trained_rows == 500 and found.accuracy.rows == 120 and len(found.fields) == len(loans.FIELDS)
    counts = found.confusion.counts
    assert [sum(row) for row in counts] == [sum(r.completion == label for r in heldout) for label in loans.GRADES]
    assert found.accuracy.value == round(sum(counts[i][i] for i in range(7)) / 120, 4) > 0.45
    assert found.macro_f1.interval and found.macro_f1.interval[0] < found.macro_f1.value < found.macro_f1.interval[1]
    (tmp_path / "data/heldout/loan_grades/prompt_answer.jsonl").unlink()
    assert table_models(w, tmp_path) == {}


def test_a_prompt_with_a_line_that_is_no_field_is_of_no_table() -> None:
    assert fields_of("고르시오.\na: 1\nb: x: y\nc: ") == {"a": "1", "b": "x: y", "c": ""}
    for prompt in ("고르시오.\na: 1\nb: 2", "고르시오.\na: 1\nb: 2\nc", "고르시오.\na: 1\na: 2\nb: 3", "고르시오."):
        assert fields_of(prompt) == {}


@pytest.mark.slow
def test_it_is_trained_measured_as_the_original_answered_and_laid_beside_tables(lineage_copy: Path) -> None:
    from transformers import AutoTokenizer

    from lineage.base_model import chat_template, shipped_templates
    from lineage.base_model.shaping_files import shaping_hash
    from lineage.reporting.report import report

    tree = yaml.safe_load(PARAMS.read_text(encoding="utf-8"))
    tree["profiles"]["cpu"] |= {"budget": {"tokens": 40000}, "base": tiny.PARAMS["profiles"]["cpu"]["base"]}
    tree["profiles"]["cpu"]["max_length"] = 1024  # its vocabulary is small
    tree["evaluation"]["rows"] = 24
    c = parse_curriculum(tree)
    tokenizer = AutoTokenizer.from_pretrained("models/base")
    shipped_templates.equip(tokenizer, "loan_grade", "models/base")
    tokenizer.save_pretrained("models/base")
    base = json.loads(Path("models/base/base.json").read_text())
    sha = chat_template.template_hash(shipped_templates.template("loan_grade"))
    files = {name: shaping_hash(Path("models/base", name)) for name in base["files"]}
    write_json(
        Path("models/base/base.json"), base | {"template": {"name": "loan_grade", "sha256": sha}, "files": files}
    )
    for folder in ("data/records", "data/heldout", "data/mixes", "models/v1", "models/v2", "models/v3", "metrics"):
        shutil.rmtree(folder)
    ingested(c, Path())
    tiny.mix(c, "v1")
    tiny.train(c, "v1")
    for version in ("base", "v1"):
        tiny.evaluate(c, version)
    report(c, Path("reports"))

    (name,) = read_comparison().versions["v1"].own
    figures = read_comparison().versions["v1"].own[name].figures
    assert {"accuracy", "macro_f1", "invalid", "valid.20", "valid.100"} <= set(figures)
    assert figures["valid.20"].rows == 24 and read_comparison().tables[name].accuracy.rows == 24
    card = Path("reports/cards/v1.md").read_text(encoding="utf-8")
    assert "| gradient boosting |" in card and "top_k 1, repetition penalty 1.1" in card
    found = {one.name: (one.original, one.in_force) for one in settings_beside("kor_llama", "v1")}
    for setting in ("LoRA r", "LoRA alpha", "LoRA dropout", "LoRA targets", "schedule", "optimizer", "weight decay"):
        assert found[setting][0] == found[setting][1], setting
    assert {found[name][0] == found[name][1] for name in ("temperature", "top_p", "top_k", "new tokens")} == {True}
