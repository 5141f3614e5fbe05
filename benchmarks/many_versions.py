"""What `check`, `diff`, `show` and a `dvc repro` with nothing to do cost in a lineage of many versions.

    python -m benchmarks.many_versions                      # chains of 20, 50, 100 and 200 versions, built
    python -m benchmarks.many_versions 50 --shape tree      # three children a version
    python -m benchmarks.many_versions 50 --changed         # with one file more in the source of the first version
    python -m benchmarks.many_versions 200 --keep FOLDER    # leave the workspace there

Each workspace lies in a temporary folder: the code of this checkout, four sources of a user's own, and for every stage
an output of the right shape, so that DVC takes all of it for built. Nothing is trained: a mix has 40 rows, an adapter a
kilobyte. Seconds by the clock of a process each, and of the processors in brackets; nothing is asserted.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path
from typing import Any

import yaml

from lineage.artifacts.manifest import AdapterManifest, write_manifest
from lineage.artifacts.mix_summary import mix_identity
from lineage.config.excerpts import write_excerpts
from lineage.config.load import load_curriculum
from lineage.core import machine
from lineage.records.record import Record, qa

ROOT = Path(__file__).parent.parent
SOURCES = ("krx_samples", "accounting", "questions", "problems")
ROWS = 40
HASH = "a1" * 32
ASKED = {
    "check": ["lineage.cli", "check"],
    "diff": ["lineage.cli", "diff"],
    "show": ["lineage.cli", "show"],
    "dvc repro": ["dvc", "repro"],
}


def main() -> None:
    """Print a line for each number of versions."""
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    parser.add_argument("versions", type=int, nargs="*", default=[20, 50, 100, 200])
    parser.add_argument("--shape", choices=("chain", "tree"), default="chain")
    parser.add_argument("--changed", action="store_true", help="a file more: no `dvc repro` is measured")
    parser.add_argument("--keep", type=Path, help="a folder for the workspaces, which then stay")
    options = parser.parse_args()
    asked = [name for name in ASKED if not (options.changed and name == "dvc repro")]
    print(f"{options.shape:>8}" + "".join(f"{name:>18}" for name in asked))
    for count in options.versions:
        with tempfile.TemporaryDirectory(prefix="versions-") as scratch:
            root = (options.keep or Path(scratch)).absolute() / f"{options.shape}-{count}"
            write_workspace(root, count, options.shape)
            if options.changed:
                write_rows(root / "data/raw/own/krx_samples/more.jsonl", "more")
            print(f"{count:>8}" + "".join(f"{seconds(root, ASKED[name]):>18}" for name in asked), flush=True)


def seconds(root: Path, command: list[str]) -> str:
    """The clock of one command, and in brackets the processors' seconds of it and of all that it starts."""
    began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=root, env=_environment(root), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} in {root}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    clock, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return f"{clock:.1f} ({used:.1f}) s"


def write_workspace(root: Path, count: int, shape: str) -> None:
    """A workspace in which DVC finds nothing to do.

    Args:
        root: its folder, which is made.
        count: how many versions it has.
        shape: `chain`, each version continues the one before; `tree`, three continue each.
    """
    root.mkdir(parents=True)
    for package in ("stages", "lineage"):
        shutil.copytree(ROOT / package, root / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("dvc.yaml", ".dvcignore", ".gitignore", "promotions.yaml"):
        shutil.copy(ROOT / name, root / name)
    text = yaml.safe_dump(curriculum(count, shape), allow_unicode=True, sort_keys=False)
    (root / "params.yaml").write_text(text, encoding="utf-8")
    _run(root, "git", "init", "--quiet")
    _run(root, sys.executable, "-m", "dvc", "init", "--quiet")
    shutil.copy(ROOT / ".dvc/config", root / ".dvc/config")
    _run(root, "git", "add", "--all")
    _run(root, "git", "-c", "user.name=b", "-c", "user.email=b@localhost", "commit", "--quiet", "--message", "made")
    with chdir(root):
        write_outputs()
        lock_outputs()


def curriculum(count: int, shape: str) -> dict[str, Any]:
    """The shipped curriculum with `count` versions on four sources."""
    tree = json.loads(json.dumps(yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))))
    sources = {name: tree["sources"][name] | {"forms": ["prompt_answer"]} for name in SOURCES}
    versions = {}
    for number in range(1, count + 1):
        before = number - 1 if shape == "chain" else (number + 1) // 3
        versions[f"v{number}"] = {
            "parent": f"v{before}" if before else "base",
            "because": f"step {number} of many",
            "mix": {SOURCES[number % len(SOURCES)]: {"form": "prompt_answer", "weight": 1}},
            "replay": 0.1 if before else 0.0,
            "exclude": [],
            "exclude_scope": "mix",
            "train": {"lr_scale": 1.0, "budget_scale": 1.0},
        }
    return dict(tree | {"data": "own", "papers": {}, "generated": {}, "sources": sources, "versions": versions})


