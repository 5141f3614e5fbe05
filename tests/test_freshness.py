"""Freshness, proven: every leaf of params.yaml and every raw source is changed, one at a time.

For each change two answers are compared: which stages DVC would run, and which results really differ when the code
runs (tests/rehearsal.py, which knows nothing of dvc.yaml). *Falsely fresh*, a result that differs and a stage that
would not run, must never happen. *Falsely stale*, a stage that runs to write what it had written, costs time and is
listed below with its reason: the list cannot grow unseen.

    pytest -m slow tests/test_freshness.py -s       # prints what each change would run
"""

import json
import os
import pickle
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args

import pytest

from lineage.config.load import parse_curriculum
from lineage.config.schema import Curriculum
from lineage.core.declaration import looked_up
from lineage.core.errors import LineageError
from lineage.readers import check_readers
from tests.rehearsal import Leaf, Rehearsal, as_json, outputs, read_by_code, stages_of
from tests.workspace import (
    Workspace,
    built_once,
    copy_of,
    shipped_curriculum,
    short_curriculum,
    workspace,
    write_params,
)

# Leaf → stages that run although their result stays the same → why that is accepted.
KEPT = "answers are kept by weights and rows, so it only reads them again; seconds"
RECORD = "the parent's record names its mix, and with it licences, exclusions and shares; its weights are the same"
ALL_AT_ONCE = (
    "one stage over all records or mixes, what it counts is kept by content: it only reads them again; seconds"
)
FALSELY_STALE = {
    ("*", "check"): "by design: it looks at everything, and writes what changes of it for others; a second",
    # Seconds each.
    ("seed", "mix@*"): "a mix that takes every row of its sources draws nothing",
    ("papers.*", "convert@*"): "limits that none of these PDFs meets; documents are kept by their hash",
    ("papers.*", "mix@*"): "a mix depends on all records, because replay and exclusions reach across versions",
    ("papers.*", "report"): "it says what is withdrawn of them, and no limit",
    ("licences.*", "report"): "a stricter licence inside the same adapters decides",
    ("generated.*", "mix@*"): "a mix depends on all records, because replay and exclusions reach across versions",
    ("generated.*", "generate@*"): "no record of so few bears another question",
    ("sources.*", "ingest@*"): "a source is one parameter; its title and hub shape no row, its share may part no group",
    ("sources.*", "generate@*"): "its reference is one parameter, of which it shows the licence",
    ("*", "superseded"): ALL_AT_ONCE,
    ("*", "duplicates"): ALL_AT_ONCE,
    ("*", "contamination"): ALL_AT_ONCE,
    ("*", "cards"): ALL_AT_ONCE,
    ("sources.*", "mix@*"): "a mix depends on all records, because replay and exclusions reach across versions",
    ("sources.*", "report"): "it depends on all sources and records, and shows less than all of them",
    ("versions.*", "report"): "it depends on all versions; a scope that excludes nothing, a replay of nothing",
    ("versions.*", "mix@*"): "a mix depends on what its ancestors took, even where it repeats nothing of it",
    ("sources.*", "baseline"): f"a held-out set that is not measured, or its licence; {KEPT}",
    ("sources.*", "evaluate@*"): f"a held-out set that is not measured, or its licence; {KEPT}",
    # As long as training takes.
    ("sources.*.licence", "train@*"): RECORD,
}

# Leaves with no other value that is valid by itself.
NO_OTHER_VALUE = (
    "versions.*.mix.*.form",  # the only form of its source
    "versions.v6.exclude_scope",  # its ancestors have seen what it excludes
    "versions.v6_clean.parent",  # every other version has seen what its ancestry excludes
    "sources.*.input",  # goes with an entry in papers
    "generated.*.kind",  # goes with a model
    "sources.rules.forms",  # all that its reader gives, and versions ask for both
    *(f"sources.{name}_reports.reader" for name in ("site", "company")),  # no other reader gives their form
    *(f"sources.{name}.{field}" for name in ("rules", "drills") for field in ("heldout", "licence")),  # go together
)


