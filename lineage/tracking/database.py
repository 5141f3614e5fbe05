"""The workspace's own MLflow database: there whole, or not there.

MLflow makes a new database by dozens of migrations in place. One that is stopped in the middle is refused by every
later start, so it is made beside its place and renamed. MLflow writes its first experiment after the last migration: a
database without one was never whole, and nothing is in it.
"""

import fcntl
import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

BESIDE = (
    "-journal",
    "-wal",
    "-shm",
)  # what SQLite keeps next to a database; of another one it would be read as this one's


def make_database(file: Path) -> None:
    """Make an empty MLflow database, unless there is one; what a killed process left half-made goes."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with (file.parent / "making.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for left in file.parent.glob("making.*/"):
            shutil.rmtree(left, ignore_errors=True)
        if _is_whole(file):
            return
        from mlflow import MlflowClient

        scratch = Path(tempfile.mkdtemp(prefix="making.", dir=file.parent))
        MlflowClient(f"sqlite:///{(scratch / file.name).absolute()}").search_experiments(max_results=1)
        for suffix in BESIDE:
            file.with_name(file.name + suffix).unlink(missing_ok=True)
        (scratch / file.name).replace(file)
        shutil.rmtree(scratch, ignore_errors=True)


def _is_whole(file: Path) -> bool:
    """Whether MLflow came to its end with it. One that cannot be read is left for MLflow to complain of."""
    if not file.is_file():
        return False
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", uri=True)) as database:
            return bool(database.execute("SELECT count(*) FROM experiments").fetchone()[0])
    except sqlite3.DatabaseError as error:
        return "no such table" not in str(error)
