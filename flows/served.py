"""What waits for runs that the UI asks for: `python -m flows.served`, started by `flows.serve` beside the servers.

Of what runs by itself it is told: `--nightly`, when a rebuild does (`flows/nightly.py`), and `--watch`, what new raw
files start (`flows/raw_watch.py`); and `--shared`, that the server is another workspace's too.
A process of its own, so that runs and their stages end with it, and it with `flows.serve`, however that dies.
"""

import argparse
from typing import Any

import prefect
from prefect import Flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitUpdate
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterName,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import StateType
from prefect.deployments.runner import EntrypointType
from prefect.states import Crashed

from flows.deployment_names import deployment_name
from flows.evaluate_flow import evaluate
from flows.experiment_flow import experiment
from flows.ingest_flow import ingest
from flows.lineage_flow import rebuild
from flows.live_choices import described, follow_params, tags_of
from flows.mail_block import MailBySmtp
from flows.nightly import keeps_schedules, nightly, schedule
from flows.patient_runner import be_patient
from flows.promote_flow import promote_version
from flows.raw_watch import flows_of, watch_raw
from flows.slot import GPU
from flows.verify_flow import verify
from flows.withdraw_flow import withdraw_subject
from lineage.config.load import load_curriculum

DEPLOYED: dict[str, Flow[..., Any]] = {
    "rebuild": rebuild,
    "ingest": ingest,
    "evaluate": evaluate,
    "promote": promote_version,
    "verify": verify,
    "withdraw": withdraw_subject,
    "experiment": experiment,
}
ALIVE = [StateType.RUNNING, StateType.PENDING, StateType.CANCELLING]


def main() -> None:
    """Register the deployments and run what is asked for, one run at a time; blocks."""
    options = argparse.ArgumentParser(prog="python -m flows.served")
    options.add_argument("--nightly")
    options.add_argument("--watch")
    options.add_argument("--shared", action="store_true")
    told = options.parse_args()
    be_patient()
    named = {deployment_name(what): flow for what, flow in DEPLOYED.items()}
    prepare(list(named), shared=told.shared)
    follow_params({f"{flow.name}/{name}": flow for name, flow in named.items()})
    tags, kind = tags_of(load_curriculum()), EntrypointType.MODULE_PATH
    deployments: list[Any] = [
        keeps_schedules(flow.to_deployment(name, description=described(flow), tags=tags, entrypoint_type=kind))
        for name, flow in named.items()
    ]
    if told.nightly:
        schedule(deployments[0], nightly(told.nightly))
    if told.watch:
        watch_raw(flows_of(told.watch))
    prefect.serve(*deployments, limit=1, query_seconds=2, print_starting_message=False)


def prepare(names: list[str], *, shared: bool) -> None:
    """Let one stage compute at a time, offer mail among the blocks, and close the runs that a kill left as running.

    names: this workspace's deployments. shared: the server is another workspace's. Runs of other deployments, and the
    slot while there are some, are left to those who serve them.
    """
    MailBySmtp.register_type_and_schema(_sync=True)  # type: ignore[call-arg]
    named = DeploymentFilter(name=DeploymentFilterName(any_=names))
    state = FlowRunFilterState(type=FlowRunFilterStateType(any_=ALIVE))
    with get_client(sync_client=True) as client:
        ours = {one.id for one in client.read_deployments(deployment_filter=named)} | ({None} if not shared else set())
        alive = client.read_flow_runs(flow_run_filter=FlowRunFilter(state=state))
        left = [run for run in alive if run.deployment_id in ours]
        if len(left) == len(alive):
            client.upsert_global_concurrency_limit_by_name(GPU, 1)
            client.update_global_concurrency_limit(GPU, GlobalConcurrencyLimitUpdate(active_slots=0))
        for run in left:
            why: Any = Crashed(message="The server was stopped meanwhile; a new run goes on from there.")
            client.set_flow_run_state(run.id, why, force=True)


if __name__ == "__main__":
    main()
