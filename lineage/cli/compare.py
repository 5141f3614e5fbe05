"""Two measured versions, set by set: better, worse or unclear.

lineage compare             the champion and the newest measured version; without a champion the two newest
lineage compare v6          v6 against its parent
lineage compare v5_3 v6     v6 against v5_3; `base` is a version here too
lineage compare ../loans:v1 v6   with a version of another workspace, on the sets that both were asked
lineage compare v6 --rows   and the rows that turned wrong or right, with question and answers
"""

import argparse
import json
from collections.abc import Iterator

from rich.console import Console
from rich.table import Table
from rich.text import Text

from lineage.artifacts.comparison import Verdict
from lineage.config.load import load_curriculum
from lineage.core.plain_text import plain
from lineage.reporting import set_words as words
from lineage.reporting.champion import champion_said
from lineage.reporting.flipped_rows import MOST, flipped_rows, lines
from lineage.reporting.other_workspaces import beside
from lineage.reporting.two_versions import SetChange, TwoVersions, two_versions
from lineage.reporting.workspace import Workspace, read_workspace
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
    both = beside(read_workspace(c), options.first, options.second)
    w = both.workspace
    found = two_versions(w, options.first, options.second)
    rows = flipped_rows(w, found, options.rows) if options.rows else None
    if options.json:
        told = found.as_json() | ({"rows": rows.as_json()} if rows else {})
        told |= {"notes": list(both.notes)} if both.notes else {}
        print(json.dumps(told, ensure_ascii=False, indent=2))
        return
    console = Console()
    console.width = max(console.width, WIDTH)
    console.print(_table(found))
    for line in [*both.notes, *_notes(found), *_champion(w, found)]:
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
    score = one.score
    source, _, form = name.partition(".")
    yield Text(plain(f"{source}\n{form}"))
    yield Text(f"{one.nll.rows}\n{one.nll.groups} groups" if one.nll.groups != one.nll.rows else f"{one.nll.rows}")
    yield Text(words.levels(one))
    yield _coloured(f"{words.change(one)}\n{words.nll_said(one)}", words.nll_shown(one))
    if score is None:
        yield Text("")
        yield Text("")
        return
    yield Text(f"{words.scores(score)}\n{words.measured_by(score)}")
    yield _coloured(f"{words.turned(one, score)}\n{words.score_said(score)}", words.score_shown(one))


def _coloured(text: str, verdict: Verdict | None) -> Text:
    return Text(text, style=COLOURS.get(verdict or "", ""))


def _champion(w: Workspace, found: TwoVersions) -> Iterator[str]:
    """That one of the two is the champion, and how it became that."""
    if w.champion in (found.first, found.second):
        yield champion_said(w.promotion, w.champion, w.unasked)


def _notes(found: TwoVersions) -> Iterator[str]:
    yield words.summary(found)
    if forgetting := words.forgetting(found):
        yield f"{found.second} {forgetting}"
    yield (
        "verdicts are over all sets together (Holm), rows of one group taken as one, right answers by McNemar's exact "
        f"test; none below {FEWEST_ROWS} rows or {FEWEST_GROUPS} groups"
    )
    yield from words.remarks(found)
