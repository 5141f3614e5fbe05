"""What the run in MLflow does not say, or says wrongly, held value by value and file by file against its facts.

Ours are the facts' tags, parameters and files, and the metrics below the names in `OURS`. Tags, metrics, files and
notes that people added are no difference.
"""

import json
import math
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlparse
from urllib.request import url2pathname

from lineage.core.files import sha256
from lineage.tracking.answer_table import LISTED, listed
from lineage.tracking.notes import NOTE, with_peoples
from lineage.tracking.run_contents import Facts

STATE_TAG = "lineage_state"
# Metrics that people do not add; `pooled/` is what an earlier release called own/.
OURS = ("nll/", "score/", "chance/", "figure/", "all/", "ancestors/", "own/", "pooled/", "train/", "preference/")
SOMETIMES = (LISTED, "unknown_data", "against_parent", "against_champion")  # tags that a version may lose
FIRST = ("all/nll", "all/right")  # told before all other metrics
MANIFEST = "manifest.json"  # artifact path → SHA-256 of what was uploaded
PARAM_LIMIT = 6000  # characters; MLflow cuts a longer value


@dataclass(slots=True)
class Differences:
    """What has to be told to a run.

    false: what MLflow cannot take back, in words: the run has to be replaced.
    tags, params: those to be set. gone: tags to be taken away. points: (metric, value, step, timestamp).
    files: artifact paths to upload, among them the manifest. words: all of it, for people.
    """

    false: list[str] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    gone: list[str] = field(default_factory=list)
    params: dict[str, str] = field(default_factory=dict)
    points: list[tuple[str, float, int, int]] = field(default_factory=list)
    datasets: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)


def differences(client: Any, run: Any, facts: Facts, hashes: dict[str, str]) -> Differences:
    """Compare a run with its facts.

    Args:
        client: an MlflowClient.
        run: the run as MLflow gives it.
        facts: what it must say.
        hashes: the SHA-256 of each of the facts' artifacts.
    """
    found = Differences()
    for part in (_tags, _params, _metrics, _datasets):
        part(client, run, facts, found)
    _files(client, run, facts, hashes, found)
    found.words = found.false + found.words
    return found


def wrong_files(client: Any, run: Any, hashes: dict[str, str], here: Mapping[str, Path | bytes]) -> list[str]:
    """The artifacts of a run that are not there in these bytes; on a server, not in this size or not once uploaded so.

    Args:
        client: an MlflowClient.
        run: the run as MLflow gives it.
        hashes: the SHA-256 of each artifact.
        here: the files or bytes that they are, where they are here too: they tell the sizes.
    """
    if (root := _folder(run)) is not None:
        return [at for at, digest in hashes.items() if not (root / at).is_file() or sha256(root / at) != digest]
    sizes = dict(_listed(client, run.info.run_id, {Path(where).parent.as_posix() for where in hashes}))
    uploaded = told_files(client, run)
    wrong = [at for at, digest in hashes.items() if at not in sizes or uploaded.get(at) != digest]
    return wrong + [at for at, file in here.items() if at not in wrong and sizes[at] not in (None, _size(file))]


def _size(file: Path | bytes) -> int:
    return len(file) if isinstance(file, bytes) else file.stat().st_size


def told_files(client: Any, run: Any) -> dict[str, str]:
    """What the run's artifacts were when it was last filled; empty before that, or if nobody can read it."""
    from mlflow.artifacts import download_artifacts

    root = _folder(run)
    with TemporaryDirectory() as folder:
        if root is not None:
            file = root / MANIFEST
        elif any(one.path == MANIFEST for one in client.list_artifacts(run.info.run_id)):
            uri = f"{run.info.artifact_uri}/{MANIFEST}"
            file = Path(download_artifacts(artifact_uri=uri, dst_path=folder, tracking_uri=client.tracking_uri))
        else:
            return {}
        try:
            said = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
    return {str(at): str(digest) for at, digest in said.items()} if isinstance(said, dict) else {}


