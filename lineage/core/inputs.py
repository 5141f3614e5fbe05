"""What a stage depends on, as it was when the stage began: compared before anything is published.

    def main(inputs: Inputs = NOTHING) -> None:
        with publishing(inputs, paths.mix(version)) as (out,):
            …                       # LineageError, and no mix, if a parameter or a file changed meanwhile

DVC takes the hashes of files and the values of parameters after a stage has ended. Without this comparison, an edit of
`params.yaml` during a training would be recorded as what was trained on, and the stage would count as fresh for good.

A parameter is compared by its value, a file by size, time of change and inode, and where these differ by its bytes, if
it was small enough to be hashed at the start: a touched file, or one that was changed and changed back, stops nothing.
Between the comparison and DVC's hashing lies the end of the process, a fraction of a second that no stage can guard.
"""

import hashlib
import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml

from lineage.core.declaration import declared, looked_up, read_yaml
from lineage.core.errors import LineageError
from lineage.core.files import appearing
from lineage.core.paths import DVC_IGNORE, PARAMS
from lineage.core.program import is_code, must_be_the_program

SMALL = 1 << 20  # a file up to this many bytes is hashed at the start,
HASHED_BYTES, HASHED_FILES = 32 << 20, 1000  # until so much was hashed; code comes first
SHOWN = 8  # changes that a message names
ABSENT = "(none)"

Stat = tuple[int, int, int]  # size in bytes, time of change in ns, inode


@dataclass(frozen=True, slots=True)
class Inputs:
    """The inputs of a stage, named as DVC names it, when it began. Without a stage nothing is compared."""

    stage: str = ""
    deps: tuple[str, ...] = ()
    params: Mapping[str, Any] = field(default_factory=dict)  # by key: versions.v3.train
    stats: Mapping[str, Stat] = field(default_factory=dict)  # by file
    hashes: Mapping[str, bytes] = field(default_factory=dict)  # of the files that are small


NOTHING = Inputs()


def inputs_of(command: str) -> Inputs:
    """The inputs, as they are now, of the stage that `command` starts; nothing if dvc.yaml has no such stage.

    Raises:
        LineageError: code was edited while this process imported it; which text of it runs, nobody can tell. Or the
            workspace was made for another program.
    """
    if (found := declared(command)) is None:
        return NOTHING
    must_be_the_program(found.deps)
    deps = tuple(sorted(found.deps, key=lambda dep: not is_code(dep)))
    stats = _stats(deps)
    began = _process_start()
    if edited := [file for file, (_, changed, _) in stats.items() if file.endswith(".py") and changed > began]:
        raise LineageError(f"{edited[0]} was edited while {found.stage} started; run it again: dvc repro {found.stage}")
    return Inputs(found.stage, deps, _params(found.params), stats, _hashes(stats))


@contextmanager
def publishing(inputs: Inputs, *finals: Path, note: str = "") -> Iterator[list[Path]]:
    """As `appearing`, for what a stage publishes: nothing appears if its inputs changed since it began."""
    with appearing(*finals) as scratches:
        yield scratches
        must_be_unchanged(inputs, note)


def must_be_unchanged(inputs: Inputs, note: str = "") -> None:
    """Refuse to publish what was made from inputs that are no longer there.

    Args:
        inputs: what the stage began with.
        note: what the message adds, such as what is kept of the work.

    Raises:
        LineageError: naming each change, and the command that runs the stage again.
    """
    if not (found := [*_changed_params(inputs), *_changed_files(inputs)]):
        return
    shown = [*found[:SHOWN], *([f"… and {len(found) - SHOWN} more"] if len(found) > SHOWN else [])]
    raise LineageError(
        f"{inputs.stage}: what it depends on changed while it ran, so nothing is published:\n"
        + "".join(f"  {change}\n" for change in shown)
        + f"run it again: dvc repro {inputs.stage}"
        + (f"\n{note}" if note else "")
    )


def files_of(dep: str) -> list[str]:
    """The files of a dependency, as DVC walks them; of one that is not there, none."""
    return sorted(_stats((dep,)))


