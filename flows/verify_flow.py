"""The verify flow: the present commit is built from nothing in a clone, and its outputs are compared with those here.

Nothing of this workspace's work is used: the clone has no lock, no caches, and a DVC of its own; only raw files of
one's own and adopted adapters, which no stage makes, come from here. What is compared is what `dvc.lock` says; an
output that was changed here since, or a note in place of one that could not be built, proves nothing and is told.
"""

import sys
import time
from dataclasses import dataclass
from pathlib import Path

from prefect import flow, get_run_logger, runtime
from prefect.artifacts import create_markdown_artifact

from flows.alone import after_a_kill, alone
from flows.choices import Version
from flows.guarded import compute
from flows.rebuild_lock import CLONES
from flows.scratch_clone import Clone, clone_head, git, take_inputs, uncommitted
from lineage.artifacts.not_built import find_not_built, why_not_built
from lineage.config.load import load_curriculum
from lineage.core.declaration import declarations
from lineage.core.errors import LineageError
from lineage.core.paths import DOCUMENT_CACHE, DVC_LOCK, STATE
from lineage.core.plain_text import for_markdown
from lineage.planning.dvc_graph import DvcView, Lock, complaint, look, read_lock

FOLDER = STATE / "verify" / "workspace"
ENDS = ("cards", "report")  # all results, if no version is named
NOT_COMPARED = ("check", "publish")  # what they make is no result: a receipt, and copies of params.yaml
NAMED = 5  # files of an output that differ


@dataclass(frozen=True, slots=True)
class Compared:
    """An output of a stage here and in the clone, by DVC's hashes; "" where it is missing.

    stale: here. changed: what lies here is no longer what the lock says. a_note: in the clone there is only the note
    that the version cannot be built.
    """

    stage: str
    path: str
    here: str
    there: str
    stale: bool = False
    changed: bool = False
    a_note: bool = False

    @property
    def same(self) -> bool:
        """Whether both have the same bytes."""
        return self.here == self.there and not self.changed

    @property
    def verdict(self) -> str:
        """In words."""
        if self.same:
            return "not built, here and there" if self.a_note else "same bytes"
        if not self.here:
            return "**not built here**"
        if self.here == self.there:
            return "**changed here** since it was made"
        return "**differs**" + (", stale here" if self.stale else "")


def _run_name() -> str:
    return "verify " + (", ".join(runtime.flow_run.get_parameters().get("versions") or []) or "everything")


@flow(name="verify", flow_run_name=_run_name, on_crashed=[after_a_kill])
def verify(versions: list[Version] = [], keep: bool = False) -> None:  # noqa: B006 (Prefect shows the default)
    """Build the present commit from nothing in a clone, without any cache, and compare the hash of every output.

    Args:
        versions: The versions to build, with everything that they need. None: all of them, the cards and the report.
        keep: Leave the clone where it is, to look into it. It is left in any case where something differs.
    """
    c = load_curriculum()
    if unknown := [name for name in versions if name not in c.versions]:
        raise LineageError(f"versions: unknown {', '.join(unknown)}; params.yaml has {', '.join(c.versions)}")
    refuse_uncommitted()
    with alone(CLONES):
        _verify(versions, keep)


def _verify(versions: list[str], keep: bool) -> None:
    """As the flow."""
    log, begun = get_run_logger(), time.monotonic()
    targets = [f"evaluate@{name}" for name in versions] or [stage for stage in ENDS if stage in declarations()]
    clone = empty_clone(FOLDER)
    log.info("commit %s is built from nothing in %s", clone.commit[:12], clone.folder)
    command = [sys.executable, "-m", "dvc", "repro", *targets]
    code, lines = compute(f"build {', '.join(targets)}", command, clone.workspace, {DOCUMENT_CACHE: None})
    if code:
        raise LineageError(f"the clone cannot be built: {complaint(lines)}; it is left in {clone.folder}")
    found = compare(look(), read_lock(clone.workspace), clone.workspace)
    title, text = told(found, clone, time.monotonic() - begun)
    create_markdown_artifact(text, key="lineage-verify", description=title)
    log.info(title)
    if different := [one for one in found if not one.same]:
        named = ", ".join(one.path for one in different[:NAMED])
        raise LineageError(f"{title}: {named}{' …' if len(different) > NAMED else ''}; the clone is {clone.folder}")
    if lacking := [one for one in versions if why_not_built(one, clone.workspace)]:
        why = "; ".join(f"{one}: {why_not_built(one, clone.workspace)}" for one in lacking)
        raise LineageError(f"nothing was verified of {', '.join(lacking)}, which cannot be built ({why})")
    if not keep:
        clone.remove()


