"""Finds what later text overtook, and writes down what, by which text, and from which day.

- amended: an article of a rulebook whose newer edition says something else or deletes it, whatever the edition calls
  the book; a question of an earlier day that names the article; what was generated from either.
- contradicted: the same question, spelling aside, with another answer of a later day.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from lineage.core import paths
from lineage.core.files import write_json
from lineage.supersession.scan import Files, Scanned, seen_in
from lineage.supersession.verdicts import Conflict, Verdicts, judge

EXAMPLES = 3  # of each reason
LISTED = 20  # records of one conflict
SHOWN = 200  # characters of a text


def find(out: Path) -> dict[str, Any]:
    """Write superseded.jsonl, conflicts.jsonl and superseded.json into `out`; return what the last says.

    Raises:
        LineageError: a line that is no record, or an `as_of` that is no day.
    """
    files = Files([*sorted(paths.RECORDS.glob("*/records.jsonl")), *sorted(paths.HELDOUT.glob("*/*.jsonl"))])
    seen = seen_in(files)
    verdicts = judge(files, seen, sorted(paths.RECORDS.glob("*/rejected.jsonl")))
    rows, superseded = _rows(files, verdicts)
    _write_lines(out / "superseded.jsonl", rows)
    _write_lines(out / "conflicts.jsonl", _conflicts(files, verdicts.conflicts))
    summary = _summary(seen, verdicts) | {
        "rows": len({row["id"] for row in rows}),
        "superseded": superseded,
        "examples": [
            example
            for found in (verdicts.amended, verdicts.contradicted)
            for example in _examples(files, {loc: overtaken.by for (loc, _), overtaken in found.items()})
        ],
    }
    write_json(out / "superseded.json", summary)
    return summary


def _rows(files: Files, verdicts: Verdicts) -> tuple[list[dict[str, str]], dict[str, dict[str, Counter[str]]]]:
    """The lines of superseded.jsonl, and how many of them by source, reason and side."""
    places = {p for _, found in verdicts.all() for p in (found.loc, found.by) if isinstance(p, int)}
    known = {loc: (record.id, record.source, record.as_of) for loc, record in files.read(places)}
    rows = []
    counts: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    counted: set[int] = set()
    for reason, found in verdicts.all():
        name, source, as_of = known[found.loc]
        by = known[found.by][0] if isinstance(found.by, int) else found.by
        rows.append({"id": name, "by": by, "reason": reason, "as_of": as_of, "until": _day(found.until)})
        if found.loc in counted:
            continue
        counted.add(found.loc)
        counts[source][reason]["heldout" if paths.HELDOUT in files.path(found.loc).parents else "records"] += 1
    return sorted(rows, key=lambda row: (row["id"], row["by"])), counts


def _conflicts(files: Files, conflicts: Iterable[Conflict]) -> Iterator[dict[str, Any]]:
    """A line a conflict: what it is about, and what each of its records says."""
    for conflict in conflicts:
        said = [record for _, record in files.read(conflict.locs[:LISTED])]
        yield {
            "kind": conflict.kind,
            "about": said[0].group if conflict.kind == "article" else said[0].prompt[:SHOWN],
            "records": len(conflict.locs),
            "said": [{"id": r.id, "as_of": r.as_of, "says": r.completion[:SHOWN]} for r in said],
        }


def _summary(seen: Scanned, verdicts: Verdicts) -> dict[str, Any]:
    kinds = Counter(conflict.kind for conflict in verdicts.conflicts)
    return {
        "records": seen.records,
        "dated": {source: seen.dated[source] for source in seen.records},
        "conflicts": {"articles": kinds["article"], "questions": kinds["question"]},
        "several_answers": verdicts.counts["several_answers"],
        "unknown_rules": verdicts.counts["unknown_rules"],
    }


def _examples(files: Files, by: dict[int, int | str]) -> list[dict[str, str]]:
    """The first of what was overtaken, with both texts."""
    first = sorted(by)[:EXAMPLES]
    found = dict(files.read({p for loc in first for p in (loc, by[loc]) if isinstance(p, int)}))
    return [
        {
            "id": found[loc].id,
            "prompt": found[loc].prompt[:SHOWN],
            "said": found[loc].completion[:SHOWN],
            "says_now": found[at].completion[:SHOWN] if isinstance(at := by[loc], int) else at,
        }
        for loc in first
    ]


def _day(number: int) -> str:
    text = f"{number:08d}"
    return f"{text[:4]}-{text[4:6]}-{text[6:]}" if number else ""


def _write_lines(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
        file.writelines(lines or ["\n"])  # an empty file is warned of by DVC in every stage that depends on it
