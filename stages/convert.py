"""PDFs → one JSON document each; what cannot be converted is quarantined with a reason and a remedy.

    python -m stages.convert site_reports    # data/raw/<data>/… → data/documents/<data>/site_reports

What the cache has (of an earlier run, or of shards: `lineage convert`) is taken from there, the rest is converted here.
Every file ends as a document or in `quarantine.jsonl`; `convert.json` has the counts. A quarantined file:

    {"file": "2023/스캔.pdf", "sha256": "9f…", "reason": "no text layer", "detail": "0 characters on 2 pages",
     "remedy": "its pages are pictures: set papers.<source>.ocr: true in params.yaml, or get the original"}
"""

from lineage.config.load import load_curriculum
from lineage.core import paths
from lineage.core.inputs import NOTHING, Inputs, publishing
from lineage.core.stage import argument, run_stage
from lineage.pdf.admission import REMEDIES
from lineage.pdf.convert import convert_folder
from lineage.pdf.paper_source import paper_source


def main(inputs: Inputs = NOTHING) -> None:
    """`python -m stages.convert <source>`."""
    name = argument("a source of PDFs, one of papers: in params.yaml")
    source = paper_source(load_curriculum(), name)
    with publishing(inputs, source.out) as [fresh]:
        done = convert_folder(source.raw, fresh, source.limits, paths.document_cache(), source.withdrawn)
    print(f"{name}: {done.converted} of {done.files} files converted, {done.pages} pages and {done.tables} tables")
    if done.ignored:
        print(f"  {len(done.ignored)} files are no PDFs and were left alone: {', '.join(done.ignored[:3])} …")
    for reason, count in done.reasons.items():
        print(f"  {count} quarantined: {reason} ({REMEDIES[reason]})")
    if done.quarantined:
        print(f"  each with its reason and remedy: {source.out / 'quarantine.jsonl'}")


if __name__ == "__main__":
    run_stage(main)
