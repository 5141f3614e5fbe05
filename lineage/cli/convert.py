"""One of N parts of a source's PDFs, converted into the cache.

lineage convert site_reports --shard 3/16       the third of sixteen parts, on all processors of this machine

Run it for 1/16 to 16/16, on as many machines as there are, one after another or at once, each as often as it takes: a
part that was killed goes on where it stopped. All of them need the same params.yaml, the same PDFs and one folder for
the cache: that of a workspace on a shared file system, or the one that KRX_DOCUMENT_CACHE names. Then
`dvc repro convert@site_reports` takes the documents from there, and converts what no part has.
"""

import argparse
from pathlib import Path

from lineage.config.load import load_curriculum
from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.pdf.admission import REMEDIES
from lineage.pdf.paper_source import paper_source
from lineage.pdf.shards import convert_shard, shard_of, told_in_words
from lineage.pdf.worker import cores

GROUP = "before a rebuild"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which source, which part of it, and how many files at a time."""
    parser.add_argument("source", help="a source of PDFs, one of papers: in params.yaml")
    parser.add_argument("--shard", required=True, metavar="I/N", help="which part: 1/16 to 16/16")
    parser.add_argument("--raw", type=Path, metavar="FOLDER", help="where the PDFs lie, if not in this workspace")
    parser.add_argument("--workers", type=int, default=cores(), help="files at a time; as many as there are processors")


def run(options: argparse.Namespace) -> None:
    """Convert the part, and say what became of its files."""
    shard = shard_of(options.shard)
    if options.workers < 1:
        raise LineageError(f"--workers {options.workers}: at least one file at a time")
    source = paper_source(load_curriculum(), options.source)
    cache = paths.document_cache()
    counts = convert_shard(options.raw or source.raw, source.limits, cache, shard, options.workers, source.withdrawn)
    print(f"{options.source}, shard {shard}: {told_in_words(counts)}")
    for reason, count in sorted(counts.quarantined.items()):
        print(f"  {count} quarantined: {reason} ({REMEDIES[reason]})")
    for reason, count in sorted(counts.left.items()):
        print(f"  {count} left to the stage, which tries once more: {reason}")
