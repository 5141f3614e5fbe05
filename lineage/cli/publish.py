"""Fill MLflow from what the graph made; again changes nothing.

The same as `python -m stages.publish`, under the workspace's writer lock.
"""

import argparse

from lineage.core.stage import run_stage
from stages.publish import main

GROUP = "MLflow and Prefect"


def run(options: argparse.Namespace) -> None:
    """Run the stage as DVC does."""
    run_stage(main)
