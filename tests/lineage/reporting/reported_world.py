"""A small workspace as the graph's stages leave it, with figures that are made up and known.

`write_world(root, curriculum)` writes models, metrics, mixes and counts for every version of a curriculum. On
a set that a version was trained on, each row's NLL falls by 1 nat a token against its parent (by 0.25 when an
ancestor was trained on it too); on a set that only an ancestor was trained on it rises by 0.5; elsewhere it
moves by noise alone.
"""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from lineage.config.load import parse_curriculum
from lineage.config.schema import BASE, Curriculum

ROOT = Path(__file__).parents[3]
VERSIONS = {
    "v1": {"parent": "base", "mix": {"krx_samples": "prompt_answer"}},
    "v2": {"parent": "v1", "mix": {"krx_samples": "prompt_answer", "accounting": "prompt_answer"}},
    "v3": {"parent": "v1", "mix": {"site_reports": "document"}, "replay": 0.1},
    "v4": {"parent": "v3", "mix": {"questions": "record", "rules": "record"}, "exclude": ["krx_samples"]},
    "v4_clean": {
        "parent": "base",
        "mix": {"questions": "record", "rules": "record"},
        "exclude": ["krx_samples"],
    },
}
SETS = (
    "krx_samples.prompt_answer",
    "accounting.prompt_answer",
    "site_reports.document",
    "questions.record",
    "rules.record",
)
ROWS, TOKENS = 40, 10
CONVERSION = {
    "files": 30,
    "converted": 28,
    "quarantined": 2,
    "ignored": [],
    "pages": 90,
    "tables": 4,
    "warnings": 0,
    "reasons": {"no text layer": 2},
}


def small_curriculum() -> Curriculum:
    """The project's curriculum with five versions of known shape."""
    tree = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    tree["versions"] = {
        name: {
            "parent": v["parent"],
            "because": f"reason of {name}",
            "mix": {source: {"form": form, "weight": 1} for source, form in v["mix"].items()},
            "replay": v.get("replay", 0.0),
            "exclude": v.get("exclude", []),
            "exclude_scope": "mix",
            "train": {"lr_scale": 1.0, "budget_scale": 1.0},
        }
        for name, v in VERSIONS.items()
    }
    tree["profile"], tree["data"] = "cpu", "sample"
    return parse_curriculum(tree)


def write_world(root: Path, c: Curriculum, sets: tuple[str, ...] = SETS) -> None:
    """All that the report reads, for every version of `c`."""
    put(
        root / "models/base/base.json",
        {
            "origin": {"build": {}},
            "weights": "models/base",
            "identity": "b" * 64,
            "parameters": 376416,
            "vocab_size": 1800,
            "template": {"name": "chatml", "sha256": "d" * 64},
        },
    )
    write_metrics(root, c, BASE, None, sets)
    for i, version in enumerate(c.in_order()):
        write_model(root, c, version, i)
        write_metrics(root, c, version, adapter(version), sets)
        write_contamination(root, version, sets)
    for source in c.sources:
        put(
            root / f"data/records/{source}/ingest.json",
            {
                "source": source,
                "reader": c.sources[source].reader,
                "licence": c.sources[source].licence,
                "raw_rows": 105,
                "rejected_rows": 3,
                "rejected": {"no answer": 2, "half a character": 1},
                "rejected_parts": 0,
                "made": 102,
                "duplicates": 2,
                "personal": {},
                "records": 85,
                "heldout": 15,
                "forms": {},
                "groups": {"records": 85, "heldout": 15},
                "note": "",
            }
            | ({"conversion": CONVERSION} if source == "site_reports" else {}),
        )


def adapter(version: str) -> str:
    """The made-up SHA-256 of a version's adapter."""
    return hashlib.sha256(version.encode()).hexdigest()


