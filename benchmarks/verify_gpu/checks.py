"""The checks, in order. Each trains in processes of its own, and says what it covers and what it found."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from benchmarks.verify_gpu.rooms import Room, Setup, room

# Two ways of training agree if their losses differ by less than this part, at the first step and on average.
SAME_LOSS = 0.02
Status = Literal["passed", "failed", "not checked"]


@dataclass(frozen=True, slots=True)
class Result:
    """One check: `figures` are what was measured, for the JSON and the tables."""

    name: str
    title: str
    status: Status
    found: str
    figures: dict[str, Any] = field(default_factory=dict)


Check = Callable[[Setup], tuple[Status, str, dict[str, Any]]]


def title(check: Check) -> str:
    """What a check covers: the first line of its docstring."""
    return (check.__doc__ or "").strip().splitlines()[0].rstrip(".")


def run(check: Check, setup: Setup) -> Result:
    """Run a check; whatever breaks it is what it found."""
    try:
        status, found, figures = check(setup)
    except Exception as error:  # a report with the reason is worth more than a traceback
        status, found, figures = "failed", f"{error}" or type(error).__name__, {}
    return Result(check.__name__, title(check), status, found, figures)


def trains(setup: Setup) -> tuple[Status, str, dict[str, Any]]:
    """The production settings train a first version: tokens a second, memory at its peak."""
    figures = room(setup, "first").train("v1")
    return "passed", said(figures), figures


def in_force(setup: Setup) -> tuple[Status, str, dict[str, Any]]:
    """What was asked for is in force: optimizer, precision, quantisation, batch, steps, rate."""
    record = _room(setup, "first").record("v1")
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
    """The same training again, in another folder, gives the same adapter."""
    second = room(setup, "again")
    second.train("v1")
    return _same(_room(setup, "first"), second, "v1")


def resumes(setup: Setup) -> tuple[Status, str, dict[str, Any]]:
    """Killed with SIGKILL and run again, training resumes and gives the same adapter."""
    killed = room(setup, "killed")
    if not killed.train_and_kill("v1"):
        return "failed", "the run had ended before it could be killed; give more --steps", {}
    at = max(int(p.name.rpartition("-")[2]) for p in (killed.root / ".state/checkpoints").glob("*/checkpoint-*"))
    measured = killed.train("v1")
    if measured["steps"] >= setup.steps:
        return "failed", f"it began at the start again instead of at step {at}", {}
    status, found, figures = _same(_room(setup, "first"), killed, "v1")
    done = setup.steps - measured["steps"]
    return status, f"resumed at step {done}; {found}", figures | {"resumed_at": done}


def continues(setup: Setup) -> tuple[Status, str, dict[str, Any]]:
    """A second version starts from its parent's adapter, tensor by tensor, and trains on."""
    second = room(setup, "second", like=_room(setup, "first"))
    figures = second.ask("continued", "v2")
    if figures["missing"] or figures["added"] or figures["different"]:
        return "failed", ", ".join(f"{n} {name}" for name, n in figures.items()), figures
    second.train("v2")
    if second.adapter("v2").read_bytes() == second.adapter("v1").read_bytes():
        return "failed", "v2 is its parent, byte for byte", figures
    return "passed", f"all {figures['tensors']} tensors are the parent's; v2 differs after training", figures


def agrees(setup: Setup) -> tuple[Status, str, dict[str, Any]]:
    """The trainer hf, on the same parent and rows, has the same losses."""
    other = room(setup, "hf", like=_room(setup, "first"), trainer="hf")
    speed = other.train("v2")
    ours, theirs = _losses(_room(setup, "second"), "v2"), _losses(other, "v2")
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
    alone = "hf beside itself: " if setup.trainer == "hf" else ""
    found = f"{alone}first loss {ours[0]:.4f} and {theirs[0]:.4f}, mean differs by {mean:.2%}; hf: {said(speed)}"
    return ("passed" if max(first, mean) < SAME_LOSS else "failed"), found, figures


