"""Ingest: a source's raw files or converted documents → records to train on, and records held out.

python -m stages.ingest krx_samples
krx_samples: 1,500 raw rows, 0 of them rejected → 1,500 records: 1,270 to train on, 230 held out
  groups, which are never split: 1,270 to train on, 230 held out

data/records/<source>/records.jsonl    what versions may train on, in the order of the files
data/records/<source>/rejected.jsonl   every raw row that gave no record: its place, the reason, a remedy
data/records/<source>/ingest.json      the counts, which balance: nothing is dropped unseen
data/records/<source>/documents.txt    SHA-256 of every document behind a row, held out or not
data/heldout/<source>/<form>.jsonl     what no version ever trains on
"""

from lineage.config.load import load_curriculum
from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.core.inputs import NOTHING, Inputs, publishing
from lineage.core.stage import argument, run_stage
from lineage.ingest.ingest import ingest
from lineage.ingest.tally import said_of_counts
from lineage.ingest.unread_columns import said_of_columns


def main(inputs: Inputs = NOTHING) -> None:
    """Ingest the source that the command line names."""
    curriculum = load_curriculum()
    name = argument(f"a source, one of {', '.join(curriculum.sources)}")
    if name not in curriculum.sources:
        raise LineageError(f"{name!r} is no source in params.yaml; it has {', '.join(curriculum.sources)}")
    with publishing(inputs, paths.HELDOUT / name, paths.RECORDS / name) as (heldout, records):
        done = ingest(curriculum.input_folder(name), records, heldout, name, curriculum.sources[name])
    print("\n".join(said_of_counts(done)))
    for reason, rows in done.rejected.items():
        print(f"  rejected {rows:,}: {reason}; see {paths.rejected(name)}")
    if done.unread:
        print(f"  columns that nobody read, with their rows: {said_of_columns(done.unread)}")


if __name__ == "__main__":
    run_stage(main)
