"""A tiny lineage: base → v1 → v2, and v1 → v3 with replay and an exclusion, small enough to be trained in a test run.

`built` is trained and measured once per session, through the stages' own functions; tests read it (`lineage_here`) or
work on a copy of it (`lineage_copy`).
"""

import copy
import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest
import yaml

from lineage.artifacts.ingest_counts import BothSides, IngestCounts
from lineage.config import buildable
from lineage.config.load import load_curriculum, parse_curriculum
from lineage.config.schema import Curriculum
from lineage.core.files import appearing
from lineage.records.record import Record, qa

VERSIONS = ("v1", "v2", "v3")
HELDOUT_DOCUMENT = hashlib.sha256(b"a company report that is held out").hexdigest()
TRAINED_DOCUMENT = hashlib.sha256(b"a company report that is trained on").hexdigest()

PARAMS: dict[str, Any] = {
    "profile": "cpu",
    "data": "sample",
    "seed": 7,
    "chain": {
        "lora": {
            "r": 8,
            "alpha": 8,
            "dropout": 0.0,
            "targets": ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"],
        },
    },
    "profiles": {
        "cpu": {
            "trainer": "hf",
            "base": {
                "build": {
                    "vocab_size": 500,
                    "hidden_size": 32,
                    "layers": 2,
                    "heads": 2,
                    "kv_heads": 1,
                    "intermediate_size": 64,
                    "steps": 5,
                    "batch_size": 4,
                    "learning_rate": 3.0e-3,
                }
            },
            "load_in_4bit": False,
            "compute_dtype": "float32",
            "optimizer": "adamw_8bit",
            "batch_size": 4,
            "global_batch_size": 4,
            "max_length": 128,
            "learning_rate": 2.0e-2,
            "schedule": "cosine",
            "warmup_ratio": 0.1,
            "weight_decay": 0.0,
            "budget": {"epochs": 3},
            "checkpoint_steps": 4,
            "threads": 1,
        }
    },
    "papers": {"company_reports": {"max_megabytes": 1, "max_pages": 5, "seconds": 5}},
    "licences": {"own": {"title": "own work", "redistribution": "allowed", "commercial": "allowed"}},
    "generated": {},
    "sources": {
        name: {
            "title": name,
            "input": "documents" if name == "company_reports" else "raw",
            "reader": "reports" if name == "company_reports" else "prompt_response",
            "forms": ["summary" if name == "company_reports" else "prompt_answer"],
            "heldout": 0.2,
            "licence": "own",
        }
        for name in ("samples", "companies", "problems", "company_reports")
    },
    "versions": {
        "v1": {
            "parent": "base",
            "because": "the first",
            "mix": {
                "samples": {"form": "prompt_answer", "weight": 1},
                "companies": {"form": "prompt_answer", "weight": 1},
            },
            "replay": 0.0,
            "exclude": [],
            "exclude_scope": "mix",
            "train": {"lr_scale": 1.0, "budget_scale": 1.0},
        },
        "v2": {
            "parent": "v1",
            "because": "a side branch",
            "mix": {"problems": {"form": "prompt_answer", "weight": 1}},
            "replay": 0.0,
            "exclude": [],
            "exclude_scope": "mix",
            "train": {"lr_scale": 1.0, "budget_scale": 1.0},
        },
        "v3": {
            "parent": "v1",
            "because": "the plan",
            "mix": {"problems": {"form": "prompt_answer", "count": 12}},
            "replay": 0.25,
            "exclude": ["company_reports"],
            "exclude_scope": "mix",
            "train": {"lr_scale": 0.5, "budget_scale": 2.0},
        },
    },
    "evaluation": {"rows": 6, "max_new_tokens": 4, "answers": 1},
}


def params(**changes: Any) -> dict[str, Any]:
    """The tiny curriculum with fields changed by path: `params(**{"versions.v3.parent": "v2"})`."""
    tree = copy.deepcopy(PARAMS)
    for path, value in changes.items():
        *folders, name = path.split(".")
        place = tree
        for folder in folders:
            place = place[folder]
        place[name] = value
    return tree


