"""Every version with its verdicts, as a table on a run's page: what `lineage results` prints, from the same figures.

Green stands only beside what is better beyond noise, all sets of a version judged together.
"""

from prefect.artifacts import create_markdown_artifact

from lineage.artifacts.comparison import ComparedVersion, Comparison, Verdict, read_comparison
from lineage.core import paths
from lineage.core.plain_text import for_markdown
from lineage.reporting.set_words import ANSWERS_AT_CHANCE

WORDS: dict[Verdict, str] = {"improved": "better", "worse": "worse", "unclear": "unclear", "too_few": "too few rows"}
COLOURS = {"improved": "🟢 ", "worse": "🔴 "}
HEAD = [
    "| version | from | NLL on its own | change (95 %) | verdict | its own sets | forgot | right answers on its own |",
    "|---|---|---|---|---|---|---|---|",
]


def write_versions(compared_now: bool) -> None:
    """The table, if versions were ever compared here.

    compared_now: whether the report stage of this run stands behind it, so that it shows what is here now.
    """
    if not paths.COMPARISON.is_file():
        return
    title, lines = table(read_comparison(), compared_now)
    create_markdown_artifact("\n".join([f"# {title}", "", *lines, ""]), key="lineage-versions", description=title)


def table(comparison: Comparison, compared_now: bool) -> tuple[str, list[str]]:
    """The title, and the lines; `compared_now` as for `write_versions`."""
    versions = comparison.versions
    better = sum(one.pooled_shown == "improved" for one in versions.values())
    title = f"{better} of {len(versions)} versions better than their parents"
    if not compared_now:
        title += ", as compared before this run"
    lines = [*HEAD, *(_row(name, one) for name, one in versions.items())]
    lines += [f"| {name} | | | | {for_markdown('; '.join(why))} | | | |" for name, why in comparison.missing.items()]
    return title, [*lines, "", "Better, worse: beyond noise; none where answers are at chance."]


def _row(name: str, version: ComparedVersion) -> str:
    pooled, right = version.pooled, version.right
    cells = [name, version.parent]
    if pooled:
        reach = f" ({pooled.interval[0]:+.2f}, {pooled.interval[1]:+.2f})" if pooled.interval else ""
        cells += [f"{pooled.parent_nll:.2f} → {pooled.nll:.2f}", f"{pooled.difference:+.2f}{reach}"]
        shown = version.pooled_shown or pooled.verdict
        cells += [_coloured(shown) + (f"; {ANSWERS_AT_CHANCE}" if shown != pooled.verdict else "")]
        counts = {verdict: len(version.own_with(verdict)) for verdict in WORDS}
        cells += [", ".join(f"{n} {WORDS[verdict]}" for verdict, n in counts.items() if n)]
    else:
        cells += ["", "", "not compared" if not version.sets else "no set is its own", ""]
    cells += [f"{len(version.forgot)} of {len(version.may_forget)}" if version.may_forget else "–"]
    cells += [f"{right.parent_share:.0%} → {right.share:.0%} of {right.rows}" if right else ""]
    return f"| {' | '.join(cells)} |"


def _coloured(verdict: Verdict) -> str:
    return COLOURS.get(verdict, "") + WORDS[verdict]
