"""The settings of a training that the record names: what was asked for, and what the built trainer really does.

One row a setting. `asked_for` and `in_force` are written to `lineage.json` as `requested` and `effective`, in the order
of the table; `passed_on` is what TRL's config is told. A back end may change a setting silently: the guard `settings`
compares the two.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from lineage.base_model import chat_template
from lineage.training.distributed import process_group
from lineage.training.job import Job

CLIP = 1.0  # the norm that a step's gradient is cut to
Phase = Literal["supervised", "preference"]


@dataclass(frozen=True, slots=True)
class TrainingSetting:
    """One setting of a training.

    Attributes:
        name: its key in the record.
        asked: the value that the profile or the job asks for.
        in_force: the value in a trainer of TRL that has been built, with its optimizer.
        argument: the argument of TRL's config that takes the value as it is asked for; empty: no single one does.
        phase: the only phase that has this setting; None: both have it.
    """

    name: str
    asked: Callable[[Job], Any]
    in_force: Callable[[Any], Any]
    argument: str = ""
    phase: Phase | None = None


def asked_for(job: Job) -> dict[str, Any]:
    """The settings that the profile and the job ask for, by name."""
    return {setting.name: setting.asked(job) for setting in _of_phase(job)}


def in_force(trainer: Any, job: Job) -> dict[str, Any]:
    """The settings of a built trainer, by name; the same names as `asked_for` gives."""
    return {setting.name: setting.in_force(trainer) for setting in _of_phase(job)}


def passed_on(job: Job) -> dict[str, Any]:
    """The settings that TRL's config takes as they are asked for, by the names of its arguments."""
    return {setting.argument: setting.asked(job) for setting in _of_phase(job) if setting.argument}


def _of_phase(job: Job) -> list[TrainingSetting]:
    phase = _phase(job)
    return [setting for setting in SETTINGS if setting.phase in (None, phase)]


def _phase(job: Job) -> Phase:
    return "supervised" if job.beta is None else "preference"


def _loss_asked(job: Job) -> str:
    return job.profile.loss if job.beta is None else "completion"  # a preference is between answers to one prompt


def _packing_asked(job: Job) -> bool:
    return job.profile.packing and job.beta is None  # pairs are never packed


def _strategy_asked(job: Job) -> str:
    launch = job.profile.launch
    return launch.strategy if launch.processes > 1 else process_group.ONE


def _optimizer(trainer: Any) -> str:
    """The profile's name of the optimizer that is really there, by its class and its number of bits."""
    inner = getattr(trainer.optimizer, "optimizer", trainer.optimizer)
    if type(inner).__module__.startswith("bitsandbytes"):
        paged = "paged_" if getattr(inner, "is_paged", False) else ""
        return f"{paged}adamw_{inner.args.optim_bits}bit"
    return "adamw_torch" if type(inner).__module__.startswith("torch.optim") else str(type(inner))


def _rows_per_step(trainer: Any) -> int:
    args = trainer.args
    return int(args.train_batch_size * args.gradient_accumulation_steps * args.world_size)


def _double_quant(trainer: Any) -> bool:
    """Whether there are 4-bit weights, and the scales of all of them are quantised too."""
    scales = [state for p in trainer.model.parameters() if (state := getattr(p, "quant_state", None)) is not None]
    return bool(scales) and all(state.nested for state in scales)


def _compute_dtype(trainer: Any) -> str:
    """The precision of the first norm: these weights are never quantised."""
    weights = next(p for name, p in trainer.model.named_parameters() if "norm" in name)
    return str(weights.dtype).removeprefix("torch.")


def _loss(trainer: Any) -> str:
    """`full` if all that can be a target is one: every token but padding and the first of each row."""
    batch = _first_batch(trainer)
    silent = batch["completion_mask"] == 0 if "completion_mask" in batch else batch["labels"] == chat_template.IGNORED
    possible = batch["position_ids"] if "position_ids" in batch else batch["attention_mask"]
    return "completion" if bool((silent & (possible > 0))[:, 1:].any()) else "full"


def _packing(trainer: Any) -> bool:
    """Whether TRL packs rows (its DPO cannot), or the rows come packed."""
    return bool(getattr(trainer.args, "packing", False)) or "position_ids" in _first_batch(trainer)


def _first_batch(trainer: Any) -> Any:
    """The first rows in the order of training, eight at most, as the model would get them."""
    rows = trainer.train_dataset
    return trainer.data_collator([rows[i] for i in range(min(len(rows), 8))])


SETTINGS = (
    TrainingSetting("optimizer", lambda job: job.profile.optimizer, _optimizer, "optim"),
    TrainingSetting("learning_rate", lambda job: job.learning_rate, lambda t: t.args.learning_rate, "learning_rate"),
    TrainingSetting(
        "schedule",
        lambda job: job.profile.schedule,
        lambda t: str(t.args.lr_scheduler_type.value),
        "lr_scheduler_type",
    ),
    TrainingSetting(
        "warmup_steps",
        lambda job: round(job.profile.warmup_ratio * job.steps),
        lambda t: int(t.args.get_warmup_steps(t.args.max_steps)),
        "warmup_steps",
    ),
    TrainingSetting("steps", lambda job: job.steps, lambda t: t.args.max_steps, "max_steps"),
    TrainingSetting("rows_per_step", lambda job: job.profile.global_batch_size, _rows_per_step),
    TrainingSetting(
        "weight_decay", lambda job: job.profile.weight_decay, lambda t: t.args.weight_decay, "weight_decay"
    ),
    TrainingSetting("max_grad_norm", lambda job: CLIP, lambda t: t.args.max_grad_norm, "max_grad_norm"),
    TrainingSetting(
        "gradient_checkpointing",
        lambda job: job.profile.gradient_checkpointing,
        lambda t: bool(t.args.gradient_checkpointing),
        "gradient_checkpointing",
    ),
    TrainingSetting(
        "load_in_4bit",
        lambda job: job.profile.load_in_4bit,
        lambda t: bool(getattr(t.model, "is_loaded_in_4bit", False)),
    ),
    TrainingSetting("double_quant", lambda job: job.profile.load_in_4bit and job.profile.double_quant, _double_quant),
    TrainingSetting("compute_dtype", lambda job: job.profile.compute_dtype, _compute_dtype),
    TrainingSetting("loss", _loss_asked, _loss),
    TrainingSetting("packing", _packing_asked, _packing),
    TrainingSetting("world_size", lambda job: job.profile.launch.processes, lambda t: process_group.world_size()),
    TrainingSetting("strategy", _strategy_asked, lambda t: process_group.strategy(t.model)),
    TrainingSetting(
        "max_length", lambda job: job.profile.max_length, lambda t: t.args.max_length, "max_length", "supervised"
    ),
    TrainingSetting("beta", lambda job: job.beta, lambda t: t.args.beta, "beta", "preference"),
)
