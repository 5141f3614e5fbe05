"""Which version of a line broke or taught an answer: from stored results, or by asking each version a free question."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, Literal

from lineage.artifacts.manifest import find_manifest, read_manifest
from lineage.bisect.asked_readings import asked_line
from lineage.bisect.probe import Probe, Reading
from lineage.bisect.stored_readings import line_of, steps_between, stored_readings
from lineage.bisect.turning_point import LineStep, Turn, TurningPoint, turning_point
from lineage.config.schema import BASE, Curriculum
from lineage.core.errors import LineageError
from lineage.reporting.workspace import read_workspace


@dataclass(frozen=True, slots=True)
class LineFinding:
    """What a line of versions makes of a probe. steps: between those that were read; point: None, nobody did it."""

    probe: Probe
    line: tuple[str, ...]
    readings: dict[str, Reading]
    steps: tuple[LineStep, ...]
    point: TurningPoint | None

    def as_json(self) -> dict[str, Any]:
        """The same for a program."""
        point = self.point
        return {
            "probe": asdict(self.probe),
            "line": list(self.line),
            "readings": [asdict(reading) for reading in self.readings.values()],
            "turn": point.turn if point else None,
            "version": point.step.after.version if point else None,
            "parent": point.step.before.version if point else None,
            "skipped": list(point.step.skipped) if point else [],
            "by": point.by if point else None,
            "change": round(point.step.change, 6) if point else None,
        }


def longest_line(c: Curriculum) -> str:
    """The version with the most ancestors; of equals the one that is written first."""
    return max(c.versions, key=lambda version: len(c.ancestors(version)))


def find_version(c: Curriculum, probe: Probe, version: str, wanted: Turn | Literal[""] = "") -> LineFinding:
    """Read a line and find the step.

    Args:
        c: the curriculum.
        probe: what is asked.
        version: the last one of the line.
        wanted: broke or taught; "" for what the last version suggests.

    Raises:
        LineageError: no version of the line was measured, or built.
    """
    line, w = line_of(c, version), None
    if probe.kind == "free":
        readings = asked_line(c, probe, _built(line))
    else:
        w = read_workspace(c)
        readings = stored_readings(w, probe, line)
    steps = steps_between(readings, line, w, probe)
    return LineFinding(probe, line, readings, tuple(steps), turning_point(steps, wanted))


def _built(line: Sequence[str]) -> list[str]:
    """The versions of a line that are here; each must continue the one before it as that is here."""
    built = [version for version in line if version == BASE or find_manifest(version)]
    if len(built) < 2:
        raise LineageError(f"of {', '.join(line[1:])} none is built here; build them with: dvc repro train@{line[-1]}")
    for parent, version in pairwise(line):
        if parent in built and version in built:
            made, before = read_manifest(version), None if parent == BASE else read_manifest(parent).adapter
            if (made.parent, made.parent_adapter) != (parent, before):
                raise LineageError(
                    f"{version} did not continue {parent} as it is here, so nothing between the two is a step; "
                    f"run `dvc repro train@{version}`"
                )
    return built
