"""A version out of the workspace: adapter, merged model or GGUF.

lineage export v6 --as adapter     a folder that travels: adapter, tokenizer, card, and its base by name or beside it
lineage export v6 --as merged      one model in safetensors, in the precision of its base
lineage export v6 --as gguf        for llama.cpp (pip install -e '.[gguf]')

Written to exports/<version>-<kind>, once its logits are found to be those of the adapter on its base.
"""

import argparse
import os
import sys

from rich.console import Console
from rich.table import Table

from lineage.config.load import load_curriculum

GROUP = "in and out of the lineage"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which version, and in which kind."""
    parser.add_argument("version")
    parser.add_argument("--as", dest="kind", required=True, choices=("adapter", "merged", "gguf"))


def run(options: argparse.Namespace) -> None:
    """Export it, and print what it was compared with, what was compensated, and what its licences say."""
    c = load_curriculum()
    c.version(options.version)
    os.environ["OMP_NUM_THREADS"] = str(c.active.threads or os.cpu_count() or 1)  # before torch, which reads it once
    from lineage.base_model.fast_import import ASKING, import_lean

    import_lean(c.active, ASKING)
    from lineage.exporting.export import export
    from lineage.provenance.obligations import said

    made = export(c, options.version, options.kind)
    shown = Table("beside the adapter on its base", "compared", "rows", "largest", "relative", "bound", "same first")
    shown.columns[0].overflow = shown.columns[1].overflow = "fold"
    for one in made.equality:
        bound = f"{one.bound:g}" if one.bound is not None else "none"
        figures = (str(one.rows), f"{one.largest:.2g}", f"{one.relative:.2g}", bound, f"{one.same_first:.2%}")
        shown.add_row(one.what, one.unit, *figures)
    console = Console()
    console.print(shown)
    if made.ways:
        ways = Table("of 4 bits", "NLL on its sources", "on all sets", title=f"shipped: {made.shipped}")
        for way in made.ways:
            ways.add_row(way.name, f"{way.inside:.4f}", f"{way.every:.4f}")
        console.print(ways)
    for line in (*made.notes, *made.served, *said(made.facts)):
        print(f"note: {line}", file=sys.stderr)
    print(made.folder)
