"""DVC's cache and remotes: which objects hold withdrawn text, or weights trained on it, and how they go.

An object is a file named by its MD5; `<md5>.dir` lists the files of a folder. Text is found by its marks. Weights show
nothing, so their manifests tell: `lineage.json` names the mix and the parent's adapter, from which the line follows.
What a model wrote about a text (`answers.jsonl`) shows nothing either: it goes with the rows beside it. So does a
report, whose page shows answers without their ids, and raw files, of which only git knows whose they were.
"""

import copy
import json
from collections import defaultdict
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lineage.artifacts.manifest import AdapterManifest, parsed_manifest
from lineage.artifacts.measures import ANSWERS
from lineage.core.files import sha256, sha256_of
from lineage.records.record import PARTS
from lineage.withdrawal.markers import Noted, Subject, found_in, ids_in, pattern

PDF = b"%PDF-"
REPORT = "lineage.html"
ABOUT_WEIGHTS = ("lineage.json", "measures.json")  # what tells whose weights, or measures, a folder holds
UNMARKED = (*ABOUT_WEIGHTS, ANSWERS, REPORT)  # a folder with one of these holds files that show no marks


@dataclass(frozen=True, slots=True)
class Found:
    """What a cache holds of a subject.

    oids: objects to remove. adapters: SHA-256 of weights trained on it. ids: of its records. known: SHA-256 of all
    adapters of which it is known whether they were: of a document, those whose line's mixes are here to be read.
    """

    oids: frozenset[str]
    adapters: frozenset[str]
    ids: frozenset[str]
    known: frozenset[str]


LAYOUTS = ("files/md5", "")  # of DVC 3, and of the versions before, whose objects lie in the cache itself


class Objects:
    """The objects of one layout below a folder: `files/md5/9f/2c…`, or `9f/2c…` as DVC 2 wrote them."""

    def __init__(self, root: Path, layout: str = LAYOUTS[0]) -> None:
        """Index the objects of the cache, or of a remote in a folder, at `root`."""
        self.root = root
        files = sorted((root / layout).glob("[0-9a-f][0-9a-f]/*"))
        self.paths = {f"{file.parent.name}{file.name}": file for file in files if not file.name.endswith(".tmp")}
        self.folders = {oid: members for oid in self.paths if (members := self._members(oid))}

    def _members(self, oid: str) -> dict[str, str]:
        """Path within the folder → object, of a `.dir` object."""
        if not oid.endswith(".dir"):
            return {}
        listed = json.loads(self.paths[oid].read_text(encoding="utf-8"))
        return {entry["relpath"]: entry["md5"] for entry in listed}

    def members(self, oid: str, part: str = "") -> set[str]:
        """The objects of the files of a folder whose paths begin with `part`, or the one object of a file."""
        if not oid.endswith(".dir"):
            return {oid}
        return {md5 for name, md5 in self.folders.get(oid, {}).items() if name.startswith(part)}

    def found(self, what: Subject, noted: Noted, report: str = "", elsewhere: Iterable[AdapterManifest] = ()) -> Found:
        """Everything of the subject.

        Args:
            what: the subject.
            noted: what was known of it before.
            report: the object of the report that was made without it, if there is one.
            elsewhere: what other places than these hold of adapters, which may long be gone from here.
        """
        plain = {oid: path for oid, path in self.paths.items() if not oid.endswith(".dir")}
        marks = pattern(what)
        tainted = {oid for oid, path in plain.items() if found_in(path, marks)}
        tainted |= noted.objects & plain.keys()
        if what.is_document:
            tainted |= {oid for oid, path in plain.items() if _is_pdf(path) and sha256(path) == what.name}
        ids = {one for oid in tainted if not _is_pdf(plain[oid]) for one in ids_in(plain[oid], marks)} | noted.ids
        manifests = [*self._manifests(), *elsewhere]
        mixes = self._mixes()
        adapters = _trained_on({mix for mix, parts in mixes.items() if tainted & parts}, what, manifests)
        adapters |= noted.adapters
        wider = pattern(what, ids if what.is_document else (), {adapter[:12] for adapter in adapters})
        tainted |= {oid for oid, path in plain.items() if found_in(path, wider)}
        gone = tainted | self._folders(tainted, adapters, report)
        known = _told_by(manifests, mixes if what.is_document else None)
        return Found(frozenset(gone), frozenset(adapters), frozenset(ids), frozenset(known))

    def _mixes(self) -> dict[str, set[str]]:
        """Every mix that is here whole, by the SHA-256 that manifests name it by → the objects of its parts."""
        found = {}
        for members in self.folders.values():
            parts = [members.get(f"{part}.jsonl", "") for part in PARTS]
            if all(part in self.paths for part in parts):
                found[sha256_of([sha256(self.paths[part]) for part in parts])] = set(parts)
        return found

    def _folders(self, tainted: set[str], adapters: set[str], report: str) -> set[str]:
        """Folders with a tainted file; of those with unmarked files also the files that no other folder shares.

        Where answers are among them, so is every report but the one that was made since.
        """
        gone, owners = set(), defaultdict(set)
        for folder, members in self.folders.items():
            for oid in members.values():
                owners[oid].add(folder)
            about = [self._json(members.get(name)) for name in ABOUT_WEIGHTS]
            if tainted.intersection(members.values()) or any(a and a.get("adapter") in adapters for a in about):
                gone.add(folder)
        if any(REPORT not in self.folders[f] and ANSWERS in self.folders[f] for f in gone):
            gone |= {f for f, members in self.folders.items() if REPORT in members and f != report}
        whole = {f for f in gone if any(name in self.folders[f] for name in UNMARKED)}
        return gone | {oid for f in whole for oid in self.folders[f].values() if owners[oid] <= whole}

    def _manifests(self) -> list[AdapterManifest]:
        return [m for members in self.folders.values() if (m := self._manifest(members.get("lineage.json")))]

    def _manifest(self, oid: str | None) -> AdapterManifest | None:
        """What an object says of an adapter; one that cannot be read stops the withdrawal, which it might escape."""
        if oid is None or oid not in self.paths:
            return None
        remedy = "if it is of no adapter of this lineage, delete it and run this command again"
        return parsed_manifest(self.paths[oid].read_bytes(), self.paths[oid], remedy)

    def _json(self, oid: str | None) -> dict[str, Any] | None:
        if oid is None or oid not in self.paths:
            return None
        said = json.loads(self.paths[oid].read_text(encoding="utf-8"))
        return said if isinstance(said, dict) else None

    def remove(self, oids: Iterable[str]) -> int:
        """Remove objects, and the memory of runs that made or read them; returns how many objects went."""
        gone = [oid for oid in sorted(oids) if oid in self.paths]
        for oid in gone:
            self.paths.pop(oid).unlink()
            self.folders.pop(oid, None)
        marks = {oid.encode() for oid in gone}
        for run in sorted(p for p in (self.root / "runs").rglob("*") if p.is_file()):
            text = run.read_bytes()
            if any(mark in text for mark in marks):
                run.unlink()
        return len(gone)


