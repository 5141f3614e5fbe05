"""The flow of a worker: one shard of a source's PDFs, by the code of the worker's own checkout, into the shared cache.

`prefect.yaml` serves it as `shard/shard`; `flows/shards_flow.py` asks for it. The shard is a process of its own, which
ends with the flow, and every file in it once more one.
"""

import socket
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

from prefect import flow, get_run_logger, runtime
from prefect.states import Completed, Failed

from flows.guarded import run_guarded
from flows.order_flow import deliver, signs_of_life
from flows.own_checkout import must_be_at
from flows.rebuild_lock import only_rebuild
from flows.slot import free_what_was_left
from flows.work_order import Delivery, ShardOrder
from lineage.core.errors import LineageError
from lineage.core.paths import DOCUMENT_CACHE
from lineage.planning.dvc_graph import complaint


@flow(name="shard")
def convert_one(order: ShardOrder) -> Any:
    """Convert one shard of a source's PDFs into the cache that all machines share.

    Args:
        order: Which shard, of which folder, into which cache.
    """
    log = get_run_logger()
    me = runtime.flow_run
    with signs_of_life(UUID(str(me.id))):
        try:
            must_be_at(order.commit)
            must_be_shared(order)
            with only_rebuild(me.name, str(me.id), log.info, free_what_was_left) as holder:
                variables: dict[str, str | None] = {DOCUMENT_CACHE: order.cache}
                code, lines = run_guarded(command_of(order), log.info, variables=variables, held=holder.fileno())
            if code:
                raise LineageError(f"{complaint(lines)} (exit code {code})")
        except LineageError as error:
            return Failed(message=f"on {socket.gethostname()}: {error}")  # another machine may have what this one lacks
        (counts,) = [line for line in lines if line.startswith(f"{order.source}, shard {order.shard}: ")]
        worker = f"{socket.gethostname()}:{Path.cwd()}"
        made = Delivery(commit=order.commit, stage=order.stage, entry="", outcome=counts, worker=worker)
        deliver(UUID(str(me.id)), made, log.info)
    return Completed(message=counts)


def command_of(order: ShardOrder) -> list[str]:
    """What converts the shard, in a folder with the order's code and params.yaml."""
    workers = ["--workers", str(order.workers)] if order.workers else []
    words = ["convert", order.source, "--shard", order.shard, "--raw", order.raw, *workers]
    return [sys.executable, "-m", "lineage.cli", *words]


def must_be_shared(order: ShardOrder) -> None:
    """Refuse a machine that does not see the folders of the one that asks: it would convert for nobody.

    Raises:
        LineageError: naming the folder.
    """
    if not Path(order.cache, order.mark).is_file():
        raise LineageError(
            f"{order.cache} is not the folder of the machine that asks for {order.stage}: name one that all machines "
            f"share, where it is asked for, by {DOCUMENT_CACHE}"
        )
    if not Path(order.raw).is_dir():
        raise LineageError(f"{order.raw}: no such folder here; the PDFs lie where all machines see them")
