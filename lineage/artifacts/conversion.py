"""What `convert` made of a source's PDFs: the counts, and the files that could not be converted.

data/documents/<data>/<source>/convert.json:
{"files": 46, "converted": 44, "quarantined": 2, "ignored": [], "pages": 76, "tables": 88, "warnings": 0,
 "reasons": {"damaged": 1, "not a PDF": 1}}

data/documents/<data>/<source>/quarantine.jsonl, a file a line:
{"file": "2023/스캔.pdf", "sha256": "9f…", "reason": "no text layer", "detail": "0 characters on 2 pages",
 "remedy": "its pages are pictures: …"}
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from pydantic import model_validator

from lineage.artifacts.artifact import Artifact, parsed, write
from lineage.core import paths


class Conversion(Artifact):
    """What became of a folder's files. ignored: names of files that are no PDFs. warnings: of converted documents.

    converted + quarantined == files. reasons: reason → quarantined files.
    """

    files: int
    converted: int
    quarantined: int
    ignored: tuple[str, ...]
    pages: int
    tables: int
    warnings: int
    reasons: dict[str, int]

    @model_validator(mode="after")
    def _balanced(self) -> "Conversion":
        if self.files != self.converted + self.quarantined or self.quarantined != sum(self.reasons.values()):
            raise ValueError(
                f"{self.files} files, but {self.converted} converted and {self.quarantined} quarantined, for the "
                f"reasons {self.reasons}"
            )
        return self


class Quarantined(Artifact):
    """One file that could not be converted. file: its path under the source's folder. sha256: empty if unreadable."""

    file: str
    sha256: str
    reason: str
    detail: str
    remedy: str


def again(source: str) -> str:
    """What to do about a damaged file among a source's documents."""
    return f"run `dvc repro convert@{source}` to convert the PDFs again"


def find_conversion(folder: Path) -> Conversion | None:
    """The counts in the folder of a source's documents; None if nothing was converted into it.

    Raises:
        LineageError: the file is damaged; with the command to run.
    """
    file = folder / paths.conversion("", "").name
    return parsed(Conversion, file.read_bytes(), file, again(folder.name)) if file.is_file() else None


def write_conversion(folder: Path, conversion: Conversion, quarantine: Iterable[Quarantined]) -> None:
    """Write both files into the folder of a source's documents."""
    rows = "".join(json.dumps(row.to_json(), ensure_ascii=False) + "\n" for row in quarantine)
    (folder / paths.quarantine("", "").name).write_text(rows, encoding="utf-8", newline="\n")
    write(folder / paths.conversion("", "").name, conversion)


def read_quarantine(folder: Path) -> Iterator[Quarantined]:
    """What is quarantined in a folder of documents; nothing if the folder has no such list.

    Raises:
        LineageError: a damaged list; with the line and the command to run.
    """
    path = folder / paths.quarantine("", "").name
    if not path.is_file():
        return
    with path.open("rb") as lines:  # bytes end their lines at \n alone; a file's name may hold other line ends
        for number, line in enumerate(lines, 1):
            yield parsed(Quarantined, line, Path(f"{path}:{number}"), again(folder.name))
