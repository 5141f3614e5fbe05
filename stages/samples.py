"""Write the sample world: every source of the curriculum in its true raw format, from code alone.

    python -m stages.samples        # every source → data/raw/sample/<source>/…, the same bytes everywhere

Nothing is read but code and nothing is downloaded. Companies, exchange, rules and questions are invented, and
agree with each other: see lineage/sample_world.
"""

from lineage.core.inputs import NOTHING, Inputs, publishing
from lineage.core.stage import run_stage
from lineage.sample_world.samples import TARGET, write


def main(inputs: Inputs = NOTHING) -> None:
    """Write the sample world of the workspace."""
    with publishing(inputs, TARGET) as (out,):
        write(out)


if __name__ == "__main__":
    run_stage(main)
