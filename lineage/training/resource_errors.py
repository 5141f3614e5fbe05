"""Too little memory or disk, said with numbers: what was asked for, what there is, and which setting to lower.

Libraries raise a dozen kinds of errors for these two; here they are told apart from bugs by type, number and wording.
"""

import errno
import re
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lineage.core import machine
from lineage.core.errors import LineageError
from lineage.core.machine import Room, size
from lineage.training import checkpoints
from lineage.training.job import Job, Progress

NO_MEMORY = re.compile(
    r"(can't|cannot) allocate memory|not enough memory|out of memory|bad_alloc|ALLOC_FAILED|os error 12\b", re.I
)
# `inline_container.cc` is where torch.save gives up on a write, whatever the reason that it then names.
NO_DISK = re.compile(r"no space left|quota exceeded|file too large|inline_container\.cc|os error (28|122|27)\b", re.I)
DISK_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
Bytes = int


@contextmanager
def explained(job: Job, progress: Progress, doing: str = "loading") -> Iterator[None]:
    """Turn a shortage of memory or disk in what is done here into an error with its numbers; a bug stays a bug.

    Args:
        job: the version that a message names, with the settings that it advises to lower.
        progress: says at which step it happened, if any was computed.
        doing: what happens here besides training, for the message.

    Raises:
        LineageError: when memory or disk ran out. Nothing half-written stays; sealed checkpoints do.
    """
    try:
        yield
    except LineageError:
        raise
    except Exception as error:
        when = f"at step {progress.step}/{job.steps}" if progress.training else f"while {doing}"
        if of_memory(error):
            raise LineageError(memory_message(error, job, when, loading=not progress.training)) from error
        if of_disk(error):
            checkpoints.drop_unsealed(job.checkpoints)
            raise LineageError(disk_message(error, job, when)) from error
        raise


def refuse_too_small_a_disk(job: Job, model: Any) -> None:
    """Refuse to begin what the disk cannot hold, rather than fail after hours.

    Raises:
        LineageError: less is free than `disk_needed` says.
    """
    job.checkpoints.mkdir(parents=True, exist_ok=True)
    needed = disk_needed(job, [(p.numel(), p.element_size()) for p in model.parameters() if p.requires_grad])
    if (free := disk_free(job)) < needed:
        raise LineageError(
            f"{job.version}: {size(free)} are free where .state lies, and its checkpoints with its adapter "
            f"take {size(needed)}; make room first. Nothing was trained"
        )


def of_memory(error: BaseException) -> bool:
    """Whether an error, or one that it came from, means that memory ran out, the processor's or the GPU's."""
    return any(
        isinstance(e, MemoryError)
        or type(e).__name__ == "OutOfMemoryError"
        or (isinstance(e, OSError) and e.errno == errno.ENOMEM)
        or (isinstance(e, RuntimeError) and bool(NO_MEMORY.search(str(e))))
        or (type(e).__name__ == "SafetensorError" and bool(NO_MEMORY.search(str(e))))
        for e in _chain(error)
    )


def of_disk(error: BaseException) -> bool:
    """Whether an error, or one that it came from, means that a file could not be written for want of room."""
    return any(
        (isinstance(e, OSError) and e.errno in DISK_ERRORS)
        or (isinstance(e, RuntimeError) and bool(NO_DISK.search(str(e))))
        or (type(e).__name__ == "SafetensorError" and bool(NO_DISK.search(str(e))))
        for e in _chain(error)
    )


