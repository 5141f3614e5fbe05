import os
from pathlib import Path
from typing import Any

import pytest

from lineage.core.errors import LineageError
from lineage.tracking.publish import publish
from lineage.tracking.server import local_uri
from tests.lineage.tracking.published_world import client, runs


def killed(work: Any, at: str, count: int) -> None:
    """Do `work` in a child that dies, as by SIGKILL, when it calls `module:Class.method` for the nth time."""
    import importlib

    module, _, path = at.partition(":")
    owner, name = path.split(".")
    if child := os.fork():
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
        return
    kind, seen = getattr(importlib.import_module(module), owner), [0]
    real = getattr(kind, name)

    def dying(*a: Any, **k: Any) -> Any:
        seen[0] += 1
        if seen[0] == count:
            os._exit(9)
        return real(*a, **k)

    setattr(kind, name, dying)
    try:
        work()
    finally:
        os._exit(0)


MIGRATED = "alembic.runtime.migration:HeadMaintainer.update_to_step"


def test_a_publish_that_is_killed_while_the_database_is_made_blocks_no_later_one(workspace: Path) -> None:
    database = workspace / ".state/mlflow/mlflow.db"
    database.unlink()
    for count in (2, 12):
        killed(lambda: publish(local_uri()), MIGRATED, count)
        assert not database.exists()
    # As a server that makes it in place leaves it: MLflow finds `_alembic_tmp_tags` there and goes no further.
    killed(lambda: client().search_experiments(), MIGRATED, 5)
    assert database.stat().st_size
    journal = database.with_name("mlflow.db-journal")
    journal.write_bytes(b"of another database")
    publish(local_uri())
    assert len(runs()) == 5
    assert not journal.exists()
    assert not list(database.parent.glob("making.*/"))


def test_a_database_that_cannot_be_read_is_left_as_it_is(workspace: Path) -> None:
    file = workspace / ".state/mlflow/mlflow.db"
    file.write_bytes(b"not a database" * 100)
    with pytest.raises(LineageError, match=r"rm -r \.state/mlflow"):
        publish(local_uri())
    assert file.read_bytes() == b"not a database" * 100
