"""Opens a bundle where there is no network: `python3.11 unpack.py krx-lineage-1a2b3c4d5e6f.tar FOLDER --sha256 NUMBER`.

It travels in the bundle as `unpack.py`, so it needs nothing but Python's standard library, git and make. A bundle is a
tar that `tar` reads too; its members, in this order:

    MANIFEST.json        commit, Python, platform; path, size and SHA-256 of every member below
    MANIFEST.sha256      of the manifest itself, as `sha256sum` writes it
    unpack.py, closed-network.md
    repository.bundle    the commit with its history, as `git bundle` writes it
    wheels/… cache/…     packages; objects and runs of DVC's cache
    base/…               weights of a base that the project does not build itself

The archive is not interpreted but compared: the manifest says which header must stand where and which bytes must follow
it, so a changed byte, another order, a link, a path that leads elsewhere, something missing or something added is
refused, by the name of the member. Nothing is used before all of it was read.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

MANIFEST, SEAL, REPOSITORY = "MANIFEST.json", "MANIFEST.sha256", "repository.bundle"
SINGLE = ("unpack.py", "closed-network.md", REPOSITORY)
FOLDERS = ("wheels", "cache", "base")
KEPT = ".bundle"  # in the new folder: the manifest, and the wheels that the Makefile installs from
UNFINISHED = "unfinished"
BLOCK = tarfile.BLOCKSIZE
END = bytes(2 * BLOCK)
LONGEST_MANIFEST = 64 << 20
AT_ONCE = 1 << 20


class BundleRefused(Exception):
    """What is wrong with a bundle, or why it does not fit here; shown without a traceback."""


@dataclass(frozen=True)
class Carried:
    """A member: where it lies in the archive, its bytes, and their hash."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True)
class BundleManifest:
    """What a bundle says of itself.

    glibc: the oldest that its wheels run on. extras: those of pyproject.toml whose packages it has, `dev,gpu`.
    base: where its weights belong.
    """

    commit: str
    python: str
    system: str
    machine: str
    glibc: str
    extras: str
    base: dict[str, str]
    members: tuple[Carried, ...]
    text: bytes


def header(path: str, size: int) -> bytes:
    """What stands before a member: its name and size, and nothing of the machine or the hour."""
    info = tarfile.TarInfo(path)
    info.size = size
    return info.tobuf(tarfile.GNU_FORMAT, "utf-8", "strict")


def padding(size: int) -> bytes:
    """What fills a member up to whole blocks."""
    return bytes(-size % BLOCK)


def seal(manifest: bytes) -> bytes:
    """The second member: the manifest's hash, in the form of `sha256sum`."""
    return f"{hashlib.sha256(manifest).hexdigest()}  {MANIFEST}\n".encode()


def verified(archive: Path, number: str = "", into: Path | None = None) -> BundleManifest:
    """Hold every byte of an archive against its manifest, and write its members below a new folder, if one is named.

    number: the archive's SHA-256, as it was brought by another way.

    Raises:
        BundleRefused: naming the first member that is not what it should be; or the bundle does not fit this machine.
    """
    with archive.open("rb") as stream:
        reading = _ReadOnce(stream)
        manifest = parsed(_sealed(reading))
        if into:
            must_fit(manifest)
        for member in manifest.members:
            reading.must_be(header(member.path, member.size), member.path, "another member, or a changed header")
            reading.copy(member, into / member.path if into else None)
            reading.must_be(padding(member.size), member.path, "more bytes than it has")
        reading.must_be(END, "the end of the archive", "a member that the manifest does not name")
        if stream.read(1):
            raise BundleRefused(f"{archive.name}: bytes follow the end of the archive")
    if number and reading.whole.hexdigest() != number.strip().lower():
        raise BundleRefused(
            f"{archive.name}: its SHA-256 is {reading.whole.hexdigest()}, not the {number} that was given"
        )
    return manifest


class _ReadOnce:
    """A stream that is read once, from its beginning to its end."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream, self.whole = stream, hashlib.sha256()

    def take(self, size: int, name: str) -> bytes:
        data = self.stream.read(size)
        self.whole.update(data)
        if len(data) < size:
            raise BundleRefused(f"{name}: the archive ends before it does")
        return data

    def must_be(self, expected: bytes, name: str, instead: str) -> None:
        if self.take(len(expected), name) != expected:
            raise BundleRefused(f"{name}: the archive has in its place {instead}")

    def copy(self, member: Carried, to: Path | None) -> None:
        digest, left = hashlib.sha256(), member.size
        if to:
            to.parent.mkdir(parents=True, exist_ok=True)
        with (to or Path(os.devnull)).open("xb" if to else "wb") as file:
            while left:
                data = self.take(min(left, AT_ONCE), member.path)
                digest.update(data)
                file.write(data)
                left -= len(data)
        if digest.hexdigest() != member.sha256:
            raise BundleRefused(f"{member.path}: its bytes are not those that {MANIFEST} names")


def _sealed(reading: _ReadOnce) -> bytes:
    """The manifest's text, if it is the one that the seal names."""
    first = reading.take(BLOCK, MANIFEST)
    try:
        size = tarfile.TarInfo.frombuf(first, "utf-8", "surrogateescape").size
        known = 0 <= size <= LONGEST_MANIFEST and first == header(MANIFEST, size)
    except tarfile.TarError:
        known = False
    if not known:
        raise BundleRefused(f"{MANIFEST}: does not stand at the beginning, so this is no bundle, or a damaged one")
    text = reading.take(size, MANIFEST)
    reading.must_be(padding(size), MANIFEST, "more bytes than it has")
    expected = seal(text)
    reading.must_be(header(SEAL, len(expected)), SEAL, "another member, or a changed header")
    reading.must_be(expected, f"{MANIFEST} or {SEAL}", f"a hash that is not the one of {MANIFEST}")
    reading.must_be(padding(len(expected)), SEAL, "more bytes than it has")
    return text


