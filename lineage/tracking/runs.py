"""A run is brought to say exactly its facts, from whatever a killed or older publish left of it.

- A run is found by its tag `lineage_key`. It is filled under status RUNNING; the tag `complete` (the digest
  of the facts) and status FINISHED come last, so a run that has both has everything.
- MLflow cannot take back a parameter, a curve's point or a metric. If one of them is no longer true, the run
  goes to the bin and another takes its place.
- A measure that has changed is logged again with a later timestamp, which is what MLflow shows. All other
  timestamps follow from the run's start and the step, so that filling twice adds nothing.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from lineage.core import paths
from lineage.tracking.run_contents import Facts

MANIFEST = "manifest.json"  # artifact path → SHA-256: what need not be uploaded again
BATCH = 1000  # points a request; MLflow's limit
PARAMS = 100  # parameters or tags a request; MLflow's limit

Outcome = Literal["new", "completed", "updated", "unchanged"]


def bring_up_to_date(client: Any, experiment: str, facts: Facts, extra: dict[str, str]) -> tuple[str, Outcome, str]:
    """Find or make the run of `facts`; returns its id, what was done, and the digest that it now carries.

    Args:
        client: an MlflowClient.
        experiment: the id of the experiment that holds the runs.
        facts: what the run must say.
        extra: tags that no digest covers: the parent's run id, the git commit (written when the run is filled).
    """
    hashes = facts.hashes()
    digest = facts.digest(hashes)
    run = find_run(client, experiment, facts.key)
    if run and _is_complete(client, run, digest):
        if "parent_run" in extra and run.data.tags.get("parent_run") != extra["parent_run"]:
            client.set_tag(run.info.run_id, "parent_run", extra["parent_run"])
        return run.info.run_id, "unchanged", digest

    before: Outcome = "new"
    if run:
        before = "updated" if "complete" in run.data.tags else "completed"
        if _says_what_is_no_longer_true(client, run, facts, hashes):
            client.delete_run(run.info.run_id)
            run = None
    if run is None:
        run = client.create_run(experiment, tags={"lineage_key": facts.key}, run_name=facts.name)
    identity = run.info.run_id
    if run.info.status != "RUNNING":
        client.update_run(identity, status="RUNNING")
    _fill(client, run, facts, extra)
    _upload(client, identity, facts, hashes)
    client.set_tag(identity, "complete", digest)
    client.set_terminated(identity, "FINISHED")
    return identity, before, digest


def find_run(client: Any, experiment: str, key: str) -> Any | None:
    """The run that carries `lineage_key`, if it is there and not in the bin."""
    found = client.search_runs([experiment], f"tags.lineage_key = '{key}'", order_by=["attributes.start_time ASC"])
    return found[0] if found else None


def _is_complete(client: Any, run: Any, digest: str) -> bool:
    """Whether nothing is left to be told; false if the artifacts were deleted."""
    if run.info.status != "FINISHED" or run.data.tags.get("complete") != digest:
        return False
    return any(file.path == MANIFEST for file in client.list_artifacts(run.info.run_id))


def _says_what_is_no_longer_true(client: Any, run: Any, facts: Facts, hashes: dict[str, str]) -> bool:
    if any(facts.params.get(name) != value for name, value in run.data.params.items()):
        return True
    if set(run.data.metrics) - set(facts.history) - set(facts.measures):
        return True
    if set(_manifest(client, run.info.run_id)) - set(hashes):
        return True
    return any(
        facts.history[metric].get(point.step) != point.value
        for metric in set(run.data.metrics) & set(facts.history)
        for point in client.get_metric_history(run.info.run_id, metric)
    )


def _fill(client: Any, run: Any, facts: Facts, extra: dict[str, str]) -> None:
    """Tags, parameters, curves, measures and data sets that the run does not have yet."""
    from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag

    identity, begun = run.info.run_id, run.info.start_time
    tags = [RunTag(k, v) for k, v in (facts.tags | extra).items() if run.data.tags.get(k) != v]
    params = [Param(k, v) for k, v in facts.params.items() if k not in run.data.params]
    for batch in _batches(params, PARAMS):
        client.log_batch(identity, params=batch)
    for batch in _batches(tags, PARAMS):
        client.log_batch(identity, tags=batch)

    points = []
    for metric, curve in facts.history.items():
        known = _steps(client, run, metric)
        points += [Metric(metric, v, begun + step, step) for step, v in curve.items() if step not in known]
    for metric, value in facts.measures.items():
        if run.data.metrics.get(metric) != value:
            told = client.get_metric_history(identity, metric) if metric in run.data.metrics else []
            points.append(Metric(metric, value, max((m.timestamp + 1 for m in told), default=begun), 0))
    for batch in _batches(points, BATCH):
        client.log_batch(identity, metrics=batch)

    inputs = [
        DatasetInput(
            Dataset(
                name,
                digest,
                "local",
                json.dumps({"uri": paths.mix(facts.name).as_posix()}),
                None,
                json.dumps(contents),
            ),
            [InputTag("mlflow.data.context", "training")],
        )
        for name, (digest, contents) in facts.datasets.items()
    ]
    if inputs:
        client.log_inputs(identity, inputs)  # MLflow keeps one of each name and digest


def _steps(client: Any, run: Any, metric: str) -> set[int]:
    if metric not in run.data.metrics:
        return set()
    return {point.step for point in client.get_metric_history(run.info.run_id, metric)}


def _upload(client: Any, identity: str, facts: Facts, hashes: dict[str, str]) -> None:
    """The artifacts that are not there yet in these bytes; the manifest last."""
    there = _manifest(client, identity)
    for where, file in facts.artifacts.items():
        if there.get(where) == hashes[where]:
            continue
        folder = Path(where).parent.as_posix()
        if Path(where).name == file.name:
            client.log_artifact(identity, str(file), None if folder == "." else folder)
        else:
            client.log_text(identity, file.read_text(encoding="utf-8"), where)
    if there != hashes:
        client.log_dict(identity, hashes, MANIFEST)


def _manifest(client: Any, identity: str) -> dict[str, str]:
    """What the run's artifacts were when it was last filled; empty before that."""
    from tempfile import TemporaryDirectory

    if not any(file.path == MANIFEST for file in client.list_artifacts(identity)):
        return {}
    with TemporaryDirectory() as folder:
        path = Path(client.download_artifacts(identity, MANIFEST, folder))
        hashes: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return hashes


def _batches(items: list[Any], size: int) -> Iterator[list[Any]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
