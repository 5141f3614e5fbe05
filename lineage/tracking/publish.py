"""Fills MLflow with what the graph holds, and changes nothing when it is run again.

One run per version and fingerprint, one for the base, one for the report. A publish that was killed is completed by the
next; what was edited or lost in MLflow since is repaired; deleting `.state/mlflow` loses nothing.
"""

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from lineage.artifacts.promotions import champion, read_promotions
from lineage.config.own_name import lineage_name
from lineage.core.files import write_json
from lineage.core.inputs import NOTHING, Inputs, must_be_unchanged
from lineage.tracking.costs import costs
from lineage.tracking.live_curve import closed
from lineage.tracking.registry import kept_runs, point_champion, read_registry, register, standing_champion
from lineage.tracking.run_contents import Facts, not_built, read_facts
from lineage.tracking.runs import CURRENT, Shelf, Told, active_runs, bring_up_to_date, mark_states
from lineage.tracking.server import FOLDER, connected, experiment, local_uri, runs_address, shown

RECEIPT = FOLDER / "published.json"
NONE_STALE: Mapping[str, str] = MappingProxyType({})
FIGURES = ("NLL, all sets", "its own sets", "against parent")
WIDTH = 116
NAMED = 4  # differences that are named when a run is repaired; the rest is counted


@dataclass(frozen=True, slots=True)
class Published:
    """One run as it now stands. What `told` holds of MLflow is for people; the receipt has its digest alone.

    experiment: the id of the experiment that holds it.
    """

    facts: Facts
    told: Told
    experiment: str


def publish(uri: str, inputs: Inputs = NOTHING, stale: Mapping[str, str] = NONE_STALE) -> list[Published]:
    """Bring the MLflow at `uri` to say what the graph and promotions.yaml say; write the receipt.

    What is not built is named and left out. What people should know of aliases and repairs is printed.

    Args:
        uri: of the server or database.
        inputs: what the stage began with.
        stale: of those that are here but would be made anew, name → why; their runs say so.

    Raises:
        LineageError: an input is damaged, a promotion does not say which adapter it means, the server does not answer;
            one of the inputs that the stage began with changed meanwhile: there is no receipt then.
    """
    everything, absent = read_facts(), not_built()
    states_of = {name: f"stale: {why}" for name, why in stale.items()}
    versions = {facts.name: facts for facts in everything if facts.is_version}
    promotions = read_promotions()
    for name, reason in absent.items():
        print(f"  {name}: not published, {reason}")
    done: dict[str, Published] = {}
    with connected(uri) as client:
        registry = read_registry(client)
        promotion = champion(promotions, [one.built for one in versions.values()], standing_champion(client, registry))
        where = experiment(client, uri, _note(everything))
        before = [run for run in active_runs(client, where) if not closed(client, run)]
        kept = kept_runs(registry, {run.info.run_id: run for run in before}, promotion)
        shelf = Shelf(where, before, {facts.key for facts in everything}, kept)
        commit, spent = _git_commit(), costs()
        for facts in everything:
            extra = commit | ({"parent_run": done[facts.parent].told.run_id} if facts.parent in done else {})
            state = states_of.get(facts.name, CURRENT)
            cost = spent.get(facts.tags.get("adapter", ""))
            done[facts.name] = Published(facts, bring_up_to_date(client, shelf, facts, extra, state, cost), where)
            print(f"  {facts.name}: {_said(done[facts.name].told)}")
        states = mark_states(client, shelf, everything, absent, states_of)
        runs = {run.info.run_id: run for run in shelf.runs}
        registered = [(facts, runs[done[name].told.run_id]) for name, facts in versions.items()]
        known = {*versions, *absent}
        for line in (
            *register(client, registered, runs, states, known, promotions),
            *point_champion(client, promotion, versions, runs),
        ):
            print(f"  {line}")
    receipt = {name: {"lineage_key": one.facts.key, "complete": one.told.digest} for name, one in done.items()}
    must_be_unchanged(inputs, "What MLflow was given stays there; the next run completes it.")
    write_json(RECEIPT, {"runs": receipt, "champion": promotion.entry() if promotion else None})
    return list(done.values())


def _said(told: Told) -> str:
    """What was done to a run; of a repair also what was wrong."""
    line: str = told.outcome
    if told.renamed_from:
        line += f", was {told.renamed_from}"
    if told.outcome == "repaired":
        more = f" and {len(told.words) - NAMED} more" if len(told.words) > NAMED else ""
        line += f", changed or lost in MLflow: {', '.join(told.words[:NAMED])}{more}"
    return line


def show(published: list[Published], uri: str) -> None:
    """A table of what was published, and how to look at it."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"MLflow, experiment {lineage_name()}")
    for column in ("run", "continues", "fingerprint", *FIGURES, "done"):
        table.add_column(
            column, justify="right" if "NLL" in column or "own" in column or "against" in column else "left"
        )
    for one in published:
        measures = one.facts.measures
        whole, own, gain = (measures.get(name) for name in ("all/nll", "own/nll", "own/nll_against_parent"))
        table.add_row(
            one.facts.name,
            one.facts.parent or "",
            one.facts.tags.get("fingerprint", "")[:12],
            "" if whole is None else f"{whole:.3f}",
            "" if own is None else f"{own:.3f}",
            "" if gain is None else f"{gain:+.3f}",
            one.told.outcome + ("" if one.facts.measured else f"; not measured: dvc repro evaluate@{one.facts.name}"),
        )
    console = Console()
    console.width = max(console.width, WIDTH)
    console.print(table)
    print(f"look at it: {_where(published, uri)}")


def _where(published: list[Published], uri: str) -> str:
    """The command or the page that shows the runs."""
    if uri.startswith(("http:", "https:")):
        return shown(runs_address(uri, published[0].experiment if published else None))
    return "lineage ui" if uri == local_uri() else f"mlflow server --backend-store-uri {shown(uri)}"


def _note(everything: list[Facts]) -> str:
    """The experiment's description: the tree of versions, and where the report is."""
    children: dict[str, list[str]] = {}
    for facts in everything:
        if facts.is_version and facts.parent:
            children.setdefault(facts.parent, []).append(facts.name)

    def lines(name: str, depth: int) -> list[str]:
        return [
            f"{'  ' * depth}- {name}",
            *(line for child in children.get(name, []) for line in lines(child, depth + 1)),
        ]

    roots = sorted(set(children) - {one for below in children.values() for one in below})
    tree = "\n".join(line for root in roots for line in lines(root, 0))
    about = (
        "Each version under the one that it continues. The run `report` holds `lineage.html`. A run whose tag "
        "`lineage_state` is not `current` is of an earlier build, or stale."
    )
    return f"{about}\n\n{tree or '- no version is built yet'}\n"


def _git_commit() -> dict[str, str]:
    """The workspace's commit, marked if tracked files differ from it; nothing outside a git repository."""

    def git(*arguments: str) -> str | None:
        try:
            done = subprocess.run(["git", *arguments], capture_output=True, text=True, timeout=20, cwd=Path.cwd())
        except (OSError, subprocess.TimeoutExpired):
            return None
        return done.stdout.strip() if done.returncode == 0 else None

    if not (commit := git("rev-parse", "HEAD")):
        return {}
    return {"git_commit": f"{commit}+changes" if git("status", "--porcelain", "--untracked-files=no") else commit}
