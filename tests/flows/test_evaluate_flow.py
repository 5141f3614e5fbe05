"""Which stages an evaluation runs: none that trains."""

from pathlib import Path

import pytest

from flows.evaluate_flow import choose, evaluate
from lineage.core.errors import LineageError

GRAPH = {
    "check": frozenset[str](),
    "ingest@rules": frozenset({"check"}),
    "base": frozenset({"check"}),
    "mix@v1": frozenset({"ingest@rules"}),
    "train@v1": frozenset({"mix@v1", "base"}),
    "train@v2": frozenset({"train@v1", "base"}),
    "baseline": frozenset({"base", "ingest@rules"}),
    "evaluate@v1": frozenset({"train@v1", "base", "ingest@rules"}),
    "evaluate@v2": frozenset({"train@v2", "base", "ingest@rules"}),
    "report": frozenset({"baseline", "evaluate@v1", "evaluate@v2", "mix@v1"}),
    "publish": frozenset({"report"}),
}


def test_it_measures_what_lies_here_and_builds_nothing() -> None:
    stages, forced = choose(["base", "v2"], False, GRAPH)
    assert stages == ["check", "ingest@rules", "baseline", "evaluate@v2", "report", "publish"]
    assert not forced
    assert choose(["v1"], True, GRAPH)[1] == {"evaluate@v1"}


def test_what_is_not_built_cannot_be_measured(workspace: Path) -> None:
    with pytest.raises(LineageError, match=r"versions: unknown v9; params\.yaml has v1"):
        evaluate.fn(versions=["v9"])
    with pytest.raises(LineageError, match="versions: v2 not built here; build it with the deployment `rebuild`"):
        evaluate.fn(versions=["v2"])
    with pytest.raises(LineageError, match="nothing is built here"):
        evaluate.fn()
