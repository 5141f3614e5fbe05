"""What a line of versions is stored to have made of a held-out row or set: nothing is asked, nothing is trained."""

from collections.abc import Sequence
from itertools import pairwise

from lineage.artifacts.measures import read_rows
from lineage.bisect.probe import Probe, Reading
from lineage.bisect.turning_point import LineStep
from lineage.config.schema import BASE, Curriculum
from lineage.core.errors import LineageError
from lineage.reporting.measured import Measured
from lineage.reporting.paired import difference
from lineage.reporting.right_answers import RIGHT_OR_WRONG
from lineage.reporting.workspace import Workspace
from lineage.statistics.judgement import judge


def line_of(c: Curriculum, version: str) -> tuple[str, ...]:
    """The base, the ancestors of a version, oldest first, and the version itself.

    Raises:
        LineageError: there is no version of that name.
    """
    return (BASE, *reversed(c.version(version).ancestors), version)


def stored_readings(w: Workspace, probe: Probe, line: Sequence[str]) -> dict[str, Reading]:
    """The reading of each version of a line that was measured on the probe's row or set.

    Raises:
        LineageError: none was.
    """
    found = {}
    for version in line:
        measured = w.measured.get(version)
        if measured and (reading := _reading(measured, probe, version)):
            found[version] = reading
    if not found:
        why = "; ".join(f"{v}: {', '.join(w.missing[v])}" for v in line if v in w.missing)
        raise LineageError(f"no version of the line was measured on {probe.name}: {why or 'run `dvc repro evaluate`'}")
    return found


def steps_between(
    readings: dict[str, Reading], line: Sequence[str], w: Workspace | None, probe: Probe
) -> list[LineStep]:
    """The steps of a line, each with the versions between that were not read; of a set each with its verdict.

    Args:
        readings: by version.
        line: from the base on.
        w: the workspace, where a set's steps are judged: all together, so that noise is rarely called a change.
        probe: what was read.
    """
    known = [version for version in line if version in readings]
    pairs = list(pairwise(known))
    verdicts: dict[str, str] = {}
    if probe.kind == "set" and w is not None:
        rows = {version: w.measured[version].rows[probe.set] for version in known}
        tested = {b: difference([(probe.set, rows[b], rows[a])]).tested for a, b in pairs}
        verdicts = {version: one.verdict for version, one in judge(tested).items()}
    between = {(a, b): tuple(line[line.index(a) + 1 : line.index(b)]) for a, b in pairs}
    return [LineStep(readings[a], readings[b], verdicts.get(b, ""), between[a, b]) for a, b in pairs]


def _reading(measured: Measured, probe: Probe, version: str) -> Reading | None:
    rows = measured.rows.get(probe.set)
    if rows is None:
        return None
    if probe.kind == "set":
        return Reading(version, round(rows.mean_nll, 6), score=measured.sets[probe.set].score)
    row = next((one for one in read_rows(version) if (one.set, one.id) == (probe.set, probe.row)), None)
    if row is None:
        return None
    kept = measured.answers.get((probe.set, probe.row))
    return Reading(
        version=version,
        nll=round(row.nll / row.tokens, 6),
        right=bool(row.score) if row.measure in RIGHT_OR_WRONG and row.score is not None else None,
        score=row.score,
        said=kept.answer if kept else None,
    )
