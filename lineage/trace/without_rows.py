"""What a version says once rows were taken out of it and of its ancestors: it is trained again, and asked again.

Beside the workspace, in `.state/trace/workspace`. The first version of the line that was trained on one of the rows,
and every one after it, is trained on its own mix without them: the other rows, settings and the number of steps stay
as they are. A budget in epochs has a few steps less. Where settings, code or packages are not those of then, these
versions are trained once more with all their rows, as a control, and that is what the other is compared with. The last
adapter is kept in `.state/trace/kept`, by what it was made from, so that another question about the same rows trains
nothing.
"""

import shutil
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import chdir
from dataclasses import dataclass, replace
from pathlib import Path

from lineage.artifacts.manifest import AdapterManifest, read_manifest
from lineage.artifacts.not_built import why_not_built
from lineage.bisect.asked_readings import READINGS, asked_line, asked_variant, keep, reading_of
from lineage.bisect.probe import Probe, Reading
from lineage.bisect.scratch_workspace import ScratchWorkspace, keep_adapter, kept_adapter
from lineage.bisect.variant import trained_otherwise
from lineage.config.load import read_tree
from lineage.config.schema import Curriculum
from lineage.core import paths
from lineage.core.code_identity import code_identity
from lineage.core.errors import LineageError
from lineage.core.files import sha256_of
from lineage.core.paths import STATE
from lineage.core.stage import only_writer
from lineage.planning.cost import cost_of, prices
from lineage.planning.duration import Seconds
from lineage.records.record import PARTS, read_records
from lineage.trace.trained_rows import KnownVersion
from lineage.training.earlier_code import TRAINED_BY
from lineage.training.plan import packages

WORKSPACE = STATE / "trace" / "workspace"
KEPT = STATE / "trace" / "kept"
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class RowsTakenOut:
    """What is trained again. again: the versions, in order; rows: of each mix, how many rows were taken out.

    key: what the last of them is known by. differs: why what is trained now cannot be compared with what is here, so
    that a control is needed; "" where it can. control: what that is known by.
    """

    again: tuple[str, ...]
    rows: dict[str, int]
    key: str
    differs: str = ""
    control: str = ""


@dataclass(frozen=True, slots=True)
class Caused:
    """What a version, or its control, says to a question, and what it says without the rows.

    trained: whether that was done now.
    """

    before: Reading
    without: Reading
    trained: bool

    @property
    def verdict(self) -> str:
        """`gone`: it said the answer, and no longer does; `stays`; or `not said`, by the version as it is."""
        if not self.before.right:
            return "not said"
        return "stays" if self.without.right else "gone"


def taken_out(c: Curriculum, line: Iterable[KnownVersion], rows: Iterable[str]) -> RowsTakenOut:
    """What must be trained again without rows.

    Args:
        c: the curriculum.
        line: the versions whose rows are known, oldest first; the last is asked.
        rows: ids of records.

    Raises:
        LineageError: no version was trained on any of them, or one that must be trained again was trained elsewhere.
    """
    ids, line = frozenset(rows), tuple(line)
    held = {one.name: _held(paths.mix(one.name), ids) for one in line}
    first = next((name for name, count in held.items() if count), None)
    if first is None:
        raise LineageError("none of these rows is in a mix of this line: nothing can be taken out")
    asked = line[-1].name
    whole = tuple(reversed((asked, *c.ancestors(asked))))
    again = whole[whole.index(first) :]
    if elsewhere := [name for name in again if name not in held]:
        raise LineageError(
            f"{first} was trained on such rows, and {elsewhere[0]}, which continues it, was trained elsewhere: it "
            "cannot be trained again without them"
        )
    made = [[one.manifest.fingerprint, one.manifest.mix.sha256] for one in line]
    settings = [c.active.model_dump(mode="json"), *(c.versions[name].train.model_dump(mode="json") for name in again)]
    by = [settings, code_identity(TRAINED_BY), packages(c.active.trainer)]
    manifests = {one.name: one.manifest for one in line}
    otherwise = {name: why for name in again if (why := trained_otherwise(c, c.version(name), manifests[name]))}
    return RowsTakenOut(
        again=again,
        rows=held,
        key=sha256_of([made, sorted(ids), *by]),
        differs=next((f"{name}: {why}" for name, why in otherwise.items()), ""),
        control=sha256_of([made, ["all rows", *again], *by]),
    )


