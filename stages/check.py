"""The curriculum and the raw folders, before anything is spent: `python -m stages.check`.

    data/checked.json   never changes: what stands on it waits for the check, and is not made stale by it
    data/curriculum/    what single stages read of params.yaml, a file each; see lineage/config/excerpts.py

Rows of sources and mixes of versions that params.yaml no longer names are taken away: stages that read all rows would
still meet them. Adapters and measures stay (`lineage tidy`). `lineage check` prints the same findings in full.
"""

from lineage.config.buildable import buildable, prepare
from lineage.config.excerpts import write_excerpts
from lineage.config.load import load_curriculum
from lineage.core import paths
from lineage.core.files import write_json
from lineage.core.inputs import NOTHING, Inputs, publishing
from lineage.core.stage import run_stage
from lineage.planning.tidy import leftover_rows, remove
from lineage.readers import check_readers


def main(inputs: Inputs = NOTHING) -> None:
    """Check, say what was found, write the constant file and the excerpts."""
    c = load_curriculum()
    check_readers(c)
    prepare(c)
    for one in leftover_rows(c):
        remove([one])
        print(f"{one.name} was taken away: {one.why} any more; DVC's cache holds it")
    ready = [b.version for b in buildable(c) if not b.missing]
    print(f"curriculum: {len(c.versions)} versions, {len(c.sources)} sources, profile {c.profile}, data {c.data}")
    if c.data == "own":
        print(f"can be built from {paths.RAW}/own: {', '.join(ready) or 'nothing yet; run `lineage check`'}")
    with publishing(inputs, paths.CURRICULUM) as (out,):
        write_excerpts(c, out)
    write_json(paths.CHECKED, {"curriculum": "checked"})


if __name__ == "__main__":
    run_stage(main)
