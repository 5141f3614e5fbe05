"""Take a source or a document out of all made from it, and prove it."""

import argparse
import sys
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from lineage.config.load import load_curriculum
from lineage.config.schema import Curriculum
from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.withdrawal.purge import Proof
from lineage.withdrawal.reach import Reach
from lineage.withdrawal.withdraw import plan, withdraw

GROUP = "in and out of the lineage"


def arguments(parser: argparse.ArgumentParser) -> None:
    """What is withdrawn, and how sure of it one is."""
    parser.add_argument("subject", help="a source, or the SHA-256 of a document")
    parser.add_argument("--dry-run", action="store_true", help="only name what it reached")
    parser.add_argument("--yes", action="store_true", help="do not ask")


def run(options: argparse.Namespace) -> None:
    """Print what it reached; if that is wanted, take it out, and print where it was searched afterwards."""
    c, name = load_curriculum(), options.subject
    console = Console()
    reach = plan(c, name)
    console.print(_reached(c, name, reach))
    if options.dry_run:
        return
    if not options.yes and (not sys.stdin.isatty() or input(f"Type {name} to withdraw it: ").strip() != name):
        raise LineageError("nothing was changed; add --yes to withdraw without being asked")
    proof = withdraw(reach)
    console.print(_afterwards(name, proof))
    for place, objects in proof.unseen.items():
        console.print(f"[yellow]{place}: {objects:,} objects are not in the local cache and were not read[/]")
    for one in (*map(str, proof.doubtful), *proof.runs):
        doubt = "what its adapter was trained on is not known here any more. Delete it if it may hold something of this"
        console.print(f"[yellow]{escape(one)}: {doubt}[/]")
    for file in proof.committed:
        console.print(f"committed: {file}", markup=False)
    if proof.committed:
        raise LineageError(
            f"{len(proof.committed)} committed files hold rows or raw files of {name}, in this commit or an earlier "
            f"one. History is yours to rewrite: git filter-repo --invert-paths --path <file>, then a forced push, and "
            f"everybody clones anew; then run this command again"
        )
    if proof.stopped:
        raise LineageError(
            f"the rebuild stopped at {proof.stopped}; see above. What lay in the caches and in MLflow is purged, and "
            f"what was built on {name} is removed. Mend what it says above, and build the rest with `dvc repro`"
        )
    for votes in (Path(one) for one, hits in proof.hits.items() if hits and Path(one).name == paths.votes("").name):
        print(
            f"{votes}: people voted on what adapters said that were trained on {name}. If a version was trained on "
            f"these votes: lineage withdraw {votes.parent.name}; otherwise take the lines out, and dvc add "
            f"{votes.parent}; then run this command again"
        )
    if not proof.clean:
        raise LineageError("something is left, see the table; run the same command again, or remove it by hand")
    print(f"{name} is withdrawn. Commit params.yaml, dvc.lock and withdrawals.jsonl, and push them with dvc push.")
    print("A `lineage serve` or `lineage chat` that runs still answers with what it has loaded: start it anew.")


def _reached(c: Curriculum, name: str, reach: Reach) -> Table:
    table = Table("what", "where", "how much", title=f"{name} reached")
    table.add_row("raw files, deleted", c.raw_folder("").as_posix(), f"{len(reach.raw):,}")
    table.add_row("documents", (paths.DOCUMENTS / c.data).as_posix(), f"{len(reach.documents):,}")
    for source, ids in reach.records.items():
        table.add_row("records", source, f"{len(ids):,}")
    for version, rows in reach.mixes.items():
        table.add_row("mix", version, f"{rows:,} rows")
    for version, why in reach.adapters.items():
        table.add_row("adapter, trained again", version, why)
    for export in reach.exports:
        table.add_row("export, removed", export.as_posix(), "")
    return table


def _afterwards(name: str, proof: Proof) -> Table:
    table = Table("searched", "hits", title=f"{name} afterwards")
    for place, hits in proof.hits.items():
        table.add_row(place, f"{hits:,}")
    return table
