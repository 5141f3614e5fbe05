"""Which version, and which source in it, broke or taught an answer.

lineage bisect "질문"                     a held-out question: its results are stored, nothing is asked
lineage bisect "질문" --right "답"         any question: every version of the line is asked
lineage bisect --set questions.record    a held-out set; --row ID for one row
lineage bisect "질문" --train             and which source: variants are trained where none is kept
"""

import argparse
import json
import sys
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from lineage.bisect import told
from lineage.bisect.line_search import LineFinding, find_version, longest_line
from lineage.bisect.probe import TOKENS, Probe, question_probe, row_probe, set_probe
from lineage.bisect.source_finding import SourceFinding, find_source
from lineage.config.load import load_curriculum
from lineage.config.schema import Curriculum
from lineage.core.errors import LineageError
from lineage.core.plain_text import one_line, plain
from lineage.evaluation.heldout import heldout_sets

GROUP = "what a rebuild made"
WIDTH = 116
COLOURS = {"broke": "red", "taught": "green"}
COMPARED = {
    "": "by the row's own measure",
    "contains": "right if the answer contains it",
    "number": "right if the answer's number is its number",
    "likelihood": "by its likelihood alone",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """What is asked, of which line, and how far to go."""
    parser.add_argument("question", nargs="?", default="", help="a held-out question, or any other with --right")
    parser.add_argument("--right", default="", metavar="ANSWER", help="the right answer")
    parser.add_argument(
        "--by", choices=("contains", "number", "likelihood"), default="", help="how answers are compared"
    )
    parser.add_argument("--tokens", type=int, default=TOKENS, help=f"an answer's length at most (default: {TOKENS})")
    parser.add_argument("--set", default="", metavar="NAME", help="a held-out set, such as questions.record")
    parser.add_argument("--row", default="", metavar="ID", help="one held-out row")
    parser.add_argument("--version", default="", help="the last version of the line (default: the longest line's)")
    direction = parser.add_mutually_exclusive_group()
    direction.add_argument("--broke", action="store_const", const="broke", dest="turn", help="who broke it")
    direction.add_argument("--taught", action="store_const", const="taught", dest="turn", help="who taught it")
    parser.add_argument("--train", action="store_true", help="train the variants that are needed to name the source")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--each", action="store_true", help="leave out every source alone, also if the suspect did it")
    how.add_argument("--halves", action="store_true", help="leave out halves: fewer trainings, seldom right")
    parser.add_argument(
        "--budget", type=float, default=1.0, help="of a variant, as a part of its version's (default: 1)"
    )
    parser.add_argument("--json", action="store_true", help="the same for a program")


def run(options: argparse.Namespace) -> None:
    """Print the line, the version, and the source as far as it is known."""
    if not 0 < options.budget <= 1:
        raise LineageError(f"--budget {options.budget:g}: a part of the version's budget, above 0 and at most 1")
    c = load_curriculum()
    found = find_version(c, _probe(c, options), options.version or longest_line(c), options.turn or "")
    console = Console(stderr=options.json)
    console.width = max(console.width, WIDTH)
    if not options.json:
        console.print(_table(found))
        for line in told.version_told(found):
            console.print(Text(plain(line)), highlight=False)
    source = _source(c, found, options, console) if found.point else None
    if options.json:
        whole = found.as_json() | {"source": told.source_json(source) if source else None}
        print(json.dumps(whole, ensure_ascii=False, indent=2))
        return
    for line in told.source_told(found, source) if source else ():
        console.print(Text(plain(line)), highlight=False)


def _probe(c: Curriculum, options: argparse.Namespace) -> Probe:
    given = [bool(options.question), bool(options.row or options.set)]
    if sum(given) != 1:
        raise LineageError('give a question, or --set, or --row: lineage bisect "질문" --right "답"')
    sets = heldout_sets(c.evaluation.rows)
    if options.question:
        return question_probe(sets, options.question, options.right, options.by, options.tokens)
    return row_probe(sets, options.row, options.set) if options.row else set_probe(sets, options.set)


def _source(c: Curriculum, found: LineFinding, options: argparse.Namespace, console: Console) -> SourceFinding | None:
    """The source; what it would take is said before anything is trained, and a person at a terminal is asked."""
    assert found.point
    chosen: dict[str, Any] = {"each": options.each, "halves": options.halves, "scale": options.budget}

    def say(line: str) -> None:
        console.print(Text(plain(line)), style="dim", highlight=False)

    try:
        first = find_source(c, found.probe, found.point, train=False, **chosen)
    except LineageError as error:
        say(f"the source is not searched: {error}")
        return None
    if first.outcome != "to_train":
        return first
    for line in told.plan_told(first):
        say(line)
    if not options.train and (options.json or not sys.stdin.isatty() or not _agreed(first)):
        return first
    return find_source(c, found.probe, found.point, train=True, say=say, **chosen)


def _agreed(first: SourceFinding) -> bool:
    return input(f"Train up to {first.cost.variants} variants of {first.version}? [y/N] ").strip().lower() == "y"


def _table(found: LineFinding) -> Table:
    probe = found.probe
    title = f"{probe.name}\n" + (f"right: {one_line(probe.right)} ({COMPARED[probe.by]})" if probe.right else "")
    table = Table(title=Text(plain(title.strip())), title_justify="left")
    last = "score" if probe.kind == "set" else "answer"
    for name in ("version", "NLL of the right answer", "change", last):
        table.add_column(name, justify="left" if name in ("version", "answer") else "right")
    changes = {step.after.version: step for step in found.steps}
    for version in found.line:
        reading = found.readings.get(version)
        if reading is None:
            table.add_row(version, "not read", "", "", style="dim")
            continue
        step = changes.get(version)
        judged = f" {step.verdict}" if step and step.verdict else ""
        blamed = found.point and found.point.step.after.version == version
        table.add_row(
            version,
            f"{reading.nll:.2f}",
            f"{step.change:+.2f}{judged}" if step else "",
            Text(told.said(reading, probe)),
            style=COLOURS[found.point.turn] if blamed and found.point else "",
        )
    return table
