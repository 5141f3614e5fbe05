"""The page's figures as DVC reads them: `dvc metrics diff`, `dvc plots diff` and `dvc exp show`.

    reports/metrics/v6.json         {"nll": 1.62, "right": 0.53, "better": 5, "worse": 9, "forgot": 4}
    reports/plots/loss/v6.csv       step,loss                   as on the page's curves
    reports/plots/sets/v6.csv       set,nll,score               in the page's order of sets

`nll` and `right` are over a version's own sets; `better`, `worse` and `forgot` count held-out sets against its parent,
as the page does for that pair. What is not measured is not there. dvc.yaml names the files under `metrics` and `plots`.
"""

import csv
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from lineage.artifacts.comparison import ComparedVersion, Comparison
from lineage.core import paths
from lineage.core.files import write_json
from lineage.reporting.paired import rounded
from lineage.reporting.set_order import set_order
from lineage.reporting.set_words import standing
from lineage.reporting.two_versions import two_versions
from lineage.reporting.workspace import Workspace


def write_dvc_figures(w: Workspace, comparison: Comparison, out: Path) -> None:
    """Write them into the folder of the report.

    Args:
        w: the workspace.
        comparison: all versions, compared.
        out: what becomes `reports`.
    """
    for version, one in comparison.versions.items():
        file = out / paths.REPORTED_METRICS.name / f"{version}.json"
        file.parent.mkdir(exist_ok=True)
        write_json(file, _metrics(w, version, one))
    order = set_order(w)
    for version, trained in w.trained.items():
        curve = [(int(row["step"]), row["loss"]) for row in trained.history if "loss" in row]
        _table(out / paths.REPORTED_PLOTS.name / "loss" / f"{version}.csv", ("step", "loss"), curve)
        if version in w.measured:
            sets, rows = w.measured[version].sets, w.measured[version].rows
            measured = [(name, rounded(rows[name].mean_nll), sets[name].score) for name in order if name in rows]
            _table(out / paths.REPORTED_PLOTS.name / "sets" / f"{version}.csv", ("set", "nll", "score"), measured)


def _metrics(w: Workspace, version: str, compared: ComparedVersion) -> dict[str, float | int]:
    """The figures of a version; none where it is not measured.

    Args:
        w: the workspace.
        version: its name.
        compared: it and its parent.
    """
    figures: dict[str, float | int] = {}
    if compared.pooled:
        figures["nll"] = compared.pooled.nll
    if compared.right:
        figures["right"] = compared.right.share
    if compared.sets:
        count = Counter(standing(one) for one in two_versions(w, compared.parent, version).sets.values())
        figures |= {"better": count["better"], "worse": count["worse"], "forgot": len(compared.forgot)}
    return figures


def _table(file: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(["" if cell is None else cell for cell in row] for row in rows)
