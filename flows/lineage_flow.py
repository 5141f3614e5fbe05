"""The lineage flow: one Prefect task a stage of dvc.yaml, in graph order.

    python -m flows.lineage_flow            everything that is stale, without a server
    python -m flows.lineage_flow v3 v4      two versions and what they need
    lineage ui                              the same from a browser

DVC decides what is stale and keeps every result; Prefect says when, tries again, limits, and shows. Stopping
a run stops the stage that it is in; running it again goes on from there.
"""

import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from typing import Any
from uuid import UUID

from prefect import flow, get_run_logger, runtime, task
from prefect.cache_policies import NO_CACHE
from prefect.states import Completed, State

from flows.alone import after_a_kill, alone
from flows.choices import AS_IT_IS, Profile, Version
from flows.mlflow_pages import mlflow_address
from flows.notify import tell_somebody
from flows.progress import StageProgress
from flows.rebuild_lock import note
from flows.rejected_rows import write_rejected
from flows.repro import for_versions, must_be_built, of_versions, one_dvc, reproduce
from flows.run_summary import PlanRow, StageRow, write_links, write_plan, write_summary
from flows.server_away import is_away, tell_again, wait_until_back
from flows.slot import free_what_was_held, slot
from flows.stopped import STOPS, hand_on, stopped
from flows.versions_table import write_versions
from flows.warm_dvc import WarmDvc
from lineage.artifacts.not_built import left_by
from lineage.config.load import load_curriculum
from lineage.config.schema import Curriculum
from lineage.core.errors import LineageError, Preempted
from lineage.planning.dvc_graph import CHECK, Graph, read_graph, stale, upstream
from lineage.planning.rebuild_plan import durations
from lineage.tracking.live_curve import live_curve

Chosen = tuple[list[str], set[str]]  # stages in order, and those that are forced
COMPUTES = ("base", "baseline", "train@", "evaluate@")  # such a stage holds the slot of flows/slot.py
TRIED_AGAIN = ("convert@", "ingest@", "publish")  # they read what may be away for a moment; training does not
RETRY_DELAYS = [10.0, 60.0]  # seconds
PERHAPS = "if what it stands on changes"
DONE = ("fresh", "rebuilt", "restored")
PREEMPTED_DELAYS = [30.0, 60.0, 300.0, 300.0, 300.0]  # for a stage that was stopped from outside and can go on


@task(task_run_name="{stage}", cache_policy=NO_CACHE)
def run_stage(stage: str, force: bool) -> Any:
    """One stage of dvc.yaml; its state is named by what happened: fresh, rebuilt, restored, not built or cancelled."""
    begun = time.monotonic()
    log = get_run_logger()

    def say(line: str) -> None:
        log.info("%s: %s", stage, line)
        progress.hear(line)

    def say_and_draw(line: str) -> None:
        say(line)
        hear(line)

    note(stage=stage)
    trained = stage.removeprefix("train@") if stage.startswith("train@") else None
    try:
        with (
            StageProgress(stage) as progress,
            slot(stage, say) if stage.startswith(COMPUTES) else nullcontext(),
            live_curve(mlflow_address() if trained else None, trained or "", say) as hear,
        ):
            outcome = reproduce(stage, say_and_draw, force=force)
    except STOPS as ended:
        return stopped(stage, ended, time.monotonic() - begun)
    return Completed(name=outcome.capitalize(), message=f"{stage} in {time.monotonic() - begun:.1f} s")


@task(task_run_name="{title}", cache_policy=NO_CACHE)
def leave_fresh(title: str, stages: str) -> Any:
    """All stages that nothing has changed for, as one: `check, samples, convert ×3, ingest ×15`."""
    return Completed(name="Fresh", message=f"nothing has changed for {stages}")


def _families(stages: list[str]) -> str:
    """Stages in few words: those of a kind counted, a single one named."""
    counts = Counter(stage.partition("@")[0] for stage in stages)
    alone = {stage.partition("@")[0]: stage for stage in stages}
    return ", ".join(f"{kind} ×{count}" if count > 1 else alone[kind] for kind, count in counts.items())


