"""What differs between a dossier in a folder, its pages, and the record as it is now: nothing, where all is right."""

import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from lineage.config.schema import Curriculum
from lineage.core.errors import LineageError
from lineage.core.plain_text import one_line
from lineage.dossier import recompute
from lineage.dossier.case import case_of
from lineage.dossier.dossier import machine_readable, papers, rendered, whole
from lineage.dossier.dossier_paper import DossierPaper
from lineage.dossier.on_paper import text_of, write_pdf


def differences(c: Curriculum, version: str, folder: Path) -> list[str]:
    """Each difference in a line.

    The script beside the pages computes every field again; then all papers are made anew and compared word by word,
    which also shows a sentence that was taken out, or words that stand for a value.

    Raises:
        LineageError: `folder` is no dossier, or the version is not trained here.
    """
    file = folder / recompute.RECORD
    try:
        written = json.loads(file.read_text(encoding="utf-8"))
        found = list(recompute.differences(folder, Path()))
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise LineageError(
            f"{file}: not as `lineage dossier` writes it ({one_line(repr(error))}); write it again"
        ) from error
    if (folder / "recompute.py").read_bytes() != Path(recompute.__file__).read_bytes():
        found.append("recompute.py: it is not the script of this program")
    case = case_of(c, version)
    made = papers(case)
    now = json.loads(json.dumps(whole(case, made)))
    found += [f"{name}.pdf: it does not say what its page says" for name in _other_pdfs(made, folder)]
    for name, tree in machine_readable(case).items():
        beside = (folder / name).read_text(encoding="utf-8") if (folder / name).is_file() else "{}"
        found += [f"{name}: {line}" for line in unlike(json.loads(beside), json.loads(json.dumps(tree)))]
    return [*found, *(f"{recompute.RECORD}: {line}" for line in unlike(written, now))]


def _other_pdfs(made: list[DossierPaper], folder: Path) -> Iterator[str]:
    """The papers whose PDF is not there, cannot be read, or has other letters than one that is made now."""
    with TemporaryDirectory() as scratch:
        for paper in made:
            fresh = Path(scratch) / "fresh.pdf"
            write_pdf(rendered(paper), fresh)
            try:
                same = text_of(folder / f"{paper.name}.pdf") == text_of(fresh)
            except (OSError, RuntimeError, ValueError):  # what PyMuPDF says of a file that is none
                same = False
            if not same:
                yield paper.name


def unlike(written: Any, now: Any, where: str = "") -> Iterator[str]:
    """The first places at which two trees of JSON differ."""
    if isinstance(written, dict) and isinstance(now, dict):
        for name in sorted(written.keys() | now.keys()):
            yield from unlike(written.get(name), now.get(name), f"{where}/{name}")
    elif isinstance(written, list) and isinstance(now, list) and len(written) == len(now):
        for number, (one, other) in enumerate(zip(written, now, strict=True)):
            yield from unlike(one, other, f"{where}/{number}")
    elif type(written) is not type(now) or written != now:
        yield f"{where} is {one_line(written)[:80]}, the record gives {one_line(now)[:80]}"
