"""A version's training rows: `python -m stages.mix v2` → `data/mixes/v2/`.

own.jsonl       what the version's mix asks for
replay.jsonl    what it repeats of its ancestors' mixes
left_out.csv    reason,id,cause: the rows that were left out, and the row or document that each stood back for
mix.json        the counts, by source and reason
"""

from lineage.config.load import load_curriculum
from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.core.inputs import NOTHING, Inputs, publishing
from lineage.core.stage import argument, run_stage
from lineage.mixture.mix import mix


def main(inputs: Inputs = NOTHING) -> None:
    """Mix the version that the command line names."""
    c = load_curriculum()
    version = argument(f"a version, one of {', '.join(c.versions)}")
    if version not in c.versions:
        raise LineageError(f"unknown version {version!r}; params.yaml has {', '.join(c.versions)}")
    with publishing(inputs, paths.mix(version)) as (out,):
        summary = mix(c, version, out)
    replayed = summary["replay"]["rows"]
    reasons = {reason: sum(summary[reason].values()) for reason in ("superseded", "contaminated", "duplicates")}
    reasons["excluded"] = sum(summary["excluded"]["dropped"].values())
    left_out = "".join(f", {rows:,} {reason}" for reason, rows in reasons.items() if rows)
    print(f"{version}: {summary['rows'] - replayed:,} rows of its own, {replayed:,} replayed{left_out}")


if __name__ == "__main__":
    run_stage(main)
