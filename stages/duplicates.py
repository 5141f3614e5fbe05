"""Rows that repeat one another, within and across sources: `python -m stages.duplicates`.

    data/duplicates/clusters.jsonl    {"cluster": "metamath.…", "members": ["metamath.…", "problems.…"], "how": "exact"}
                                      {"cluster": "rules.…", "members": ["rules.…", "problems.…"], "how": "near",
                                       "similarity": 0.91}
    data/duplicates/duplicates.json   rows by source, repetitions by pair of sources, and what was alike but kept

A line without `similarity` is a class of rows that say the same, one with it is a pair. What a mix does with them is
`deduplicate:` of a version.
"""

from collections import Counter

from lineage.core import paths
from lineage.core.inputs import NOTHING, Inputs, publishing
from lineage.core.stage import run_stage
from lineage.dedup.duplicates import duplicates


def main(inputs: Inputs = NOTHING) -> None:
    """Find the duplicates of all sources."""
    with publishing(inputs, paths.DUPLICATES) as (out,):
        counts = duplicates(out)
    found = Counter[str]()
    for pair in counts["repetitions"].values():
        found += Counter(pair)
    print(
        f"{sum(counts['rows'].values()):,} rows: {found['exact']:,} repeat another exactly, "
        f"{found['near']:,} but for spelling; {counts['alike_but_kept']:,} pairs are alike and stay"
    )


if __name__ == "__main__":
    run_stage(main)
