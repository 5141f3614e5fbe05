"""Files that appear whole or not at all, and hashes that depend on content alone."""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from lineage.core.paths import STATE


def sha256(path: Path) -> str:
    """The SHA-256 of a file, or of a folder's names and contents, as 64 hex digits."""
    digest = hashlib.sha256()
    if path.is_dir():
        for file in sorted(p for p in path.rglob("*") if p.is_file()):
            digest.update(f"{file.relative_to(path).as_posix()}\0{sha256(file)}\n".encode())
        return digest.hexdigest()
    with path.open("rb") as stream:
        for block in iter(lambda: stream.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def sha256_of(value: Any) -> str:
    """The SHA-256 of a JSON value, the same whatever the order of its keys."""
    return hashlib.sha256(json.dumps(value, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def write_json(path: Path, value: Any) -> None:
    """Indented JSON with sorted keys and a final newline; missing folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True) + "\n", encoding="utf-8")


@contextmanager
def appearing(*finals: Path) -> Iterator[list[Path]]:
    """Empty scratch folders, on the same file system, that become `finals` when the block ends without an error.

    A reader therefore sees the old folder, none, or the whole new one; what a killed run left is swept away.
    """
    scratches = [STATE / "scratch" / final.as_posix().replace("/", ".") for final in finals]
    replaced = [scratch.with_name(f"{scratch.name}.replaced") for scratch in scratches]
    for scratch, old in zip(scratches, replaced, strict=True):
        shutil.rmtree(old, ignore_errors=True)
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True)
    yield scratches
    for scratch, old, final in zip(scratches, replaced, finals, strict=True):
        final.parent.mkdir(parents=True, exist_ok=True)
        if final.exists():
            final.rename(old)  # deleted in place, a run killed meanwhile would leave half of it
        scratch.rename(final)
        shutil.rmtree(old, ignore_errors=True)


@contextmanager
def cached_folder(final: Path, seal: str) -> Iterator[Path]:
    """A scratch folder that becomes `final` when the block ends; two processes may make the same one at once.

    Args:
        final: a folder of a cache, named by what it is made from, so that all who make it make the same.
        seal: the name of the file without which a folder is not whole.
    """
    final.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=".", dir=final.parent))
    try:
        yield scratch
        if not (final / seal).is_file():
            shutil.rmtree(final, ignore_errors=True)
        with suppress(OSError):  # another process was first
            scratch.rename(final)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
