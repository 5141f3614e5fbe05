"""What earlier builds left of a subject is removed, and everything is searched again."""

import hashlib
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import yaml

from lineage.core import paths
from lineage.core.paths import STATE
from lineage.pdf.document_cache import entries_of, forget
from lineage.withdrawal.dvc_objects import Found, Objects, caches, together
from lineage.withdrawal.git_history import committed
from lineage.withdrawal.markers import Noted, Subject, found_in, lines_with, pattern
from lineage.withdrawal.noted import write_down
from lineage.withdrawal.withdrawn_exports import doubtful_exports, exports_of, remove_exports

KEPT_STATE = ("mlflow", "prefect", "withdrawal", "writer.lock")  # the rest of .state speeds things up and holds text
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
    """Where the subject is still found, place → hits.

    unseen: objects of a remote that nobody here can read. committed: files of commits, which only their owner rewrites.
    doubtful: exports of adapters of which nobody knows here what they were trained on; runs: those of MLflow.
    stopped: the command at which the rebuild stopped, or "".
    """

    hits: dict[str, int]
    unseen: dict[str, int]
    committed: tuple[str, ...] = ()
    doubtful: tuple[Path, ...] = ()
    runs: tuple[str, ...] = ()
    stopped: str = ""

    @property
    def clean(self) -> bool:
        """Whether nothing was found anywhere."""
        return not any(self.hits.values())


def purge(what: Subject, noted: Noted, *, rebuilt: bool) -> Proof:
    """Remove what earlier builds left, and search everything again.

    Args:
        what: the subject.
        noted: what is known of it.
        rebuilt: whether the report that lies here was made without it.
    """
    from lineage.synthesis.response_cache import restore
    from lineage.tracking.removal import adapters_of_runs, remove_artifacts, remove_runs

    places, remotes = caches()
    report = _report_object() if rebuilt else ""
    elsewhere = [manifest for _, _, manifest in adapters_of_runs() if manifest]
    whole = together(places.values())
    gone = whole.found(what, noted, report, elsewhere)
    noted = replace(noted, adapters=gone.adapters)
    write_down(what, noted)
    gone = replace(gone, oids=gone.oids - _votes_that_stay(whole))
    # DVC's cache goes last: it is what tells, after a kill, which objects and runs are meant.
    say(f"MLflow: {remove_runs(gone.adapters):,} runs removed for good")
    say(f"MLflow: {remove_artifacts(_marks(what, gone)):,} files of other runs removed")
    remove_exports(copies := _exports(what, gone, noted))
    for copy in copies:
        say(f"{copy}: removed; where it was copied or pushed to, you alone can take it back")
    for entry in sorted(STATE.iterdir()) if STATE.is_dir() else []:
        if entry.name not in KEPT_STATE:
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    shared = paths.document_cache()
    if removed := forget(shared, what.name if what.is_document else ""):
        say(f"{shared}: {removed:,} converted documents removed")
    for answers in sorted(paths.GENERATED.glob("*/*/answers.jsonl")):  # those that are left were paid for
        restore(answers)
    for place, odb in remotes.items():
        there = [oid for oid in sorted(gone.oids) if odb.exists(oid)]
        for oid in there:
            odb.delete(oid)
        say(f"{place}: {len(there):,} objects removed")
    for place, cache in reversed(places.items()):
        say(f"{place}: {cache.remove(gone.oids):,} objects removed")
    return prove(what, gone, noted)


def _report_object() -> str:
    """The object of the report, as `dvc.lock` names it."""
    lock = yaml.safe_load(paths.DVC_LOCK.read_text(encoding="utf-8")) if paths.DVC_LOCK.is_file() else {}
    outs = lock.get("stages", {}).get("report", {}).get("outs", [])
    return next((str(out.get("md5", "")) for out in outs if out.get("path") == paths.REPORTS.as_posix()), "")


def _votes_that_stay(whole: Objects) -> set[str]:
    """The objects of votes as they lie here. Who takes lines out of the file does not lose the others with its copy."""
    files = {hashlib.md5(file.read_bytes(), usedforsecurity=False).hexdigest() for file in _votes()}
    return files | {oid for oid, members in whole.folders.items() if files.intersection(members.values())}


def _votes() -> list[Path]:
    """What people voted on: what adapters said, with their hashes."""
    return sorted(Path().glob(paths.votes("*").as_posix()))


def _exports(what: Subject, gone: Found, noted: Noted) -> tuple[Path, ...]:
    return exports_of(what, replace(noted, ids=gone.ids | noted.ids), gone.adapters)


def _marks(what: Subject, gone: Found) -> re.Pattern[bytes]:
    return pattern(what, gone.ids if what.is_document else (), {adapter[:12] for adapter in gone.adapters})


def prove(what: Subject, gone: Found, noted: Noted) -> Proof:
    """Search workspace, exports, caches, remotes, MLflow and all commits for the subject, its records and adapters.

    Args:
        what: the subject.
        gone: what was found of it in caches and remotes.
        noted: what was known of it before.
    """
    from lineage.tracking.removal import adapters_of_runs, artifacts_with, runs_of

    marks = _marks(what, gone)
    hits = {room.as_posix(): sum(1 for _ in files_with(room, marks)) for room in ROOMS}
    hits |= {file.as_posix(): sum(1 for _ in lines_with(file, marks)) for file in _votes()}
    hits[paths.EXPORTS.as_posix()] = len(_exports(what, gone, noted))
    places, remotes = caches()
    left = together(places.values()).found(what, noted, _report_object()).oids | gone.oids
    hits |= {place: len(left & cache.paths.keys()) for place, cache in places.items()}
    hits |= {place: sum(odb.exists(oid) for oid in gone.oids) for place, odb in remotes.items()}
    if what.is_document and (shared := paths.document_cache()).is_dir():
        hits[shared.as_posix()] = len(entries_of(shared, what.name))
    hits["MLflow runs"] = len(runs_of(gone.adapters))
    hits["MLflow files"] = sum(1 for _ in files_with(STATE / "mlflow", marks)) or len(artifacts_with(marks))
    rows = committed(pattern(what, gone.ids) if not what.is_document else _of_rows(gone), noted.objects | {what.name})
    hits["git, all commits"] = len(rows)
    here = {oid for cache in places.values() for oid in cache.paths}
    unseen = {place: sum(oid not in here for oid in odb.all()) for place, odb in remotes.items()}
    runs = tuple(called for called, adapter, _ in adapters_of_runs() if adapter not in gone.known)
    return Proof(hits, unseen, tuple(rows), doubtful_exports(gone.known), runs)


def _of_rows(gone: Found) -> re.Pattern[bytes]:
    """What shows a committed row of a document: its id. The document's own SHA-256 is no text, and stands in notes."""
    return re.compile("|".join(map(re.escape, sorted(gone.ids))).encode() or rb"(?!)")


def files_with(folder: Path, marks: re.Pattern[bytes]) -> Iterator[Path]:
    """The files below a folder that hold any of the marks, but for lists of what was kept out."""
    for file in sorted(p for p in folder.rglob("*") if p.is_file()):
        if file.name not in SAYS_WHAT_IS_NOT_HERE and found_in(file, marks):
            yield file


def say(line: str) -> None:
    """One line of progress."""
    print(f"  {line}", flush=True)
