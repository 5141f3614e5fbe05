"""The stages without the model: what each one's result is a function of, found by running it.

Every stage's own `main` runs in this process and its output is hashed. Only the four places where a model computes
(pretraining, TRL, the checks of its tensors, asking) are replaced: each writes down everything that the code hands
it, so that what they write changes exactly when their result could. While a stage runs, each leaf of the
curriculum that it reads is noted. dvc.yaml plays no part in this.
"""

import ast
import importlib
import json
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lineage.config.fields import Frozen
from lineage.config.schema import Curriculum
from lineage.core.errors import LineageError
from lineage.core.files import sha256, sha256_of, write_json

ROOT = Path(__file__).parent.parent
Leaf = tuple[str, ...]
ROWS = 24  # of a source: enough for every mix, and quick
# A run resumed from a checkpoint gives the same adapter (test_determinism), several processes nearly the same one.
NO_PART_IN_THE_RESULT = ("checkpoint_steps", "launch", "may_differ")


class Reads:
    """Notes which leaves of a watched curriculum are read, as paths: ("versions", "v1", "train", "lr_scale")."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.leaves: set[Leaf] = set()
        self._at: dict[int, Leaf] = {}
        self._kept: Any = None
        dump, equal = Frozen.model_dump, Frozen.__eq__

        def get(model: Any, name: str) -> Any:
            value = object.__getattribute__(model, name)
            at = self._at.get(id(model))
            if at is not None and not name.startswith("_") and name in type(model).model_fields:
                self.leaves.add((*at, name))
            return value

        def model_dump(model: Any, **options: Any) -> Any:
            left_out = {(*self._at.get(id(model), ()), name) for name in options.get("exclude") or ()}
            self.leaves |= {leaf for leaf in self._below(model) if leaf not in left_out}
            return dump(model, **options)

        def is_equal(model: Any, other: Any) -> bool:
            self.leaves |= {*self._below(model), *self._below(other)}
            return bool(equal(model, other))

        monkeypatch.setattr(Frozen, "__getattribute__", get, raising=False)
        monkeypatch.setattr(Frozen, "model_dump", model_dump)
        monkeypatch.setattr(Frozen, "__eq__", is_equal)

    def watch(self, c: Curriculum) -> None:
        """Note the reads of this curriculum from now on, and of no other."""
        self._at = {id(model): at for at, model in _models(c, ())}
        self._kept = c
        self.leaves = set()

    def _below(self, model: Any) -> Iterator[Leaf]:
        for at, inner in _models(model, self._at.get(id(model), ())):
            yield from ((*at, name) for name in type(inner).model_fields)


def _models(model: Frozen, at: Leaf) -> Iterator[tuple[Leaf, Frozen]]:
    yield at, model
    for name, value in object.__getattribute__(model, "__dict__").items():
        if isinstance(value, Frozen):
            yield from _models(value, (*at, name))
        elif isinstance(value, dict):
            for key, inner in value.items():
                if isinstance(inner, Frozen):
                    yield from _models(inner, (*at, name, key))


class Rehearsal:
    """Runs stages in the present folder. `run` gives what a stage wrote, by place, and the leaves that it read."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reads = Reads(monkeypatch)
        self.monkeypatch = monkeypatch
        self.c: Any = None
        monkeypatch.setenv("KRX_TRAIN_AGAIN", "1")  # what was taken up would hide what shapes a training
        self._stand_ins()

    def run(self, stage: str, c: Curriculum) -> tuple[dict[str, str], frozenset[Leaf]]:
        """Run `train@v1` and its like: file → digest. An error for people counts as a result, `{"error": …}`."""
        name, _, key = stage.partition("@")
        module = importlib.import_module("stages.evaluate" if name == "baseline" else f"stages.{name}")
        self.monkeypatch.setattr(module, "load_curriculum", lambda: c, raising=False)
        # Else all that stands in an excerpt would count as read.
        self.monkeypatch.setattr(module, "must_be_checked", lambda c, excerpt: None, raising=False)
        argument = key or ("base" if name == "baseline" else "")
        self.monkeypatch.setattr(sys, "argv", ["-m", *filter(None, [argument])])
        for cache_ in ("evaluations", "tokens", "cards", "contamination"):
            shutil.rmtree(Path(".state", cache_), ignore_errors=True)
        self.reads.watch(c)
        try:
            if name == "publish":
                return {"MLflow": _published()}, frozenset()
            module.main()
        except LineageError as error:
            return {"error": str(error)}, frozenset(self.reads.leaves)
        read = frozenset(self.reads.leaves)
        files = [f for path in outputs(stage, c) for f in (path, *path.rglob("*")) if f.is_file()]
        return {file.as_posix(): sha256(file) for file in files}, read

    def _stand_ins(self) -> None:
        patch = self.monkeypatch.setattr
        import transformers

        from lineage.adapters import rank_growth
        from lineage.base_model import base
        from lineage.datacards import counting, o200k
        from lineage.evaluation import evaluate as evaluation
        from lineage.evaluation import inference
        from lineage.ingest import ingest
        from lineage.training import adapter_saving, dpo, sft
        from lineage.training import train as training
        from stages import train

        reader = ingest.reader
        patch(ingest, "reader", lambda name: replace(reader(name), read=_shortened(reader(name).read)))
        patch(base, "train_tokenizer", cache(base.train_tokenizer))
        patch(o200k, "encoding", cache(o200k.encoding))
        patch(counting, "_count", _once_for_the_same_bytes(counting._count))
        patch(base, "pretrain", _pretrain)
        patch(sft, "fit", _fit)
        patch(dpo, "fit", _fit)
        patch(rank_growth, "padded", _padded)
        patch(train, "refuse_what_cannot_fit", lambda c, version: None)  # it shapes no result
        patch(adapter_saving, "save_adapter", _save)
        patch(training, "sound", lambda out, job: sha256(out / WEIGHTS))
        patch(evaluation, "ask", _ask)
        patch(
            inference,
            "load",
            lambda version, profile: (_all(profile, names("evaluation/inference.py", "profile")), None),
        )
        load = transformers.AutoTokenizer.from_pretrained
        known: dict[str, Any] = {}

        def tokenizer(folder: Any, **options: Any) -> Any:
            digest = sha256(Path(folder) / "tokenizer.json")
            return known[digest] if digest in known else known.setdefault(digest, load(folder, **options))

        patch(transformers.AutoTokenizer, "from_pretrained", tokenizer)