def parsed(text: bytes) -> BundleManifest:
    """A manifest, if all in it has its form and no path leads out of its folder.

    Raises:
        BundleRefused: naming the field or the path.
    """
    try:
        tree = json.loads(text)
        facts = {name: str(tree[name]) for name in ("commit", "python", "system", "machine", "glibc", "extras")}
        base = {str(name): str(value) for name, value in tree["base"].items()}
        members = tuple(Carried(str(m["path"]), m["size"], str(m["sha256"])) for m in tree["members"])
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise BundleRefused(f"{MANIFEST}: cannot be read ({type(error).__name__}: {error})") from None
    if not re.fullmatch("[0-9a-f]{40,64}", facts["commit"]):
        raise BundleRefused(f"{MANIFEST}: commit {facts['commit']!a} is none")
    if not re.fullmatch("[a-z]+(,[a-z]+)*", facts["extras"]):
        raise BundleRefused(f"{MANIFEST}: extras {facts['extras']!a} are none")
    if base and not _place_of_base(base):
        raise BundleRefused(f"{MANIFEST}: base {base!a} names no place")
    for member in members:
        if not isinstance(member.size, int) or member.size < 0 or not re.fullmatch("[0-9a-f]{64}", member.sha256):
            raise BundleRefused(f"{MANIFEST}: {member.path!a} has no size or no SHA-256")
        if why := _leads_astray(member.path):
            raise BundleRefused(f"{MANIFEST}: {member.path!a} {why}")
    paths = [member.path for member in members]
    if twice := {path for path in paths if paths.count(path) > 1} if len(set(paths)) < len(paths) else set():
        raise BundleRefused(f"{MANIFEST}: names twice {min(twice)!a}")
    folders = {str(above) for path in paths for above in Path(path).parents}
    if both := folders & set(paths):
        raise BundleRefused(f"{MANIFEST}: {min(both)!a} is a file and a folder")
    if missing := [name for name in SINGLE if name not in paths]:
        raise BundleRefused(f"{MANIFEST}: does not name {missing[0]}")
    return BundleManifest(**facts, base=base, members=members, text=text)


def _leads_astray(path: str) -> str:
    """Why a path is no place in the archive; "" where it is one."""
    parts = path.split("/")
    if not path.isprintable() or "\\" in path:
        return "has characters that no path here has"
    if any(part in ("", ".", "..") for part in parts):
        return "leads out of the archive"
    known = path in SINGLE if len(parts) == 1 else parts[0] in FOLDERS
    return "" if known else "belongs to nothing that a bundle has"


def _place_of_base(base: dict[str, str]) -> Path | None:
    """Where weights belong: in the hub's cache as the hub's library lays it out, or below the new folder."""
    if set(base) == {"repo", "revision"}:
        named = re.fullmatch(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?", base["repo"])
        if named and ".." not in base["repo"] and re.fullmatch("[0-9a-f]{40}", base["revision"]):
            return hub_snapshot(base["repo"], base["revision"])
    if set(base) == {"path"} and not _leads_astray(f"base/{base['path']}"):
        return Path(base["path"])
    return None


def hub_snapshot(repo: str, revision: str) -> Path:
    """Where the hub's library keeps the files of a model at a commit."""
    home = os.environ.get("HF_HOME") or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache", "huggingface")
    cache = Path(os.environ.get("HF_HUB_CACHE") or Path(home, "hub")).expanduser()
    return cache / f"models--{repo.replace('/', '--')}" / "snapshots" / revision


def must_fit(manifest: BundleManifest) -> None:
    """Refuse another Python or platform than the wheels are for, and a machine without git or make.

    Raises:
        BundleRefused: with what is here and what is needed.
    """
    here = (f"{sys.version_info[0]}.{sys.version_info[1]}", platform.system(), platform.machine())
    needed = (manifest.python, manifest.system, manifest.machine)
    for what, one, other in zip(("Python", "the system", "the processor"), here, needed):  # noqa: B905 (an old Python)
        if one != other:
            raise BundleRefused(f"{what} is {one} here, and the packages of this bundle are for {other}")
    library, version = platform.libc_ver()
    if manifest.glibc and (library != "glibc" or _numbers(version) < _numbers(manifest.glibc)):
        found = f"{library or 'no glibc'} {version}".strip()
        raise BundleRefused(
            f"the C library is {found} here, and the packages of this bundle need glibc {manifest.glibc}"
        )
    for tool in ("git", "make"):
        if not shutil.which(tool):
            raise BundleRefused(f"{tool} is not installed: apt-get install {tool}")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version))


