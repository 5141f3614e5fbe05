"""What training each version will take, against what this machine has; what cannot fit is refused before it starts."""

import json
from collections.abc import Container, Iterator
from dataclasses import dataclass
from math import ceil

from rich.table import Table

from lineage.config.schema import Curriculum
from lineage.config.version import ResolvedVersion
from lineage.core import journal, machine, paths
from lineage.core.errors import LineageError
from lineage.core.machine import Room, size
from lineage.planning.amount import Work, work_of
from lineage.planning.cautions import cautions, lost_base, many_passes
from lineage.planning.duration import Seconds, training_seconds
from lineage.planning.memory import Memory, memory_of, optimizer_bytes
from lineage.planning.model import Model, model_of

MARGIN = 1.3  # how far an estimate of memory may lie above the truth: what exceeds it is refused, less only warned of


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one version; None is unknown. `disk`: bytes written, a DVC cache that copies and the checkpoints included."""

    version: ResolvedVersion
    work: Work
    seconds: Seconds | None
    memory: Memory | None
    disk: int | None


@dataclass(frozen=True, slots=True)
class Prices:
    """What every cost is reckoned from. model: the base's shapes, if they are known. base: its identity's beginning."""

    model: Model | None
    runs: list[journal.Entry]
    base: str | None


def prices(c: Curriculum) -> Prices:
    """The base's shapes and what earlier runs took here."""
    return Prices(model_of(c.active.base), journal.entries(), journal.trained_with().get("base"))


def costs(c: Curriculum) -> dict[str, Cost]:
    """Of every version that is trained here, in order; an adopted one costs no training."""
    known = prices(c)
    trained = [v for v in map(c.version, c.in_order()) if v.spec.train.adopted is None]
    return {v.name: cost_of(c, v, known) for v in trained}


def cost_of(c: Curriculum, v: ResolvedVersion, known: Prices) -> Cost:
    """Of one version that is trained here."""
    work, model = work_of(c, v), known.model
    seconds = training_seconds(known.runs, c, known.base, model, work.tokens) if work.tokens else None
    if model is None:
        return Cost(v, work, seconds, None, None)
    memory = memory_of(model, c.active, v, work.longest, on_gpu=bool(machine.gpus()))
    return Cost(v, work, seconds, memory, _disk(c, v, model, work))


def _disk(c: Curriculum, v: ResolvedVersion, model: Model, work: Work) -> int:
    """An adapter twice (the folder and DVC's cache), three checkpoints while the third is written, and the tokens."""
    lora = v.lora
    adapter = 4 * model.adapter(lora)
    tokenizer = sum(file.stat().st_size for file in paths.BASE_MODEL.glob("token*.json"))
    checkpoint = adapter + optimizer_bytes(model, lora, c.active.optimizer) + tokenizer
    a_token = 8 + 12 * c.active.packing  # ids and labels of 4 bytes; packed once more, with positions
    return 2 * (adapter + tokenizer) + 3 * checkpoint + a_token * work.mix_tokens


def refuse_what_cannot_fit(c: Curriculum, v: ResolvedVersion) -> None:
    """For the training stage, before it loads anything.

    Raises:
        LineageError: with what is needed, what is free now, and what to lower.
    """
    model = model_of(c.active.base)
    cost = cost_of(c, v, Prices(model, [], None))
    if found := list(refusals(c, cost, model, now=True)):
        raise LineageError("\n".join(found))


def refusals(c: Curriculum, cost: Cost, model: Model | None, *, now: bool) -> Iterator[str]:
    """Why a version cannot be trained here.

    Args:
        c: the curriculum.
        cost: of the version.
        model: the base's shapes; None: not known, and nothing is refused.
        now: measured by what is free now, or by all that the machine has.
    """
    if model is None or cost.memory is None or cost.disk is None:
        return
    if strange := [target for target in c.chain.lora.targets if target not in model.layer_types]:  # PEFT passes it over
        yield (
            f"chain.lora.targets: the base of the profile {c.profile} has no linear layer {', '.join(strange)}; "
            f"it has {', '.join(model.layer_types)}"
        )
        return
    room, need = _room(cost.memory)
    has = room.free if now else room.total
    name = cost.version.name
    if need / MARGIN > has:
        parts = ", ".join(f"{name} {size(bytes_)}" for name, bytes_ in _largest(cost.memory))
        yield (
            f"{name} cannot be trained here: it needs about {size(need)} of {room.what} ({parts}), here are "
            f"{size(room.total)}, {size(room.free)} of it free. Lower it in profiles.{c.profile}: "
            f"{'; '.join(_remedies(c, cost, model, need)) or 'a smaller base'}"
        )
    disk = machine.disk()
    if cost.disk > disk.free:
        yield (
            f"{name} cannot be trained here: checkpoints, adapter and tokens take about {size(cost.disk)} of "
            f"disk, {size(disk.free)} is free; make room, or lower chain.lora.r"
        )


