"""dvc.yaml lists, for every stage, the code that shapes its result: compared with what the modules really import."""

import ast
from functools import cache
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent

# Modules whose whole effect arrives some other way, and how.
EXEMPT = {
    "lineage/curriculum.py": "its values arrive through `params`",
    "lineage/coherence.py": "refuses a curriculum, changes none",
    "lineage/errors.py": "words for people",
    "lineage/stage.py": "starts a stage, locks the workspace, shapes no result",
    "lineage/files.py": "hashing and renaming; a change of either shows in the outputs of every stage",
    "lineage/record.py": "the shape of a row; a change of it changes the bytes that ingest and mix write",
    "lineage/cost.py": "refuses what cannot fit, shapes no result",
    "lineage/journal.py": "writes down what a run cost, outside identity",
    "lineage/machine.py": "says what this machine has; returning freed memory changes no number",
    "lineage/adoption/shape.py": "refuses the config of an adapter, changes none",
    "stages/lean.py": "imports less, shapes no result",
    "stages/adopted.py": "checks and copies an adapter whose hash arrives through `params`; shapes no other version",
    "lineage/__init__.py": "empty",
    "stages/__init__.py": "empty",
}


def imports(file: Path) -> set[Path]:
    """The project's own modules that a file imports, also inside functions."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        for name in names:
            path = ROOT / name.replace(".", "/")
            found |= {p for p in (path.with_suffix(".py"), path / "__init__.py") if p.is_file()}
    return found


@cache
def reach(file: Path) -> frozenset[Path]:
    """Everything that a file imports, directly or not, and itself; an exempt module is not followed."""
    seen, todo = set(), [file]
    while todo:
        here = todo.pop()
        if here not in seen:
            seen.add(here)
            if here.relative_to(ROOT).as_posix() not in EXEMPT:
                todo += imports(here)
    return frozenset(seen)


def stages() -> dict[str, dict]:
    graph = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    return {name: stage.get("do", stage) for name, stage in graph.items()}


@pytest.mark.parametrize("name", stages())
def test_code_dependencies_are_those_imported(name: str) -> None:
    stage = stages()[name]
    module = ROOT / (stage["cmd"].split()[2].replace(".", "/") + ".py")
    # What is started or opened by name is not imported: data files beside the code, and the PDF worker.
    needed = {p.relative_to(ROOT).as_posix() for p in reach(module)} - set(EXEMPT)
    needed = {p for p in needed if not (p.endswith("__init__.py") and not (ROOT / p).read_text().strip())}
    listed = [d for d in stage.get("deps", []) if d.startswith(("stages/", "lineage/"))]
    covered = {p for p in needed for d in listed if p == d or p.startswith(d.rstrip("/") + "/")}
    assert needed - covered == set(), f"{name}: dvc.yaml does not list this code"
    idle = [d for d in listed if d not in EXEMPT and d.endswith(".py") and d not in needed]
    assert not idle, f"{name}: dvc.yaml lists code that is not imported"


def test_every_stage_is_a_module_of_the_same_name() -> None:
    for name, stage in stages().items():
        if name != "baseline":  # the base's evaluation: its command names the module
            assert stage["cmd"].startswith(f"python -m stages.{name}")
            assert (ROOT / "stages" / f"{name}.py").is_file()
