"""What this machine has: its kind, its memory and its disk. Asked without torch, so that the command line is quick."""

import ctypes
import os
import platform
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from math import ceil
from pathlib import Path

import psutil

CGROUPS = Path("/sys/fs/cgroup")
UNLIMITED = 1 << 60  # what the kernel writes for "no limit" is larger


@dataclass(frozen=True, slots=True)
class Room:
    """Bytes of something, in all and free at this moment."""

    what: str
    total: int
    free: int


@cache
def kind() -> str:
    """The class of machine on which times are comparable: processor, cores and GPUs."""
    names = [f"{_processor()}, {cores()} cores", *(name for name, _ in gpus())]
    return " + ".join(names)


def cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def memory() -> Room:
    """Main memory, or the part of it that this container may use."""
    here = psutil.virtual_memory()
    total, free = here.total, here.available
    for limit, used in _limits():
        total, free = min(total, limit), min(free, max(limit - used, 0))
    return Room("memory", total, free)


@cache
def gpus() -> tuple[tuple[str, Room], ...]:
    """Every GPU with its memory, as the driver's own tool says; none where there is no device."""
    if not Path("/dev/nvidia0").exists():
        return ()
    query = ["nvidia-smi", "--query-gpu=name,memory.total,memory.free", "--format=csv,noheader,nounits"]
    try:
        said = subprocess.run(query, capture_output=True, text=True, check=True, timeout=10).stdout
    except (OSError, subprocess.SubprocessError):
        return ()
    found = []
    for line in said.splitlines():
        name, total, free = (part.strip() for part in line.split(","))
        found.append((name, Room("GPU memory", int(total) << 20, int(free) << 20)))
    return tuple(found)


def disk(folder: Path = Path()) -> Room:
    """The file system of a folder."""
    here = shutil.disk_usage(folder)
    return Room("disk", here.total, here.free)


def size(bytes_: float) -> str:
    """Bytes for people: 812 MB, 5.4 GB."""
    return f"{bytes_ / 1e9:,.1f} GB" if bytes_ >= 1e9 else f"{ceil(bytes_ / 1e6):,} MB"


def return_freed_memory() -> None:
    """From now on glibc gives large blocks back to the system instead of keeping them in its heap.

    Activations of a training step are blocks of some megabytes; kept in the heap between short-lived ones, they were
    seen to take twice their size. Changes no number. Does nothing on other C libraries.
    """
    mmap_threshold = -3  # M_MMAP_THRESHOLD of malloc.h; setting it also ends its growth
    if hasattr(libc := ctypes.CDLL(None), "mallopt"):
        libc.mallopt(mmap_threshold, 1 << 20)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())


def _limits() -> list[tuple[int, int]]:
    """Limit and use of memory of this process's control groups (version 2, then 1), in bytes."""
    try:
        lines = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if not controllers:
            root, limit, used = CGROUPS, "memory.max", "memory.current"
        elif "memory" in controllers.split(","):
            root, limit, used = CGROUPS / "memory", "memory.limit_in_bytes", "memory.usage_in_bytes"
        else:
            continue
        group = root / path.strip("/")
        for folder in (group, *group.parents):
            if not folder.is_relative_to(root):
                break
            allowed = _number(folder / limit)
            if allowed is not None and allowed < UNLIMITED:
                found.append((allowed, max((_number(folder / used) or 0) - _reclaimable(folder), 0)))
    return found


def _number(file: Path) -> int | None:
    """The number in a file of the kernel's; None for "max", or if there is no such file."""
    try:
        return int(file.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def _reclaimable(group: Path) -> int:
    """File pages that a control group would give up at once; its `memory.stat` counts them as used."""
    try:
        lines = (group / "memory.stat").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    counts = dict(line.split() for line in lines)
    return int(counts.get("total_inactive_file", counts.get("inactive_file", 0)))
