"""A version's training rows: `python -m stages.mix v2` → `data/mixes/v2/`.

own.jsonl       what the version's mix asks for
replay.jsonl    what it repeats of its ancestors' mixes
left_out.csv    reason,id,cause: the rows that were left out, and the row or document that each stood back for
mix.json        the counts, by source and reason
not_built.json  in place of the counts: which sources gave no rows and why; nothing is trained on such a mix
"""

from lineage.artifacts.not_built import NotBuilt
from lineage.config.buildable import where_files_belong
from lineage.config.excerpts import must_be_checked
from lineage.config.load import load_curriculum
from lineage.core import paths
from lineage.core.inputs import NOTHING, Inputs, publishing
from lineage.core.stage import argument, run_stage
from lineage.mixture.mix import mix


def main(inputs: Inputs = NOTHING) -> None:
    """Mix the version that the command line names."""
    c = load_curriculum()
    v = c.version(argument(f"a version, one of {', '.join(c.versions)}"))
    must_be_checked(c, paths.mix_excerpt(v.name))
    with publishing(inputs, v.mix) as (out,):
        summary = mix(c, v, out)
    if isinstance(summary, NotBuilt):
        print(f"{v.name}: NOT BUILT, {summary.why}: {where_files_belong(c, v.name, summary.no_rows)}")
        return
    reasons = {
        "superseded": summary.superseded,
        "contaminated": summary.contaminated,
        "duplicates": summary.duplicates,
        "excluded": summary.excluded.dropped,
    }
    left_out = "".join(f", {sum(rows.values()):,} {reason}" for reason, rows in reasons.items() if rows)
    replayed = summary.replay.rows
    print(f"{v.name}: {summary.rows - replayed:,} rows of its own, {replayed:,} replayed{left_out}")


if __name__ == "__main__":
    run_stage(main)
