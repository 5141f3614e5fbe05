"""The system of loan grades: its sample, its split, its recipe."""

from collections import Counter
from pathlib import Path

import pytest

from lineage.config.load import load_curriculum
from lineage.config.schema import Curriculum
from lineage.core import program
from lineage.ingest.ingest import ingest
from lineage.readers import loans
from lineage.records.record import Record, read_records
from lineage.sample_world import samples

PARAMS = Path(program.ROOT, "lineage/workspaces/systems/kor_llama/params.yaml")
DACON = 96_294  # loans of the true train.csv


@pytest.fixture(scope="module")
def c() -> Curriculum:
    return load_curriculum(PARAMS)


@pytest.fixture(scope="module")
def sides(c: Curriculum, tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Record], list[Record]]:
    """The loans that are trained on, and those held out."""
    root = tmp_path_factory.mktemp("loans")
    for name in ("records", "heldout"):
        (root / name).mkdir()
    samples.write(root / "raw", ["loan_grades"])
    raw, (into, out) = root / "raw/loan_grades", (root / "records", root / "heldout")
    counts = ingest(raw, into, out, "loan_grades", c.sources["loan_grades"])
    assert counts.rejected_rows == 0
    return list(read_records(into)), list(read_records(out))


def test_no_loan_is_on_both_sides_and_every_one_on_one(sides: tuple[list[Record], list[Record]]) -> None:
    trained, heldout = ({r.origin["loan"] for r in side} for side in sides)
    assert not trained & heldout and len(trained | heldout) == len(sides[0]) + len(sides[1]) == 1600
    assert 180 <= len(heldout) <= 300


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