@dataclass(frozen=True)
class Change:
    """One edit: a curriculum, or a raw folder."""

    name: str
    tree: dict[str, Any]
    leaf: Leaf = ()
    source: str = ""


class Judge:
    """DVC's own judgement: which stages it would run, given which outputs really change when they run."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        import dvc.dependency.param as of_params
        from dvc.repo import Repo
        from dvc.utils import strictyaml
        from dvc.utils.serialize import _yaml

        # DVC parses the same three files anew for each stage, most of its time: here, once for each text.
        original = _yaml.parse_yaml
        parsed = cache(lambda text, typ: pickle.dumps(original(text, "a file of the workspace", typ)))
        for module in (_yaml, strictyaml):
            monkeypatch.setattr(module, "parse_yaml", lambda text, path, typ="safe": pickle.loads(parsed(text, typ)))
        # And it looks for a parameter at every leaf of the file.
        get = SimpleNamespace(get=lambda tree, key, separator: looked_up(tree, key))
        monkeypatch.setattr(of_params, "dpath", get)
        self.repo = Repo(".")
        self.known: dict[tuple[str, str], bool] = {}

    def settle(self) -> None:
        """Take everything as it lies here for up to date: dvc.lock says so from now on."""
        self.repo.commit(force=True)

    def stages(self) -> dict[str, Any]:
        self.repo._reset()
        return {stage.addressing: stage for stage in self.repo.index.stages}

    def stale(self, stage: Any) -> bool:
        """Whether the stage is stale by itself: its command, a parameter, a path that is new or differs."""
        return bool(stage.changed_stage()) or any(self._differs(dep) for dep in stage.deps)

    def _differs(self, dep: Any) -> bool:
        if dep.__class__.__name__ == "ParamsDependency" or dep.def_path == "params.yaml":
            return bool(dep.status())
        key = (dep.fs_path, str(dep.hash_info))
        if key not in self.known:
            self.known[key] = bool(dep.status())
        return self.known[key]

    def would_run(self, changed: set[Path]) -> set[str]:
        """Stages that are stale by themselves, or whose dependency an earlier stage really changes."""
        touched = {str(path.absolute()) for path in changed}
        around = {str(folder) for path in touched for folder in Path(path).parents}

        def follows(dep: Any) -> bool:
            """Whether a dependency is a changed path, a folder around one, or lies in one."""
            path = Path(dep.fs_path)
            return str(path) in touched or str(path) in around or any(str(folder) in touched for folder in path.parents)

        return {name for name, stage in self.stages().items() if self.stale(stage) or any(map(follows, stage.deps))}


class World:
    """The shipped curriculum on small raw data, every stage rehearsed once; each change is undone after it."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.tree = shipped_curriculum()
        self.tree["data"] = "own"  # raw files that a user may change
        self.tree["profiles"]["cpu"]["budget"] = {"tokens": 20_000}
        self.tree["evaluation"] |= {"rows": 8}
        self.w = workspace(root / "w", self.tree)
        monkeypatch.chdir(self.w.root)
        write_raw_world()
        self.rehearsal = Rehearsal(monkeypatch)
        self.c = parse_curriculum(self.tree)
        self.found = {stage: self.rehearsal.run(stage, self.c) for stage in stages_of(self.c)}
        assert not {stage: wrote for stage, (wrote, _) in self.found.items() if "error" in wrote}
        shutil.copytree("models/base", "models/local")  # for the profile `small`
        self.kept = root / "kept"
        for room in ("data", "models", "metrics", "reports"):
            shutil.copytree(room, self.kept / room)
        Path(".state/mlflow").mkdir()
        Path(".state/mlflow/published.json").write_text("{}", encoding="utf-8")
        Path("data/raw/sample").mkdir(exist_ok=True)
        self.judge = Judge(monkeypatch)
        self.judge.settle()
        assert self.judge.would_run(set()) == set(), "all is fresh before anything is changed"

    def really_changed(self, change: Change) -> tuple[dict[str, set[str]], set[str], Curriculum]:
        """The stages whose results differ, with the places, and those that an error before them keeps from running."""
        c = parse_curriculum(change.tree)
        changed, blocked = dict[str, set[str]](), set[str]()
        for stage, before in stages_of(c).items():
            if before & blocked:
                blocked.add(stage)
                continue
            wrote, read = self.found.get(stage, ({}, frozenset()))
            raw = change.source and stage in (f"convert@{change.source}", f"ingest@{change.source}")
            if not (before & changed.keys() or raw or change.leaf in read or stage not in self.found):
                continue
            now, _ = self.rehearsal.run(stage, c)
            if differing := {place for place in now.keys() | wrote.keys() if now.get(place) != wrote.get(place)}:
                changed[stage] = differing
            if "error" in now:
                blocked.add(stage)
        return changed, blocked, c

    def must_have_other_fingerprints(self, changed: dict[str, set[str]]) -> None:
        """An adapter that comes out different is never the one that a training takes up instead."""
        for stage, places in changed.items():
            _, _, version = stage.partition("train@")
            file, weights = (Path("models", version, name) for name in ("lineage.json", "adapter_model.safetensors"))
            made = version and "error" not in places and weights.as_posix() in places
            if made and file.is_file() and (self.kept / file).is_file():
                before, now = (
                    json.loads(f.read_text(encoding="utf-8"))["fingerprint"] for f in (self.kept / file, file)
                )
                assert before != now, f"{stage} has another adapter with the fingerprint that it had"

    def undo(self, changed: Iterable[str], c: Curriculum) -> None:
        for stage in changed:
            for path in outputs(stage, c):
                shutil.rmtree(path, ignore_errors=True)
                if (self.kept / path).is_dir():
                    shutil.copytree(self.kept / path, path)
        for folder in ("own", "sample"):
            empty = Path("data/documents", folder)
            if empty.is_dir() and not any(empty.iterdir()):
                empty.rmdir()
        write_params(Path(), self.tree)

    def compare(self, change: Change) -> tuple[set[str], set[str], set[str]]:
        """What DVC would run, what it misses (falsely fresh), and what it runs for nothing (falsely stale)."""
        write_params(Path(), change.tree)
        changed, blocked, c = self.really_changed(change)
        self.must_have_other_fingerprints(changed)
        runs = self.judge.would_run({Path(place) for places in changed.values() for place in places}) - {"samples"}
        self.undo(changed, c)
        idle = {stage for stage in runs - changed.keys() - blocked if stage in self.found}
        return runs, changed.keys() - runs - blocked, idle


