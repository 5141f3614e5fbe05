"""What the flow refuses, what it plans, and one whole run without a server."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from flows.choices import AS_IT_IS
from flows.lineage_flow import _check_request, _plan, rebuild
from lineage.config.load import load_curriculum
from lineage.core.errors import LineageError
from lineage.planning.dvc_graph import in_order
from tests.flows.conftest import ROOT
from tests.flows.test_repro import GRAPH


def test_the_choices_are_those_of_the_curriculum() -> None:
    from prefect.utilities.callables import parameter_schema

    c = load_curriculum(ROOT / "params.yaml")
    properties = parameter_schema(rebuild).properties
    assert properties["versions"]["items"]["enum"] == c.in_order()
    assert properties["profile"]["enum"] == [AS_IT_IS, *c.profiles]
    assert all(properties[name]["description"] for name in ("versions", "profile", "force", "dry_run"))


def test_another_profile_is_refused_with_the_line_to_change() -> None:
    c = load_curriculum(ROOT / "params.yaml")
    other = next(name for name in c.profiles if name != c.profile)
    _check_request(c, [], AS_IT_IS)
    _check_request(c, ["v3"], c.profile)
    with pytest.raises(LineageError, match=f"change that line to `profile: {other}`"):
        _check_request(c, [], other)
    with pytest.raises(LineageError, match="'tpu' is none of"):
        _check_request(c, [], "tpu")
    with pytest.raises(LineageError, match=r"unknown v9; params\.yaml has v1"):
        _check_request(c, ["v1", "v9"], AS_IT_IS)


def test_a_plan_says_why_each_stage_would_run() -> None:
    plan = {row.stage: row for row in _plan(GRAPH, in_order(GRAPH), {"mix@v2": ["params.yaml modified"]}, {"mix@v1"})}
    assert plan["mix@v2"].why == "params.yaml modified"
    assert plan["mix@v1"].why == "forced"
    assert plan["report"].why == "if what it stands on changes"
    assert [stage for stage, row in plan.items() if row.certain] == ["mix@v1", "mix@v2"]
    assert "check" not in plan


@pytest.mark.slow
def test_only_what_was_stopped_from_outside_is_run_again(workspace: Path) -> None:
    """Like a machine that is taken away and comes back; a stage that fails is not begun a second time."""
    script = """
from flows import lineage_flow, repro
lineage_flow.PREEMPTED_DELAYS = [0.5, 0.5]
begun = []
reproduce = lineage_flow.reproduce
lineage_flow.reproduce = lambda stage, say, force: begun.append(stage) or reproduce(stage, say, force=force)
for stage in ("stopped", "refused"):
    try:
        print(lineage_flow.flow(lambda: lineage_flow._run(stage, force=False, after=[])[0])())
    except lineage_flow._Failed as failed:
        print(failed.row, failed.error)
print(begun)
"""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=300, env=clean)
    assert done.returncode == 0, done.stderr
    stopped, refused, begun = done.stdout.splitlines()[-3:]
    assert "stopped" in stopped and "rebuilt" in stopped
    assert "refused" in refused and "failed" in refused
    assert begun == "['stopped', 'stopped', 'refused']"


@pytest.mark.slow
def test_it_runs_without_a_server(workspace: Path) -> None:
    command = [sys.executable, "-m", "flows.lineage_flow", "v2"]
    graph = workspace / "dvc.yaml"
    graph.write_text(graph.read_text().partition("  report:")[0], encoding="utf-8")
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, env=clean)
    assert done.returncode == 0, done.stderr
    assert (workspace / "out/train_v2").read_text() == "one\n"
    assert not (workspace / "out/train_v3").exists()
    assert (workspace / ".state/prefect").is_dir()
    refused = subprocess.run([*command, "v9"], capture_output=True, text=True, check=False, timeout=300, env=clean)
    assert refused.returncode == 1
    assert "✗ versions: unknown v9" in refused.stderr
