"""Form fields with a box for each letter: what is written in one is one word, however far its letters stand apart."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from lineage.pdf.annotations import one_by_one
from lineage.pdf.text import Box, Glyph, Run, glyphs, to_run

MOST = 300  # fields that are looked at: rubbish must not cost minutes
COMB = 1 << 24  # of a text field's flags: its letters are spread over so many boxes as it has room for


def closed(page: Any, runs: Sequence[Run]) -> list[Run]:
    """The runs of an upright pymupdf page, those inside a comb field as one whose letters touch."""
    found = [field for field in one_by_one(page.first_widget) if field.field_flags & COMB and field.field_value]
    fields = [tuple(field.rect) for field in found[:MOST]]
    inside: dict[int, list[Glyph]] = defaultdict(list)
    kept = []
    for run in runs:
        at = next((at for at, rect in enumerate(fields) if all(_holds(rect, box) for box in run.boxes)), None)
        if at is None or not run.boxes:
            kept.append(run)
        else:
            inside[at] += glyphs(run)
    return kept + [to_run(_touching(letters)) for letters in inside.values()]


def _touching(found: Sequence[Glyph]) -> list[Glyph]:
    """Glyphs from left to right, each as wide as to touch the next."""
    ordered = sorted(found, key=lambda glyph: glyph.x0)
    return [a._replace(x1=b.x0) for a, b in pairwise(ordered)] + [ordered[-1]]


def _holds(rect: Sequence[float], box: Box) -> bool:
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return rect[0] <= x <= rect[2] and rect[1] <= y <= rect[3]