def memory_message(error: BaseException, job: Job, when: str, *, loading: bool) -> str:
    """What was asked for, what was free of how much, the batch, and what to lower, by the names in params.yaml.

    Args:
        error: says how much was asked for, if it says it.
        job: the version, with its profile and the lengths of its rows in tokens.
        when: it happened, as "at step 3/12" or "while loading".
        loading: before the first step, when the size of a batch plays no part yet.
    """
    profile = job.profile
    asked = _asked(error)
    room = memory(of_gpu="cuda" in f"{type(error)} {error}".lower())
    asked_for = f"{asked} more were asked for, " if asked else ""
    batch = (
        f"A batch is batch_size {profile.batch_size} × max_length {profile.max_length} = "
        f"{profile.batch_size * profile.max_length:,} tokens at most, the longest row has {max(job.lengths):,}."
    )
    remedies = []
    if not loading and profile.batch_size > 1:
        lower = next(n for n in range(profile.batch_size - 1, 0, -1) if profile.batch_size % n == 0)
        remedies.append(
            f"batch_size: {lower} (leave global_batch_size: {profile.global_batch_size} as it is, "
            "and a step still means the same)"
        )
    if not loading and not profile.gradient_checkpointing:
        remedies.append("gradient_checkpointing: true (slower, and the same result)")
    if not loading:
        remedies.append(f"a max_length below {profile.max_length} (longer rows are then dropped)")
    if not profile.load_in_4bit:
        remedies.append("load_in_4bit: true (the base takes a quarter of its 16-bit size)")
    if loading:
        remedies.append("a smaller base, or a machine with more memory")
    return (
        f"{job.version}: out of memory {when}: {asked_for}{size(room.free)} of {size(room.total)} were free "
        f"({room.what}). "
        f"{'' if loading else batch + ' '}Lower one of these in profiles.<profile>: {'; '.join(remedies)}. "
        f"Checkpoints are kept for the same settings; a changed one begins {job.version} again"
    )


def disk_message(error: BaseException, job: Job, when: str) -> str:
    """Which file system is full, what a checkpoint takes and what is kept."""
    room = machine.disk(_there(job.checkpoints))
    kept = checkpoints.newest(job.checkpoints)
    takes = f"a checkpoint takes {size(checkpoint_size(job))}, and three are there at a time"
    goes_on = "it begins at the start" if kept == "none" else f"it goes on from {kept}, which is kept"
    return (
        f"{job.version}: the disk is full {when} ({_short(error)}): {size(room.free)} of {size(room.total)} are free "
        f"where .state lies; {takes}. Nothing half-written is left. Make room and run the same command: {goes_on}"
    )


def disk_needed(job: Job, tensors: list[tuple[int, int]]) -> Bytes:
    """What a whole run writes: three checkpoints (two are kept while one is written) and the adapter.

    tensors: of each trained one its elements and the bytes of one element. Two states are kept for each element;
    bitsandbytes leaves tensors below 4,096 elements in 32 bits.
    """
    adapter = sum(count * width for count, width in tensors)
    state = sum(2 * count * (1 if "8bit" in job.profile.optimizer and count >= 4096 else 4) for count, _ in tensors)
    there = sum(_size_of(c) for c in checkpoints.in_order(job.checkpoints))
    return max(0, 3 * (checkpoint_size(job) or adapter + state) - there) + adapter


def disk_free(job: Job) -> Bytes:
    """What is free where the checkpoints lie."""
    return machine.disk(_there(job.checkpoints)).free


def checkpoint_size(job: Job) -> Bytes:
    """The bytes of the largest checkpoint that is there; 0 if there is none."""
    return max((_size_of(c) for c in checkpoints.in_order(job.checkpoints)), default=0)


def memory(*, of_gpu: bool) -> Room:
    """Memory where it is shortest: the GPU, this machine or container, or a ulimit."""
    if of_gpu:
        import torch

        if torch.cuda.is_available():
            free, total = torch.cuda.mem_get_info()
            return Room(f"GPU {torch.cuda.current_device()}", total, free)
    found = [machine.memory()]
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit != resource.RLIM_INFINITY:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        held = pages * resource.getpagesize()
        found.append(Room("this process's limit, ulimit -v", limit, max(0, limit - held)))
    return min(found, key=lambda room: room.free)


def _asked(error: BaseException) -> str:
    for e in _chain(error):
        if found := re.search(r"tried to allocate (\d+) bytes", str(e), re.I):
            return size(int(found[1]))
        if found := re.search(r"tried to allocate ([\d.]+ \w+)", str(e), re.I):
            return found[1]
    return ""


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _short(error: BaseException) -> str:
    return " ".join(str(error).split())[:120]


def _size_of(folder: Path) -> Bytes:
    return sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())


def _there(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists."""
    return next(p for p in (folder, *folder.absolute().parents) if p.exists())