def _trained_on(mixes: set[str], what: Subject, manifests: Sequence[AdapterManifest]) -> set[str]:
    """SHA-256 of every adapter that was trained on one of the mixes or on a source, or continues one that was."""
    found: set[str] = set()
    while True:
        more = {
            m.adapter
            for m in manifests
            if m.mix.sha256 in mixes
            or m.parent_adapter in found
            or any(m.mix.sources[s].rows for s in what.sources if s in m.mix.sources)
        }
        if more <= found:
            return found
        found |= more


def _told_by(manifests: Sequence[AdapterManifest], mixes: Container[str | None] | None) -> set[str]:
    """SHA-256 of the adapters whose whole line is known here, what was trained elsewhere aside: nobody ever knows that.

    mixes: those that can be read; None where the manifests say enough.
    """
    found: set[str] = set()
    while True:
        more = {
            m.adapter
            for m in manifests
            if (m.adopted or mixes is None or m.mix.sha256 in mixes)
            and (m.parent_adapter is None or m.parent_adapter in found)
        }
        if more <= found:
            return found
        found |= more


def together(places: Iterable[Objects]) -> Objects:
    """Several caches as one, to find in: whether a file belongs to another folder too, no cache knows by itself.

    What one remote holds of an old report or adapter may be the file of a new one, which lies in DVC's cache alone.
    """
    first, *others = places
    whole = copy.copy(first)
    whole.paths = {oid: path for cache in (first, *others) for oid, path in cache.paths.items()}
    whole.folders = {oid: members for cache in (first, *others) for oid, members in cache.folders.items()}
    return whole


def _is_pdf(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(PDF)) == PDF


def caches() -> tuple[dict[str, Objects], dict[str, Any]]:
    """What can be read from this machine, DVC's cache and remotes in folders, and remotes that cannot.

    Objects that DVC 2 wrote lie beside those of DVC 3, and are searched and purged like them.
    """
    from dvc.repo import Repo

    with Repo(".") as repo:
        folders = {"DVC's cache": Path(repo.cache.local.path).parents[1]}
        remotes = {}
        for name in repo.config["remote"]:
            odb = repo.cloud.get_remote_odb(name=name)
            if odb.fs.protocol == "local":
                folders[f"remote {name}"] = Path(odb.path).parents[1]
            else:
                remotes[f"remote {name}"] = odb
                remotes[f"remote {name}, as DVC 2 laid it out"] = repo.cloud.get_remote_odb(
                    name=name, hash_name="md5-dos2unix"
                )
    local = {place: Objects(folder) for place, folder in folders.items()}
    for place, folder in folders.items():
        if (old := Objects(folder, layout="")).paths:
            local[f"{place}, as DVC 2 laid it out"] = old
    return local, remotes
