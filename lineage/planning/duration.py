"""How long a stage takes: from the journal of this machine, or for training, roughly, from its arithmetic."""

from dataclasses import dataclass
from statistics import median

from lineage.config.schema import Curriculum
from lineage.core import machine
from lineage.core.journal import Entry
from lineage.planning.model import Model

START = 15.0  # seconds before the first step; an assumption, imports alone took 7 s on two cores
CORE = 20e9  # multiplications and additions a second of one core in 32 bits; 2 cores were measured at 39e9
GPU = 60e12  # of one GPU in 16 bits with 4-bit weights; an assumption, nothing was measured
SUPERVISED = 0.5  # the share of tokens whose logits are computed; an assumption
RECENT = 10  # runs that are looked at


@dataclass(frozen=True, slots=True)
class Seconds:
    """An estimate; `measured` if earlier runs on this machine gave it."""

    value: float
    measured: bool


def training_seconds(
    journal: list[Entry], c: Curriculum, base: str | None, model: Model | None, tokens: int
) -> Seconds | None:
    """How long training takes. None if the base's shapes are not known and nothing like it was trained here.

    Args:
        journal: what stages took, oldest first; runs on another kind of machine are passed over.
        c: the curriculum: its profile, and the adapter's shape.
        base: the identity of the base that earlier runs must have had; None: any.
        model: the base's shapes; None: not known.
        tokens: seen in training, all epochs and a preference phase together.
    """
    nodes = c.active.launch.nodes
    here = [run for run in _here(journal, c.profile, base) if run["stage"].startswith("train@") and _timed(run)]
    runs = [run for run in here if run.get("nodes", 1) == nodes][-RECENT:]
    if runs:
        a_token = median(run["training_seconds"] / run["tokens"] for run in runs)
        around = median(run["seconds"] - run["training_seconds"] for run in runs)
        return Seconds(around + tokens * a_token, True)
    if model is None:
        return None
    profile, on_gpu = c.active, bool(machine.gpus())
    a_token = 4 * model.linear + 6 * model.adapter(c.chain.lora) + 4 * SUPERVISED * model.vocab * model.hidden
    if profile.gradient_checkpointing:
        a_token += 2 * model.linear
    threads = min(profile.threads or machine.cores(), machine.cores())
    speed = GPU * profile.launch.processes if on_gpu else CORE * threads * nodes
    return Seconds(START + tokens * a_token / speed, False)


def adopting_seconds(journal: list[Entry], stage: str) -> Seconds:
    """Of taking over a version that was trained elsewhere: nothing is trained."""
    own = [run["seconds"] for run in _here(journal) if run["stage"] == stage and "tokens" not in run][-RECENT:]
    return Seconds(median(own), True) if own else Seconds(START, False)


def stage_seconds(journal: list[Entry], stage: str, profile: str, base: str | None) -> Seconds | None:
    """How long a stage takes, by its last runs on this machine, or its sisters': `ingest@rules` for `ingest@metamath`.

    None if there were none.

    Args:
        journal: what stages took, oldest first; runs on another kind of machine are passed over.
        stage: its name in dvc.yaml, such as evaluate@v2.
        profile: the name of the profile that runs of a model must have had; other stages do not ask.
        base: the identity of the base that they must have had; None: any.
    """
    name = "evaluate@base" if stage == "baseline" else stage
    kind = name.partition("@")[0]
    needs_model = kind in ("base", "train", "evaluate")
    runs = _here(journal, profile, base if kind != "base" else None) if needs_model else _here(journal)
    own = [run["seconds"] for run in runs if run["stage"] == name][-RECENT:]
    sisters = [run["seconds"] for run in runs if run["stage"].partition("@")[0] == kind][-RECENT:]
    return Seconds(median(own or sisters), True) if own or sisters else None


def _here(journal: list[Entry], profile: str | None = None, base: str | None = None) -> list[Entry]:
    """Runs on a machine of this kind, of this profile and base if they are given."""
    return [
        run
        for run in journal
        if run.get("machine") == machine.kind()
        and profile in (None, run.get("profile"))
        and base in (None, run.get("base"))
    ]


def _timed(run: Entry) -> bool:
    return run.get("tokens", 0) > 0 and run.get("training_seconds", 0) > 0