def refuse_uncommitted() -> None:
    """A clone has only what is committed; `dvc.lock` may differ, since it says what lies here.

    Raises:
        LineageError: other files differ from the commit.
    """
    inside = git("rev-parse", "--show-prefix").strip()
    if changed := [name for name in uncommitted() if name != f"{inside}{DVC_LOCK}"]:
        raise LineageError(
            f"not committed: {', '.join(changed)}. What lies here is made with these changes, and a clone would not "
            f"have them: commit them (or git stash), and verify again"
        )


def empty_clone(folder: Path) -> Clone:
    """The present commit without its lock, and without what an earlier try left in its `.state`."""
    Clone(folder.absolute(), folder.absolute(), "").remove()
    clone = clone_head(folder)
    (clone.workspace / DVC_LOCK).unlink(missing_ok=True)
    take_inputs(clone)
    return clone


def compare(here: DvcView, there: Lock, clone: Path) -> list[Compared]:
    """Every output that was made in the clone, beside the one here.

    Args:
        here: this workspace as DVC sees it.
        there: the lock of the clone.
        clone: its workspace.
    """
    changed = {
        path
        for changes in here.status.values()
        for change in changes
        if isinstance(change, dict)
        for path, how in change.get("changed outs", {}).items()
        if how == "modified"
    }
    return [
        Compared(
            stage,
            path,
            here=_hashes(here.lock.get(stage, {})).get(path, ""),
            there=md5,
            stale=stage in here.status,
            changed=path in changed,
            a_note=find_not_built(clone / path) is not None,
        )
        for stage, entry in there.items()
        if stage not in NOT_COMPARED
        for path, md5 in _hashes(entry).items()
    ]


def _hashes(entry: dict[str, object]) -> dict[str, str]:
    outs = entry.get("outs", [])
    assert isinstance(outs, list)
    return {out["path"]: out.get("md5", "") for out in outs}


def told(found: list[Compared], clone: Clone, seconds: float) -> tuple[str, str]:
    """The title, and a row for each output; of those that differ, the files."""
    built = [one for one in found if not (one.same and one.a_note)]
    title = f"{sum(one.same for one in built)} of {len(built)} outputs have the same bytes"
    if notes := [one.path for one in found if one.same and one.a_note]:
        title += f"; {len(notes)} cannot be built, here as there"
    lines = [f"# {title}", "", f"Commit `{clone.commit[:12]}`, built from nothing in {seconds / 60:.1f} minutes.", ""]
    lines += ["| stage | output | here | built anew | |", "|---|---|---|---|---|"]
    for one in sorted(found, key=lambda one: one.same):
        lines.append(f"| {one.stage} | {one.path} | {one.here[:12]} | {one.there[:12]} | {one.verdict} |")
    for one in found:
        if not one.same and one.here:
            files = differing(Path(one.path), clone.workspace / one.path)
            lines += ["", f"Different in `{one.path}`: {', '.join(map(for_markdown, files[:NAMED]))}"]
            lines[-1] += f" and {len(files) - NAMED} more" if len(files) > NAMED else ""
    return title, "\n".join(lines) + "\n"


def differing(here: Path, there: Path) -> list[str]:
    """The files of two folders that are not the same, or are in one of them only; a file is a folder of one."""
    if here.is_file() and there.is_file():
        return [here.name]
    names = {file.relative_to(root).as_posix() for root in (here, there) for file in root.rglob("*") if file.is_file()}
    return [name for name in sorted(names) if _bytes(here / name) != _bytes(there / name)]


def _bytes(file: Path) -> bytes | None:
    return file.read_bytes() if file.is_file() else None
