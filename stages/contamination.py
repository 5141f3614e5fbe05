"""What of each held-out set stands in each version's training rows: `python -m stages.contamination`.

    data/contamination/v6.json    {"version": "v6", "mix": "5b2e…", "rows": 5120, "sets": {"rules.record":
        {"sha256": "c41d…", "rows": 49, "exact": 0, "near": 2, "ids": {"rules.record.9f…":
            {"by": "problems.prompt_answer.31…", "how": "near", "similarity": 0.93}}}}}

Of every held-out row the training row that holds most of it is named. `mix` and `sha256` say what was searched: of an
adapter of another mix, or of other held-out rows, a file says nothing. It speaks of the version's own mix and its
replay; what a model has seen is the union over its line. Found and reported, not removed: measures are given on the
clean part too, and a version that says `decontaminate: true` leaves such rows out. Of a mix that could not be built
nothing is said.
"""

from pathlib import Path

from lineage.artifacts.not_built import find_not_built
from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.core.files import write_json
from lineage.core.inputs import NOTHING, Inputs, publishing
from lineage.core.stage import run_stage
from lineage.dedup.contamination import contamination
from lineage.dedup.ngram_overlap import HeldOutIndex


def main(inputs: Inputs = NOTHING) -> None:
    """Compare every mix with every held-out set."""
    folders = sorted(folder for folder in paths.MIXES.glob("*") if folder.is_dir())
    if not folders:
        raise LineageError(f"{paths.MIXES}: no mixes; run `dvc repro mix` first")
    prepared: dict[Path, HeldOutIndex] = {}
    with publishing(inputs, paths.CONTAMINATION) as (out,):
        for folder in folders:
            if find_not_built(folder):
                continue
            report = contamination(folder, prepared)
            write_json(out / f"{folder.name}.json", report)
            repeated = {name: len(found["ids"]) for name, found in report["sets"].items() if found["ids"]}
            said = ", ".join(f"{n} of {report['sets'][name]['rows']} {name}" for name, n in repeated.items())
            print(f"{folder.name}: {said or 'no held-out row stands in its mix'}")


if __name__ == "__main__":
    run_stage(main)