def _tags(client: Any, run: Any, facts: Facts, found: Differences) -> None:
    has = run.data.tags
    wanted = facts.tags | {"lineage_key": facts.key, "mlflow.runName": facts.name}
    if NOTE in facts.tags:
        wanted |= {NOTE: with_peoples(facts.tags[NOTE], has.get(NOTE, ""), told_before=STATE_TAG in has)}
    if LISTED in facts.tags:
        wanted |= {LISTED: listed(has.get(LISTED, ""))}
    found.tags = {name: value for name, value in wanted.items() if has.get(name) != value}
    found.gone = [name for name in SOMETIMES if name in has and name not in wanted]
    found.words += [f"tag {name}" for name in (*found.tags, *found.gone)]


def _params(client: Any, run: Any, facts: Facts, found: Differences) -> None:
    has = run.data.params
    found.params = {name: value for name, value in facts.params.items() if name not in has}
    found.words += [f"parameter {name}" for name in found.params]
    for name, value in facts.params.items():
        if name in has and has[name] != value[:PARAM_LIMIT]:
            found.false.append(f"parameter {name}")


def _metrics(client: Any, run: Any, facts: Facts, found: Differences) -> None:
    has, begun, identity = run.data.metrics, run.info.start_time, run.info.run_id
    for metric in has:
        if metric.startswith(OURS) and metric not in facts.history | facts.ends | facts.measures:
            found.false.append(f"metric {metric}")
    # MLflow's pages offer the metric that was told first: not the loss of a training, but what compares all runs.
    for metric in sorted(facts.measures, key=lambda one: one not in FIRST):
        value = facts.measures[metric]
        if metric in has and _same(value, has[metric]):
            continue
        # MLflow shows the point of the last step, and of that step the latest: a measure is told again after it.
        points = client.get_metric_history(identity, metric) if metric in has else []
        step = max((point.step for point in points), default=0)
        found.points.append((metric, value, step, max((p.timestamp + 1 for p in points), default=begun)))
        found.words.append(f"metric {metric}")
    for metric, curve in facts.history.items():
        points = client.get_metric_history(identity, metric) if metric in has else []
        if any(point.step not in curve or not _same(curve[point.step], point.value) for point in points):
            found.false.append(f"curve {metric}")
            continue
        known = {point.step for point in points}
        told = [(metric, value, step, begun + step) for step, value in curve.items() if step not in known]
        found.points += told
        found.words += [f"curve {metric}"] if told else []
    for metric, curve in facts.ends.items():
        points = client.get_metric_history(identity, metric) if metric in has else []
        if any(point.step not in curve for point in points):
            found.false.append(f"curve {metric}")
            continue
        for step, value in curve.items():
            there = [point for point in points if point.step == step]
            last = max(there, key=lambda point: point.timestamp, default=None)
            if last is None or not _same(last.value, value):
                found.points.append((metric, value, step, last.timestamp + 1 if last else begun + step))
                found.words.append(f"curve {metric}")


def _datasets(client: Any, run: Any, facts: Facts, found: Differences) -> None:
    inputs = run.inputs.dataset_inputs if run.inputs else []
    has = {(one.dataset.name, one.dataset.digest) for one in inputs}
    found.datasets = [name for name, (digest, _) in facts.datasets.items() if (name, digest) not in has]
    found.words += [f"data set {name}" for name in found.datasets]


def _files(client: Any, run: Any, facts: Facts, hashes: dict[str, str], found: Differences) -> None:
    uploaded = told_files(client, run)
    found.false += [f"file {at}" for at in uploaded if at not in hashes]
    found.files = wrong_files(client, run, hashes, facts.artifacts)
    if uploaded != hashes:
        found.files.append(MANIFEST)
    found.words += [f"file {at}" for at in found.files]


def _listed(client: Any, identity: str, folders: set[str]) -> Iterator[tuple[str, int | None]]:
    """The files in some folders of a run, with their sizes in bytes where the server tells them."""
    for folder in sorted(folders):
        for one in client.list_artifacts(identity, None if folder == "." else folder):
            if not one.is_dir:
                yield one.path, one.file_size


def _folder(run: Any) -> Path | None:
    """Where a run's files lie, if this is a folder here."""
    uri = urlparse(run.info.artifact_uri)
    return Path(url2pathname(uri.path)) if uri.scheme in ("", "file") else None


def _same(one: float, other: float) -> bool:
    """MLflow's databases keep an infinity as the largest number, and "no number" beside its value."""
    limit = sys.float_info.max
    if math.isnan(one) or math.isnan(other):
        return math.isnan(one) and math.isnan(other)
    return max(-limit, min(limit, one)) == max(-limit, min(limit, other))
