"""Orders as runs of Prefect: a run of the deployment `order/worker` each, in whichever worker of its pool is free.

What a worker shows of itself stands in artifacts of its run: one that counts up, and the delivery. So nothing but
Prefect's server and DVC's remote lies between two machines.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import prefect
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterFlowRunId,
    ArtifactFilterType,
    FlowRunFilter,
    FlowRunFilterId,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.sorting import ArtifactSort
from prefect.states import Cancelling, Crashed, Scheduled

from flows.handing_out import Away, Seen
from flows.own_checkout import COMMIT
from flows.work_order import Delivery, Order, ShardOrder
from lineage.core.errors import LineageError

DEPLOYMENT = "order/worker"
SIGN, DELIVERY = "sign of life", "delivery"  # types of artifacts
REFUSED = "Refused"  # the name of the state of a run whose stage failed: no other worker would do better
EARLIER = timedelta(days=1)  # orders are due since yesterday, so that a worker whose clock is behind sees them too
UNREACHABLE = (httpx.TransportError, httpx.HTTPStatusError)
AT_ONCE = 50  # runs that are asked about at once: of more than 200 of anything the server leaves out the rest, unsaid


class OrderRuns:
    """The runs of one rebuild.

    salt: two rebuilds of the same salt share the runs of the same orders. deployment: makes them.
    """

    def __init__(self, salt: str = "", deployment: str = DEPLOYMENT) -> None:
        self._salt = salt
        self._deployment = deployment
        self._numbers: dict[str, int] = {}

    def hand_out(self, order: Order | ShardOrder) -> str:
        """A run for the order: one that a rebuild that was killed has left, as long as it may still deliver.

        Raises:
            LineageError: there is no such deployment.
            Away: the server cannot be asked.
        """
        try:
            with get_client(sync_client=True) as client:
                deployment = client.read_deployment_by_name(self._deployment)
                while True:
                    number = self._numbers.get(order.digest(), 0) + 1
                    run = client.create_flow_run_from_deployment(
                        deployment.id,
                        parameters={"order": order.model_dump()},
                        job_variables={"env": {COMMIT: order.commit, "KRX_PREFETCH": "0"}},
                        name=order.stage if number == 1 else f"{order.stage}, attempt {number}",
                        idempotency_key=f"{self._salt}:{order.digest()}:{number}",
                        state=Scheduled(scheduled_time=datetime.now(UTC) - EARLIER),
                    )
                    self._numbers[order.digest()] = number
                    if not run.state or not run.state.is_final() or run.state.is_completed():
                        return str(run.id)
        except prefect.exceptions.ObjectNotFound as error:
            name = self._deployment.rpartition("/")[2]
            raise LineageError(
                f"Prefect has no deployment {self._deployment}: prefect deploy --name {name} (docs/several-machines.md)"
            ) from error
        except UNREACHABLE as error:
            raise Away(str(error) or type(error).__name__) from error

    def look(self, attempts: Sequence[str]) -> dict[str, Seen]:
        """What is known of each. Raises Away."""
        gone = Seen("died", told="its run was deleted")
        try:
            with get_client(sync_client=True) as client:
                parts = [attempts[first : first + AT_ONCE] for first in range(0, len(attempts), AT_ONCE)]
                known = {run: seen for part in parts for run, seen in _known(client, [*map(UUID, part)]).items()}
        except UNREACHABLE as error:
            raise Away(str(error) or type(error).__name__) from error
        return {attempt: known.get(UUID(attempt), gone) for attempt in attempts}

    def give_up(self, attempt: str, why: str) -> None:
        """End the run: one that nobody works on at once, another as its worker hears of it. Raises Away."""
        try:
            with get_client(sync_client=True) as client:
                run = client.read_flow_run(UUID(attempt))
                if run.state and not run.state.is_final():
                    working = run.state.type == StateType.RUNNING and "no sign of life" not in why
                    state: Any = Cancelling(message=why) if working else Crashed(message=why)
                    client.set_flow_run_state(run.id, state, force=True)
        except UNREACHABLE as error:
            raise Away(str(error) or type(error).__name__) from error


def _known(client: SyncPrefectClient, ids: list[UUID]) -> dict[UUID, Seen]:
    """What is known of the runs that the server has; of no more than AT_ONCE."""
    runs = client.read_flow_runs(flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=ids)))
    shown = _artifacts(client, ids, SIGN)
    delivered = _artifacts(client, [run.id for run in runs if run.state and run.state.is_completed()], DELIVERY)
    return {run.id: _seen(run, shown.get(run.id), delivered.get(run.id)) for run in runs}


def _artifacts(client: SyncPrefectClient, runs: list[UUID], kind: str) -> dict[UUID, Any]:
    """The newest artifact of a type of each run: one whose answer was lost was made twice, and the last one counts."""
    if not runs:
        return {}
    wanted = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=runs), type=ArtifactFilterType(any_=[kind]))
    found = client.read_artifacts(artifact_filter=wanted, sort=ArtifactSort.CREATED_DESC)
    return {one.flow_run_id: one.data for one in reversed(found) if one.flow_run_id}


def _seen(run: FlowRun, shown: Any, delivered: Any) -> Seen:
    state = run.state
    if state is None or state.type in (StateType.SCHEDULED, StateType.PAUSED):
        return Seen("waits")
    told = state.message or state.name or ""
    if state.is_completed():
        if delivered is None:
            return Seen("failed", told="its run ended without a delivery")
        return Seen("delivered", delivery=Delivery.model_validate_json(delivered))
    if state.type in (StateType.CANCELLED, StateType.CANCELLING):
        return Seen("refused", told="its run was cancelled")
    if state.is_crashed():
        return Seen("died", told=told)
    if state.is_final():
        return Seen("refused" if state.name == REFUSED else "failed", told=told)
    return Seen("works", sign=(state.id, shown))
