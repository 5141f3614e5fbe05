"""A run is brought to say exactly its facts, from whatever people, a killed or an older publish left of it.

- A run is found by its tag `lineage_key`; one whose version was renamed by fingerprint and adapter. What it says is
  compared with the facts, value by value and file by file; see lineage/tracking/differences.py.
- It is filled under status RUNNING; the tag `complete` (the digest of the facts) and status FINISHED come last.
- MLflow cannot take back a parameter, a curve's point or a metric. If one of them is no longer true, another run takes
  its place, with the tags that people added, and it goes to the bin.
- A run whose adapter is promoted, or loaded by an alias that people set, is never replaced by another adapter's: it
  stays, under a key of its own.
- All timestamps follow from the run's start and the step, so that filling twice adds nothing. It starts and ends when
  its training did, where this machine's journal knows that; otherwise it has no duration.
"""

import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from lineage.config.schema import BASE
from lineage.core import paths
from lineage.tracking.costs import WhatItTook, end_of
from lineage.tracking.differences import MANIFEST, STATE_TAG, Differences, differences
from lineage.tracking.inherited import inherit
from lineage.tracking.notes import NOTE
from lineage.tracking.run_contents import Facts

BATCH = 1000  # points a request; MLflow's limit
PARAMS = 100  # parameters or tags a request; MLflow's limit
CURRENT = "current"
OF_A_RUN = ("complete", "lineage_key", "replaces", STATE_TAG)  # tags that another run does not inherit

Outcome = Literal["new", "completed", "updated", "repaired", "unchanged"]


@dataclass(slots=True)
class Shelf:
    """The runs of the experiment.

    runs: those that are not in the bin. keys: the `lineage_key` of everything that is told now.
    kept: ids of runs whose adapter must stay.
    """

    experiment: str
    runs: list[Any]
    keys: set[str]
    kept: set[str]


@dataclass(frozen=True, slots=True)
class Told:
    """One run as it now stands. words: what was not as it should be. renamed_from: its version's name until now."""

    run_id: str
    outcome: Outcome
    digest: str
    words: list[str] = field(default_factory=list)
    renamed_from: str | None = None


def active_runs(client: Any, experiment: str) -> list[Any]:
    """All runs that are not in the bin, oldest first."""
    found, token = list[Any](), None
    while True:
        page = client.search_runs([experiment], page_token=token, order_by=["attributes.start_time ASC"])
        found += page
        if not (token := page.token):
            return found


def bring_up_to_date(
    client: Any,
    shelf: Shelf,
    facts: Facts,
    extra: dict[str, str],
    state: str = CURRENT,
    cost: WhatItTook | None = None,
) -> Told:
    """Find or make the run of `facts`, and make it say them.

    Args:
        client: an MlflowClient.
        shelf: the runs that there are.
        facts: what the run must say.
        extra: tags that no digest covers: the parent's run id; the git commit, written when the run is filled.
        state: what the tag `lineage_state` says of it.
        cost: of its training, where this machine knows it.
    """
    hashes = facts.hashes()
    digest = facts.digest(hashes)
    bookkeeping = {STATE_TAG: state} | {name: extra[name] for name in ("parent_run",) if name in extra}
    run, superseded = _claim(client, shelf, facts)
    before: Outcome = "new"
    renamed, words = None, list[str]()
    if run:
        tags = run.data.tags
        renamed = tags.get("version") if facts.is_version and tags.get("version", facts.name) != facts.name else None
        found = differences(client, run, facts, hashes)
        whole = run.info.status == "FINISHED" and tags.get("complete") == digest
        if whole and not found.words:
            for name, value in bookkeeping.items():
                if tags.get(name) != value:
                    client.set_tag(run.info.run_id, name, value)
            _tell_cost(client, run, cost)
            if (ended := end_of(run, cost)) != run.info.end_time:
                client.set_terminated(run.info.run_id, "FINISHED", ended)
            return Told(run.info.run_id, "unchanged", digest)
        before = "repaired" if whole else "updated" if "complete" in tags else "completed"
        words = found.words
        if found.false:
            superseded.append(run)
    elif superseded:
        before = "updated"
    if run is None or run in superseded:
        run = _made(client, shelf, facts, run, cost)
        found = differences(client, run, facts, hashes)
    identity = run.info.run_id
    if run.info.status != "RUNNING":
        client.update_run(identity, status="RUNNING", name=facts.name)
    _fill(client, run, facts, found, bookkeeping | extra)
    _upload(client, identity, facts, hashes, found.files)
    for one in superseded:
        client.delete_run(one.info.run_id)
        shelf.runs.remove(one)
    run.data.tags.update(found.tags | bookkeeping)
    client.set_tag(identity, "complete", digest)
    _tell_cost(client, run, cost)
    client.set_terminated(identity, "FINISHED", end_of(run, cost))
    return Told(identity, before, digest, words, renamed)


def mark_states(
    client: Any, shelf: Shelf, told: list[Facts], unbuilt: dict[str, str], stale: Mapping[str, str]
) -> dict[str, str]:
    """Tag the runs of what is not current, so that nobody takes two of one name for equals; run id → state.

    Args:
        client: an MlflowClient.
        shelf: the runs that there are.
        told: everything that is current.
        unbuilt: versions of the curriculum that are not built.
        stale: what is told as it is here, though `dvc repro` would make it anew, with the state that says so.
    """
    now = {facts.name: facts for facts in told}
    states: dict[str, str] = {}
    for run in shelf.runs:
        key, identity = run.data.tags.get("lineage_key"), run.info.run_id
        if key is None:
            continue
        name = key.partition(":")[0]
        here = key in shelf.keys
        states[identity] = stale.get(name, CURRENT) if here else _state(run.data.tags, name, now, unbuilt)
        if not here and run.data.tags.get(STATE_TAG) != states[identity]:
            client.set_tag(identity, STATE_TAG, states[identity])
    return states


