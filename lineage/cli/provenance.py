"""Every source inside a version, through whom, and under which terms."""

import argparse
import json

from rich.console import Console

from lineage.config.load import load_curriculum
from lineage.provenance.obligations import provenance, rendered

GROUP = "what a rebuild made"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which version, and whether for a program."""
    parser.add_argument("version")
    parser.add_argument("--json", action="store_true", help="the same facts for a program")


def run(options: argparse.Namespace) -> None:
    """Print what is inside a version and the strictest terms that follow."""
    c = load_curriculum()
    facts = provenance(c, c.version(options.version).name)
    if options.json:
        print(json.dumps(facts, ensure_ascii=False, indent=2))
        return
    console = Console()
    for part in rendered(facts):
        console.print(part)
