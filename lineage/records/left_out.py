"""What did not reach training, by reason: read from what ingest and mix counted, for the cards and the report.

data/records/<source>/ingest.json   {"rejected": {"no answer": 2}, "duplicates": 3, …}
data/mixes/<version>/mix.json       {"excluded": {"dropped": {"rules": 2}}, "duplicates": {"rules": 1}, …}
"""

from typing import Any

OF_MIX = {
    "duplicates": "repeats another row",
    "superseded": "overtaken by a later amendment",
    "contaminated": "repeats a held-out row",
}


def of_ingest(counts: dict[str, Any]) -> dict[str, int]:
    """Reason → records that were made and then left out; rejected raw rows are in `counts["rejected"]`."""
    same = counts.get("duplicates", 0)
    return {"the same as another one": same} if same else {}


def of_mix(mix: dict[str, Any]) -> list[tuple[str, str, int]]:
    """Source, reason, rows that a mix left out, sources in alphabetical order under each reason."""
    kinds = [("made from a document of an excluded source", mix.get("excluded", {}).get("dropped", {}))]
    kinds += [(reason, mix.get(key, {})) for key, reason in OF_MIX.items()]
    return [(source, reason, rows) for reason, counts in kinds for source, rows in sorted(counts.items()) if rows]
