"""The rows that two versions answered differently: what turned wrong, what turned right, and what else moved most.

Right and wrong are those of sets of choices and numbers; rows of other sets are ordered by their likelihood alone. An
NLL is nats per supervised token. `evaluate` keeps what was said to a few rows of each set; of the others it is said
that the answers are not kept.
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from math import isnan
from pathlib import Path
from typing import Any

from lineage.core import paths
from lineage.core.plain_text import one_line
from lineage.records.record import Record, read_records
from lineage.reporting.right_answers import RIGHT_OR_WRONG
from lineage.reporting.two_versions import TwoVersions
from lineage.reporting.workspace import Workspace

MOST = 5  # rows of a kind that are shown unless somebody asks for more
LONGEST = 220  # characters of a text that are shown
NOT_KEPT = "(not kept)"
NOT_HERE = "(the held-out rows are not here; dvc checkout brings them back)"


@dataclass(frozen=True, slots=True)
class FlippedRow:
    """A row as two versions answered it. None: its text is not here, an answer is not kept, it has no score."""

    set: str
    id: str
    measure: str
    question: str | None
    expected: str | None
    first_answer: str | None
    second_answer: str | None
    first_nll: float
    second_nll: float
    first_score: float | None
    second_score: float | None

    @property
    def change(self) -> float:
        """How much the NLL of a token rose."""
        return self.second_nll - self.first_nll


@dataclass(frozen=True, slots=True)
class FlippedRows:
    """The rows that changed most of each kind, the largest change of NLL first; `counts` are of all that there are."""

    first: str
    second: str
    wrong: tuple[FlippedRow, ...]
    right: tuple[FlippedRow, ...]
    moved: tuple[FlippedRow, ...]
    counts: dict[str, int]

    def as_json(self) -> dict[str, Any]:
        """The same for a program."""
        shown = {"wrong_anew": self.wrong, "right_anew": self.right, "moved": self.moved}
        return {
            name: {"rows": self.counts[name], "shown": [asdict(row) | {"change": row.change} for row in rows]}
            for name, rows in shown.items()
        }


def flipped_rows(w: Workspace, found: TwoVersions, most: int = MOST, root: Path = Path()) -> FlippedRows:
    """The rows that changed most between two versions.

    Args:
        w: the workspace that is measured.
        found: the two, compared.
        most: rows of a kind at most.
        root: where the workspace lies.

    Raises:
        LineageError: a file of held-out rows is damaged.
    """
    wrong: list[FlippedRow] = []
    right: list[FlippedRow] = []
    moved: list[FlippedRow] = []
    for name, one in found.sets.items():
        rows = {row.id: row for row in _rows(w, found, name)}
        wrong += [rows[at] for at in one.lost]
        right += [rows[at] for at in one.gained]
        if w.measured[found.second].sets[name].measure not in RIGHT_OR_WRONG:
            moved += [row for row in rows.values() if row.change]
    shown = [
        _most(wrong, lambda row: row.change, most),
        _most(right, lambda row: -row.change, most),
        _most(moved, lambda row: abs(row.change), most),
    ]
    texts = _texts({(row.set, row.id) for rows in shown for row in rows}, root)
    worse, better, others = (tuple(_told(w, found, row, texts) for row in rows) for rows in shown)
    return FlippedRows(
        first=found.first,
        second=found.second,
        wrong=worse,
        right=better,
        moved=others,
        counts={"wrong_anew": len(wrong), "right_anew": len(right), "moved": len(moved)},
    )


def lines(found: FlippedRows, answers: int) -> Iterator[str]:
    """What a terminal shows of them. answers: how many of a set are kept, as params.yaml says."""
    kinds = (
        ("wrong_anew", found.wrong, "turned wrong"),
        ("right_anew", found.right, "turned right"),
        ("moved", found.moved, "moved, of sets without right and wrong"),
    )
    hidden = False
    for kind, rows, words in kinds:
        total = found.counts[kind]
        yield f"{words}: {total:,} rows" + (f", the {len(rows)} with the largest change of NLL:" if rows else "")
        for row in rows:
            yield f"  {row.id}  NLL {row.first_nll:.2f} → {row.second_nll:.2f} ({row.change:+.2f}){_score(row)}"
            yield f"    question  {_short(row.question, NOT_HERE)}"
            yield f"    expected  {_short(row.expected, NOT_HERE)}"
            for version, answer in ((found.first, row.first_answer), (found.second, row.second_answer)):
                yield f"    {version:<9} {_short(answer, NOT_KEPT)}"
                hidden |= answer is None
    if hidden:
        yield (
            f"not kept: evaluation.answers in {paths.PARAMS} keeps what was said to {answers} rows a set; "
            "`lineage ask` asks again"
        )


def _rows(w: Workspace, found: TwoVersions, name: str) -> Iterator[FlippedRow]:
    """Every row of a set, without its texts."""
    a, b = w.measured[found.first].rows[name], w.measured[found.second].rows[name]
    measure = w.measured[found.second].sets[name].measure
    for at, first, second, tokens, before, after in zip(a.ids, a.nll, b.nll, a.tokens, a.score, b.score, strict=True):
        yield FlippedRow(
            set=name,
            id=at,
            measure=measure,
            question=None,
            expected=None,
            first_answer=None,
            second_answer=None,
            first_nll=round(float(first / tokens), 6),
            second_nll=round(float(second / tokens), 6),
            first_score=None if isnan(before) else float(before),
            second_score=None if isnan(after) else float(after),
        )


def _most(rows: list[FlippedRow], size: Callable[[FlippedRow], float], most: int) -> list[FlippedRow]:
    """Those with the largest size; one that is no number, of a model that is broken, comes first."""

    def order(row: FlippedRow) -> tuple[float, str]:
        value = size(row)
        return (float("-inf") if isnan(value) else -value), row.id

    return sorted(rows, key=order)[:most]


def _texts(wanted: set[tuple[str, str]], root: Path) -> dict[tuple[str, str], Record]:
    """The held-out records of some rows, (set, id) → record; only those whose file is here."""
    found = {}
    for name in sorted({name for name, _ in wanted}):
        source, _, form = name.partition(".")
        file = root / paths.HELDOUT / source / f"{form}.jsonl"
        for record in read_records(file) if file.is_file() else ():
            if (name, record.id) in wanted:
                found[name, record.id] = record
    return found


def _told(w: Workspace, found: TwoVersions, row: FlippedRow, texts: dict[tuple[str, str], Record]) -> FlippedRow:
    """A row with its question, what was expected and what was said.

    Args:
        w: the workspace.
        found: the two versions.
        row: without its texts.
        texts: the held-out records that are here.
    """
    key = (row.set, row.id)
    first, second = (w.measured[version].answers.get(key) for version in (found.first, found.second))
    kept, record = first or second, texts.get(key)
    return FlippedRow(
        **asdict(row)
        | {
            "question": record.asked if record else kept.prompt if kept else None,
            "expected": record.completion if record else kept.expected if kept else None,
            "first_answer": first.answer if first else None,
            "second_answer": second.answer if second else None,
        }
    )


def _score(row: FlippedRow) -> str:
    if row.measure in RIGHT_OR_WRONG or row.first_score is None or row.second_score is None:
        return ""
    return f", score {100 * row.first_score:.1f} → {100 * row.second_score:.1f}"


def _short(text: str | None, otherwise: str) -> str:
    if text is None:
        return otherwise
    line = one_line(text)
    return line if len(line) <= LONGEST else f"{line[:LONGEST]} …"
