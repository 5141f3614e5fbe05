"""What is seen of orders that are out, by a stand-in for Prefect's server that answers as it does."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from prefect.client.schemas.filters import ArtifactFilter, FlowRunFilter
from prefect.client.schemas.objects import FlowRun
from prefect.states import Completed, Running, Scheduled

from flows import order_runs
from flows.order_runs import DELIVERY, SIGN, OrderRuns
from flows.work_order import Delivery

MOST = 200  # of anything, without a word of the rest, the newest first


class Server:
    def __init__(self) -> None:
        self.runs: list[FlowRun] = []
        self.artifacts: list[SimpleNamespace] = []

    def run(self, state: Any) -> UUID:
        self.runs.append(FlowRun(id=uuid4(), flow_id=uuid4(), state=state))
        return self.runs[-1].id

    def show(self, run: UUID, kind: str, data: object) -> None:
        self.artifacts.append(SimpleNamespace(flow_run_id=run, type=kind, data=data))

    @contextmanager
    def client(self, **_: object) -> Iterator["Server"]:
        yield self

    def read_flow_runs(self, flow_run_filter: FlowRunFilter) -> list[FlowRun]:
        wanted = flow_run_filter.id.any_ if flow_run_filter.id else []
        return [run for run in reversed(self.runs) if run.id in (wanted or [])][:MOST]

    def read_artifacts(self, artifact_filter: ArtifactFilter, sort: str = "ID_DESC") -> list[SimpleNamespace]:
        assert sort.endswith("_DESC") and artifact_filter.flow_run_id and artifact_filter.type
        runs, kinds = artifact_filter.flow_run_id.any_ or [], artifact_filter.type.any_ or []
        return [one for one in reversed(self.artifacts) if one.flow_run_id in runs and one.type in kinds][:MOST]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    found = Server()
    monkeypatch.setattr(order_runs, "get_client", found.client)
    return found


def test_more_orders_than_the_server_tells_of_at_once_are_all_seen(server: Server) -> None:
    done = [server.run(Completed()) for _ in range(230)]
    for run in done:
        made = Delivery(commit="3f2a", stage="convert@papers", entry="", outcome="converted", worker="w")
        server.show(run, SIGN, 3)
        server.show(run, DELIVERY, made.model_dump_json())
    waits = [server.run(Scheduled()) for _ in range(230)]
    seen = OrderRuns().look([*map(str, done), *map(str, waits)])
    assert [seen[str(run)].state for run in done] == ["delivered"] * 230
    assert [seen[str(run)].state for run in waits] == ["waits"] * 230


def test_the_last_sign_counts_and_a_run_that_somebody_deleted_is_handed_out_again(server: Server) -> None:
    run = server.run(Running())
    server.show(run, SIGN, 1)  # the worker never got the answer, and made another one, in which it goes on counting
    server.show(run, SIGN, 2)
    first = OrderRuns().look([str(run)])[str(run)]
    server.artifacts[-1].data = 3
    deleted = str(uuid4())
    seen = OrderRuns().look([str(run), deleted])
    assert first.state == "works" and seen[str(run)].sign != first.sign
    assert (seen[deleted].state, seen[deleted].told) == ("died", "its run was deleted")
