import shutil
from pathlib import Path

import pytest

from lineage.artifacts.not_built import NO_ROWS, NotBuilt, what_training_lacks, write_not_built
from lineage.config.load import load_curriculum
from lineage.core import paths
from lineage.reporting.report import report
from tests.lineage.cli.words import refused, said
from tests.workspace import git


def test_results_before_there_is_a_report(workspace: Path) -> None:
    assert "dvc repro report" in refused("results")


@pytest.fixture
def without_v2(lineage_copy: Path) -> Path:
    """The tiny lineage as it is where v2's source has no rows."""
    shutil.rmtree(paths.mix("v2"))
    shutil.rmtree(paths.adapter("v2"))
    write_not_built(paths.mix("v2"), NotBuilt(version="v2", no_rows={"problems": NO_ROWS}))
    lacking = what_training_lacks("v2", "v1")
    assert lacking
    write_not_built(paths.adapter("v2"), lacking)
    paths.REPORTS.mkdir(exist_ok=True)
    report(load_curriculum(), paths.REPORTS)
    return lineage_copy


def test_a_version_that_is_not_built_is_named_once_with_its_reason(without_v2: Path, capsys) -> None:
    out = said(capsys, "results")
    assert out.count("v2 not built: no rows of problems; `lineage check` says where files belong") == 1
    assert "from base" in out and "from v1" in out
    assert out.count("v2") == 1, "nothing is compared of it"
    page = (paths.REPORTS / "lineage.html").read_text(encoding="utf-8")
    assert "not built: no rows of problems" in page and not (paths.REPORTS / "cards/v2.md").exists()
    assert "v2 cannot be built · no rows of problems" in said(capsys, "show")
    assert "v2 was not built at the last rebuild: no rows of problems; once that is mended: dvc repro train@v2" in said(
        capsys, "check"
    )
    for words in (("ask", "v2", "?"), ("provenance", "v2")):
        assert "v2 is not built: no rows of problems" in refused(*words)


def test_what_git_shows_of_the_lock_is_explained_where_it_differs(without_v2: Path, capsys) -> None:
    assert "git" not in said(capsys, "results"), "nothing is kept by git here"
    Path("dvc.lock").write_text("stages: {}\n", encoding="utf-8")
    git(without_v2, "init", "--quiet")
    git(without_v2, "add", "dvc.lock")
    git(without_v2, "commit", "--quiet", "--message", "a lock")
    assert "git shows" not in said(capsys, "results")
    Path("dvc.lock").write_text("stages: {train@v1: {}}\n", encoding="utf-8")
    out = said(capsys, "results")
    assert "git shows dvc.lock as changed, rightly" in out and "undo it: git checkout dvc.lock" in out
