from pathlib import Path

import pytest

from lineage.cli.main import main
from lineage.core.stage import only_writer
from lineage.planning.state import State


def test_publish_waits_for_no_other_writer(workspace: Path, capsys) -> None:
    with only_writer("python -m stages.train v1"), pytest.raises(SystemExit) as end:
        main(["publish"])
    assert end.value.code == 1
    assert "another stage is writing here: python -m stages.train v1" in capsys.readouterr().err


def test_publish_knows_what_is_stale(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = {"base": State("base", "built"), "v1": State("v1", "stale", "mix: weight 1 → 2")}
    told: list[object] = []
    monkeypatch.setattr("lineage.cli.publish.states", lambda c: found)
    monkeypatch.setattr("lineage.cli.publish.main", lambda inputs, stale: told.append(dict(stale)))
    main(["publish"])
    assert told == [{"v1": "mix: weight 1 → 2"}]
