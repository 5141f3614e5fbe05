"""What each version learnt and forgot, a line a version.

The numbers are those that the `report` stage compared.
"""

import argparse
import subprocess
from collections.abc import Iterator

from rich.console import Console
from rich.table import Table
from rich.text import Text

from lineage.artifacts.comparison import ComparedSet, ComparedVersion, Comparison, Contrast, Verdict, read_comparison
from lineage.artifacts.manifest import manifests
from lineage.artifacts.promotions import read_promotions
from lineage.config.load import load_curriculum
from lineage.core import paths
from lineage.core.plain_text import for_markup, plain
from lineage.planning.state import older_than_shown
from lineage.reporting.champion import built_as, champion_said, last_promotion, not_asked
from lineage.reporting.fields_told import fields_said
from lineage.reporting.set_words import ANSWERS_AT_CHANCE

GROUP = "what a rebuild made"
WIDTH = 116
COLOURS = {"improved": "green", "worse": "red"}
WORDS: dict[Verdict, str] = {"improved": "better", "worse": "worse", "unclear": "unclear", "too_few": "too few rows"}


def run(options: argparse.Namespace) -> None:
    """Print a line a version: held-out NLL of its own sources against its parent, what it forgot, and where to look."""
    c = load_curriculum()  # a mistake in it is said here too
    comparison = read_comparison()
    table = Table()
    for title, wrap in {"version": False, "NLL on its own": False, "change (95 %)": False}.items():
        table.add_column(title, no_wrap=not wrap)
    for title in ("its own sets", "forgot", "right answers on its own"):
        table.add_column(title)
    for name, version in comparison.versions.items():
        table.add_row(*_cells(name, version))
    console = Console()
    console.width = max(console.width, WIDTH)
    console.print(table)
    if promotion := last_promotion(entries := read_promotions()):
        said = champion_said(promotion, built_as(promotion, dict(manifests())), not_asked(entries))
        console.print(Text(plain(said)), highlight=False)
    for line in _notes(comparison):
        console.print(Text(plain(line), style="dim"), highlight=False)
    for name, reasons in comparison.missing.items():
        console.print(f"[yellow]{name}[/] {for_markup('; '.join(reasons))}", soft_wrap=True)
    for line in older_than_shown(c):
        console.print(f"[yellow]{for_markup(line)}[/]", soft_wrap=True)
    if line := lock_that_differs():
        print(line)


def lock_that_differs() -> str:
    """What it means that git shows dvc.lock as changed; empty where it does not, or there is no git."""
    try:
        asked = subprocess.run(
            ["git", "status", "--porcelain", "--", str(paths.DVC_LOCK)], capture_output=True, text=True, timeout=20
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    if asked.returncode or not asked.stdout.startswith((" M", "M")):
        return ""
    return (
        f"git shows {paths.DVC_LOCK} as changed, rightly: it holds the hashes of what was built here, and another "
        f"processor gives other bytes.\nCommit it with what you keep, or undo it: git checkout {paths.DVC_LOCK}"
    )


def _cells(name: str, version: ComparedVersion) -> Iterator[Text]:
    yield Text(f"{name}\n  from {version.parent}")
    pooled = version.pooled
    yield Text(f"{pooled.parent_nll:.2f} → {pooled.nll:.2f}" if pooled else "")
    yield (
        _change(pooled, version.pooled_shown or pooled.verdict)
        if pooled
        else Text("not compared" if not version.sets else "no set is its own")
    )
    counts = {verdict: len(version.own_with(verdict)) for verdict in WORDS} if pooled else {}
    yield Text("\n").join(_coloured(f"{n} {WORDS[verdict]}", verdict) for verdict, n in counts.items() if n)
    forgot, able = len(version.forgot), len(version.may_forget)
    yield _coloured(f"{forgot} of {able}" if able else "–", "worse" if forgot else "unclear")
    yield _right(version)


def _change(one: Contrast, shown: Verdict) -> Text:
    """A difference, its interval and what may be said of it. shown: the verdict as it may be praised."""
    reach = f" ({one.interval[0]:+.2f}, {one.interval[1]:+.2f})" if one.interval else ""
    said = WORDS[one.verdict]
    if one.verdict == "too_few":
        said += f": {one.rows} of {one.groups} groups"
    elif shown != one.verdict:
        said += f"\n{ANSWERS_AT_CHANCE}"
    return _coloured(f"{one.difference:+.2f}{reach}\n{said}", shown)


def _right(version: ComparedVersion) -> Text:
    """The share of all choices and numbers of its own sets, and the sets that moved most, up and down."""
    if not (right := version.right):
        return Text("")
    chance = f", chance {right.chance:.0%}" if right.chance is not None else ""
    lines = [_coloured(f"{right.parent_share:.0%} → {right.share:.0%} of {right.rows}{chance}", right.shown)]
    sets = [(gain, name, one) for name, one in version.own.items() if (gain := _gain(one)) is not None]
    if len(sets) > 1:
        for word, (_, name, one) in (("best", max(sets)), ("worst", min(sets))):
            text = f"{word}: {name.partition('.')[0]} {one.parent_score:.0%} → {one.score:.0%}"
            lines.append(_coloured(text, one.score_shown or "unclear"))
    return Text("\n").join(lines)


def _gain(one: ComparedSet) -> float | None:
    return one.score_gain if one.has_right_answers else None


def _coloured(text: str, verdict: Verdict) -> Text:
    return Text(plain(text), style=COLOURS.get(verdict, ""))


def _notes(comparison: Comparison) -> Iterator[str]:
    """What the table does not show by itself: what its words mean, and what was not asked or not ended, by set."""
    yield "better, worse: beyond noise, all sets of a version judged together; none where answers are at chance"
    yield f"too few rows: fewer than {comparison.fewest_rows}, or of fewer than {comparison.fewest_groups} groups"
    yield "forgot: of the sets of other mixes that an ancestor was trained on"
    too_long: dict[str, str] = {}
    for name, version in comparison.versions.items():
        unended = []
        for held_out, one in version.sets.items():
            if one.too_long:
                too_long[held_out] = f"{one.too_long} of {one.too_long + one.rows} rows of {held_out}"
            if one.cut or one.endless:
                ends = [f"{n} {word}" for n, word in ((one.cut, "cut"), (one.endless, "never ending")) if n]
                unended.append(f"{held_out} {' and '.join(ends)} of {one.answered}")
        if unended:
            yield f"{name}, answers without an end: {', '.join(unended)}"
    for name, version in comparison.versions.items():
        for held_out, one in version.own.items():
            if one.fields:
                yield f"{name} on {fields_said(held_out, one)}"
    if too_long:
        yield f"not asked, longer than max_length: {', '.join(too_long.values())}"
