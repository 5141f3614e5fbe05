from pathlib import Path

import pytest

from lineage.cli.main import main
from lineage.core.stage import only_writer


def test_publish_waits_for_no_other_writer(workspace: Path, capsys) -> None:
    with only_writer("python -m stages.train v1"), pytest.raises(SystemExit) as end:
        main(["publish"])
    assert end.value.code == 1
    assert "another stage is writing here: python -m stages.train v1" in capsys.readouterr().err
