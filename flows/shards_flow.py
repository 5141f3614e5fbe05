"""Convert a source's PDFs on several machines: `python -m flows.shards_flow site_reports 16`.

It runs in the workspace, and hands shards out to the workers of the pool of `prefect.yaml`. PDFs and cache lie on a
file system that all machines share. Then the stage itself takes the documents from the cache, here. docs/many-pdfs.md
"""

import os
import sys
from typing import Annotated

from prefect import flow, get_run_logger, runtime
from pydantic import Field

from flows.alone import after_a_kill, alone
from flows.choices import PaperName
from flows.leases import TERM, Leases
from flows.order_runs import OrderRuns
from flows.own_checkout import commit_of
from flows.repro import one_dvc, reproduce
from flows.shard_handout import ShardHandout, marked
from flows.work_order import ShardOrder
from lineage.config.load import load_curriculum
from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.pdf.paper_source import paper_source
from lineage.planning.dvc_graph import in_order, read_graph, upstream

DEPLOYMENT = "shard/shard"


@flow(name="shards", on_crashed=[after_a_kill])
def convert_in_shards(
    source: PaperName,
    shards: Annotated[int, Field(ge=1, le=100_000)] = 16,
    workers: Annotated[int, Field(ge=0)] = 0,
    term: float = TERM,
) -> None:
    """Convert a source's PDFs on all machines that work for this server, then run its stage here.

    Args:
        source: A source of PDFs, one of papers: in params.yaml.
        shards: How many parts. Several for each machine, so that one that is lost loses little.
        workers: Files at a time on each machine. 0: as many as it has processors.
        term: Seconds without a sign of life, after which a shard is handed to another worker.
    """
    found = paper_source(load_curriculum(), source)
    me, say = runtime.flow_run, get_run_logger().info
    with alone() as holder, one_dvc(holder.fileno()) as dvc:
        commit, graph = commit_of(), read_graph(dvc.ask)
        stage = f"convert@{source}"
        before = upstream(graph, {stage}) - {stage}
        for name in in_order(graph):
            if name in before:
                reproduce(name, lambda line, name=name: say(f"{name}: {line}"))  # type: ignore[misc]
        with marked(paths.document_cache()) as mark:
            orders = [
                ShardOrder(
                    commit=commit,
                    source=source,
                    shard=f"{number}/{shards}",
                    raw=str(found.raw.absolute()),
                    cache=str(paths.document_cache().absolute()),
                    mark=mark,
                    workers=workers,
                )
                for number in range(1, shards + 1)
            ]
            ShardHandout(OrderRuns(str(me.id), DEPLOYMENT), Leases(term), say).run(orders)
        outcome = reproduce(stage, lambda line: say(f"{stage}: {line}"))
        say(f"{stage}: {outcome}")


if __name__ == "__main__":
    try:
        shards = int(sys.argv[2]) if sys.argv[2:] else 16
        convert_in_shards(sys.argv[1], shards=shards, term=float(os.environ.get("KRX_LEASE_SECONDS", TERM)))
    except LineageError as failed:
        sys.exit(f"\n✗ {failed}\n")
