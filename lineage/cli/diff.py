"""What dvc repro would rebuild, why, and at what cost."""

import argparse
import json

from lineage.config.load import load_curriculum
from lineage.planning import rebuild_plan

GROUP = "before a rebuild"


def arguments(parser: argparse.ArgumentParser) -> None:
    """As text, or for a program."""
    parser.add_argument("--json", action="store_true", help="the same plan for a program")


def run(options: argparse.Namespace) -> None:
    """Print the plan of the next `dvc repro`."""
    planned = rebuild_plan.plan(load_curriculum())
    if options.json:
        print(json.dumps(rebuild_plan.as_json(planned), ensure_ascii=False, indent=2))
    else:
        rebuild_plan.show(planned)
