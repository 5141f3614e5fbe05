"""Prefect and MLflow on this machine: python -m flows.serve."""

import sys

from flows.serve import main

GROUP = "MLflow and Prefect"


def pass_on(words: list[str]) -> None:
    """Serve both until stopped; `flows.serve` reads the arguments."""
    sys.argv = ["lineage ui", *words]
    main()
