"""What never became a record, as a table on a run's page: by source and reason, and the files that list it."""

from pathlib import Path

from prefect.artifacts import create_markdown_artifact

from lineage.artifacts.ingest_counts import IngestCounts, find_ingest_counts
from lineage.config.load import load_curriculum
from lineage.core import paths
from lineage.core.plain_text import for_markdown

QUARANTINED = "quarantined: "  # how a reason of a PDF begins among those of rows
HEAD = ["| source | what | reason | count |", "|---|---|---|---:|"]


def write_rejected() -> None:
    """The table of all sources that were read; nothing if none was."""
    c = load_curriculum()
    if not (counts := [found for name in c.sources if (found := find_ingest_counts(name))]):
        return
    title, lines = table(counts, c.data)
    create_markdown_artifact("\n".join([f"# {title}", "", *lines, ""]), key="lineage-rejected", description=title)


def table(counts: list[IngestCounts], data: str) -> tuple[str, list[str]]:
    """The title, and the lines.

    data: the world that the raw files are of, `sample` or `own`.
    """
    rows = [(one.source, *_kind(one.source, reason, data), n) for one in counts for reason, n in one.rejected.items()]
    rejected = sum(n for _, what, _, _, n in rows if what == "row")
    files = sum(n for _, what, _, _, n in rows if what == "PDF")
    lines = [f"| {source} | {what} | {for_markdown(reason)} | {n:,} |" for source, what, reason, _, n in rows]
    # Not in the table: a path does not wrap, and the page's own column lies beside it.
    lines += ["", "Listed one by one in:", ""] + [f"- `{where}`" for where in dict.fromkeys(row[3] for row in rows)]
    title = f"{rejected:,} rows rejected, {files:,} PDFs quarantined, of {len(counts)} sources"
    return title, [*HEAD, *lines] if rows else ["Every row and every PDF gave a record."]


def _kind(source: str, reason: str, data: str) -> tuple[str, str, Path]:
    if reason.startswith(QUARANTINED):
        return "PDF", reason.removeprefix(QUARANTINED), paths.quarantine(data, source)
    return "row", reason, paths.rejected(source)
