"""What a check is, and the checks of training itself. Each trains in processes of its own.

A check's docstring is what the report says of it: what it covers, and after "Expected:" what it takes for right.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from benchmarks.verify_gpu.room_inputs import Setup
from benchmarks.verify_gpu.rooms import Room, room

# Two ways of training agree if their losses differ by less than this part, at the first step and on average.
SAME_LOSS = 0.02
Status = Literal["passed", "rehearsed", "failed", "not checked"]  # rehearsed: it would have passed, on a CPU
NOT_ON_A_CPU = "not on a CPU"


@dataclass(frozen=True, slots=True)
class Result:
    """One check. expected: what it takes for right. figures: what was measured, for the JSON and the tables."""

    name: str
    title: str
    expected: str
    status: Status
    found: str
    figures: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0


Check = Callable[[Setup], tuple[Status, str, dict[str, Any]]]


def title(check: Check) -> str:
    """What a check covers: the first line of its docstring."""
    return (check.__doc__ or "").strip().splitlines()[0].rstrip(".")


def expected(check: Check) -> str:
    """What a check takes for right."""
    return " ".join((check.__doc__ or "").partition("Expected:")[2].split()).rstrip(".")


def run(check: Check, setup: Setup) -> Result:
    """Run a check; whatever breaks it is what it found."""
    begun = time.monotonic()
    try:
        status, found, figures = check(setup)
    except Exception as error:  # a report with the reason is worth more than a traceback
        status, found, figures = "failed", f"{error}" or type(error).__name__, {}
    if setup.rehearsal and status == "passed":
        status = "rehearsed"
    seconds = round(time.monotonic() - begun, 1)
    return Result(check.__name__, title(check), expected(check), status, found, figures, seconds)


def trains(setup: Setup) -> tuple[Status, str, dict[str, Any]]:
    """The production settings train a first version: tokens a second, memory at its peak.

    Expected: it ends well; speed and memory are told.
    """
    figures = room(setup, "first").train("v1")
    return "passed", said(figures), figures


def in_force(setup: Setup) -> tuple[Status, str, dict[str, Any]]:
    """What was asked for is in force: optimizer, precision, quantisation, batch, steps, rate.

    Expected: no setting differs.
    """
    record = trained_room(setup, "first").record("v1")
    asked, found = record["requested"], record["effective"]
    changed = [name for name in asked if asked[name] != found[name]]
    differing = [f"{name}: asked for {asked[name]}, in force {found[name]}" for name in changed]
    figures = {
        "requested": asked,
        "effective": found,
        "eight_bit_share": record["eight_bit_share"],
        "trainable_parameters": record["trainable_parameters"],
    }
    if not differing:
        return "passed", f"all {len(asked)} settings", figures
    return ("passed" if setup.rehearsal else "failed"), "; ".join(differing), figures


def again(setup: Setup) -> tuple[Status, str, dict[str, Any]]:
    """The same training again, in another folder, gives the same adapter.

    Expected: the same bytes; where a card sums in another order each time, losses within 2 %.
    """
    second = room(setup, "again", like=trained_room(setup, "first"), versions=False)
    second.train("v1")
    return same_adapter(trained_room(setup, "first"), second, "v1")


def continues(setup: Setup) -> tuple[Status, str, dict[str, Any]]:
    """A second version starts from its parent's adapter, tensor by tensor, and trains on.

    Expected: every tensor is the parent's before the first step, and the adapter differs after the last.
    """
    second = room(setup, "second", like=trained_room(setup, "first"))
    figures = second.ask("continued", "v2")
    if figures["missing"] or figures["added"] or figures["different"]:
        return "failed", ", ".join(f"{n} {name}" for name, n in figures.items()), figures
    second.train("v2")
    if second.adapter("v2").read_bytes() == second.adapter("v1").read_bytes():
        return "failed", "v2 is its parent, byte for byte", figures
    return "passed", f"all {figures['tensors']} tensors are the parent's; v2 differs after training", figures


def agrees(setup: Setup) -> tuple[Status, str, dict[str, Any]]:
    """The trainer hf, on the same parent and rows, has the same losses.

    Expected: the first loss and the mean of all within 2 %.
    """
    if setup.trainer == "hf":
        return "not checked", "what is verified is the trainer hf; it is held against bare TRL below", {}
    other = room(setup, "hf", like=trained_room(setup, "first"), trainer="hf")
    speed = other.train("v2")
    ours, theirs = losses(trained_room(setup, "second"), "v2"), losses(other, "v2")
    first, mean = abs(ours[0] / theirs[0] - 1), abs(sum(ours) / sum(theirs) - 1)
    figures = {
        "first_loss": ours[0],
        "first_loss_of_hf": theirs[0],
        "last_loss": ours[-1],
        "last_loss_of_hf": theirs[-1],
        "difference_first": round(first, 5),
        "difference_mean": round(mean, 5),
        "hf": speed,
    }
    found = f"first loss {ours[0]:.4f} and {theirs[0]:.4f}, mean differs by {mean:.2%}; hf: {said(speed)}"
    return ("passed" if max(first, mean) < SAME_LOSS else "failed"), found, figures


def packs(setup: Setup) -> tuple[Status, str, dict[str, Any]]:
    """Packed rows do not see each other, and packing trains.

    Expected: the guard, which measures it before the first step, lets it train.
    """
    figures = room(setup, "packed", like=trained_room(setup, "first"), packing=True, batch_size=1).train("v2")
    return "passed", said(figures), figures


def sixteen_bit(setup: Setup) -> tuple[Status, str, dict[str, Any]]:
    """LoRA on a 16-bit base (`load_in_4bit: false`) trains, with what is asked for in force.

    Expected: it ends well; speed and memory are told.
    """
    if setup.rehearsal:
        return "not checked", f"{NOT_ON_A_CPU}: the rehearsal has no 4-bit base to compare with", {}
    whole = room(setup, "sixteen", like=trained_room(setup, "first"), load_in_4bit=False)
    figures = whole.train("v2")
    return "passed", said(figures), figures


def said(figures: dict[str, Any]) -> str:
    """Speed and memory in words."""
    memory = f"{figures['peak_gpu_gb']} GB on the GPU" if figures["peak_gpu_gb"] else f"{figures['peak_process_gb']} GB"
    return f"{figures['tokens_per_second']:,} tokens/s, {memory} at the peak"


def trained_room(setup: Setup, name: str) -> Room:
    """The room that another check trained in.

    Raises:
        RuntimeError: that check failed.
    """
    root = setup.work / name
    if not (root / "models").is_dir() or not list((root / "models").glob("v*/lineage.json")):
        raise RuntimeError(f"needs what the check {name!r} trains, which failed")
    return Room(root)


def same_adapter(one: Room, two: Room, version: str) -> tuple[Status, str, dict[str, Any]]:
    """Whether two rooms trained the same adapter: the same bytes, or losses within SAME_LOSS."""
    if one.adapter(version).read_bytes() == two.adapter(version).read_bytes():
        return "passed", "the same bytes", {"same_bytes": True}
    from safetensors.torch import load_file

    a, b = load_file(one.adapter(version)), load_file(two.adapter(version))
    apart = sum(float((a[name].double() - b[name].double()).square().sum()) for name in a) ** 0.5
    size = sum(float(tensor.double().square().sum()) for tensor in a.values()) ** 0.5
    worst = max(abs(x / y - 1) for x, y in zip(losses(one, version), losses(two, version), strict=True))
    figures = {"same_bytes": False, "distance": round(apart / size, 6), "largest_loss_difference": round(worst, 6)}
    found = f"not the same bytes: {apart / size:.1e} of its size apart, losses differ by {worst:.2%} at most"
    return ("passed" if worst < SAME_LOSS else "failed"), found, figures


def losses(of: Room, version: str) -> list[float]:
    """The losses that a training logged."""
    lines = Path(of.root, "models", version, "history.csv").read_text(encoding="utf-8").splitlines()
    at = lines[0].split(",").index("loss")
    return [float(json.loads(line.split(",")[at])) for line in lines[1:]]
