"""What did not reach training, in the order of the graph: where, what, why, how many, listed where."""

from collections.abc import Mapping
from dataclasses import dataclass

from lineage.config.schema import BASE
from lineage.core import paths
from lineage.reporting.workspace import Workspace

TOO_LONG = "longer than max_length"


@dataclass(frozen=True, slots=True)
class Loss:
    """What did not reach training at one place for one reason. where: a source, or a version and its source."""

    where: str
    what: str
    reason: str
    count: int
    listed: str


def losses(w: Workspace) -> list[Loss]:
    """A row for each place and reason."""
    found: list[Loss] = []

    def add(where: str, what: str, reasons: Mapping[str, int], listed: str) -> None:
        found.extend(Loss(where, what, reason, count, listed) for reason, count in sorted(reasons.items()) if count)

    for source, ingest in w.ingests.items():
        listed = paths.quarantine(w.curriculum.data, source).as_posix()
        add(source, "PDF quarantined", ingest.conversion.reasons if ingest.conversion else {}, listed)
    for source, ingest in w.ingests.items():
        # A quarantined PDF is rejected by ingest as well: it is counted once, above.
        rejected = {r: n for r, n in ingest.rejected.items() if not r.startswith("quarantined: ")}
        add(source, "row rejected", rejected, paths.rejected(source).as_posix())
        add(source, "record left out", ingest.left_out, paths.ingest_counts(source).as_posix())
    for version, mix in w.mixes.items():
        for source, reason, count in mix.left_out:
            add(f"{version} · {source}", "record left out", {reason: count}, paths.mix_summary(version).as_posix())
    for version, trained in w.trained.items():
        for source, counts in sorted(trained.manifest.mix.sources.items()):
            add(f"{version} · {source}", "row dropped", counts.dropped, paths.training_record(version).as_posix())
    for name, measures in w.measured[BASE].sets.items() if BASE in w.measured else ():
        add(name, "held-out row not asked", {TOO_LONG: measures.too_long}, paths.metrics(BASE).as_posix())
    return found
