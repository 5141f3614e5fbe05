"""Rows that are longer than the profile's `max_length`: no version trains on them, and no model is asked them.

    site_reports: 259 of 480 rows are longer than 512 tokens …: set sources.site_reports.part_characters: 300, or …

Counted as the data cards count, once for the same rows: as soon as a source is ingested and the base is built.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from lineage.config.schema import Curriculum
from lineage.core import paths
from lineage.datacards.cards import find_ruler
from lineage.datacards.counting import counted
from lineage.readers import reader

ROUND = 50  # characters of what is advised
SLACK = 0.7  # of what would fit on the average: figures and Latin names take more tokens a character than prose
LEAST = 80  # characters: see Source.part_characters


def rows_too_long(c: Curriculum) -> Iterator[str]:
    """A line for each source with rows that do not fit, with what to do."""
    ruler = find_ruler(c)
    if ruler is None:
        return
    for name in c.sources:
        files = [paths.RECORDS / name / "records.jsonl", *sorted((paths.HELDOUT / name).glob("*.jsonl"))]
        entries = [entry for file in files if file.is_file() for entry in counted(file, ruler)]
        if long := sum(sum(entry["too_long"].values()) for entry in entries):
            rows = sum(entry["rows"] for entry in entries)
            yield (
                f"{name}: {long:,} of {rows:,} rows are longer than {ruler.max_length:,} tokens, no version trains on "
                f"them and no model is asked them: {_remedy(c, name, entries)}"
            )


def _remedy(c: Curriculum, name: str, entries: Sequence[dict[str, Any]]) -> str:
    larger = f"raise profiles.{c.profile}.max_length"
    if not reader(c.sources[name].reader).cuts:
        return larger
    rows, tokens, characters = (sum(entry[of] for entry in entries) for of in ("rows", "tokens", "characters"))
    prompt = (tokens - sum(entry["supervised_tokens"] for entry in entries)) / rows
    fitting = SLACK * (c.active.max_length - prompt) * characters / tokens
    fewer = max(LEAST, int(fitting) // ROUND * ROUND)
    if (now := c.sources[name].part_characters) and fewer >= now:
        fewer = max(LEAST, int(0.7 * now))
    return f"set sources.{name}.part_characters: {fewer}, or {larger}"