def write_model(root: Path, c: Curriculum, version: str, at: int) -> None:
    """lineage.json, history.csv and mix.json of one version."""
    spec, folder = c.versions[version], root / "models" / version
    sources = {
        s: {
            "rows": 100 + 7 * at,
            "tokens": 5000 + at,
            "supervised_tokens": 2000,
            "dropped": {},
            "replayed_rows": 0,
        }
        for s in spec.mix
    }
    sources[next(iter(spec.mix))]["dropped"] = {"longer than max_length": 4}
    if spec.replay:
        sources["krx_samples"] = {
            "rows": 11,
            "tokens": 300,
            "supervised_tokens": 100,
            "dropped": {},
            "replayed_rows": 11,
        }
    tokens = sum(s["tokens"] for s in sources.values())
    put(
        folder / "lineage.json",
        {
            "version": version,
            "parent": spec.parent,
            "parent_adapter": None if spec.parent == BASE else adapter(spec.parent),
            "adapter": adapter(version),
            "base": {"identity": "b" * 64, "origin": {"build": {}}, "load": "float32"},
            "mix": {
                "sha256": "c" * 64,
                "rows": sum(s["rows"] for s in sources.values()),
                "tokens": tokens,
                "supervised_tokens": 2000,
                "supervised_share": 0.4,
                "sources": sources,
            },
            "template": "d" * 64,
            "lora": {"r": 8, "alpha": 8, "dropout": 0.0, "targets": ["q_proj"]},
            "seed": c.seed,
            "steps": 150,
            "trained_tokens": 600000,
            "requested": {
                "optimizer": "adamw_8bit",
                "batch_size": 32,
                "learning_rate": 0.002 * (1 + at % 2),
                "packing": True,
            },
            "effective": {
                "optimizer": "adamw_8bit",
                "batch_size": 32,
                "learning_rate": 0.002 * (1 + at % 2),
                "packing": version != "v3",
            },
            "packages": {"torch": "2.13.0", "peft": "0.21.0"},
            "trainable_parameters": 98304,
            "eight_bit_share": 0.44,
            "fingerprint": "e" * 64,
        },
    )
    start, end = 4.0 - 0.2 * at, 1.4 - 0.05 * at
    losses = [end + (start - end) * np.exp(-step / 30) + 0.08 * np.sin(step) for step in range(1, 151, 3)]
    lines = [f"{1 + 3 * i},{loss:.4f},0.002,0.5,{4000 * (1 + 3 * i)}" for i, loss in enumerate(losses)]
    (folder / "history.csv").write_text(
        "\n".join(["step,loss,learning_rate,grad_norm,tokens", *lines]) + "\n", encoding="utf-8"
    )
    put(
        root / f"data/mixes/{version}/mix.json",
        {
            "version": version,
            "rows": 100,
            "own": {s: {"form": e.form, "available": 100, "taken": 100} for s, e in spec.mix.items()},
            "replay": {"share": spec.replay, "rows": 11 if spec.replay else 0, "from": {}},
            "excluded": {
                "scope": spec.exclude_scope,
                "sources": list(spec.exclude),
                "documents": 3,
                "dropped": {"rules": 2} if spec.exclude else {},
            },
            "duplicates": {"rules": 5} if "rules" in spec.mix else {},
        },
    )


def write_contamination(root: Path, version: str, sets: tuple[str, ...] = SETS, **met: dict[str, str]) -> None:
    """What a version's mix holds of every held-out set; `met` has source → row number in hexadecimal → how."""
    found = {}
    for name in sets:
        hits = met.get(name.partition(".")[0], {})
        ids = {
            f"{name}.{at}": {"by": "rules.prompt_answer.7a", "how": how, "similarity": 1.0 if how == "exact" else 0.9}
            for at, how in hits.items()
        }
        hows = list(hits.values())
        found[name] = {"rows": 60, "exact": hows.count("exact"), "near": hows.count("near"), "ids": ids}
    put(root / f"data/contamination/{version}.json", {"version": version, "mix": "c" * 64, "sets": found})


