"""The packages of this project as wheels, and those that build it; pip resolves them as it is configured."""

import os
import platform
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from email import message_from_bytes
from pathlib import Path

from packaging.requirements import Requirement

from lineage.core.errors import LineageError
from lineage.core.program import NAME

PROJECT, CONSTRAINTS = Path("pyproject.toml"), Path("constraints.txt")
OLD_NAMES = {"manylinux1": "2.5", "manylinux2010": "2.12", "manylinux2014": "2.17"}
PATCHES = 40  # more than a minor version of Python ever had
SHOWN = 6


def collect_wheels(folder: Path, extras: tuple[str, ...], time: int) -> list[Path]:
    """Fill a folder with wheels; what a registry has only as source is built.

    Args:
        folder: is emptied first.
        extras: of pyproject.toml, whose packages come along.
        time: what built wheels carry as their files' time, so that they are the same when they are built again.

    Raises:
        LineageError: with pip's own words, if it finds no version of something or cannot build it.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    project = tomllib.loads(PROJECT.read_text(encoding="utf-8"))
    wanted = [f".[{','.join(extras)}]", *project["build-system"]["requires"]]
    asked: set[str] = set()
    while wanted:
        _pip_wheel(folder, wanted, time)
        asked |= set(wanted)
        wanted = sorted({one for wheel in folder.glob("*.whl") for one in of_other_patches(wheel)} - asked)
    for own in folder.glob(f"{NAME.replace('-', '_')}-*.whl"):
        own.unlink()  # the repository is installed there as it lies
    return sorted(folder.glob("*.whl"))


def _pip_wheel(folder: Path, wanted: list[str], time: int) -> None:
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--wheel-dir"]
    command += [str(folder), "--constraint", str(CONSTRAINTS), *wanted]
    done = subprocess.run(
        command, capture_output=True, text=True, env=os.environ | {"SOURCE_DATE_EPOCH": str(time)}, check=False
    )
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.startswith("ERROR:")] or done.stderr.splitlines()
        raise LineageError("\n  ".join(["pip could not collect the packages:", *said[-SHOWN:]]))


def of_other_patches(wheel: Path) -> Iterator[str]:
    """What a package requires with other patches of this Python, such as 3.11.2, and not with the one that runs."""
    with zipfile.ZipFile(wheel) as archive:
        metadata = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        required = message_from_bytes(archive.read(metadata)).get_all("Requires-Dist", [])
    for line in required:
        if "python_full_version" not in line:
            continue
        requirement = Requirement(line)
        marker, minor = requirement.marker, ".".join(platform.python_version_tuple()[:2])
        patches: list[dict[str, str]] = [
            {"extra": "", "python_full_version": f"{minor}.{patch}"} for patch in range(PATCHES)
        ]
        if marker and not marker.evaluate({"extra": ""}) and any(map(marker.evaluate, patches)):
            yield f"{requirement.name}{requirement.specifier}"


def oldest_glibc(wheels: list[Path]) -> str:
    """The oldest glibc that all these wheels run on, by the tags of their names; "" if none needs one."""
    needed = [_glibc_of(wheel.stem.rpartition("-")[2]) for wheel in wheels]
    return max((one for one in needed if one), key=_numbers, default="")


def _glibc_of(tags: str) -> str:
    """Of one wheel: the oldest that one of its tags names; that of this machine, where it was built here."""
    found = []
    for tag in tags.split("."):
        if named := re.match(r"manylinux_(\d+)_(\d+)_", tag):
            found.append(f"{named[1]}.{named[2]}")
        elif (old := tag.partition("_")[0]) in OLD_NAMES:
            found.append(OLD_NAMES[old])
        elif tag.startswith("linux_"):
            found.append(platform.libc_ver()[1])
    return min(found, key=_numbers, default="")


def _numbers(version: str) -> list[int]:
    return [int(number) for number in version.split(".")]