def place(archive: Path, folder: Path, number: str = "") -> BundleManifest:
    """Verify, and make the folder: the repository at its commit, DVC's cache, wheels, base. It appears whole.

    A folder that an earlier call had placed, and that is not installed yet, is left as it is.

    Args:
        archive: the bundle.
        folder: which is not there yet.
        number: the archive's SHA-256, as it was brought by another way.

    Raises:
        BundleRefused: as `verified`; or the folder is something else already.
    """
    if folder.exists():
        manifest = verified(archive, number)
        kept = folder / KEPT / MANIFEST
        if not (folder / KEPT / UNFINISHED).exists() or kept.read_bytes() != manifest.text:
            raise BundleRefused(f"{folder}: is there already; name a folder that is not")
        return manifest
    work = folder.with_name(f".{folder.name}.unpacking")
    shutil.rmtree(work, ignore_errors=True)  # of a run that was killed
    work.mkdir(parents=True)
    try:
        manifest = verified(archive, number, work)
        made = work / "workspace"
        _run(["git", "init", "--quiet", "--initial-branch", "main", str(made)], work)
        _run(["git", "fetch", "--quiet", str(work / REPOSITORY), "HEAD"], made)
        _run(["git", "checkout", "--quiet", "-B", "main", manifest.commit], made)
        kept = made / KEPT
        kept.mkdir()
        for part, place_of_it in (("wheels", kept / "wheels"), ("cache", made / ".dvc" / "cache")):
            if (work / part).is_dir():
                (work / part).rename(place_of_it)
        if manifest.base:
            _place_base(work / "base", made, manifest.base)
        (kept / MANIFEST).write_bytes(manifest.text)
        (kept / UNFINISHED).touch()
        made.rename(folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return manifest


def _place_base(weights: Path, made: Path, base: dict[str, str]) -> None:
    """Put the base where the program looks for it; a snapshot that the hub's cache holds already is left alone."""
    to = made / (_place_of_base(base) or "")  # an absolute place stays what it is
    if to.exists():
        for file in weights.iterdir():
            if not (to / file.name).is_file() or _hash(to / file.name) != _hash(file):
                raise BundleRefused(f"{to / file.name}: is not the file of this bundle; move {to} away")
        return
    to.parent.mkdir(parents=True, exist_ok=True)
    fresh = to.with_name(f".{to.name}.unpacking")
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.move(str(weights), str(fresh))  # perhaps to another disk
    fresh.rename(to)


def _hash(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        for data in iter(lambda: stream.read(AT_ONCE), b""):
            digest.update(data)
    return digest.hexdigest()


def install(folder: Path, extras: str) -> None:
    """Make the environment from the wheels, by the Makefile's own rule, and bring the lineage out of DVC's cache.

    extras: of pyproject.toml, which are installed.

    Raises:
        BundleRefused: a command failed; run again, it goes on from there.
    """
    settings = [f"PYTHON={sys.executable}", f"EXTRAS={extras}"]
    _run(["make", "--no-print-directory", *settings, ".venv/installed"], folder)
    _run([str(folder / ".venv/bin/dvc"), "checkout", "--quiet", "--allow-missing"], folder)
    (folder / KEPT / UNFINISHED).unlink()


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, check=False)
    if done.returncode:
        raise BundleRefused(
            f"`{' '.join(command)}` in {folder} ended with {done.returncode}; what it said stands above"
        )


def main(arguments: list[str] | None = None) -> None:
    """Verify and unpack, or only verify."""
    parser = argparse.ArgumentParser(description="Opens a bundle of krx-lineage, once every byte of it was verified.")
    parser.add_argument("archive", type=Path)
    parser.add_argument("folder", type=Path, nargs="?", help="is made; without it the archive is only verified")
    parser.add_argument("--sha256", default="", metavar="NUMBER", help="of the archive, as `make bundle` printed it")
    chosen = parser.parse_args(arguments)
    try:
        if chosen.folder is None:
            manifest = verified(chosen.archive, chosen.sha256)
        else:
            folder = chosen.folder.expanduser().absolute()
            manifest = place(chosen.archive, folder, chosen.sha256)
    except BundleRefused as error:
        sys.exit(f"\n✗ {error}\n")
    except OSError as error:
        sys.exit(f"\n✗ {error.filename or chosen.archive}: {error.strerror}\n")
    print(f"{len(manifest.members):,} files are those of the manifest; commit {manifest.commit[:12]}")
    if not chosen.sha256:
        print("no --sha256 was given: damage would have been found, a bundle that somebody else made would not")
    if chosen.folder is None:
        return
    try:
        install(folder, manifest.extras)
    except BundleRefused as error:
        sys.exit(f"\n✗ {error}\n")
    print(f"unpacked; now: cd {folder} && make lineage")


if __name__ == "__main__":
    main()
