"""What a trainer is given, what it tells while it trains, what it gives back, and what a trainer is.

Two modules of `backends/` are trainers: `hf` (transformers + PEFT, any machine) and `unsloth` (production, one GPU).
They differ only in how they load the model and the adapter; `sft.py` then trains both alike through TRL, and `dpo.py` a
version's second phase, if it has one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from lineage.config.schema import Lora, Profile

HISTORY = ("step", "loss", "learning_rate", "grad_norm", "tokens")  # the columns of history.csv
PREFERENCE_HISTORY = ("step", "loss", "margin", "accuracy", "learning_rate", "grad_norm", "tokens")  # preference.csv


@dataclass(frozen=True, slots=True)
class Job:
    """One version to train: everything that shapes its adapter."""

    version: str
    weights: str  # a folder that transformers can load the base from
    base_name: str  # how the adapter names its base: a hub id, or a link that its identity names; no path of a machine
    parent: Path | None  # the adapter to continue; None: a new one
    lora: Lora
    profile: Profile
    learning_rate: float
    steps: int
    seed: int
    tokenizer: Any
    dataset: Any  # sequences in the order of training; `id` names the rows of the mix that they are made of
    lengths: list[int]  # of the sequences, in tokens
    checkpoints: Path
    base_revision: str | None = None  # the commit of a hub base
    beta: float | None = None  # of a preference phase (DPO); None: supervised

    @property
    def steps_a_point(self) -> int:
        """The steps behind a point of the curves: about a hundred points, however long the training."""
        return max(1, self.steps // 100)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What training did, beside the adapter it wrote."""

    history: list[dict[str, float]]
    requested: dict[str, Any]
    effective: dict[str, Any]
    trainable_parameters: int
    eight_bit_share: float


@dataclass(slots=True)
class Progress:
    """How far a training in this process is, through all its phases, and whether it is asked to stop.

    step: the one that is computed, counted from 1. training: whether steps are computed now, as opposed to loading and
    saving. signal: the name of the one that asked for a stop. elsewhere: whether another process asks for one.
    """

    step: int = 0
    training: bool = False
    signal: str = ""
    elsewhere: Callable[[], bool] = lambda: False

    def asked_to_stop(self) -> bool:
        """Whether this process was sent a signal, or another one says so."""
        return bool(self.signal) or self.elsewhere()


class Trainer(Protocol):
    """A module of `backends/` with these two functions."""

    def load(self, job: Job) -> Any:
        """The base with one trainable adapter named `default`: the parent's, or a new one."""

    def settings(self, job: Job) -> dict[str, Any]:
        """What this trainer adds to TRL's `SFTConfig` or `DPOConfig`."""