def curriculum(**changes: Any) -> Curriculum:
    return parse_curriculum(params(**changes))


def row(source: str, prompt: str, answer: str, **rest: Any) -> Record:
    return qa(prompt, answer, group=prompt, origin={"file": f"{source}.jsonl", "row": 1}, **rest).placed(source, "own")


def talk(source: str, *said: str, system: str = "", **rest: Any) -> Record:
    """A conversation: what user and assistant say by turns, after what the system says if it says something."""
    turns = [{"role": ("user", "assistant")[place % 2], "content": text} for place, text in enumerate(said)]
    turns[:0] = [{"role": "system", "content": system}] if system else []
    origin = {"file": f"{source}.jsonl", "row": 1}
    return Record(group=said[0], turns=tuple(turns), origin=origin, **rest).placed(source, "own")


def write_source(source: str, records: Iterable[Record], heldout: Iterable[Record] = ()) -> None:
    """What ingest leaves of a source, in the working folder."""
    records, heldout = list(records), list(heldout)
    folder = Path("data/records", source)
    folder.mkdir(parents=True, exist_ok=True)
    write_rows(folder / "records.jsonl", records)
    documents = sorted({d for r in (*records, *heldout) for d in r.documents})
    (folder / "documents.txt").write_text("".join(f"{d}\n" for d in documents), encoding="utf-8")
    for form in {r.form for r in heldout}:
        write_rows(Path("data/heldout", source, f"{form}.jsonl"), [r for r in heldout if r.form == form])


def counts(
    source: str, records: int, heldout: int = 0, duplicates: int = 0, rejected: dict[str, int] | None = None
) -> IngestCounts:
    """What ingest counts of a source: balanced, every row of the one form `prompt_answer`."""
    rejected = rejected or {}
    made, sides = records + heldout + duplicates, BothSides(records=records, heldout=heldout)
    return IngestCounts(
        source=source,
        reader="prompt_response",
        licence="own",
        raw_rows=made + sum(rejected.values()),
        rejected_rows=sum(rejected.values()),
        rejected=rejected,
        rejected_parts=0,
        made=made,
        duplicates=duplicates,
        personal={},
        records=records,
        heldout=heldout,
        forms={"prompt_answer": sides},
        groups=sides,
        note="",
    )


def write_rows(file: Path, records: Iterable[Record]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(r.to_json() + "\n" for r in records), encoding="utf-8")


def write_workspace() -> None:
    """`params.yaml` and the records of four sources, nothing superseded and nothing twice, in the working folder."""
    Path("params.yaml").write_text(yaml.safe_dump(PARAMS, allow_unicode=True, sort_keys=False), encoding="utf-8")
    for findings in ("superseded/superseded.jsonl", "duplicates/clusters.jsonl"):
        write_rows(Path("data", findings), [])
    samples = [row("samples", f"{n}번 상품은?", f"{n}번은 채권입니다.") for n in range(30)]
    write_source("samples", samples[:24], samples[24:])
    companies = [
        row("companies", f"회사{n}의 매출은?", f"매출은 {n}억 원", documents=(document,) if document else ())
        for n, document in enumerate([TRAINED_DOCUMENT, HELDOUT_DOCUMENT, *[""] * 6])
    ]
    write_source("companies", companies[:-1], companies[-1:])
    sums = [row("problems", f"{n} + {n} = ?", f"답은 {2 * n}", measure="number") for n in range(24)]
    options = ("채권", "주식", "선물")
    choices = [
        row("problems", f"보기 {n}?", options[n], measure="choice", options=options, correct=n) for n in range(3)
    ]
    write_source("problems", sums[:16], [*sums[16:18], *choices])
    report = {"form": "summary", "measure": "none"}
    write_source(
        "company_reports",
        [row("company_reports", "보고서 하나", "요약 하나", documents=(TRAINED_DOCUMENT,), **report)],
        [row("company_reports", "보고서 둘", "요약 둘", documents=(HELDOUT_DOCUMENT,), **report)],
    )