def _run_name() -> str:
    asked = runtime.flow_run.get_parameters()
    words = [", ".join(asked.get("versions") or []) or "all versions"]
    words += [name.replace("_", " ") for name in ("force", "dry_run") if asked.get(name)]
    return " · ".join(words)


@flow(name="lineage", flow_run_name=_run_name, on_failure=[tell_somebody], on_crashed=[after_a_kill, tell_somebody])
def rebuild(
    versions: list[Version] = [],  # noqa: B006 (Prefect shows the default; nothing changes it)
    profile: Profile = AS_IT_IS,
    force: bool = False,
    dry_run: bool = False,
) -> None:
    """Rebuild the lineage: every stage of dvc.yaml that is stale, then the report, then MLflow.

    Args:
        versions: The versions to rebuild, with everything that they need. None: all that can be built.
        profile: The profile that you expect. The run stops if params.yaml names another one.
        force: Mix, train and evaluate the chosen versions again even if nothing has changed.
        dry_run: Only say what would be run, and why.
    """
    c = load_curriculum()
    _check_request(c, versions, profile)

    def chosen(graph: Graph) -> Chosen:
        stages = for_versions(graph, versions, c.in_order())
        return stages, of_versions(stages, versions or c.in_order()) if force else set()

    run_chosen(chosen, dry_run=dry_run)
    if not dry_run:
        must_be_built(versions)


def run_chosen(
    choose: Callable[[Graph], Chosen], *, dry_run: bool = False, before: Callable[[WarmDvc], None] | None = None
) -> None:
    """Run the chosen stages that are stale or forced; as a dry run, only say which and why.

    choose: gives, of the graph, stages in order, and those of them that are forced.
    before: does what is to be done first, alone in the workspace, with its DVC.
    """
    if dry_run:
        with one_dvc() as dvc:
            graph, stages, changed, forced = _asked_for(choose, dvc)
        write_plan(_plan(graph, stages, changed, forced), run=False)
        return
    with alone() as holder, one_dvc(holder.fileno()) as dvc:
        if before:
            before(dvc)
        graph, stages, changed, forced = _asked_for(choose, dvc)
        if plan := _plan(graph, stages, changed, forced):
            write_plan(plan, run=True)
        _run_all(graph, stages, set(changed) | forced, forced)


def _asked_for(
    choose: Callable[[Graph], Chosen], dvc: WarmDvc
) -> tuple[Graph, list[str], dict[str, list[str]], set[str]]:
    """The graph, the stages of a request in order, those that are stale with the reasons, and those that are forced."""
    graph = read_graph(dvc.ask)
    stages, forced = choose(graph)
    changed = {stage: why for stage, why in stale(dvc.ask).items() if stage in stages}
    return graph, stages, changed, forced


def _run_all(graph: Graph, stages: list[str], touched: set[str], forced: set[str]) -> None:
    """The fresh stages as one task, then the others one by one; the summary and the links in any case."""
    fresh = [stage for stage in stages if not touched & _before(graph, stage)]
    left = [stage for stage in stages if stage not in fresh]
    rows = [StageRow(stage, "not built" if left_by(stage) else "fresh", 0.0) for stage in fresh]
    states: dict[str, State[Any]] = {}
    was_away = False
    try:
        if fresh:
            title = f"{len(fresh)} fresh stage{'s' if len(fresh) > 1 else ''}"
            states = dict.fromkeys(fresh, leave_fresh(title, _families(fresh), return_state=True))
        for stage in left:
            before = {id(states[one]): states[one] for one in sorted(graph[stage]) if one in states}
            row, states[stage] = _run(stage, force=stage in forced, after=list(before.values()))
            rows.append(row)
            was_away = was_away or is_away()
        if was_away:
            wait_until_back(get_run_logger().warning)
            tell_again(UUID(str(runtime.flow_run.id)), states.values())
            free_what_was_held()
    except _Failed as failed:
        rows.append(failed.row)
        wait_until_back(get_run_logger().warning)
        raise failed.error from None
    except BaseException:  # cancelled, or Ctrl-C
        rows += [StageRow(stage, "stopped", 0.0) for stage in [*fresh, *left][len(rows) :][:1]]
        raise
    finally:
        rows += [StageRow(stage, "not run", 0.0) for stage in [*fresh, *left][len(rows) :]]
        _tell(rows)