def write_raw_world() -> None:
    """The first files of every sample source of the lineage, as a user's own."""
    from lineage.sample_world.samples import SOURCES

    shipped = parse_curriculum(shipped_curriculum()).sources
    for source, make in SOURCES.items():
        if source not in shipped:
            continue
        for name, content in sorted(make().items())[:6]:
            path = Path("data/raw/own", source, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """In memory where there is room: each change makes and removes thousands of small files and folders."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 4 << 30
    place = memory if roomy else tmp_path_factory.getbasetemp()
    with (
        pytest.MonkeyPatch.context() as monkeypatch,
        tempfile.TemporaryDirectory(prefix="freshness-", dir=place) as root,
    ):
        yield World(Path(root), monkeypatch)


def leaves(tree: Any, at: Leaf = ()) -> Iterator[tuple[Leaf, Any]]:
    """Every leaf of a curriculum with its path; a list is one leaf."""
    if isinstance(tree, dict):
        for name, value in tree.items():
            yield from leaves(value, (*at, name))
    else:
        yield at, tree


def with_value(tree: dict[str, Any], leaf: Leaf, value: Any) -> dict[str, Any]:
    changed: dict[str, Any] = as_json(tree)
    at = changed
    for name in leaf[:-1]:
        at = at.setdefault(name, {})
    at[leaf[-1]] = value
    return changed


def other_value(tree: dict[str, Any], leaf: Leaf, value: Any) -> Any:
    """The first other value with which the curriculum is valid, chosen so that it would matter; None if there is none.

    A limit becomes small, a share large, a choice another of those that its type allows.
    """
    for candidate in candidates(tree, leaf, value):
        if candidate != value:
            try:
                check_readers(parse_curriculum(with_value(tree, leaf, candidate)))
            except LineageError:
                continue
            return candidate
    return None


def candidates(tree: dict[str, Any], leaf: Leaf, value: Any) -> Iterator[Any]:
    name = leaf[-1]
    if isinstance(value, bool):
        yield not value
    elif name in ("rows", "max_pages", "max_megabytes", "answers"):
        yield from (1, 2)
    elif isinstance(value, int):
        halved = name in ("heads", "kv_heads", "vocab_size", "batch_size")
        yield from (value // 2,) if halved else (value * 2, value + 1)
    elif isinstance(value, float):
        yield from (value + 0.3, value * 1.5)
    elif isinstance(value, list):
        choices = {
            "forms": ["record", "document", "summary", "prompt_answer"],
            "exclude": ["company_reports", "arithmetic", "krx_samples"],
        }.get(name, [])
        yield from ([*value, one] for one in choices if one not in value)
        yield value[:-1]
    else:
        yield from CHOICES.get(name, ())
        if name == "parent":
            yield from ("v2", "v6_clean", *reversed(tree["versions"]))
        elif name == "licence":
            yield from tree["licences"]
        elif name == "reference":
            yield from tree["sources"]
        elif name == "revision":
            yield value[::-1]
        elif name not in CHOICES:
            yield f"{value}x"


def _choices() -> dict[str, tuple[str, ...]]:
    """What the types of the curriculum allow, by field name."""
    from lineage.config.goal import Goal
    from lineage.config.schema import Chain, Generated, Licence, Profile, Source, Version
    from lineage.config.version import MixEntry

    found: dict[str, tuple[str, ...]] = {"data": ("sample",), "profile": ("small",), "parent": ()}
    for model in (Chain, Profile, Licence, Generated, Source, Version, MixEntry, Goal):
        for name, field in model.model_fields.items():
            if (values := get_args(field.annotation)) and all(isinstance(v, str) for v in values):
                found[name] = values
    return found | {"reader": ("questions", "prompt_response")}


CHOICES = _choices()


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_every_leaf(world: World) -> None:
    begun, fixed, missed, unlisted = time.monotonic(), set[str](), list[str](), list[str]()
    used: Counter[tuple[str, str]] = Counter()
    answers = []
    for leaf, value in leaves(world.tree):
        name = ".".join(leaf)
        other = other_value(world.tree, leaf, value)
        if other is None:
            fixed.add(next((pattern for pattern in NO_OTHER_VALUE if fnmatchcase(name, pattern)), name))
            continue
        runs, fresh, idle = world.compare(Change(name, with_value(world.tree, leaf, other), leaf))
        missed += [
            f"{name}: {value!r} → {other!r} changes {stage}, which DVC takes for fresh" for stage in sorted(fresh)
        ]
        for stage in sorted(idle):
            entry = next((e for e in FALSELY_STALE if fnmatchcase(name, e[0]) and fnmatchcase(stage, e[1])), None)
            if entry is None:
                unlisted.append(f"{name}: {value!r} → {other!r} runs {stage}, whose result stays the same")
            else:
                used[entry] += 1
        answers.append((name, value, other, runs, idle))
    show(answers, used, time.monotonic() - begun)
    assert missed == []
    assert unlisted == []
    assert fixed == set(NO_OTHER_VALUE)
    assert set(used) == set(FALSELY_STALE), "an entry of FALSELY_STALE is no longer needed: take it out"


def show(answers: list[Any], used: Counter[tuple[str, str]], seconds: float) -> None:
    for name, value, other, runs, idle in answers:
        print(f"{name}: {json.dumps(value, ensure_ascii=False)} → {json.dumps(other, ensure_ascii=False)}")
        print(f"    runs {' '.join(sorted(runs - idle)) or 'nothing'}; for nothing: {' '.join(sorted(idle)) or '–'}")
    print(f"{len(answers)} leaves in {seconds:.0f} s; falsely stale, changes and stages:")
    for (leaf, stage), count in used.items():
        print(f"    {count:5}  {leaf} → {stage}: {FALSELY_STALE[leaf, stage]}")


# Fields that params.yaml leaves at their defaults, and what must run when one is written into it.
OPTIONAL: dict[Leaf, tuple[Any, str]] = {
    ("name",): ("our-lineage", "report"),
    ("papers", "site_reports", "withdrawn"): (["0" * 64], "convert@site_reports"),
    ("sources", "rules", "personal"): ("refuse", "ingest@rules"),
    ("sources", "accounting", "withdrawn"): ("all", "ingest@accounting"),
    ("sources", "rules", "near_duplicates"): ("keep", "mix@v4"),
    ("sources", "financial_reports", "part_characters"): (200, "ingest@financial_reports"),
    ("sources", "krx_samples", "supervise"): ("all", "ingest@krx_samples"),
    ("sources", "krx_samples", "columns"): ({"prompt": "prompt"}, "ingest@krx_samples"),
    ("sources", "problems", "only"): ({"field": ["markets"]}, "ingest@problems"),
    ("versions", "v4", "mix", "questions", "fields"): ({"markets": 2}, "mix@v4"),
    ("versions", "v4", "superseded"): ("keep", "mix@v4"),
    ("versions", "v6", "deduplicate"): ("ancestry", "mix@v6"),
    ("versions", "v6", "decontaminate"): (True, "mix@v6"),
    ("versions", "v4", "drawn_as"): ("v9", "mix@v4"),
    ("versions", "v6", "train", "r"): (32, "train@v6"),
    ("versions", "v6", "train", "preference"): ({"beta": 0.1, "lr_scale": 1.0, "budget_scale": 1.0}, "train@v6"),
    ("chain", "lora", "rslora"): (True, "train@v1"),
    ("chain", "lora", "dora"): (True, "train@v1"),
    ("profiles", "cpu", "loss"): ("full", "train@v1"),
    ("profiles", "cpu", "packing"): (True, "train@v1"),
    ("profiles", "cpu", "double_quant"): (False, "train@v1"),
    ("profiles", "cpu", "gradient_checkpointing"): (True, "train@v1"),
    ("profiles", "cpu", "base", "build", "tied"): (False, "base"),
    ("profiles", "cpu", "launch"): ({"strategy": "fsdp2"}, "train@v1"),
    # Where a version is trained shapes nothing: of the stages the check alone looks at it.
    ("profiles", "cpu", "launch", "nodes"): (1, "check"),
    ("profiles", "cpu", "launch", "rendezvous"): ("10.0.0.1:29400", "check"),
    ("profiles", "cpu", "launch", "patience"): (60, "check"),
    ("profiles", "cpu", "may_differ"): (["optimizer"], "train@v1"),
    ("evaluation", "sets"): ({"questions.record": {"max_new_tokens": 9}}, "evaluate@v1"),
    ("evaluation", "generation"): ({"repetition_penalty": 1.1}, "evaluate@v1"),
    # Only `lineage promote` reads the goal: of the stages the check alone looks at it.
    ("goal", "weights"): ({"rules": 2.0}, "check"),
    ("goal", "measures"): ({"questions": "score"}, "check"),
    ("goal", "margins"): ({"rules.record": 0.2}, "check"),
    ("goal", "guard"): ("all", "check"),
    ("goal", "unguarded"): (["krx_samples"], "check"),
    ("goal", "looks"): (10, "check"),
    ("goal", "limits", "empty"): (0.1, "check"),
    ("goal", "limits", "other_language"): (0.1, "check"),
}


@pytest.mark.slow
def test_every_optional_field(world: World) -> None:
    for leaf, (value, stage) in OPTIONAL.items():
        runs, missed, _ = world.compare(Change(".".join(leaf), with_value(world.tree, leaf, value), leaf))
        assert missed == set(), leaf
        assert stage in runs, leaf


@pytest.mark.slow
def test_the_input_of_a_source(world: World) -> None:
    """`input` and `papers` change together: what was converted is read raw, and the other way round."""
    for source, spec in world.tree["sources"].items():
        if source in world.tree["generated"]:
            continue
        tree = as_json(world.tree)
        if spec["input"] == "documents":
            tree["sources"][source]["input"] = "raw"
            del tree["papers"][source]
        else:
            tree["sources"][source]["input"] = "documents"
            tree["papers"][source] = dict(tree["papers"]["site_reports"])
        runs, missed, _ = world.compare(Change(source, tree, ("sources", source, "input")))
        assert missed == set()
        assert f"ingest@{source}" in runs


QUICK = ("mix@", "evaluate@", "baseline", "report", "superseded", "duplicates", "contamination", "cards")


@pytest.mark.slow
def test_every_raw_source(world: World) -> None:
    """A file of one source is changed: its own stages run, and training only for the versions that have it inside."""
    for source in world.c.sources:
        if source in world.c.generated:
            continue  # it has no files: it changes with its reference
        kept = Path("kept_raw")
        folder = Path("data/raw/own", source)
        shutil.copytree(folder, kept)
        change_raw(folder)
        world.judge.known.clear()
        runs, missed, idle = world.compare(Change(source, world.tree, source=source))
        shutil.rmtree(folder)
        kept.rename(folder)
        world.judge.known.clear()
        assert missed == set(), source
        assert f"ingest@{source}" in runs
        assert {stage for stage in idle if not stage.startswith(QUICK)} == set()
        inside = {v for v in world.c.versions if mentions(world.c, v, source)}
        trained = {stage[6:] for stage in runs if stage.startswith("train@")}
        assert trained <= inside, f"{source}: {sorted(trained - inside)} would be trained for nothing"
        used = {v for v in world.c.versions if source in world.c.versions[v].mix}
        assert used <= trained, f"{source}: {sorted(used - trained)} would stay as it is"
        print(f"{source}: trains {', '.join(v for v in world.c.versions if v in trained)}")


def mentions(c: Curriculum, version: str, source: str) -> bool:
    """Whether a version or an ancestor takes rows of a source, or leaves out what was made from its documents."""
    line = [c.versions[v] for v in (version, *c.ancestors(version))]
    return any(source in v.mix or source in v.exclude for v in line)


def change_raw(folder: Path) -> None:
    """Take the first half of the files away, or, of a single one, its first rows."""
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    first = files[0]
    if len(files) > 1:
        for file in files[: len(files) // 2]:
            file.unlink()
    elif first.suffix == ".jsonl":
        lines = first.read_text(encoding="utf-8").splitlines(keepends=True)
        first.write_text("".join(lines[3:]), encoding="utf-8")
    else:
        rows = json.loads(first.read_text(encoding="utf-8"))
        first.write_text(json.dumps(rows[3:], ensure_ascii=False), encoding="utf-8")


@pytest.mark.slow
def test_a_new_version_with_its_source_trains_nothing_else(world: World) -> None:
    tree = as_json(world.tree)
    tree["sources"]["agents"] = tree["sources"]["krx_samples"] | {"title": "Agent dialogues"}
    tree["sources"]["bench"] = tree["sources"]["problems"] | {"title": "A benchmark", "heldout": 1}
    tree["versions"]["v7"] = tree["versions"]["v6"] | {"parent": "v6", "exclude": []}
    tree["versions"]["v7"]["mix"] = {"agents": {"form": "prompt_answer", "weight": 1}}
    new = {"agents": "krx_samples", "bench": "problems"}
    for source, like in new.items():
        shutil.copytree(Path("data/raw/own", like), Path("data/raw/own", source))
    runs, missed, _ = world.compare(Change("v7", tree, ("versions", "v7")))
    for source in new:
        shutil.rmtree(Path("data/raw/own", source))
    assert missed == set()
    assert {stage for stage in runs if stage.startswith("train@")} == {"train@v7"}
    assert "base" not in runs


@pytest.mark.slow
def test_promotions_are_reported_and_published(world: World) -> None:
    file = Path("promotions.yaml")
    text = file.read_text(encoding="utf-8")
    file.write_text("- {version: v6, because: better, by: tests}\n", encoding="utf-8")
    world.judge.known.clear()
    assert world.judge.would_run(set()) == {"report", "publish"}
    file.write_text(text, encoding="utf-8")
    world.judge.known.clear()


@pytest.mark.slow
def test_the_shortened_judgement_is_that_of_dvc_status(world: World) -> None:
    """`Judge` asks DVC stage by stage and remembers what cannot have changed: the same as `dvc status`, slower."""
    for leaf, value in (
        (("versions", "v3", "parent"), "v2"),
        (("profile",), "small"),
        (("seed",), 7),
        (("sources", "rules", "heldout"), 0.4),
    ):
        write_params(Path(), with_value(world.tree, leaf, value))
        direct = world.judge.would_run(set())
        assert set(json.loads(world.w.run("dvc", "status", "--json").splitlines()[-1])) == direct
        write_params(Path(), world.tree)


def test_no_parameter_is_dead() -> None:
    """Every field of the curriculum is read by code somewhere; `because` and its like by the report."""
    read = read_by_code()
    unread = {".".join(leaf) for leaf, _ in leaves(shipped_curriculum()) if leaf[-1] not in read}
    assert unread == set()


def test_every_stage_of_the_design_is_in_the_graph() -> None:
    """The rehearsal and dvc.yaml speak of the same stages."""
    import yaml

    graph = yaml.safe_load((Path(__file__).parent.parent / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    c = parse_curriculum(short_curriculum() | {"papers": {}, "generated": {}})
    assert {stage.partition("@")[0] for stage in stages_of(c)} | {"samples", "convert", "generate"} == set(graph)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return built_once(tmp_path_factory.getbasetemp())


TRAIN = ("train@v1", "train@v2", "train@v3")


@pytest.mark.slow
def test_nothing_runs_twice(built: Workspace, tmp_path: Path) -> None:
    w = copy_of(built, tmp_path / "w")
    begun = time.monotonic()
    assert w.repro(*TRAIN) == set()
    print(f"nothing to do: {time.monotonic() - begun:.1f} s")
    assert "up to date" in w.said


@pytest.mark.slow
@pytest.mark.parametrize(
    ("source", "trained"),
    [("accounting", {"train@v2"}), ("questions", {"train@v3"})],
)
def test_one_raw_file_trains_the_versions_that_use_it(
    built: Workspace, tmp_path: Path, source: str, trained: set[str]
) -> None:
    w = copy_of(built, tmp_path / "w")
    before = {v: w.adapter(v) for v in ("v1", "v2", "v3")}
    w.add_rows(source, 12)
    done = w.repro(*TRAIN)
    assert {stage for stage in done if stage.startswith(("train@", "base"))} == trained
    assert {stage for stage in done if stage.startswith("ingest@")} == {f"ingest@{source}"}
    assert {f"train@{v}" for v, adapter in before.items() if w.adapter(v) != adapter} == trained
    assert w.repro(*TRAIN) == set()


@pytest.mark.slow
def test_the_first_source_trains_everything_after_it(built: Workspace, tmp_path: Path) -> None:
    w = copy_of(built, tmp_path / "w")
    before = {v: w.adapter(v) for v in ("v1", "v2", "v3")}
    w.add_rows("krx_samples", 12)
    assert {stage for stage in w.repro(*TRAIN) if stage.startswith(("train@", "base"))} == set(TRAIN)
    assert all(w.adapter(v) != adapter for v, adapter in before.items())
    (w.root / "data/raw/own/krx_samples/more.json").unlink()
    # As it was before: everything comes back from DVC's cache of runs, nothing is trained.
    assert not {stage for stage in w.repro(*TRAIN) if stage.startswith("train@")}
    assert {v: w.adapter(v) for v in before} == before
