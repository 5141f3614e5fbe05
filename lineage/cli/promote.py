"""Make a version the champion, if it is better and lost nothing.

lineage promote v6                    looks at the held-out rows, decides, says why, keeps it in promotions.yaml
lineage promote v6 --dry-run          what it would look at, and at which level; no verdict, so no look
lineage promote v6 --override --because '…'     promoted though refused; name and reason are shown with the champion
lineage promote --history             the champions and every look, oldest first
lineage promote --restore 2026-11-27  the champion of that day (or of a fingerprint) again

Refused: exit code 1. Every look makes the next one stricter: docs/promote.md.
"""

import argparse

from lineage.artifacts.calibration import find_calibration
from lineage.artifacts.promotions import read_promotions
from lineage.config.load import load_curriculum
from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.core.plain_text import plain
from lineage.promotion.gate import Promoting, Prospect, promote, prospect
from lineage.promotion.known_errors import known_errors
from lineage.promotion.past import restore, story
from lineage.promotion.spending import level_of_look

GROUP = "in and out of the lineage"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Who, why, and how far."""
    parser.add_argument("version", nargs="?", default="", help="who may become the champion")
    parser.add_argument("--because", default="", help="why; an override needs it")
    parser.add_argument("--by", default="", help="who says so; else the name that git knows")
    parser.add_argument("--override", action="store_true", help="promote it even if it is refused")
    other = parser.add_mutually_exclusive_group()
    other.add_argument("--dry-run", action="store_true", help="only say what would be looked at")
    other.add_argument("--history", action="store_true", help="the champions and looks so far")
    other.add_argument("--restore", metavar="DAY", default="", help="a day, or a fingerprint: that champion again")


def run(options: argparse.Namespace) -> None:
    """Do what is asked; a refusal is an error with its reasons."""
    if options.history:
        print("\n".join(map(plain, story(read_promotions()))) or "nobody was promoted yet")
        return
    if options.restore:
        if options.version or options.override:
            raise LineageError("--restore takes a day or a fingerprint, no version and no override")
        entry, back = restore(options.restore, options.because, options.by)
        print(plain(f"{entry.name} is the champion again. {back}\n{AFTERWARDS}"))
        return
    c = load_curriculum()
    if not options.version:
        raise LineageError("name a version: lineage promote v6")
    if options.dry_run:
        print("\n".join(map(plain, _foreseen(prospect(c, options.version)))))
        return
    done = promote(c, options.version, options.because, options.by, options.override)
    errors = [f"  {plain(line)}" for line in known_errors(c, find_calibration())] if done.decision else []
    nextly = _next(done, level_of_look(c.goal, done.decision.look.number + 1)) if done.decision else ""
    if not done.entry.promotes:
        listed = "\n".join(["", *(f"  {plain(reason)}" for reason in done.entry.reasons), nextly, CARD, *errors])
        raise LineageError(f"{done.entry.name} is not promoted:{listed}")
    how = ", by override of the gate, which said" if done.entry.kind == "overridden" else ""
    print(plain(f"{done.entry.name} is the champion{how}:"))
    for reason in done.entry.reasons:
        print(f"  {plain(reason)}")
    print("\n".join([*([nextly, CARD] if nextly else []), *errors, AFTERWARDS]))


CARD = "What is known of this gate's errors:"
AFTERWARDS = f"Commit {paths.PROMOTIONS}; report and MLflow follow with: dvc repro publish"


def _next(done: Promoting, level: float) -> str:
    assert done.decision
    look = done.decision.look
    return (
        f"This was look {look.number} at these held-out rows, tested at {look.level:.2g}; it is kept in "
        f"{paths.PROMOTIONS}. The next one is tested at {level:.2g}."
    )


def _foreseen(found: Prospect) -> list[str]:
    """What will be looked at, in lines."""
    weights = ", ".join(f"{name} {weight:g}" for name, weight in found.sets.items())
    margins = ", ".join(f"{name} {margin}" for name, margin in found.guarded.items())
    return [
        f"{found.version} would be compared with {found.against}: look {found.look.number} at rows {found.look.rows}, "
        f"tested at {found.look.level:.2g}, one-sided",
        f"weights: {weights}" + (f"; asked of neither: {', '.join(found.vain)}" if found.vain else ""),
        f"may not be worse by: {margins or 'no set is guarded'}",
        "No verdict is shown here: whoever sees one has looked.",
    ]
