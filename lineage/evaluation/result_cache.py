"""What a model answered to a held-out set, kept in `.state/evaluations` under what shaped it: no set is asked twice."""

from pathlib import Path

from lineage.artifacts.artifact import write
from lineage.artifacts.measures import MeasuredRow, Measurement, SampleAnswer
from lineage.core.files import sha256_of
from lineage.core.paths import STATE
from lineage.evaluation.heldout import HeldOutSet


class SetResult(Measurement):
    """The rows of one set that were short enough to be asked, and the answers that are shown in full.

    budget: the tokens that an answer might have.
    """

    rows: tuple[MeasuredRow, ...]
    answers: tuple[SampleAnswer, ...]
    budget: int


def place(heldout: HeldOutSet, asked_by: str, measured_by: object) -> Path:
    """Where the result of a set lies.

    heldout: the set; its digest covers every row. asked_by: the SHA-256 of all else that shapes an answer: weights,
    template, settings, code. measured_by: what holds for this set alone, as JSON.
    """
    return STATE / "evaluations" / f"{sha256_of([heldout.digest, asked_by, measured_by])}.json"


def kept(file: Path) -> SetResult | None:
    """The result at a place; None where there is none, or half of one that a killed run left."""
    try:
        return SetResult.model_validate_json(file.read_bytes())
    except (OSError, ValueError):
        return None


def keep(file: Path, result: SetResult) -> None:
    """Write a result to its place."""
    write(file, result)
