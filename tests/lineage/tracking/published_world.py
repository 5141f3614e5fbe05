"""A small finished workspace, in the formats that train, evaluate and report write."""

import csv
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

from lineage.config.schema import DEFAULT_NAME
from lineage.tracking.server import local_uri

SETS = {
    "krx_samples.prompt_answer": "text",
    "metamath.prompt_answer": "number",
    "site_reports.document": "none",
}
TREE = {"v1": "base", "v2": "v1", "v3": "v1"}


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


V2 = "v2:" + digest("v2fingerprint")


def with_database(root: Path, empty: Path) -> None:
    (root / ".state/mlflow").mkdir(parents=True)
    shutil.copy(empty, root / ".state/mlflow/mlflow.db")


def client() -> Any:
    from mlflow import MlflowClient

    return MlflowClient(local_uri(), local_uri())


def runs() -> dict[str, Any]:
    """The runs by `lineage_key`; a key that occurs twice fails the test."""
    c = client()
    found = c.search_runs([c.get_experiment_by_name(DEFAULT_NAME).experiment_id])
    by_key = {run.data.tags["lineage_key"]: run for run in found}
    assert len(by_key) == len(found)
    return by_key


def promote(root: Path, version: str, attempt: str = "", because: str = "better", by: str = "") -> None:
    """Add a promotion of a version as `write_version` makes it."""
    file = root / "promotions.yaml"
    entry = {"version": version, "fingerprint": digest(version + attempt + "fingerprint")}
    entry |= {"adapter": digest(weights(version, attempt)), "because": because} | ({"by": by} if by else {})
    before = file.read_text(encoding="utf-8") if file.exists() else ""
    write(file, f"{before}- {json.dumps(entry)}\n")


def write(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), encoding="utf-8")


def finished_workspace(root: Path, tree: dict[str, str] | None = None, steps: int = 40) -> Path:
    """Write models/, metrics/ and reports/ of a lineage below `root`."""
    tree = TREE if tree is None else tree
    write(
        root / "models/base/base.json",
        {
            "origin": {"build": {"parameters": 123}},
            "weights": "models/base",
            "template": {"name": "chatml", "sha256": digest("chatml")},
            "identity": digest("base"),
            "parameters": 350_000,
            "vocab_size": 1800,
        },
    )
    write_measures(root, "base", None, 6.0)
    for number, (version, parent) in enumerate(tree.items()):
        write_version(root, version, parent, number, steps)
    write_report(root, tree)
    return root


def weights(version: str, attempt: str = "") -> str:
    """What stands in a version's adapter file."""
    return "weights of " + version + attempt


def write_version(
    root: Path,
    version: str,
    parent: str,
    number: int,
    steps: int = 40,
    attempt: str = "",
    **changed: str,
) -> None:
    """One version. changed: its `tensors`, or `made_as`, the name under which it was made, if it has another now."""
    made_as = changed.get("made_as", version)
    tensors = changed.get("tensors", weights(made_as, attempt))
    folder, adapter = root / "models" / version, digest(tensors)
    write(folder / "adapter_model.safetensors", tensors)
    write(folder / "adapter_config.json", {"r": 32})
    requested = {"learning_rate": 0.002, "optimizer": "adamw_8bit", "batch_size": 32}
    write(
        folder / "lineage.json",
        {
            "version": version,
            "parent": parent,
            "parent_adapter": None if parent == "base" else digest(weights(parent)),
            "adapter": adapter,
            "base": {"identity": digest("base"), "origin": {"build": {}}, "load": "float32"},
            "mix": {
                "sha256": digest(made_as + "mix"),
                "rows": 300,
                "tokens": 9000,
                "supervised_tokens": 3000,
                "supervised_share": 0.33,
                "sources": {
                    s: {
                        "rows": 150 + number,
                        "tokens": 4500,
                        "supervised_tokens": 1500,
                        "dropped": {},
                        "replayed_rows": 0,
                    }
                    for s in ("krx_samples", "metamath")
                },
            },
            "template": digest("chatml"),
            "lora": {"r": 32, "alpha": 32, "dropout": 0.0, "targets": ["q_proj", "v_proj"]},
            "seed": 1,
            "steps": steps,
            "trained_tokens": 600_000,
            "requested": requested,
            "effective": requested,
            "packages": {"torch": "2.13.0"},
            "trainable_parameters": 9000,
            "eight_bit_share": 0.44,
            "fingerprint": digest(made_as + attempt + "fingerprint"),
        },
    )
    with (folder / "history.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["step", "loss", "learning_rate", "grad_norm", "tokens"])
        rows.writerows([step, 6 / step + number, 0.002 / step, 1.0, 100 * step] for step in range(1, steps + 1))
    write_measures(root, version, adapter, 5.0 - number)
    write(root / f"reports/cards/{version}.md", f"# {version}\n\ncontinues {parent}\n")


def write_measures(root: Path, name: str, adapter: str | None, nll: float) -> None:
    write(
        root / "metrics" / name / "measures.json",
        {
            "version": name,
            "parent": None,
            "adapter": adapter,
            "sets": {
                one: {
                    "source": one.partition(".")[0],
                    "form": "prompt_answer",
                    "rows": 8,
                    "heldout_rows": 20,
                    "tokens": 100,
                    "nll": nll,
                    "nll_interval": [nll - 0.1, nll + 0.1],
                    "measure": measure,
                    "score": None if measure == "none" else 0.25,
                    "score_interval": None,
                    "chance": None,
                }
                for one, measure in SETS.items()
            },
        },
    )
    write(
        root / "metrics" / name / "answers.jsonl",
        json.dumps({"set": "metamath.prompt_answer", "id": "a", "prompt": "1+1?", "expected": "2", "answer": "2"})
        + "\n",
    )


def write_report(root: Path, tree: dict[str, str], missing: dict[str, list[str]] | None = None) -> None:
    pooled = {"rows": 24, "tokens": 300, "nll": 4.5, "parent_nll": 5.0, "difference": -0.5, "interval": [-0.6, -0.4]}
    pooled |= {"groups": 24, "p": 0.001, "smallest": 0.2}
    versions = {
        version: {
            "parent": parent,
            "line": [],
            "unknown": [],
            "right": None,
            "may_forget": list(SETS)[:2],
            "forgot": ["metamath.prompt_answer"],
            "sets": {},
            "pooled": pooled | {"sets": list(SETS), "verdict": "improved", "improved": True},
            "contamination": {"missing": [], "unknown": [], "searched": {}, "sets": {}},
        }
        for version, parent in tree.items()
    }
    of_all = {"profile": "cpu", "data": "sample", "confidence": 0.95, "fewest_rows": 8, "fewest_groups": 6}
    none = {"base": None, "base_sets": {}, "same_mix": [], "missing": missing or {}}
    write(root / "reports/comparison.json", of_all | none | {"versions": versions})
    write(root / "reports/lineage.html", "<h1>lineage</h1>")
