"""Two short versions on a real small instruct model, measured by a program of its own.

    KRX_REAL_BASE=/models/Qwen2.5-0.5B-Instruct KRX_REAL_ROWS=rows.jsonl pytest -m slow tests/test_real_base.py

KRX_REAL_BASE is a model folder (docs/training.md says how to get one without a hub), KRX_REAL_ROWS a file of
{"prompt": "…", "response": "…"} lines, a few hundred or more. Without them a tiny model of the same form stands in,
which shows that this code is right, and nothing about a real base.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from lineage.base_model import shipped_templates
from lineage.config.load import load_curriculum
from lineage.evaluation import answering, inference
from lineage.planning.cost import costs
from lineage.records.record import read_records
from tests import tiny
from tests.lineage.base_model.tiny_models import publish, qwen_tokenizer
from tests.lineage.training import stranger
from tests.workspace import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(7200)]
REAL = ("KRX_REAL_BASE", "KRX_REAL_ROWS")
ASKED = 24  # held-out rows that are computed a second time
ANSWER = 32  # tokens


@dataclass(frozen=True)
class Standing:
    """What stands for the base: its folder, its rows, and how near the estimate of memory must be.

    The stand-in is so small that libraries are nearly all of the memory, and they differ between machines.
    """

    base: Path
    rows: list[dict[str, str]]
    memory: float
    profile: dict[str, Any]


def standing(kind: str, folder: Path) -> Standing:
    if kind == "real":
        if missing := [name for name in REAL if name not in os.environ]:
            pytest.skip(f"no real model on this machine: set {' and '.join(missing)}")
        base, rows = (Path(os.environ[name]).expanduser().resolve() for name in REAL)
        lines = rows.read_text(encoding="utf-8").splitlines()
        return Standing(base, [json.loads(line) for line in lines if line.strip()], 0.15, {})
    tokenizer = qwen_tokenizer(stop="<|endoftext|>")  # as a GGUF's
    base = publish(folder / "standin", "Qwen2", tokenizer, vocab_size=512)
    rows = [
        {"prompt": f"{n}번 상품은?", "response": f"{n}번은 {('채권', '주식', '선물')[n % 3]}입니다."}
        for n in range(160)
    ]
    faster = {"learning_rate": 2e-2, "budget": {"epochs": 4}, "threads": 1}
    return Standing(base, rows, 0.3, faster)


@pytest.fixture(scope="module", params=["real", "stand-in"])
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Base, v1 and v2 trained and measured, each stage in a process of its own; the working folder."""
    root = tmp_path_factory.mktemp("real")
    given = standing(request.param, tmp_path_factory.mktemp("elsewhere"))
    shipped = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))["profiles"]["small"]
    tree = tiny.params(profile="small", data="own", papers={})
    tree["profiles"] = {"small": shipped | {"base": {"path": str(given.base)}} | given.profile}
    source = tree["sources"]["samples"]
    tree["sources"] = {"first": source, "second": source}
    for version, name in (("v1", "first"), ("v2", "second")):
        tree["versions"][version]["mix"] = {name: {"form": "prompt_answer", "weight": 1}}
    tree["versions"] = {name: tree["versions"][name] for name in ("v1", "v2")}
    tree["evaluation"] = {"rows": 64, "max_new_tokens": ANSWER, "answers": 1}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        Path("params.yaml").write_text(yaml.safe_dump(tree, allow_unicode=True), encoding="utf-8")
        for place, name in enumerate(("first", "second")):
            raw = Path("data/raw/own", name)
            raw.mkdir(parents=True)
            lines = (json.dumps(row, ensure_ascii=False) for row in given.rows[place::2])
            (raw / "rows.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
        for stage in ("base", "ingest first", "ingest second", "superseded", "duplicates"):
            run(stage)
        estimated = {}
        for version in ("v1", "v2"):
            run(f"mix {version}")
            estimated[version] = costs(load_curriculum())[version].memory
            run(f"train {version}")
        for version in ("base", "v1", "v2"):
            run(f"evaluate {version}")
        yield given, estimated


def run(stage: str) -> None:
    module, *arguments = stage.split()
    done = subprocess.run(
        [sys.executable, "-m", f"stages.{module}", *arguments],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def measured(version: str) -> dict[str, tuple[float, int]]:
    lines = Path("metrics", version, "rows.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    return {row["id"]: (row["nll"], row["tokens"]) for row in rows if row["set"] == "first.prompt_answer"}


def test_v1_is_better_than_its_base_beyond_noise(built: Any) -> None:
    """Nats a supervised token on rows that it never saw; the resamples are drawn here."""
    before, after = measured("base"), measured("v1")
    assert before.keys() == after.keys() and len(before) >= 8
    change = np.array([after[row][0] - before[row][0] for row in sorted(before)])
    tokens = np.array([before[row][1] for row in sorted(before)])
    drawn = np.random.default_rng(0).integers(0, len(change), (2000, len(change)))
    resampled = change[drawn].sum(1) / tokens[drawn].sum(1)
    low, high = np.quantile(resampled, [0.025, 0.975])
    print(f"v1 − base: {change.sum() / tokens.sum():+.4f} nats a token, 95 %: {low:+.4f} to {high:+.4f}")
    assert high < 0


def test_likelihoods_and_answers_are_those_of_a_plain_computation(built: Any) -> None:
    ours, theirs = inference.load("v2", load_curriculum().active), stranger.loaded("models/v2")
    records = [r for r in read_records(Path("data/heldout/first/prompt_answer.jsonl")) if r.id in measured("v2")][
        :ASKED
    ]
    assert records
    for record in records:
        (found, tokens), (expected, same) = (
            measured("v2")[record.id],
            stranger.nll(*theirs, record.prompt, record.completion),
        )
        assert tokens == same and found / tokens == pytest.approx(expected / tokens, abs=1e-3)
        asked = [{"role": "user", "content": record.prompt}]
        (said,) = answering.answers(*ours, [asked], [ANSWER])
        assert said.text == stranger.answer(*theirs, record.prompt, ANSWER)


def test_answers_stop_where_the_template_does(built: Any) -> None:
    _, tokenizer = stranger.loaded("models/v1")
    assert tokenizer.eos_token == shipped_templates.STOP
    turns = [{"role": "user", "content": "3월 매출은?"}]
    served = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
    assert served == "<|im_start|>user\n3월 매출은?<|im_end|>\n<|im_start|>assistant\n"


def test_memory_is_near_the_estimate(built: Any) -> None:
    given, estimated = built
    lines = [json.loads(line) for line in Path(".state/journal.jsonl").read_text(encoding="utf-8").splitlines()]
    taken = {
        line["stage"].removeprefix("train@"): line["peak_bytes"] for line in lines if line["stage"].startswith("train")
    }
    for version, memory in estimated.items():
        assert memory
        print(f"{version}: estimated {memory.all / 2**30:.2f} GiB, taken {taken[version] / 2**30:.2f} GiB")
        assert memory.all == pytest.approx(taken[version], rel=given.memory)
