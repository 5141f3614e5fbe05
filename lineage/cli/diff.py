"""What dvc repro would rebuild, why, and at what cost.

lineage diff               all of it
lineage diff train@v3      a stage and what it needs, as `dvc repro train@v3` would run it; or a version: v3
"""

import argparse
import json

from lineage.config.load import load_curriculum
from lineage.planning.plan_text import show
from lineage.planning.rebuild_plan import as_json, plan

GROUP = "before a rebuild"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Of what, and as text or for a program."""
    parser.add_argument("wanted", nargs="*", metavar="STAGE", help="such as train@v3, or a version: v3")
    parser.add_argument("--json", action="store_true", help="the same plan for a program")


def run(options: argparse.Namespace) -> None:
    """Print the plan of the next `dvc repro`."""
    planned = plan(load_curriculum(), options.wanted)
    if options.json:
        print(json.dumps(as_json(planned), ensure_ascii=False, indent=2))
    else:
        show(planned)
