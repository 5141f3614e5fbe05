"""Checkpoints of a crashed or stopped run: sealed when all of them is on disk, and believed only if the seal holds.

    .state/checkpoints/<fingerprint>/checkpoint-120/complete      {"optimizer.pt": "<sha256>", …}

A seal names every file with its SHA-256. A checkpoint without one was cut short while it was written; one with another
file, or other bytes, was changed since. Neither is gone on from: the one before it is, or the beginning.
"""

import json
import re
import shutil
from pathlib import Path

from lineage.core.files import sha256

SEAL = "complete"
UNREAD = ("training_args.bin",)  # a pickle that transformers writes and nobody reads


def seal(checkpoint: Path) -> None:
    """Say that a checkpoint is whole, and what it is made of; the seal itself appears by a rename."""
    for name in UNREAD:
        (checkpoint / name).unlink(missing_ok=True)
    begun = checkpoint / f"{SEAL}.begun"
    begun.write_text(json.dumps(_contents(checkpoint), indent=1, sort_keys=True), encoding="utf-8")
    begun.rename(checkpoint / SEAL)


def newest_sound(folder: Path) -> str | None:
    """The newest checkpoint whose seal holds, to resume from; None: begin at the start.

    Those that are newer and broken are deleted, each with a line that says why.
    """
    for checkpoint in reversed(in_order(folder)):
        if not (wrong := flaw(checkpoint)):
            return str(checkpoint)
        print(f"{checkpoint.name} is left out: {wrong}")
        shutil.rmtree(checkpoint)
    return None


def newest(folder: Path) -> str:
    """The name of the newest sealed checkpoint, as a message names it; its files are not read."""
    return next((c.name for c in reversed(in_order(folder)) if (c / SEAL).is_file()), "none")


def drop_unsealed(folder: Path) -> None:
    """Delete what was cut short, so that it does not hold the room that the next attempt needs."""
    for checkpoint in in_order(folder):
        if not (checkpoint / SEAL).is_file():
            shutil.rmtree(checkpoint, ignore_errors=True)


def in_order(folder: Path) -> list[Path]:
    """All checkpoints of a run, sealed or not, oldest first."""
    found = [p for p in folder.glob("checkpoint-*") if re.fullmatch(r"checkpoint-\d+", p.name)]
    return sorted(found, key=lambda p: int(p.name.rpartition("-")[2]))


def flaw(checkpoint: Path) -> str:
    """What is wrong with a checkpoint, for people; an empty text if its seal holds."""
    try:
        sealed = json.loads((checkpoint / SEAL).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return "it was cut short while it was written"
    except (OSError, ValueError) as error:
        return f"its seal cannot be read ({error})"
    found = _contents(checkpoint)
    if not isinstance(sealed, dict) or not sealed:
        return "its seal names no files"
    if differing := sorted(name for name in sealed.keys() | found.keys() if sealed.get(name) != found.get(name)):
        return f"{differing[0]} is not what was written; it was changed or cut"
    return ""


def _contents(checkpoint: Path) -> dict[str, str]:
    files = sorted(p for p in checkpoint.rglob("*") if p.is_file() and p.name not in (SEAL, f"{SEAL}.begun"))
    return {p.relative_to(checkpoint).as_posix(): sha256(p) for p in files}