def write_metrics(root: Path, c: Curriculum, model: str, sha: str | None, sets: tuple[str, ...] = SETS) -> None:
    """measures.json, rows.jsonl and answers.jsonl of one model; deterministic in the model's name."""
    folder = root / "metrics" / model
    rows, answers, measures = [], [], {}
    for name in sets:
        source, form = name.split(".")
        nlls, scores = nats(c, model, name), correct(c, model, name)
        measure = "none" if form == "document" else "choice" if source == "questions" else "text"
        for i in range(ROWS):
            scored = None if measure == "none" else float(scores[i])
            rows.append(
                {
                    "set": name,
                    "id": f"{name}.{i:04x}",
                    "measure": measure,
                    "nll": float(nlls[i] * TOKENS),
                    "tokens": TOKENS,
                    "score": scored,
                }
            )
        for i in range(2):
            said = "회계 자산" if scores[i] else "<script>alert(1)</script>"
            answers.append(
                {
                    "set": name,
                    "id": f"{name}.{i:04x}",
                    "prompt": f"질문 {i}: 자산이란 무엇인가?",
                    "expected": "회계 자산",
                    "answer": said,
                }
            )
        measures[name] = {
            "source": source,
            "form": form,
            "rows": ROWS,
            "heldout_rows": 60,
            "tokens": ROWS * TOKENS,
            "nll": float(nlls.mean()),
            "nll_interval": [0, 9],
            "measure": measure,
            "score": None if measure == "none" else float(scores.mean()),
            "score_interval": None,
            "chance": 0.25 if measure == "choice" else None,
        }
    parent = None if model == BASE else c.versions[model].parent
    put(folder / "measures.json", {"version": model, "parent": parent, "adapter": sha, "sets": measures})
    for file, lines in (("rows.jsonl", rows), ("answers.jsonl", answers)):
        (folder / file).write_text(
            "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8"
        )


def nats(c: Curriculum, model: str, name: str) -> np.ndarray:
    """Nats a token of every row of a set, shape (ROWS,)."""
    if model == BASE:
        return 4 + _noise("base", name)
    before = nats(c, c.versions[model].parent, name)
    mine = [f"{s}.{e.form}" for s, e in c.versions[model].mix.items()]
    seen = [f"{s}.{e.form}" for a in c.ancestors(model) for s, e in c.versions[a].mix.items()]
    step = (-0.25 if name in seen else -1.0) if name in mine else 0.5 if name in seen else 0.0
    return before + step + 0.05 * _noise(model, name)


def correct(c: Curriculum, model: str, name: str) -> np.ndarray:
    """Which rows are answered rightly, shape (ROWS,), 0 or 1: the likelier the lower the NLL."""
    luck = np.abs(_noise("luck", name)) * 3
    return (nats(c, model, name) < 2 + luck / 2).astype(float)


def _noise(*parts: str) -> np.ndarray:
    seed = int.from_bytes(hashlib.sha256("|".join(parts).encode()).digest()[:8], "big")
    return np.random.default_rng(seed).normal(size=ROWS) * 0.3


def edit_rows(root: Path, model: str, name: str, edit: Callable[[int, dict[str, Any]], dict[str, Any]]) -> None:
    """Change what a model answered on a set: (row's number, row) → what is other; an empty `id` leaves the row out.

    Args:
        root: the workspace.
        model: a version or the base.
        name: the set.
        edit: the change of each row.
    """
    folder = root / "metrics" / model
    rows = [json.loads(line) for line in (folder / "rows.jsonl").read_text(encoding="utf-8").splitlines()]
    mine = [row for row in rows if row["set"] == name]
    changed = [row | edit(at, row) for at, row in enumerate(mine)]
    rows = [row for row in rows if row["set"] != name] + [row for row in changed if row["id"]]
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    scores = [row["score"] for row in changed if row["id"] and row["score"] is not None]
    edit_set(root, model, name, score=sum(scores) / len(scores) if scores else None)


def edit_set(root: Path, model: str, name: str, **fields: Any) -> None:
    """Change figures of a set in a model's measures.json."""
    file = root / "metrics" / model / "measures.json"
    measures = json.loads(file.read_text(encoding="utf-8"))
    measures["sets"][name] |= fields
    put(file, measures)


def put(path: Path, value: Any) -> None:
    """Write JSON, making folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
