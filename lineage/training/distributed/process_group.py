"""What the processes that train one version say to one another; with one process, each answer is the plain one."""

from pathlib import Path
from typing import Any

from lineage.config.schema import Profile

ZERO3 = Path(__file__).with_name("zero3.json")
ONE = "one process"


def _connected() -> bool:
    import torch.distributed as dist

    return dist.is_available() and dist.is_initialized()


def rank() -> int:
    """Which of the processes this is; 0 writes files."""
    import torch.distributed as dist

    return dist.get_rank() if _connected() else 0


def world_size() -> int:
    """How many processes there really are."""
    import torch.distributed as dist

    return dist.get_world_size() if _connected() else 1


def strategy(model: Any) -> str:
    """How the processes share a model: by what its weights are, and not by what was asked for."""
    from torch.distributed.tensor import DTensor

    weights = list(model.parameters())
    if all(isinstance(weight, DTensor) for weight in weights):
        return "fsdp2"
    if any(hasattr(weight, "ds_id") for weight in weights):
        return "zero3"
    return "ddp" if world_size() > 1 else ONE


def wait() -> None:
    """Until every process is here."""
    import torch.distributed as dist

    if _connected():
        dist.barrier()


def any_says(yes: bool) -> bool:
    """Whether any process says yes: all of them get the same answer at the same step."""
    import torch
    import torch.distributed as dist

    if not _connected():
        return yes
    vote = torch.tensor(int(yes))
    dist.all_reduce(vote, op=dist.ReduceOp.MAX)
    return bool(vote)


def own_random_numbers(seed: int) -> None:
    """From here on each process draws numbers of its own, so that dropout differs as it does between rows."""
    import torch

    if rank():
        torch.manual_seed(seed + rank())


def deepspeed_file(profile: Profile) -> str | None:
    """The shipped DeepSpeed settings, if the profile asks for them."""
    launch = profile.launch
    return str(ZERO3) if launch.processes > 1 and launch.strategy == "zero3" else None


def size(parameter: Any) -> int:
    """How many numbers a parameter has in all processes together."""
    return int(getattr(parameter, "ds_numel", parameter.numel()))


def gathered(parameters: list[Any]) -> Any:
    """A context in which parameters that DeepSpeed has split are whole."""
    from contextlib import nullcontext

    if not any(hasattr(p, "ds_id") for p in parameters):
        return nullcontext()
    import deepspeed

    return deepspeed.zero.GatheredParameters(parameters)
