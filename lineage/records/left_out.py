"""What a mix left out, by reason: read from what it counted, for the cards and the report.

data/mixes/<version>/mix.json       {"excluded": {"dropped": {"rules": 2}}, "duplicates": {"rules": 1}, …}
"""

from typing import Any

OF_MIX = {
    "duplicates": "repeats another row",
    "superseded": "overtaken by a later amendment",
    "contaminated": "repeats a held-out row",
}


def of_mix(mix: dict[str, Any]) -> list[tuple[str, str, int]]:
    """Source, reason, rows that a mix left out, sources in alphabetical order under each reason."""
    kinds = [("made from a document of an excluded source", mix.get("excluded", {}).get("dropped", {}))]
    kinds += [(reason, mix.get(key, {})) for key, reason in OF_MIX.items()]
    return [(source, reason, rows) for reason, counts in kinds for source, rows in sorted(counts.items()) if rows]
