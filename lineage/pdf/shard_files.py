"""Which files are a shard's, so that of many shards not each has to read all files.

    <cache>/hashes/site_reports/c4.json    {"2023/상장.pdf": [48213, 1700000000000000000, 9312, "9f86…"], …}

What one shard has hashed, the others find here, by the file's name, size, time of change and inode, in 256 parts. Every
shard goes through the parts in an order of its own, so that those that run at once seldom read the same one. It only
helps to choose: a file that seems to be a shard's is hashed anew before anything is made of it, and one that was
overlooked is converted by the stage.
"""

import hashlib
import json
import os
import re
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from uuid import uuid4

from lineage.pdf.admission import Limits
from lineage.pdf.folder import looked_at, stamp_of

PARTS = 256
HASH = re.compile("[0-9a-f]{64}|")
Remembered = dict[str, list[int | str]]  # by name: size, time of change in ns, inode, hash


def files_of_shard(
    raw: Path, files: Sequence[Path], cache: Path, order: str, holds: Callable[[str], bool]
) -> Iterator[tuple[int, list[Path]]]:
    """Part by part: how many files it has, and which of them seem to be the shard's.

    Args:
        raw: the folder of all PDFs.
        files: all of them.
        cache: where the hashes are kept, beside the documents.
        order: a text that another shard does not have.
        holds: whether a file with this hash is the shard's.
    """
    parts: dict[int, list[Path]] = defaultdict(list)
    for path in files:
        parts[zlib.crc32(os.fsencode(path.relative_to(raw))) % PARTS].append(path)
    folder = cache / "hashes" / raw.name
    folder.mkdir(parents=True, exist_ok=True)
    for number in sorted(parts, key=lambda part: hashlib.sha256(f"{order} {part}".encode()).digest()):
        hashes = _hashes(raw, parts[number], folder / f"{number:02x}.json")
        yield len(parts[number]), [path for path, found in zip(parts[number], hashes, strict=True) if holds(found)]


def _hashes(raw: Path, files: list[Path], kept: Path) -> list[str]:
    """The hashes of files, those that are remembered and those that had to be read; "" of what is no plain file."""
    before, now = _read(kept), Remembered()
    for path in files:
        name = path.relative_to(raw).as_posix()
        stamp = stamp_of(path)
        if stamp is None:
            now[name] = [0, 0, 0, ""]
        elif name in before and before[name][:3] == [*stamp]:
            now[name] = before[name]
        else:
            sha256, _, seen = looked_at(path, Limits(float("inf"), 0, 0))
            now[name] = [*seen, sha256]
    if now != before:
        fresh = kept.with_name(f".{kept.stem}-{uuid4().hex}")
        fresh.write_text(json.dumps(now), encoding="utf-8")
        fresh.replace(kept)
    return [str(one[3]) for one in now.values()]


def _read(kept: Path) -> Remembered:
    """What is remembered; nothing of a file that is not one of ours."""
    try:
        found = json.loads(kept.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) and all(map(_is_remembered, found.values())) else {}


def _is_remembered(one: object) -> bool:
    return isinstance(one, list) and len(one) == 4 and HASH.fullmatch(str(one[3])) is not None
