"""The slot of a stage that computes: one at a time over all machines of a Prefect server, `prefect gcl inspect gpu`.

On one machine the workspace's lock (`rebuild_lock.py`) is enough, so a run without a server takes none.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any
from uuid import UUID

import httpx
import prefect
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import TaskRunFilter, TaskRunFilterState, TaskRunFilterStateType
from prefect.client.schemas.objects import StateType
from prefect.concurrency.asyncio import ConcurrencySlotAcquisitionError
from prefect.concurrency.context import ConcurrencyContext
from prefect.concurrency.sync import concurrency
from prefect.states import Crashed

from flows.rebuild_lock import note
from flows.server_away import is_away

GPU = "gpu"  # the limit that `flows.serve` sets to 1
LEASE = 60  # seconds, the least that Prefect takes: so long a machine that died keeps its slot
PATIENCE = 5  # seconds between two tries
_NOT_FREED: list[ExitStack] = []  # while the server was away; forgotten, Python would try to free them at once


@contextmanager
def slot(stage: str, say: Callable[[str], None]) -> Iterator[None]:
    """Hold the slot while a stage computes; `say` is told at once whom it waits for.

    The slot's lease is noted beside the workspace's lock: by it the next run frees the slot if this one is killed.
    """
    if not prefect.settings.PREFECT_API_URL.value():
        yield
        return
    held = ExitStack()
    said = False
    while not (away := is_away()) and not _taken(held):
        if not said:
            said = True
            say(f"{stage} waits for the slot `{GPU}`: {_at_work(stage)}")
        time.sleep(PATIENCE)
    if away:
        say(f"Prefect's server does not answer: {stage} goes on without the slot `{GPU}`")
    leases = context.cleanup_lease_ids if (context := ConcurrencyContext.get()) else []
    note(lease=str(leases[-1]) if leases else None)
    try:
        yield
    finally:
        if is_away():
            say(f"Prefect's server does not answer: the slot `{GPU}` is free when its lease ends, {LEASE} seconds")
            _NOT_FREED.append(held)
        else:
            held.close()
        note(lease=None)


def free_what_was_held() -> None:
    """Give back, once the server is there again, slots that could not be given back in time."""
    while _NOT_FREED:
        with suppress(Exception):  # its lease has ended meanwhile
            _NOT_FREED.pop().close()


def _taken(held: ExitStack) -> bool:
    """Whether the slot is ours now; it is where nobody has set such a limit."""
    try:
        # Losing the lease must not end hours of training.
        held.enter_context(
            concurrency(GPU, max_retries=0, lease_duration=LEASE, strict=False, raise_on_lease_renewal_failure=False)
        )
    except ConcurrencySlotAcquisitionError as error:
        why = error.__cause__
        if isinstance(why, httpx.HTTPStatusError) and why.response.status_code == httpx.codes.LOCKED:
            return False
        raise
    return True


def _at_work(stage: str) -> str:
    """Who computes, and what to do about it."""
    running = TaskRunFilter(state=TaskRunFilterState(type=TaskRunFilterStateType(any_=[StateType.RUNNING])))
    with get_client(sync_client=True) as client:
        found = [one for one in client.read_task_runs(task_run_filter=running) if one.name != stage]
        runs = {one.flow_run_id: client.read_flow_run(one.flow_run_id).name for one in found if one.flow_run_id}
    if not found:
        return (
            f"no stage computes, so a run that had it was killed on another machine. It is free again within {LEASE} "
            f"seconds, or at once by: prefect gcl update {GPU} --active-slots 0"
        )
    named = "; ".join(
        f"{one.name} of the run “{runs.get(one.flow_run_id, '?') if one.flow_run_id else '?'}”"
        + (f" since {one.start_time.astimezone():%Y-%m-%d %H:%M:%S}" if one.start_time else "")
        for one in found
    )
    return f"{named} is at work. To end it: cancel that run in the UI"


def free_what_was_left(left: dict[str, Any]) -> None:
    """Free the slot of a run that was killed, and close the run, by what the workspace's lock says of it."""
    if not prefect.settings.PREFECT_API_URL.value():
        return
    with get_client(sync_client=True) as client:
        if left.get("lease"):
            client.release_concurrency_slots_with_lease(UUID(left["lease"]))
        try:
            run = client.read_flow_run(UUID(left["id"]))
        except (prefect.exceptions.ObjectNotFound, ValueError):
            return  # of another server
        if run.state and not run.state.is_final():
            why: Any = Crashed(message="Its process was killed; a new run goes on from there.")
            client.set_flow_run_state(run.id, why, force=True)