def train(c: Curriculum, version: str) -> Path:
    """What the stage's `main` does, with a curriculum of the test's own."""
    from lineage.adoption.adopted_version import publish_adopted
    from lineage.training.train import train as stage

    with appearing(Path("models", version)) as (out,):
        if c.versions[version].train.adopted:
            publish_adopted(c, c.version(version), out)
            return Path("models", version)
        trained = stage(c, c.version(version), out)
    shutil.rmtree(trained.checkpoints)
    return Path("models", version)


def mix(c: Curriculum, version: str) -> Path:
    """What the stage's `main` does, with a curriculum of the test's own."""
    from lineage.mixture.mix import mix as stage

    with appearing(Path("data/mixes", version)) as (out,):
        stage(c, c.version(version), out)
    return Path("data/mixes", version)


def evaluate(c: Curriculum, version: str) -> Path:
    """What the stage's `main` does, with a curriculum of the test's own."""
    from lineage.evaluation.evaluate import evaluate as stage
    from lineage.evaluation.heldout import heldout_sets

    with appearing(Path("metrics", version)) as (out,):
        stage(c, version, heldout_sets(c.evaluation.rows, c.evaluation.rows_of), out)
    return Path("metrics", version)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The tiny lineage, trained and measured. Do not write into it."""
    from lineage.artifacts.base_manifest import write_base
    from lineage.base_model import tiny_corpus
    from lineage.base_model.base import build
    from lineage.base_model.loading import BASE_FOLDER

    root = tmp_path_factory.mktemp("tiny")
    patch = pytest.MonkeyPatch()
    patch.setenv("OMP_NUM_THREADS", "1")
    all_rows = tiny_corpus.rows
    patch.setattr(tiny_corpus, "rows", lambda count, seed: all_rows(min(count, 400), seed))  # fast
    with chdir(root):
        write_workspace()
        c = load_curriculum()
        with appearing(BASE_FOLDER) as (out,):
            spec = c.active.base.build
            assert spec
            write_base(out, build(spec, c, out))
        for version in VERSIONS:
            mix(c, version)
            train(c, version)
        for version in ("base", *VERSIONS):
            evaluate(c, version)
    yield root
    patch.undo()


@pytest.fixture(autouse=True)
def as_in_the_sample_world(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sources of the tiny curriculum count as the sample world's, which has others."""
    there = dict.fromkeys((*buildable.SAMPLE_WORLD, *PARAMS["sources"]))
    monkeypatch.setattr(buildable, "SAMPLE_WORLD", tuple(there))


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The tiny curriculum and its records; nothing is mixed or trained."""
    monkeypatch.chdir(tmp_path)
    write_workspace()
    return tmp_path


@pytest.fixture
def lineage_here(built: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The built lineage as the working folder, to be read only."""
    monkeypatch.chdir(built)
    return built


@pytest.fixture
def lineage_copy(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the built lineage as the working folder, to be changed."""
    root = tmp_path / "lineage"
    shutil.copytree(built, root)
    monkeypatch.chdir(root)
    monkeypatch.setenv("OMP_NUM_THREADS", os.environ.get("OMP_NUM_THREADS", "1"))
    return root


def job(version: str, c: Curriculum | None = None, **changes: Any) -> Any:
    """What `stages.train` hands to a trainer in a built lineage, whatever became of the parent's folder."""
    from dataclasses import replace

    from lineage.training import plan as stage

    c = c or curriculum()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stage, "open_parent", lambda parent, base: None)
        planned = stage.planned(c, c.version(version)).job
    parent = c.versions[version].parent
    folder = None if parent == "base" else Path("models", parent)
    return replace(planned, **{"parent": folder, "checkpoints": Path(".state/checkpoints/test")} | changes)