def write_outputs() -> None:
    """Something of the right shape for every output of every stage, and a journal, in the working folder."""
    c = load_curriculum()
    _json("data/checked.json", {"curriculum": "checked"})
    write_excerpts(c, Path("data/curriculum"))
    for source in SOURCES:
        write_rows(Path("data/raw/own", source, "rows.jsonl"), source)
        write_rows(Path("data/records", source, "records.jsonl"), source)
        write_rows(Path("data/heldout", source, "prompt_answer.jsonl"), f"{source} held out")
    for name in ("data/raw/sample", "data/documents/own", "data/cards", "data/contamination", "reports"):
        _json(f"{name}/made.json", {"made": name})
    for name in ("data/superseded/superseded.jsonl", "data/duplicates/clusters.jsonl"):
        _text(name, "\n")
    _json("models/base/base.json", _base())
    write_tokenizer(Path("models/base/tokenizer.json"))
    _text("models/base/chat_template.jinja", "{{ messages }}")
    _json("metrics/base/measures.json", {})
    journal = []
    for name in c.in_order():
        write_rows(Path("data/mixes", name, "own.jsonl"), name)
        write_rows(Path("data/mixes", name, "replay.jsonl"), f"{name} before")
        _json(f"data/mixes/{name}/mix.json", {"version": name})
        _text(f"models/{name}/adapter_model.safetensors", name * 200)
        manifest = AdapterManifest.model_validate(_manifest(c.version(name).parent, name))
        write_manifest(Path("models", name), manifest)
        _json(f"metrics/{name}/measures.json", {"version": name})
        here = {"machine": machine.kind(), "profile": c.profile, "base": HASH[:12]}
        journal += [{"stage": f"{kind}@{name}", "seconds": 9.0} | here for kind in ("mix", "train", "evaluate")]
    _json(".state/mlflow/published.json", {})
    _text(".state/journal.jsonl", "".join(json.dumps(line) + "\n" for line in journal))


def lock_outputs() -> None:
    """`dvc.lock` and the cache as a rebuild leaves them; `dvc commit` would write the lock anew for every stage."""
    from dvc.repo import Repo
    from dvc.stage.serialize import to_single_stage_lockfile

    repo = Repo()
    with repo.lock:
        stages = list(repo.index.stages)
        for stage in stages:
            stage.save()
            stage.commit()
    locked = {"schema": "2.0", "stages": {stage.addressing: to_single_stage_lockfile(stage) for stage in stages}}
    Path("dvc.lock").write_text(yaml.safe_dump(json.loads(json.dumps(locked)), sort_keys=False), encoding="utf-8")


def write_rows(file: Path, source: str) -> None:
    """Invented questions and answers."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(row.to_json() + "\n" for row in _rows(source)), encoding="utf-8")


def write_tokenizer(file: Path) -> None:
    """One whose tokens are bytes."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE({sign: number for number, sign in enumerate(alphabet)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.save(str(file))


def _rows(source: str) -> Iterator[Record]:
    for number in range(ROWS):
        place = {"file": "rows.jsonl", "row": number}
        question = f"{source}의 {number}번 회사의 매출액은 얼마입니까?"
        yield qa(question, f"{number * 37 % 1000}억원입니다.", group=question, origin=place).placed(source, "own")


def _base() -> dict[str, Any]:
    return {
        "identity": HASH,
        "origin": {"build": {"layers": 2}},
        "parameters": 376416,
        "template": {"name": "chatml", "sha256": HASH},
        "vocab_size": 1800,
        "weights": "models/base",
    }


def _manifest(parent: str, version: str) -> dict[str, Any]:
    return {
        "adapter": HASH,
        "base": {"identity": HASH, "load": "float32", "origin": {"build": {"layers": 2}}},
        "effective": {},
        "eight_bit_share": 0.4,
        "fingerprint": HASH,
        "lora": {"alpha": 32, "dora": False, "dropout": 0.0, "r": 16, "rslora": False, "targets": ["q_proj"]},
        "mix": {
            "rows": ROWS,
            "sha256": mix_identity(Path("data/mixes", version)),
            "sources": {},
            "supervised_share": 0.5,
            "supervised_tokens": 500,
            "tokens": 1000,
        },
        "packages": {},
        "parent": parent,
        "parent_adapter": None if parent == "base" else HASH,
        "requested": {},
        "seed": 1,
        "steps": 100,
        "template": HASH,
        "trainable_parameters": 1000,
        "trained_tokens": 100000,
        "version": version,
    }


def _json(path: str, value: Any) -> None:
    _text(path, json.dumps(value, indent=1) + "\n")


def _text(path: str, text: str) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text, encoding="utf-8")


def _environment(root: Path) -> dict[str, str]:
    here = str(Path(sys.executable).parent)
    more = {"PATH": f"{here}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(root), "NO_COLOR": "1"}
    return os.environ | more | {"DVC_NO_ANALYTICS": "1", "OMP_NUM_THREADS": "1"}


def _run(root: Path, *command: str) -> None:
    subprocess.run(command, cwd=root, env=_environment(root), check=True, capture_output=True)


if __name__ == "__main__":
    main()
