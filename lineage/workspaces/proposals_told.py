"""What was found in a folder, in words for the person whose files they are."""

from pathlib import Path

from lineage.workspaces.proposals import ProposedSource, Survey
from lineage.workspaces.reader_trials import LOOKED_AT

SHOWN = 8


def told_of(found: Survey) -> list[str]:
    """A line a source with what reads it, what else could, what goes unread; then the files that were left alone."""
    lines = []
    wide = max((len(one.name) for one in found.proposals), default=0)
    for one in found.proposals:
        lines.append(f"{one.name:{wide}}  {_files(len(one.files))}, {_read(one)}")
        if one.trials and (unread := one.trials[0].unread):
            lines.append(f"{'':{wide}}  in no record: {', '.join(unread[:SHOWN])}{' …' if len(unread) > SHOWN else ''}")
    by_reason: dict[str, list[Path]] = {}
    for file, why in found.left.items():
        by_reason.setdefault(why, []).append(file)
    for why, files in by_reason.items():
        more = f" and {len(files) - 3:,} more" if len(files) > 3 else ""
        lines.append(f"left alone: {', '.join(file.name for file in files[:3])}{more} ({why})")
    return lines


def _read(one: ProposedSource) -> str:
    if one.papers:
        return "PDFs: documents first, then read by reports"
    best, *others = one.trials
    looked_at = best.read + best.rejected
    much = f"{best.read:,} rows" if looked_at < LOOKED_AT else f"{best.read:,} of the first {looked_at:,} rows"
    rejected = f", rejects {best.rejected:,} ({best.why})" if best.rejected else ""
    also = [other.reader for other in others if other.share == best.share]
    return f"{best.reader} reads {much}{rejected}{'; so would ' if also else ''}{', '.join(also)}"


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count:,} files"
