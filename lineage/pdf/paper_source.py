"""A source of PDFs as params.yaml names it: where its files lie, what one of them may cost, which are withdrawn."""

from dataclasses import dataclass
from pathlib import Path

from lineage.config.schema import Curriculum
from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.pdf.admission import Limits


@dataclass(frozen=True, slots=True)
class PaperSource:
    """raw: the folder of its files. out: that of its documents. withdrawn: SHA-256 sums."""

    raw: Path
    out: Path
    limits: Limits
    withdrawn: tuple[str, ...]


def paper_source(c: Curriculum, name: str) -> PaperSource:
    """The source of PDFs with this name.

    Raises:
        LineageError: there is none.
    """
    if name not in c.papers:
        raise LineageError(f"papers.{name}: no such source of PDFs; there are {', '.join(c.papers) or 'none'}")
    paper = c.papers[name]
    return PaperSource(
        raw=paths.RAW / c.data / name,
        out=paths.DOCUMENTS / c.data / name,
        limits=Limits(paper.max_megabytes, paper.max_pages, paper.seconds, paper.ocr),
        withdrawn=tuple(paper.withdrawn),
    )
