"""The project's own drawn papers: hard pages of the kinds that real papers have, and what a person reads on them.

    python -m benchmarks.drawn FOLDER    # writes them and facts.json, to look at

Each module draws one kind. Text and figures are invented; the same calls give the same bytes, but for the one that is
encrypted.
"""

import json
from pathlib import Path

from benchmarks.drawn import charts, forms, gaps, hidden, languages, line_ends, partly_ruled, refused, rotated, unruled
from benchmarks.drawn.canvas import Paper
from benchmarks.fidelity.facts import as_json

KINDS = (partly_ruled, unruled, charts, gaps, languages, rotated, hidden, forms, line_ends, refused)


def draw_papers() -> list[Paper]:
    """Every paper, kind by kind."""
    return [paper for kind in KINDS for paper in kind.papers()]


def write_papers(folder: Path) -> Path:
    """Write every paper into a folder; returns the file of their facts."""
    drawn = draw_papers()
    for paper in drawn:
        (folder / paper.facts.file).write_bytes(paper.content)
    facts = folder / "facts.json"
    facts.write_text(json.dumps([as_json(p.facts) for p in drawn], ensure_ascii=False, indent=1), encoding="utf-8")
    return facts
