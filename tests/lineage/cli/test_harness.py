from pathlib import Path

import pytest

from tests.lineage.cli.words import refused, said


def test_the_harness_is_printed_beside_ours(lineage_copy: Path, capsys: pytest.CaptureFixture) -> None:
    pytest.importorskip("lm_eval", reason="lm-evaluation-harness is not installed (extra: harness)")
    printed = said(capsys, "harness", "v2", "problems.prompt_answer", "--rows", "5")
    assert "2 tasks in .state/harness/tasks, of 5 rows in 1 sets" in printed
    line = printed.split("krx_problems_prompt_answer_choice ")[1].split()
    assert line[0] == "3" and line[1] == line[2] and float(line[3]) < 1e-4
    assert Path(".state/harness/tasks/krx_problems_prompt_answer_nll.yaml").is_file()


def test_the_task_files_alone_need_no_version_that_is_built(lineage_copy: Path, capsys: pytest.CaptureFixture) -> None:
    printed = said(capsys, "harness", "base", "krx_style.market", "problems.prompt_answer", "--tasks-only")
    assert "4 tasks" in printed and "apart" not in printed
    assert "unknown version 'v9'; params.yaml has base, v1" in refused("harness", "v9")
