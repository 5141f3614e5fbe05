"""What a machine is asked for and what it hands back: one stage, at one commit, from inputs that are named by hash.

    Order(commit="3f2a…", stage="train@v3", lock={"mix@v3": "  mix@v3:\\n    cmd: …"}, files={"data/checked.json": "…"})
    Delivery(commit="3f2a…", stage="train@v3", entry="  train@v3:\\n    cmd: …", outcome="rebuilt", worker="b:/w1")

The order holds all that the worker needs beside git and DVC's remote, so whoever takes it, or takes it again, makes the
same.
"""

import hashlib

from pydantic import BaseModel


class Order(BaseModel, frozen=True):
    """One stage to be made.

    commit: of git, whose code, dvc.yaml and params.yaml make it.
    lock: the entries of `dvc.lock` of the stages that it stands on, and its own if there is one, by stage.
    files: their small outputs that no cache holds, by path.
    force: run the stage even if nothing has changed.
    """

    commit: str
    stage: str
    lock: dict[str, str]
    files: dict[str, str]
    force: bool = False

    def digest(self) -> str:
        """Two orders of the same digest ask for the same."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


class ShardOrder(BaseModel, frozen=True):
    """One shard of a source's PDFs, to be converted into a cache that all machines share.

    commit: of git, whose code and params.yaml convert it.
    shard: 3/16 is the third of sixteen.
    raw: the folder of the PDFs; cache: that of the documents. Both lie on a file system that all machines share.
    mark: a file in the cache by which a machine sees that it is the one that is meant.
    workers: files at a time; 0: as many as the machine has processors.
    """

    commit: str
    source: str
    shard: str
    raw: str
    cache: str
    mark: str
    workers: int = 0

    @property
    def stage(self) -> str:
        """What people read."""
        return f"convert@{self.source}, shard {self.shard}"

    def digest(self) -> str:
        """Two orders of the same digest ask for the same."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


class Delivery(BaseModel, frozen=True):
    """A stage that was made, its files and its run cache are in DVC's remote; or a shard, its documents in the cache.

    entry: the stage's lines of `dvc.lock`; of a shard nothing.
    outcome: rebuilt, restored, fresh or not built; of a shard the counts.
    worker: the machine and the folder.
    """

    commit: str
    stage: str
    entry: str
    outcome: str
    worker: str
