"""`calibration.json`: how often the gate of `lineage promote` errs, and what it finds; measured by `make calibrate`.

    {"profile": "cpu", "tokens": 60000, "goal": "3f0c…", "trainings": 24, "seed_noise": 0.157,
     "unchanged": {"scale": 1.0, "pairs": 276, "decisions": 2208, "gain": 0.0, "promoted": 0.015, …},
     "planted": [{"scale": 2.0, "gain": 0.524, "promoted": 0.965, …}]}

It is kept in git beside promotions.yaml. No stage reads it.
"""

from pathlib import Path

from lineage.artifacts.artifact import Artifact, ArtifactPart, parsed, write
from lineage.config.goal import Goal
from lineage.core.files import sha256_of
from lineage.core.paths import CALIBRATION

REMEDY = "make it again: make calibrate"


class PairRates(ArtifactPart):
    """Decisions between replicates as champions, and candidates of another budget.

    scale: the candidates' budget in shares of the champions'; at 1.0 they differ by their seed alone.
    gain: the mean of the goal over all pairs, above 0 better. promoted, interval: the share of decisions that promote,
    0..1, and its 95 % interval over adapters.
    """

    scale: float
    pairs: int
    decisions: int
    gain: float
    promoted: float
    interval: tuple[float, float]


class Calibration(Artifact):
    """What was measured, and of what.

    profile, tokens: how the replicates were trained. goal: a digest of the gate's goal without its noise of the seed.
    trainings: that differ by their seed alone. seed_noise: the standard deviation of the goal between two of them, at
    most. unchanged: of pairs of these. planted: of candidates that are better.
    """

    profile: str
    tokens: int
    goal: str
    trainings: int
    seed_noise: float
    unchanged: PairRates
    planted: tuple[PairRates, ...]


def goal_without_seed(goal: Goal) -> str:
    """A digest of a goal without its noise of the seed, which calibrating is for, and its limit on contamination.

    Replicates are trained on the same rows, and calibrating does not ask which of them are held out elsewhere.
    """
    return sha256_of(goal.model_dump(mode="json", exclude={"seed_noise": True, "limits": {"contamination"}}))[:12]


def find_calibration(root: Path = Path()) -> Calibration | None:
    """What was measured in this workspace; None where nothing was.

    Raises:
        LineageError: the file is damaged.
    """
    file = root / CALIBRATION
    return parsed(Calibration, file.read_bytes(), file, REMEDY) if file.is_file() else None


def write_calibration(file: Path, found: Calibration) -> None:
    """Write the file."""
    write(file, found)
