"""The flow of a worker: one order, in the worker's own checkout, as `flows/own_checkout.py` has brought it here.

`prefect.yaml` serves it as `order/worker`; `flows/across_flow.py` asks for it.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from prefect import flow, get_run_logger, runtime
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import ArtifactCreate, ArtifactUpdate
from prefect.states import Completed, Failed

from flows.fulfilment import RemoteTrouble, fulfil
from flows.order_runs import DELIVERY, REFUSED, SIGN, UNREACHABLE
from flows.own_checkout import WrongCode
from flows.rebuild_lock import only_rebuild
from flows.repro import one_dvc
from flows.slot import free_what_was_left
from flows.work_order import Delivery, Order
from lineage.core.errors import LineageError, Preempted

EVERY = 5.0  # seconds between two signs of life
PATIENCE = 1800.0  # seconds that a delivery waits for a server that is away


@flow(name="order")
def work_order(order: Order) -> Any:
    """Make one stage of a rebuild that other machines take part in.

    Args:
        order: What to make, at which commit, from what.
    """
    log = get_run_logger()
    me = runtime.flow_run
    with signs_of_life(UUID(str(me.id))):
        try:
            with (
                only_rebuild(me.name, str(me.id), log.info, free_what_was_left) as holder,
                one_dvc(holder.fileno()) as dvc,
            ):
                delivery = fulfil(order, dvc, lambda line: log.info("%s: %s", order.stage, line))
        except (WrongCode, RemoteTrouble, Preempted) as error:
            return Failed(message=str(error))
        except LineageError as error:
            return Failed(name=REFUSED, message=str(error))
        deliver(UUID(str(me.id)), delivery, log.info)
    return Completed(name=delivery.outcome.capitalize(), message=f"{order.stage}: {delivery.outcome}")


@contextmanager
def signs_of_life(run: UUID) -> Iterator[None]:
    """While the block is at work, count up in an artifact of the run; a server that is away is tried again."""
    over = threading.Event()

    def count() -> None:
        beats, artifact = 0, None
        while not over.wait(EVERY if beats else 0):
            beats += 1
            try:
                with get_client(sync_client=True) as client:
                    if artifact is None:
                        made = ArtifactCreate(type=SIGN, data=beats, flow_run_id=run)
                        artifact = client.create_artifact(made).id
                    else:
                        client.update_artifact(artifact, ArtifactUpdate(data=beats))
            except UNREACHABLE:
                continue

    counting = threading.Thread(target=count, daemon=True)
    counting.start()
    try:
        yield
    finally:
        over.set()
        counting.join(EVERY)


def deliver(run: UUID, delivery: Delivery, say: Any) -> None:
    """Hand what was made over; wait for a server that is away.

    Raises:
        LineageError: nobody waits for it any more.
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            with get_client(sync_client=True) as client:
                state = client.read_flow_run(run).state
                if state and state.is_final():
                    raise LineageError(f"{delivery.stage} was handed to another worker meanwhile: {state.message}")
                made = ArtifactCreate(type=DELIVERY, data=delivery.model_dump_json(), flow_run_id=run)
                client.create_artifact(made)
            return
        except UNREACHABLE as error:
            if time.monotonic() > deadline:
                raise
            say(f"{delivery.stage} is made; the server is away ({error or type(error).__name__}), trying again")
            time.sleep(EVERY)
