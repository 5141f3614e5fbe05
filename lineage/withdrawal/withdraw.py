"""`lineage withdraw <source | SHA-256 of a document>`: named, taken out, rebuilt without it, purged, and proven.

    lineage withdraw company_reports --dry-run      # what it reached; changes nothing
    lineage withdraw 69722cef3faa… --yes

1. Reach: the raw files, documents, records, mixes and adapters that hold it.
2. Take out: `params.yaml` says `withdrawn`, the user's own raw file is deleted.
3. Rebuild: `dvc repro`, which runs only what became stale.
4. Purge: what earlier builds left in DVC's cache, in its remotes, in `.state` and in MLflow.
5. Proof: all of these are searched again.

Killed anywhere, the same command goes on. Git keeps no text and no weights of the lineage, only hashes.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lineage.config.edit import edit_curriculum
from lineage.config.load import load_curriculum
from lineage.config.schema import Curriculum
from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.core.paths import STATE
from lineage.core.stage import only_writer
from lineage.withdrawal.dvc_objects import Found, Objects
from lineage.withdrawal.markers import Subject, found_in, pattern, subject
from lineage.withdrawal.reach import Reach, reach_of

KEPT_STATE = ("mlflow", "prefect", "withdrawal", "writer.lock")  # the rest of .state speeds things up and holds text
NOTED = STATE / "withdrawal"  # a file for each withdrawal that has begun: the objects to remove
ROOMS = (
    paths.DOCUMENTS,
    paths.GENERATED,
    paths.RECORDS,
    paths.HELDOUT,
    paths.SUPERSEDED,
    paths.DUPLICATES,
    paths.MIXES,
    paths.CONTAMINATION,
    paths.CARDS,
    paths.MODELS,
    paths.METRICS,
    paths.REPORTS,
)
SAYS_WHAT_IS_NOT_HERE = ("quarantine.jsonl", "rejected.jsonl")  # lists of what was kept out


@dataclass(frozen=True, slots=True)
class Proof:
    """Where the subject is still found, place → hits. `unseen`: objects of a remote that nobody here can read."""

    hits: dict[str, int]
    unseen: dict[str, int]

    @property
    def clean(self) -> bool:
        """Whether nothing was found anywhere."""
        return not any(self.hits.values())


def plan(c: Curriculum, name: str) -> Reach:
    """What a withdrawal would reach.

    Raises:
        LineageError: an unknown name, or a version that would have nothing left to be trained on.
    """
    what = subject(c, name)
    for version, spec in c.versions.items():
        gone = {s for s in spec.mix if s in what.sources or c.sources[s].withdrawn == "all"}
        if gone and gone == set(spec.mix):
            children = [n for n, v in c.versions.items() if v.parent == version]
            raise LineageError(
                f"versions.{version}.mix is {', '.join(sorted(gone))} alone: nothing would be left to train it on. "
                f"Give it another source in params.yaml, or take {version} out"
                + (f" and give {', '.join(children)} another parent" if children else "")
                + "; then run this command again"
            )
    return reach_of(c, what)


def withdraw(reach: Reach) -> Proof:
    """Take the subject out of everything, rebuild, purge and prove."""
    what = reach.subject
    raw = raw_objects(what, reach)
    take_out(reach)
    say("rebuilding: dvc repro")
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    if subprocess.run([sys.executable, "-m", "dvc", "repro"], env=environment).returncode:
        raise LineageError(
            f"the rebuild stopped; nothing of {what.name} is in params.yaml's data any more, but earlier builds are "
            f"still in the caches. Mend what it says above and run `lineage withdraw {what.name}` again: it goes on"
        )
    with only_writer("lineage withdraw"):  # a stage that runs now has its scratch folders in .state
        proof = purge(what, raw)
    if proof.clean:
        (NOTED / what.name).unlink()
    return proof


def take_out(reach: Reach) -> None:
    """Write the withdrawal into `params.yaml` and delete the user's own raw files."""
    what = reach.subject

    def change(tree: Any) -> None:
        for source in what.sources:
            tree["sources"][source]["withdrawn"] = "all"
        if what.is_document:
            papers = {document.parent.name for document in reach.documents} & set(tree["papers"])
            for place in [tree["sources"][s] for s in reach.records] + [tree["papers"][p] for p in sorted(papers)]:
                if place.get("withdrawn") != "all":
                    place["withdrawn"] = sorted({*place.get("withdrawn", []), what.name})

    edit_curriculum(change)
    for file in reach.raw:
        file.unlink(missing_ok=True)
    c = load_curriculum()
    for source in sorted({file.relative_to(paths.RAW / c.data).parts[0] for file in reach.raw}):
        if c.raw_folder(source).with_name(f"{source}.dvc").is_file():
            folder = c.raw_folder(source).as_posix()
            if subprocess.run([sys.executable, "-m", "dvc", "add", "-q", folder]).returncode:
                raise LineageError(
                    f"`dvc add {folder}` failed, though its files are deleted: mend what it says above, run it, and "
                    f"then `lineage withdraw {what.name}` again"
                )


