"""Data cards: `python -m stages.cards` → `data/cards/`, for each source and each mix, from their rows.

    data/cards/index.md                 all of them, with their totals
    data/cards/sources/<source>.md      a card in the form of the Hugging Face hub
    data/cards/sources/<source>.json    the facts in it
    data/cards/mixes/<version>.{md,json}

`lineage cards --check` reads the written cards, adds up every table again and counts the files again, by code of its
own. Counting is cached in `.state/cards` by content.
"""

import os

from lineage.config.excerpts import must_be_checked
from lineage.config.load import load_curriculum
from lineage.core import paths
from lineage.core.inputs import NOTHING, Inputs, publishing
from lineage.core.stage import run_stage
from lineage.datacards.cards import cards


def main(inputs: Inputs = NOTHING) -> None:
    """Write the cards of this workspace."""
    os.environ["TOKENIZERS_PARALLELISM"] = "true"  # nothing forks here, and a million rows want all cores
    c = load_curriculum()
    must_be_checked(c, paths.CARDS_EXCERPT)
    with publishing(inputs, paths.CARDS) as (out,):
        print(cards(c, out))
    print(f"→ {paths.CARDS / 'index.md'}")


if __name__ == "__main__":
    run_stage(main)