def _state(tags: dict[str, str], name: str, now: dict[str, Facts], unbuilt: dict[str, str]) -> str:
    if name in unbuilt:
        return "not built at present"
    if name not in now:
        return "not measured at present" if name == BASE else "no longer in params.yaml"
    successor = now[name].tags
    if name == BASE:
        return f"superseded by base {successor['base'][:12]}"
    if tags.get("fingerprint") == successor["fingerprint"]:
        return f"superseded by adapter {successor['adapter'][:12]} of the same fingerprint"
    return f"superseded by fingerprint {successor['fingerprint'][:12]}"


def _claim(client: Any, shelf: Shelf, facts: Facts) -> tuple[Any | None, list[Any]]:
    """The run that is to say the facts, and those that it takes the place of."""
    same_key = [run for run in shelf.runs if run.data.tags.get("lineage_key") == facts.key]
    replaced = {run.data.tags["replaces"] for run in same_key if "replaces" in run.data.tags}
    superseded = [run for run in same_key if run.info.run_id in replaced]  # a killed publish left both
    same_key = [run for run in same_key if run not in superseded]
    if not facts.is_version:
        return (same_key[0] if same_key else None), superseded + same_key[1:]
    adapter = facts.tags["adapter"]
    mine = [run for run in same_key if run.data.tags.get("adapter", adapter) == adapter]
    if not mine:
        mine = [
            run
            for run in shelf.runs
            if run.data.tags.get("lineage_key") not in shelf.keys
            and run.data.tags.get("adapter") == adapter
            and run.data.tags.get("fingerprint") == facts.tags["fingerprint"]
        ]
    for other in same_key:
        if other in mine[:1]:
            continue
        if other.info.run_id in shelf.kept and other not in mine:
            key = f"{facts.key}:{other.data.tags['adapter'][:12]}"
            client.set_tag(other.info.run_id, "lineage_key", key)
            other.data.tags["lineage_key"] = key
        else:
            superseded.append(other)
    return (mine[0] if mine else None), superseded


def _made(client: Any, shelf: Shelf, facts: Facts, before: Any | None, cost: WhatItTook | None) -> Any:
    """A new run; one that takes another's place has the tags that people gave that one.

    Args:
        client: an MlflowClient.
        shelf: the runs that there are, to which it is added.
        facts: what it will say.
        before: the run whose place it takes.
        cost: with the start of the training.
    """
    tags = {"lineage_key": facts.key}
    tags |= {name: facts.tags[name] for name in ("version", "fingerprint", "adapter") if name in facts.tags}
    if before is not None:
        had = before.data.tags
        peoples = {k: v for k, v in had.items() if k not in OF_A_RUN and not k.startswith("mlflow.")}
        note = {name: had[name] for name in (NOTE, STATE_TAG)} if {NOTE, STATE_TAG} <= had.keys() else {}
        tags = peoples | note | tags | {"replaces": before.info.run_id}
    run = client.create_run(shelf.experiment, cost.start if cost else None, tags, facts.name)
    shelf.runs.append(run)
    if before is not None:
        inherit(client, before, run, facts)
    return run


def _tell_cost(client: Any, run: Any, cost: WhatItTook | None) -> None:
    """What the run does not know yet of its training's cost; what it was told once stands."""
    from mlflow.entities import Metric

    points = [
        Metric(name, value, cost.end, 0)
        for name, value in (cost.metrics if cost else {}).items()
        if cost and name not in run.data.metrics
    ]
    if points:
        client.log_batch(run.info.run_id, metrics=points)


def _fill(client: Any, run: Any, facts: Facts, found: Differences, extra: dict[str, str]) -> None:
    """Tags, parameters, curves, measures and data sets that the run does not have yet."""
    from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag

    identity = run.info.run_id
    tags = found.tags | {name: value for name, value in extra.items() if run.data.tags.get(name) != value}
    for params in _batches([Param(k, v) for k, v in found.params.items()], PARAMS):
        client.log_batch(identity, params=params)
    for batch in _batches([RunTag(k, v) for k, v in tags.items()], PARAMS):
        client.log_batch(identity, tags=batch)
    for name in found.gone:
        client.delete_tag(identity, name)
    for points in _batches([Metric(metric, value, at, step) for metric, value, step, at in found.points], BATCH):
        client.log_batch(identity, metrics=points)

    inputs = []
    for name in found.datasets:
        digest, contents = facts.datasets[name]
        source = json.dumps({"uri": paths.mix(facts.name).as_posix()})
        dataset = Dataset(name, digest, "local", source, None, json.dumps(contents))
        inputs.append(DatasetInput(dataset, [InputTag("mlflow.data.context", "training")]))
    if inputs:
        client.log_inputs(identity, inputs)


def _upload(client: Any, identity: str, facts: Facts, hashes: dict[str, str], files: list[str]) -> None:
    """Some artifacts, in the bytes that they have here; the manifest last."""
    for where in files:
        if where == MANIFEST:
            continue
        made, folder = facts.artifacts[where], Path(where).parent.as_posix()
        with TemporaryDirectory() as scratch:
            file = Path(scratch) / Path(where).name
            if isinstance(made, bytes):
                file.write_bytes(made)
            elif made.name == file.name:
                file = made
            else:
                shutil.copy(made, file)
            client.log_artifact(identity, str(file), None if folder == "." else folder)
    if files:
        client.log_dict(identity, hashes, MANIFEST)


def _batches(items: list[Any], size: int) -> Iterator[list[Any]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
