"""dvc.yaml lists, for every stage, the code that shapes its result: compared with what the modules really import."""

from pathlib import Path

import pytest
import yaml

from lineage.core.code_identity import EXEMPT, ROOT, closure, is_exempt


def stages() -> dict[str, dict]:
    graph = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    return {name: stage.get("do", stage) for name, stage in graph.items()}


def says_something(file: Path) -> bool:
    """Not a package's own file with nothing in it but what the package is."""
    return file.name != "__init__.py" or file.read_text(encoding="utf-8").count('"""') == 0 != file.stat().st_size


def any_that_params_name(dep: str) -> str:
    """The folder, of a file of code whose name is a value of params.yaml."""
    return dep.rpartition("/")[0] if dep.startswith("lineage/") and "${" in dep else dep


@pytest.mark.parametrize("name", stages())
def test_code_dependencies_are_those_imported(name: str) -> None:
    stage = stages()[name]
    module = ROOT / (stage["cmd"].split()[2].replace(".", "/") + ".py")
    needed = {p.relative_to(ROOT).as_posix() for p in closure(module) if says_something(p)}
    listed = [d for d in map(any_that_params_name, stage.get("deps", [])) if d.startswith(("stages/", "lineage/"))]
    covered = {p for p in needed for d in listed if p == d or p.startswith(f"{d}/")}
    assert needed - covered == set(), f"{name}: dvc.yaml does not list this code"
    idle = [d for d in listed if not is_exempt(ROOT / d) and not any(p == d or p.startswith(f"{d}/") for p in needed)]
    assert not idle, f"{name}: dvc.yaml lists code that is not imported"


def test_a_shipped_template_is_read_by_the_base_alone() -> None:
    """One more makes no training and no measure stale: they read the one that the base's tokenizer carries."""
    for module in sorted((ROOT / "stages").glob("*.py")):
        reads = [file for file in closure(module) if file.suffix == ".jinja" and file.parent.name == "templates"]
        assert bool(reads) == (module.stem == "base"), module


def test_every_stage_is_a_command_of_the_same_name_and_the_reverse() -> None:
    graph = stages()
    assert graph.pop("baseline")["cmd"] == "python -m stages.evaluate base"
    for name, stage in graph.items():
        assert stage["cmd"].split()[:3] == ["python", "-m", f"stages.{name}"]
    commands = {file.stem for file in (ROOT / "stages").glob("*.py")} - {"__init__"}
    assert commands == set(graph)
    assert [p.name for p in (ROOT / "stages").iterdir() if p.is_dir() and p.name != "__pycache__"] == []


def test_every_exemption_is_of_code_that_is_there() -> None:
    assert [path for path in EXEMPT if not (ROOT / path).exists()] == []
