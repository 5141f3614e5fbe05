"""Let a model behind an endpoint compare the answers of two versions.

lineage judge v5_3 v6 --model MODEL                 their stored answers to held-out rows
lineage judge v5_3 v6 --model MODEL --ask 10        asked now, ten rows of each set
lineage judge v5_3 v6 --model MODEL --votes votes   and what people voted on, with kappa

Any endpoint that speaks OpenAI's chat completions, by OPENAI_BASE_URL and OPENAI_API_KEY. What is to be sent is said
before, and sent after a yes. It decides nothing: a promotion asks the measures alone.
"""

import argparse
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from lineage.chat.answer_pairs import VOTED, AnswerPair, asked_pairs, stored_pairs, voted_pairs
from lineage.chat.judging import JudgedPair, favoured_place, rulings, unasked
from lineage.chat.kappa import agreement
from lineage.chat.votes import votes_in
from lineage.config.load import load_curriculum
from lineage.config.schema import BASE, Curriculum
from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.core.plain_text import plain
from lineage.synthesis.endpoint import Endpoint, host

GROUP = "what a rebuild made"
TIE = "tie"
FEW = 30  # votes, below which a kappa says little


def arguments(parser: argparse.ArgumentParser) -> None:
    """Whose answers, who judges, and that they may be sent."""
    parser.add_argument("first", help="a version, or base")
    parser.add_argument("second", help="another")
    parser.add_argument("--model", required=True, help="the judge, as the endpoint calls it")
    parser.add_argument("--ask", type=int, default=0, metavar="ROWS", help="ask both now, so many rows of each set")
    parser.add_argument("--votes", default="", metavar="SOURCE", help="judge what people voted on, too")
    parser.add_argument("--yes", action="store_true", help="send without being asked")


def run(options: argparse.Namespace) -> None:
    """Say what would be sent; if that is wanted, print who was preferred, and how far to trust it."""
    c, versions = load_curriculum(), (options.first, options.second)
    for version in versions:
        if version not in (BASE, *c.versions):
            raise LineageError(f"unknown version {version!r}; params.yaml has base, {', '.join(c.versions)}")
    if options.first == options.second:
        raise LineageError(f"{options.first} is compared with itself: lineage judge v5_3 v6 --model MODEL")
    pairs = _pairs(c, versions, options)
    endpoint = Endpoint(options.model, c.seed, max_tokens=1024)
    _send_or_not(c, pairs, endpoint, options.yes)
    found = rulings(pairs, endpoint)
    console = Console()
    console.print(_table(versions, found))
    for line in _trust(versions, found):
        console.print(Text(plain(line)), highlight=False, soft_wrap=True)


def _pairs(c: Curriculum, versions: tuple[str, str], options: argparse.Namespace) -> list[AnswerPair]:
    if options.ask < 0:
        raise LineageError(f"--ask is {options.ask}; how many rows of each set?")
    voted = list(voted_pairs(votes_in(paths.votes(options.votes)), *versions)) if options.votes else []
    if options.votes and not voted:
        raise LineageError(f"{paths.votes(options.votes)}: nobody has voted between {versions[0]} and {versions[1]}")
    return [*(asked_pairs(c, *versions, options.ask) if options.ask else stored_pairs(*versions)), *voted]


def _send_or_not(c: Curriculum, pairs: Sequence[AnswerPair], endpoint: Endpoint, yes: bool) -> None:
    """Say what leaves this machine, and go on only after a yes.

    Raises:
        LineageError: there is no endpoint, or no yes; nothing was sent.
    """
    waiting = unasked(pairs, endpoint)
    if not waiting:
        print(f"all answers of {endpoint.model} are in the cache: nothing is sent", file=sys.stderr)
        return
    if not os.environ.get("OPENAI_BASE_URL", "").strip():
        raise LineageError(
            f"{len(waiting):,} requests wait and no endpoint is named: set OPENAI_BASE_URL (such as "
            "http://127.0.0.1:8000/v1) and, if it asks for one, OPENAI_API_KEY"
        )
    sent = {pair.id: pair for pair, _ in waiting.values()}.values()
    print(
        f"To {host()} go {len(waiting):,} requests for {endpoint.model}: the question, the expected answer and both "
        "versions' answers, without their names, of",
        file=sys.stderr,
    )
    for group, rows in sorted(Counter(pair.group for pair in sent).items()):
        print(f"  {rows:,} row{'s'[: rows > 1]} of {plain(group)}{_terms(c, group)}", file=sys.stderr)
    if yes:
        return
    if not sys.stdin.isatty() or input("Type yes to send them: ").strip() != "yes":
        raise LineageError("nothing was sent; add --yes to send without being asked")


def _terms(c: Curriculum, group: str) -> str:
    """What may be done with the rows of a held-out set."""
    source = c.sources.get(group.partition(".")[0])
    if group == VOTED or source is None:
        return ""
    licence = c.licences[source.licence]
    return f": {licence.title}, redistribution {licence.redistribution}"


def _label(versions: tuple[str, str], one: JudgedPair) -> str:
    return TIE if one.better is None else versions[one.better]


def _table(versions: tuple[str, str], found: Sequence[JudgedPair]) -> Table:
    table = Table(title=Text(f"{versions[1]} and {versions[0]}, as the judge sees them"), title_justify="left")
    for title in ("held-out set", "rows", f"{versions[1]} better", f"{versions[0]} better", "tie", "no verdict"):
        table.add_column(Text(title), justify="left" if title == "held-out set" else "right")
    groups = list(dict.fromkeys(one.pair.group for one in found))
    for name in [*groups, *(["all"] if len(groups) > 1 else [])]:
        rows = [one for one in found if name in ("all", one.pair.group)]
        said = Counter(_label(versions, one) for one in rows if one.usable)
        figures = (len(rows), said[versions[1]], said[versions[0]], said[TIE], sum(not one.usable for one in rows))
        table.add_row(Text(plain(name)), *(f"{figure:,}" for figure in figures))
    return table


def _trust(versions: tuple[str, str], found: Sequence[JudgedPair]) -> Iterator[str]:
    """What the figures are worth: the place, those who voted, and what was not asked."""
    asked = [one for one in found if one.usable and not one.same]
    places, p = favoured_place(asked)
    if p is None:
        yield f"place: the order decided in none of {len(asked):,} rows"
    else:
        bias = "a place is favoured" if p < 0.05 else "no place is favoured beyond chance"
        yield (
            f"place: in {places.total():,} of {len(asked):,} rows the order decided, for the first {places['1']:,} "
            f"times, for the second {places['2']:,} (p {p:.2g}: {bias}). They count as ties"
        )
    if same := sum(one.same for one in found):
        yield f"the same answer twice: {same:,} of {len(found):,} rows, ties that were not sent"
    voted = [one for one in found if one.usable and one.pair.person is not None]
    if voted:
        judge = [_label(versions, one) for one in voted]
        both = agreement(judge, [one.pair.person or TIE for one in voted])
        kappa = "no kappa: one label is all that was given" if both.kappa is None else f"kappa {both.kappa:.2f}"
        few = f"; fewer than {FEW} votes say little" if both.rows < FEW else ""
        yield f"with the votes of people: {both.agreed:.0%} of {both.rows:,} the same, {kappa}{few}"
    yield "counts of a judge without intervals: a hint. It decides nothing, a promotion asks the measures alone"
