"""Rebuild the lineage across several machines: `python -m flows.across_flow`, or `python -m flows.across_flow v3 v4`.

It runs in the workspace whose `dvc.lock` is built, and hands the stages that compute to the workers of the pool of
`prefect.yaml`, each in its own checkout. What they make comes back through DVC's remote. docs/several-machines.md
"""

import os
import sys

from prefect import flow, get_run_logger, runtime

from flows.alone import after_a_kill, alone
from flows.choices import Version
from flows.handing_out import Handout
from flows.leases import TERM, Leases
from flows.order_runs import OrderRuns
from flows.own_checkout import commit_of
from flows.repro import for_versions, must_be_built, of_versions, one_dvc
from flows.run_summary import write_links, write_summary
from lineage.config.load import load_curriculum
from lineage.core.declaration import declarations
from lineage.core.errors import LineageError
from lineage.planning.dvc_graph import in_order, read_graph, stale


@flow(name="across", on_crashed=[after_a_kill])
def rebuild_across(
    versions: list[Version] = [],  # noqa: B006 (Prefect shows the default; nothing changes it)
    force: bool = False,
    term: float = TERM,
) -> None:
    """Rebuild the lineage on all machines that work for this server.

    Args:
        versions: The versions to rebuild, with everything that they need. None: all that can be built.
        force: Mix, train and evaluate the chosen versions again even if nothing has changed.
        term: Seconds without a sign of life, after which a stage is handed to another worker.
    """
    c = load_curriculum()
    if unknown := [name for name in versions if name not in c.versions]:
        raise LineageError(f"versions: unknown {', '.join(unknown)}; params.yaml has {', '.join(c.versions)}")
    me, say = runtime.flow_run, get_run_logger().info
    with alone() as holder, one_dvc(holder.fileno()) as dvc:
        commit = commit_of()
        graph = read_graph(dvc.ask)
        stages = for_versions(graph, versions, c.in_order())
        forced = of_versions(stages, versions or c.in_order()) if force else set()
        handout = Handout(
            dvc,
            commit,
            {stage: graph[stage] for stage in in_order(graph)},
            declarations(),
            set(stale(dvc.ask)) | forced,
            forced,
            OrderRuns(str(me.id) if force else ""),
            say,
            Leases(term),
        )
        try:
            handout.run(stages)
        finally:
            write_summary(handout.rows)
            write_links()
    must_be_built(versions)


if __name__ == "__main__":
    try:
        rebuild_across(versions=sys.argv[1:], term=float(os.environ.get("KRX_LEASE_SECONDS", TERM)))
    except LineageError as failed:
        sys.exit(f"\n✗ {failed}\n")
