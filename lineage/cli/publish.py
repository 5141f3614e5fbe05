"""Fill MLflow from what the graph made; again changes nothing.

The same as `python -m stages.publish`, under the workspace's writer lock. What is here but would be made anew is
published too, and its run's tag `lineage_state` says that it is stale, and why.
"""

import argparse
from functools import partial

from lineage.config.load import load_curriculum
from lineage.core.stage import run_stage
from lineage.planning.state import states
from stages.publish import main

GROUP = "MLflow and Prefect"


def run(options: argparse.Namespace) -> None:
    """Run the stage as DVC does, knowing what is stale."""
    found = states(load_curriculum()).values()
    run_stage(partial(main, stale={one.name: one.reason for one in found if one.word == "stale"}))
