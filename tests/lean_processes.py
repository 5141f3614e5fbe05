"""Processes that a test starts to train import less than they would: imports are most of what a short launch costs.

What they leave out, `lineage/base_model/fast_import.py` says; it changes no byte.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

# Python runs a module of this name before its program. `launch` hands the path of this process on.
BEFORE = """
import sys
from types import SimpleNamespace

if "lineage.training.rank_process" in sys.orig_argv:
    from lineage.base_model.fast_import import import_lean
    from lineage.core.stage import prepare_environment

    prepare_environment()
    import_lean(SimpleNamespace(trainer="hf", load_in_4bit=False))
"""


@pytest.fixture(autouse=True)
def lean_processes(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """For tests that start processes by `lineage.training.launch`."""
    place = tmp_path_factory.mktemp("lean")
    Path(place, "sitecustomize.py").write_text(BEFORE, encoding="utf-8")
    monkeypatch.syspath_prepend(str(place))
    yield
