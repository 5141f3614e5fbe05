"""What people added to a run goes with it into the run that takes its place: metrics and files.

Tags and notes are taken along where that run is made. What `publish` told is not: it is told anew.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from lineage.tracking.differences import MANIFEST, OURS, told_files
from lineage.tracking.run_contents import Facts


def inherit(client: Any, before: Any, run: Any, facts: Facts) -> None:
    """Copy what people added.

    Args:
        client: an MlflowClient.
        before: the run that goes.
        run: the one that takes its place.
        facts: what that one will say.
    """
    identity = run.info.run_id
    for metric in before.data.metrics:
        if metric.startswith(OURS):
            continue
        for point in client.get_metric_history(before.info.run_id, metric):
            client.log_metric(identity, metric, point.value, timestamp=point.timestamp, step=point.step)
    ours = {MANIFEST, *told_files(client, before), *facts.artifacts}
    with TemporaryDirectory() as scratch:
        for at in sorted(_files(client, before.info.run_id, None)):
            if at not in ours:
                file = client.download_artifacts(before.info.run_id, at, scratch)
                folder = Path(at).parent.as_posix()
                client.log_artifact(identity, file, None if folder == "." else folder)


def _files(client: Any, identity: str, folder: str | None) -> list[str]:
    found: list[str] = []
    for one in client.list_artifacts(identity, folder):
        found += _files(client, identity, one.path) if one.is_dir else [one.path]
    return found
