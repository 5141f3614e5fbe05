import json
import shutil
from pathlib import Path

import pytest
import yaml

from lineage.cli.main import main
from tests.lineage.cli.words import refused, said
from tests.lineage.reporting.reported_world import edit_rows, small_curriculum, write_world

C = small_curriculum()


@pytest.fixture
def measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace whose versions are measured: v4's answers to questions are known, the other figures made up."""
    write_world(tmp_path, C)
    project = yaml.safe_load((Path(__file__).parents[3] / "params.yaml").read_text(encoding="utf-8"))
    tree = project | {"versions": C.model_dump(mode="json", exclude_none=True)["versions"], "profile": "cpu"}
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(tree | {"data": "sample"}, sort_keys=False), encoding="utf-8")
    for version, right in (("v3", 4), ("v4", 30)):
        edit_rows(tmp_path, version, "questions.record", lambda at, row, right=right: {"score": float(at < right)})
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_two_versions_set_by_set(measured: Path, capsys: pytest.CaptureFixture) -> None:
    shown = said(capsys, "compare", "v3", "v4")
    assert "v4 against v3" in shown and "-1.00 (-1.01, -1.00)" in shown
    assert "26 right, 0 wrong anew" in shown and "10% → 75%" in shown and "choice, chance 25%" in shown
    found = json.loads(said(capsys, "compare", "v3", "v4", "--json"))
    one = found["sets"]["questions.record"]
    assert one["nll"]["verdict"] == one["score"]["verdict"] == "improved" and len(one["gained"]) == 26
    assert found["sets"]["site_reports.document"]["nll"]["verdict"] == "worse"
    assert one["score"]["p"] < 1e-6, "McNemar's exact test of 26 against 0, among nine"


def test_the_rows_that_turned_are_shown(measured: Path, capsys: pytest.CaptureFixture) -> None:
    shown = said(capsys, "compare", "v3", "v4", "--rows", "2")
    assert "turned wrong: 0 rows" in shown and "turned right: 26 rows, the 2 with the largest change of NLL" in shown
    assert shown.count(" questions.record.00") == 2, "and no more of them"
    assert "turned wrong: 26 rows, the 5" in said(capsys, "compare", "v4", "v3", "--rows")
    rows = json.loads(said(capsys, "compare", "v3", "v4", "--rows", "--json"))["rows"]
    assert rows["right_anew"]["rows"] == 26 and len(rows["right_anew"]["shown"]) == 5
    assert "rows" not in json.loads(said(capsys, "compare", "v3", "v4", "--json"))


def test_versions_do_not_stand_behind_rows(measured: Path, capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit) as end:
        main(["compare", "--rows", "v3", "v4"])
    assert end.value.code == 2 and "'v3' is no number of rows; versions stand before" in capsys.readouterr().err


def test_a_set_without_a_verdict_says_what_it_would_have_shown(measured: Path, capsys: pytest.CaptureFixture) -> None:
    assert "unclear; would show 0.0" in said(capsys, "compare", "v3", "v4")
    found = json.loads(said(capsys, "compare", "v3", "v4", "--json"))["sets"]["accounting.prompt_answer"]
    assert found["nll"]["verdict"] == "unclear" and 0 < found["nll"]["smallest"] < 0.1


def test_the_two_newest_are_the_default_and_the_base_is_one_too(measured: Path, capsys: pytest.CaptureFixture) -> None:
    assert "v4_clean against v4" in said(capsys, "compare")
    assert "v4 against v3" in said(capsys, "compare", "v4"), "one alone is compared with its parent"
    assert "v1 against base" in said(capsys, "compare", "base", "v1")


def test_a_version_of_another_workspace_on_the_sets_that_both_were_asked(
    measured: Path, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture
) -> None:
    other = tmp_path_factory.mktemp("others") / "other"
    shutil.copytree(measured, other)
    here = said(capsys, "compare", "v3", "v4", "--json")
    there = json.loads(said(capsys, "compare", f"{other}:v3", "v4", "--json"))
    assert there["sets"] == json.loads(here)["sets"] and "notes" not in there
    assert f"v4 against {other}:v3" in said(capsys, "compare", f"{other}:v3", "v4").replace("\n", "")

    assert "turned right: 26 rows" in said(capsys, "compare", f"{other}:v3", "v4", "--rows", "2")

    edit_rows(other, "v3", "questions.record", lambda at, row: {"tokens": 2 * row["tokens"]})
    edit_rows(other, "v3", "rules.record", lambda at, row: {"id": f"{row['id']}0"})
    apart = json.loads(said(capsys, "compare", f"{other}:v3", "v4", "--json"))
    assert "rules.record" not in apart["sets"]
    assert apart["notes"][0] == "rules.record: not compared, they were asked other rows of it"
    assert "their tokenizers differ: NLL is in nats of a whole answer" in apart["notes"][1]
    whole, token = (one["sets"]["questions.record"]["nll"]["difference"] for one in (apart, there))
    assert whole == pytest.approx(10 * token), "an answer has ten tokens"

    assert "is no workspace, it has no params.yaml" in refused("compare", f"{other}/metrics:v3", "v4")
    assert "measured there: base, v1" in refused("compare", f"{other}:v9", "v4")
    assert "name both versions" in refused("compare", f"{other}:v3")


def test_a_version_that_cannot_be_compared_is_named(measured: Path) -> None:
    assert "v9: not among the versions of params.yaml; measured: v1, v2" in refused("compare", "v3", "v9")
    (measured / "metrics/v4/measures.json").unlink()
    assert "v4: not measured; run `dvc repro evaluate@v4`" in refused("compare", "v3", "v4")
