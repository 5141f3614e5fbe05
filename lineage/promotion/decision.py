"""A decision of the gate: each thing that was asked, with its figures and a sentence, and the verdict."""

from dataclasses import dataclass
from typing import Literal

from lineage.artifacts.promotions import Look

Asked = Literal["better", "kept", "contamination", "answers", "looks"]


@dataclass(frozen=True, slots=True)
class Criterion:
    """One thing that was asked. said: a sentence, whether it passed or not. set: of `kept`, which one.

    gain: above 0 is better; in `unit`. interval: of 95 %. p: one-sided, that the gain lies above `bound`.
    """

    asked: Asked
    passed: bool
    said: str
    set: str = ""
    gain: float | None = None
    interval: tuple[float, float] | None = None
    p: float | None = None
    bound: float = 0.0
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """What the gate says of a version against the champion, and the look at the rows that it took."""

    version: str
    against: str
    criteria: tuple[Criterion, ...]
    look: Look

    @property
    def passed(self) -> bool:
        """Whether the version is promoted: everything that was asked is so."""
        return all(one.passed for one in self.criteria)

    @property
    def better(self) -> Criterion:
        """What was asked of the weighted goal."""
        return next(one for one in self.criteria if one.asked == "better")

    @property
    def reasons(self) -> tuple[str, ...]:
        """In sentences: what failed, or, where nothing did, all that was asked."""
        return tuple(one.said for one in self.criteria if self.passed or not one.passed)
