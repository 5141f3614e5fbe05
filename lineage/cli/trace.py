"""Which rows an answer may come from, and what is said without them.

lineage trace v6 "제12조의 과징금은 3억원입니다."      rows that resemble the answer, with file, page or article
lineage trace v6 --question "제12조의 과징금은?"     v6 is asked, and its answer traced
lineage trace v6 3억원 --question "…" --causal      v6 is trained again without these rows, and asked again

Without --causal this is retrieval: a row that resembles an answer need not have taught it.
"""

import argparse
import json
import sys
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from lineage.bisect.asked_readings import asked_line
from lineage.bisect.probe import TOKENS, Probe, question_probe
from lineage.config.load import load_curriculum
from lineage.config.schema import Curriculum
from lineage.core.errors import LineageError
from lineage.core.plain_text import one_line, plain
from lineage.planning.cost import span
from lineage.provenance.near_rows import NEAR
from lineage.readers.text.normalize import clean
from lineage.trace.trained_rows import Trace, TracedRow, trace, trained_line
from lineage.trace.without_rows import Caused, RowsTakenOut, asked_without, seconds_of, taken_out

GROUP = "what a rebuild made"
WIDTH = 116
LONGEST = 300  # characters of a question or an answer that are shown
VERDICTS = {
    "gone": "gone: without these rows the answer is not said any more",
    "stays": "stays: the answer is said without these rows too; something else teaches it",
    "not said": "nothing to explain: the version does not say this answer to this question",
}
NOT_AGAIN = "nothing to explain: trained again with all its rows, the version does not say this answer to this question"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Whose answer, which, and how far to go."""
    parser.add_argument("version", help="who said it")
    parser.add_argument("answer", nargs="?", default="", help="what was said; with --question, what it is asked for")
    parser.add_argument("--question", default="", help="what was asked")
    parser.add_argument("--top", type=int, default=5, metavar="N", help="rows that are shown (default: 5)")
    parser.add_argument(
        "--near", type=float, default=NEAR, help=f"how near a row must be to speak of it, 0 to 1 (default: {NEAR})"
    )
    parser.add_argument("--causal", action="store_true", help="train again without rows so near, and ask again")
    parser.add_argument("--yes", action="store_true", help="with --causal: do not ask before training")
    parser.add_argument("--tokens", type=int, default=TOKENS, help=f"an answer's length at most (default: {TOKENS})")
    parser.add_argument("--json", action="store_true", help="the same for a program")


def run(options: argparse.Namespace) -> None:
    """Print the rows; with --causal what is said without them."""
    question, answer = clean(options.question), clean(options.answer)
    if not (question or answer):
        raise LineageError('what was said? lineage trace v6 "답변", or --question "질문" to ask for it')
    if options.causal and not question:
        raise LineageError('--causal asks the version again: add --question "질문"')
    if options.top < 1 or options.tokens < 1:
        raise LineageError("--top and --tokens: one at least")
    if not 0 <= options.near <= 1:
        raise LineageError(f"--near {options.near:g}: a part of the answer, from 0 to 1")
    c = load_curriculum()
    c.version(options.version)
    trained_line(c, options.version)
    asked = not answer
    if asked:
        answer = _answer(c, options.version, question, options.tokens)
    found = trace(c, options.version, answer, options.top, question)
    console = Console(stderr=options.json)
    console.width = max(console.width, WIDTH)
    if not options.json:
        if asked:
            console.print(Text(f"{options.version} says: {plain(answer)}"), highlight=False)
        _show(console, found, options.near)
    out = caused = None
    if options.causal:
        out, caused = _without(c, found, question_probe([], question, answer, "", options.tokens), options, console)
    if options.json:
        print(json.dumps(_as_json(found, answer, out, caused), ensure_ascii=False, indent=2))
    elif caused:
        _show_caused(console, options.version, caused, control=bool(out and out.differs))


def _answer(c: Curriculum, version: str, question: str, tokens: int) -> str:
    """What the version says, asked now or before."""
    said = asked_line(c, Probe("free", question, question, by="likelihood", tokens=tokens), [version])[version].said
    if not (said or "").strip():
        raise LineageError(f"{version} says nothing to this question; give the answer that is to be traced")
    return str(said)


def _without(
    c: Curriculum, found: Trace, probe: Probe, options: argparse.Namespace, console: Console
) -> tuple[RowsTakenOut, Caused]:
    """Say what it costs, ask a person at a terminal, train and ask again."""
    ids = [row.record.id for row in found.rows if row.near >= options.near]
    if not ids:
        nearest = f"the nearest has {found.rows[0].near:.2f} of it" if found.rows else "none has anything of it"
        raise LineageError(f"no row has {options.near:g} of it, {nearest}: nothing to take out; see --near")
    out = taken_out(c, found.line, ids)

    def say(line: str) -> None:
        console.print(Text(plain(line)), style="dim", highlight=False)

    again = f"{', '.join(out.again)} trained again" + (", and once more with them" if out.differs else "")
    say(f"without these {len(ids)} rows: {again}, {span(seconds_of(c, out))}")
    if out.differs:
        say(f"the control is needed: {out.differs}")
    if not options.yes:
        if not sys.stdin.isatty():
            raise LineageError("nothing was trained; add --yes to train without being asked")
        if input("Train? [y/N] ").strip().lower() != "y":
            raise LineageError("nothing was trained")
    return out, asked_without(c, out, ids, probe, say)


def _show(console: Console, found: Trace, near: float) -> None:
    if not found.rows:
        console.print(f"no row of {found.looked_through:,} has anything of it", highlight=False)
    else:
        console.print(_table(found, near))
        if found.rows[0].near < near:
            console.print(f"no row speaks of it: none has {near:g} of it", style="yellow", highlight=False)
    through = ", ".join(f"{one.name} {one.rows:,}" for one in found.line)
    console.print(f"retrieval, of the rows of {through}: what resembles the answer, not what caused it", style="dim")
    if dropped := sum(one.dropped for one in found.line):
        console.print(f"{dropped:,} rows of these mixes were too long and not trained on", style="dim")
    for name in found.unknown:
        console.print(f"{name} was trained elsewhere: what it learnt from is not known here", style="yellow")


def _table(found: Trace, near: float) -> Table:
    table = Table(title=Text(f"rows that resemble it, inside {found.version}"), title_justify="left")
    table.add_column("near", justify="right")
    table.add_column("trained on by")
    table.add_column("where", overflow="fold")
    table.add_column("row", overflow="fold")
    for row in found.rows:
        text = f"{_short(row.record.asked)}\n→ {_short(row.record.completion)}"
        style = "" if row.near >= near else "dim"
        table.add_row(f"{row.near:.2f}", ", ".join(row.versions), Text(_where(row)), Text(text), style=style)
    return table


def _where(row: TracedRow) -> str:
    """Source and origin: the file, then page, article or row."""
    origin = [str(value) if name == "file" else f"{name} {value}" for name, value in row.record.origin.items()]
    return "\n".join([one_line(row.record.source), *map(one_line, origin), one_line(row.record.id)])


def _show_caused(console: Console, version: str, caused: Caused, *, control: bool) -> None:
    said = VERDICTS[caused.verdict] if caused.verdict != "not said" or not control else NOT_AGAIN
    table = Table(title=Text(one_line(said)), title_justify="left")
    for name in (version, "NLL of the answer", "what it says"):
        table.add_column(name, justify="right" if name.startswith("NLL") else "left", overflow="fold")
    whole = "trained again with them" if control else "as it is"
    for name, reading in ((whole, caused.before), ("without the rows", caused.without)):
        table.add_row(name, f"{reading.nll:.2f}", Text(_short(reading.said or "")))
    console.print(table)


def _short(text: str) -> str:
    said = one_line(text)
    return said if len(said) <= LONGEST else f"{said[:LONGEST]} …"


def _as_json(found: Trace, answer: str, out: RowsTakenOut | None, caused: Caused | None) -> dict[str, Any]:
    said: dict[str, Any] = {
        "version": found.version,
        "answer": answer,
        "method": "retrieval",
        "looked_through": {one.name: one.rows for one in found.line},
        "trained_elsewhere": list(found.unknown),
        "rows": [row.as_json() for row in found.rows],
        "causal": None,
    }
    if out and caused:
        readings = {"as_it_is": caused.before, "without": caused.without}
        said["causal"] = {
            "trained_again": list(out.again),
            "rows_taken_out": out.rows,
            "control": out.differs or None,
            "verdict": caused.verdict,
            **{name: {"nll": reading.nll, "answer": reading.said} for name, reading in readings.items()},
        }
    return said
