"""What DVC's cache holds of the present lock: every object that an output names, and the runs that made them."""

from dataclasses import dataclass
from pathlib import Path

import yaml

from lineage.core.dvc_cache import CachedObjects
from lineage.core.errors import LineageError

SHOWN = 6


@dataclass(frozen=True, slots=True)
class LockedObjects:
    """files: where each object and run lies, by its path in the cache. runs: how many are runs.

    not_made: outputs that the lock does not name, so that they are made where the bundle goes.
    """

    files: dict[str, Path]
    runs: int
    not_made: tuple[str, ...]


def locked_objects() -> LockedObjects:
    """Look up everything that dvc.lock and the files of `dvc add` name, each object held against its hash.

    Raises:
        LineageError: naming the outputs of which the cache lacks something.
    """
    from dvc.repo import Repo

    named: dict[str, str] = {}
    not_made = []
    with Repo() as repo:
        root = Path(repo.cache.local.path).parents[1]
        for out in repo.index.outs:
            oid = out.hash_info.value if out.hash_info else None
            if out.use_cache and oid:
                named[oid] = str(out)
            elif out.use_cache:
                not_made.append(str(out))
    cache = CachedObjects(root)
    files: dict[str, Path] = {}
    lacking = set()
    for oid, out_path in named.items():
        for one in (oid, *(cache.listing(oid) or {}).values()):
            if file := cache.whole(one):
                files[file.relative_to(root).as_posix()] = file
            else:
                lacking.add(out_path)
    if lacking:
        more = f" and {len(lacking) - SHOWN} more" if len(lacking) > SHOWN else ""
        shown = ", ".join(sorted(lacking)[:SHOWN]) + more
        raise LineageError(
            f"dvc.lock names what DVC's cache does not hold whole: {shown}. Bring it with `dvc fetch`, or make it "
            "with `dvc repro` and commit dvc.lock"
        )
    runs = {file.relative_to(root).as_posix(): file for file in _runs(root, set(named))}
    return LockedObjects(files | runs, len(runs), tuple(sorted(not_made)))


def _runs(root: Path, carried: set[str]) -> list[Path]:
    """The runs all of whose outputs are carried: DVC finds these again also without the lock."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found = []
    for file in sorted(path for path in (root / "runs").rglob("*") if path.is_file()):
        run = yaml.load(file.read_text(encoding="utf-8"), loader)
        if all(out.get("md5") in carried for out in run["outs"]):
            found.append(file)
    return found