def _params(keys: list[str]) -> dict[str, Any]:
    """The values of some keys of params.yaml as it is now; of none, it is not read."""
    if not keys:
        return {}
    try:
        tree = read_yaml(PARAMS)
    except (OSError, ValueError, yaml.YAMLError):
        tree = {}
    found = {}
    for key in keys:
        try:
            found[key] = looked_up(tree, key)
        except (LookupError, TypeError, ValueError):
            found[key] = ABSENT
    return found


def _changed_params(inputs: Inputs) -> Iterator[str]:
    for key, now in _params(list(inputs.params)).items():
        yield from (f"{PARAMS}: {change}" for change in _differences(key, inputs.params[key], now))


def _differences(key: str, before: Any, now: Any) -> Iterator[str]:
    if isinstance(before, dict) and isinstance(now, dict):
        for name in dict.fromkeys([*before, *now]):
            yield from _differences(f"{key}.{name}", before.get(name, ABSENT), now.get(name, ABSENT))
    elif before != now:
        yield f"{key}: {_short(before)} → {_short(now)}"


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:59]}…"


def _changed_files(inputs: Inputs) -> Iterator[str]:
    now = _stats(inputs.deps)
    for file in dict.fromkeys([*inputs.stats, *now]):
        if file not in now:
            yield f"{file}: gone"
        elif file not in inputs.stats:
            yield f"{file}: new"
        elif now[file] != inputs.stats[file] and not _same_bytes(inputs, file):
            yield f"{file}: changed"


def _same_bytes(inputs: Inputs, file: str) -> bool:
    return file in inputs.hashes and _hash(file) == inputs.hashes[file]


def _hashes(stats: Mapping[str, Stat]) -> dict[str, bytes]:
    """The hashes of the small files, as far as they cost next to nothing."""
    found, left = dict[str, bytes](), HASHED_BYTES
    for file, (size, _, _) in stats.items():
        if size <= min(SMALL, left) and len(found) < HASHED_FILES and (hashed := _hash(file)):
            found[file] = hashed
            left -= size
    return found


def _hash(file: str) -> bytes | None:
    try:
        return hashlib.sha256(Path(file).read_bytes()).digest()
    except OSError:
        return None


def _stats(deps: tuple[str, ...]) -> dict[str, Stat]:
    """Every file of the dependencies, as DVC walks them: links to folders are not followed, .dvcignore is honoured."""
    ignored, found = _ignore_patterns(), dict[str, Stat]()
    for dep in deps:
        try:
            found.update(_walk(dep, ignored) if Path(dep).is_dir() else {dep: _stat(Path(dep).stat())})
        except OSError:
            continue  # it is not there: a stage that needs it says so
    return found


def _walk(folder: str, ignored: list[tuple[str, bool]]) -> Iterator[tuple[str, Stat]]:
    try:
        with os.scandir(folder) as entries:
            here = sorted(entries, key=lambda entry: entry.name)
    except FileNotFoundError:
        return
    for entry in here:
        if _is_ignored(entry, ignored):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(entry.path, ignored)
        elif not entry.is_dir():
            try:
                yield entry.path, _stat(entry.stat())
            except FileNotFoundError:
                continue


def _stat(found: os.stat_result) -> Stat:
    return found.st_size, found.st_mtime_ns, found.st_ino


def _ignore_patterns() -> list[tuple[str, bool]]:
    """The lines of .dvcignore, and whether each ignores or, with a `!`, takes back."""
    try:
        lines = DVC_IGNORE.read_text(encoding="utf-8").split("\n")
    except OSError:
        lines = []
    used = [line.strip() for line in (".git", ".hg", ".dvc", *lines) if line.strip() and not line.startswith("#")]
    return [(line.removeprefix("!").rstrip("/"), not line.startswith("!")) for line in used]


def _is_ignored(entry: os.DirEntry[str], patterns: list[tuple[str, bool]]) -> bool:
    verdict = False
    for pattern, ignores in patterns:
        if fnmatchcase(entry.path if "/" in pattern else entry.name, pattern.removeprefix("/")):
            verdict = ignores
    return verdict


def _process_start() -> float:
    """When this process began, in ns since 1970, and a little later; where no system tells, the end of time."""
    try:
        ticks = int(Path("/proc/self/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19])
        age = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    except (OSError, AttributeError, LookupError, ValueError):
        return float("inf")
    return (time.time() - age + 0.02) * 1e9  # no code is imported in the first 20 ms of Python
