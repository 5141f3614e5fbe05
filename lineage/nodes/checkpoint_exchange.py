"""Checkpoints of a training on several nodes: all of them lie on the first node, whole, as those of one machine.

- At the start every node gets the newest sound one, so that all go on from the same step.
- When one is saved, what the other nodes' processes wrote of it (the state of their random numbers) goes to the first
  node before it is sealed.

Files go through gloo, from processor to processor, a piece at a time.
"""

import json
import shutil
from pathlib import Path
from typing import Any

from lineage.nodes.local_processes import Place
from lineage.training import checkpoints
from lineage.training.distributed import process_group

PIECE = 64 << 20  # bytes that are sent at once


def spread(folder: Path, place: Place, rank: int) -> None:
    """Put the first node's newest sound checkpoint into `folder` on every node; what else lies there is deleted.

    Every process must call this.

    Args:
        folder: of the checkpoints, on each node its own.
        place: of this process among the nodes.
        rank: of this process among all.
    """
    found = checkpoints.newest_sound(folder) if rank == 0 else None
    if rank and rank % place.each == 0 and place.node:
        shutil.rmtree(folder, ignore_errors=True)
    process_group.wait()
    files = [] if found is None else sorted(p for p in Path(found).rglob("*") if p.is_file())
    _send(folder, files, by=0, write=place.node > 0 and rank % place.each == 0)
    process_group.wait()


def gather_before_the_seal(place: Place, rank: int) -> None:
    """From now on trainers of transformers bring each checkpoint together on the first node as soon as it is saved.

    By the callbacks that every trainer gets, which come before our own: the seal is one of ours.
    """
    from transformers import TrainerCallback, trainer

    class Gathering(TrainerCallback):
        def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            gather(Path(args.output_dir), Path(args.output_dir) / f"checkpoint-{state.global_step}", place, rank)

    every: list[Any] = trainer.DEFAULT_CALLBACKS
    every.append(Gathering)


def gather(folder: Path, checkpoint: Path, place: Place, rank: int) -> None:
    """Bring what the other nodes hold of a checkpoint to the first one, and delete it there.

    Every process must call this.

    Args:
        folder: of the checkpoints.
        checkpoint: a folder in it.
        place: of this process among the nodes.
        rank: of this process among all.
    """
    process_group.wait()  # every process has written its part
    for node in range(1, place.nodes):
        first = node * place.each
        files = sorted(p for p in checkpoint.rglob("*") if p.is_file()) if rank == first else []
        _send(folder, files, by=first, write=rank == 0)
    process_group.wait()
    if place.node and rank % place.each == 0:
        shutil.rmtree(folder, ignore_errors=True)
    process_group.wait()


def _send(folder: Path, files: list[Path], *, by: int, write: bool) -> None:
    """Send files of `folder` from one process to all; those that write put them to the same place in theirs."""
    mine = process_group.rank() == by
    sizes = {f.relative_to(folder).as_posix(): f.stat().st_size for f in files} if mine else {}
    sizes = json.loads(_said(json.dumps(sizes).encode(), by))
    for name, size in sizes.items():
        place = folder / name
        if write and not mine:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(b"")
        for start in range(0, size, PIECE):
            piece = b""
            if mine:
                with place.open("rb") as file:
                    file.seek(start)
                    piece = file.read(PIECE)
            piece = _said(piece, by)
            if write and not mine:
                with place.open("ab") as file:
                    file.write(piece)


def _said(data: bytes, by: int) -> bytes:
    """The bytes that one process says, in all of them."""
    import torch
    import torch.distributed as dist

    mine = dist.get_rank() == by
    size = torch.tensor(len(data) if mine else 0)
    dist.broadcast(size, by)
    if not int(size):
        return b""
    told = torch.frombuffer(bytearray(data), dtype=torch.uint8) if mine else torch.empty(int(size), dtype=torch.uint8)
    dist.broadcast(told, by)
    return told.numpy().tobytes()
