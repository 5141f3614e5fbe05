"""The data cards: where they are, and whether they add up."""

import argparse

from lineage.config.load import load_curriculum
from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.datacards.checking import mistakes

GROUP = "what a rebuild made"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Whether to check them."""
    parser.add_argument("--check", action="store_true", help="add up every table again, and count the rows anew")


def run(options: argparse.Namespace) -> None:
    """Say where the cards are; with `--check`, fail where one is wrong."""
    load_curriculum()  # a mistake in it is said here too
    if not paths.CARDS_INDEX.is_file():
        raise LineageError(f"{paths.CARDS_INDEX} is not there; build it with: dvc repro cards")
    print(f"{paths.CARDS_INDEX}: a card for each source and each mix")
    if options.check:
        if found := mistakes():
            raise LineageError("the data cards are wrong; run `dvc repro -f cards`:\n  " + "\n  ".join(found))
        print("every total is the sum of its rows, and every count was counted anew")