def seconds_of(c: Curriculum, out: RowsTakenOut) -> Seconds | None:
    """What training versions again takes; None where one of them has nothing to be reckoned from."""
    known = prices(c)
    each = [cost_of(c, c.version(name), known).seconds for name in out.again]
    if not all(each):
        return None
    times = 2 if out.differs else 1
    return Seconds(times * sum(one.value for one in each if one), all(one.measured for one in each if one))


def asked_without(c: Curriculum, out: RowsTakenOut, rows: Iterable[str], probe: Probe, say: Say = print) -> Caused:
    """Ask the version, and ask it as it is without the rows; that is trained where it is not kept.

    Args:
        c: the curriculum.
        out: what `taken_out` said of the rows.
        rows: their ids.
        probe: the question, and the answer that may go away.
        say: told what is about to be trained.

    Raises:
        LineageError: a training failed, or somebody else writes in the workspace.
    """
    if out.differs:
        control = replace(out, key=out.control, rows=dict.fromkeys(out.rows, 0))
        before, _ = _asked_again(c, control, frozenset(), probe, say)
    else:
        before = asked_line(c, probe, [out.again[-1]])[out.again[-1]]
    without, trained = _asked_again(c, out, frozenset(rows), probe, say)
    return Caused(before, without, trained)


def _asked_again(c: Curriculum, out: RowsTakenOut, ids: frozenset[str], probe: Probe, say: Say) -> tuple[Reading, bool]:
    """What the last version says, trained again without rows where that is not kept; whether it was trained now.

    Args:
        c: the curriculum.
        out: what is trained again.
        ids: of the rows.
        probe: the question.
        say: told what is about to be trained.
    """
    version, store, kept_in = out.again[-1], KEPT / out.key, READINGS.absolute()
    kept = kept_adapter(store)
    if kept and (known := reading_of(c, probe, version, kept.adapter, kept_in)):
        return known, False
    scratch = ScratchWorkspace(c, WORKSPACE)
    with only_writer("lineage trace"):
        manifest = kept or _trained(c, scratch, out, ids, say)
        if kept:
            scratch.copy((paths.BASE_MODEL,), read_tree())
            shutil.copytree(store, scratch.root / paths.adapter(version), dirs_exist_ok=True)
        with chdir(scratch.root):
            reading = asked_variant(scratch.c, probe, version, manifest.adapter)
            keep(scratch.c, probe, reading, manifest.adapter, kept_in)
        scratch.remove()
    return reading, not kept


def _trained(
    c: Curriculum, scratch: ScratchWorkspace, out: RowsTakenOut, ids: frozenset[str], say: Say
) -> AdapterManifest:
    """Train the versions again, each on its mix without the rows; the manifest of the last, which is kept."""
    parent = c.version(out.again[0]).parent_adapter
    scratch.copy((paths.BASE_MODEL, *([parent] if parent else [])), read_tree())
    scratch.repro("check")
    for name in out.again:
        mix = paths.mix(name)
        shutil.copytree(mix, scratch.root / mix, dirs_exist_ok=True)
        for part in PARTS:
            _filtered(mix / f"{part}.jsonl", scratch.root / mix / f"{part}.jsonl", ids)
        say(f"training {name} again, without {out.rows[name]:,} of its rows …")
        scratch.repro(f"train@{name}")
        if why := why_not_built(name, scratch.root):
            raise LineageError(f"{name} cannot be trained without these rows: {why}")
    last = out.again[-1]
    manifest = read_manifest(last, scratch.root)
    keep_adapter(scratch.root / paths.adapter(last), KEPT / out.key)
    return manifest


def _held(mix: Path, ids: frozenset[str]) -> int:
    """How many rows of a mix have one of these ids, repeated ones counted as often as they are trained on."""
    counts = Counter(record.id for part in PARTS for record in read_records(mix / f"{part}.jsonl"))
    return sum(counts[id] for id in ids)


def _filtered(file: Path, out: Path, ids: frozenset[str]) -> None:
    """The lines of a mix without some records, byte by byte as they were."""
    with file.open(encoding="utf-8") as lines, out.open("w", encoding="utf-8") as kept:
        for line, record in zip(lines, read_records(file), strict=True):
            if record.id not in ids:
                kept.write(line)