def packs(setup: Setup) -> tuple[Status, str, dict[str, Any]]:
    """Packed rows do not see each other, and packing trains: the guard measures it before the first step."""
    figures = room(setup, "packed", like=_room(setup, "first"), packing=True, batch_size=1).train("v2")
    return "passed", said(figures), figures


def sixteen_bit(setup: Setup) -> tuple[Status, str, dict[str, Any]]:
    """LoRA on a 16-bit base (`load_in_4bit: false`) trains, with what is asked for in force."""
    if setup.rehearsal:
        return "not checked", "the rehearsal has no 4-bit base to compare with", {}
    whole = room(setup, "sixteen", like=_room(setup, "first"), load_in_4bit=False)
    figures = whole.train("v2")
    return "passed", said(figures), figures


def accepted(setup: Setup) -> tuple[Status, str, dict[str, Any]]:
    """Stock transformers and PEFT load the adapter on the 16-bit base and answer."""
    figures = _room(setup, "second").ask("accepted", "v2")
    right = figures["finite"] and figures["largest_change_of_a_logit"] > 0 and figures["new_tokens"] > 0
    found = f"{figures['new_tokens']} tokens, logits moved by up to {figures['largest_change_of_a_logit']}"
    return ("passed" if right else "failed"), found, figures


def served(setup: Setup) -> tuple[Status, str, dict[str, Any]]:
    """A server takes it: vLLM answers with the adapter."""
    if find_spec("vllm") is None:
        return "not checked", "vLLM is not installed", {}
    if setup.rehearsal:
        return "not checked", "a rehearsal does not serve", {}
    figures = _room(setup, "second").ask("served", "v2")
    same = "the same answer as the base" if figures["same_as_the_base"] else "another answer than the base"
    return ("passed" if figures["new_tokens"] else "failed"), f"{figures['new_tokens']} tokens, {same}", figures


ALL: tuple[Check, ...] = (
    trains,
    in_force,
    again,
    resumes,
    continues,
    agrees,
    packs,
    sixteen_bit,
    accepted,
    served,
)


def said(figures: dict[str, Any]) -> str:
    """Speed and memory in words."""
    memory = f"{figures['peak_gpu_gb']} GB on the GPU" if figures["peak_gpu_gb"] else f"{figures['peak_process_gb']} GB"
    return f"{figures['tokens_per_second']:,} tokens/s, {memory} at the peak"


def _room(setup: Setup, name: str) -> Room:
    root = setup.work / name
    if not (root / "models").is_dir() or not list((root / "models").glob("v*/lineage.json")):
        raise RuntimeError(f"needs what the check {name!r} trains, which failed")
    return Room(root)


def _same(one: Room, two: Room, version: str) -> tuple[Status, str, dict[str, Any]]:
    """Whether two rooms trained the same adapter: the same bytes, or losses within SAME_LOSS."""
    if one.adapter(version).read_bytes() == two.adapter(version).read_bytes():
        return "passed", "the same bytes", {"same_bytes": True}
    from safetensors.torch import load_file

    a, b = load_file(one.adapter(version)), load_file(two.adapter(version))
    apart = sum(float((a[name].double() - b[name].double()).square().sum()) for name in a) ** 0.5
    size = sum(float(tensor.double().square().sum()) for tensor in a.values()) ** 0.5
    losses = list(zip(_losses(one, version), _losses(two, version), strict=True))
    worst = max(abs(x / y - 1) for x, y in losses)
    figures = {"same_bytes": False, "distance": round(apart / size, 6), "largest_loss_difference": round(worst, 6)}
    found = f"not the same bytes: {apart / size:.1e} of its size apart, losses differ by {worst:.2%} at most"
    return ("passed" if worst < SAME_LOSS else "failed"), found, figures


def _losses(of: Room, version: str) -> list[float]:
    lines = Path(of.root, "models", version, "history.csv").read_text(encoding="utf-8").splitlines()
    at = lines[0].split(",").index("loss")
    return [float(json.loads(line.split(",")[at])) for line in lines[1:]]
