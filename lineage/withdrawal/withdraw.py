"""`lineage withdraw <source | SHA-256 of a document>`: named, taken out, rebuilt without it, purged, and proven.

    lineage withdraw company_reports --dry-run      # what it reached; changes nothing
    lineage withdraw 69722cef3faa… --yes

1. Reach: the raw files, documents, records, mixes and adapters that hold it.
2. Take out: `params.yaml` says `withdrawn`, the user's own raw file is deleted.
3. Rebuild: what was built here and became stale. A version that was never built is not built for it.
4. Purge: what earlier builds and earlier raw files left in DVC's cache, in its remotes, in `.state`, in `exports/` and
   in MLflow; also where the rebuild stopped.
5. Proof: all of these are searched again, and all commits of git, which should hold hashes alone. What was reached and
   what was found is written into `withdrawals.jsonl`.

Killed anywhere, the same command goes on.
"""

import subprocess
import sys
from dataclasses import replace
from datetime import date
from typing import Any

from lineage.artifacts.withdrawals import Withdrawal, add_withdrawal
from lineage.config.edit import edit_curriculum
from lineage.config.load import load_curriculum
from lineage.config.schema import Curriculum
from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.core.stage import only_writer
from lineage.withdrawal.markers import subject
from lineage.withdrawal.noted import NOTED, note
from lineage.withdrawal.purge import Proof, purge
from lineage.withdrawal.reach import Reach, reach_of
from lineage.withdrawal.rebuild import rebuild, remove_what_shows_it


def plan(c: Curriculum, name: str) -> Reach:
    """What a withdrawal would reach.

    Raises:
        LineageError: an unknown name, or a version that would have nothing left to be trained on.
    """
    what = subject(c, name)
    for version, spec in c.versions.items():
        gone = {s for s in spec.mix if s in what.sources or c.sources[s].withdrawn == "all"}
        if gone and gone == set(spec.mix):
            children = [n for n, v in c.versions.items() if v.parent == version]
            raise LineageError(
                f"versions.{version}.mix is {', '.join(sorted(gone))} alone: nothing would be left to train it on. "
                f"Give it another source in params.yaml, or take {version} out"
                + (f" and give {', '.join(children)} another parent" if children else "")
                + "; then run this command again"
            )
    return reach_of(c, what)


def withdraw(reach: Reach) -> Proof:
    """Take the subject out of everything, rebuild what was built, purge and prove.

    Where the rebuild stops, all that earlier builds left is purged all the same, and what was built on it is removed.
    """
    what = reach.subject
    noted = note(reach)
    take_out(reach)
    stopped = rebuild()
    with only_writer("lineage withdraw"):  # a stage that runs now has its scratch folders in .state
        if stopped:
            remove_what_shows_it(what, noted, reach)
        proof = replace(purge(what, noted, rebuilt=not stopped), stopped=stopped)
    _written_down(reach, proof)
    if proof.clean and not stopped:
        (NOTED / what.name).unlink(missing_ok=True)
    return proof


def _written_down(reach: Reach, proof: Proof) -> None:
    doubts = {paths.EXPORTS.as_posix(): len(proof.doubtful), "MLflow runs": len(proof.runs)}
    add_withdrawal(
        Withdrawal(
            subject=reach.subject.name,
            when=date.today(),
            raw=len(reach.raw),
            documents=len(reach.documents),
            records={source: len(ids) for source, ids in reach.records.items()},
            mixes=reach.mixes,
            adapters=reach.adapters,
            hits=proof.hits,
            unseen=proof.unseen | {place: n for place, n in doubts.items() if n},
            committed=len(proof.committed),
            stopped=proof.stopped,
        )
    )


def take_out(reach: Reach) -> None:
    """Write the withdrawal into `params.yaml` and delete the user's own raw files."""
    what = reach.subject

    def change(tree: Any) -> None:
        for source in what.sources:
            tree["sources"][source]["withdrawn"] = "all"
        if what.is_document:
            papers = {document.parent.name for document in reach.documents} & set(tree["papers"])
            for place in [tree["sources"][s] for s in reach.records] + [tree["papers"][p] for p in sorted(papers)]:
                if place.get("withdrawn") != "all":
                    place["withdrawn"] = sorted({*place.get("withdrawn", []), what.name})

    edit_curriculum(change)
    for file in reach.raw:
        file.unlink(missing_ok=True)
    c = load_curriculum()
    for source in sorted({file.relative_to(paths.RAW / c.data).parts[0] for file in reach.raw}):
        if c.raw_folder(source).with_name(f"{source}.dvc").is_file():
            folder = c.raw_folder(source).as_posix()
            if subprocess.run([sys.executable, "-m", "dvc", "add", "-q", folder]).returncode:
                raise LineageError(
                    f"`dvc add {folder}` failed, though its files are deleted: mend what it says above, run it, and "
                    f"then `lineage withdraw {what.name}` again"
                )
