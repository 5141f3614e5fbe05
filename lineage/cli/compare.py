"""Two measured versions, set by set: better, worse or unclear.

lineage compare             the two newest measured versions
lineage compare v6          v6 against its parent
lineage compare v5_3 v6     v6 against v5_3; `base` is a version here too
lineage compare v6 --rows   and the rows that turned wrong or right, with question and answers
"""

import argparse
import json
from collections.abc import Iterator

from rich.console import Console
from rich.table import Table
from rich.text import Text

from lineage.artifacts.comparison import Verdict
from lineage.artifacts.measures import Interval
from lineage.config.load import load_curriculum
from lineage.core.plain_text import plain
from lineage.reporting.flipped_rows import MOST, flipped_rows, lines
from lineage.reporting.html_page import scored
from lineage.reporting.two_versions import ScoreChange, SetChange, TwoVersions, two_versions
from lineage.reporting.workspace import read_workspace
from lineage.statistics.judgement import FEWEST_GROUPS, FEWEST_ROWS

GROUP = "what a rebuild made"
WIDTH = 116
COLOURS = {"improved": "green", "worse": "red"}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which two, and how much of them."""
    parser.add_argument("first", nargs="?", default="", help="what is compared with")
    parser.add_argument("second", nargs="?", default="", help="the version")
    parser.add_argument("--json", action="store_true", help="the same for a program")
    parser.add_argument(
        "--rows",
        nargs="?",
        const=MOST,
        type=_rows,
        metavar="N",
        help=f"the rows that turned wrong and right, and those that moved most, N of each (default: {MOST})",
    )


def run(options: argparse.Namespace) -> None:
    """Print a line a set."""
    c = load_curriculum()
    w = read_workspace(c)
    found = two_versions(w, options.first, options.second)
    rows = flipped_rows(w, found, options.rows) if options.rows else None
    if options.json:
        told = found.as_json() | ({"rows": rows.as_json()} if rows else {})
        print(json.dumps(told, ensure_ascii=False, indent=2))
        return
    console = Console()
    console.width = max(console.width, WIDTH)
    console.print(_table(found))
    for line in _notes(found):
        console.print(Text(plain(line)), highlight=False)
    for line in lines(rows, c.evaluation.answers) if rows else ():
        console.print(Text(plain(line)), highlight=False)


def _rows(given: str) -> int:
    """How many rows, where a number is given."""
    if not given.isdecimal() or int(given) < 1:
        raise argparse.ArgumentTypeError(f"{given!r} is no number of rows; versions stand before --rows")
    return int(given)


def _table(found: TwoVersions) -> Table:
    table = Table(title=Text(f"{found.second} against {found.first}"), title_justify="left")
    for title in ("held-out set", "rows", f"NLL {found.first} → {found.second}", "change (95 %)", "score", "change"):
        table.add_column(title, justify="right" if title == "rows" else "left")
    for name, one in found.sets.items():
        table.add_row(*_cells(name, one))
    return table


def _cells(name: str, one: SetChange) -> Iterator[Text]:
    nll, score = one.nll, one.score
    source, _, form = name.partition(".")
    yield Text(plain(f"{source}\n{form}"))
    yield Text(f"{nll.rows}\n{nll.groups} groups" if nll.groups != nll.rows else f"{nll.rows}")
    yield Text(f"{nll.other_nll:.2f} → {nll.nll:.2f}")
    yield _said(
        f"{nll.difference:+.2f}{_reach(nll.interval)}", nll.verdict, _smallest(nll.verdict, nll.smallest, "nats")
    )
    if score is None:
        yield Text("")
        yield Text("")
        return
    measure = "chrF" if score.measure == "text" else score.measure
    chance = f"\n{measure}, chance {score.chance:.0%}" if score.chance is not None else f"\n{measure}"
    yield Text(f"{scored(score.first, score.measure)} → {scored(score.second, score.measure)}{chance}")
    yield _score(one, score)


def _score(one: SetChange, score: ScoreChange) -> Text:
    """The verdict on a score; a gain that ends at chance is none."""
    turned = f"{len(one.gained)} right, {len(one.lost)} wrong anew" if one.gained or one.lost else "no row turned"
    head = turned if score.measure != "text" else f"{100 * (score.second - score.first):+.1f}"
    if score.verdict == "improved" and score.above_chance is False:
        return Text(f"{head}\nmore than before, no more than chance")
    size = None if score.smallest is None else 100 * score.smallest
    return _said(head, score.verdict, _smallest(score.verdict, size, "points"))


def _said(head: str, verdict: Verdict, more: str) -> Text:
    words = {"improved": "better", "worse": "worse", "unclear": "unclear", "too_few": "too few rows"}[verdict]
    return Text(f"{head}\n{words}{more}", style=COLOURS.get(verdict, ""))


def _smallest(verdict: Verdict, size: float | None, unit: str) -> str:
    """What the set would have shown, where there is no verdict."""
    if verdict != "unclear" or not size:  # rows that do not differ at all show no noise either
        return ""
    return f"; would show {size:.2f} {unit}" if unit == "nats" else f"; would show {size:.0f} {unit}"


def _reach(ends: Interval | None) -> str:
    return f" ({ends[0]:+.2f}, {ends[1]:+.2f})" if ends else ""


def _notes(found: TwoVersions) -> Iterator[str]:
    yield (
        "verdicts are over all sets together (Holm), rows of one group taken as one, right answers by McNemar's exact "
        f"test; none below {FEWEST_ROWS} rows or {FEWEST_GROUPS} groups"
    )
    for version, names in ((found.first, found.only_first), (found.second, found.only_second)):
        if names:
            yield f"answered by {version} alone: {', '.join(names)}"