def _remedies(c: Curriculum, cost: Cost, model: Model, need: int) -> Iterator[str]:
    """Settings that lower the need, each alone, with what would be left of it."""
    profile = c.active
    changes = {
        "gradient_checkpointing": True,
        "batch_size": profile.batch_size // 2,
        "max_length": profile.max_length // 2,
        "load_in_4bit": True,
    }
    for field, value in changes.items():
        if value and value != getattr(profile, field):
            other = profile.model_copy(update={field: value})
            longest = min(cost.work.longest, other.max_length)
            _, then = _room(memory_of(model, other, cost.version, longest, on_gpu=bool(machine.gpus())))
            if then < need:
                yield f"{field}: {json.dumps(value)} ({size(then)})"


def _room(memory: Memory) -> tuple[Room, int]:
    """Where training runs, and how much it needs there: each process has a GPU, or all share the main memory."""
    if found := machine.gpus():
        return min((room for _, room in found), key=lambda room: room.free), memory.one
    return machine.memory(), memory.all


def _largest(memory: Memory) -> list[tuple[str, int]]:
    return sorted(memory.parts.items(), key=lambda part: -part[1])[:3]


def here() -> str:
    """This machine in one line: its kind, and what of its memory and disk is free."""
    rooms = [*(room for _, room in machine.gpus()[:1]), machine.memory(), machine.disk()]
    free = ", ".join(f"{size(room.free)} of {size(room.total)} {room.what} free" for room in rooms)
    return f"{machine.kind()}: {free}"


def table(c: Curriculum, without: Container[str] = ()) -> tuple[Table, list[str], list[str]]:
    """What `lineage check` prints of costs: a table, what to be careful of, and what is refused.

    Args:
        c: the curriculum.
        without: versions that cannot be built, and cost nothing yet.
    """
    shown = Table("version", "steps", "tokens", "time", "memory", "disk")
    refused: list[str] = list(lost_base(c))
    model = None if refused else model_of(c.active.base)
    found = [] if refused else [cost for name, cost in costs(c).items() if name not in without]
    careful: list[str] = list(cautions(c, model))
    later = {
        "memory and disk until `dvc repro base`": any(cost.memory is None for cost in found),
        "steps until `dvc repro mix`": any(cost.work.steps is None for cost in found),
    }
    if said := [what for what, unknown in later.items() if unknown]:
        careful.append(f"unknown: {', '.join(said)}")
    for cost in found:
        work, memory = cost.work, cost.memory
        about = "" if work.exact else "~"
        shown.add_row(
            cost.version.name,
            f"{about}{work.steps:,}" if work.steps else "unknown",
            f"~{work.tokens:,}" if work.tokens else "unknown",
            span(cost.seconds),
            size(_room(memory)[1]) if memory else "unknown",
            size(cost.disk) if cost.disk is not None else "unknown",
        )
        if many := many_passes(c, cost.version, work):
            careful.append(many)
        refused += [line for line in refusals(c, cost, model, now=False) if line not in refused]
        if memory and model and not refused:
            place, need = _room(memory)
            if need > place.free:
                careful.append(
                    f"{cost.version.name} needs about {size(need)} of {place.what}, {size(place.free)} is free: "
                    f"it may not fit; {'; '.join(_remedies(c, cost, model, need)) or 'free some of it first'}"
                )
    return shown, careful, refused


def span(seconds: Seconds | None) -> str:
    """Seconds for people; what was not measured here is called rough."""
    if seconds is None:
        return "unknown"
    return clock(seconds.value) + ("" if seconds.measured else " (rough)")


def clock(seconds: float) -> str:
    """Seconds for people: 40 s, 12 min, 3.5 h."""
    if seconds < 100:
        return f"{ceil(seconds)} s"
    return f"{round(seconds / 60)} min" if seconds < 6000 else f"{seconds / 3600:,.1f} h"
