"""DVC's own commands show the figures of the page."""

import csv
import shutil
from pathlib import Path

import pytest
import yaml

from lineage.artifacts.comparison import read_comparison
from lineage.reporting.report import report
from lineage.reporting.set_order import set_order
from lineage.reporting.two_versions import two_versions
from lineage.reporting.workspace import read_workspace
from tests.lineage.reporting.reported_world import edit_rows, small_curriculum, write_world
from tests.workspace import git

C, PROJECT = small_curriculum(), Path(__file__).parents[3]


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace under git and DVC whose report is committed; `dvc.yaml` has the project's metrics and plots."""
    write_world(tmp_path, C)
    monkeypatch.chdir(tmp_path)
    graph = yaml.safe_load((PROJECT / "dvc.yaml").read_text(encoding="utf-8"))
    shown = {name: graph[name] for name in ("metrics", "plots")}
    stage = {"cmd": "true", "outs": ["reports"]}
    Path("dvc.yaml").write_text(yaml.safe_dump({"stages": {"report": stage}} | shown), encoding="utf-8")
    Path(".gitignore").write_text("/reports\n/data\n/models\n/metrics\n", encoding="utf-8")
    git(tmp_path, "init", "--quiet")
    from dvc.repo import Repo

    Repo.init(".").close()
    commit("one")
    return tmp_path


def commit(message: str) -> None:
    """The report as it is now, in DVC's cache and in git."""
    from dvc.repo import Repo

    shutil.rmtree("reports", ignore_errors=True)
    Path("reports").mkdir()
    report(C, Path("reports"))
    with Repo(".") as repo:
        repo.commit(force=True)
    git(Path(), "add", "--all")
    git(Path(), "commit", "--quiet", "--message", message)


def test_what_dvc_shows_is_what_the_page_shows(repository: Path) -> None:
    from dvc.repo import Repo

    before = read_comparison()
    edit_rows(repository, "v4", "rules.record", lambda at, row: {"nll": row["nll"] + 20 * (1 + 0.1 * (at % 3))})
    commit("two")
    after = read_comparison()
    with Repo(".") as repo:
        changed = repo.metrics.diff("HEAD~1", "HEAD")["diff"]
        drawn = repo.plots.show(revs=["HEAD~1", "HEAD"])
    mine = changed["reports/metrics/v4.json"]
    old, new = before.versions["v4"], after.versions["v4"]
    assert old.pooled and new.pooled and set(mine) == {"nll", "better", "worse"}
    assert (mine["nll"]["old"], mine["nll"]["new"]) == (old.pooled.nll, new.pooled.nll)
    assert (mine["worse"]["old"], mine["worse"]["new"], mine["better"]["new"]) == (2, 3, 1)
    assert set(changed) == {"reports/metrics/v4.json"}, "v4_clean continues the base"
    for revision in ("HEAD~1", "HEAD"):
        files = drawn[revision]["definitions"]["data"]["dvc.yaml"]["data"]
        assert len(files) == 2 * len(C.versions), "a curve and the sets of each version"
    rows = drawn["HEAD"]["sources"]["data"]["reports/plots/sets/v4.csv"]["data"]
    assert {row["set"]: float(row["nll"]) for row in rows} == {name: one.nll for name, one in new.sets.items()}


def test_they_count_as_the_page_does(repository: Path) -> None:
    w, comparison = read_workspace(C), read_comparison()
    for version, one in comparison.versions.items():
        figures = yaml.safe_load(Path(f"reports/metrics/{version}.json").read_text(encoding="utf-8"))
        assert one.pooled and figures["nll"] == one.pooled.nll and figures["forgot"] == len(one.forgot)
        assert figures.get("right") == (one.right.share if one.right else None)
        found = two_versions(w, one.parent, version)
        assert figures["worse"] >= len(found.forgot)
        with Path(f"reports/plots/sets/{version}.csv").open(encoding="utf-8", newline="") as file:
            assert [row["set"] for row in csv.DictReader(file)] == list(set_order(w))
        history = Path(f"models/{version}/history.csv").read_text(encoding="utf-8").splitlines()
        assert len(Path(f"reports/plots/loss/{version}.csv").read_text(encoding="utf-8").splitlines()) == len(history)


def test_what_is_not_measured_has_no_figures(repository: Path) -> None:
    shutil.rmtree("metrics/v4")
    commit("two")
    assert Path("reports/metrics/v4.json").read_text(encoding="utf-8").strip() == "{}"
    assert not Path("reports/plots/sets/v4.csv").exists() and Path("reports/plots/loss/v4.csv").is_file()
