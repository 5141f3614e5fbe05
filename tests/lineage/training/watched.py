"""A version trained as the stage trains it, answered and explained, from a model that a test has changed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from lineage.training import checkpoints
from lineage.training.backends import hf
from lineage.training.job import Progress
from lineage.training.resource_errors import explained
from lineage.training.sft import fit
from lineage.training.stop_signals import answered
from tests import tiny

CHECKPOINTS = Path(".state/checkpoints/test")  # of `tiny.job`


class Loading:
    """A trainer that loads as `hf` does, and then has something done to the model."""

    settings = staticmethod(hf.settings)

    def __init__(self, change: Callable[[Any], Any]) -> None:
        self.change = change

    def load(self, job: Any) -> Any:
        """The model that `change` gives back, or what it made of the one that it was given."""
        model = hf.load(job)
        return self.change(model) or model


def train(change: Callable[[Any], Any] = lambda _: None, **changes: Any) -> Any:
    """Train v2 with a changed model and a changed curriculum: the model and what happened."""
    job, progress = tiny.job("v2", tiny.curriculum(**changes)), Progress()
    with answered(job, progress), explained(job, progress):
        return fit(job, Loading(change), progress)


def sealed() -> list[str]:
    """The checkpoints that are whole, oldest first."""
    return [c.name for c in checkpoints.in_order(CHECKPOINTS) if (c / "complete").is_file()]
