"""Bring a hub source's rows into its folder, at its pinned commit.

lineage fetch metamath          data/raw/own/metamath/*.parquet; what is there is not fetched again
lineage fetch metamath --pin    the hub's present commit into params.yaml, then the same

The rows come through `datasets`, which runs no code of a repository.
"""

import argparse

from lineage.config.load import load_curriculum
from lineage.core import paths
from lineage.ingest.hub import fetch

GROUP = "in and out of the lineage"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which source, and whether to pin it."""
    parser.add_argument("source")
    parser.add_argument("--pin", action="store_true", help="ask the hub for the present commit and write it first")


def run(options: argparse.Namespace) -> None:
    """Fetch one source, and name the command that keeps it."""
    got = fetch(load_curriculum(), options.source, options.pin)
    folder = paths.RAW / "own" / options.source
    print(f"{folder}/{got['file']}: {got['rows']:,} rows of {got['repo']} at {got['revision'][:12]}")
    print(f"Next: dvc add {folder}, so that DVC keeps them")
