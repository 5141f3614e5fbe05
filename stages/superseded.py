"""What later text overtook: articles that were amended, answers that a newer one contradicts. Before any mix.

    python -m stages.superseded
    superseded: 34 of 21,480 records (rules 26 amended, problems 8 contradicted), 2 conflicts

    data/superseded/superseded.jsonl   a line a record and source that overtook it, by id, held-out ones too:
        {"id": "rules.record.5f0c…", "by": "rules.record.91d2…", "reason": "amended", "as_of": "2023-01-02",
         "until": "2024-01-01"}
    data/superseded/conflicts.jsonl    what differs without a date to tell which holds: for a person to decide
    data/superseded/superseded.json    the counts, and examples

`as_of` is the record's own day, `until` the day from which another text is known to hold, `by` the newest record, or
the words of a deletion. A version's `superseded: drop | date | keep` says what its mix does with these rows.
"""

from lineage.core import paths
from lineage.core.inputs import NOTHING, Inputs, publishing
from lineage.core.stage import run_stage
from lineage.supersession.superseded import find


def main(inputs: Inputs = NOTHING) -> None:
    """Find what was overtaken among all records of the workspace."""
    with publishing(inputs, paths.SUPERSEDED) as (out,):
        summary = find(out)
    found = [
        f"{source} {sum(sides.values()):,} {reason}"
        for source, reasons in sorted(summary["superseded"].items())
        for reason, sides in sorted(reasons.items())
    ]
    total, conflicts = sum(summary["records"].values()), sum(summary["conflicts"].values())
    note = f" ({', '.join(found)})" if found else ""
    print(f"superseded: {summary['rows']:,} of {total:,} records{note}, {conflicts:,} conflicts")


if __name__ == "__main__":
    run_stage(main)
