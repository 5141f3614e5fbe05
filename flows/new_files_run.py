"""The runs that new raw files start: each says on its page, and at the head of its log, which files it is about."""

from typing import Any

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import ArtifactCreate, LogCreate
from prefect.client.schemas.objects import FlowRun
from prefect.types._datetime import now

from flows.new_files import News, RawFiles, read_until_now
from lineage.core.files import sha256_of
from lineage.core.plain_text import for_markdown, one_line

TAG = "new files"
SHOWN = 50  # files that are named on the page
INFO = 20  # the level of a line of the log


def ask_for_runs(flows: list[str], found: News, files: RawFiles) -> str:
    """A run of each deployment for what is new; what is to be said of them.

    The same files start a run once, whatever comes of it, but for one that was killed: then they wait for a change, or
    for a person.

    Args:
        flows: the deployments, in order.
        found: what is new.
        files: all raw files. By them, and by what was read before, a batch is known again: files that were away when
            the folder was read are another batch once they are back.
    """
    lies_here = [[path.as_posix(), *how] for path, how in sorted(files.items())]
    batch = sha256_of([lies_here, read_until_now(found)])[:16]
    said = []
    with get_client(sync_client=True) as client:
        for name in flows:
            run = _run(client, name, {"sources": [*found]} if name.startswith("ingest/") else {}, batch)
            if run.state and run.state.is_final():
                said.append(f"the run “{run.name}” has tried these files and ended as {run.state.name}")
            else:
                _tell(client, run, found)
                said.append(f"a run of {name} is asked for")
    return f"{title(found)}: {'; '.join(said)}"


def title(found: News) -> str:
    """How many files are new, of which sources."""
    counts = ", ".join(f"{len(names):,} of {source}" for source, names in found.items())
    return f"new raw files: {counts}"


def listed(found: News) -> str:
    """The files, as Markdown."""
    lines = [f"# {title(found)}", "", "| source | file |", "|---|---|"]
    rows = [(source, name) for source, names in found.items() for name in names]
    lines += [f"| {source} | {for_markdown(name)} |" for source, name in rows[:SHOWN]]
    lines += [f"| | and {len(rows) - SHOWN:,} more |"] if len(rows) > SHOWN else []
    return "\n".join(lines) + "\n"


def _run(client: SyncPrefectClient, name: str, parameters: dict[str, Any], batch: str) -> FlowRun:
    """The run of a batch: a new one, one that waits already, or one that has ended otherwise than by a kill.

    Its key names the deployment too: Prefect gives the run of a key to all deployments of a flow, and the same files
    may lie in two workspaces.
    """
    deployment = client.read_deployment_by_name(name)
    for number in range(1, 100):
        key = f"new files {deployment.id} {batch} {number}"
        run = client.create_flow_run_from_deployment(
            deployment.id, parameters=parameters, idempotency_key=key, tags=[TAG]
        )
        if not (run.state and run.state.is_crashed()):
            break
    return run


def _tell(client: SyncPrefectClient, run: FlowRun, found: News) -> None:
    shown = ArtifactCreate(
        key="lineage-new-files", type="markdown", description=title(found), data=listed(found), flow_run_id=run.id
    )
    client.create_artifact(shown)
    names = [f"{source}/{name}" for source, names in found.items() for name in names]
    more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
    at: Any = now("UTC")
    line = f"started by {title(found)}: {', '.join(map(one_line, names[:SHOWN]))}{more}"
    client.create_logs([LogCreate(name="flows.raw_watch", level=INFO, message=line, timestamp=at, flow_run_id=run.id)])