def _tell(rows: list[StageRow]) -> None:
    """What the run leaves on its page. Nothing of it may stand in the way of how the run ends."""
    if is_away():  # the run was stopped meanwhile
        return
    compared = any(row.stage == "report" and row.outcome in DONE for row in rows)
    for write in (partial(write_summary, rows), partial(write_versions, compared), write_rejected, write_links):
        try:
            write()
        except Exception as error:
            get_run_logger().warning("an artifact is left out: %s", error)


class _Failed(Exception):
    """A stage's row in the summary, and its error."""

    def __init__(self, row: StageRow, error: BaseException) -> None:
        self.row, self.error = row, error


def _before(graph: Graph, stage: str) -> set[str]:
    """A stage, and all from which it may follow that it is stale; not the check, whose outcome is known beforehand."""
    return {stage} | upstream(graph, {stage}) - {CHECK}


def _run(stage: str, *, force: bool, after: list[State[Any]]) -> tuple[StageRow, State[Any]]:
    """A stage's task; `after` are the states of those that it stands on, which are its edges in Prefect's graph."""
    begun = time.monotonic()
    if stage.startswith(TRIED_AGAIN):
        one = run_stage.with_options(retries=len(RETRY_DELAYS), retry_delay_seconds=RETRY_DELAYS)
    else:
        one = run_stage.with_options(
            retries=len(PREEMPTED_DELAYS), retry_delay_seconds=PREEMPTED_DELAYS, retry_condition_fn=_was_preempted
        )
    state = one(stage, force, return_state=True, wait_for=after)
    seconds = time.monotonic() - begun
    hand_on(state)
    if not state.is_completed():
        error = state.result(raise_on_failure=False)
        raise _Failed(
            StageRow(stage, "stopped" if isinstance(error, Preempted) else "failed", seconds),
            error if isinstance(error, BaseException) else LineageError(state.message),
        )
    return StageRow(stage, (state.name or "completed").lower(), seconds), state


def _was_preempted(_task: Any, _run: Any, state: Any) -> bool:
    """Whether a stage was stopped from outside, such as by a machine that is taken away; a mistake would only recur."""
    return isinstance(state.result(raise_on_failure=False), Preempted)


def _check_request(c: Curriculum, versions: list[str], profile: str) -> None:
    """Refuse what params.yaml does not hold. The file is the user's: a flow never edits it."""
    if unknown := [name for name in versions if name not in c.versions]:
        raise LineageError(f"versions: unknown {', '.join(unknown)}; params.yaml has {', '.join(c.versions)}")
    if profile not in (AS_IT_IS, c.profile):
        if profile not in c.profiles:
            raise LineageError(f"profile: {profile!r} is none of {', '.join(c.profiles)}")
        raise LineageError(
            f"profile: you expect {profile!r}, params.yaml says `profile: {c.profile}`. Every version "
            f"would be trained again: change that line to `profile: {profile}` and run this again"
        )


def _plan(graph: Graph, stages: list[str], changed: dict[str, list[str]], forced: set[str]) -> list[PlanRow]:
    """Which stages would run, why, and for how long; those after a stale one run only if its output really changes."""
    reasons = {}
    for stage in stages:
        before = (set(changed) | forced) & _before(graph, stage) - {stage}
        if stage in forced:
            reasons[stage] = "forced"
        elif stage in changed:
            reasons[stage] = "; ".join(changed[stage])
        elif before:
            reasons[stage] = PERHAPS
    seconds = durations(load_curriculum(), reasons)
    return [PlanRow(stage, why, seconds[stage], certain=why != PERHAPS) for stage, why in reasons.items()]


if __name__ == "__main__":
    try:
        rebuild(versions=sys.argv[1:])
    except LineageError as failed:
        sys.exit(f"\n✗ {failed}\n")