def raw_objects(what: Subject, reach: Reach) -> set[str]:
    """The objects of DVC's cache that are the user's raw files, or documents made from them: nothing in them says so.

    Noted in `.state/withdrawal` before the files go, so that a withdrawal that was killed still knows them.
    """
    from dvc_data.hashfile.hash import file_md5
    from dvc_objects.fs import localfs

    noted = NOTED / what.name
    found = set(noted.read_text(encoding="utf-8").split()) if noted.is_file() else set()
    files = (*reach.raw, *reach.documents) if reach.raw else ()  # the sample world's are made again by code
    found |= {file_md5(str(file), localfs) for file in files if file.is_file()}
    noted.parent.mkdir(parents=True, exist_ok=True)
    noted.write_text("".join(f"{oid}\n" for oid in sorted(found)), encoding="utf-8")
    return found


def purge(what: Subject, raw: set[str]) -> Proof:
    """Remove what earlier builds left, and search everything again."""
    from lineage.synthesis.response_cache import restore
    from lineage.tracking.removal import remove_runs

    caches, remotes = _caches()
    found = [cache.found(what, raw) for cache in caches.values()]
    gone = Found(*(frozenset().union(*(getattr(f, part) for f in found)) for part in ("oids", "adapters", "ids")))
    # DVC's cache goes last: it is what tells, after a kill, which objects and runs are meant.
    say(f"MLflow: {remove_runs(gone.adapters):,} runs removed for good")
    for entry in sorted(STATE.iterdir()) if STATE.is_dir() else []:
        if entry.name not in KEPT_STATE:
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    for answers in sorted(paths.GENERATED.glob("*/*/answers.jsonl")):  # those that are left were paid for
        restore(answers)
    for place, odb in remotes.items():
        there = [oid for oid in sorted(gone.oids) if odb.exists(oid)]
        for oid in there:
            odb.delete(oid)
        say(f"{place}: {len(there):,} objects removed")
    for place, cache in reversed(caches.items()):
        say(f"{place}: {cache.remove(gone.oids):,} objects removed")
    return prove(what, gone)


def prove(what: Subject, gone: Found) -> Proof:
    """Search workspace, caches, remotes and MLflow for the subject, its records and the adapters trained on it."""
    from lineage.tracking.removal import runs_of

    marks = pattern(what, gone.ids if what.is_document else (), {adapter[:12] for adapter in gone.adapters})
    hits = {room.as_posix(): sum(1 for _ in _files_with(room, marks)) for room in ROOMS}
    caches, remotes = _caches()
    hits |= {place: len(cache.found(what).oids | (gone.oids & cache.paths.keys())) for place, cache in caches.items()}
    hits |= {place: sum(odb.exists(oid) for oid in gone.oids) for place, odb in remotes.items()}
    hits["MLflow runs"] = len(runs_of(gone.adapters))
    hits["MLflow files"] = sum(1 for _ in _files_with(STATE / "mlflow", marks))
    local = caches["DVC's cache"].paths
    unseen = {place: sum(oid not in local for oid in odb.all()) for place, odb in remotes.items()}
    return Proof(hits, unseen)


def _files_with(folder: Path, marks: Any) -> Iterator[Path]:
    for file in sorted(p for p in folder.rglob("*") if p.is_file()):
        if file.name not in SAYS_WHAT_IS_NOT_HERE and found_in(file, marks):
            yield file


def _caches() -> tuple[dict[str, Objects], dict[str, Any]]:
    """What can be read from this machine, DVC's cache and remotes in folders, and remotes that cannot."""
    from dvc.repo import Repo

    with Repo(".") as repo:
        caches = {"DVC's cache": Objects(Path(repo.cache.local.path).parents[1])}
        remotes = {}
        for name in repo.config["remote"]:
            odb = repo.cloud.get_remote_odb(name=name)
            if odb.fs.protocol == "local":
                caches[f"remote {name}"] = Objects(Path(odb.path).parents[1])
            else:
                remotes[f"remote {name}"] = odb
    return caches, remotes


def say(line: str) -> None:
    """One line of progress."""
    print(f"  {line}", flush=True)
