"""Fills MLflow with what the graph holds, and changes nothing when it is run again.

One run per version and fingerprint, one for the base, one for the report. A publish that was killed is completed by the
next; deleting `.state/mlflow` loses nothing.
"""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from lineage.core.files import write_json
from lineage.core.inputs import NOTHING, Inputs, must_be_unchanged
from lineage.tracking.registry import champion, read_promotions, register
from lineage.tracking.run_contents import Facts, read_facts
from lineage.tracking.runs import Outcome, bring_up_to_date
from lineage.tracking.server import FOLDER, connected, experiment, local_uri, shown

RECEIPT = FOLDER / "published.json"


@dataclass(frozen=True, slots=True)
class Published:
    """One run as it now stands. `run_id` and `outcome` are for people; the receipt holds neither."""

    facts: Facts
    run_id: str
    outcome: Outcome
    digest: str


def publish(uri: str, inputs: Inputs = NOTHING) -> list[Published]:
    """Bring the MLflow at `uri` to say what the graph and promotions.yaml say; write the receipt.

    Raises:
        LineageError: an input is missing, a promotion names no built version, the server does not answer;
            one of the inputs that the stage began with changed meanwhile: there is no receipt then.
    """
    everything = read_facts()
    promotions = read_promotions()
    promoted = champion(promotions, [facts.name for facts in everything if facts.is_version])
    done: dict[str, Published] = {}
    with connected(uri) as client:
        where = experiment(client, uri, _note(everything))
        commit = _git_commit()
        for facts in everything:
            extra = commit | ({"parent_run": done[facts.parent].run_id} if facts.parent in done else {})
            done[facts.name] = Published(facts, *bring_up_to_date(client, where, facts, extra))
            print(f"  {facts.name}: {done[facts.name].outcome}")
        versions = [one for one in done.values() if one.facts.is_version]
        uris = {one.run_id: client.get_run(one.run_id).info.artifact_uri for one in versions}
        register(client, [(one.facts, one.run_id, uris[one.run_id]) for one in versions], promoted)
    receipt = {name: {"lineage_key": one.facts.key, "complete": one.digest} for name, one in done.items()}
    must_be_unchanged(inputs, "What MLflow was given stays there; the next run completes it.")
    write_json(RECEIPT, {"runs": receipt, "champion": promoted})
    return list(done.values())


def show(published: list[Published], uri: str) -> None:
    """A table of what was published, and how to look at it."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title="MLflow, experiment krx-lineage")
    for column in ("run", "continues", "fingerprint", "pooled NLL", "against parent", "done"):
        table.add_column(column, justify="right" if "NLL" in column or "against" in column else "left")
    for one in published:
        measures = one.facts.measures
        nll, gain = measures.get("pooled/nll"), measures.get("pooled/nll_against_parent")
        table.add_row(
            one.facts.name,
            one.facts.parent or "",
            one.facts.tags.get("fingerprint", "")[:12],
            "" if nll is None else f"{nll:.3f}",
            "" if gain is None else f"{gain:+.3f}",
            one.outcome if one.facts.measured else f"{one.outcome}; not measured: dvc repro evaluate@{one.facts.name}",
        )
    Console().print(table)
    print("look at it: lineage ui" if uri == local_uri() else f"look at it: {shown(uri)}")


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
    return f"Each version under the one that it continues. The run `report` holds `lineage.html`.\n\n{tree}\n"


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