def outputs(stage: str, c: Curriculum) -> list[Path]:
    """Where a stage writes, as the design says it."""
    name, _, key = stage.partition("@")
    where = {
        "check": [Path("data/checked.json"), Path("data/curriculum")],
        "convert": [Path("data/documents", c.data, key)],
        "ingest": [Path("data/records", key), Path("data/heldout", key)],
        "generate": [Path("data/generated", c.data, key)],
        "superseded": [Path("data/superseded")],
        "duplicates": [Path("data/duplicates")],
        "mix": [Path("data/mixes", key)],
        "contamination": [Path("data/contamination")],
        "cards": [Path("data/cards")],
        "base": [Path("models/base")],
        "train": [Path("models", key)],
        "baseline": [Path("metrics/base")],
        "evaluate": [Path("metrics", key)],
        "report": [Path("reports")],
        "publish": [],
    }
    return where[name]


def stages_of(c: Curriculum) -> dict[str, set[str]]:
    """Every stage after those whose results it may read, room by room."""
    ingests = {f"ingest@{s}" for s in c.sources}
    converts = {f"convert@{p}" for p in c.papers}
    mixes = {f"mix@{v}" for v in c.versions}
    found: dict[str, set[str]] = {"check": set()}
    found |= {one: set() for one in sorted(converts)}
    found |= {one: {f"convert@{one[7:]}"} & converts for one in sorted(ingests) if one[7:] not in c.generated}
    for name, made in sorted(c.generated.items()):
        found[f"generate@{name}"] = {f"ingest@{made.reference}"}
        found[f"ingest@{name}"] = {f"generate@{name}"}
    found |= {"superseded": ingests, "duplicates": ingests}
    found |= {mix: ingests | {"superseded", "duplicates"} for mix in sorted(mixes)}
    found["base"] = set()
    found["contamination"] = ingests | mixes
    found["cards"] = ingests | mixes | {"base"}
    for v in c.in_order():
        parent = c.versions[v].parent
        found[f"train@{v}"] = {f"mix@{v}", "base", f"train@{parent}" if parent != "base" else "base"}
    found["baseline"] = ingests | {"superseded", "base"}
    found |= {f"evaluate@{v}": ingests | {"superseded", "base", f"train@{v}"} for v in c.versions}
    found["report"] = set(found) - {"check"}
    found["publish"] = set(found) - {"check"}
    return found


WEIGHTS = "adapter_model.safetensors"


@cache
def names(file: str, of: str) -> tuple[str, ...]:
    """The attributes that the code of a module takes from `profile`, `job`, `c.evaluation` …"""
    tree = ast.parse((ROOT / "lineage" / file).read_text(encoding="utf-8"))
    found = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and ast.unparse(node.value) == of}
    return tuple(sorted(found))


def _all(thing: Any, of: tuple[str, ...]) -> dict[str, str]:
    return {name: repr(getattr(thing, name)) for name in of}


def _shortened(read: Any) -> Any:
    return lambda folder, forms, **options: islice(read(folder, forms, **options), ROWS)


def _once_for_the_same_bytes(count: Any) -> Any:
    """Counting the rows of a file, a function of its bytes, of the tokenizer's and of the ruler; no leaf is read."""
    known: dict[Any, Any] = {}

    def counted(file: Path, ruler: Any) -> Any:
        key = (sha256(file), sha256(ruler.tokenizer), ruler)
        return known[key] if key in known else known.setdefault(key, count(file, ruler))

    return counted


