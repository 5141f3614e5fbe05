"""What ingest counts of a source, so that what came in equals what went out; it becomes ingest.json.

raw_rows = rejected_rows + rows that gave records; a row counts once, by the first thing that it gave
made     = records + heldout + duplicates
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from lineage.config.schema import Source
from lineage.core.errors import LineageError
from lineage.records.record import Form


@dataclass
class Tally:
    """What was counted, so that what came in equals what went out."""

    raw_rows: int = 0
    made: int = 0
    duplicates: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    rejected_parts: int = 0  # further records of a row that was counted already, such as a pair's other direction
    personal: Counter[str] = field(default_factory=Counter)  # pieces of personal data found, by kind
    kept: Counter[tuple[str, Form]] = field(default_factory=Counter)  # by side and form
    groups: dict[str, set[int]] = field(default_factory=lambda: {"records": set(), "heldout": set()})
    seen: dict[Form, set[int]] = field(default_factory=lambda: defaultdict(set))  # ids as numbers, some 80 bytes each
    documents: set[str] = field(default_factory=set)


def counts(name: str, source: Source, tally: Tally) -> dict[str, Any]:
    """The content of ingest.json. Raises LineageError where a form that was asked for never came."""
    sides = {side: sum(n for (at, _), n in tally.kept.items() if at == side) for side in ("records", "heldout")}
    forms = {f: {side: tally.kept[side, f] for side in ("records", "heldout")} for f in source.forms}
    assert tally.made == sides["records"] + sides["heldout"] + tally.duplicates, (
        f"{name}: the rows do not balance: {tally}"
    )
    assert not tally.groups["records"] & tally.groups["heldout"], f"{name}: a group is on both sides"
    rejected_rows = sum(tally.rejected.values())
    if missing := [form for form, n in forms.items() if tally.raw_rows > rejected_rows and not sum(n.values())]:
        raise LineageError(
            f"sources.{name}.forms: the reader {source.reader} gives no {', '.join(missing)}; take it out"
        )
    return {
        "source": name,
        "reader": source.reader,
        "licence": source.licence,
        "raw_rows": tally.raw_rows,
        "rejected_rows": rejected_rows,
        "rejected": dict(sorted(tally.rejected.items())),
        "rejected_parts": tally.rejected_parts,
        "made": tally.made,
        "duplicates": tally.duplicates,
        "personal": dict(sorted(tally.personal.items())),
        **sides,
        "forms": forms,
        "groups": {side: len(found) for side, found in tally.groups.items()},
        "note": _note(source, tally),
    }


def _note(source: Source, tally: Tally) -> str:
    if source.withdrawn == "all":
        return "withdrawn"
    return "" if tally.raw_rows else "the folder holds no files"
