"""What did not reach training, in the order of the graph: where, what, why, how many, listed where."""

from typing import Any

from lineage.records.left_out import of_ingest, of_mix
from lineage.reporting.artifacts import Workspace


def losses(w: Workspace) -> list[dict[str, Any]]:
    """A row for each place and reason: {"where", "what", "reason", "count", "listed"}."""
    found: list[dict[str, Any]] = []

    def add(where: str, what: str, reasons: dict[str, int], listed: str) -> None:
        found.extend(
            {"where": where, "what": what, "reason": reason, "count": count, "listed": listed}
            for reason, count in sorted(reasons.items())
            if count
        )

    for source, conversion in w.conversions.items():
        listed = f"data/documents/{w.curriculum.data}/{source}/quarantine.jsonl"
        add(source, "PDF quarantined", conversion["reasons"], listed)
    for source, ingest in w.ingests.items():
        # A quarantined PDF is rejected by ingest as well: it is counted once, above.
        rejected = {r: n for r, n in ingest["rejected"].items() if not r.startswith("quarantined: ")}
        add(source, "row rejected", rejected, f"data/records/{source}/rejected.jsonl")
        add(source, "record left out", of_ingest(ingest), f"data/records/{source}/ingest.json")
    for version, mix in w.mixes.items():
        for source, reason, count in of_mix(mix):
            add(f"{version} · {source}", "record left out", {reason: count}, f"data/mixes/{version}/mix.json")
    for version, record in w.records.items():
        for source, counts in sorted(record["mix"]["sources"].items()):
            add(f"{version} · {source}", "row dropped", counts["dropped"], f"models/{version}/lineage.json")
    return found
