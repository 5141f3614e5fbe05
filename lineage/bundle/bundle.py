"""Packs the present commit for a network of its own: `lineage bundle` → `exports/krx-lineage-<commit>.tar`.

What goes in, and where it is checked: the commit with its history (`git bundle`, from a clean checkout), the packages
(`wheelhouse`), what DVC's cache holds of `dvc.lock` (`locked_objects`), the base (`carried_base`). What is written, and
read elsewhere, is described in `unpack_bundle`.
"""

import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lineage.bundle import unpack_bundle
from lineage.bundle.carried_base import carried_base
from lineage.bundle.locked_objects import locked_objects
from lineage.bundle.sealed_archive import write_archive
from lineage.bundle.wheelhouse import CONSTRAINTS, PROJECT, collect_wheels, oldest_glibc
from lineage.config.schema import Curriculum
from lineage.core.errors import LineageError
from lineage.core.files import sha256
from lineage.core.paths import BUNDLING, DVC_LOCK, EXPORTS
from lineage.core.program import NAME

GUIDE = Path("docs/closed-network.md")
SHOWN = 6


@dataclass(frozen=True, slots=True)
class Bundled:
    """What was packed. number: the archive's SHA-256. not_made: outputs that no lock names."""

    archive: Path
    number: str
    commit: str
    wheels: int
    objects: int
    runs: int
    not_made: tuple[str, ...]


def bundle(c: Curriculum, extras: tuple[str, ...], say: Callable[[str], None] = lambda _: None) -> Bundled:
    """Pack the present commit.

    extras: of pyproject.toml, beside `dev`, whose packages come along.

    Raises:
        LineageError: naming what is not committed, not in DVC's cache, not on this machine, or not in the registry.
    """
    commit = clean_commit()
    base = carried_base(c.active, c.profile)
    cached = locked_objects()
    shutil.rmtree(BUNDLING, ignore_errors=True)
    BUNDLING.mkdir(parents=True)
    repository = BUNDLING / unpack_bundle.REPOSITORY
    _git("-c", "pack.threads=1", "bundle", "create", "--quiet", str(repository), "HEAD")
    say("collecting the packages as wheels (a gigabyte and more, some minutes)")
    extras = tuple(dict.fromkeys(("dev", *extras)))
    wheels = collect_wheels(BUNDLING / "wheels", extras, int(_git("show", "-s", "--format=%ct", "HEAD")))
    facts = {
        "commit": commit,
        "python": f"{sys.version_info[0]}.{sys.version_info[1]}",
        "system": platform.system(),
        "machine": platform.machine(),
        "glibc": oldest_glibc(wheels),
        "extras": ",".join(extras),
        "profile": c.profile,
        "data": c.data,
        "objects": len(cached.files) - cached.runs,
        "runs": cached.runs,
        "base": base.place,
        "locks": {str(lock): sha256(lock) for lock in (DVC_LOCK, CONSTRAINTS)},
    }
    files = {"unpack.py": Path(unpack_bundle.__file__), GUIDE.name: GUIDE, unpack_bundle.REPOSITORY: repository}
    files |= {f"wheels/{wheel.name}": wheel for wheel in wheels}
    files |= {f"cache/{path}": file for path, file in cached.files.items()}
    files |= {f"base/{name}": file for name, file in base.files.items()}
    say(f"packing {len(files):,} files")
    archive = EXPORTS / f"{NAME}-{commit[:12]}.tar"
    number = write_archive(archive, facts, files)
    shutil.rmtree(BUNDLING, ignore_errors=True)
    counts = (len(wheels), len(cached.files) - cached.runs, cached.runs)
    return Bundled(archive, number, commit, *counts, cached.not_made)


def clean_commit() -> str:
    """The present commit, if the working folder is the program's repository and nothing in it differs from it.

    Raises:
        LineageError: naming the files that differ.
    """
    if not (PROJECT.is_file() and GUIDE.is_file() and Path(".git").exists()):
        raise LineageError("a bundle is packed at the top of the program's own repository, which it carries")
    if changed := _git("status", "--porcelain", "--untracked-files=all").splitlines():
        more = f" and {len(changed) - SHOWN} more" if changed[SHOWN:] else ""
        raise LineageError(
            f"a bundle is of a commit, and these are in none: {', '.join(line[3:] for line in changed[:SHOWN])}{more}. "
            "Commit them, or put them away with `git stash -u`"
        )
    if _git("rev-parse", "--is-shallow-repository").strip() == "true":
        raise LineageError("this clone lacks a part of its history: git fetch --unshallow")
    return _git("rev-parse", "--verify", "HEAD").strip()


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise LineageError(f"git {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout
