"""The story of the champions, from promotions.yaml alone, and the champion of an earlier day, made that again."""

import re
import subprocess
from collections.abc import Sequence
from datetime import date

from lineage.artifacts.manifest import manifests
from lineage.artifacts.promotions import Promotion, add_promotion, read_promotions
from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.core.plain_text import one_line
from lineage.core.stage import only_writer

WORDS = {
    "promoted": "promoted",
    "overridden": "promoted BY OVERRIDE",
    "restored": "made the champion again",
    "refused": "refused",
    "proposed": "proposed",
    "proposed by override": "proposed BY OVERRIDE",
    "declined": "declined",
}


def story(entries: Sequence[Promotion]) -> list[str]:
    """Every entry in a few lines, oldest first; the present champion is marked."""
    last = next((entry for entry in reversed(entries) if entry.promotes), None)
    lines, goal = list[str](), ""
    for entry in entries:
        when = entry.when.isoformat() if entry.when else "no date   "
        which = f"{entry.version} at {entry.fingerprint[:12] or '(no fingerprint)'} {WORDS[entry.kind]}"
        which += f", against {entry.against.version}" if entry.against else ""
        which += f", by {one_line(entry.by)}" if entry.by else ""
        lines.append(f"{'★' if entry is last else ' '} {when}  {which}")
        lines.append(f"      because: {one_line(entry.because)}")
        if entry.look:
            lines.append(f"      look {entry.look.number} at rows {entry.look.rows}, tested at {entry.look.level:.2g}")
            if goal and goal != entry.look.goal:
                lines.append("      the goal of params.yaml was changed since the look before")
            goal = entry.look.goal
        lines += [f"      {one_line(reason)}" for reason in entry.reasons]
    return lines


def restore(which: str, because: str = "", by: str = "") -> tuple[Promotion, str]:
    """Make the champion of a day, or the one of a fingerprint, the champion again.

    Args:
        which: a day (2026-11-27: who was the champion at its end), or digits that a fingerprint begins with.
        because: why; left out, that it was the champion then.
        by: who says so.

    Returns:
        The entry, and how to bring its adapter back; "" where it is built here.

    Raises:
        LineageError: there was none, it names no adapter, or it is the champion; nothing is written.
    """
    with only_writer(f"lineage promote --restore {which}"):
        entries = read_promotions()
        found = _champion_of(which, entries)
        if not (found.fingerprint and found.adapter):
            raise LineageError(
                f"{paths.PROMOTIONS}: the entry of {found.version} names no fingerprint and adapter, so that nobody "
                f"knows which one was meant; promote a version that is built"
            )
        now = next(entry for entry in reversed(entries) if entry.promotes)
        if now.is_of(found.fingerprint, found.adapter):
            raise LineageError(f"{now.name} is the champion already")
        came = _came_in(found, entries)
        overridden = f"; promoted by override of the gate{_on(came)}: {came.because}"
        reason = because.strip() or f"it was the champion {which}"
        entry = Promotion(
            version=found.version,
            fingerprint=found.fingerprint,
            adapter=found.adapter,
            kind="restored",
            when=date.today(),
            because=reason + (overridden if came.kind == "overridden" else ""),
            by=by.strip(),
        )
        add_promotion(entry)
    built = any(entry.is_of(one.fingerprint, one.adapter) for _, one in manifests())
    return entry, "" if built else _back(entry)


def _champion_of(which: str, entries: Sequence[Promotion]) -> Promotion:
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", which):
        try:
            day = date.fromisoformat(which)
        except ValueError as error:
            raise LineageError(f"--restore {which}: no such day") from error
        until = next((at for at, entry in enumerate(entries) if entry.when and entry.when > day), len(entries))
        found = [entry for entry in entries[:until] if entry.promotes]
        dated = [entry for entry in entries if entry.when]
        if not found or not dated:
            known = f"the first promotion with a date is of {dated[0].when}" if dated else "no entry has a date"
            raise LineageError(f"--restore {which}: nobody knows who was the champion that day; {known}")
        return found[-1]
    if not re.fullmatch("[0-9a-f]{4,64}", which):
        raise LineageError(f"--restore {which}: give a day, 2026-11-27, or at least four digits of a fingerprint")
    found = [entry for entry in entries if entry.promotes and _begins(entry.fingerprint, which)]
    if len({entry.fingerprint[:12] for entry in found}) != 1:
        said = "several champions have" if found else "no champion ever had"
        raise LineageError(f"--restore {which}: {said} such a fingerprint; see `lineage promote --history`")
    return found[-1]


def _came_in(found: Promotion, entries: Sequence[Promotion]) -> Promotion:
    """The entry by which a champion came in, before it was made the champion again, however often."""
    which = found.fingerprint[:12], found.adapter[:12]
    same = [one for one in entries[: entries.index(found)] if (one.fingerprint[:12], one.adapter[:12]) == which]
    came = [one for one in same if one.promotes and one.kind != "restored"]
    return came[-1] if came and found.kind == "restored" else found


def _begins(fingerprint: str, which: str) -> bool:
    """Whether the two agree as far as both go."""
    return bool(fingerprint) and (fingerprint.startswith(which) or which.startswith(fingerprint))


def _on(entry: Promotion) -> str:
    return f" on {entry.when}" if entry.when else ""


def _back(entry: Promotion) -> str:
    """How to bring the adapter of an entry back, by the commit that first named it, where git knows one."""
    folder = paths.adapter(entry.version)
    asked = ["git", "log", "--reverse", "--format=%h", f"-S{entry.fingerprint[:12]}", "--", str(paths.PROMOTIONS)]
    try:
        done = subprocess.run(asked, capture_output=True, text=True, timeout=60)
        commits = done.stdout.split() if done.returncode == 0 else []
    except (OSError, subprocess.TimeoutExpired):
        commits = []
    commit = commits[0] if commits else "COMMIT"
    whose = "" if commits else " (COMMIT: the one whose dvc.lock built it)"
    return (
        f"{entry.name} is not built here. Bring it back with: dvc get . {folder} --rev {commit} --out {folder}"
        f"-{entry.fingerprint[:12]}{whose}, or build it again from that commit's params.yaml"
    )