def _pretrain(model: Any, tokenizer: Any, spec: Any, seed: int) -> None:
    """In place of pretraining: weights that are a function of all that shapes it."""
    import torch

    asked = tuple(name for name in names("base_model/base.py", "spec") if name in type(spec).model_fields)
    shaped = [_all(spec, asked), seed, torch.get_num_threads(), tokenizer.backend_tokenizer.to_str()]
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
        next(model.parameters()).flatten()[:8] = torch.tensor([int(c, 16) for c in sha256_of(shaped)[:8]])


def _save(model: Any, name: str, out: Path, revision: str | None = None) -> None:
    """In place of tensors and their config: what they would be made from."""
    write_json(out / WEIGHTS, [model.written, name, revision])
    write_json(out / "adapter_config.json", {"peft_type": "LORA"})


def _padded(parent: Path, lora: Any, seed: int, out: Path) -> Path:
    """In place of a larger adapter: a folder that says what it would be made from."""
    write_json(out / WEIGHTS, [sha256(parent / WEIGHTS), lora.model_dump(), seed])
    return out


def _fit(job: Any, trainer: Any, _progress: Any) -> tuple[Any, Any]:
    """In place of TRL: an adapter that says what it was made from."""
    from lineage.training.job import Outcome

    asked = {
        *names("training/sft.py", "profile"),
        *names("training/trl_config.py", "profile"),
        *names("training/dpo.py", "profile"),
        *names("training/backends/hf.py", "job.profile"),
        *names("training/backends/unsloth.py", "job.profile"),
        *names("base_model/loading.py", "profile"),
        *names("training/settings.py", "job.profile"),
        *names("training/guards.py", "job.profile"),
    }
    read = _all(job.profile, tuple(sorted(asked)))
    written = {
        "trainer": trainer.__name__,
        "weights": sha256(Path(job.weights)),
        "parent": sha256(job.parent / WEIGHTS) if job.parent else None,
        "lora": job.lora.model_dump(),
        "profile": {name: value for name, value in read.items() if name not in NO_PART_IN_THE_RESULT},
        "learning_rate": job.learning_rate,
        "steps": job.steps,
        "seed": job.seed,
        "threads": os.environ["OMP_NUM_THREADS"],
        "beta": job.beta,
        "rows": sha256_of([job.dataset[column][:] for column in job.dataset.column_names]),
    }
    figures = {"step": 1, "loss": int(sha256_of(written)[:4], 16) / 1e4, "learning_rate": job.learning_rate}
    model = SimpleNamespace(written=written, config=SimpleNamespace(num_hidden_layers=1))
    return model, Outcome([figures], {"steps": job.steps}, {"steps": job.steps}, 1, 0.0)


def _ask(c: Any, model: Any, tokenizer: Any, sets: Any) -> dict[str, Any]:
    """In place of a model's answers: figures that are a function of weights, rows and all settings of `ask`."""
    from lineage.artifacts.measures import MeasuredRow, SampleAnswer
    from lineage.evaluation.result_cache import SetResult

    settings = [model, _all(c.active, names("evaluation/evaluate.py", "c.active"))]
    settings += [_all(c.evaluation, tuple(n for n in names("evaluation/evaluate.py", "c.evaluation") if n in ASKED))]
    settings += [sha256(Path("models/base/base.json")), c.active.max_length]
    own = {s.name: c.evaluation.of(s.name).model_dump(exclude={"rows"}) for s in sets}
    version = sys.argv[1]
    settings += [sha256(Path("models", version, WEIGHTS)) if version != "base" else None]
    results: dict[str, Any] = {}
    for s in sets:
        rows, said = [], []
        for place, record in enumerate(s.records):
            figure = int(sha256_of([settings, own[s.name], record.turns, record.options, record.measure])[:8], 16)
            row = {"set": s.name, "id": record.id, "measure": record.measure, "nll": figure / 1e8, "tokens": 7}
            rows.append(MeasuredRow(**row, score=None if record.measure == "none" else float(figure % 2)))
            if place < c.evaluation.answers:
                shown = {"set": s.name, "id": record.id, "prompt": record.prompt, "expected": record.completion}
                said.append(SampleAnswer(**shown, answer=f"{figure}"))
        results[s.name] = SetResult(rows=tuple(rows), answers=tuple(said), budget=c.evaluation.max_new_tokens)
    return results


ASKED = ("max_new_tokens", "answers")  # what `ask` takes of `evaluation`; the rest of the stage runs for real


def _published() -> str:
    """What MLflow would be told: every run's facts, and the promotions."""
    from lineage.artifacts.promotions import read_promotions
    from lineage.tracking.run_contents import read_facts

    told = [facts.digest(facts.hashes()) for facts in read_facts()]
    return sha256_of([told, [one.entry() for one in read_promotions()]])


def read_by_code() -> set[str]:
    """Every name that the project's code or its templates take from something: `x.name`."""
    found: set[str] = set()
    for file in sorted([*(ROOT / "stages").rglob("*.py"), *(ROOT / "lineage").rglob("*.py")]):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        found |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    templates = " ".join(p.read_text(encoding="utf-8") for p in sorted((ROOT / "lineage").rglob("*.jinja")))
    return found | set(templates.replace("(", " ").replace(".", " ").split())


def as_json(value: Any) -> Any:
    return json.loads(json.dumps(value))
